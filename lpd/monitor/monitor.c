/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <linux/netlink.h>
#include <signal.h>
#include <stdio.h>
#include <sys/socket.h>
#include <systemd/sd-daemon.h>
#include <systemd/sd-event.h>

#include "base/file.h"
#include "base/strv.h"
#include "initramfs/image.h"
#include "livepatch/load.h"
#include "livepatch/sysfs.h"
#include "livepatch/transition.h"
#include "load/converge.h"
#include "load/execute.h"
#include "monitor/confirming.h"
#include "monitor/faults.h"
#include "monitor/fd-store.h"
#include "monitor/followed.h"
#include "monitor/joining.h"
#include "monitor/late-modules.h"
#include "monitor/monitor.h"
#include "monitor/orphans.h"
#include "monitor/overrides.h"
#include "monitor/records.h"
#include "monitor/refused-loads.h"
#include "monitor/tampering.h"
#include "monitor/units.h"
#include "monitor/waiting.h"
#include "state/hold.h"
#include "system/journal.h"
#include "trust/manifest.h"

/* The kernel tries once a second to end a transition, so polling much faster is useless. */
#define POLL_USEC (250 * USEC_PER_MSEC)
/* How long to look for a transition after a sign that one may have begun. */
#define ALERT_USEC (3 * USEC_PER_SEC)

/* How long to wait for more signs before looking. */
#define ALERT_DELAY_USEC (50 * USEC_PER_MSEC)

/* How long to rely on events alone before looking anyway. */
#define IDLE_USEC (60 * USEC_PER_SEC)
/* How often each source of events is handled per second at most: any user can trigger some of them
 * at any rate. Further events wait in the kernel. */
#define HEARD_USEC USEC_PER_SEC
#define HEARD_TIMES 10
/* How many uevents are read at a time. */
#define UEVENTS_MAX 256

struct monitor {
    struct host *host;
    sd_event *event;
    sd_event_source *timer;
    sd_event_source *faults_timer; /* on while there are lines of the kernel to judge */
    uint64_t alert_until; /* on host->ops->now() */
    struct followed followed;
    struct late_modules late;
    struct tampering tampering;
    struct refused_loads refused;
    struct faults faults;
    struct override_watch overrides;
    struct confirming confirming;
    struct joining joining;
    bool held;            /* the boot did not wait for all patches (HoldSec=), and some are still to
                           * be loaded */
    bool looked;          /* at least once without a running transition */
    struct records records;
    struct orphans orphans;
    bool unpatching;      /* the ring has reported that a patch is being disabled */
};

static void monitor_done(struct monitor *m) {
    sd_event_source_unref(m->timer);
    sd_event_source_unref(m->faults_timer);
    joining_done(&m->joining);
    sd_event_unref(m->event);
    followed_done(&m->followed);
    late_modules_done(&m->late);
    tampering_done(&m->tampering);
    refused_loads_done(&m->refused);
    faults_done(&m->faults);
    override_watch_done(&m->overrides);
    confirming_done(&m->confirming);
    records_done(&m->records);
    orphans_done(&m->orphans);
}

static void notify_status(const struct livepatch_list *l) {
    const struct livepatch *running = livepatch_list_transition(l);
    size_t in = 0;

    for (size_t i = 0; i < l->n_patches; i++)
        in += l->patches[i].enabled && !l->patches[i].transition;
    if (running)
        (void) sd_notifyf(false, "STATUS=%zu loaded, %s is being %s", in, running->name,
                          running->enabled ? "enabled" : "disabled");
    else
        (void) sd_notifyf(false, "STATUS=%zu loaded, no transition", in);
}

/* Reads the manifest that a patch was loaded by. If manifests must be signed, returns -ESTALE if it
 * has changed since the load, because nothing has checked the new contents. */
static int find_manifest(const struct host *h, const struct result *result, struct manifest *ret) {
    _cleanup_(manifest_done) struct manifest m = {};
    _cleanup_free_ char *digest = NULL;
    int r;

    r = manifest_load(h, result->name, &m, NULL);
    if (r < 0)
        return r;
    digest = manifest_digest(&m);
    if (!digest)
        return -ENOMEM;
    if (result->manifest_sha256 && !streq(result->manifest_sha256, digest))
        return -ESTALE;
    *ret = TAKE_STRUCT(m);
    return 0;
}

/* Finds the records of the patch with that module: the result of its load, and its manifest. */
static bool find_record(const struct host *h, const char *module, struct result *ret_result,
                        struct manifest *ret_manifest) {
    return result_find_module(h, module, ret_result) >= 0 &&
           find_manifest(h, ret_result, ret_manifest) >= 0;
}

