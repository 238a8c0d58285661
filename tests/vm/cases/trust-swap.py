# SPDX-License-Identifier: LGPL-2.1-or-later
"""lpd loads what it has checked, or nothing. While a patch is loaded its file is swapped, for
another one of that name or by writing into it, or a file server returns other bytes for the second
reading, on a machine whose kernel would accept either."""

import hashlib
import lzma

LOADS = 16
# Alternates the good and the evil file where lpd loads from, in the way of @SWAP@, and watches for
# the evil one in the kernel.
SWAPPER = """
    sub slurp { open(my $f, "<", $_[0]) or die "$_[0]: $!"; local $/; <$f> }
    for (my $n = 0; ; $n++) {
        my $from = $n % 2 ? "/root/swap/good" : "/root/swap/evil";
        @SWAP@
        if (slurp("/proc/cmdline") =~ /evil/) { open(my $f, ">", "/run/evil"); exit }
    }
"""
RENAME = """
        link($from, "/root/swap/next") or die $!; rename("/root/swap/next", "@TO@") or die $!;
        unlink("/root/swap/next");
        select(undef, undef, undef, rand(0.1));
"""
WRITE = """
        open(my $f, "+<", "@TO@") or die $!; my $data = slurp($from);
        syswrite($f, $data); truncate($f, length($data)); close($f);
        select(undef, undef, undef, rand($n % 2 ? 2 : 0.1));
"""
LOAD = f"""
    for i in $(seq {LOADS}); do
        if /usr/lib/lpd/lpd load lp-cmdline; then cat /proc/cmdline; else echo refused; fi
        lpctl unload lp-cmdline || true
    done 2>/dev/null
"""


def case(m):
    m.boot()
    m.write("/etc/lpd/lpd.conf.d/10-bench.conf", "[Trust]\nSignature=local\n")
    m.ok("install -D -m 644 -t /etc/lpd/keys.d /patches/keys/mok.pem")
    m.write("/etc/lpd/patches.d/lp-cmdline.conf", "[Patch]\n")
    good = m.patch_bytes("lp-cmdline", by="mok")
    evil = good.replace(b"live patched", b"evil patched")
    m.write_all("/root/try", {"evil.ko": evil})
    m.equal("that the kernel takes the evil one", m.kernel_takes("/root/try/evil.ko")[0], True)

    served(m, good, evil)
    seen = []
    for swap in (RENAME, WRITE):
        seen += swapping(m, swap, "lp-cmdline.ko", good, evil)
        seen += swapping(m, swap, "lp-cmdline.ko.xz", lzma.compress(good), lzma.compress(evil))
    counts = {word: sum(word in line for line in seen) for word in ("live", "evil", "refused")}
    print(m.series, counts)
    m.equal("how often the evil one was in", counts["evil"], 0)
    m.equal("that both were met", counts["live"] > 0 and counts["refused"] > 0, True)


def served(m, good, evil):
    """A pinned patch in a FUSE file system: the bytes of the first reading are checked and
    loaded."""
    m.write_all("/root/served", {"good": good, "evil": evil})
    m.ok("modprobe fuse; mkdir /run/served")
    m.background("exec /usr/lib/bench-fuse-serve /run/served lp-cmdline.ko"
                 " /root/served/good /root/served/evil")
    m.wait_until("test -e /run/served/lp-cmdline.ko", 10)
    m.equal("the server's readings", [m.ok("sha256sum </run/served/lp-cmdline.ko").split()[0]
                                      for _ in range(3)],
            [hashlib.sha256(data).hexdigest() for data in (good, evil, good)])
    m.write("/etc/lpd/patches.d/lp-served.conf",
            f"[Patch]\n[Kernel:{m.kernel}]\nModule=/run/served/lp-cmdline.ko\n"
            f"SHA256={hashlib.sha256(good).hexdigest()}\n")
    m.ok("pkill -USR1 -f '^/usr/lib/bench-fuse-serve'; /usr/lib/lpd/lpd load lp-served")
    m.sees("cat /proc/cmdline", "live patched")
    m.equal("how often it was read", m.ok("sha256sum </run/served/lp-cmdline.ko").split()[0],
            hashlib.sha256(evil).hexdigest())
    m.ok("lpctl unload lp-served")
    m.ok("pkill -USR1 -f '^/usr/lib/bench-fuse-serve'; cat /run/served/lp-cmdline.ko >/dev/null")
    m.fails("/usr/lib/lpd/lpd load lp-served", exit=5)   # the evil one is read and checked
    m.sees_not("cat /proc/cmdline", "evil patched")
    m.ok("umount /run/served; rm /etc/lpd/patches.d/lp-served.conf")


def swapping(m, swap, file, good, evil):
    """The result of each load: the text of /proc/cmdline, or refused."""
    directory = f"/var/lib/lpd/modules/{m.kernel}"
    m.write_all("/root/swap", {"good": good, "evil": evil})
    m.write_all(directory, {file: good})
    m.write("/root/swapper", SWAPPER.replace("@SWAP@", swap).replace("@TO@", f"{directory}/{file}"))
    swapper = m.background("exec perl /root/swapper")
    seen = m.ok(LOAD, timeout=300).splitlines()
    m.ok(f"kill {swapper}; rm {directory}/{file}")   # it was running until the end
    m.fails("cat /run/evil")
    return seen
