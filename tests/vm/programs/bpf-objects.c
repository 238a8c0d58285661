/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Counts the BPF objects in the kernel and prints one line "PROGRAMS MAPS LINKS".
 *
 * With the argument "watch" it creates a BPF map repeatedly until SIGTERM, like any other program
 * of the machine might, and prints "CALLS FAILURES PROGRAMS": the last is the largest number of
 * programs seen. */
#include <linux/bpf.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

static volatile sig_atomic_t ended;

static void end(int signal) {
    (void) signal;
    ended = 1;
}

static long bpf(enum bpf_cmd command, union bpf_attr *a) {
    return syscall(SYS_bpf, command, a, sizeof *a);
}

static unsigned count(enum bpf_cmd get_next_id) {
    union bpf_attr a;
    unsigned n = 0;

    memset(&a, 0, sizeof a);
    while (bpf(get_next_id, &a) == 0) {
        a.start_id = a.next_id;
        n++;
    }
    return n;
}

static int make_map(void) {
    union bpf_attr a;

    memset(&a, 0, sizeof a);
    a.map_type = BPF_MAP_TYPE_ARRAY;
    a.key_size = a.value_size = 4;
    a.max_entries = 1;
    return bpf(BPF_MAP_CREATE, &a);
}

static void watch(void) {
    unsigned calls = 0, failures = 0, most = 0;

    for (; !ended; calls++) {
        int fd = make_map();
        unsigned n = count(BPF_PROG_GET_NEXT_ID);

        failures += fd < 0;
        close(fd);
        most = n > most ? n : most;
        usleep(1000);
    }
    printf("%u %u %u\n", calls, failures, most);
}

int main(int argc, char **argv) {
    signal(SIGTERM, end);
    if (argc > 1 && strcmp(argv[1], "watch") == 0)
        watch();
    else
        printf("%u %u %u\n", count(BPF_PROG_GET_NEXT_ID), count(BPF_MAP_GET_NEXT_ID),
               count(BPF_LINK_GET_NEXT_ID));
    return 0;
}
