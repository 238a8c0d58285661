/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <sys/wait.h>
#include <time.h>

#include "base/file.h"
#include "base/strv.h"
#include "trust/parser-answer.h"
#include "trust/parser.h"

/* The parser itself may take PARSER_SECONDS_MAX. A busy machine, as at boot, gives it CPU time
 * late, and that must not cause a good patch to be refused. */
#define WAIT_SECONDS 60

static int write_record(int fd, enum parser_record_type type, const void *data, size_t size) {
    struct parser_record record = { .type = type, .size = size };
    int r;

    r = file_write_fd(fd, &record, sizeof(record));
    return r < 0 ? r : file_write_fd(fd, data, size);
}

static size_t n_files_sent(const struct certificate_files *files) {
    return files ? MIN(files->n_files, PARSER_FILES_MAX) : 0;
}

static int write_request(int fd, const struct parser_request *q) {
    int r = 0;

    if (q->signature)
        r = write_record(fd, PARSER_RECORD_SIGNATURE, q->signature, q->signature_size);
    if (r >= 0 && q->data)
        r = write_record(fd, PARSER_RECORD_DATA, q->data, q->data_size);
    for (size_t i = 0; i < n_files_sent(q->files) && r >= 0; i++)
        r = write_record(fd, PARSER_RECORD_CERTIFICATE, q->files->files[i].data,
                         q->files->files[i].size);
    return r;
}

/* The request, sealed, because the parser maps it. */
static int open_request(const struct parser_request *q) {
    _cleanup_close_ int fd = memfd_new("lpd-parser");
    int r;

    if (fd < 0)
        return fd;
    r = write_request(fd, q);
    if (r >= 0)
        r = memfd_seal(fd);
    return r < 0 ? r : TAKE_FD(fd);
}

/* One run of the parser. */
struct run {
    const char *path, *argument; /* argument: PARSER_SELF_TEST or NULL */
    int input;
    uint64_t start, deadline;
};

/* The parser inherits nothing but these two descriptors: no environment, no directory, no blocked
 * signal. */
static int spawn(const struct run *run, int output, pid_t *ret) {
    char *argv[] = { (char *) run->path, (char *) run->argument, NULL }, *environment[] = { NULL };
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    sigset_t none;
    int r;

    (void) sigemptyset(&none);
    (void) posix_spawnattr_init(&attributes);
    (void) posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK);
    (void) posix_spawnattr_setsigmask(&attributes, &none);
    (void) posix_spawn_file_actions_init(&actions);
    r = posix_spawn_file_actions_adddup2(&actions, run->input, STDIN_FILENO) ?:
        posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO) ?:
        posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0) ?:
        posix_spawn_file_actions_addclosefrom_np(&actions, STDERR_FILENO + 1) ?:
        posix_spawn_file_actions_addchdir_np(&actions, "/") ?:
        posix_spawn(ret, run->path, &actions, &attributes, argv, environment);
    (void) posix_spawn_file_actions_destroy(&actions);
    (void) posix_spawnattr_destroy(&attributes);
    return -r;
}

static uint64_t now_usec(void) {
    struct timespec t;

    (void) clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t) t.tv_sec * USEC_PER_SEC + (uint64_t) t.tv_nsec / 1000;
}

uint64_t parser_deadline(unsigned seconds) {
    return now_usec() + seconds * USEC_PER_SEC;
}

/* Waits for data or the end. */
static int wait_for_input(int fd, uint64_t deadline) {
    struct pollfd p = { .fd = fd, .events = POLLIN };
    uint64_t now;
    int r;

    do {
        now = now_usec();
        r = poll(&p, 1, now < deadline ? (int) MIN((deadline - now) / USEC_PER_MSEC + 1, INT_MAX) : 0);
    } while (r < 0 && errno == EINTR);
    if (r < 0)
        return -errno;
    return r == 0 ? -ETIMEDOUT : 0;
}

static int grow(char **buffer, size_t *room) {
    size_t wanted = MAX(2 * *room, (size_t) 64 * 1024);
    char *grown;

    if (wanted > PARSER_ANSWER_SIZE_MAX)
        return -EFBIG;
    grown = realloc(*buffer, wanted);
    if (!grown)
        return -ENOMEM;
    *buffer = grown;
    *room = wanted;
    return 0;
}

static int read_answer(int fd, uint64_t deadline, char **ret, size_t *ret_size) {
    _cleanup_free_ char *buffer = NULL;
    size_t size = 0, room = 0;
    ssize_t n;
    int r;

    for (;;) {
        r = size == room ? grow(&buffer, &room) : 0;
        if (r >= 0)
            r = wait_for_input(fd, deadline);
        if (r < 0)
            return r;
        n = read(fd, buffer + size, room - size);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return -errno;
        if (n == 0)
            break;
        size += (size_t) n;
    }
    *ret = TAKE_PTR(buffer);
    *ret_size = size;
    return 0;
}

/* The parser does not close its end of the pipe; the kernel closes it when the exit status is final
 * (kernel/exit.c do_exit()). So a kill cannot change the result of a parser that has answered, and
 * there is no need to wait for one that keeps running. */
