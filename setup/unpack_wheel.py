"""Streams out of a TensorFlow wheel what the binding of tfjs-node needs: the two libraries and the C headers.

Usage: unpack_wheel.py WHEEL DEPS. Writes DEPS/lib and DEPS/include, and prints the wheel's requirements of its
`and-cuda` extra, one a line. zipfile checks each member's CRC as it is read.
"""

import os
import shutil
import sys
import zipfile

HEADERS = ("tensorflow/c/", "tensorflow/core/platform/ctstring", "tsl/", "xla/tsl/c/")


def target_of(name):
    if name.startswith("tensorflow/libtensorflow"):
        return "lib/" + os.path.basename(name)
    include = name.removeprefix("tensorflow/include/")
    if include != name and name.endswith(".h") and include.startswith(HEADERS):
        return "include/" + include
    return None


def main(wheel, deps):
    with zipfile.ZipFile(wheel) as archive:
        for name in archive.namelist():
            target = target_of(name)
            if target:
                path = os.path.join(deps, target)
                os.makedirs(os.path.dirname(path), exist_ok=True)
                with archive.open(name) as source, open(path, "wb") as sink:
                    shutil.copyfileobj(source, sink, 1 << 20)
            elif name.endswith(".dist-info/METADATA"):
                for line in archive.read(name).decode().splitlines():
                    if line.startswith("Requires-Dist: nvidia") and "and-cuda" in line:
                        print(line.removeprefix("Requires-Dist: ").split(";")[0].strip())
    os.symlink("libtensorflow_cc.so.2", os.path.join(deps, "lib/libtensorflow.so"))
    os.symlink("libtensorflow_framework.so.2", os.path.join(deps, "lib/libtensorflow_framework.so"))


main(*sys.argv[1:])
