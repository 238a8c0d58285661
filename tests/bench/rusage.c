/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Runs a program and prints what it took, in one line on standard output:
 *
 *     rusage PROGRAM ARGUMENT…
 *     USER+SYSTEM-MICROSECONDS WALL-MICROSECONDS PEAK-KIB EXIT-STATUS
 *
 * With RUSAGE_FILE in the environment the line goes into that file, and the program keeps its
 * standard output: so that another program can run it in between.
 *
 * Linked statically and small, as a new program's peak begins with that of the process it was forked
 * from (Linux: fs/exec.c, exec_mmap()).
 */
#define _GNU_SOURCE
#include <err.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static int64_t now_usec(void) {
    struct timespec ts;

    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (int64_t) ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
}

static int64_t usec(struct timeval t) {
    return (int64_t) t.tv_sec * 1000000 + t.tv_usec;
}

int main(int argc, char *argv[]) {
    const char *path = getenv("RUSAGE_FILE");
    FILE *out = path ? fopen(path, "we") : stdout;
    struct rusage used;
    int64_t begin;
    int status;
    pid_t pid;

    if (argc < 2)
        errx(2, "usage: rusage PROGRAM ARGUMENT...");
    if (!out)
        err(2, "%s", path);
    begin = now_usec();
    pid = vfork();
    if (pid == 0) {
        if (!path)
            dup2(STDERR_FILENO, STDOUT_FILENO);
        execv(argv[1], argv + 1);
        _exit(127);
    }
    if (pid < 0 || wait4(pid, &status, 0, &used) < 0)
        err(2, "%s", argv[1]);
    fprintf(out, "%lld %lld %ld %d\n", (long long) (usec(used.ru_utime) + usec(used.ru_stime)),
            (long long) (now_usec() - begin), used.ru_maxrss,
            WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
    return fclose(out) == 0 ? 0 : 2;
}
