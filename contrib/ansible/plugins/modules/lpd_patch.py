#!/usr/bin/python
# -*- coding: utf-8 -*-
# SPDX-License-Identifier: LGPL-2.1-or-later

from __future__ import absolute_import, division, print_function

__metaclass__ = type

DOCUMENTATION = r"""
module: lpd_patch
short_description: Manage a kernel live patch
description:
  - Installs, removes, enables, disables and loads a kernel live patch with lpd.
  - The module file is copied only if its SHA256 differs from that of the installed one.
  - Nothing is loaded that lpd refuses, and a refused or failed installation leaves the machine as it was.
version_added: 1.0.0
author:
  - The lpd authors (!UNKNOWN)
options:
  name:
    description: Name of the patch. C(-) and C(_) are the same.
    type: str
    required: true
  state:
    description:
      - V(present) means that the patch is installed. The next boot loads it.
      - V(enabled) means that it is installed and that the next boots load it.
      - V(loaded) means that it is installed, enabled, and loaded now. If the manifest, a switch or a wave of
        O(rollout) keeps it out of this machine, it is installed and not loaded, with a warning that says why.
      - V(disabled) means that the next boots do not load it. A loaded patch stays loaded, unless O(now) is set.
      - V(absent) means that it is unloaded and removed.
    type: str
    choices: [present, enabled, loaded, disabled, absent]
    default: present
  src:
    description:
      - Module file (C(.ko), also compressed with xz, zstd or gzip) on the controller.
      - Without it the patch has to be installed already, unless the state is V(absent).
    type: path
  remote_src:
    description: O(src) is a file on the managed machine.
    type: bool
    default: false
  kernel:
    description: Release of the kernel that the module is for. The default is the running one.
    type: str
  now:
    description: With state V(disabled), also unload the patch.
    type: bool
    default: false
  wait:
    description:
      - With state V(loaded), wait this long (such as V(90) or V(2min)) until the transition is over and the probe
        has passed.
    type: str
  root:
    description: Work on the machine below this directory, without loading or unloading anything.
    type: path
  description:
    description: The key C(Description=) of the manifest.
    type: str
  fixes:
    description: The key C(Fixes=) of the manifest.
    type: list
    elements: str
  stage:
    description: The key C(Stage=) of the manifest.
    type: str
    choices: [system, initrd]
  required:
    description: The key C(Required=) of the manifest.
    type: bool
  after:
    description: The key C(After=) of the manifest.
    type: list
    elements: str
  requires:
    description: The key C(Requires=) of the manifest.
    type: list
    elements: str
  conflicts:
    description: The key C(Conflicts=) of the manifest.
    type: list
    elements: str
  parameters:
    description: The key C(Parameters=) of the manifest.
    type: str
  wait_for:
    description: The key C(WaitFor=) of the manifest.
    type: str
    choices: [loaded, patched]
  timeout_sec:
    description: The key C(TimeoutSec=) of the manifest.
    type: str
  on_stall:
    description: The key C(OnStall=) of the manifest.
    type: str
    choices: [wait, revert, force]
  probe:
    description: The key C(Probe=) of the manifest, a program on the managed machine.
    type: path
  rollout:
    description: The key C(Rollout=) of the manifest.
    type: str
  rollout_tags:
    description: The key C(RolloutTags=) of the manifest.
    type: list
    elements: str
  sha256:
    description:
      - SHA256 of the uncompressed module. If it is that of the installed module, O(src) is not read.
      - The action plugin computes it. Set it if O(src) is a file on the managed machine that may be missing.
    type: str
notes:
  - Keys of the manifest are written to the drop-in C(60-ansible.conf). If none is given, the drop-in is left
    as it is. To go back to the default of one key, leave it out and give another one.
  - In check mode the module file is copied to a temporary directory, so that lpd can check it.
attributes:
  check_mode:
    description: Can run without changing anything, and says what would change.
    support: full
  diff_mode:
    description: Shows the differences.
    support: full
seealso:
  - module: livepatch.lpd.lpd_info
"""

EXAMPLES = r"""
- name: Install and load a patch, and wait for the end of its transition
  livepatch.lpd.lpd_patch:
    name: fix-nft
    src: fix-nft.ko
    state: loaded
    wait: 2min
    fixes: [CVE-2024-1086]
    probe: /usr/libexec/check-nft

- name: Stop a bad patch
  livepatch.lpd.lpd_patch:
    name: fix-nft
    state: disabled
    now: true

- name: Remove a patch
  livepatch.lpd.lpd_patch:
    name: fix-nft
    state: absent
"""

RETURN = r"""
patch:
  description: The patch afterwards, as C(lpctl show --json) prints it. Not set if there is no such patch.
  type: dict
  returned: success
messages:
  description: What lpctl has said.
  type: list
  elements: str
  returned: success
needs_module:
  description: The module file has to be copied first. The action plugin does that.
  type: bool
  returned: if the installed module is another one and O(src) was not given
hint:
  description: What to do about a failure.
  type: str
  returned: failure, if there is a hint
rc:
  description: The exit status of lpctl, see lpctl(8).
  type: int
  returned: failure
"""

