/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdio.h>
#include <sys/stat.h>
#include <time.h>
#include <systemd/sd-bus.h>

#include "base/interrupt.h"
#include "base/file.h"
#include "system/manager.h"

#define DESTINATION "org.freedesktop.systemd1"
#define MANAGER_PATH "/org/freedesktop/systemd1"
#define MANAGER_INTERFACE "org.freedesktop.systemd1.Manager"
#define UNIT_INTERFACE "org.freedesktop.systemd1.Unit"
#define PRIVATE_ADDRESS "unix:path=/run/systemd/private"
/* A start waits for a transition, which can take minutes. */
#define JOB_TIMEOUT_USEC ((uint64_t) 15 * 60 * USEC_PER_SEC)

struct manager {
    sd_bus *bus;
    uint64_t job_timeout_usec;
};

struct job_wait {
    char *job;    /* the object path, known when the call has returned */
    char *result;
};

static void job_wait_done(struct job_wait *w) {
    free(w->job);
    free(w->result);
}

struct manager *manager_free(struct manager *m) {
    sd_bus_flush_close_unref(m->bus);
    free(m);
    return NULL;
}

char *manager_unit_name(const char *name) {
    char *unit;

    return asprintf(&unit, "livepatch@%s.service", name) < 0 ? NULL : unit;
}

/* In a chroot with the host's /run the manager is reachable, but serves another root. */
bool manager_is_running(const struct host *h) {
    struct stat root, init_root;

    if (!h->live || !file_exists(h, "/run/systemd/system"))
        return false;
    if (geteuid() != 0 || stat("/", &root) < 0 || stat("/proc/1/root", &init_root) < 0)
        return true;
    return root.st_dev == init_root.st_dev && root.st_ino == init_root.st_ino;
}

bool manager_is_of_initramfs(const struct host *h) {
    return file_exists(h, "/etc/initrd-release") || !manager_is_running(h);
}

/* PID 1 listens on a socket of its own, for root and for when no message bus runs. */
static int connect_private(sd_bus **ret) {
    sd_bus *bus = NULL;
    int r;

    r = sd_bus_new(&bus);
    if (r < 0)
        return r;
    r = sd_bus_set_address(bus, PRIVATE_ADDRESS);
    if (r >= 0)
        r = sd_bus_start(bus);
    if (r < 0) {
        sd_bus_unref(bus);
        return r;
    }
    *ret = bus;
    return 0;
}

int manager_connect(struct manager **ret, struct error *e) {
    struct manager *m = calloc(1, sizeof(*m));
    int r = -EPERM;

    if (!m)
        return -ENOMEM;
    if (geteuid() == 0)
        r = connect_private(&m->bus);
    if (r < 0)
        r = sd_bus_open_system(&m->bus);
    if (r < 0) {
        free(m);
        return error_set(e, r, EXIT_STATUS_FAILED, "cannot reach systemd: %s", strerror(-r));
    }
    manager_limit_jobs(m, USEC_INFINITY);
    (void) sd_bus_set_method_call_timeout(m->bus, 90 * USEC_PER_SEC);
    /* The message bus sends no signals without this call; the private socket always does. */
    (void) sd_bus_call_method(m->bus, DESTINATION, MANAGER_PATH, MANAGER_INTERFACE, "Subscribe",
                              NULL,
                              NULL, NULL);
    *ret = m;
    return 0;
}

static int call_failed(int r, const sd_bus_error *error, const char *what, struct error *e) {
    bool denied = r == -EACCES || r == -EPERM ||
                  sd_bus_error_has_name(error, SD_BUS_ERROR_INTERACTIVE_AUTHORIZATION_REQUIRED);

    return error_set(e, r, denied ? EXIT_STATUS_PRIVILEGE : EXIT_STATUS_FAILED,
                     "systemd refuses %s: %s", what, error->message ?: strerror(-r));
}

int manager_reload(struct manager *m, struct error *e) {
    _cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;
    int r;

    r = sd_bus_call_method(m->bus, DESTINATION, MANAGER_PATH, MANAGER_INTERFACE, "Reload", &error,
                           NULL, NULL);
    /* systemd requires 16 MB of free space in /run for the files that it writes meanwhile. */
    if (r < 0 && sd_bus_error_has_name(&error, "org.freedesktop.systemd1.DiskFull"))
        return error_hint(e, error_set(e, r, EXIT_STATUS_FAILED,
                                       "systemd does not reload its configuration: "
                                       "too little space is free in /run"),
                          "delete files in /run, or enlarge it: mount -o remount,size=50%% /run");
    return r < 0 ? call_failed(r, &error, "to reload", e) : 0;
}

