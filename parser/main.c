/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* lpd-parser: reads what somebody else made in ASN.1, so that lpd need not. Standard input is a
 * file of records, trust/parser-format.h; standard output one JSON text, trust/pkcs7-json.h. Exit
 * status 0: it has answered. */
#include <sys/mman.h>
#include <sys/stat.h>

#include "jail.h"
#include "parse.h"

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

static int run(void) {
    size_t size = 0, json_size = 0;
    void *input = NULL;
    char *json = NULL;
    int r;

    r = map_input(&input, &size);
    if (r < 0)
        return r;
    parse_init();
    r = jail_enter(size);
    if (r < 0)
        return r;
    r = parse(input, size, &json, &json_size);
    return r < 0 ? r : write_all(json, json_size);
}

/* Without the handlers of exit(3): those would free what ends anyway, and look for leaks. */
int main(void) {
    int r = run();

    _exit(r < 0 ? 1 : 0);
}