/* Records that a patch that the kernel had accepted is no longer loaded, and tells systemd, which
 * still shows its unit as active. */
static void record_failure(struct monitor *m, struct result *result, enum journal_event event,
                           const struct error *e, int r) {
    (void) string_set(&result->state, "failed");
    (void) string_set(&result->reason, error_message(e, r));
    (void) string_set(&result->hint, e->hint);
    result->loaded = false;
    result->exit_status = e->exit_status;
    (void) result_write(m->host, result);
    journal_send(event, result, NULL, "%s: %s", result->name, error_message(e, r));
    manager_stop_patch(m->host, result->name);
}

/* Whether the end of a load is still to be handled. The program that loads a patch records the load
 * right afterwards; a record that still says "loading" a second later means that it could not. */
static bool awaits_end(const struct monitor *m, const struct result *result) {
    if (result->complete)
        return false;
    if (streq(strempty(result->state), "loading"))
        return m->host->ops->now(m->host) > result->monotonic_usec + USEC_PER_SEC;
    return streq(strempty(result->state), "active");
}

/* Runs once for each load: reports its end, and runs its probe. The record says that this is done,
 * so nothing is lost if a transition ends before it is seen, or if this service restarts. */
static void finish(struct monitor *m, struct result *result) {
    uint64_t took = m->host->ops->now(m->host) - result->monotonic_usec;
    _cleanup_(manifest_done) struct manifest manifest = {};
    _cleanup_(error_done) struct error e = ERROR_NULL;
    int r;

    r = find_manifest(m->host, result, &manifest);
    /* WaitFor=patched: lpd load waits for the end and does all of this itself. */
    if (r >= 0 && manifest.wait_for == WAIT_FOR_PATCHED)
        return;
    /* Without a record everything below would be repeated again and again. */
    (void) string_set(&result->reason, NULL);
    if (string_set(&result->state, "active") < 0 || result_write(m->host, result) < 0)
        return;
    execute_completed(m->host, result);
    if (streq(strempty(result->cause), CAUSE_STALLED))
        (void) string_set(&result->cause, NULL);
    journal_send(EVENT_PATCHED, result, NULL, "%s: every task runs the new code, %.1f s after the load",
                 result->name, (double) took / USEC_PER_SEC);
    if (r == -ESTALE)
        journal_send(EVENT_REFUSED, result, NULL,
                     "%s: its manifest has changed since its signature was checked: no probe is run",
                     result->name);
    /* No transition runs at this point, so this only runs the probe. */
    r = r >= 0 && manifest.probe
            ? execute_finish(m->host, &manifest, result, 0, &e)
            : 0;
    if (r < 0)
        record_failure(m, result, EVENT_PROBE_FAILED, &e, r);
    else
        (void) result_write(m->host, result);
}

static void finish_all(struct monitor *m, const struct livepatch_list *l) {
    for (size_t i = 0; i < m->records.list.n_results; i++) {
        struct result *result = m->records.list.results + i;
        const struct livepatch *p = awaits_end(m, result) ? livepatch_list_find(l, result->module_name ?: result->name)
                                                          : NULL;

        if (p && livepatch_is_enabled(p) && !p->transition)
            finish(m, result);
    }
}

static void retry_waiting(struct monitor *m) {
    if (waiting_start(m->host, &m->records.list, m->held) > 0)
        m->held = false;
}

static void transition_ended(struct monitor *m, const struct livepatch_list *l) {
    const struct livepatch *p = livepatch_list_find(l, m->followed.module);
    _cleanup_(result_done) struct result result = {};
    _cleanup_(manifest_done) struct manifest manifest = {};

    (void) find_record(m->host, m->followed.module, &result, &manifest);
    if (!result.name)
        result.name = strdup(m->followed.module);
    /* At the start of a reversal the patch still shows as enabled. */
    if (m->followed.patching && !result.complete && !(p && p->enabled))
        journal_send(EVENT_LEFT, &result, NULL, "%s: its transition was reversed",
                     m->followed.module);
    retry_waiting(m);
}

/* The transition continues, or OnStall= forced it: the patch stays loaded, and its record says
 * why. */
static void record_stall(struct monitor *m, struct result *result, const char *cause) {
    if (cause && string_set(&result->cause, cause) >= 0)
        (void) result_write(m->host, result);
}

