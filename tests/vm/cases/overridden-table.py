# SPDX-License-Identifier: LGPL-2.1-or-later
"""The table of docs/OVERRIDES.md: which tracers keep the new code from running, attached before the patch and
after it, and which of them lpd reports."""

MACHINES = ("12/6.12", "13", "testing")   # four minutes each; 12/6.1 by name

TRACE = "/usr/lib/bench-trace-function"
FUNCTION, HOOK = "security_task_getpgid", "bpf_lsm_task_getpgid"
TRACEFS = "/sys/kernel/tracing"
ANSWERS = {"0": "old code", "77": "new code", "5": "overridden", "76": "the other patch"}

NEW, OVERRIDDEN, OTHER = "new code", "overridden", "the other patch"
BUSY_PATCH, BUSY_TRACER = "the patch is refused", "the tracer is refused"

# How, and what is seen if it is attached before the patch, and after it.
BPF = (
    ("fmod_ret=-5", (OVERRIDDEN, "reported"), (OVERRIDDEN, "reported")),
    ("fmod_ret=0", (NEW, "reported"), (NEW, "reported")),
    ("fentry", (NEW, ""), (NEW, "")),
    ("fexit", (NEW, ""), (NEW, "")),
)
EVENTS = (
    ("p", (NEW, ""), (NEW, "")),
    ("r", (NEW, ""), (NEW, "")),
    ("f", (NEW, ""), (NEW, "")),
)
MODULE = (
    ("ops", (NEW, ""), (NEW, "")),
    ("ops-change", (OVERRIDDEN, ""), (NEW, "")),
    ("ops-ipmodify", (BUSY_PATCH, ""), (BUSY_TRACER, "")),
    ("kprobe", (NEW, ""), (NEW, "")),
    ("kprobe-post", (BUSY_PATCH, ""), (BUSY_TRACER, "")),
    ("kprobe-change", (OVERRIDDEN, ""), (NEW, "")),
    ("kretprobe", (NEW, ""), (NEW, "")),
    ("kretprobe-change", (OVERRIDDEN, ""), (OVERRIDDEN, "")),
    ("direct", (BUSY_PATCH, ""), (BUSY_TRACER, "")),
    ("direct-change", (BUSY_PATCH, ""), (BUSY_TRACER, "")),
)


def case(m):
    m.boot(smp=1)
    m.ok(f"mountpoint -q {TRACEFS} || mount -t tracefs tracefs {TRACEFS}")
    m.ok("systemctl stop lpd")
    rows = [(Bpf, *row) for row in BPF] + [(Event, *row) for row in EVENTS] + [(Module, *row) for row in MODULE]
    rows += [(Tracer, tracer, (NEW, ""), (NEW, "")) for tracer in ("function", "function_graph")]
    rows += [(Patch, "lp-getpgid-2", (NEW, ""), (OTHER, ""))]
    if m.run(f"grep -q 'f\\[:' {TRACEFS}/README")[0]:
        rows.remove((Event, *EVENTS[2]))   # not on this kernel
    for kind, how, before, after in rows:
        if how == "kprobe-post" and m.series == "7.2":
            after = (NEW, "")
        m.equal(f"{how}, before the patch", attempt(m, kind(m, how), True), before)
        m.equal(f"{how}, after the patch", attempt(m, kind(m, how), False), after)
    for early in (True, False):
        m.equal("a program of BPF-LSM on the patched hook",
                attempt(m, Bpf(m, "lsm=-5", HOOK), early, "lp-getpgid-hook"), (OVERRIDDEN, "reported"))


def attempt(m, tracer, early, name="lp-getpgid"):
    """Attaches both, says what happens, and detaches both."""
    patch = Patch(m, name)
    first, second = (tracer, patch) if early else (patch, tracer)
    m.equal("whether the first one is there", first.attach(), True)
    if second.attach():
        answer = m.ok(f"{TRACE} call").strip()
        value, = m.json(f"lpctl --json=short show {name}")["patches"]
        seen = ANSWERS[answer], "reported" if value["overridden"] else ""
        second.detach()
    else:
        seen = BUSY_PATCH if early else BUSY_TRACER, ""
    first.detach()
    m.wait_until(f"test $({TRACE} call) = 0", 10)
    return seen


class Patch:
    def __init__(self, m, name):
        self.m, self.name, self.module = m, name, name.replace("-", "_")

    def attach(self):
        if self.m.run(f"insmod {self.m.patch(self.name)}")[0]:
            return False
        self.settle()
        return True

    def detach(self):
        self.m.ok(f"echo 0 >/sys/kernel/livepatch/{self.module}/enabled")
        self.m.wait_until(f"! test -e /sys/kernel/livepatch/{self.module}", 20)
        self.m.wait_until(f"rmmod {self.module}", 20)

    def settle(self):
        self.m.wait_until(f"grep -q 0 /sys/kernel/livepatch/{self.module}/transition", 20)


class Bpf:
    def __init__(self, m, how, function=FUNCTION):
        self.m, self.how, self.function = m, how, function

    def attach(self):
        self.m.ok(f"setsid {TRACE} {self.how} {self.function} >/run/tracer.out 2>&1 & echo $! >/run/tracer.pid")
        self.m.wait_until("grep -q . /run/tracer.out", 10)
        return not self.m.run("grep -q attached /run/tracer.out")[0]

    def detach(self):
        self.m.ok("kill $(cat /run/tracer.pid); rm /run/tracer.out")
        self.m.wait_until("! test -e /proc/$(cat /run/tracer.pid)", 10)


class Event:
    """A probe by the files of tracefs."""

    def __init__(self, m, how):
        self.m, self.line = m, f"{how}:bench {FUNCTION}{'%return' if how == 'f' else ''}"
        self.group = "fprobes" if how == "f" else "kprobes"

    def attach(self):
        self.m.ok(f"echo '{self.line}' >>{TRACEFS}/dynamic_events && echo 1 >{TRACEFS}/events/{self.group}/bench/enable")
        return True

    def detach(self):
        self.m.ok(f"echo 0 >{TRACEFS}/events/{self.group}/bench/enable && echo >{TRACEFS}/dynamic_events")


class Tracer:
    def __init__(self, m, name):
        self.m, self.name = m, name

    def attach(self):
        self.m.ok(f"echo {FUNCTION} >{TRACEFS}/set_ftrace_filter && echo {self.name} >{TRACEFS}/current_tracer")
        return True

    def detach(self):
        self.m.ok(f"echo nop >{TRACEFS}/current_tracer && echo >{TRACEFS}/set_ftrace_filter")


class Module:
    def __init__(self, m, how):
        self.m, self.how = m, how

    def attach(self):
        return not self.m.run(f"insmod {self.m.patch('tracer')} how={self.how}")[0]

    def detach(self):
        self.m.ok("rmmod tracer")
