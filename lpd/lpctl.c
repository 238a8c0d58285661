/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <fcntl.h>
#include <getopt.h>
#include <limits.h>
#include <locale.h>
#include <stdio.h>

#include "base/interrupt.h"
#include "base/strv.h"
#include "base/suggest.h"
#include "base/utf8.h"
#include "config/parse.h"
#include "ctl/output.h"
#include "ctl/progress.h"
#include "ctl/verbs.h"
#include "report/terminal.h"
#include "report/vex.h"
#include "store/changes-lock.h"
#include "version.h"

/* The administrator's command: it reads the command line, runs the verb, and prints the result. The
 * tables of options and verbs are in ctl/verbs.c, the verbs in the other files of ctl/. */

/* The word is anybody's text, as a script may pass it on. */
static int bad_usage(const char *what, const char *word, const char *near) {
    char quote[UTF8_QUOTE_SIZE];

    (void) utf8_quote(word, quote);
    utf8_make_printable(quote);
    fprintf(stderr, "lpctl: %s '%s'%s%s%s; see lpctl --help\n", what, quote,
            near ? ", did you mean '" : "", strempty(near), near ? "'?" : "");
    return EXIT_STATUS_USAGE;
}

#define OPTIONS_MAX 64

/* Converts the table for getopt_long(3). */
static void make_options(struct option *ret, char *ret_letters) {
    for (size_t i = 0; i < n_ctl_options && i + 1 < OPTIONS_MAX; i++) {
        const struct ctl_option *o = ctl_options + i;

        *ret++ = (struct option){ o->name, o->argument, NULL, (int) o->value };
        if (!o->letter)
            continue;
        *ret_letters++ = o->letter;
        for (int k = 0; k < o->argument; k++)
            *ret_letters++ = ':';
    }
    *ret = (struct option){};
    *ret_letters = '\0';
}

static int option_of_letter(int letter) {
    for (size_t i = 0; i < n_ctl_options; i++)
        if (ctl_options[i].letter && ctl_options[i].letter == letter)
            return (int) ctl_options[i].value;
    return 0;
}

static int unknown_option(char *argv[]) {
    const char *names[OPTIONS_MAX], *word = argv[optind - 1], *near;
    _cleanup_free_ char *bare = NULL, *spelled = NULL;

    for (size_t i = 0; i < n_ctl_options; i++)
        names[i] = ctl_options[i].name;
    if (optopt >= OPTION_JSON || (optopt > 0 && option_of_letter(optopt)))
        return bad_usage("a value is missing or too much for", word, NULL);
    if (optopt > 0) {
        const char letter[] = { '-', (char) optopt, '\0' };

        return bad_usage("unknown option", letter, NULL);
    }
    bare = strndup(word, strcspn(word, "="));
    near = bare && startswith(bare, "--") ? suggest(bare + 2, names, n_ctl_options) : NULL;
    if (near && asprintf(&spelled, "--%s", near) < 0)
        spelled = NULL;
    return bad_usage("unknown option", strempty(bare), spelled);
}

static int unknown_verb(const char *word) {
    const char *names[64];

    for (size_t i = 0; i < n_ctl_verbs && i < ELEMENTSOF(names); i++)
        names[i] = ctl_verbs[i].name;
    return bad_usage("unknown command", word, suggest(word, names, n_ctl_verbs));
}

struct arguments {
    struct ctl ctl;
    uint64_t given; /* the given options that only some verbs take */
    bool help, version;
};

static int parse_json_mode(struct ctl *c) {
    static const char *const modes[] = {
        [JSON_OFF] = "off", [JSON_PRETTY] = "pretty", [JSON_SHORT] = "short",
    };

    for (size_t i = 0; i < ELEMENTSOF(modes); i++)
        if (streq(optarg, modes[i])) {
            c->json = (enum json_mode) i;
            return 0;
        }
    return bad_usage("--json= takes pretty, short or off, not", optarg,
                     suggest(optarg, modes, ELEMENTSOF(modes)));
}

static int parse_wait(struct ctl *c) {
    c->wait = true;
    c->wait_usec = USEC_INFINITY;
    if (optarg && parse_timespan(optarg, &c->wait_usec) < 0)
        return bad_usage("--wait= takes a time such as 90 or 2min, not", optarg, NULL);
    return 0;
}

