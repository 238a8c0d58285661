/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "config/cmdline.h"

/* Whether systemd-modules-load.service is to load a module that shows what an earlier boot left of the
 * kernel's log: modules-load.d(5), modules_load= on the kernel command line. What cannot be read
 * counts as empty. 1, 0 or -ENOMEM. */
int pstore_is_loaded_late(const struct host *h, const struct cmdline_switches *s);
