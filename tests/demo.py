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

PATCHED = "this has been live patched by lp-cmdline"


def say(text):
    print(f"==> {text}", flush=True)


def do(m, command):
    """Runs a command on the machine and shows it as a terminal would."""
    print(f"    # {command}", flush=True)
    output = m.ok(command)
    for line in output.splitlines():
        print(f"    {line[:100]}", flush=True)
    return output


def see(m):
    """Whether the machine runs the patch: it replaces the function behind this file."""
    return PATCHED in do(m, "cat /proc/cmdline")


def demo(m):
    say("Booting it")
    m.boot(whole=True)
    m.ok(f"cp {m.patch('lp-cmdline')} /root/")
    say("A live patch is a kernel module. This one changes what the kernel answers here:")
    if see(m):
        raise Failed("the machine was patched before the patch was installed")
    say("Installing it (this lpd does not check signatures yet: the machine says Signature=permissive)")
    do(m, "lpctl install /root/lp-cmdline.ko")
    if not see(m):
        raise Failed("the patch was installed, but is not in")
    say("Rebooting it: a kernel forgets its patches")
    m.reboot()
    if not see(m):
        raise Failed("the patch did not survive the reboot")
    say("The patch is in again: lpd has loaded it before any ordinary service started:")
    do(m, "lpctl list")
    do(m, "journalctl -b -o short-monotonic --no-hostname LPD_RESULT=loaded + UNIT=sysinit.target")


def main():
    home = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    parser = argparse.ArgumentParser(prog="tests/demo")
    parser.add_argument("--build-dir", type=Path, required=True, help=argparse.SUPPRESS)
    parser.add_argument("--cache", type=Path, default=home / "lpd-vm",
                        help="where the machine's parts are kept (default: %(default)s)")
    args = parser.parse_args()
    say("Making a Debian 12 machine (a minute or two, the first time)")
    lab = Lab(args.cache.resolve(), args.build_dir)
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
