/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <fcntl.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <systemd/sd-daemon.h>
#include <syslog.h>
#include <unistd.h>

#include "base/file.h"
#include "base/strv.h"
#include "base/suggest.h"
#include "config/name.h"
#include "guard/bless.h"
#include "guard/early.h"
#include "guard/judge.h"
#include "guard/notice.h"
#include "load/attempt.h"
#include "load/converge.h"
#include "load/early.h"
#include "load/execute.h"
#include "lock/execute.h"
#include "lock/kernel-lock.h"
#include "lock/unit.h"
#include "monitor/fd-store.h"
#include "monitor/monitor.h"
#include "monitor/overrides.h"
#include "state/early.h"
#include "state/ledger.h"
#include "store/changes-lock.h"
#include "store/store.h"
#include "system/journal.h"
#include "system/kernel-log.h"
#include "version.h"

/* The service program, with the verbs that units run. Administrators use lpctl(8). */

/* Less than the time limit of systemd for a reload. */
#define APPLY_TIMEOUT_USEC (60 * USEC_PER_SEC)

static int require_name(const char *name, struct error *e) {
    if (patch_name_is_valid(name))
        return 0;
    return error_set(e, -EINVAL, EXIT_STATUS_USAGE, "'%s' is not a patch name", name);
}

static const char *done_message(enum journal_event event, const struct result *result) {
    switch (event) {
    case EVENT_LOADED:
        if (result->late_reason)
            return "loaded late, the boot had gone on (HoldSec=); new code runs from each task's next "
                   "system call on";
        if (endswith(strempty(result->module_path), STORE_CONFIRMED_SUFFIX))
            return "the last confirmed build is loaded, because the installed one is quarantined";
        return "loaded, new code runs from each task's next system call on";
    case EVENT_ALREADY_LOADED:
        return streq(strempty(result->stage), "initrd") ? "loaded by the initramfs" : "loaded already";
    default:
        return result->reason ?: "unloaded";
    }
}

static void report(struct host *h, const struct result *result, int r, const struct error *e) {
    enum journal_event event = journal_event_for(result, r);
    _cleanup_free_ char *release = NULL;

    (void) h->ops->release(h, &release);
    if (r >= 0)
        journal_send(event, result, release, "%s: %s", result->name, done_message(event, result));
    /* WaitFor=patched: this program has followed the transition, so lpd.service does not report
     * it. */
    if (r > 0 && result->unguarded)
        fprintf(stderr, "%s: loaded on trial, and its attempt is not in the ledger: %s\n", result->name,
                result->unguarded);
    if (r > 0 && result->complete)
        journal_send(EVENT_PATCHED, result, release, "%s: every task runs the new code", result->name);
    if (r < 0)
        (void) sd_notifyf(false, "STATUS=%s", error_message(e, r));
    if (r < 0)
        journal_send(event, result, release, "%s: %s%s%s", result->name, error_message(e, r),
                     e->hint ? "; " : "", strempty(e->hint));
}

static int verb_load(struct host *h, char *argv[], struct error *e) {
    _cleanup_(result_done) struct result result = {};
    int r;

    r = require_name(argv[1], e);
    if (r < 0)
        return r;
    r = execute_load(h, argv[1], &result, e);
    if (result.name)
        report(h, &result, r, e);
    else
        fprintf(stderr, "%s: %s\n", argv[1], error_message(e, r));
    return r;
}

/* ExecStop= also runs when a dependency stops the unit during shutdown. Then the machine stays
 * patched to the end. */
static bool is_shutting_down(const struct host *h) {
    _cleanup_(manager_freep) struct manager *m = NULL;

    return getenv("INVOCATION_ID") && manager_is_running(h) && manager_connect(&m, NULL) >= 0 &&
           manager_is_stopping(m);
}

/* Whether the patch was unloaded by a failure or by another program, and not on request. Its unit
 * fails in that case. */
static bool was_lost(const struct result *r) {
    return r->name && !r->loaded &&
           (result_has_failed(r) || streq(strempty(r->cause), CAUSE_SWITCHED_OFF));
}

/* The reason stays recorded, and systemctl status shows it. */
static int fail_unit(struct host *h, const struct result *lost, struct error *e) {
    (void) result_write(h, lost);
    (void) sd_notifyf(false, "STATUS=%s", strempty(lost->reason));
    fprintf(stderr, "%s: %s\n", lost->name, strempty(lost->reason));
    return error_set(e, -ECANCELED, lost->exit_status ?: EXIT_STATUS_FAILED, "%s", strempty(lost->reason));
}

