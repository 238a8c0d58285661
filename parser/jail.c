/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <endian.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>

#include "jail.h"
#include "trust/parser-format.h"

#define MEMORY_MAX ((size_t) 256 * 1024 * 1024)

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SANITIZED 1
#endif
#endif
#ifdef __SANITIZE_ADDRESS__
#define SANITIZED 1
#endif
#ifndef SANITIZED
#define SANITIZED 0
#endif

/* The machines that support live patches, and one that will. */
#if defined(__x86_64__)
#define ARCHITECTURE AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define ARCHITECTURE AUDIT_ARCH_AARCH64
#elif defined(__powerpc64__) && __BYTE_ORDER == __LITTLE_ENDIAN
#define ARCHITECTURE AUDIT_ARCH_PPC64LE
#elif defined(__s390x__)
#define ARCHITECTURE AUDIT_ARCH_S390X
#elif defined(__loongarch64)
#define ARCHITECTURE AUDIT_ARCH_LOONGARCH64
#elif defined(__riscv) && __riscv_xlen == 64
#define ARCHITECTURE AUDIT_ARCH_RISCV64
#else
#error "the name of this architecture for seccomp(2) is missing"
#endif

/* The system calls that any version of the C library and libcrypto needs to compute. Versions
 * differ in what else they try, and that must not decide whether a signature can be read: those
 * calls fail, and the libraries work without them. Random numbers are not available: verifying
 * needs none, see random.c, and at boot the kernel may not have any for a long time. */
static const int allowed[] = {
    __NR_write,
    __NR_exit_group,
    __NR_exit,
    __NR_rt_sigreturn,
    /* malloc(3) */
    __NR_brk,
    __NR_munmap,
    __NR_mremap,
    __NR_madvise,
    __NR_futex, /* the C library ends the process if it cannot wake the waiters of a lock */
    __NR_getpid,
    __NR_clock_gettime,
#ifdef __s390x__
    __NR_mmap, /* its arguments are in memory, which no filter can read */
#endif
#if SANITIZED
    __NR_sigaltstack, /* the address sanitizer calls it before a function that does not return */
#endif
};

#define OFFSET_OF_NUMBER offsetof(struct seccomp_data, nr)
#define OFFSET_OF_ARCHITECTURE offsetof(struct seccomp_data, arch)
/* The half of the third argument that contains the bits of PROT_*. */
#define OFFSET_OF_PROTECTION                                                                       \
    (offsetof(struct seccomp_data, args[2]) + (__BYTE_ORDER == __BIG_ENDIAN ? 4 : 0))

#define LOAD(offset) BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (uint32_t) (offset))
#define ANSWER(action) BPF_STMT(BPF_RET | BPF_K, (action))
/* Continues with the next instruction if the loaded value is equal, otherwise skips that many
 * more. */
#define IF_EQUAL(value, skipped)                                                                   \
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (uint32_t) (value), 0, (skipped))
#define IF_ANY_BIT(bits, skipped) BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, (bits), 0, (skipped))

static int set_filter(void) {
    static const struct sock_filter head[] = {
        LOAD(OFFSET_OF_ARCHITECTURE),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ARCHITECTURE, 1, 0),
        ANSWER(SECCOMP_RET_KILL_PROCESS),
        LOAD(OFFSET_OF_NUMBER),
    };
    static const struct sock_filter tail[] = {
        /* Allows mapping memory, but not executable memory. */
        IF_EQUAL(__NR_mmap, 2),
        LOAD(OFFSET_OF_PROTECTION),
        IF_ANY_BIT(PROT_EXEC, 1),
        ANSWER(SECCOMP_RET_ERRNO | ENOSYS), /* any other call */
        ANSWER(SECCOMP_RET_ALLOW),
    };
    struct sock_filter filter[ELEMENTSOF(head) + 2 * ELEMENTSOF(allowed) + ELEMENTSOF(tail)];
    struct sock_fprog program = { .len = ELEMENTSOF(filter), .filter = filter };
    struct sock_filter *next = filter;

    memcpy(next, head, sizeof(head));
    next += ELEMENTSOF(head);
    for (size_t i = 0; i < ELEMENTSOF(allowed); i++) {
        *next++ = (struct sock_filter) IF_EQUAL(allowed[i], 1);
        *next++ = (struct sock_filter) ANSWER(SECCOMP_RET_ALLOW);
    }
    memcpy(next, tail, sizeof(tail));
    return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) < 0 ? -errno : 0;
}

static void set_limit(__rlimit_resource_t resource, rlim_t limit) {
    (void) setrlimit(resource, &(struct rlimit){ .rlim_cur = limit, .rlim_max = limit });
}

int jail_enter(size_t input_size) {
    if (!SANITIZED) /* they reserve terabytes */
        set_limit(RLIMIT_AS, input_size + MEMORY_MAX);
    set_limit(RLIMIT_CPU, PARSER_SECONDS_MAX);
    set_limit(RLIMIT_NOFILE, 0);
    if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0 || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
        return -errno;
    return set_filter();
}
