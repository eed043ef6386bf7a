#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Cuts the first images of Fashion-MNIST out of the full idx files.

usage: make_fashion_mnist_subset.py SOURCE_DIR TARGET_DIR

SOURCE_DIR holds the four original files (train-images-idx3-ubyte.gz, ...), for example
/usr/share/datasets/fashion-mnist of the Debian package dataset-fashion-mnist.
The gzip headers carry no time and no name, so running it again changes nothing.
"""

import gzip
import hashlib
import struct
import sys
from pathlib import Path

SUBSETS = {"train": 5000, "t10k": 2000}
KINDS = ("images-idx3-ubyte", "labels-idx1-ubyte")


def first_items(idx: bytes, count: int) -> bytes:
    """The idx file of the first `count` items of the idx file `idx` of unsigned bytes."""
    zeros, data_type, dimensions = struct.unpack_from(">HBB", idx)
    if zeros != 0 or data_type != 0x08:
        raise ValueError(f"not an idx file of unsigned bytes: starts with {idx[:4].hex()}")
    shape = struct.unpack_from(f">{dimensions}I", idx, 4)
    if shape[0] < count:
        raise ValueError(f"has {shape[0]} items, {count} are needed")
    item_size = 1
    for size in shape[1:]:
        item_size *= size
    start = 4 + 4 * dimensions
    header = idx[:4] + struct.pack(f">{dimensions}I", count, *shape[1:])
    return header + idx[start : start + count * item_size]


def main() -> int:
    if len(sys.argv) != 3:
        print(__doc__, file=sys.stderr)
        return 2
    source, target = map(Path, sys.argv[1:])
    target.mkdir(parents=True, exist_ok=True)
    for prefix, count in SUBSETS.items():
        for kind in KINDS:
            idx = first_items(gzip.decompress((source / f"{prefix}-{kind}.gz").read_bytes()), count)
            path = target / f"{prefix}-{count}-{kind}.gz"
            with open(path, "wb") as file, gzip.GzipFile("", "wb", 9, file, mtime=0) as packed:
                packed.write(idx)
            print(f"{hashlib.sha256(idx).hexdigest()}  {path.stem}  ({path.stat().st_size:,} bytes packed)")
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except (OSError, ValueError) as error:
        sys.exit(f"error: {error}")
