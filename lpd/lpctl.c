/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <getopt.h>
#include <locale.h>
#include <stdio.h>

#include "base/strv.h"
#include "base/suggest.h"
#include "config/parse.h"
#include "ctl/ctl.h"
#include "store/changes-lock.h"
#include "version.h"

/* The administrator's command: options, and a table of verbs. What the verbs do is in ctl/. */

enum option_value {
    OPTION_JSON = 256,
    OPTION_ROOT,
    OPTION_NO_LEGEND,
    OPTION_VERSION,
    OPTION_NAME,
    OPTION_KERNEL,
    OPTION_STAGE,
    OPTION_NO_LOAD,
    OPTION_NO_REBUILD,
    OPTION_DRY_RUN,
    OPTION_CHECK,
    OPTION_NOW,
    OPTION_WAIT,
    OPTION_IGNORE_MISSING,
    _OPTION_END,
};

static const struct option options[] = {
    { "json", required_argument, NULL, OPTION_JSON },
    { "root", required_argument, NULL, OPTION_ROOT },
    { "no-legend", no_argument, NULL, OPTION_NO_LEGEND },
    { "quiet", no_argument, NULL, 'q' },
    { "help", no_argument, NULL, 'h' },
    { "version", no_argument, NULL, OPTION_VERSION },
    { "name", required_argument, NULL, OPTION_NAME },
    { "kernel", required_argument, NULL, OPTION_KERNEL },
    { "stage", required_argument, NULL, OPTION_STAGE },
    { "no-load", no_argument, NULL, OPTION_NO_LOAD },
    { "no-rebuild", no_argument, NULL, OPTION_NO_REBUILD },
    { "dry-run", no_argument, NULL, OPTION_DRY_RUN },
    { "check", no_argument, NULL, OPTION_CHECK },
    { "now", no_argument, NULL, OPTION_NOW },
    { "wait", optional_argument, NULL, OPTION_WAIT },
    { "ignore-missing", no_argument, NULL, OPTION_IGNORE_MISSING },
    {},
};

#define TAKES(option) (1U << ((option) - OPTION_JSON))
#define ANY_NUMBER 1000000

static const struct verb {
    const char *name;
    int min_args, max_args;
    unsigned takes; /* options of its own */
    int (*run)(struct ctl *c, char **argv, struct error *e);
    void (*print)(const struct ctl *c);
    const char *arguments, *help;
    unsigned instead; /* options that stand in for the arguments */
} verbs[] = {
    { "status", 0, ANY_NUMBER, TAKES(OPTION_CHECK), ctl_status, print_status, "[NAME…]",
      "Kernel, policy and patches" },
    { "list", 0, 0, 0, ctl_status, print_list, "", "The patches alone" },
    { "show", 1, ANY_NUMBER, 0, ctl_show, print_show, "NAME…", "All that is known of a patch" },
    { "why", 1, 1, 0, ctl_why, print_why, "NAME", "What decides about a patch, fact by fact" },
    { "verify", 1, 1, 0, ctl_verify, print_verify, "FILE|NAME",
      "Ask the kernel about a signature" },
    { "keys", 0, 0, 0, ctl_keys, print_keys, "", "The keys whose word counts" },
    { "blocking", 0, 1, 0, ctl_blocking, print_blocking, "[NAME]",
      "The tasks that hold a transition up" },
    { "log", 0, ANY_NUMBER, 0, ctl_log, NULL, "[NAME…]", "What the journal says about patches" },
    { "metrics", 0, 0, 0, ctl_status, print_metrics, "", "The status as Prometheus text" },
    { "lint", 0, ANY_NUMBER, TAKES(OPTION_KERNEL), ctl_lint, print_problems, "[FILE…]", "Check manifests and policy" },
    { "cat-config", 0, 0, 0, ctl_cat_config, print_config, "",
      "The policy, and where each value comes from" },
    { "initramfs-files", 0, 0, TAKES(OPTION_KERNEL), ctl_initramfs_files, print_initramfs_files, "",
      "What an initramfs has to carry" },
    { "install", 1, ANY_NUMBER,
      TAKES(OPTION_NAME) | TAKES(OPTION_KERNEL) | TAKES(OPTION_STAGE) | TAKES(OPTION_NO_LOAD) |
          TAKES(OPTION_NO_REBUILD) | TAKES(OPTION_WAIT),
      ctl_install, print_changes, "FILE…", "Put a patch in, now and at every boot" },
    { "remove", 1, ANY_NUMBER, TAKES(OPTION_KERNEL) | TAKES(OPTION_NO_REBUILD), ctl_remove,
      print_changes, "NAME…",
      "Take a patch out and off the machine", TAKES(OPTION_KERNEL) },
    { "enable", 1, ANY_NUMBER, TAKES(OPTION_NOW) | TAKES(OPTION_NO_REBUILD), ctl_enable, print_changes,
      "NAME…", "Load a patch at boot again" },
    { "disable", 1, ANY_NUMBER, TAKES(OPTION_NOW) | TAKES(OPTION_NO_REBUILD), ctl_disable, print_changes,
      "NAME…", "Load a patch at boot no more" },
    { "load", 1, ANY_NUMBER, TAKES(OPTION_WAIT), ctl_load, print_changes,
      "NAME|FILE [PARAM=VALUE…]", "Put a patch in now" },
    { "unload", 1, ANY_NUMBER, 0, ctl_unload, print_changes, "NAME|FILE…", "Take a patch out now" },
    { "apply", 0, 0, TAKES(OPTION_DRY_RUN), ctl_apply, print_apply, "",
      "Bring the kernel in line with manifests" },
    { "lock", 0, 0, TAKES(OPTION_WAIT) | TAKES(OPTION_IGNORE_MISSING) | TAKES(OPTION_DRY_RUN),
      ctl_lock, print_lock, "", "End module loading until reboot" },
    { "import-kpatch", 0, 0, 0, ctl_import_kpatch, print_changes, "",
      "Install what kpatch has in /var/lib/kpatch" },
};

