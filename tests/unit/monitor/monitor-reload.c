/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>

#include "check.h"
#include "fake-kernel.h"
#include "monitor/monitor.h"

/* What lpd.service tells systemd when it starts, is reloaded, and stops. */

static struct fake_kernel k;

/* Binds the socket that $NOTIFY_SOCKET names from now on. */
static int listen_as_systemd(void) {
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    struct timeval patience = { .tv_sec = 20 };
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

    assert_true(strlen(k.root) + STRLEN("/notify") < sizeof(address.sun_path));
    (void) stpcpy(stpcpy(address.sun_path, k.root), "/notify");
    assert_true(fd >= 0);
    assert_int_equal(bind(fd, (struct sockaddr *) &address, sizeof(address)), 0);
    assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience)), 0);
    assert_int_equal(setenv("NOTIFY_SOCKET", address.sun_path, true), 0);
    return fd;
}

/* The next message but those that only change the status. */
static void expect(int fd, const char *begin) {
    char message[512];
    ssize_t n;

    do {
        n = recv(fd, message, sizeof(message) - 1, 0);
        assert_true(n > 0);
        message[n] = '\0';
    } while (startswith(message, "STATUS=") || startswith(message, "FDSTORE"));
    if (!startswith(message, begin))
        fail_msg("%s instead of %s", message, begin);
}

static void test_reload(void **state _unused_) {
    int fd, status;
    pid_t pid;

    fake_kernel_open(&k);
    fd = listen_as_systemd();
    pid = fork();
    assert_true(pid >= 0);
    if (pid == 0)
        _exit(monitor_run(&k.host, NULL) < 0);
    expect(fd, "READY=1");
    for (unsigned i = 0; i < 2; i++) {
        assert_int_equal(kill(pid, SIGHUP), 0);
        expect(fd, "RELOADING=1\nMONOTONIC_USEC=");
        expect(fd, "READY=1");
    }
    assert_int_equal(kill(pid, SIGTERM), 0);
    expect(fd, "STOPPING=1");
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
    (void) close(fd);
    fake_kernel_close(&k);
}

int main(void) {
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_reload),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
