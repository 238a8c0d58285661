/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <sys/wait.h>

#include "base/process.h"
#include "load/probe.h"

int probe_run(const char *path, uint64_t timeout_usec, struct error *e) {
    char *argv[] = { (char *) path, NULL };
    int r, status = 0;

    r = process_run(argv, -EBADF, timeout_usec, &status);
    if (r < 0)
        return error_set(e, r, EXIT_STATUS_FAILED, "cannot run the probe %s: %s", path, strerror(-r));
    if (r == 0)
        return error_set(e, -ETIME, EXIT_STATUS_TIMEOUT, "the probe %s did not end within %.0f s", path,
                         (double) timeout_usec / USEC_PER_SEC);
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
        return 0;
    return error_set(e, -EPROTO, EXIT_STATUS_FAILED, "the probe %s ended with %s %d", path,
                     WIFEXITED(status) ? "status" : "signal",
                     WIFEXITED(status) ? WEXITSTATUS(status) : WTERMSIG(status));
}
