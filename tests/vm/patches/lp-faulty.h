/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the patches that break the machine share.  armed() is true in the module as it is compiled;
 * bench/patches.py makes a copy of each in which it is false, and which is another build of the same
 * patch: the repaired one.
 */
#ifndef LP_FAULTY_H
#define LP_FAULTY_H

#include <linux/compiler.h>
#include <linux/types.h>

static char fuse[] = "lpd bench fuse=1";

static bool armed(void)
{
	return READ_ONCE(fuse[sizeof(fuse) - 2]) == '1';
}

#endif
