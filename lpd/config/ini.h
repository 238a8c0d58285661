/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/error.h"

/* Files of [Section] and KEY=VALUE lines, described by one table that serves parsing, defaults,
 * completion and did-you-mean. */

/* What one file may hold. */
#define INI_FILE_MAX ((size_t) 1024 * 1024)
#define INI_LINE_MAX ((size_t) 64 * 1024) /* with what continues it */
#define INI_SECTIONS_MAX 1000
#define INI_KEYS_MAX 64

/* One key. Keys of one section stand together. */
struct ini_key {
    const char *section; /* "Kernel:" stands for every [Kernel:ARGUMENT] */
    const char *name;
    const char *fallback; /* the default as one would write it; what an empty assignment means */
    /* Puts a value into its field, see value.h. -EBADMSG with an error, the field unchanged. */
    int (*parse)(const struct ini_key *k, const char *value, void *field, struct error *e);
    size_t offset; /* of the field in what the section is read into */
    /* For those of value.h that look at them: */
    const char *const *words; /* by their number */
    size_t n_words;
    uint64_t min, max;
    bool repeats; /* may stand more than once in a section; its parse function adds to the field */
    bool for_people; /* whatever is wrong with it changes nothing that is done: a warning */
    const char *takes; /* what it takes, where min, max and words cannot tell */
};

struct ini_table {
    const struct ini_key *keys;
    size_t n_keys;
    /* Optional: a section begins. *ret_target is what it is read into, without this call userdata;
     * argument is NULL for a plain section. */
    int (*begin)(void *userdata, const char *argument, void **ret_target, struct error *e);
    /* Optional: a key got that value. May still refuse it. */
    int (*assigned)(void *userdata, const struct ini_key *k, const char *value, const char *path,
                    unsigned line, struct error *e);
    /* Optional: a fault of a comment or of a key that is only for people; without this call it is one
     * like any other. one may be taken. */
    void (*warn)(void *userdata, int fault, struct error *one);
};

/* Reads a file from memory into userdata, over what is there. Each fault is -EBADMSG with
 * "PATH:LINE: " in front. The lines after it are read all the same, so that a bad line never switches
 * a later one off: their faults are added to e, up to ERROR_FAULTS_MAX. Or -ENOMEM.
 *
 * The syntax is systemd.syntax(7)'s with less rope: no key twice in a section unless it says so, no
 * section twice, no control characters, nothing but UTF-8, no line above INI_LINE_MAX. Comments are
 * lines that begin with # or ;, while ; in a value is part of it. A backslash at the end of a line
 * stands for a blank, and the next line that is no comment goes on with it; it must not begin with [
 * or be an assignment to a key of the section. Lines may end in CRLF. */
int ini_read(const struct ini_table *t, const char *path, const char *data, size_t size,
             void *userdata, struct error *e);

/* Sets every key of a section to its fallback. 0 or -ENOMEM. */
int ini_defaults(const struct ini_table *t, const char *section, void *target);
