/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/error.h"

/* Files of [Section] and KEY=VALUE lines. One table describes them for parsing, defaults,
 * completion and did-you-mean. */

/* Size limits of a file and of a line. */
#define INI_FILE_MAX ((size_t) 1024 * 1024)
#define INI_LINE_MAX ((size_t) 64 * 1024) /* with its continuations */
#define INI_SECTIONS_MAX 1000
#define INI_KEYS_MAX 64

/* One key. The keys of a section are next to each other in the table. */
struct ini_key {
    const char *section; /* "Kernel:" means every [Kernel:ARGUMENT] */
    const char *name;
    const char *fallback; /* the default in the notation of the file; also the meaning of an empty
                           * assignment */
    /* Puts a value into its field, see value.h. On failure -EBADMSG with an error, and the field is
     * unchanged. */
    int (*parse)(const struct ini_key *k, const char *value, void *field, struct error *e);
    size_t offset; /* offset of the field in the struct of its section */
    /* For the functions of value.h that use them: */
    const char *const *words; /* the words, in the order of their numbers */
    size_t n_words;
    uint64_t min, max;
    bool repeats; /* may appear more than once in a section; its parse function appends to the
                   * field */
    bool for_people; /* has no effect on what lpd does, so its faults are only warnings */
    const char *takes; /* describes valid values if min, max and words cannot */
};

struct ini_table {
    const struct ini_key *keys;
    size_t n_keys;
    /* Optional: called at the start of a section. *ret_target is the struct for its values; without
     * this function that is userdata. argument is NULL for a plain section. */
    int (*begin)(void *userdata, const char *argument, void **ret_target, struct error *e);
    /* Optional: called after a key was assigned that value. May still refuse it. */
    int (*assigned)(void *userdata, const struct ini_key *k, const char *value, const char *path,
                    unsigned line, struct error *e);
    /* Optional: called for a fault in a comment or in a key with for_people; without this function
     * such a fault is treated like any other. The function may take over one. */
    void (*warn)(void *userdata, int fault, struct error *one);
};

/* Reads a file from memory into userdata, over the existing values. Each fault is -EBADMSG with
 * "PATH:LINE: " in front. The lines after a fault are read too, so that a bad line never disables a
 * later one; up to ERROR_FAULTS_MAX faults are collected in e. Or -ENOMEM.
 *
 * The syntax is that of systemd.syntax(7), but stricter: a key may appear only once in a section
 * unless it repeats, a section only once; control characters, bytes that are not UTF-8 and lines
 * longer than INI_LINE_MAX are refused. A comment is a line that begins with # or ;. A ; inside a
 * value is part of it. A backslash at the end of a line stands for a blank, and the next line that
 * is not a comment continues the value; that line must not begin with [ or assign a key of the
 * section. Lines may end in CRLF. */
int ini_read(const struct ini_table *t, const char *path, const char *data, size_t size,
             void *userdata, struct error *e);

/* Sets every key of a section to its fallback. 0 or -ENOMEM. */
int ini_defaults(const struct ini_table *t, const char *section, void *target);
