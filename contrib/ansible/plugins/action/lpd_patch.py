# -*- coding: utf-8 -*-
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Copies the module file of a patch to the machine, but only if another build is installed there."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import gzip
import hashlib
import lzma
import os

from ansible.errors import AnsibleActionFail, AnsibleError
from ansible.module_utils.parsing.convert_bool import boolean
from ansible.plugins.action import ActionBase

OPEN = {".gz": gzip.open, ".xz": lzma.open, ".ko": open}


def sha256_of(path):
    """The hash of the uncompressed module; None for zstd, which Python cannot read: then the file is copied."""
    opened = OPEN.get(os.path.splitext(path)[1])
    if not opened:
        return None
    with opened(path, "rb") as file:
        return hashlib.sha256(file.read()).hexdigest()


class ActionModule(ActionBase):
    TRANSFERS_FILES = True
    _supports_check_mode = True
    _supports_diff = True

    def run(self, tmp=None, task_vars=None):
        result = super(ActionModule, self).run(tmp, task_vars)
        options = dict(self._task.args)
        src = options.get("src")
        if not src or boolean(options.get("remote_src", False), strict=False) or options.get("state") == "absent":
            result.update(self._run(options, task_vars))
            return result
        try:
            path = self._loader.get_real_file(self._find_needle("files", src))
            options["sha256"] = sha256_of(path)
        except (AnsibleError, EnvironmentError, EOFError, lzma.LZMAError) as e:
            raise AnsibleActionFail("src: %s" % e)
        if options["sha256"]:
            bare = {key: value for key, value in options.items() if key != "src"}
            result.update(self._run(bare, task_vars))
            if not result.pop("needs_module", False):
                return result
            result.pop("changed")
        try:
            result.update(self._copy_and_run(path, options, task_vars))
        finally:
            self._remove_tmp_path(self._connection._shell.tmpdir)
        return result

    def _run(self, options, task_vars):
        return self._execute_module(module_name="livepatch.lpd.lpd_patch", module_args=options, task_vars=task_vars)

    def _copy_and_run(self, path, options, task_vars):
        if not self._connection._shell.tmpdir:
            self._make_tmp_path()
        target = self._connection._shell.join_path(self._connection._shell.tmpdir, os.path.basename(options["src"]))
        self._transfer_file(path, target)
        self._fixup_perms2((self._connection._shell.tmpdir, target))
        return self._run(dict(options, src=target), task_vars)
