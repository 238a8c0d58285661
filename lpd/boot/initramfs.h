/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "boot/results.h"

/* What lpd in the initramfs leaves for the host besides the results: name, SHA256 and GNU build id of all
 * patches that the image carried. The name has no ".json", as a patch may be called anything. */
#define INITRAMFS_RECORD RESULTS_DIRECTORY "/initramfs"

/* The command that makes the initramfs of that kernel again, by the tool that is installed; NULL if there
 * is none that is known. *ret is to be freed. 0 or -ENOMEM. */
int initramfs_rebuild_command(const struct host *h, const char *release, char **ret);
