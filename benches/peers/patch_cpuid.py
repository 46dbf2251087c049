"""Copies a package, with another instruction in the place of CPUID in its libraries.

Usage:  python patch_cpuid.py PACKAGE DIR

For avx2_only.c, where the processor cannot make CPUID fault: an instruction that no processor has makes a signal
anywhere, and that program answers it. DIR/PACKAGE is the copy; with DIR in PYTHONPATH it is the one that is imported.
Where CPUID stands in the code is found by disassembling (objdump), so that no like bytes of another instruction change.

Python 3.11 or newer, binutils, x86-64.
"""

import argparse
import importlib.util
import shutil
import subprocess
from pathlib import Path

CPUID = b"\x0f\xa2"
STAND_IN = b"\x0f\x04"


def output(*command):
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def sections(library):
    """Address, length and place in the file of everything that is loaded."""
    for line in output("objdump", "--section-headers", "--wide", library).splitlines():
        fields = line.split()
        if fields and fields[0].isdigit():
            length, address, _, place = (int(field, 16) for field in fields[2:6])
            yield address, length, place


def patch(library):
    """Puts the stand-in wherever CPUID is; how often that was."""
    data, loaded, count = bytearray(library.read_bytes()), list(sections(library)), 0
    for line in output("objdump", "--disassemble", "--no-show-raw-insn", "--wide", library).splitlines():
        address, _, instruction = line.partition(":\t")
        if instruction.strip() != "cpuid":
            continue
        at = int(address, 16)
        offset = next(place + at - first for first, length, place in loaded if first <= at < first + length)
        if data[offset : offset + 2] != CPUID:
            raise SystemExit(f"{library}: no CPUID at {at:#x}, where objdump sees one")
        data[offset : offset + 2] = STAND_IN
        count += 1
    library.write_bytes(data)
    return count


def main():
    parser = argparse.ArgumentParser(description="a copy of a package without CPUID")
    parser.add_argument("package")
    parser.add_argument("dir", type=Path)
    options = parser.parse_args()
    found = importlib.util.find_spec(options.package)
    if found is None or not found.submodule_search_locations:
        raise SystemExit(f"there is no package {options.package!r}")
    target = options.dir / options.package
    shutil.rmtree(target, ignore_errors=True)
    shutil.copytree(found.submodule_search_locations[0], target)
    counts = {path.name: patch(path) for path in target.rglob("*.so*") if path.is_file() and not path.is_symlink()}
    if not any(counts.values()):
        raise SystemExit(f"no library of {options.package!r} asks the processor")
    print(", ".join(f"{name}: {count}" for name, count in counts.items()))


if __name__ == "__main__":
    main()