static int help(void) {
    printf("lpctl [OPTION…] COMMAND …\n\nLook after the kernel's live patches.\n\nCommands:\n");
    for (size_t i = 0; i < ELEMENTSOF(verbs); i++) {
        int used = printf("  %s %s", verbs[i].name, verbs[i].arguments);
        /* The ellipsis is three bytes for one column. */
        int wide = strstr(verbs[i].arguments, "…") ? 2 : 0;

        printf("%*s%s\n", MAX(1, 34 - used + wide), "", verbs[i].help);
    }
    printf("\nOptions:\n"
           "  --json=pretty|short|off         Print JSON instead of text\n"
           "  --root=PATH                     Work on the machine below PATH instead\n"
           "  --no-legend, -q --quiet         Less or no text\n"
           "  --name= --kernel= --stage= --no-load    (install)\n"
           "  --kernel=RELEASE                For that one (initramfs-files, lint, remove)\n"
           "  --no-rebuild                    Leave the initramfs (install, remove, …)\n"
           "  --wait[=TIME]                   Until transitions end (install, load, lock)\n"
           "  --ignore-missing                Even without modules of Modules= (lock)\n"
           "  --now                           At once as well (enable, disable)\n"
           "  --dry-run                       Only say what would be done (apply, lock)\n"
           "  --check                         Exit 10 if a required patch is not in (status)\n"
           "  -h --help, --version\n\nSee lpctl(8).\n");
    return EXIT_STATUS_DONE;
}

static int bad_usage(const char *what, const char *word, const char *near) {
    fprintf(stderr, "lpctl: %s '%s'%s%s%s; see lpctl --help\n", what, word,
            near ? ", did you mean '" : "", strempty(near), near ? "'?" : "");
    return EXIT_STATUS_USAGE;
}

static int unknown_option(char *argv[]) {
    const char *names[ELEMENTSOF(options) - 1], *word = argv[optind - 1], *near;
    _cleanup_free_ char *bare = NULL, *spelled = NULL;

    for (size_t i = 0; i < ELEMENTSOF(names); i++)
        names[i] = options[i].name;
    if (optopt > 0 && optopt < OPTION_JSON) {
        const char letter[] = { '-', (char) optopt, '\0' };

        return bad_usage("unknown option", letter, NULL);
    }
    if (optopt >= OPTION_JSON)
        return bad_usage("a value is missing or too much for", word, NULL);
    bare = strndup(word, strcspn(word, "="));
    near = bare && startswith(bare, "--") ? suggest(bare + 2, names, ELEMENTSOF(names)) : NULL;
    if (near && asprintf(&spelled, "--%s", near) < 0)
        spelled = NULL;
    return bad_usage("unknown option", strempty(bare), spelled);
}

static const struct verb *find_verb(const char *name) {
    for (size_t i = 0; i < ELEMENTSOF(verbs); i++)
        if (streq(name, verbs[i].name))
            return verbs + i;
    return NULL;
}

static int unknown_verb(const char *word) {
    const char *names[ELEMENTSOF(verbs)];

    for (size_t i = 0; i < ELEMENTSOF(verbs); i++)
        names[i] = verbs[i].name;
    return bad_usage("unknown command", word, suggest(word, names, ELEMENTSOF(names)));
}

