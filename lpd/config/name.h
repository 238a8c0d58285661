/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/macro.h"

/* Names of patches follow the kernel's names of modules: at most 55 letters, digits, '-', '_' and
 * '.' (MODULE_NAME_LEN is 56 with the NUL on 64-bit machines: include/linux/module.h). The first
 * must not be '.' or '-', so that a name is neither a hidden file nor an option. '-' and '_' are
 * the same in names, because the kernel's build replaces one by the other
 * (scripts/Makefile.lib). */

#define PATCH_NAME_MAX 55

bool patch_name_is_valid(const char *name);
bool patch_name_equal(const char *a, const char *b);

/* Compares names like strcmp(3), with '-' and '_' equal. */
int patch_name_compare(const char *a, const char *b);

/* Whether a name on a command line is a pattern of glob(7); and whether a pattern matches a name,
 * with '-' and '_' equal outside of brackets. */
bool patch_pattern_is_glob(const char *pattern);
bool patch_pattern_matches(const char *pattern, const char *name);

/* The name as the kernel spells it, with '_' for '-'. NULL if memory runs out. */
char *patch_name_to_module(const char *name);

/* Whether the text can be a kernel release (uname -r), so that it is safe in paths and commands. */
bool kernel_release_is_valid(const char *release);