static int verb_unload(struct host *h, char *argv[], struct error *e) {
    _cleanup_(result_done) struct result result = {}, before = {};
    int r;

    r = require_name(argv[1], e);
    if (r < 0)
        return r;
    if (is_shutting_down(h))
        return 0;
    (void) result_find(h, argv[1], &before);
    r = execute_unload(h, argv[1], &result, e);
    if (r >= 0 && was_lost(&before))
        return fail_unit(h, &before, e);
    if (r != 0 && result.name)
        report(h, &result, r, e);
    return r;
}

/* systemctl reload lpd: applies the current manifests to the kernel. */
static int verb_apply(struct host *h, char *argv[] _unused_, struct error *e) {
    _cleanup_(changes_lock_freep) struct changes_lock *changes = NULL;
    _cleanup_(manager_freep) struct manager *m = NULL;
    _cleanup_(snapshot_done) struct snapshot s = {};
    _cleanup_(plan_done) struct plan plan = {};
    struct outcome *outcomes = NULL;
    int r;

    r = changes_lock_take(h, "systemctl reload lpd", APPLY_TIMEOUT_USEC, NULL, NULL, &changes, e);
    if (r < 0)
        return r;
    if (manager_is_running(h)) {
        r = manager_connect(&m, e);
        if (r >= 0)
            r = manager_reload(m, e);
        if (r < 0)
            return r;
    }
    r = snapshot_take(h, SNAPSHOT_MODULES, &s, e);
    s.replaces_builds = true;
    if (r >= 0)
        r = plan_make(&s, &plan);
    if (r < 0)
        return r;
    r = converge_plan(h, m, &plan, &outcomes);
    for (size_t i = 0; outcomes && i < plan.n_actions; i++)
        if (outcomes[i].r < 0) {
            fprintf(stderr, "%s: %s\n", outcomes[i].action->name,
                    error_message(&outcomes[i].error, outcomes[i].r));
            (void) error_set(e, r, outcomes[i].error.exit_status, "not every patch could be applied");
        }
    outcomes_free(outcomes, plan.n_actions);
    return r;
}

/* Uses only functions that are safe in a signal handler, see signal-safety(7). The record that
 * remains says that this program was stopped. */
static void stop_initrd(int signal _unused_) {
    static const char words[] = "<3>lpd: out of time in the initramfs: the host loads what is missing\n";
    int fd = open("/dev/kmsg", O_WRONLY | O_CLOEXEC);

    if (fd >= 0)
        (void) !write(fd, words, sizeof(words) - 1);
    _exit(EXIT_STATUS_DONE);
}

/* Each step checks the time. This limit is for a step that does not finish. */
static void limit_initrd(void) {
    (void) signal(SIGALRM, stop_initrd);
    (void) alarm(EARLY_SEC_MAX + EARLY_GRACE_SEC);
}

/* The boot continues even if this fails, and the host tries again. */
static int verb_initrd(struct host *h, char *argv[] _unused_, struct error *e) {
    int r;

    limit_initrd();
    journal_use_kernel_log();
    r = early_load(h, report, e);
    if (r < 0)
        (void) kernel_log_write("lpd", LOG_ERR, error_message(e, r));
    return 0;
}

static int verb_lock(struct host *h, char *argv[] _unused_, struct error *e) {
    struct result result = { .action = (char *) "lock" };
    int r;

    r = lock_unit(h, e);
    if (r == -ENOMEM)
        return r;
    if (r > 0)
        journal_send(EVENT_LOCKED, &result, NULL, "modules are locked until reboot");
    if (r >= 0)
        return r;
    journal_send(EVENT_LOCK_REFUSED, &result, NULL, "%s%s%s%s", lock_failed_words(h),
                 error_message(e, r), e->hint ? "; " : "", strempty(e->hint));
    lock_refused(h, error_message(e, r));
    return r;
}

static int verb_sync_early(struct host *h, char *argv[] _unused_, struct error *e) {
    int r = ledger_early_sync(h);

    if (r >= 0)
        return 0;
    return error_set(e, r, EXIT_STATUS_FAILED, "what the initramfs noted cannot be read or changed: %s",
                     strerror(-r));
}

static int verb_end_boot(struct host *h, char *argv[] _unused_, struct error *e) {
    return attempt_end_boot(h, e);
}

/* What cannot be recorded now is judged again at the next boot. /run is empty, so that the login message
 * is due in each boot. */
static int verb_judge(struct host *h, char *argv[] _unused_, struct error *e) {
    int r = judge_earlier_boots(h, e);

    (void) notice_update(h);
    return r;
}

static int verb_bless(struct host *h, char *argv[] _unused_, struct error *e) {
    return bless_run(h, e);
}

/* Runs as ExecStopPost=, so that it also runs after a kill. */
static int verb_unseal(struct host *h, char *argv[] _unused_, struct error *e) {
    return lock_unseal(h, e);
}

static int verb_seal(struct host *h, char *argv[] _unused_, struct error *e) {
    return lock_seal(h, e);
}

