/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A compromised parser: parser-liar PARSER LIE runs the real one and changes its answer. */
#include <stdio.h>

#include "trust/parser-answer.h"

static void lie_about(struct pkcs7 *p, const char *what) {
    if (streq(what, "source"))
        for (size_t i = 0; i < p->n_certificates; i++)
            p->certificates[i].source = SIZE_MAX; /* "it came in the signature" */
    if (streq(what, "digest"))
        for (size_t i = 0; i < p->n_signers; i++)
            p->signers[i].digest_size = p->signers[i].digest ? 1 : 0;
}

int main(int argc, char *argv[]) {
    static struct certificate_file offered[PARSER_FILES_MAX];
    struct certificate_files files = { .files = offered, .n_files = PARSER_FILES_MAX };
    static char buffer[1024 * 1024];
    struct parser_answer answer = {};
    struct pkcs7 p = {};
    size_t size;
    FILE *real;

    for (size_t i = 0; i < PARSER_FILES_MAX; i++)
        offered[i].path = (char *) "";
    real = argc == 3 ? popen(argv[1], "r") : NULL;
    if (!real)
        return EXIT_FAILURE;
    size = fread(buffer, 1, sizeof(buffer), real);
    if (pclose(real) != 0 || parser_answer_read(buffer, size, &files, &p, NULL) < 0)
        return EXIT_FAILURE;
    lie_about(&p, argv[2]);
    if (parser_answer_add_pkcs7(&answer, &p) < 0 || parser_answer_end(&answer) < 0 ||
        fwrite(answer.data, 1, answer.size, stdout) != answer.size)
        return EXIT_FAILURE;
    pkcs7_done(&p);
    parser_answer_done(&answer);
    return fflush(stdout) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
