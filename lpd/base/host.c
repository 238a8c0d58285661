/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <fcntl.h>

#include "base/host.h"

int host_open(const char *root, struct host *ret) {
    bool live = !root || streq(root, "/");
    int fd;

    fd = open(live ? "/" : root, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return -errno;
    *ret = (struct host){ .root_fd = fd, .live = live, .ops = &kernel_ops_real };
    return 0;
}

void host_close(struct host *h) {
    closep(&h->root_fd);
    *h = HOST_NULL;
}
