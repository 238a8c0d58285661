/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* lpd-parser reads untrusted ASN.1, so that lpd need not. Standard input is a file of records,
 * standard output the answer: trust/parser-format.h. With --self-test it reads a signature of its
 * own in the same jail instead, and reports whether that worked. The exit status is one of enum
 * parser_exit. */
#include <sys/mman.h>
#include <sys/stat.h>

#include "jail.h"
#include "parse.h"
#include "self-test.h"

static int map_input(void **ret, size_t *ret_size) {
    struct stat st;
    void *input;

    if (fstat(STDIN_FILENO, &st) < 0)
        return -errno;
    if (!S_ISREG(st.st_mode) || st.st_size == 0)
        return -EINVAL;
    input = mmap(NULL, (size_t) st.st_size, PROT_READ, MAP_PRIVATE, STDIN_FILENO, 0);
    if (input == MAP_FAILED)
        return -errno;
    *ret = input;
    *ret_size = (size_t) st.st_size;
    return 0;
}

static int write_all(const char *data, size_t size) {
    ssize_t n;

    for (; size > 0; data += n, size -= (size_t) n) {
        n = write(STDOUT_FILENO, data, size);
        if (n < 0)
            return -errno;
    }
    return 0;
}

/* Confines this process, for input of up to that size. */
static enum parser_exit set_up(size_t size) {
    parse_init();
    return jail_enter(size) < 0 ? PARSER_EXIT_NO_JAIL : PARSER_EXIT_ANSWERED;
}

static enum parser_exit run(void) {
    struct parser_answer answer = {};
    void *input = NULL;
    enum parser_exit status;
    size_t size = 0;

    if (map_input(&input, &size) < 0)
        return PARSER_EXIT_FAILED;
    status = set_up(size);
    if (status != PARSER_EXIT_ANSWERED)
        return status;
    if (parse(input, size, &answer) < 0 || write_all(answer.data, answer.size) < 0)
        return PARSER_EXIT_FAILED;
    return PARSER_EXIT_ANSWERED;
}

static enum parser_exit run_self_test(void) {
    _cleanup_(error_done) struct error e = ERROR_NULL;
    const char *message = "lpd-parser works on this machine";
    enum parser_exit status;
    int r;

    status = set_up(0);
    if (status == PARSER_EXIT_ANSWERED) {
        r = self_test(&e);
        if (r < 0) {
            message = error_message(&e, r);
            status = PARSER_EXIT_FAILED;
        }
    } else {
        message = "lpd-parser cannot confine itself: the kernel has no seccomp filters";
    }
    if (write_all(message, strlen(message)) < 0 || write_all("\n", 1) < 0)
        return PARSER_EXIT_FAILED;
    return status;
}

/* Skips the handlers of exit(3), which would free memory for nothing and look for leaks. */
int main(int argc, char *argv[]) {
    if (argc == 2 && streq(argv[1], PARSER_SELF_TEST))
        _exit(run_self_test());
    _exit(argc == 1 ? run() : PARSER_EXIT_FAILED);
}
