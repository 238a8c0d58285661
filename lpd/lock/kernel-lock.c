/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <systemd/sd-login.h>

#include "base/file.h"
#include "base/realtime.h"
#include "base/strv.h"
#include "base/task.h"
#include "livepatch/facts.h"
#include "livepatch/kernel-flag.h"
#include "livepatch/sysfs.h"
#include "lock/kernel-lock.h"
#include "system/manager.h"

int lock_record_sign(const struct host *h, struct lock_record *r) {
    _cleanup_free_ char *unit = NULL;

    r->since_usec = realtime_usec();
    if (sd_pid_get_unit(0, &unit) >= 0 && string_set(&r->unit, unit) < 0)
        return -ENOMEM;
    r->uid = task_login_uid(h, getpid());
    r->user = task_user_name(r->uid);
    return r->user || r->uid < 0 ? 0 : -ENOMEM;
}

int lock_seal(struct host *h, struct error *e) {
    int r;

    if (livepatch_is_sealed(h))
        return 0;
    r = h->ops->cover(h, LIVEPATCH_DIRECTORY);
    if (r < 0)
        return error_set(e, r, EXIT_STATUS_FAILED,
                         LIVEPATCH_DIRECTORY " cannot be made read-only: %s", strerror(-r));
    return 1;
}

int lock_unseal(struct host *h, struct error *e) {
    int r;

    if (!livepatch_is_sealed(h))
        return 0;
    r = h->ops->uncover(h, LIVEPATCH_DIRECTORY);
    if (r < 0)
        return error_set(e, r, EXIT_STATUS_FAILED, LIVEPATCH_DIRECTORY " stays read-only: %s",
                         strerror(-r));
    return 1;
}

int lock_ask_for_seal(struct host *h, struct error *e) {
    _cleanup_(manager_freep) struct manager *m = NULL;
    _cleanup_free_ char *job_result = NULL;
    int r;

    if (livepatch_is_sealed(h))
        return 0;
    r = manager_connect(&m, e);
    if (r >= 0)
        r = manager_run_job(m, "StartUnit", LOCK_SEAL_UNIT, &job_result, e);
    if (r < 0)
        return r;
    if (livepatch_is_sealed(h))
        return 1;
    r = error_set(e, -EIO, EXIT_STATUS_FAILED, LIVEPATCH_DIRECTORY " can still be written to");
    return error_hint(e, r, "see systemctl status " LOCK_SEAL_UNIT);
}

static int close_one(struct host *h, const char *path, struct error *e) {
    int r = kernel_flag_set(h, path);

    if (r >= 0)
        return r;
    return error_set(e, r, r == -EPERM || r == -EACCES ? EXIT_STATUS_PRIVILEGE : EXIT_STATUS_FAILED,
                     "cannot set %s: %s", path, r == -EIO ? "it stays 0" : strerror(-r));
}

int lock_kernel(struct host *h, bool kexec, struct error *e) {
    int modules, boot = 0;

    modules = close_one(h, KERNEL_MODULES_DISABLED, e);
    if (modules < 0)
        return modules;
    /* Kernels without kexec lack the switch and have nothing to lock. */
    if (kexec && file_exists(h, KERNEL_KEXEC_DISABLED))
        boot = close_one(h, KERNEL_KEXEC_DISABLED, e);
    if (boot < 0)
        return error_prefix(e, boot, "modules are locked, but not kexec");
    return modules > 0 || boot > 0;
}
