/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <getopt.h>
#include <stdio.h>

#include "ctl/verbs.h"
#include "report/terminal.h"

#define HELP_COLUMN 34

/* Prints a term, and its explanation in a second column. */
static void print_entry(const char *what, const char *help) {
    size_t width = text_width(what);

    printf("  %s%*s%s\n", what, width + 3 > HELP_COLUMN ? 1 : (int) (HELP_COLUMN - width - 2), "", help);
}

static void print_option(const struct ctl_option *o) {
    const char letter[] = { '-', o->letter, ' ', '\0' };
    bool optional = o->argument == optional_argument;
    char spelled[64];

    (void) snprintf(spelled, sizeof(spelled), "%s--%s%s%s%s%s", o->letter ? letter : "", o->name,
                    optional ? "[" : "", o->metavar ? "=" : "", o->metavar ?: "", optional ? "]" : "");
    print_entry(spelled, o->help);
}

static void print_group(enum verb_group group) {
    static const char *const titles[] = {
        [GROUP_SHOW] = "Show", [GROUP_CHANGE] = "Install and remove", [GROUP_KERNEL] = "Load and unload",
        [GROUP_OTHER] = "Other",
    };

    printf("\n%s:\n", titles[group]);
    for (size_t i = 0; i < n_ctl_verbs; i++) {
        const struct verb *v = ctl_verbs + i;
        char spelled[64];

        if (v->group != group)
            continue;
        (void) snprintf(spelled, sizeof(spelled), "%s %s", v->name, v->arguments);
        print_entry(spelled, v->help);
    }
}

void help_print(void) {
    printf("lpctl [OPTION…] COMMAND …\n\nManage kernel live patches.\n");
    for (enum verb_group group = 0; group < _GROUP_MAX; group++)
        print_group(group);
    printf("\nOptions:\n");
    for (size_t i = 0; i < n_ctl_options; i++) {
        if (ctl_options[i].value == OPTION_FIRST_OF_VERBS)
            printf("\nOptions of some commands:\n");
        print_option(ctl_options + i);
    }
    printf("\nSee lpctl help COMMAND, and lpctl(8).\n");
}

void help_print_verb(const struct verb *verb) {
    printf("lpctl [OPTION…] %s%s%s\n\n%s.\n", verb->name, *verb->arguments ? " " : "", verb->arguments, verb->help);
    if (verb->takes)
        printf("\nOptions:\n");
    for (size_t i = 0; i < n_ctl_options; i++)
        if (verb->takes & TAKES(ctl_options[i].value))
            print_option(ctl_options + i);
    printf("\nOptions of every command:\n");
    for (size_t i = 0; i < n_ctl_options && ctl_options[i].value < OPTION_FIRST_OF_VERBS; i++)
        print_option(ctl_options + i);
    printf("\nExample:\n  %s\n\nSee lpctl(8).\n", verb->example);
}