static void transition_stalls(struct monitor *m, const struct livepatch *p) {
    _cleanup_(result_done) struct result result = {};
    _cleanup_(manifest_done) struct manifest manifest = {};
    _cleanup_(error_done) struct error e = ERROR_NULL;
    int r;

    /* WaitFor=patched: lpd load waits for the end and acts itself. */
    if (!find_record(m->host, p->name, &result, &manifest) ||
        manifest.wait_for == WAIT_FOR_PATCHED ||
        !followed_is_overdue(&m->followed, &result, &manifest, m->host->ops->now(m->host)))
        return;
    m->followed.handled = true;
    r = transition_finish(m->host, p->name, 0, manifest.on_stall, &e);
    if (r == -ENOENT)
        return;
    if (manifest.on_stall == ON_STALL_REVERT && r < 0 && livepatch_flag_read(m->host, p->name, "enabled") <= 0) {
        (void) string_set(&result.cause, CAUSE_REVERTED);
        record_failure(m, &result, EVENT_REVERTED, &e, r);
        return;
    }
    record_stall(m, &result, r < 0 ? CAUSE_STALLED : e.message ? CAUSE_FORCED : NULL);
    journal_send(EVENT_STALLED, &result, NULL, "%s: %s", result.name, error_message(&e, r));
}

static void await_waves(struct monitor *m, bool always) {
    int r = joining_look(&m->joining, m->event, m->host, always);

    if (r < 0)
        fprintf(stderr, "cannot wait for the dates of Rollout=: %s\n", strerror(-r));
}

static void watch_overrides(struct monitor *m, const struct livepatch_list *l) {
    int r = override_watch_look(&m->overrides, m->host, l);

    if (r < 0)
        fprintf(stderr, "cannot detect overridden functions: %s\n", strerror(-r));
}

/* How long to rely on events alone. */
static uint64_t idle_usec(const struct monitor *m) {
    uint64_t now = m->host->ops->now(m->host), next = m->overrides.next_usec;

    return m->overrides.fd < 0 || next >= now + IDLE_USEC ? IDLE_USEC : next - MIN(next, now);
}

static void look(struct monitor *m) {
    _cleanup_(livepatch_list_done) struct livepatch_list l = {};
    const struct livepatch *running;
    bool unsettled;
    uint64_t now;
    int r;

    refused_loads_note(&m->refused, m->host);
    if (livepatch_list_read(m->host, NULL, &l) < 0)
        return;
    r = records_update(&m->records, m->host);
    if (r < 0)
        fprintf(stderr, RESULTS_DIRECTORY ": cannot be read: %s\n", strerror(-r));
    running = livepatch_list_transition(&l);
    /* From now on the units may be started again. */
    if (hold_record_is_over(m->host)) {
        m->held = true;
        hold_record_undo(m->host);
    }
    if (m->followed.module && (!running || !streq(running->name, m->followed.module))) {
        transition_ended(m, &l);
        followed_done(&m->followed);
    }
    if (running) {
        followed_see(&m->followed, running, m->host->ops->now(m->host));
        transition_stalls(m, running);
    }
    /* The transition that delayed them may have ended before this service started. */
    if (!running && (!m->looked || m->held)) {
        m->looked = true;
        retry_waiting(m);
    }
    finish_all(m, &l);
    r = tampering_judge(&m->tampering, m->host, &l, &m->records.list);
    if (r < 0)
        fprintf(stderr, "may not detect who disables a patch: %s\n", strerror(-r));
    unsettled = units_correct(m->host, &m->orphans, &m->records, &l) > 0;
    r = confirming_look(&m->confirming, m->host, &m->records.list);
    if (r < 0)
        fprintf(stderr, "cannot start " BLESS_UNIT ": %s\n", strerror(-r));
    watch_overrides(m, &l);
    notify_status(&l);

    if (sd_event_now(m->event, CLOCK_MONOTONIC, &now) < 0)
        return;
    if (running || unsettled || m->tampering.undecided || m->host->ops->now(m->host) < m->alert_until) {
        (void) sd_event_source_set_time(m->timer, now + POLL_USEC);
    } else {
        (void) sd_event_source_set_time(m->timer, now + idle_usec(m));
        late_modules_judge(&m->late, m->host);
        await_waves(m, /* always= */ false);
    }
    (void) sd_event_source_set_enabled(m->timer, SD_EVENT_ONESHOT);
}

static int on_timer(sd_event_source *source _unused_, uint64_t usec _unused_, void *userdata) {
    look(userdata);
    return 0;
}

