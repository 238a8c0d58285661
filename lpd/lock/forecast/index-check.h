/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/macro.h"

/* Whether an index of depmod(8) (modules.*.bin) is well formed, so that libkmod, which follows its
 * offsets without checks, stays inside it and terminates. 0 or -EBADMSG. */
int index_check(const void *data, size_t size);
