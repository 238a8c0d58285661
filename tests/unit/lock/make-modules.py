#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Creates the contents of /lib/modules/RELEASE with depmod(8), from modules that only describe
themselves and their dependencies: make-modules.py DIRECTORY RELEASE. $CC is a compiler."""

import os
import shlex
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

# Name: aliases, modules that it depends on, softdep.
MODULES = {
    "fat": ([], [], None),
    "vfat": (["fs-vfat"], ["fat"], None),
    "isofs": (["fs-iso9660"], [], None),
    "nfs": (["fs-nfs", "fs-nfs4"], [], None),
    "nfsv3": ([], ["nfs"], None),
    "nfsv4": ([], ["nfs"], None),
    "binfmt_misc": (["fs-binfmt_misc"], [], None),
    "fuse": (["fs-fuse"], [], None),
    "loop": (["devname:loop-control", "char-major-10-237"], [], None),
    "nls_cp437": ([], [], None),
    "nls_cp850": ([], [], None),
    "nls_ascii": ([], [], None),
    "nls_utf8": ([], [], None),
    "nls_iso8859-1": ([], [], None),
    "e1000": (["pci:v00008086d0000100E*"], [], None),
    "blacklisted": (["pci:v00008086d0000100E*", "fs-blacklisted"], [], None),
    "switched_off": (["pci:v00008086d0000100E*", "fs-switched"], [], None),
    "pcspkr": (["platform:pcspkr*"], [], None),
    "dummy": (["rtnl-link-dummy"], [], None),
    "bridge": (["rtnl-link-bridge"], [], None),
    "br_netfilter": ([], ["bridge"], None),
    "veth": (["rtnl-link-veth"], [], None),
    "overlay": (["fs-overlay"], [], None),
    "wireguard": (["rtnl-link-wireguard"], [], None),
    "tun": (["devname:net/tun", "char-major-10-200"], [], None),
    "nf_tables": (["nfnetlink-subsys-10"], [], None),
    "nft_ct": (["nft-expr-ct"], ["nf_tables"], None),
    "nft_limit": (["nft-expr-limit"], ["nf_tables"], None),
    "nft_masq": (["nft-expr-masq"], ["nf_tables"], None),
    "nft_chain_nat": (["nft-chain-2-nat", "nft-chain-1-nat"], ["nf_tables"], None),
    "nft_reject_inet": (["nft-expr-1-reject"], ["nf_tables"], None),
    "nft_reject_bridge": (["nft-expr-7-reject"], ["nf_tables"], None),
    "nft_compat": (["nft-expr-match", "nft-expr-target"], ["nf_tables"], None),
    "nf_conntrack_ftp": (["nfct-helper-ftp"], [], None),
    "iptable_filter": ([], [], None),
    "xt_conntrack": (["ipt_conntrack", "ip6t_conntrack"], [], None),
    "dm_mod": ([], [], None),
    "dm_crypt": ([], ["dm_mod"], None),
    "dm_verity": ([], ["dm_mod"], None),
    "xts": (["crypto-xts"], [], "pre: ecb"),
    "ecb": (["crypto-ecb"], [], None),
    "serpent_generic": (["crypto-serpent"], [], None),
    "serpent_avx2": (["crypto-serpent"], [], None),
    "aesni_intel": (["crypto-aes"], [], None),
    "twofish_avx": (["crypto-twofish"], [], None),
    "twofish_sse": (["crypto-twofish"], [], None),
    "nvme": (["pci:v*d*sv*sd*bc01sc08i02*"], [], None),
}
BUILTIN = {"ext4": ["fs-ext4"], "aes_generic": ["crypto-aes"]}


def object_of(name, aliases, needs, softdep):
    module = name.replace("-", "_")
    info = [f"name={module}", "license=GPL", *(f"alias={alias}" for alias in aliases)]
    if softdep:
        info.append(f"softdep={softdep}")
    lines = ['.section .modinfo,"a"', *(f'.asciz "{text}"' for text in info),
             '.section __ksymtab_strings,"a"', f'.asciz "use_{module}"',
             ".data", *(f".quad use_{need}" for need in needs)]
    with tempfile.TemporaryDirectory() as scratch:
        source = Path(scratch, "m.s")
        source.write_text("\n".join((*lines, "")))
        subprocess.run([*shlex.split(os.environ.get("CC", "cc")), "-c", "m.s", "-o", "m.ko"],
                       cwd=scratch, check=True)
        return Path(scratch, "m.ko").read_bytes()


def main(directory, release):
    shutil.rmtree(directory, ignore_errors=True)
    top = Path(directory, "lib/modules", release)
    (top / "kernel").mkdir(parents=True)
    for name, parts in MODULES.items():
        (top / "kernel" / f"{name}.ko").write_bytes(object_of(name, *parts))
    (top / "modules.order").write_text("".join(f"kernel/{name}.ko\n" for name in MODULES))
    (top / "modules.builtin").write_text("".join(f"kernel/{name}.ko\n" for name in BUILTIN))
    (top / "modules.builtin.modinfo").write_bytes(b"".join(
        f"{name}.alias={alias}\0".encode() for name, aliases in BUILTIN.items() for alias in aliases))
    depmod = shutil.which("depmod", path=os.environ["PATH"] + ":/usr/sbin:/sbin")
    subprocess.run([depmod, "-b", directory, release], check=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
