# SPDX-License-Identifier: LGPL-2.1-or-later
"""One flipped bit in a signed patch, in its signature or in its trailer: lpd takes no such file,
but for a bit of the signature that says nothing, and then only if the kernel takes it as well."""

from collections import Counter

from bench.signing import split

FLIPS = {"module": 80, "signature": 80, "trailer": 40}
LOADED = 20   # so many of them are really loaded
DIRECTORY = "/root/flips"


def case(m):
    m.boot(secure_boot=True)
    m.ok("rm /etc/lpd/lpd.conf.d/10-bench.conf")
    good = m.patch_bytes("lp-cmdline", by="mok")
    m.write_all("/root/good", {"good.ko": good})
    m.equal("that the whole one is taken", accepted(m.verify("/root/good/good.ko")), True)

    files = flipped(m.random, good)
    m.write_all(DIRECTORY, files)
    names = sorted(files)
    paths = [f"{DIRECTORY}/{name}" for name in names]
    answers = dict(zip(names, m.verify_each(paths)))
    words = dict(zip(names, m.kernel_takes_each(paths)))
    taken = [f for f, answer in answers.items() if accepted(answer)]
    m.equal("what lpd takes and the kernel does not", [f for f in taken if not words[f][0]], [])
    m.equal("what lpd takes without its being signed so",
            [f for f in taken if not f.startswith("signature")], [])
    print(m.series, *(f"{n} {what}" for what, n in counts(answers, words)), sep="\n    ")

    # What is no module any more is refused as such, with another exit status.
    tried = m.random.sample([f for f in names if f not in taken and verdict(answers[f])], LOADED)
    said = m.ok(f"cd {DIRECTORY}; for f in {' '.join(tried)}; do echo $(lpctl load ./$f 2>&1; echo $?); done")
    # A bit of the module may turn it into no live patch, which is told first.
    m.equal("what lpctl load does not refuse for its signature",
            [line for f, line in zip(tried, said.splitlines())
             if line.split()[-1] not in (("1", "5") if f.startswith("module") else ("5",))], [])
    m.equal("the patches that are in", m.ok("ls /sys/kernel/livepatch"), "")
    m.sees_not("cat /proc/cmdline", "live patched")


def accepted(answer):
    """A file that is not a module gets no verdict."""
    return answer.get("accepted", {}).get("required", False)


def verdict(answer):
    return answer.get("signature", {}).get("verdict")


def flipped(random, good):
    """PART-OFFSET-BIT.ko → its bytes."""
    files, start = {}, 0
    for (part, n), data in zip(FLIPS.items(), split(good)):
        for offset in random.sample(range(start, start + len(data)), min(n, len(data))):
            bit = random.randrange(8)
            files[f"{part}-{offset:06}-{bit}.ko"] = (
                good[:offset] + bytes([good[offset] ^ 1 << bit]) + good[offset + 1:])
        start += len(data)
    return files


def counts(answers, words):
    """How often each combination of part, lpd's verdict and the kernel's answer occurred."""
    verdicts = {f: verdict(answer) or "no module" for f, answer in answers.items()}
    return sorted(Counter(f"{f.split('-')[0]}: {verdict}, {words[f][1]}"
                          for f, verdict in verdicts.items()).items())
