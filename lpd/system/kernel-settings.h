/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "config/cmdline.h"

/* Settings elsewhere on the machine that keep patches out at boot: kernel.modules_disabled=1 and
 * kernel.ftrace_enabled=0 in sysctl.d(5), tmpfiles.d(5) and on the kernel command line. Appends to
 * *ret a text for each, with its file and line. 0 or -ENOMEM. */
int kernel_settings_find(const struct host *h, const struct cmdline_switches *switches,
                         char ***ret);
