/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/error.h"
#include "base/host.h"

/* The kernel's verdict by its own verify_pkcs7_signature(), the function that the module loader
 * uses: a BPF program calls the kfunc bpf_verify_pkcs7_signature() (Linux 6.1). */

/* include/linux/verification.h, bpf_lookup_system_key() */
enum system_keyring {
    SYSTEM_KEYRING_BUILTIN = 0,
    SYSTEM_KEYRING_SECONDARY = 1, /* includes builtin and machine */
    SYSTEM_KEYRING_PLATFORM = 2,
};

/* The program, loaded once for all questions of this process. It is not attached to anything: only
 * this process can run it, and it ends with this process. */
struct kernel_pkcs7;

void kernel_pkcs7_free(struct kernel_pkcs7 *k);
DEFINE_TRIVIAL_CLEANUP_FUNC(struct kernel_pkcs7 *, kernel_pkcs7_free)

/* Prepares to ask about these bytes, which are copied. If this way is not available here, fails
 * with the reason as a clause ("this kernel has no BTF"): -EOPNOTSUPP (kernel too old, no BTF, no
 * BPF), -EPERM (capabilities), -EFBIG (16 MiB and more), -ENOMEM. */
int kernel_pkcs7_new(struct host *h, const void *data, size_t data_size, const void *signature,
                     size_t signature_size, struct kernel_pkcs7 **ret, struct error *e);

/* Asks. 0: the kernel answered, and *ret_answer is its answer: 0 (verified), -ENOKEY (no such key
 * in that keyring), -EKEYREJECTED (bad, or forbidden by .blacklist), -EBADMSG (malformed), -ENOPKG
 * (crypto that this kernel lacks), or another. Negative: the program did not run, which is no
 * answer: -EOPNOTSUPP with the reason. */
int kernel_pkcs7_ask(struct kernel_pkcs7 *k, enum system_keyring keyring, int *ret_answer,
                     struct error *e);