static int queue(struct manager *m, const char *method, const char *unit, char **ret_job,
                 struct error *e) {
    _cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;
    _cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
    const char *job;
    int r;

    r = sd_bus_call_method(m->bus, DESTINATION, MANAGER_PATH, MANAGER_INTERFACE, method, &error,
                           &reply, "ss", unit, "replace");
    if (r < 0)
        return call_failed(r, &error, unit, e);
    r = sd_bus_message_read(reply, "o", &job);
    if (r < 0)
        return r;
    if (ret_job) {
        *ret_job = strdup(job);
        if (!*ret_job)
            return -ENOMEM;
    }
    return 0;
}

int manager_queue_job(struct manager *m, const char *method, const char *unit, struct error *e) {
    return queue(m, method, unit, NULL, e);
}

void manager_stop_patch(const struct host *h, const char *name) {
    _cleanup_(manager_freep) struct manager *m = NULL;
    _cleanup_free_ char *unit = manager_unit_name(name);

    if (unit && manager_is_running(h) && manager_connect(&m, NULL) >= 0)
        (void) manager_queue_job(m, "StopUnit", unit, NULL);
}

int manager_reset(struct manager *m, const char *unit) {
    return sd_bus_call_method(m->bus, DESTINATION, MANAGER_PATH, MANAGER_INTERFACE,
                              "ResetFailedUnit",
                              NULL, NULL, "s", unit);
}

static int on_job_removed(sd_bus_message *message, void *userdata, sd_bus_error *error _unused_) {
    struct job_wait *w = userdata;
    const char *job, *unit, *result;
    uint32_t id;
    int r;

    r = sd_bus_message_read(message, "uoss", &id, &job, &unit, &result);
    if (r < 0 || !w->job || !streq(job, w->job))
        return 0;
    w->result = strdup(result);
    return w->result ? 0 : -ENOMEM;
}

static uint64_t now_usec(void) {
    struct timespec t;

    (void) clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t) t.tv_sec * USEC_PER_SEC + (uint64_t) t.tv_nsec / 1000;
}

void manager_limit_jobs(struct manager *m, uint64_t timeout_usec) {
    m->job_timeout_usec = MIN(timeout_usec, JOB_TIMEOUT_USEC);
}

/* Jobs of other units end meanwhile, too. */
static int wait_for_job(struct manager *m, struct job_wait *w) {
    uint64_t end = now_usec() + m->job_timeout_usec;
    int r;

    while (!w->result) {
        uint64_t now = now_usec();

        r = sd_bus_process(m->bus, NULL);
        if (r < 0)
            return r;
        if (r > 0)
            continue;
        if (now >= end || interrupt_take())
            return -ETIME;
        r = sd_bus_wait(m->bus, MIN(end - now, USEC_PER_SEC));
        if (r < 0 && r != -EINTR)
            return r;
    }
    return 0;
}

/* sd-bus queues signals that arrive during the call and dispatches them only afterwards, so the
 * end of a quick job is not missed. */
int manager_run_job(struct manager *m, const char *method, const char *unit, char **ret_result,
                    struct error *e) {
    _cleanup_(sd_bus_slot_unrefp) sd_bus_slot *slot = NULL;
    _cleanup_(job_wait_done) struct job_wait w = {};
    int r;

    r = sd_bus_match_signal(m->bus, &slot, NULL, MANAGER_PATH, MANAGER_INTERFACE, "JobRemoved",
                            on_job_removed, &w);
    if (r < 0)
        return error_set(e, r, EXIT_STATUS_FAILED, "cannot follow systemd's jobs: %s",
                         strerror(-r));
    r = queue(m, method, unit, &w.job, e);
    if (r < 0)
        return r;
    r = wait_for_job(m, &w);
    if (r < 0)
        return error_set(e, r, EXIT_STATUS_TIMEOUT, "systemd's job for %s has not finished: %s", unit,
                         strerror(-r));
    *ret_result = TAKE_PTR(w.result);
    return 0;
}

/* *ret_path points into the reply. */
static int find_unit(struct manager *m, const char *unit, sd_bus_message **ret_reply,
                     const char **ret_path) {
    int r;

    r = sd_bus_call_method(m->bus, DESTINATION, MANAGER_PATH, MANAGER_INTERFACE, "LoadUnit", NULL,
                           ret_reply, "s", unit);
    return r < 0 ? r : sd_bus_message_read(*ret_reply, "o", ret_path);
}

