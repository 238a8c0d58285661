/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <fcntl.h>
#include <stdio.h>

#include "bpf/btf.h"

/* Runs lpd's queries on a file of BTF. For tests/vm/kernel-btf. */
int main(int argc, char **argv) {
    struct btf_query queries[] = {
        { .name = "__x64_sys_finit_module" },
        { .name = "__x64_sys_init_module" },
        { .name = "bpf_verify_pkcs7_signature" },
        { .name = "bpf_lookup_system_key" },
        { .name = "bpf_key_put" },
        { .name = "bpf_iter_task" },
        { .name = "klp_init_transition" },
        { .name = "klp_reverse_transition" },
        { .name = "task_struct", .member = "cred" },
        { .name = "cred", .member = "cap_effective" },
        { .name = "cred", .member = "user_ns" },
        { .name = "user_namespace", .member = "parent" },
        { .name = "klp_patch", .member = "mod" },
        { .name = "module", .member = "name" },
    };
    int fd = argc == 2 ? open(argv[1], O_RDONLY | O_CLOEXEC) : -1, missing = 0, r;

    r = fd < 0 ? -errno : btf_find(fd, queries, ELEMENTSOF(queries));
    if (r < 0) {
        fprintf(stderr, "%s: %s\n", argc == 2 ? argv[1] : "usage: btf-ask FILE", strerror(-r));
        return EXIT_FAILURE;
    }
    for (size_t i = 0; i < ELEMENTSOF(queries); i++) {
        const struct btf_query *q = queries + i;

        printf("%s%s%s %s %u\n", q->name, q->member ? "." : "", q->member ?: "",
               q->found ? q->member ? "offset" : "id" : "missing", q->found ? q->value : 0);
        missing += !q->found;
    }
    return missing > 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