/* A load causes several events within milliseconds. A short delay handles them together, and keeps
 * this service from slowing the load down. */
static void be_alert(struct monitor *m) {
    uint64_t now, next;

    m->alert_until = m->host->ops->now(m->host) + ALERT_USEC;
    if (sd_event_now(m->event, CLOCK_MONOTONIC, &now) < 0 || sd_event_source_get_time(m->timer, &next) < 0)
        return look(m);
    (void) sd_event_source_set_time(m->timer, MIN(next, now + ALERT_DELAY_USEC));
    (void) sd_event_source_set_enabled(m->timer, SD_EVENT_ONESHOT);
}

static int on_uevent(sd_event_source *source _unused_, int fd, uint32_t revents _unused_,
                     void *userdata) {
    struct monitor *m = userdata;
    char message[8192];
    bool module = false;

    for (size_t i = 0; i < UEVENTS_MAX; i++) {
        ssize_t n = recv(fd, message, sizeof(message) - 1, MSG_DONTWAIT);

        if (n <= 0) {
            /* There were too many uevents at once, and the kernel dropped some. */
            module |= n < 0 && errno == ENOBUFS;
            break;
        }
        message[n] = '\0';
        module |= strstr(message, "@/module/") != NULL;
        late_modules_note(&m->late, m->host, message);
    }
    if (module)
        be_alert(m);
    return 0;
}

static int on_result(sd_event_source *source _unused_, int fd _unused_, uint32_t revents _unused_, void *userdata) {
    be_alert(userdata);
    return 0;
}

static int on_switch(sd_event_source *source _unused_, int fd _unused_, uint32_t revents _unused_,
                     void *userdata) {
    struct monitor *m = userdata;
    int r = tampering_note(&m->tampering, m->host);

    if (r > 0)
        be_alert(m);
    return r;
}

/* Without a name the event is about the running transition. */
static void on_unpatching(void *userdata, const struct refusal_event *e) {
    struct monitor *m = userdata;
    const char *patch = e->text[0] ? e->text : m->followed.module;

    if (patch)
        (void) tampering_note_unpatching(&m->tampering, m->host, patch, (int) e->pid, e->uid, e->comm);
    m->unpatching = true;
}

static int on_refusal(sd_event_source *source _unused_, int fd _unused_, uint32_t revents _unused_,
                      void *userdata) {
    struct monitor *m = userdata;

    m->unpatching = false;
    refused_loads_note(&m->refused, m->host);
    if (m->unpatching)
        be_alert(m);
    return 0;
}

static int on_kernel_log(sd_event_source *source _unused_, int fd, uint32_t revents _unused_, void *userdata) {
    struct monitor *m = userdata;
    int r = faults_read(&m->faults, m->host, fd), on;

    if (r <= 0)
        return r;
    r = sd_event_source_get_enabled(m->faults_timer, &on);
    if (r < 0 || on != SD_EVENT_OFF)
        return MIN(r, 0);
    r = sd_event_source_set_time_relative(m->faults_timer, FAULTS_DELAY_USEC);
    return r < 0 ? r : sd_event_source_set_enabled(m->faults_timer, SD_EVENT_ONESHOT);
}

static int on_faults_timer(sd_event_source *source _unused_, uint64_t usec _unused_, void *userdata) {
    struct monitor *m = userdata;
    int r;

    (void) records_update(&m->records, m->host);
    r = faults_judge(&m->faults, m->host, &m->records.list);
    if (r < 0)
        fprintf(stderr, "cannot judge the kernel's log: %s\n", strerror(-r));
    if (r > 0)
        be_alert(m);
    return 0;
}

static int listen_to(struct monitor *m, int fd, sd_event_io_handler_t handler,
                     sd_event_source **ret) {
    sd_event_source *source;
    int r;

    r = sd_event_add_io(m->event, &source, fd, EPOLLIN, handler, m);
    if (r < 0)
        return r;
    (void) sd_event_source_set_ratelimit(source, HEARD_USEC, HEARD_TIMES);
    if (ret)
        *ret = source;
    return ret ? 0 : sd_event_source_set_floating(source, true);
}

/* Uses what lpd prepared with more privileges than this service has. What could not be created was
 * reported then. */