int manager_active_state(struct manager *m, const char *unit, char **ret) {
    _cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
    const char *path;
    int r;

    r = find_unit(m, unit, &reply, &path);
    return r < 0 ? r
                 : sd_bus_get_property_string(m->bus, DESTINATION, path, UNIT_INTERFACE,
                                              "ActiveState",
                                              NULL, ret);
}

/* If the conditions are alternatives ("|"), all of them have failed; a condition that is not an
 * alternative explains more. */
static int read_failed_condition(sd_bus_message *reply, char **ret) {
    _cleanup_free_ char *found = NULL;
    bool alternative = false;
    int r;

    r = sd_bus_message_enter_container(reply, 'a', "(sbbsi)");
    while (r >= 0) {
        const char *type, *parameter;
        int trigger, negate, state;

        r = sd_bus_message_read(reply, "(sbbsi)", &type, &trigger, &negate, &parameter, &state);
        if (r <= 0)
            break;
        if (state >= 0 || (found && (trigger || !alternative)))
            continue;
        free(found);
        alternative = trigger;
        if (asprintf(&found, "%s=%s%s", type, negate ? "!" : "", parameter) < 0) {
            found = NULL;
            return -ENOMEM;
        }
    }
    if (r >= 0 && found)
        *ret = TAKE_PTR(found);
    return r < 0 ? r : *ret != NULL;
}

int manager_failed_condition(struct manager *m, const char *unit, char **ret) {
    static const struct {
        const char *result, *list;
    } kinds[] = { { "ConditionResult", "Conditions" }, { "AssertResult", "Asserts" } };
    _cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
    _cleanup_free_ char *found = NULL;
    const char *path;
    int r;

    r = find_unit(m, unit, &reply, &path);
    for (size_t i = 0; i < ELEMENTSOF(kinds) && r >= 0 && !found; i++) {
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *list = NULL;
        int met = true;

        r = sd_bus_get_property_trivial(m->bus, DESTINATION, path, UNIT_INTERFACE, kinds[i].result,
                                        NULL,
                                        'b', &met);
        if (r >= 0 && !met)
            r = sd_bus_get_property(m->bus, DESTINATION, path, UNIT_INTERFACE, kinds[i].list, NULL,
                                    &list,
                                    "a(sbbsi)");
        if (r >= 0 && !met)
            r = read_failed_condition(list, &found);
    }
    if (r < 0)
        return r;
    *ret = TAKE_PTR(found);
    return *ret != NULL;
}

int manager_active_since(struct manager *m, const char *unit, uint64_t *ret) {
    _cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
    _cleanup_free_ char *state = NULL;
    const char *path;
    int r;

    r = find_unit(m, unit, &reply, &path);
    if (r >= 0)
        r = sd_bus_get_property_string(m->bus, DESTINATION, path, UNIT_INTERFACE, "ActiveState",
                                       NULL,
                                       &state);
    if (r < 0)
        return r;
    if (!streq(state, "active")) {
        *ret = 0;
        return 0;
    }
    return sd_bus_get_property_trivial(m->bus, DESTINATION, path, UNIT_INTERFACE,
                                       "ActiveEnterTimestampMonotonic", NULL, 't', ret);
}

int manager_boot_end(struct manager *m, uint64_t *ret) {
    return sd_bus_get_property_trivial(m->bus, DESTINATION, MANAGER_PATH, MANAGER_INTERFACE,
                                       "FinishTimestampMonotonic", NULL, 't', ret);
}

int manager_userspace_start(struct manager *m, uint64_t *ret) {
    return sd_bus_get_property_trivial(m->bus, DESTINATION, MANAGER_PATH, MANAGER_INTERFACE,
                                       "UserspaceTimestampMonotonic", NULL, 't', ret);
}

bool manager_is_stopping(struct manager *m) {
    _cleanup_free_ char *state = NULL;
    int r;

    r = sd_bus_get_property_string(m->bus, DESTINATION, MANAGER_PATH, MANAGER_INTERFACE,
                                   "SystemState", NULL, &state);
    return r >= 0 && streq(state, "stopping");
}

int manager_has_job(struct manager *m, const char *unit) {
    _cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = NULL, *job = NULL;
    const char *path, *object;
    uint32_t id = 0;
    int r;

    r = find_unit(m, unit, &reply, &path);
    if (r >= 0)
        r = sd_bus_get_property(m->bus, DESTINATION, path, UNIT_INTERFACE, "Job", NULL, &job, "(uo)");
    if (r >= 0)
        r = sd_bus_message_read(job, "(uo)", &id, &object);
    return r < 0 ? r : id != 0;
}
