#!/usr/bin/python
# -*- coding: utf-8 -*-
# SPDX-License-Identifier: LGPL-2.1-or-later

from __future__ import absolute_import, division, print_function

__metaclass__ = type

DOCUMENTATION = r"""
module: lpd_health
short_description: Check that a kernel live patch has done no harm
description:
  - Waits until the patch is loaded, its transition is over and its probe has passed, and then for some quiet time.
  - Fails if lpd has quarantined or unloaded the patch, or if the kernel has reported a fault.
version_added: 1.0.0
author:
  - The lpd authors (!UNKNOWN)
options:
  name:
    description: Name of the patch.
    type: str
    required: true
  timeout:
    description: Seconds that the transition and the probe may take.
    type: int
    default: 120
  quiet:
    description: Seconds after that in which nothing may happen.
    type: int
    default: 10
  taint:
    description:
      - RV(livepatch.lpd.lpd_info#module:taint) of before the load. Faults that it shows do not count.
      - Without it any fault since the boot counts.
    type: int
    default: 0
attributes:
  check_mode:
    description: Can run without changing anything.
    support: full
  diff_mode:
    description: Shows the differences.
    support: none
"""

EXAMPLES = r"""
- name: Check the patch for a minute
  livepatch.lpd.lpd_health:
    name: fix-nft
    quiet: 60
"""

RETURN = r"""
patch:
  description: The patch, as C(lpctl show --json) prints it.
  type: dict
  returned: always
reason:
  description: What is wrong.
  type: str
  returned: failure
"""

import time

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.livepatch.lpd.plugins.module_utils.lpctl import Lpctl, read_taint

OPTIONS = {
    "name": {"type": "str", "required": True},
    "timeout": {"type": "int", "default": 120},
    "quiet": {"type": "int", "default": 10},
    "taint": {"type": "int", "default": 0},
}

# Flags of Documentation/admin-guide/tainted-kernels.rst that stand for a fault.
FAULTS = ((5, "bad page"), (7, "oops or BUG"), (9, "warning"), (14, "soft lockup"))


def fault(before):
    now = read_taint() or 0
    new = [what for bit, what in FAULTS if now >> bit & 1 and not before >> bit & 1]
    return "the kernel has reported a fault: %s" % ", ".join(new) if new else None


def judge(patch):
    """("good", None), ("wait", why) or ("bad", why)."""
    state, kernel = patch["state"], patch["kernelState"]
    if patch["guard"] == "quarantined" or state == "quarantined":
        return "bad", patch["reason"] or "lpd has quarantined it"
    if state == "replaced":
        return "good", None
    if state == "transition" or kernel["transition"]:
        return "wait", "its transition is not over"
    if state != "active":
        return "bad", "its state is %s: %s" % (state, patch["reason"])
    if kernel["installed"] is False:
        return "bad", "another build than the installed one is loaded"
    if kernel["probe"] == "waiting":
        return "wait", "its probe has not passed yet"
    return "good", None


def main():
    module = AnsibleModule(argument_spec=OPTIONS, supports_check_mode=True)
    name, lpctl = module.params["name"], Lpctl(module)
    deadline, quiet_until = time.time() + module.params["timeout"], None
    while True:
        patch = lpctl.patch(name)
        if not patch:
            module.fail_json(msg="%s: not installed" % name, reason="not installed")
        verdict, why = judge(patch)
        harm = fault(module.params["taint"])
        if harm:
            verdict, why = "bad", harm
        if verdict == "good":
            quiet_until = quiet_until or time.time() + module.params["quiet"]
            if time.time() >= quiet_until:
                module.exit_json(changed=False, patch=patch)
        elif verdict == "bad" or time.time() >= deadline:
            module.fail_json(msg="%s: %s" % (name, why), reason=why, patch=patch)
        time.sleep(1)


if __name__ == "__main__":
    main()
