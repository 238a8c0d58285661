/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <getopt.h>
#include <stdio.h>

#include "base/strv.h"
#include "ctl/progress.h"
#include "compat/kpatch.h"
#include "store/changes-lock.h"

/* The command line of kpatch 0.9.11 for scripts and programs that were written for it. Usage and
 * errors end with status 1, as there; help as well. */

static int usage(void) {
    static const char *const verbs[][2] = {
        { "install [-k|--kernel-version=KVER] FILE", "install a patch module, which is loaded at boot" },
        { "uninstall [-k|--kernel-version=KVER] NAME", "uninstall a patch module" },
        { "load --all", "load all patch modules that are installed for this kernel" },
        { "load NAME|FILE", "load a patch module" },
        { "unload --all", "unload all patch modules" },
        { "unload NAME", "unload a patch module" },
        { "info NAME|FILE", "show what a patch module says about itself" },
        { "list [--functions]", "list loaded and installed patch modules" },
        { "signal", "do nothing: the kernel signals stalled processes itself" },
        { "version", "show the version of kpatch that this command replaces" },
    };

    (void) fflush(stdout);
    fprintf(stderr, "usage: kpatch <command> [<args>]\n\nValid commands:\n");
    for (size_t i = 0; i < ELEMENTSOF(verbs); i++)
        fprintf(stderr, "   %s\n      %s\n", verbs[i][0], verbs[i][1]);
    fprintf(stderr, "\nThis is lpd's; see kpatch(1) and lpctl(8).\n");
    return 1;
}

static int run_load(struct ctl *c, int n, char **argv) {
    if (n != 1)
        return usage();
    return streq(argv[0], "--all") ? kpatch_load_all(c) : kpatch_load(c, argv[0]);
}

static int run_unload(struct ctl *c, int n, char **argv) {
    if (n != 1)
        return usage();
    return streq(argv[0], "--all") ? kpatch_unload_all(c) : kpatch_unload(c, argv[0]);
}

/* The options may be anywhere, as with getopt(1). Returns 0 with the only argument, or 1. */
static int parse_module(int n, char **argv, const char **ret_release, const char **ret_module) {
    static const struct option options[] = { { "kernel-version", required_argument, NULL, 'k' }, {} };
    int option;

    optind = 0; /* argv does not begin at that of main() */
    argv[0] = (char *) "kpatch";
    while ((option = getopt_long(n, argv, "k:", options, NULL)) >= 0) {
        if (option != 'k')
            return kpatch_die("getopt failed"); /* which has said why */
        *ret_release = optarg;
    }
    if (optind >= n || !*argv[optind])
        return kpatch_die("no module file specified");
    if (n - optind > 1)
        return usage();
    *ret_module = argv[optind];
    return 0;
}

/* getopt_long() expects a name in front of the arguments, which is that of the verb. */
static int run_install(struct ctl *c, int n, char **argv) {
    const char *release = NULL, *file = NULL;

    return parse_module(n + 1, argv - 1, &release, &file) != 0 ? 1 : kpatch_install(c, release, file);
}

static int run_uninstall(struct ctl *c, int n, char **argv) {
    const char *release = NULL, *name = NULL;

    return parse_module(n + 1, argv - 1, &release, &name) != 0 ? 1 : kpatch_uninstall(c, release, name);
}

static int run_list(struct ctl *c, int n, char **argv) {
    bool functions = n == 1 && streq(argv[0], "--functions");

    return n == 0 || functions ? kpatch_list(c, functions) : usage();
}

static int run_info(struct ctl *c, int n, char **argv) {
    return n == 1 ? kpatch_info(c, argv[0]) : usage();
}

static int run_signal(struct ctl *c, int n, char **argv _unused_) {
    return n == 0 ? kpatch_signal(c) : usage();
}

static int run_version(struct ctl *c _unused_, int n _unused_, char **argv _unused_) {
    printf("%s\n", KPATCH_VERSION);
    return 0;
}

static int run_help(struct ctl *c _unused_, int n _unused_, char **argv _unused_) {
    return usage();
}

static int run(struct ctl *c, int n, char **argv) {
    static const struct {
        const char *name;
        int (*run)(struct ctl *c, int n, char **argv);
    } verbs[] = {
        { "load", run_load },       { "unload", run_unload },  { "install", run_install },
        { "uninstall", run_uninstall }, { "list", run_list },  { "info", run_info },
        { "signal", run_signal },   { "help", run_help },      { "-h", run_help },
        { "--help", run_help },     { "version", run_version }, { "-v", run_version },
        { "--version", run_version },
    };

    if (n < 1)
        return usage();
    for (size_t i = 0; i < ELEMENTSOF(verbs); i++)
        if (streq(argv[0], verbs[i].name))
            return verbs[i].run(c, n - 1, argv + 1);
    printf("subcommand %s not recognized\n", argv[0]);
    return usage();
}

int main(int argc, char *argv[]) {
    struct ctl c = { .host = HOST_NULL, .wait = true, .quiet = true };
    _cleanup_free_ char *command = NULL;
    int r, status;

    argv[0] = (char *) "kpatch";
    (void) setvbuf(stdout, NULL, _IOLBF, 0);
    command = strv_join(argv, " ");
    r = host_open(NULL, &c.host);
    if (r < 0 || !command)
        return kpatch_die("%s", strerror(r < 0 ? -r : ENOMEM));
    c.command = command;
    status = run(&c, argc - 1, argv + 1);
    progress_free(c.progress);
    if (c.lock)
        changes_lock_free(c.lock);
    json_object_put(c.value);
    host_close(&c.host);
    if (fflush(stdout) != 0 || ferror(stdout))
        return kpatch_die("cannot write to standard output");
    return status;
}
