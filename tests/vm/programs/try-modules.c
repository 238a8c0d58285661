/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Asks the kernel itself about modules: standard input names one file a line, each is loaded with
 * finit_module(2), and one that was taken is removed again.  The answer is a line "ERROR TAINT": the
 * error's name, 0 for none, and the module's taint as /sys/module/NAME/taint has it.
 */
#define _GNU_SOURCE
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

/* The first word of a file, in a buffer of 64 bytes. */
static void read_word(const char *path, char word[static 64]) {
    FILE *file = fopen(path, "re");

    if (!file)
        err(1, "%s", path);
    if (fscanf(file, "%63s", word) != 1)
        word[0] = '\0';
    fclose(file);
}

/* A livepatch goes by being disabled; its directory goes when the transition has ended. */
static void disable(const char *name) {
    char path[128];

    snprintf(path, sizeof path, "/sys/kernel/livepatch/%s/enabled", name);
    while (access(path, F_OK) == 0) {
        FILE *file = fopen(path, "we");
        if (file) {
            fputs("0", file);
            fclose(file); /* EBUSY and EINVAL while it still comes or already goes */
        }
        usleep(10 * 1000);
    }
}

static void remove_newest(char taint[static 64]) {
    char name[64], path[128];

    read_word("/proc/modules", name); /* the newest comes first */
    snprintf(path, sizeof path, "/sys/module/%s/taint", name);
    read_word(path, taint);
    disable(name);
    while (syscall(SYS_delete_module, name, O_NONBLOCK) < 0) {
        if (errno != EAGAIN && errno != EBUSY)
            err(1, "delete_module %s", name);
        usleep(10 * 1000);
    }
}

int main(void) {
    char *line = NULL;
    size_t size = 0;

    while (getline(&line, &size, stdin) > 0) {
        char taint[64] = "";
        line[strcspn(line, "\n")] = '\0';
        int fd = open(line, O_RDONLY | O_CLOEXEC);
        if (fd < 0)
            err(1, "%s", line);
        int error = syscall(SYS_finit_module, fd, "", 0) < 0 ? errno : 0;
        close(fd);
        if (error == 0)
            remove_newest(taint);
        printf("%s %s\n", strerrorname_np(error), taint);
    }
    free(line);
    return 0;
}
