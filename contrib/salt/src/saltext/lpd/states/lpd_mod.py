# SPDX-License-Identifier: LGPL-2.1-or-later
"""
States of kernel live patches
=============================

.. code-block:: yaml

    fix-nft:
      lpd.loaded:
        - source: salt://patches/fix-nft.ko
        - wait: 120
"""

from salt.exceptions import CommandExecutionError

__virtualname__ = "lpd"

# What replaces a patch has its fixes.
LOADED = ("active", "transition", "replaced")


def __virtual__():
    if "lpd.status" in __salt__:
        return __virtualname__
    return (False, "The lpd state cannot be loaded: the execution module lpd is missing")


def _facts(patch):
    """What a person compares."""
    if not patch:
        return {"installed": False}
    return {
        "installed": True,
        "enabled": patch["enabledNext"] is not False,
        "state": patch["state"],
        "sha256": patch["module"]["sha256"],
    }


def _differences(old, new):
    return {
        key: {"old": old.get(key), "new": new.get(key)}
        for key in sorted(set(old) | set(new))
        if old.get(key) != new.get(key)
    }


def _changed(answer):
    return bool(answer.get("wouldChange" if __opts__["test"] else "changed"))


def _converge(name, steps, good):
    """Runs the steps, functions of the patch as it was that tell whether they have changed something, and describes
    the result."""
    ret = {"name": name, "changes": {}, "result": False, "comment": ""}
    changed = False
    try:
        before = __salt__["lpd.show"](name)
        for step in steps:
            changed |= bool(step(before))
        after = before if __opts__["test"] else __salt__["lpd.show"](name)
    except CommandExecutionError as error:
        ret["comment"] = str(error)
        return ret
    if not changed:
        ret.update(result=True, comment=f"{name}: {good} already")
    elif __opts__["test"]:
        ret.update(result=None, comment=f"{name}: would be {good}", changes={"patch": {"old": _facts(before), "new": good}})
    else:
        ret["changes"] = _differences(_facts(before), _facts(after)) or {"patch": {"old": None, "new": good}}
        ret.update(result=True, comment=f"{name}: is now {good}")
    return ret


def _install(name, source, load=False, wait=None):
    """A step that installs the file; lpctl changes nothing if it is installed already."""

    def step(before):
        if not source:
            if not before:
                raise CommandExecutionError(f"{name}: not installed, and source is missing")
            return False
        path = source
        if source.startswith(("salt://", "http://", "https://")):
            path = __salt__["cp.cache_file"](source)
            if not path:
                raise CommandExecutionError(f"{name}: {source} does not exist")
        return _changed(__salt__["lpd.install"](path, name, load=load, wait=wait, test=__opts__["test"]))

    return step


def installed(name, source=None):
    """
    The patch is installed; the next boot loads it.

    name
        Name of the patch.

    source
        Module file: a path of the minion, or ``salt://``. Without it the patch has to be installed already.
    """
    return _converge(name, [_install(name, source)], "installed")


def enabled(name, source=None):
    """
    The patch is installed, and the next boots load it.
    """

    def enable(before):
        if not before and __opts__["test"]:
            return True
        return _changed(__salt__["lpd.enable"](name, test=__opts__["test"]))

    return _converge(name, [_install(name, source), enable], "enabled")


def loaded(name, source=None, wait=None):
    """
    The patch is installed, enabled and loaded. If its manifest, a switch or a wave of ``Rollout=`` keeps it out of
    this machine, it is installed and not loaded, which is no failure; the comment says why.
    """
    skipped = []

    def enable(before):
        return before and _changed(__salt__["lpd.enable"](name, test=__opts__["test"]))

    def load(before):
        now = __salt__["lpd.show"](name)
        if not now or now["state"] in LOADED:
            return False
        if now["state"] == "skipped":
            skipped.append(now["reason"])
            return False
        if __opts__["test"] and before and before["enabledNext"] is False:
            return True
        return _changed(__salt__["lpd.load"](name, wait=wait, test=__opts__["test"]))

    ret = _converge(name, [enable, _install(name, source, True, wait), load], "loaded")
    if skipped and ret["result"] is not False:
        ret["comment"] = f"{name}: installed, but not loaded: {skipped[0]}"
    return ret


def disabled(name, now=False):
    """
    The next boots do not load the patch. With ``now: True`` it is unloaded as well.
    """

    def disable(before):
        if not before:
            raise CommandExecutionError(f"{name}: not installed")
        return _changed(__salt__["lpd.disable"](name, now=now, test=__opts__["test"]))

    return _converge(name, [disable], "disabled")


def absent(name):
    """
    The patch is unloaded and removed.
    """

    def remove(before):
        return before and _changed(__salt__["lpd.remove"](name, test=__opts__["test"]))

    return _converge(name, [remove], "absent")