struct arguments {
    struct ctl ctl;
    unsigned given; /* options of single verbs */
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

static int parse_option(struct arguments *a, int option, char *argv[]) {
    struct ctl *c = &a->ctl;

    if (option >= OPTION_NAME && option < _OPTION_END)
        a->given |= TAKES(option);
    switch (option) {
    case OPTION_JSON: return parse_json_mode(c);
    case OPTION_ROOT: c->root = optarg; return 0;
    case OPTION_NO_LEGEND: c->legend = false; return 0;
    case 'q': c->quiet = true; return 0;
    case 'h': a->help = true; return 0;
    case OPTION_VERSION: a->version = true; return 0;
    case OPTION_NAME: c->name = optarg; return 0;
    case OPTION_KERNEL: c->kernel = optarg; return 0;
    case OPTION_STAGE: return parse_stage(c);
    case OPTION_NO_LOAD: c->no_load = true; return 0;
    case OPTION_NO_REBUILD: c->no_rebuild = true; return 0;
    case OPTION_DRY_RUN: c->dry_run = true; return 0;
    case OPTION_CHECK: c->check = true; return 0;
    case OPTION_NOW: c->now = true; return 0;
    case OPTION_WAIT: return parse_wait(c);
    case OPTION_IGNORE_MISSING: c->ignore_missing = true; return 0;
    default: return unknown_option(argv);
    }
}

static int check_options(const struct verb *verb, unsigned given) {
    for (size_t i = 0; options[i].name; i++)
        if (options[i].val >= OPTION_NAME && (given & TAKES(options[i].val)) &&
            !(verb->takes & TAKES(options[i].val))) {
            fprintf(stderr, "lpctl: --%s does not go with %s; see lpctl --help\n", options[i].name,
                    verb->name);
            return EXIT_STATUS_USAGE;
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

static void print_error(json_object *error) {
    const char *hint = value_get(error, "hint");

    fprintf(stderr, "lpctl: %s\n", value_get(error, "message"));
    if (hint)
        fprintf(stderr, "       %s\n", hint);
}

/* What was found out is shown also when the verb failed. */
static void print_value(struct ctl *c, const struct verb *verb, int r, const struct error *e) {
    if (r < 0)
        add_error(c, e, r);
    if (c->json != JSON_OFF)
        puts(json_object_to_json_string_ext(
            c->value, (c->json == JSON_PRETTY ? JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_SPACED
                                              : JSON_C_TO_STRING_PLAIN) |
                          JSON_C_TO_STRING_NOSLASHESCAPE));
    else if (!c->quiet && verb->print && json_object_object_length(c->value) > (r < 0 ? 2 : 1))
        verb->print(c);
    (void) fflush(stdout);
    if (r < 0 && c->json == JSON_OFF)
        print_error(json_object_object_get(c->value, "error"));
}

static int run(struct arguments *a, const struct verb *verb, char **argv) {
    _cleanup_(error_done) struct error e = ERROR_NULL;
    int r;

    r = host_open(a->ctl.root, &a->ctl.host);
    if (r < 0)
        (void) error_set(&e, r, EXIT_STATUS_USAGE, "--root=%s: %s", a->ctl.root, strerror(-r));
    else
        r = verb->run(&a->ctl, argv, &e);
    if (!a->ctl.value)
        a->ctl.value = value_new();
    print_value(&a->ctl, verb, r, &e);
    if (a->ctl.lock)
        changes_lock_free(a->ctl.lock);
    free(a->ctl.command);
    json_object_put(a->ctl.value);
    host_close(&a->ctl.host);
    return r < 0 ? (int) e.exit_status : EXIT_STATUS_DONE;
}

/* A status that nobody got is none. */
static int finish(int status) {
    if (fflush(stdout) == 0 && !ferror(stdout))
        return status;
    fprintf(stderr, "lpctl: cannot write to standard output\n");
    return status == EXIT_STATUS_DONE ? EXIT_STATUS_FAILED : status;
}

int main(int argc, char *argv[]) {
    struct arguments a = { .ctl = { .host = HOST_NULL, .legend = true } };
    const struct verb *verb;
    int c, n_args, status;

    (void) setlocale(LC_ALL, "");
    opterr = 0;
    while ((c = getopt_long(argc, argv, "qh", options, NULL)) >= 0) {
        status = parse_option(&a, c, argv);
        if (status != 0)
            return status;
    }
    if (a.help)
        return finish(help());
    if (a.version) {
        printf("lpctl %s\n", LPD_VERSION);
        return finish(EXIT_STATUS_DONE);
    }
    verb = find_verb(optind < argc ? argv[optind] : "status");
    if (!verb)
        return unknown_verb(argv[optind]);
    n_args = MAX(0, argc - optind - 1);
    if ((n_args < verb->min_args && !(a.given & verb->instead)) || n_args > verb->max_args) {
        fprintf(stderr, "usage: lpctl %s %s\n", verb->name, verb->arguments);
        return EXIT_STATUS_USAGE;
    }
    status = check_options(verb, a.given);
    a.ctl.command = status == 0 ? strv_join(argv, " ") : NULL;
    return status != 0 ? status : finish(run(&a, verb, argv + MIN(optind + 1, argc)));
}
