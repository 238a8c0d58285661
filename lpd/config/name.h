/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/macro.h"

/* Names of patches: the kernel's module names (MODULE_NAME_LEN, 56 bytes with the NUL on 64-bit
 * machines: include/linux/module.h), of letters, digits, '-', '_' and '.', neither '.' nor '-' in
 * front: no hidden file, no option. '-' and '_' are the same name, since the kernel's build turns
 * the one into the other (scripts/Makefile.lib). */

#define PATCH_NAME_MAX 55

bool patch_name_is_valid(const char *name);
bool patch_name_equal(const char *a, const char *b);

/* Orders names with '-' and '_' alike, as strcmp(3) does. */
int patch_name_compare(const char *a, const char *b);

/* Whether a name on a command line is a pattern of glob(7); and whether a name is one that it means, '-' and '_'
 * alike outside of brackets. */
bool patch_pattern_is_glob(const char *pattern);
bool patch_pattern_matches(const char *pattern, const char *name);

/* The name as the kernel spells it, '-' made '_'. NULL when out of memory. */
char *patch_name_to_module(const char *name);

/* Whether text can be the release of a kernel (uname -r): it becomes part of paths, and a word of
 * commands. */
bool kernel_release_is_valid(const char *release);
