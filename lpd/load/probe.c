/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <sys/stat.h>
#include <sys/wait.h>

#include "base/process.h"
#include "base/safe-file.h"
#include "load/probe.h"

/* The probe runs in this process's own root, whatever that of the host is. */
static int check(const struct host *h, const char *path, struct error *e) {
    struct stat ours, root;

    if (stat("/", &root) < 0 || fstat(h->root_fd, &ours) < 0)
        return -errno;
    if (root.st_dev != ours.st_dev || root.st_ino != ours.st_ino)
        return 0;
    return safe_file_check(h, path, NULL, e);
}

int probe_run(const struct host *h, const char *path, uint64_t timeout_usec, struct error *e) {
    char *argv[] = { (char *) path, NULL };
    int r, status = 0;

    r = check(h, path, e);
    if (r < 0)
        return error_prefix(e, r, "the probe %s was not run", path);
    r = process_run(argv, -EBADF, timeout_usec, &status);
    if (r < 0)
        return error_set(e, r, EXIT_STATUS_FAILED, "cannot run the probe %s: %s", path, strerror(-r));
    if (r == 0)
        return error_set(e, -ETIME, EXIT_STATUS_TIMEOUT, "the probe %s did not finish within "
                                                         "%.0f s", path,
                         (double) timeout_usec / USEC_PER_SEC);
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
        return 0;
    return error_set(e, -EPROTO, EXIT_STATUS_FAILED, "the probe %s failed with %s %d", path,
                     WIFEXITED(status) ? "status" : "signal",
                     WIFEXITED(status) ? WEXITSTATUS(status) : WTERMSIG(status));
}
