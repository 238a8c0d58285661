/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "trust/parser-answer.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct certificate_file offered[] = { { .path = (char *) "a" }, { .path = (char *) "b" } };
    struct certificate_files files = { .files = offered, .n_files = ELEMENTSOF(offered) };
    struct error e = ERROR_NULL;
    struct pkcs7 p = {};
    int r;

    r = parser_answer_read(data, size, &files, &p, &e);
    if (r < 0 && (!e.message || p.n_signers > 0 || p.n_certificates > 0))
        abort();
    for (size_t i = 0; i < p.n_signers; i++)
        for (size_t j = 0; j < p.signers[i].n_certificates; j++)
            if (p.signers[i].certificates[j] >= p.n_certificates)
                abort();
    for (size_t i = 0; i < p.n_certificates; i++)
        if (p.certificates[i].source != SIZE_MAX && p.certificates[i].source >= ELEMENTSOF(offered))
            abort();
    error_done(&e);
    pkcs7_done(&p);
    return 0;
}