static int parse_stage(struct ctl *c) {
    c->stage = optarg;
    if (streq(optarg, "system") || streq(optarg, "initrd"))
        return 0;
    return bad_usage("--stage= takes initrd or system, not", optarg, NULL);
}

static int parse_output(struct ctl *c) {
    c->wide = streq(optarg, "wide");
    return c->wide ? 0 : bad_usage("--output= takes wide, not", optarg, NULL);
}

static int parse_format(struct ctl *c) {
    c->format = optarg;
    return vex_format_from_string(optarg) >= 0
               ? 0 : bad_usage("--format= takes openvex, csaf or cyclonedx, not", optarg, NULL);
}

static int parse_lines(struct ctl *c) {
    c->lines = optarg;
    return *optarg && optarg[strspn(optarg, "0123456789")] == '\0'
               ? 0 : bad_usage("--lines= takes a number, not", optarg, NULL);
}

/* An offset or an id may also be the next word, as in journalctl(1). */
static void parse_boot(struct ctl *c, char *argv[]) {
    const char *next = argv[optind];
    size_t sign = next && *next && strchr("+-", *next), n = next ? strspn(next + sign, "0123456789abcdef") : 0;

    c->boot = true;
    c->boot_id = optarg;
    if (!optarg && n > 0 && !next[sign + n] && (sign || n == 32)) {
        c->boot_id = next;
        optind++;
    }
}

static int parse_option(struct arguments *a, int option, char *argv[]) {
    struct ctl *c = &a->ctl;

    if (option > 0 && option < OPTION_JSON && option != '?' && option != ':')
        option = option_of_letter(option);
    if (option >= OPTION_FIRST_OF_VERBS && option < _OPTION_END)
        a->given |= TAKES(option);
    switch (option) {
    case OPTION_JSON: return parse_json_mode(c);
    case OPTION_ROOT: c->root = optarg; return 0;
    case OPTION_NO_LEGEND: c->legend = false; return 0;
    case OPTION_NO_PAGER: c->no_pager = true; return 0;
    case OPTION_QUIET: c->quiet = true; return 0;
    case OPTION_HELP: a->help = true; return 0;
    case OPTION_VERSION: a->version = true; return 0;
    case OPTION_NAME: c->name = optarg; return 0;
    case OPTION_KERNEL: c->kernel = optarg; return 0;
    case OPTION_STAGE: return parse_stage(c);
    case OPTION_NO_LOAD: c->no_load = true; return 0;
    case OPTION_NO_REBUILD: c->no_rebuild = true; return 0;
    case OPTION_DRY_RUN: c->dry_run = true; return 0;
    case OPTION_FORMAT: return parse_format(c);
    case OPTION_RECORD: c->record = true; return 0;
    case OPTION_CHECK: c->check = true; return 0;
    case OPTION_NOW: c->now = true; return 0;
    case OPTION_WAIT: return parse_wait(c);
    case OPTION_IGNORE_MISSING: c->ignore_missing = true; return 0;
    case OPTION_YES: c->yes = true; return 0;
    case OPTION_FIXES: c->fixes = optarg; return 0;
    case OPTION_DESCRIPTION: c->description = optarg; return 0;
    case OPTION_FORCE: c->force = true; return 0;
    case OPTION_OUTPUT: return parse_output(c);
    case OPTION_FULL: c->wide = true; return 0;
    case OPTION_LINES: return parse_lines(c);
    case OPTION_FOLLOW: c->follow = true; return 0;
    case OPTION_BOOT: parse_boot(c, argv); return 0;
    case OPTION_SINCE: c->since = optarg; return 0;
    case OPTION_MACHINE_ID: c->machine_id = optarg; return 0;
    case OPTION_FILE: c->file = optarg; return 0;
    default: return unknown_option(argv);
    }
}

static int check_options(const struct verb *verb, uint64_t given) {
    for (size_t i = 0; i < n_ctl_options; i++) {
        const struct ctl_option *o = ctl_options + i;

        if (o->value >= OPTION_FIRST_OF_VERBS && (given & TAKES(o->value)) && !(verb->takes & TAKES(o->value))) {
            fprintf(stderr, "lpctl: --%s cannot be used with %s; see lpctl help %s\n", o->name, verb->name, verb->name);
            return EXIT_STATUS_USAGE;
        }
    }
    return 0;
}

