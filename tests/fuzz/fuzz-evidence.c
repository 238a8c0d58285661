/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Whatever the log says, the result is one that a ledger can hold, and a log in which the kernel
 * marked no line as its own blames nobody. */
#include "guard/evidence.h"
#include "guard/excerpt.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct evidence_patch patches[] = {
    { .name = "lp_x" },
    { .name = "lp_10", .build_id = "0123456789abcdef0123456789abcdef01234567" },
};

/* "<0>" to "<7>" anywhere. */
static bool has_mark(const uint8_t *data, size_t size) {
    for (size_t i = 0; i + 2 < size; i++)
        if (data[i] == '<' && data[i + 1] >= '0' && data[i + 1] <= '7' && data[i + 2] == '>')
            return true;
    return false;
}

static void check_excerpt(const char *excerpt) {
    if (strlen(excerpt) > EXCERPT_MAX)
        abort();
    for (const char *c = excerpt; *c; c++)
        if (*c != '\n' && *c != '\t' && (*c < ' ' || *c > '~'))
            abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    bool marked = has_mark(data, size);
    struct evidence e;

    if (evidence_find((const char *) data, size, patches, ELEMENTSOF(patches), &e) < 0)
        abort();
    if (e.n_faults > EVIDENCE_FAULTS_MAX || (e.n_dropped > 0 && e.n_faults < EVIDENCE_FAULTS_MAX))
        abort();
    for (size_t i = 0; i < e.n_faults; i++) {
        const struct fault *f = &e.faults[i];

        if ((f->patch != SIZE_MAX) != (f->rule >= EVIDENCE_FRAME) ||
            (f->patch != SIZE_MAX && (!marked || f->patch >= ELEMENTSOF(patches))) ||
            (f->suspect != SIZE_MAX && f->suspect >= ELEMENTSOF(patches)) ||
            (f->patch != SIZE_MAX && !fault_counts_pc(f->kind)))
            abort();
        if (!*fault_kind_name(f->kind) || !*evidence_rule_name(f->rule))
            abort();
        check_excerpt(f->excerpt);
    }
    evidence_done(&e);
    return 0;
}