/* The service works without what could not be created. It may write to /var/lib/lpd only if that is there
 * when it starts. */
static int verb_watch(struct host *h, char *argv[] _unused_, struct error *e) {
    (void) file_mkdir_p(h, LEDGER_DIRECTORY);
    return fd_store_fill(h, e);
}

static int verb_overrides(struct host *h, char *argv[] _unused_, struct error *e) {
    return overrides_report(h, e);
}

static int verb_monitor(struct host *h, char *argv[] _unused_, struct error *e) {
    return monitor_run(h, e);
}

static const struct verb {
    const char *name;
    int n_args;
    bool reports; /* reports its result itself */
    int (*run)(struct host *h, char *argv[], struct error *e);
    const char *arguments, *help;
} verbs[] = {
    { "load", 1, true, verb_load, " NAME", "Load a patch as its manifest says" },
    { "unload", 1, true, verb_unload, " NAME", "Unload a patch" },
    { "apply", 0, false, verb_apply, "", "Apply the manifests to the kernel" },
    { "initrd", 0, false, verb_initrd, "", "Load the patches of the initramfs" },
    { "lock", 0, true, verb_lock, "", "Lock module loading until reboot" },
    { "seal", 0, false, verb_seal, "", "Make the switches of patches read-only" },
    { "unseal", 0, false, verb_unseal, "", "Remove the seal" },
    { "sync-early", 0, false, verb_sync_early, "", "Exchange the ledger with the initramfs" },
    { "end-boot", 0, false, verb_end_boot, "", "Take back the attempts of this boot" },
    { "judge", 0, false, verb_judge, "", "Judge the crashes of earlier boots" },
    { "bless", 0, false, verb_bless, "", "Confirm the builds that are loaded" },
    { "overrides", 0, false, verb_overrides, "", "Report overridden functions" },
    { "watch", 0, false, verb_watch, "", "Create the watches for monitor" },
    { "monitor", 0, false, verb_monitor, "", "Follow transitions until stopped" },
};

static int help(void) {
    printf("%s COMMAND\n\nThe programs that lpd's units run; administrators use lpctl(8).\n\n",
           program_invocation_short_name);
    for (size_t i = 0; i < ELEMENTSOF(verbs); i++)
        printf("  %s%-*s %s\n", verbs[i].name, (int) (14 - strlen(verbs[i].name)),
               verbs[i].arguments, verbs[i].help);
    printf("  -h --help      Show this help\n     --version   Show the version\n\nSee lpd(8).\n");
    return EXIT_STATUS_DONE;
}

static int usage_error(const char *word) {
    const char *names[ELEMENTSOF(verbs)], *near;

    for (size_t i = 0; i < ELEMENTSOF(verbs); i++)
        names[i] = verbs[i].name;
    near = word ? suggest(word, names, ELEMENTSOF(names)) : NULL;
    if (!word)
        fprintf(stderr, "%s: no command given; see --help\n", program_invocation_short_name);
    else
        fprintf(stderr, "%s: unknown command '%s'%s%s%s\n", program_invocation_short_name, word,
                near ? ", did you mean '" : "", strempty(near), near ? "'?" : "");
    return EXIT_STATUS_USAGE;
}

static int run_verb(const struct verb *verb, char *argv[]) {
    _cleanup_(host_close) struct host h = HOST_NULL;
    _cleanup_(error_done) struct error e = ERROR_NULL;
    int r;

    r = host_open("/", &h);
    if (r >= 0)
        r = verb->run(&h, argv, &e);
    if (r >= 0)
        return EXIT_STATUS_DONE;
    if (!verb->reports)
        fprintf(stderr, "%s: %s\n", program_invocation_short_name, error_message(&e, r));
    return (int) e.exit_status;
}

int main(int argc, char *argv[]) {
    static const struct option options[] = {
        { "help", no_argument, NULL, 'h' },
        { "version", no_argument, NULL, 'v' },
        {},
    };
    int c;

    while ((c = getopt_long(argc, argv, "h", options, NULL)) >= 0) {
        if (c == 'h')
            return help();
        if (c != 'v')
            return EXIT_STATUS_USAGE;
        printf("lpd %s\n", LPD_VERSION);
        return EXIT_STATUS_DONE;
    }
    for (size_t i = 0; optind < argc && i < ELEMENTSOF(verbs); i++) {
        if (!streq(argv[optind], verbs[i].name))
            continue;
        if (argc - optind - 1 != verbs[i].n_args) {
            fprintf(stderr, "usage: %s %s%s\n", program_invocation_short_name, verbs[i].name,
                    verbs[i].arguments);
            return EXIT_STATUS_USAGE;
        }
        return run_verb(verbs + i, argv + optind);
    }
    return usage_error(argv[optind]);
}