static void add_error(struct ctl *c, const struct error *e, int r) {
    json_object *o = json_object_new_object();

    if (!c->value)
        c->value = value_new();
    json_add_string(o, "message", error_message(e, r));
    json_add_string(o, "hint", e->hint);
    json_add_number(o, "exitStatus", e->exit_status);
    json_object_object_add(c->value, "error", o);
}

static void print_error_line(const char *prefix, const char *text) {
    unsigned columns = isatty(STDERR_FILENO) ? terminal_columns() : 0;
    _cleanup_free_ char *line = NULL;

    if (asprintf(&line, "%s%s", prefix, text) >= 0)
        text_print_wrapped(stderr, line, columns, STRLEN("lpctl: "));
}

static void print_error(json_object *error) {
    const char *hint = value_get(error, "hint");

    print_error_line("lpctl: ", value_get(error, "message"));
    if (hint)
        print_error_line("       ", hint);
}

/* Prints what the verb has found out, even if it failed. */
static void print_value(const struct arguments *a, const struct verb *verb, int r) {
    const struct ctl *c = &a->ctl;
    bool interrupted = r < 0 && interrupt_signal(); /* if so, the error says everything */
    struct output output;

    output = output_begin(verb->text == TEXT_FITTING && (c->wide || c->format) ? TEXT_VERBATIM : verb->text, c->json != JSON_OFF, !a->ctl.no_pager);
    if (c->json != JSON_OFF)
        puts(json_object_to_json_string_ext(
            c->value, (c->json == JSON_PRETTY ? JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_SPACED
                                              : JSON_C_TO_STRING_PLAIN) |
                          JSON_C_TO_STRING_NOSLASHESCAPE));
    else if (!c->quiet && verb->print && !(interrupted && verb->print == print_changes) && json_object_object_length(c->value) > (r < 0 ? 2 : 1))
        verb->print(c);
    output_end(&output);
    if (r < 0 && c->json == JSON_OFF)
        print_error(json_object_object_get(c->value, "error"));
}

/* What can be neither a name nor a path is not repeated in a message. Values of parameters may be as long as they
 * are in a manifest. */
static int check_arguments(char *const *argv, struct error *e) {
    STRV_FOREACH(argument, argv) {
        size_t n = strlen(*argument);

        if (n == 0)
            return error_set(e, -EINVAL, EXIT_STATUS_USAGE, "an argument is empty");
        if (n >= PATH_MAX && !strchr(*argument, '='))
            return error_set(e, -EINVAL, EXIT_STATUS_USAGE, "an argument has %zu bytes, which no name and no path has", n);
    }
    return 0;
}

static int run(struct arguments *a, const struct verb *verb, char **argv) {
    _cleanup_(error_done) struct error e = ERROR_NULL;
    int r;

    r = host_open(a->ctl.root, &a->ctl.host);
    if (r < 0)
        (void) error_set(&e, r, EXIT_STATUS_USAGE, "--root=%s: %s", a->ctl.root, strerror(-r));
    else
        r = check_arguments(argv, &e);
    if (r >= 0)
        r = verb->run(&a->ctl, argv, &e);
    else if (verb->print == print_changes)
        changes_begin(&a->ctl);
    if (!a->ctl.value)
        a->ctl.value = value_new();
    if (r < 0 && interrupt_signal())
        r = changes_interrupted(&a->ctl, r, &e);
    if (r < 0)
        add_error(&a->ctl, &e, r);
    progress_free(a->ctl.progress);
    print_value(a, verb, r);
    if (a->ctl.lock)
        changes_lock_free(a->ctl.lock);
    json_object_put(a->ctl.value);
    json_object_put(a->ctl.cves);
    host_close(&a->ctl.host);
    return r < 0 ? (int) e.exit_status : EXIT_STATUS_DONE;
}

/* Fails if standard output could not be written. */
static int finish(int status) {
    if (fflush(stdout) == 0 && !ferror(stdout))
        return status;
    fprintf(stderr, "lpctl: cannot write to standard output\n");
    return status == EXIT_STATUS_DONE ? EXIT_STATUS_FAILED : status;
}

