/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "ctl/ctl.h"

/* The tables of lpctl(8): options and verbs, each with its help. */

enum option_value {
    OPTION_JSON = 256,
    OPTION_ROOT,
    OPTION_NO_LEGEND,
    OPTION_NO_PAGER,
    OPTION_QUIET,
    OPTION_HELP,
    OPTION_VERSION,
    /* options of individual verbs */
    OPTION_NAME,
    OPTION_KERNEL,
    OPTION_STAGE,
    OPTION_FIXES,
    OPTION_DESCRIPTION,
    OPTION_NO_LOAD,
    OPTION_NO_REBUILD,
    OPTION_DRY_RUN,
    OPTION_RECORD,
    OPTION_FORMAT,
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
    OPTION_MACHINE_ID,
    OPTION_FILE,
    _OPTION_END,
};

#define OPTION_FIRST_OF_VERBS OPTION_NAME
#define TAKES(option) (UINT64_C(1) << ((option) - OPTION_JSON))

struct ctl_option {
    const char *name;
    enum option_value value;
    char letter;   /* '\0': none */
    int argument;  /* as in struct option of getopt_long(3) */
    const char *metavar, *help;
};

enum verb_group { GROUP_SHOW, GROUP_CHANGE, GROUP_KERNEL, GROUP_OTHER, _GROUP_MAX };

/* What happens to the text of a verb on a terminal. */
enum verb_text {
    TEXT_FITTING,  /* long lines wrap at blanks, and a pager shows what is longer than the screen */
    TEXT_VERBATIM, /* for programs and files: with a pager, but lines are not wrapped */
    TEXT_DIRECT,   /* printed directly */
};

#define ANY_NUMBER 1000000

struct verb {
    const char *name;
    enum verb_group group;
    int min_args, max_args;
    uint64_t takes; /* the options that only some verbs take */
    int (*run)(struct ctl *c, char **argv, struct error *e);
    void (*print)(const struct ctl *c);
    enum verb_text text;
    const char *arguments, *help, *example;
    uint64_t instead; /* options that replace the arguments */
};

extern const struct ctl_option ctl_options[];
extern const size_t n_ctl_options;
extern const struct verb ctl_verbs[];
extern const size_t n_ctl_verbs;

/* NULL if there is no such verb. */
const struct verb *verb_find(const char *name);

/* Prints the help of lpctl, or of one verb. */
void help_print(void);
void help_print_verb(const struct verb *verb);