static int watch_others(struct monitor *m) {
    int ring = fd_store_take(FD_STORE_REFUSALS), log = fd_store_take(FD_STORE_KERNEL_LOG), r = 0;

    m->refused.on_unpatching = on_unpatching;
    m->refused.userdata = m;
    m->tampering.group = fd_store_take(FD_STORE_SWITCHES);
    m->overrides.fd = fd_store_take(FD_STORE_FUNCTIONS);
    if (m->tampering.group >= 0)
        r = listen_to(m, m->tampering.group, on_switch, NULL);
    if (r >= 0 && ring >= 0 && refused_loads_begin(&m->refused, m->host, ring) >= 0)
        r = listen_to(m, ring, on_refusal, NULL);
    if (r >= 0 && log >= 0)
        r = sd_event_add_time(m->event, &m->faults_timer, CLOCK_MONOTONIC, 0, 0, on_faults_timer, m);
    if (r >= 0 && log >= 0)
        r = sd_event_source_set_enabled(m->faults_timer, SD_EVENT_OFF);
    if (r >= 0 && log >= 0)
        r = listen_to(m, log, on_kernel_log, NULL);
    return r;
}

/* The kernel sends a uevent when a module is loaded or removed, whoever does it
 * (kernel/module/sysfs.c; the multicast group is that of the kernel, lib/kobject_uevent.c). */
static int watch_modules(struct monitor *m) {
    struct sockaddr_nl address = { .nl_family = AF_NETLINK, .nl_groups = 1 };
    _cleanup_close_ int fd = -EBADF;
    sd_event_source *source;
    int r;

    fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_KOBJECT_UEVENT);
    if (fd < 0 || bind(fd, (struct sockaddr *) &address, sizeof(address)) < 0)
        return -errno;
    r = listen_to(m, fd, on_uevent, &source);
    if (r < 0)
        return r;
    (void) sd_event_source_set_io_fd_own(source, true);
    TAKE_FD(fd);
    return sd_event_source_set_floating(source, true);
}

/* systemctl reload: ExecReload= applies the manifests, and this service looks at what is there now. The signal
 * and the answer are those of Type=notify-reload, see sd_notify(3). */
static int on_reload(sd_event_source *source _unused_, const struct signalfd_siginfo *info _unused_,
                     void *userdata) {
    struct monitor *m = userdata;

    (void) sd_notifyf(false, "RELOADING=1\nMONOTONIC_USEC=%" PRIu64, m->host->ops->now(m->host));
    be_alert(m);
    await_waves(m, /* always= */ true);
    (void) sd_notify(false, "READY=1");
    return 0;
}

static int prepare(struct monitor *m) {
    sigset_t signals;
    int r;

    (void) sigemptyset(&signals);
    (void) sigaddset(&signals, SIGTERM);
    (void) sigaddset(&signals, SIGINT);
    (void) sigaddset(&signals, SIGHUP);
    if (sigprocmask(SIG_BLOCK, &signals, NULL) < 0)
        return -errno;
    r = sd_event_new(&m->event);
    if (r >= 0)
        r = sd_event_add_signal(m->event, NULL, SIGTERM, NULL, NULL);
    if (r >= 0)
        r = sd_event_add_signal(m->event, NULL, SIGINT, NULL, NULL);
    if (r >= 0)
        r = sd_event_add_time(m->event, &m->timer, CLOCK_MONOTONIC, 0, 0, on_timer, m);
    if (r >= 0)
        r = sd_event_add_signal(m->event, NULL, SIGHUP, on_reload, m);
    if (r >= 0)
        r = file_mkdir_p(m->host, RESULTS_DIRECTORY);
    if (r >= 0)
        r = records_begin(&m->records, m->host);
    if (r >= 0)
        r = listen_to(m, m->records.fd, on_result, NULL);
    if (r >= 0)
        r = watch_modules(m);
    return r < 0 ? r : watch_others(m);
}

int monitor_run(struct host *h, struct error *e) {
    _cleanup_(monitor_done) struct monitor m = { .host = h, .tampering = TAMPERING_NULL, .records = RECORDS_NULL,
                                                 .overrides = OVERRIDE_WATCH_NULL };
    int r;

    r = prepare(&m);
    if (r < 0)
        return error_set(e, r, EXIT_STATUS_FAILED, "cannot watch the kernel's patches: %s",
                         strerror(-r));
    /* The timer fires at once, to handle what happened before this service started. */
    (void) sd_notify(false, "READY=1");
    (void) image_tell(h, NULL);
    r = sd_event_loop(m.event);
    (void) sd_notify(false, "STOPPING=1\nSTATUS=");
    late_modules_end(&m.late, h);
    return r < 0 ? error_set(e, r, EXIT_STATUS_FAILED, "the event loop failed: %s", strerror(-r)) : 0;
}
