# -*- coding: utf-8 -*-
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Runs lpctl and reads its JSON, which does not change between releases."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import json

NO_SUCH_PATCH = 3
USAGE = 64


class Lpctl(object):
    """lpctl on this machine, or on the one below root; with check_mode, commands that change something only say
    what they would change."""

    def __init__(self, module, root=None):
        self.module = module
        self.path = module.get_bin_path("lpctl", required=True, opt_dirs=["/usr/sbin", "/sbin"])
        self.root = root
        self.messages = []

    def run(self, verb, *arguments):
        """The exit status and the JSON of a command."""
        root = ["--root=" + self.root] if self.root else []
        argv = [self.path] + root + ["--json=short", verb] + list(arguments)
        status, out, err = self.module.run_command(argv)
        try:
            value = json.loads(out)
            if not isinstance(value, dict):
                raise ValueError("no object")
        except ValueError:
            self.module.fail_json(msg="lpctl %s: %s" % (verb, err.strip() or "no JSON on standard output"),
                                  rc=status, stderr=err)
        return status, value

    def ask(self, verb, *arguments):
        """The JSON of a command that has to succeed."""
        status, value = self.run(verb, *arguments)
        if status != 0:
            self.fail(status, value)
        return value

    def change(self, verb, *arguments):
        """Runs a command that changes something; whether it has changed anything, or would."""
        more = ["--dry-run"] if self.module.check_mode else []
        value = self.ask(verb, *(more + list(arguments)))
        self.messages += [p["message"] for p in value.get("patches", []) if p.get("message")]
        return bool(value.get("wouldChange" if self.module.check_mode else "changed"))

    def patch(self, name):
        """The status of one patch, or None if there is no such patch."""
        status, value = self.run("show", name)
        if status == NO_SUCH_PATCH:
            return None
        if status != 0 or len(value.get("patches", [])) != 1:
            self.fail(status, value)
        return value["patches"][0]

    def fail(self, status, value):
        error = value.get("error") or {}
        hint = error.get("hint")
        self.module.fail_json(msg=error.get("message") or "lpctl failed with exit status %d" % status,
                              rc=status, **({"hint": hint} if hint else {}))


def read_taint():
    """The kernel's flags; None if they cannot be read."""
    try:
        with open("/proc/sys/kernel/tainted") as file:
            return int(file.read())
    except (IOError, ValueError):
        return None
