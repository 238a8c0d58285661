/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Runs in the machine and does what the bench asks for over a virtio port.  A request is a line
 * "COMMAND-BYTES INPUT-BYTES SECONDS" and then that many bytes of a bash script and of its standard
 * input; the answer is a line "STATUS OUTPUT-BYTES" and then the output, standard error included.
 * A script that takes longer than those seconds is killed and has the status -1.  Both streams are
 * files, so background processes of a script delay nothing. */
#define _GNU_SOURCE
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static int open_port(void) {
    glob_t found = { 0 };

    while (glob("/dev/vport*p1", 0, NULL, &found) != 0)
        usleep(20 * 1000);
    int fd = open(found.gl_pathv[0], O_RDWR | O_CLOEXEC);
    if (fd < 0)
        err(1, "%s", found.gl_pathv[0]);
    return fd;
}

/* Reads exactly that many bytes; the port returns none while its other end is closed. */
static void read_all(int fd, char *data, size_t size) {
    while (size > 0) {
        ssize_t n = read(fd, data, size);
        if (n < 0 && errno != EINTR)
            err(1, "read");
        if (n == 0)
            usleep(20 * 1000);
        if (n > 0)
            data += n, size -= n;
    }
}

static void write_all(int fd, const char *data, size_t size) {
    while (size > 0) {
        ssize_t n = write(fd, data, size);
        if (n < 0 && errno != EINTR)
            err(1, "write");
        if (n > 0)
            data += n, size -= n;
    }
}

static void read_head(int port, size_t *command, size_t *input, int *seconds) {
    char line[64];
    size_t n = 0;

    do
        read_all(port, line + n, 1);
    while (line[n++] != '\n' && n < sizeof line - 1);
    line[n] = '\0';
    if (sscanf(line, "%zu %zu %d", command, input, seconds) != 3)
        errx(1, "not a request: %s", line);
}

/* A nameless file with the next bytes of the port; the script inherits it. */
static int take(int port, const char *name, size_t size) {
    char *data = malloc(size + 1);
    int fd = memfd_create(name, 0);

    if (!data || fd < 0)
        err(1, "%s", name);
    read_all(port, data, size);
    write_all(fd, data, size);
    lseek(fd, 0, SEEK_SET);
    free(data);
    return fd;
}

static void start(int command, int input, int output) {
    char path[32];
    sigset_t none;

    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    setsid();
    dup2(input, 0);
    dup2(output, 1);
    dup2(output, 2);
    close(input);
    close(output);
    snprintf(path, sizeof path, "/dev/fd/%d", command);
    execl("/bin/bash", "bash", path, NULL);
    _exit(127);
}

/* Waits for the child's end; false after that many seconds.  SIGCHLD is blocked. */
static bool wait_end(pid_t pid, int seconds, int *status) {
    struct timespec now, left = { 0 };
    time_t end;
    sigset_t child;

    sigemptyset(&child);
    sigaddset(&child, SIGCHLD);
    clock_gettime(CLOCK_MONOTONIC, &now);
    end = now.tv_sec + seconds;
    while (waitpid(pid, status, WNOHANG) != pid) {
        clock_gettime(CLOCK_MONOTONIC, &now);
        left.tv_sec = end - now.tv_sec;
        if (left.tv_sec < 0 || (sigtimedwait(&child, NULL, &left) < 0 && errno == EAGAIN))
            return false;
    }
    return true;
}

static int run(int command, int input, int output, int seconds) {
    int status;
    pid_t pid = fork();

    if (pid < 0)
        err(1, "fork");
    if (pid == 0)
        start(command, input, output);
    if (!wait_end(pid, seconds, &status)) {
        kill(-pid, SIGKILL);
        wait_end(pid, 2, &status); /* or never, inside the kernel */
        return -1;
    }
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static void answer(int port, int status, int output) {
    struct stat st;
    char head[64];

    if (fstat(output, &st) < 0)
        err(1, "output");
    write_all(port, head, snprintf(head, sizeof head, "%d %lld\n", status, (long long) st.st_size));
    if (st.st_size == 0)
        return;
    char *data = mmap(NULL, st.st_size, PROT_READ, MAP_SHARED, output, 0);
    if (data == MAP_FAILED)
        err(1, "output");
    write_all(port, data, st.st_size);
    munmap(data, st.st_size);
}

int main(void) {
    int port = open_port();
    sigset_t child;

    sigemptyset(&child);
    sigaddset(&child, SIGCHLD);
    sigprocmask(SIG_BLOCK, &child, NULL);
    for (;;) {
        size_t command_size, input_size;
        int seconds;
        read_head(port, &command_size, &input_size, &seconds);
        int command = take(port, "command", command_size);
        int input = take(port, "input", input_size);
        int output = open("/run", O_TMPFILE | O_RDWR, 0600);
        if (output < 0)
            err(1, "/run");
        int status = run(command, input, output, seconds);
        answer(port, status, output);
        close(command);
        close(input);
        close(output);
    }
}
