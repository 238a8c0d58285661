# SPDX-License-Identifier: LGPL-2.1-or-later
"""A check that is killed at any moment leaves nothing in the kernel, and other programs can use
bpf(2) while one runs."""

KILLS = 12
NO_BTF = "touch /run/empty && mount --bind /run/empty /sys/kernel/btf/vmlinux"
CLEAN = """
    test "$(/usr/lib/bench-bpf-objects)" = "{objects}" && ! grep _lpd /proc/keys &&
    ! pgrep -l 'lpctl|lpd-parser'
"""


def case(m):
    m.boot(secure_boot=True)
    patch = m.patch("lp-size-10m", by="mok")
    objects = m.ok("/usr/lib/bench-bpf-objects").strip()
    programs = int(objects.split()[0])

    watch = m.background("exec /usr/lib/bench-bpf-objects watch >/run/watch")
    kill_often(m, patch, "kernel-pkcs7")
    m.ok(f"kill {watch}")
    calls, failures, most = map(int, m.wait_until("cat /run/watch | grep .").split())
    m.equal(f"the failures of {calls} calls of another process", failures, 0)
    m.equal("that it saw our program meanwhile", most > programs, True)
    m.wait_until(CLEAN.format(objects=objects))

    m.ok(NO_BTF)
    kill_often(m, patch, "kernel-keyring")
    m.wait_until(CLEAN.format(objects=objects))


def kill_often(m, patch, way):
    """Kills the check of a patch at random moments, some of them before its end."""
    m.equal("the way", m.verify(patch)["signature"]["way"], way)
    seconds = float(m.ok(f"TIMEFORMAT=%R; time lpctl verify {patch} >/dev/null").split()[-1])
    moments = " ".join(f"{m.random.uniform(0, seconds):.3f}" for _ in range(KILLS))
    statuses = m.ok(f"""
        for moment in {moments}; do
            lpctl verify {patch} >/dev/null & sleep $moment; kill -9 $!; wait $!; echo "status $?"
        done 2>/dev/null""", timeout=300)
    killed = statuses.count("status 137")
    m.equal(f"that many of {KILLS} were killed ({killed})", killed > KILLS // 3, True)
