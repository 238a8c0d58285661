/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Runs a fuzz target on every file of its corpus, so that each finding stays a regression test. */
#include <stdio.h>

#include "base/file.h"
#include "base/strv.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int run_corpus(const struct host *corpus, char *const *names) {
    STRV_FOREACH(name, names) {
        _cleanup_free_ char *data = NULL;
        size_t size;
        int r;

        r = file_read(corpus, *name, 64 * 1024 * 1024, &data, &size);
        if (r < 0) {
            fprintf(stderr, "%s: %s\n", *name, strerror(-r));
            return EXIT_FAILURE;
        }
        (void) LLVMFuzzerTestOneInput((const uint8_t *) data, size);
    }
    printf("%zu inputs\n", strv_length(names));
    return EXIT_SUCCESS;
}

int main(int argc, char *argv[]) {
    _cleanup_(host_close) struct host corpus = HOST_NULL;
    _cleanup_strv_free_ char **names = NULL;
    int r;

    if (argc != 2) {
        fprintf(stderr, "usage: %s CORPUS\n", argv[0]);
        return EXIT_FAILURE;
    }
    r = host_open(argv[1], &corpus);
    if (r >= 0)
        r = file_list(&corpus, ".", &names);
    if (r < 0 || !names) {
        fprintf(stderr, "%s: no corpus: %s\n", argv[1], strerror(r < 0 ? -r : ENOENT));
        return EXIT_FAILURE;
    }
    return run_corpus(&corpus, names);
}