static int end(pid_t pid) {
    int status;

    (void) kill(pid, SIGKILL);
    while (waitpid(pid, &status, 0) < 0)
        if (errno != EINTR)
            return -errno;
    return status;
}

static int describe_exit(int status, struct error *e) {
    if (status == PARSER_EXIT_NO_JAIL) {
        (void) error_set(e, -EPIPE, EXIT_STATUS_FAILED,
                         "lpd-parser cannot confine itself: the kernel has no seccomp filters");
        return error_hint(e, -EPIPE, "use a kernel with CONFIG_SECCOMP_FILTER=y");
    }
    if (status != PARSER_EXIT_ANSWERED)
        return error_set(e, -EPIPE, EXIT_STATUS_FAILED, "lpd-parser failed with status %d", status);
    return 0;
}

/* The result of the parser; r is the result of reading its answer. */
static int describe_end(const struct run *run, int status, int r, struct error *e) {
    if (r == -ETIMEDOUT)
        return error_set(e, r, EXIT_STATUS_FAILED, "lpd-parser did not answer within %.0f s",
                         (double) (now_usec() - run->start) / (double) USEC_PER_SEC);
    if (r < 0)
        return error_set(e, r, EXIT_STATUS_FAILED, "cannot read the answer of lpd-parser: %s",
                         strerror(-r));
    if (status < 0)
        return error_set(e, status, EXIT_STATUS_FAILED, "cannot wait for lpd-parser: %s",
                         strerror(-status));
    if (WIFSIGNALED(status))
        return error_set(e, -EPIPE, EXIT_STATUS_FAILED, "lpd-parser was killed by SIG%s",
                         sigabbrev_np(WTERMSIG(status)) ?: "?");
    return describe_exit(WEXITSTATUS(status), e);
}

static int run_and_read(const struct run *run, char **ret, size_t *ret_size, struct error *e) {
    _cleanup_close_ int from = -EBADF, to = -EBADF;
    _cleanup_free_ char *answer = NULL;
    int r, ends[2];
    pid_t pid = 0;

    if (pipe2(ends, O_CLOEXEC) < 0)
        return error_set(e, -errno, EXIT_STATUS_FAILED, "cannot create a pipe: %s", strerror(errno));
    from = ends[0];
    to = ends[1];
    r = spawn(run, to, &pid);
    if (r < 0)
        return error_set(e, r, EXIT_STATUS_FAILED, "cannot run %s: %s", run->path, strerror(-r));
    closep(&to);
    to = -EBADF;
    r = read_answer(from, run->deadline, &answer, ret_size);
    r = describe_end(run, end(pid), r, e);
    if (r >= 0)
        *ret = TAKE_PTR(answer);
    return r;
}

static int run_parser(const char *argument, int input, uint64_t deadline, char **ret, size_t *ret_size,
                      struct error *e) {
    const char *directory = secure_getenv("LPD_LIBEXECDIR") ?: LPD_LIBEXECDIR;
    _cleanup_free_ char *path = NULL;
    struct run run = {
        .argument = argument,
        .input = input,
        .start = now_usec(),
        .deadline = deadline ?: parser_deadline(WAIT_SECONDS),
    };

    if (asprintf(&path, "%s/lpd-parser", directory) < 0)
        return -ENOMEM;
    run.path = path;
    return run_and_read(&run, ret, ret_size, e);
}

int parser_self_test(uint64_t deadline, struct error *e) {
    _cleanup_close_ int input = memfd_new("lpd-parser");
    _cleanup_free_ char *answer = NULL;
    size_t size;

    if (input < 0)
        return error_set(e, input, EXIT_STATUS_FAILED, "cannot ask lpd-parser: %s", strerror(-input));
    return run_parser(PARSER_SELF_TEST, input, deadline, &answer, &size, e);
}

static int add_files_not_sent(const struct certificate_files *files, struct pkcs7 *p) {
    int r = 0;

    for (size_t i = n_files_sent(files); files && i < files->n_files && r >= 0; i++) {
        char *line;

        if (asprintf(&line, "%s: there are more than %zu files", files->files[i].path,
                     PARSER_FILES_MAX) < 0)
            return -ENOMEM;
        r = strv_consume(&p->unreadable, line);
    }
    return r;
}

int parser_run(const struct parser_request *request, struct pkcs7 *ret, struct error *e) {
    _cleanup_(pkcs7_done) struct pkcs7 p = {};
    _cleanup_free_ char *answer = NULL;
    _cleanup_close_ int input = -EBADF;
    size_t size = 0;
    int r;

    input = open_request(request);
    if (input < 0)
        return error_set(e, input, EXIT_STATUS_FAILED, "cannot ask lpd-parser: %s",
                         strerror(-input));
    r = run_parser(NULL, input, request->deadline, &answer, &size, e);
    if (r < 0)
        return r;
    r = parser_answer_read(answer, size, request->files, &p, e);
    if (r >= 0 && request->signature && p.n_signers == 0)
        return error_set(e, -EPROTO, EXIT_STATUS_FAILED, "lpd-parser answered without a signer");
    if (r >= 0)
        r = add_files_not_sent(request->files, &p);
    if (r < 0)
        return r;
    *ret = TAKE_STRUCT(p);
    return 0;
}
