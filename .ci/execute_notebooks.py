#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Executes notebooks in a Jupyter kernel: execute_notebooks.py [--store] KERNEL OUTPUT_DIRECTORY NOTEBOOK...

Writes the executed copies, with their images, and what the kernels logged into the output directory. Prints how many
passed; the exit code is 1 if one did not: a cell failed, there is no image, the kernel did not start, or a cell has stored
outputs of other kinds than it has now. With --store the outputs are stored in the notebooks themselves instead.
"""
import asyncio
import atexit
import copy
import hashlib
import pathlib
import socket
import sys
import time

import nbformat
from nbclient import NotebookClient

# rapaio-jupyter-kernel 3.0.1 may come up deaf, rarely so as install-kernel.sh starts it: a thread of it can look whether it
# is to run before it is told so, and ends. Only another start helps then.
STARTS = 5


class PatientClient(NotebookClient):
    """Connects only after the kernel has had time to get ready.

    The kernel listens before it has set up what answers: a request that comes at once may be lost, and the kernel then never
    answers any. So: wait for its port, then a little more.
    """

    async def async_start_new_kernel_client(self):
        end = time.monotonic() + 120
        while time.monotonic() < end and not listens(self.km.shell_port):
            await asyncio.sleep(0.25)
        await asyncio.sleep(2)
        return await super().async_start_new_kernel_client()


def listens(port):
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def execute(path, kernel, log):
    """Gives the executed notebook."""
    for start in range(1, STARTS + 1):
        notebook = nbformat.read(path, as_version=4)
        client = PatientClient(
            notebook,
            kernel_name=kernel,
            timeout=600,
            startup_timeout=30,
            resources={"metadata": {"path": str(path.parent)}},
        )
        try:
            client.execute(stdout=log, stderr=log)
            return notebook
        except RuntimeError as e:
            # nbclient's words for a kernel that does not answer; errors of cells are another class.
            if "respond" not in str(e) or start == STARTS:
                raise
            atexit.unregister(client._cleanup_kernel)  # done already, and it would complain of that
            print(f"{path.name}: start {start} of {STARTS}: {e}", flush=True)


def images(notebook):
    return sum(
        "image/png" in output.get("data", {})
        for cell in notebook.cells
        if cell.cell_type == "code"
        for output in cell.outputs
    )


def sha256_of_code(notebook):
    """Of what the outputs belong to; NotebookTest computes the same."""
    digest = hashlib.sha256()
    for cell in notebook.cells:
        if cell.cell_type == "code":
            digest.update(cell.source.encode("utf-8") + b"\0")
    return digest.hexdigest()


def kinds(cell):
    """Text, image or both: what a cell shows on any processor, whatever the digits."""
    return {
        "image" if "image/png" in output.get("data", {}) else "text" for output in cell.get("outputs", [])
    }


def with_outputs_of(executed, notebook):
    """The notebook as it is stored: nothing in it is of one kernel, process or moment but the results themselves."""
    stored = copy.deepcopy(notebook)
    count = 0
    for cell, result in zip(stored.cells, executed.cells):
        if cell.cell_type != "code":
            continue
        count += 1
        cell.execution_count = count
        cell.outputs = []
        for output in result.outputs:
            if output.output_type == "stream" and output.name == "stdout":
                if cell.outputs and cell.outputs[-1].output_type == "stream":
                    cell.outputs[-1].text += output.text
                else:
                    cell.outputs.append(nbformat.v4.new_output("stream", name="stdout", text=output.text))
            elif "image/png" in output.get("data", {}):
                png = {"image/png": output.data["image/png"]}
                cell.outputs.append(nbformat.v4.new_output("display_data", data=png))
            else:
                raise AssertionError(f"an output that is neither printed nor an image: {output}")
    stored.metadata["ema4j"] = {"outputs_of_code_sha256": sha256_of_code(stored)}
    return stored


def require_in_step(executed, path):
    """Fails where the stored outputs are not those of this code."""
    stored = nbformat.read(path, as_version=4)
    of = stored.metadata.get("ema4j", {}).get("outputs_of_code_sha256")
    shown = [kinds(cell) for cell in executed.cells]
    if of != sha256_of_code(stored) or shown != [kinds(cell) for cell in stored.cells]:
        raise AssertionError("the stored outputs are of other code; to store new ones: .ci/notebooks --store")


def main(*arguments):
    store = arguments[0] == "--store"
    kernel, directory, *paths = arguments[store:]
    directory = pathlib.Path(directory)
    directory.mkdir(parents=True, exist_ok=True)
    failed = 0
    for path in map(pathlib.Path, paths):
        begin = time.monotonic()
        try:
            with open(directory / f"{path.stem}.log", "w", encoding="utf-8") as log:
                notebook = execute(path, kernel, log)
            if not images(notebook):
                raise AssertionError("no cell shows an image")
            nbformat.write(notebook, directory / path.name)
            if store:
                nbformat.write(with_outputs_of(notebook, nbformat.read(path, as_version=4)), path)
            else:
                require_in_step(notebook, path)
            print(f"{path.name}: {images(notebook)} images, {time.monotonic() - begin:.0f} s", flush=True)
        except Exception as e:
            failed += 1
            print(f"{path.name}: FAILED: {e}", flush=True)
    print(f"{len(paths) - failed} passed, {failed} failed")
    return 1 if failed or not paths else 0


if __name__ == "__main__":
    if len(sys.argv) < 4 or "--store" in sys.argv[2:]:
        sys.exit(__doc__)
    sys.exit(main(*sys.argv[1:]))
