/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>

#include "check.h"
#include "jail.h"
#include "trust/parser-format.h"

/* Runs a function in a jail of its own, and returns how it ended: waitpid(2). */
static int in_jail(void (*run)(void)) {
    pid_t pid = fork();
    int status;

    assert_true(pid >= 0);
    if (pid == 0) {
        if (jail_enter(0) < 0)
            _exit(100);
        run();
        _exit(42);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    return status;
}

#define BLOCKED 43 /* exit status: the call failed with ENOSYS */

static void check(long r) {
    _exit(r == -1 && errno == ENOSYS ? BLOCKED : 1);
}

static void run_open(void) {
    check(syscall(__NR_openat, AT_FDCWD, "/dev/null", O_RDONLY));
}
static void run_stat(void) {
    struct statx st;

    check(syscall(__NR_statx, AT_FDCWD, "/", 0, STATX_MODE, &st));
}
static void run_read(void) {
    char c;

    check(syscall(__NR_read, STDIN_FILENO, &c, 1));
}
static void run_socket(void) {
    check(syscall(__NR_socket, AF_UNIX, SOCK_STREAM, 0));
}
static void run_exec(void) {
    check(syscall(__NR_execve, "/bin/true", NULL, NULL));
}
static void run_clone(void) {
    long r = syscall(__NR_clone, SIGCHLD, 0, 0, 0, 0);

    check(r);
}
static void run_kill(void) {
    check(syscall(__NR_kill, getpid(), SIGKILL));
}
static void run_sleep(void) {
    check(syscall(__NR_nanosleep, &(struct timespec){ .tv_sec = 100 }, NULL));
}
static void run_close(void) {
    check(syscall(__NR_close, STDOUT_FILENO));
}
static void run_prctl(void) {
    check(syscall(__NR_prctl, PR_SET_DUMPABLE, 1, 0, 0, 0));
}
/* What newer C libraries do when random numbers are first needed. */
static void run_random(void) {
    char c;

    check(syscall(__NR_getrandom, &c, 1, 0));
}
static void run_block_signals(void) {
    check(syscall(__NR_rt_sigprocmask, SIG_BLOCK, NULL, NULL, 8));
}
static void run_map_code(void) {
    check(syscall(__NR_mmap, NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
}
static void run_make_code(void) {
    static _Alignas(4096) char page[4096];

    check(syscall(__NR_mprotect, page, sizeof(page), PROT_READ | PROT_EXEC));
}
#ifdef __x86_64__
static void run_x32(void) {
    check(syscall(0x40000000 | __NR_getpid));
}
#endif

static void test_blocked(void **state) {
    static void (*const runs[])(void) = {
        run_open,  run_stat,  run_read,   run_socket,        run_exec,     run_clone,     run_kill,
        run_sleep, run_close, run_prctl,  run_random,        run_map_code, run_make_code,
        run_block_signals,
#ifdef __x86_64__
        run_x32,
#endif
    };

    for (size_t i = 0; i < ELEMENTSOF(runs); i++) {
        int status = in_jail(runs[i]);

        if (!WIFEXITED(status) || WEXITSTATUS(status) != BLOCKED)
            fail_msg("call %zu: %#x", i, (unsigned) status);
    }
}

#ifdef __x86_64__
/* Another ABI has other numbers: that of futex(2), which is allowed, is getegid(2) on i386. */
static void run_i386(void) {
    long r = __NR_futex;

    __asm__ volatile("int $0x80" : "+a"(r)::"memory");
}
#endif

static void test_other_architecture(void **state) {
#ifdef __x86_64__
    int status = in_jail(run_i386);

    assert_true(WIFSIGNALED(status));
    assert_int_equal(WTERMSIG(status), SIGSYS);
#else
    skip();
#endif
}

static void run_compute(void) {
    char *volatile p = malloc(64 * 1024 * 1024), *grown;

    if (!p)
        _exit(1);
    memset(p, 1, 64 * 1024 * 1024);
    grown = realloc(p, 96 * 1024 * 1024);
    free(grown);
    if (!grown || write(STDOUT_FILENO, "", 0) < 0)
        _exit(2);
}

static void test_allowed(void **state) {
    int status = in_jail(run_compute);

    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 42);
}

/* Read from outside, after it has reported that it is confined: inside, the limits cannot be
 * read. */
static void test_limits(void **state) {
    struct rlimit cpu, files;
    int ready[2], status;
    pid_t pid;
    char c;

    assert_int_equal(pipe(ready), 0);
    pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        if (jail_enter(0) < 0 || write(ready[1], "", 1) != 1)
            _exit(100);
        for (;;)
            ;
    }
    assert_int_equal(read(ready[0], &c, 1), 1);
    assert_int_equal(prlimit(pid, RLIMIT_CPU, NULL, &cpu), 0);
    assert_int_equal(prlimit(pid, RLIMIT_NOFILE, NULL, &files), 0);
    assert_int_equal(kill(pid, SIGKILL), 0);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(cpu.rlim_max, PARSER_SECONDS_MAX);
    assert_int_equal(files.rlim_max, 0);
    (void) close(ready[0]);
    (void) close(ready[1]);
}

/* lpd's units deny setrlimit(2) with EPERM: SystemCallFilter=~@resources. */
static void deny_limits(void) {
    struct sock_filter filter[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, __NR_prlimit64, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    struct sock_fprog program = { .len = ELEMENTSOF(filter), .filter = filter };

    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ||
        prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) < 0)
        _exit(101);
}

static void test_in_unit(void **state) {
    pid_t pid = fork();
    int status;

    assert_true(pid >= 0);
    if (pid == 0) {
        deny_limits();
        if (setrlimit(RLIMIT_CORE, &(struct rlimit){}) == 0 || jail_enter(0) < 0)
            _exit(100);
        run_compute();
        run_open();
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), BLOCKED);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_blocked),
        cmocka_unit_test(test_other_architecture),
        cmocka_unit_test(test_allowed),
        cmocka_unit_test(test_limits),
        cmocka_unit_test(test_in_unit),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
