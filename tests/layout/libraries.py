#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Each program needs exactly these libraries: libraries.py PROGRAM…. lpd starts once for each
patch, in the initramfs too, and the generator before everything else at each boot, so each
additional library costs time. Programs that read hostile files should load little code."""

import re
import subprocess
import sys
from pathlib import Path

LIBRARIES = {
    "lpd": {"gcrypt", "json-c", "lzma", "systemd", "z", "zstd"},
    "lpctl": {"blkid", "gcrypt", "json-c", "kmod", "lzma", "smartcols", "systemd", "z", "zstd"},
    "kpatch": {"blkid", "gcrypt", "json-c", "lzma", "smartcols", "systemd", "z", "zstd"},
    "lpd-modules": {"kmod"},
    "lpd-volume": {"blkid", "json-c", "systemd"},
    "lpd-ledger": {"blkid", "json-c", "systemd"},
    "lpd-parser": {"crypto"},
    "lpd-generator": {"gcrypt", "json-c"},
}
# Libraries that the compiler adds, also with sanitizers.
NEUTRAL = {"asan", "c", "gcc_s", "m", "ubsan"}


def needed(program):
    found = subprocess.run(["readelf", "-d", program], capture_output=True, text=True, check=True).stdout
    return {name for name in re.findall(r"NEEDED.*\[(?:lib)?([\w-]+?)\.so", found)
            if name not in NEUTRAL and not name.startswith("ld-")}


def main(programs):
    failed = len(programs) != len(LIBRARIES)
    for program in programs:
        wanted, found = LIBRARIES[Path(program).name], needed(program)
        for name in sorted(found - wanted):
            print(f"{program} needs lib{name}, which is not listed for it")
        for name in sorted(wanted - found):
            print(f"{program} is listed with lib{name}, which it does not need")
        failed |= found != wanted
    return 1 if failed else 0


sys.exit(main(sys.argv[1:]))
