#!/usr/bin/python
# -*- coding: utf-8 -*-
# SPDX-License-Identifier: LGPL-2.1-or-later

from __future__ import absolute_import, division, print_function

__metaclass__ = type

DOCUMENTATION = r"""
module: lpd_info
short_description: Show the kernel live patches of a machine
description:
  - Returns what C(lpctl status --json) prints, and which faults the kernel has had since it booted.
version_added: 1.0.0
author:
  - The lpd authors (!UNKNOWN)
options:
  name:
    description: Names or glob patterns of patches. The default is all of them.
    type: list
    elements: str
    default: []
  root:
    description: Look at the machine below this directory, and not at the running kernel.
    type: path
attributes:
  check_mode:
    description: Can run without changing anything.
    support: full
  diff_mode:
    description: Shows the differences.
    support: none
"""

EXAMPLES = r"""
- name: Ask lpd
  livepatch.lpd.lpd_info:
  register: lpd

- name: Require a fix
  ansible.builtin.assert:
    that: lpd.patches['fix-nft'].state == 'active'
"""

RETURN = r"""
status:
  description: The JSON of C(lpctl status), described by lpd-status.schema.json.
  type: dict
  returned: success
patches:
  description: The patches by name, with C(state), C(guard), C(kernelState) and so on.
  type: dict
  returned: success
taint:
  description: The flags in C(/proc/sys/kernel/tainted). Null if it cannot be read.
  type: int
  returned: success
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.livepatch.lpd.plugins.module_utils.lpctl import Lpctl, read_taint

OPTIONS = {
    "name": {"type": "list", "elements": "str", "default": []},
    "root": {"type": "path"},
}


def main():
    module = AnsibleModule(argument_spec=OPTIONS, supports_check_mode=True)
    status = Lpctl(module, module.params["root"]).ask("status", *module.params["name"])
    module.exit_json(changed=False, status=status, patches={p["name"]: p for p in status["patches"]},
                     taint=None if module.params["root"] else read_taint())


if __name__ == "__main__":
    main()