/* verb is NULL for lpctl itself. */
static int help(const struct arguments *a, const struct verb *verb) {
    struct output output = output_begin(TEXT_VERBATIM, /* json= */ false, !a->ctl.no_pager);

    if (verb)
        help_print_verb(verb);
    else
        help_print();
    output_end(&output);
    return EXIT_STATUS_DONE;
}

static int run_verb(struct arguments *a, const struct verb *verb, char **argv, int n_args) {
    int status;

    if (a->help)
        return help(a, verb);
    if ((n_args < verb->min_args && !(a->given & verb->instead)) || n_args > verb->max_args) {
        fprintf(stderr, "usage: lpctl %s %s\n", verb->name, verb->arguments);
        return EXIT_STATUS_USAGE;
    }
    status = check_options(verb, a->given);
    if (status != 0)
        return status;
    if (!verb->run)
        verb = n_args > 0 ? verb_find(argv[0]) : NULL;
    else
        return run(a, verb, argv);
    return n_args > 0 && !verb ? unknown_verb(argv[0]) : help(a, verb);
}

/* Quotes a word for a shell. */
static char *quote_word(const char *word) {
    _cleanup_free_ char *quoted = NULL;
    size_t size = 0;
    FILE *f;

    if (*word && word[strspn(word, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_./=:,+@%-")] == '\0')
        return strdup(word);
    f = open_memstream(&quoted, &size);
    if (!f)
        return NULL;
    (void) fputc('\'', f);
    for (; *word; word++)
        (void) (*word == '\'' ? fputs("'\\''", f) : fputc(*word, f));
    (void) fputc('\'', f);
    return fclose(f) == 0 ? TAKE_PTR(quoted) : NULL;
}

/* The command line, quoted so that it can be typed again. */
static char *quote_command(char *argv[]) {
    _cleanup_strv_free_ char **words = NULL;

    for (size_t i = 0; argv[i]; i++) {
        char *word = i == 0 ? strdup("lpctl") : quote_word(argv[i]);

        if (!word || strv_consume(&words, word) < 0)
            return NULL;
    }
    return strv_join(words, " ");
}

static int parse(struct arguments *a, int argc, char *argv[]) {
    struct option options[OPTIONS_MAX];
    char letters[3 * OPTIONS_MAX];
    int c, status;

    opterr = 0;
    make_options(options, letters);
    while ((c = getopt_long(argc, argv, letters, options, NULL)) >= 0) {
        if (optarg && strlen(optarg) >= PATH_MAX && c != OPTION_FIXES && c != OPTION_DESCRIPTION)
            return bad_usage("no name and no path is as long as", optarg, NULL);
        status = parse_option(a, c, argv);
        if (status != 0)
            return status;
    }
    return 0;
}

/* No file that is opened later may take the place of a standard stream that is closed, where messages would go
 * into it. What is written still fails. */
static bool fill_standard_streams(void) {
    int fd;

    do
        fd = open("/dev/null", O_RDONLY);
    while (fd >= 0 && fd <= STDERR_FILENO);
    if (fd >= 0)
        (void) close(fd);
    return fd >= 0;
}

int main(int argc, char *argv[]) {
    struct arguments a = { .ctl = { .host = HOST_NULL, .legend = true } };
    _cleanup_free_ char *command = quote_command(argv);
    const struct verb *verb;
    int status;

    if (!fill_standard_streams())
        return EXIT_STATUS_FAILED;
    (void) setlocale(LC_ALL, "");
    a.ctl.command = command;
    status = parse(&a, argc, argv);
    if (status != 0)
        return status;
    if (a.version) {
        printf("lpctl %s\n", LPD_VERSION);
        return finish(EXIT_STATUS_DONE);
    }
    if (a.help && optind >= argc)
        return finish(help(&a, NULL));
    verb = verb_find(optind < argc ? argv[optind] : "status");
    if (!verb)
        return unknown_verb(argv[optind]);
    return finish(run_verb(&a, verb, argv + MIN(optind + 1, argc), MAX(0, argc - optind - 1)));
}
