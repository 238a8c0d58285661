# SPDX-License-Identifier: LGPL-2.1-or-later
"""The part of tests/demo that happens on a booted machine."""

import argparse
import os
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent / "vm"))
from bench.lab import Lab  # noqa: E402
from bench.machine import Machine  # noqa: E402
from bench.qemu import Failed  # noqa: E402

PATCHED = "this has been live patched by "
REFUSED = 5   # lpctl(8), EXIT STATUS
WIDTH = 96


def say(text):
    print(f"==> {text}", flush=True)


def do(m, command, *says, exit=0):
    """Runs a command on the machine and shows it like a terminal; it must end with that exit status
    and print each of these texts."""
    print(f"    # {command}", flush=True)
    output = m.fails(command, exit=exit)
    for line in output.splitlines():
        print(f"    {line if len(line) <= WIDTH else line[:WIDTH - 1] + '…'}", flush=True)
    for text in says:
        m.contains(f"`{command}`", output, text)
    return output


def see(m, path, patched):
    """Shows a file of /proc, whose contents the patch changes while it is loaded."""
    if (PATCHED in do(m, f"head -c 72 {path}")) != patched:
        raise Failed(f"{path} is {'not ' if patched else ''}patched")


def demo(m):
    say("Booting it, with Secure Boot on and an owner's key enrolled in its firmware (a MOK)")
    m.boot(secure_boot=True, whole=True)
    m.ok("rm /etc/lpd/lpd.conf.d/10-bench.conf")   # use only lpd's defaults
    m.ok(f"cp {m.patch('lp-cmdline', by='mok')} /root/lp-cmdline.ko")
    m.ok(f"cp {m.patch('lp-uptime')} /root/unsigned.ko")
    do(m, "lpctl status", "signatures enforced, Secure Boot", "Signature=required", "0 of 0 active")

    say("A live patch is a kernel module. This one changes what the kernel answers here:")
    see(m, "/proc/cmdline", patched=False)
    say("It was signed with that key, which the kernel confirms; so it is installed:")
    do(m, "lpctl verify /root/lp-cmdline.ko", "by lpd bench mok in .machine", "=> verified")
    do(m, "lpctl install --wait /root/lp-cmdline.ko")
    see(m, "/proc/cmdline", patched=True)

    say("Another, for /proc/uptime, has no signature. It is refused, and lpd says why:")
    do(m, "lpctl install /root/unsigned.ko", "it is not signed", exit=REFUSED)
    do(m, "lpctl verify /root/unsigned.ko", "=> unsigned", "Signature=required   refuses it",
       exit=REFUSED)

    say("Rebooting it: a kernel forgets its patches")
    m.reboot()
    say("lpd has loaded the one patch again, before any ordinary service started:")
    see(m, "/proc/cmdline", patched=True)
    see(m, "/proc/uptime", patched=False)
    do(m, "lpctl status", "signatures enforced, Secure Boot", "1 of 1 active", "lp-cmdline active")
    journal = do(m, "journalctl -b -o short-monotonic --no-hostname LPD_RESULT=loaded "
                    "+ UNIT=sysinit.target", "lp-cmdline: loaded", "Reached target sysinit.target")
    if journal.index("Reached target") < journal.index("lp-cmdline: loaded"):
        raise Failed("the patch was loaded after sysinit.target")


def main():
    home = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    parser = argparse.ArgumentParser(prog="tests/demo")
    parser.add_argument("--cache", type=Path, default=home / "lpd-vm",
                        help="where the machine's parts are kept (default: %(default)s)")
    args = parser.parse_args()
    say("Making a Debian 12 machine, and lpd for it (some minutes, the first time)")
    lab = Lab(args.cache.resolve())
    with tempfile.TemporaryDirectory(dir=args.cache) as directory:
        m = Machine(lab, "6.1", Path(directory))
        try:
            demo(m)
        except Failed as error:
            print(f"The demonstration failed: {error}\n\nThe machine's console:", file=sys.stderr)
            print(m.console.read_text(errors="replace")[-4000:], file=sys.stderr)
            return 1
        finally:
            m.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