import glob
import hashlib
import os
import re
import shutil

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.livepatch.lpd.plugins.module_utils.lpctl import Lpctl

DROPIN = "60-ansible.conf"
HEADER = "# Written by the Ansible module livepatch.lpd.lpd_patch.\n[Patch]\n"

KEYS = (
    ("Description", "description"), ("Fixes", "fixes"), ("Stage", "stage"), ("Required", "required"),
    ("After", "after"), ("Requires", "requires"), ("Conflicts", "conflicts"), ("Parameters", "parameters"),
    ("WaitFor", "wait_for"), ("TimeoutSec", "timeout_sec"), ("OnStall", "on_stall"), ("Probe", "probe"),
    ("Rollout", "rollout"), ("RolloutTags", "rollout_tags"),
)

# What counts as loaded: what replaces a patch has its fixes.
LOADED = ("active", "transition", "replaced")

NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,54}\Z")

OPTIONS = {
    "name": {"type": "str", "required": True},
    "state": {"type": "str", "default": "present",
              "choices": ["present", "enabled", "loaded", "disabled", "absent"]},
    "src": {"type": "path"},
    "remote_src": {"type": "bool", "default": False},
    "kernel": {"type": "str"},
    "now": {"type": "bool", "default": False},
    "wait": {"type": "str"},
    "root": {"type": "path"},
    "sha256": {"type": "str"},
    "description": {"type": "str"},
    "fixes": {"type": "list", "elements": "str"},
    "stage": {"type": "str", "choices": ["system", "initrd"]},
    "required": {"type": "bool"},
    "after": {"type": "list", "elements": "str"},
    "requires": {"type": "list", "elements": "str"},
    "conflicts": {"type": "list", "elements": "str"},
    "parameters": {"type": "str"},
    "wait_for": {"type": "str", "choices": ["loaded", "patched"]},
    "timeout_sec": {"type": "str"},
    "on_stall": {"type": "str", "choices": ["wait", "revert", "force"]},
    "probe": {"type": "path"},
    "rollout": {"type": "str"},
    "rollout_tags": {"type": "list", "elements": "str"},
}


def folded(name):
    return name.replace("-", "_")


def read(path):
    try:
        with open(path, "rb") as file:
            return file.read()
    except IOError:
        return None


class Dropin(object):
    """The drop-in with the keys of the manifest that the task gives, which is undone if the task fails."""

    def __init__(self, module, name, root):
        self.module = module
        self.path = os.path.join((root or "") + "/etc/lpd/patches.d", name + ".conf.d", DROPIN)
        self.before = read(self.path)

    def wanted(self):
        """Its text; None if the task gives no key."""
        lines = []
        for key, option in KEYS:
            value = self.module.params[option]
            if value is None:
                continue
            if isinstance(value, bool):
                value = "yes" if value else "no"
            elif isinstance(value, list):
                value = " ".join(value)
            if "\n" in value or "\0" in value:
                self.module.fail_json(msg="%s: the value has more than one line" % option)
            lines.append("%s=%s\n" % (key, value))
        return (HEADER + "".join(lines)).encode("utf-8") if lines else None

    def check(self, lpctl, name, text):
        """Fails if lpd would not understand it."""
        path = os.path.join(self.module.tmpdir, name + ".conf")
        with open(path, "wb") as file:
            file.write(text)
        status, value = Lpctl(self.module).run("lint", path)
        problems = [p["message"].replace(path, "the manifest", 1) for p in value.get("problems", [])]
        if problems:
            self.module.fail_json(msg="%s: %s" % (name, "; ".join(problems)), rc=status)
        if status != 0:
            lpctl.fail(status, value)

    def write(self, text):
        if text is None:
            if os.path.exists(self.path):
                os.unlink(self.path)
            if os.path.isdir(os.path.dirname(self.path)) and not os.listdir(os.path.dirname(self.path)):
                os.rmdir(os.path.dirname(self.path))
            return
        if not os.path.isdir(os.path.dirname(self.path)):
            os.makedirs(os.path.dirname(self.path), 0o755)
        temporary = os.path.join(self.module.tmpdir, DROPIN)
        with open(temporary, "wb") as file:
            file.write(text)
        os.chmod(temporary, 0o644)
        self.module.atomic_move(temporary, self.path)


