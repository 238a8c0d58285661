#!/usr/bin/python
# -*- coding: utf-8 -*-
# SPDX-License-Identifier: LGPL-2.1-or-later

from __future__ import absolute_import, division, print_function

__metaclass__ = type

DOCUMENTATION = r"""
module: lpd_lock
short_description: Lock the loading of kernel modules until reboot
description:
  - Runs C(lpctl lock), which first loads the modules of C(Modules=) in lpd.conf(5). Nothing but a reboot ends the
    lock.
  - A refused lock changes nothing.
version_added: 1.0.0
author:
  - The lpd authors (!UNKNOWN)
options:
  wait:
    description: Wait this long (such as V(90) or V(2min)) for a running transition.
    type: str
  ignore_missing:
    description: Lock even if a module of C(Modules=) cannot be loaded.
    type: bool
    default: false
attributes:
  check_mode:
    description: Can run without changing anything, and says what would change.
    support: full
  diff_mode:
    description: Shows the differences.
    support: none
"""

EXAMPLES = r"""
- name: Lock modules once the patches are loaded
  livepatch.lpd.lpd_lock:
    wait: 2min
"""

RETURN = r"""
lock:
  description: The JSON of C(lpctl lock), in check mode with the forecast of what the lock would break.
  type: dict
  returned: success
hint:
  description: What to do about a refused lock.
  type: str
  returned: failure, if there is a hint
rc:
  description: The exit status of lpctl, see lpctl(8).
  type: int
  returned: failure
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.livepatch.lpd.plugins.module_utils.lpctl import Lpctl

OPTIONS = {"wait": {"type": "str"}, "ignore_missing": {"type": "bool", "default": False}}


def forecast(module, lpctl):
    lock = lpctl.ask("lock", "--dry-run")
    outcome = lock["forecast"]
    refused = outcome["outcome"] == "refuse" or (outcome["outcome"] == "wait" and not module.params["wait"])
    if refused:
        module.fail_json(msg="the lock would be refused: %s" % outcome["reason"], hint=outcome["hint"], lock=lock)
    return outcome["outcome"] != "nothing", lock


def main():
    module = AnsibleModule(argument_spec=OPTIONS, supports_check_mode=True)
    lpctl = Lpctl(module)
    if module.check_mode:
        changed, lock = forecast(module, lpctl)
    else:
        options = ["--yes"]
        options += ["--wait=" + module.params["wait"]] if module.params["wait"] else []
        options += ["--ignore-missing"] if module.params["ignore_missing"] else []
        lock = lpctl.ask("lock", *options)
        changed = lock["changed"]
    module.exit_json(changed=changed, lock=lock)


if __name__ == "__main__":
    main()
