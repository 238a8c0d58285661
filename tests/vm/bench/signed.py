# SPDX-License-Identifier: LGPL-2.1-or-later
"""The live patches with signatures: KVER/signed/PATCH.VARIANT.ko."""

from dataclasses import dataclass
from pathlib import Path

from . import cache, signing
from .base import read_module
from .signing import Signer

# Every way to sign one patch: variant → arguments of Signer.sign(). A plain name is that key.
VARIANTS = {name: {"by": [name]} for name in (
    "db", "mok", "ca", "leaf", "second", "stranger", "orphan", "expired", "revoked", "ec",
    "forged")}
VARIANTS |= {
    "leaf-embedded": {"by": ["leaf"], "embed": True},
    "mok-embedded": {"by": ["mok"], "embed": True},
    "stranger-embedded": {"by": ["stranger"], "embed": True},
    "revoked-embedded": {"by": ["revoked"], "embed": True},
    "revoked-leaf-embedded": {"by": ["revoked-leaf"], "embed": True},
    "forged-embedded": {"by": ["forged"], "embed": True},
    "mok-keyid": {"by": ["mok"], "key_id": True},
    "mok-sha384": {"by": ["mok"], "hash": "sha384"},
    "mok-sha512": {"by": ["mok"], "hash": "sha512"},
    "mok-attributes": {"by": ["mok"], "attributes": True},
    "stranger-and-mok": {"by": ["stranger", "mok"]},
    # The firmware forbids exactly this file, so no other variant may have the same bytes.
    "forbidden": {"by": ["mok"], "hash": "sha384", "key_id": True},
}
WHOLE = "lp-cmdline"   # this patch has all variants; the others have these
USUAL = ["db", "mok", "stranger"]
MANY = "lp-many-"      # these have none
BIG = "lp-size-"       # these exist only signed by mok
BUILTIN = "kernel/drivers/net/dummy.ko"   # a module of Debian's, with Debian's own signature


@dataclass(frozen=True)
class Signed:
    """top contains KVER/signed for each kernel, signers one Signer for each series."""

    top: Path
    signers: dict

    def forbidden(self):
        """The files that the firmware must forbid."""
        return [path.read_bytes() for path in sorted(self.top.glob("*/signed/*.forbidden.ko"))]


def get(store, base, patches, keys):
    """The signed patches from the cache; made first if patches or keys have changed, which takes 3
    s."""
    signers = {series: Signer(keys, base, kernel) for series, kernel in base.kernels.items()}
    key = cache.digest(Path(__file__), Path(signing.__file__), base.top, patches, keys.top)
    return Signed(store.entry(f"signed-{base.suite.name}", key,
                              lambda top: _build(top, base, patches, signers)),
                  signers)


def _build(top, base, patches, signers):
    for series, kernel in base.kernels.items():
        target = top / kernel.release / "signed"
        target.mkdir(parents=True)
        for patch in sorted((patches / kernel.release).glob("*.ko")):
            for variant in _variants(patch.stem):
                _sign(target / f"{patch.stem}.{variant}.ko", patch, signers[series], variant)
        builtin, = (base.tree / "usr/lib/modules" / kernel.release).glob(f"{BUILTIN}*")
        (target / "dummy.builtin.ko").write_bytes(read_module(builtin))


def _variants(patch):
    if patch.startswith(MANY):
        return []
    if patch.startswith(BIG):
        return ["mok"]
    return VARIANTS if patch == WHOLE else USUAL


def _sign(target, patch, signer, variant):
    options = dict(VARIANTS[variant])
    target.write_bytes(signer.sign(patch.read_bytes(), *options.pop("by"), **options))
