# SPDX-License-Identifier: LGPL-2.1-or-later
"""
Manage kernel live patches with lpd
===================================

Each function runs ``lpctl`` and returns its JSON. With ``test=True`` nothing is changed, and ``wouldChange`` says
whether something would be.
"""

import json

import salt.utils.path
from salt.exceptions import CommandExecutionError

__virtualname__ = "lpd"

NO_SUCH_PATCH = 3


def __virtual__():
    if salt.utils.path.which("lpctl"):
        return __virtualname__
    return (False, "The lpd module cannot be loaded: lpctl is not installed")


def _run(verb, *arguments):
    """The exit status and the JSON of a command."""
    done = __salt__["cmd.run_all"](
        ["lpctl", "--json=short", verb, *arguments], python_shell=False, ignore_retcode=True
    )
    try:
        value = json.loads(done["stdout"])
    except ValueError:
        value = {}
    if not isinstance(value, dict) or not value:
        raise CommandExecutionError(f"lpctl {verb}: {done['stderr'] or 'no JSON on standard output'}")
    return done["retcode"], value


def _ask(verb, *arguments):
    status, value = _run(verb, *arguments)
    if status:
        error = value.get("error") or {}
        hint = f" (hint: {error['hint']})" if error.get("hint") else ""
        raise CommandExecutionError(
            (error.get("message") or f"lpctl {verb} failed with exit status {status}") + hint
        )
    return value


def _change(test, verb, *arguments):
    return _ask(verb, *(["--dry-run"] if test else []), *arguments)


def status(*patterns):
    """
    Return what ``lpctl status --json`` prints, for all patches or for those that match.

    CLI Example:

    .. code-block:: bash

        salt '*' lpd.status
    """
    return _ask("status", *patterns)


def show(name):
    """
    Return one patch, or ``None`` if there is no such patch.

    CLI Example:

    .. code-block:: bash

        salt '*' lpd.show fix-nft
    """
    code, value = _run("show", name)
    if code == NO_SUCH_PATCH:
        return None
    if code or len(value.get("patches", [])) != 1:
        raise CommandExecutionError((value.get("error") or {}).get("message") or f"{name}: not one patch")
    return value["patches"][0]


def install(path, name, load=True, wait=None, test=False):
    """
    Install a module file of this minion, and load it unless ``load=False``.

    CLI Example:

    .. code-block:: bash

        salt '*' lpd.install /root/fix-nft.ko fix-nft wait=120
    """
    options = [f"--name={name}"]
    if not load:
        options.append("--no-load")
    elif wait and not test:
        options.append(f"--wait={wait}")
    return _change(test, "install", *options, path)


def remove(name, test=False):
    """
    Unload and remove a patch.

    CLI Example:

    .. code-block:: bash

        salt '*' lpd.remove fix-nft
    """
    return _change(test, "remove", name)


def enable(name, test=False):
    """
    Enable loading at boot.

    CLI Example:

    .. code-block:: bash

        salt '*' lpd.enable fix-nft
    """
    return _change(test, "enable", name)


def disable(name, now=False, test=False):
    """
    Disable loading at boot, and with ``now=True`` unload the patch.

    CLI Example:

    .. code-block:: bash

        salt '*' lpd.disable fix-nft now=True
    """
    return _change(test, "disable", *(["--now"] if now else []), name)


def load(name, wait=None, test=False):
    """
    Load an installed patch.

    CLI Example:

    .. code-block:: bash

        salt '*' lpd.load fix-nft wait=120
    """
    return _change(test, "load", *([f"--wait={wait}"] if wait and not test else []), name)


def unload(name, test=False):
    """
    Unload a patch. The next boot loads it again.

    CLI Example:

    .. code-block:: bash

        salt '*' lpd.unload fix-nft
    """
    return _change(test, "unload", name)


def lock(wait=None, test=False):
    """
    Lock the loading of modules until reboot.

    CLI Example:

    .. code-block:: bash

        salt '*' lpd.lock
    """
    return _change(test, "lock", "--yes", *([f"--wait={wait}"] if wait and not test else []))
