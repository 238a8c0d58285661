/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/macro.h"

/* The lines of a kernel log as text: records of pstore, the output of dmesg -r, or a console.
 * kernel/printk/printk.c, info_print_prefix(), begins each line with "<FACILITY * 8 + LEVEL>",
 * "[SECONDS.MICROSECONDS]" and "[CALLER]", of which any may be missing. pstore_dump()
 * (fs/pstore/platform.c) asks for the first one, consoles do not. */

#define LOG_LINE_MAX 1024 /* the rest of a longer line is skipped */

/* Who wrote a line. What is written to /dev/kmsg never has facility 0 (devkmsg_write(),
 * kernel/printk/printk.c), so a program cannot claim to be the kernel where the facility is
 * shown. */
enum log_origin {
    LOG_UNMARKED, /* no facility is shown: anybody */
    LOG_KERNEL,
    LOG_USER,
};

/* What precedes the text of a line. */
struct log_prefix {
    enum log_origin origin;
    int level;       /* as in syslog(2); -1: not shown */
    char stamp[24];  /* "12.345678", or "" */
    char caller[16]; /* "T1", "C0" (CONFIG_PRINTK_CALLER), or "" */
};

struct log_line {
    struct log_prefix prefix;
    char dump[24];   /* "Panic#1", if this is the header of a part of a pstore dump, else "" */
    char buffer[LOG_LINE_MAX + 1];
    const char *text; /* in the buffer: ASCII; other bytes, NULs and control characters are '?' */
};

/* Takes the next line from *data. 1, or 0 at the end. Pure. */
int log_line_next(const char **data, size_t *size, struct log_line *ret);

/* A stamp in microseconds; 0 for "". Pure. */
uint64_t log_stamp_usec(const char *stamp);
