/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/error.h"
#include "base/host.h"

/* The running systemd, through org.freedesktop.systemd1(5). */

/* Whether systemd can be asked about units: it must run in this root, not outside of it. */
bool manager_is_running(const struct host *h);

/* Whether this is an initramfs: with systemd, or without it. Programs that write where only an initramfs
 * may ask this before they do anything. */
bool manager_is_of_initramfs(const struct host *h);

struct manager;
struct manager *manager_free(struct manager *m);
DEFINE_TRIVIAL_CLEANUP_FUNC(struct manager *, manager_free)

/* Connects; root connects to the manager directly and needs no message bus. */
int manager_connect(struct manager **ret, struct error *e);

/* systemctl daemon-reload: the generator runs again. */
int manager_reload(struct manager *m, struct error *e);

/* Queues a job by StartUnit, StopUnit, RestartUnit, ReloadOrRestartUnit, … and waits for its end.
 * *ret_result is systemd's result: "done", "failed", "dependency", "timeout", …; the caller frees
 * it. Only a job that could not be queued is an error. */
int manager_run_job(struct manager *m, const char *method, const char *unit, char **ret_result,
                    struct error *e);

/* How long manager_run_job() waits for the end of a job from now on: timeout_usec, but at most 15
 * minutes. Then it returns -ETIME (8), and the job continues. */
void manager_limit_jobs(struct manager *m, uint64_t timeout_usec);

/* Queues a job without waiting for it. */
int manager_queue_job(struct manager *m, const char *method, const char *unit, struct error *e);

/* Clears the failed state of a unit: systemctl reset-failed. */
int manager_reset(struct manager *m, const char *unit);

/* A unit's ActiveState: "active", "inactive", "failed", …; the caller frees it. */
int manager_active_state(struct manager *m, const char *unit, char **ret);

/* The first condition or assertion that prevented a unit's last start, as its file has it:
 * "ConditionPathExists=!/proc/vmcore"; the caller frees it. 1; 0: none did, or systemd has
 * unloaded the unit since and no longer knows; or a negative errno. */
int manager_failed_condition(struct manager *m, const char *unit, char **ret);

/* How long a unit has been active, as the time on CLOCK_MONOTONIC in microseconds when it became
 * active; 0: it is not active. */
int manager_active_since(struct manager *m, const char *unit, uint64_t *ret);

/* When systemd finished the boot, in microseconds of CLOCK_MONOTONIC; 0: not yet. 0 or a negative
 * errno. */
int manager_boot_end(struct manager *m, uint64_t *ret);

/* When this systemd started, on the same clock; a soft-reboot starts it anew. */
int manager_userspace_start(struct manager *m, uint64_t *ret);

/* Whether the machine is shutting down. */
bool manager_is_stopping(struct manager *m);

/* Whether a job of that unit is queued or runs. A negative errno if systemd cannot be asked. */
int manager_has_job(struct manager *m, const char *unit);

/* Queues the stop of the unit of a patch that is no longer loaded although its unit is still
 * active. Errors are ignored. Called by the program that notices it. */
void manager_stop_patch(const struct host *h, const char *name);

/* livepatch@NAME.service. NULL if memory runs out. */
char *manager_unit_name(const char *name);
