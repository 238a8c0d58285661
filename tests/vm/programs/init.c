/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The bench's small initramfs: loads the modules in /modules in the order of their names, mounts
 * /dev/vda and starts the system's init. Debian's own initramfs does the same in two emulated
 * seconds; cases about an initramfs boot that one. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

static void die(const char *what) {
    fprintf(stderr, "bench init: %s: %s\n", what, strerror(errno));
    exit(1); /* the kernel panics and the bench sees it */
}

static void load_modules(void) {
    struct dirent **entries;
    int n = scandir("/modules", &entries, NULL, alphasort);

    if (n < 0 || chdir("/modules") < 0)
        die("/modules");
    for (int i = 0; i < n; i++) {
        if (entries[i]->d_name[0] == '.')
            continue;
        int fd = open(entries[i]->d_name, O_RDONLY | O_CLOEXEC);
        if (fd < 0 || syscall(SYS_finit_module, fd, "", 0) < 0)
            die(entries[i]->d_name);
        close(fd);
    }
}

static void mount_root(void) {
    for (int i = 0; mount("/dev/vda", "/root", "ext4", 0, "") < 0; i++) {
        if (errno != ENOENT || i == 5000)
            die("/dev/vda");
        usleep(1000);
    }
}

int main(int argc, char *argv[]) {
    (void) argc;
    if (mount("devtmpfs", "/dev", "devtmpfs", MS_NOSUID, "mode=0755") < 0)
        die("/dev");
    load_modules();
    mount_root();
    if (mount("/dev", "/root/dev", NULL, MS_MOVE, NULL) < 0 || chdir("/root") < 0 ||
        mount(".", "/", NULL, MS_MOVE, NULL) < 0 || chroot(".") < 0)
        die("/root");
    execv("/sbin/init", argv);
    die("/sbin/init");
}
