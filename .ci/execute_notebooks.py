#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Executes notebooks in a Jupyter kernel: execute_notebooks.py KERNEL OUTPUT_DIRECTORY NOTEBOOK...

Writes the executed copies, with their images, and what the kernels logged into the output directory. Prints how many
passed; the exit code is 1 if one did not: a cell failed, there is no image, or the kernel did not start.
"""
import asyncio
import atexit
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


def main(kernel, directory, *paths):
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
            print(f"{path.name}: {images(notebook)} images, {time.monotonic() - begin:.0f} s", flush=True)
        except Exception as e:
            failed += 1
            print(f"{path.name}: FAILED: {e}", flush=True)
    print(f"{len(paths) - failed} passed, {failed} failed")
    return 1 if failed or not paths else 0


if __name__ == "__main__":
    if len(sys.argv) < 4:
        sys.exit(__doc__)
    sys.exit(main(*sys.argv[1:]))
