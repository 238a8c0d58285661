/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "ctl/ctl.h"

/* The tables of lpctl(8): its options and its verbs, with what their help says. */

enum option_value {
    OPTION_JSON = 256,
    OPTION_ROOT,
    OPTION_NO_LEGEND,
    OPTION_NO_PAGER,
    OPTION_QUIET,
    OPTION_HELP,
    OPTION_VERSION,
    /* of single verbs */
    OPTION_NAME,
    OPTION_KERNEL,
    OPTION_STAGE,
    OPTION_FIXES,
    OPTION_DESCRIPTION,
    OPTION_NO_LOAD,
    OPTION_NO_REBUILD,
    OPTION_DRY_RUN,
    OPTION_RECORD,
    OPTION_CHECK,
    OPTION_NOW,
    OPTION_WAIT,
    OPTION_IGNORE_MISSING,
    OPTION_FORCE,
    OPTION_YES,
    OPTION_OUTPUT,
    OPTION_FULL,
    OPTION_LINES,
    OPTION_FOLLOW,
    OPTION_BOOT,
    OPTION_SINCE,
    _OPTION_END,
};

#define OPTION_FIRST_OF_VERBS OPTION_NAME
#define TAKES(option) (UINT64_C(1) << ((option) - OPTION_JSON))

struct ctl_option {
    const char *name;
    enum option_value value;
    char letter;   /* '\0': it has none */
    int argument;  /* as in struct option of getopt_long(3) */
    const char *metavar, *help;
};

enum verb_group { GROUP_SHOW, GROUP_CHANGE, GROUP_KERNEL, GROUP_OTHER, _GROUP_MAX };

/* What becomes of a verb's text on a terminal. */
enum verb_text {
    TEXT_FITTING,  /* long lines go on at a blank; a pager shows what is longer than the terminal */
    TEXT_VERBATIM, /* for programs and files: a pager, but lines stay as they are */
    TEXT_DIRECT,   /* as it is */
};

#define ANY_NUMBER 1000000

struct verb {
    const char *name;
    enum verb_group group;
    int min_args, max_args;
    uint64_t takes; /* options of its own */
    int (*run)(struct ctl *c, char **argv, struct error *e);
    void (*print)(const struct ctl *c);
    enum verb_text text;
    const char *arguments, *help, *example;
    uint64_t instead; /* options that stand in for the arguments */
};

extern const struct ctl_option ctl_options[];
extern const size_t n_ctl_options;
extern const struct verb ctl_verbs[];
extern const size_t n_ctl_verbs;

/* NULL: there is none. */
const struct verb *verb_find(const char *name);

/* Prints the help of lpctl, or of one verb. */
void help_print(void);
void help_print_verb(const struct verb *verb);