class Patch(object):
    def __init__(self, module):
        self.module = module
        self.params = module.params
        self.lpctl = Lpctl(module, module.params["root"])
        self.before = self.lpctl.patch(self.params["name"])
        # The manifest has the name that the patch was given first.
        self.name = self.before["name"] if self.before else self.params["name"]
        self.dropin = Dropin(module, self.name, module.params["root"])
        self.text = None
        self.changed = False

    def converge(self):
        self.text = self.dropin.before
        if self.params["state"] == "absent":
            return self.remove()
        wanted = self.dropin.wanted()
        if not self.before and not self.params["src"]:
            if self.params["sha256"]:
                self.module.exit_json(changed=True, needs_module=True)
            self.module.fail_json(msg="%s: not installed, and src is missing" % self.name)
        if self.needs_module() and not self.params["src"]:
            self.module.exit_json(changed=True, needs_module=True)
        if wanted is not None and wanted != self.dropin.before:
            self.text = wanted
            self.dropin.check(self.lpctl, self.name, wanted)
            self.changed = True
            if not self.module.check_mode:
                self.dropin.write(wanted)
        self.install_and_switch()

    def remove(self):
        """lpctl leaves drop-ins of others where they are, and this one is ours."""
        if self.before:
            self.changed = self.lpctl.change("remove", self.name)
        self.text = None
        if self.dropin.before is not None:
            self.changed = True
            if not self.module.check_mode:
                self.dropin.write(None)

    def needs_module(self):
        """Whether the installed module is not the one that the task names."""
        if not self.params["sha256"]:
            return bool(self.params["src"])
        return self.params["sha256"].lower() not in self.installed()

    def installed(self):
        """The hashes of the installed modules, for the kernel of the task if it names one."""
        if not self.before:
            return []
        kernel = self.params["kernel"] or "*"
        top = (self.params["root"] or "") + "/var/lib/lpd/modules"
        found = [path for path in glob.glob(os.path.join(top, kernel, "*.ko"))
                 if folded(os.path.basename(path)[:-3]) == folded(self.name)]
        return [hashlib.sha256(read(path) or b"").hexdigest() for path in found]

    def install_and_switch(self):
        state, exists = self.params["state"], self.before is not None
        # A patch that is disabled would not be loaded by its installation.
        if exists and state in ("enabled", "loaded"):
            self.changed |= self.lpctl.change("enable", self.name)
        if self.needs_module():
            self.install(state == "loaded" and not self.params["root"])
        if state == "disabled" and (exists or not self.module.check_mode):
            now = ["--now"] if self.params["now"] else []
            self.changed |= self.lpctl.change("disable", *(now + [self.name]))
        if state == "loaded" and not self.params["root"]:
            self.load()

    def install(self, load):
        options = ["--name=" + self.name]
        options += ["--kernel=" + self.params["kernel"]] if self.params["kernel"] else []
        options += self.wait() if load else ["--no-load"]
        self.changed |= self.lpctl.change("install", *(options + [self.own_copy()]))

    def wait(self):
        return ["--wait=" + self.params["wait"]] if self.params["wait"] and not self.module.check_mode else []

    def own_copy(self):
        """The file in a directory of this user: with become the connection's user could change it meanwhile."""
        src = self.params["src"]
        if self.params["remote_src"]:
            return src
        path = os.path.join(self.module.tmpdir, os.path.basename(src))
        if path != src:
            shutil.copyfile(src, path)
        os.chmod(path, 0o600)
        return path

    def load(self):
        now = self.lpctl.patch(self.name)
        if now is None or (self.module.check_mode and self.changed):
            return   # check mode: it would be installed first
        if now["state"] == "skipped":
            self.module.warn("%s: not loaded: %s" % (self.name, now["reason"]))
        elif now["state"] not in LOADED or self.params["wait"]:
            self.changed |= self.lpctl.change("load", *(self.wait() + [self.name]))

    def facts(self, patch, text):
        """What a person compares."""
        lines = []
        if patch:
            lines.append("enabled: %s\n" % ("no" if patch["enabledNext"] is False else "yes"))
            lines.append("state: %s\n" % patch["state"])
            lines.append("sha256: %s\n" % patch["module"]["sha256"])
        return "".join(lines) + (text or b"").decode("utf-8", "replace")

    def predicted(self):
        """The patch after a run without check mode, as far as it is known."""
        state = self.params["state"]
        if state == "absent":
            return None
        patch = dict(self.before or {"enabledNext": True, "state": "absent", "module": {"sha256": None}})
        if self.params["sha256"]:
            patch["module"] = {"sha256": self.params["sha256"]}
        if state in ("enabled", "loaded", "disabled"):
            patch["enabledNext"] = state != "disabled"
        if state == "loaded" and patch["state"] not in LOADED:
            patch["state"] = "active"
        return patch


def main():
    module = AnsibleModule(argument_spec=OPTIONS, supports_check_mode=True)
    if not NAME.match(module.params["name"]):
        module.fail_json(msg="%s: not the name of a patch" % module.params["name"])
    patch = Patch(module)
    fail = module.fail_json

    def undo_and_fail(*args, **kwargs):
        """A failed task leaves the manifest as it was."""
        module.fail_json = fail
        if not module.check_mode and read(patch.dropin.path) != patch.dropin.before:
            patch.dropin.write(patch.dropin.before)
        fail(*args, **kwargs)

    module.fail_json = undo_and_fail
    patch.converge()
    module.fail_json = fail
    after = patch.predicted() if module.check_mode else patch.lpctl.patch(patch.name)
    result = {"changed": patch.changed, "messages": patch.lpctl.messages,
              "diff": {"before": patch.facts(patch.before, patch.dropin.before),
                       "after": patch.facts(after, patch.text)
                       if patch.changed else patch.facts(patch.before, patch.dropin.before),
                       "before_header": patch.name, "after_header": patch.name}}
    if after and not module.check_mode:
        result["patch"] = after
    module.exit_json(**result)


if __name__ == "__main__":
    main()
