/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <fcntl.h>
#include <linux/capability.h>
#include <sys/mman.h>

#include "base/file.h"
#include "bpf/btf.h"
#include "bpf/call.h"
#include "bpf/insn.h"
#include "monitor/refusals.h"

#define NAME "lpd_refusals" /* names of the map and the programs in bpftool(8) */
#define RING_PAGES 4        /* a power of two, at least one */
#define PROGRAM_MAX 80
/* How much of the ring the kernel's requests on behalf of users may take, so that there is room
 * for the refused loads. */
#define USERS_SHARE 4

/* The functions behind the system calls: arch/ARCH/include/asm/syscall_wrapper.h. */
#if defined(__x86_64__)
#define SYSTEM_CALL "__x64_sys_"
#elif defined(__aarch64__)
#define SYSTEM_CALL "__arm64_sys_"
#elif defined(__s390x__)
#define SYSTEM_CALL "__s390x_sys_"
#endif

static int unavailable(struct error *e, int r, const char *what) {
    return error_set(e, r, EXIT_STATUS_FAILED, "refused loads are not counted: %s: %s", what,
                     strerror(-r));
}

static size_t ring_size(void) {
    return RING_PAGES * (size_t) sysconf(_SC_PAGESIZE);
}

/* The offsets, in bytes, of the fields that the kernel decides by: in struct task_struct, struct
 * cred and struct user_namespace. */
struct offsets {
    uint32_t cred, cap_effective, user_ns, parent;
    /* In struct klp_patch and struct module. */
    uint32_t patch_module, module_name;
};

#define COMM_SIZE sizeof(((struct refusal_event *) NULL)->comm)
#define TEXT_SIZE sizeof(((struct refusal_event *) NULL)->text)

/* Reads 8 bytes at that offset from the address in R8, into R8. */
static void append_follow(struct bpf_program *p, uint32_t offset) {
    APPEND(p,
           MOVE(BPF_REG_1, BPF_REG_10),
           ADD(BPF_REG_1, -8),
           SET(BPF_REG_2, 8),
           MOVE(BPF_REG_3, BPF_REG_8),
           ADD(BPF_REG_3, (int32_t) offset),
           HELPER(BPF_FUNC_probe_read_kernel),
           END_UNLESS(BPF_REG_0, 0),
           LOAD64(BPF_REG_8, BPF_REG_10, -8));
}

/* Ends unless the process has CAP_SYS_MODULE in the initial user namespace, the one without a
 * parent: the kernel checks this with capable() (kernel/capability.c) before it checks whether
 * modules are locked. Up to Linux 6.2 the capabilities are two words of 32 bits, the lower first,
 * since then one of 64; the upper half has no capability at the same place, so both layouts can be
 * read the same way. */
static void append_only_for_the_privileged(struct bpf_program *p, const struct offsets *o) {
    APPEND(p, HELPER(BPF_FUNC_get_current_task), MOVE(BPF_REG_8, BPF_REG_0));
    append_follow(p, o->cred);
    APPEND(p, MOVE(BPF_REG_9, BPF_REG_8));
    append_follow(p, o->cap_effective);
    APPEND(p,
           MOVE(BPF_REG_1, BPF_REG_8),
           SHIFT_RIGHT(BPF_REG_1, 32),
           OR(BPF_REG_8, BPF_REG_1),
           AND(BPF_REG_8, 1 << CAP_SYS_MODULE),
           END_IF(BPF_REG_8, 0),
           MOVE(BPF_REG_8, BPF_REG_9));
    append_follow(p, o->user_ns);
    append_follow(p, o->parent);
    APPEND(p, END_UNLESS(BPF_REG_8, 0));
}

/* Ends the program if a user other than root causes a module request and the ring already contains
 * as many of these as USERS_SHARE allows. */
static void append_share(struct bpf_program *p, int ring_fd) {
    const struct bpf_insn check[] = {
        MAP(BPF_REG_1, ring_fd),
        SET(BPF_REG_2, BPF_RB_AVAIL_DATA),
        HELPER(BPF_FUNC_ringbuf_query),
        END_IF_ABOVE(BPF_REG_0, (int32_t) (ring_size() / USERS_SHARE)),
    };

    APPEND(p,
           HELPER(BPF_FUNC_get_current_uid_gid),
           SHIFT_LEFT(BPF_REG_0, 32), /* the group */
           SKIP_IF(BPF_REG_0, 0, ELEMENTSOF(check)));
    bpf_append(p, check, ELEMENTSOF(check));
}

/* Reserves room for an event, whose address stays in R7, or ends if there is none. Keeps R8. */
static void append_begin(struct bpf_program *p, int ring_fd, enum refusal_kind kind) {
    APPEND(p,
           MAP(BPF_REG_1, ring_fd),
           SET(BPF_REG_2, sizeof(struct refusal_event)),
           SET(BPF_REG_3, 0),
           HELPER(BPF_FUNC_ringbuf_reserve),
           END_IF(BPF_REG_0, 0),
           MOVE(BPF_REG_7, BPF_REG_0),
           STORE32_VALUE(BPF_REG_7, offsetof(struct refusal_event, kind), (int32_t) kind),
           HELPER(BPF_FUNC_ktime_get_ns),
           STORE64(BPF_REG_7, offsetof(struct refusal_event, nsec), BPF_REG_0),
           HELPER(BPF_FUNC_get_current_pid_tgid),
           SHIFT_RIGHT(BPF_REG_0, 32),
           STORE32(BPF_REG_7, offsetof(struct refusal_event, pid), BPF_REG_0),
           HELPER(BPF_FUNC_get_current_uid_gid),
           STORE32(BPF_REG_7, offsetof(struct refusal_event, uid), BPF_REG_0),
           MOVE(BPF_REG_1, BPF_REG_7),
           ADD(BPF_REG_1, offsetof(struct refusal_event, comm)),
           SET(BPF_REG_2, COMM_SIZE),
           HELPER(BPF_FUNC_get_current_comm),
           MOVE(BPF_REG_1, BPF_REG_7),
           ADD(BPF_REG_1, offsetof(struct refusal_event, text)));
}

static void append_submit(struct bpf_program *p) {
    APPEND(p, MOVE(BPF_REG_1, BPF_REG_7), SET(BPF_REG_2, 0), HELPER(BPF_FUNC_ringbuf_submit));
    bpf_append_end(p);
}

static size_t assemble_load(int ring_fd, const struct offsets *o,
                            struct bpf_insn insns[static PROGRAM_MAX]) {
    struct bpf_program p = { .insns = insns };

    append_only_for_the_privileged(&p, o);
    append_begin(&p, ring_fd, REFUSAL_OF_LOAD);
    APPEND(&p, SET(BPF_REG_2, COMM_SIZE), HELPER(BPF_FUNC_get_current_comm));
    append_submit(&p);
    return p.n;
}

/* include/trace/events/module.h: the name is the first field. */
static size_t assemble_request(int ring_fd, struct bpf_insn insns[static PROGRAM_MAX]) {
    struct bpf_program p = { .insns = insns };

    APPEND(&p, LOAD64(BPF_REG_8, BPF_REG_1, 0));
    append_share(&p, ring_fd);
    append_begin(&p, ring_fd, REFUSAL_OF_REQUEST);
    APPEND(&p,
           SET(BPF_REG_2, TEXT_SIZE),
           MOVE(BPF_REG_3, BPF_REG_8),
           HELPER(BPF_FUNC_probe_read_kernel_str));
    append_submit(&p);
    return p.n;
}

/* klp_init_transition(patch, state), kernel/livepatch/transition.c: state 0 is unpatched. */
static size_t assemble_unpatching(int ring_fd, const struct offsets *o,
                                  struct bpf_insn insns[static PROGRAM_MAX]) {
    struct bpf_program p = { .insns = insns };

    APPEND(&p,
           LOAD64(BPF_REG_8, BPF_REG_1, 0),
           LOAD64(BPF_REG_1, BPF_REG_1, 8),
           SHIFT_LEFT(BPF_REG_1, 32), /* an int */
           END_UNLESS(BPF_REG_1, 0));
    append_follow(&p, o->patch_module);
    append_begin(&p, ring_fd, UNPATCHING);
    APPEND(&p,
           SET(BPF_REG_2, TEXT_SIZE),
           MOVE(BPF_REG_3, BPF_REG_8),
           ADD(BPF_REG_3, (int32_t) o->module_name),
           HELPER(BPF_FUNC_probe_read_kernel_str));
    append_submit(&p);
    return p.n;
}

/* klp_reverse_transition(), which takes no arguments. */
static size_t assemble_turning(int ring_fd, struct bpf_insn insns[static PROGRAM_MAX]) {
    struct bpf_program p = { .insns = insns };

    append_begin(&p, ring_fd, UNPATCHING);
    APPEND(&p, STORE32_VALUE(BPF_REG_1, 0, 0));
    append_submit(&p);
    return p.n;
}

static int create_ring(struct host *h) {
    union bpf_attr a = bpf_no_attributes();

    a.map_type = BPF_MAP_TYPE_RINGBUF;
    a.max_entries = (uint32_t) ring_size();
    memcpy(a.map_name, NAME, sizeof(NAME));
    return bpf_call(h, BPF_MAP_CREATE, &a);
}

/* With function 0 a raw tracepoint, else a program at the entry of that function. The license is
 * that of trust/kernel-pkcs7.c. */
static int load_program(struct host *h, const struct bpf_insn *insns, size_t n, uint32_t function) {
    union bpf_attr a = bpf_no_attributes();

    a.prog_type = function ? BPF_PROG_TYPE_TRACING : BPF_PROG_TYPE_RAW_TRACEPOINT;
    a.expected_attach_type = function ? BPF_TRACE_FENTRY : 0;
    a.attach_btf_id = function;
    a.insns = (uintptr_t) insns;
    a.insn_cnt = (uint32_t) n;
    a.license = (uintptr_t) "GPL";
    memcpy(a.prog_name, NAME, sizeof(NAME));
    return bpf_call(h, BPF_PROG_LOAD, &a);
}

enum program { OF_FINIT_MODULE, OF_INIT_MODULE, OF_REQUEST, OF_UNPATCHING, OF_TURNING };

static size_t assemble(enum program program, int ring_fd, const struct offsets *o,
                       struct bpf_insn insns[static PROGRAM_MAX]) {
    switch (program) {
    case OF_FINIT_MODULE:
    case OF_INIT_MODULE:
        return assemble_load(ring_fd, o, insns);
    case OF_REQUEST:
        return assemble_request(ring_fd, insns);
    case OF_UNPATCHING:
        return assemble_unpatching(ring_fd, o, insns);
    case OF_TURNING:
        return assemble_turning(ring_fd, insns);
    }
    return 0;
}

static int attach(struct host *h, enum program which, int ring_fd, uint32_t function,
                  const struct offsets *o) {
    union bpf_attr a = bpf_no_attributes();
    struct bpf_insn insns[PROGRAM_MAX];
    _cleanup_close_ int program = -EBADF;

    program = load_program(h, insns, assemble(which, ring_fd, o, insns), function);
    if (program < 0)
        return program;
    a.raw_tracepoint.prog_fd = (uint32_t) program;
    a.raw_tracepoint.name = function ? 0 : (uintptr_t) "module_request";
    return bpf_call(h, BPF_RAW_TRACEPOINT_OPEN, &a);
}

struct functions {
    uint32_t ids[REFUSALS_PROGRAMS]; /* by enum program; 0: none */
    struct offsets offsets;
};

static int ask_btf(struct host *h, struct functions *ret) {
#ifdef SYSTEM_CALL
    struct btf_query q[] = {
        { .name = SYSTEM_CALL "finit_module" },
        { .name = SYSTEM_CALL "init_module" },
        { .name = "task_struct", .member = "cred" },
        { .name = "cred", .member = "cap_effective" },
        { .name = "cred", .member = "user_ns" },
        { .name = "user_namespace", .member = "parent" },
        /* These are optional. */
        { .name = "klp_init_transition" },
        { .name = "klp_reverse_transition" },
        { .name = "klp_patch", .member = "mod" },
        { .name = "module", .member = "name" },
    };
    _cleanup_close_ int fd = -EBADF;
    struct functions f = {};
    int r;

    fd = file_open(h, BTF_PATH, O_RDONLY, 0);
    if (fd < 0)
        return fd;
    r = btf_find(fd, q, ELEMENTSOF(q));
    for (size_t i = 0; i < 6 && r >= 0; i++)
        r = q[i].found ? 0 : -EOPNOTSUPP;
    if (r < 0)
        return r;
    f.ids[OF_FINIT_MODULE] = q[0].value;
    f.ids[OF_INIT_MODULE] = q[1].value;
    f.offsets = (struct offsets){ q[2].value, q[3].value, q[4].value, q[5].value,
                                  q[8].value, q[9].value };
    if (q[6].found && q[7].found && q[8].found && q[9].found) {
        f.ids[OF_UNPATCHING] = q[6].value;
        f.ids[OF_TURNING] = q[7].value;
    }
    *ret = f;
    return 0;
#else
    return -EOPNOTSUPP;
#endif
}

/* Counting needs only the first programs; the rest is optional. */
static int attach_all(struct host *h, int ring_fd, const struct functions *f,
                      int programs[static REFUSALS_PROGRAMS]) {
    for (enum program i = 0; i < REFUSALS_PROGRAMS; i++) {
        if (i > OF_REQUEST && f->ids[i] == 0)
            continue;
        programs[i] = attach(h, i, ring_fd, f->ids[i], &f->offsets);
        if (programs[i] < 0 && i < OF_REQUEST)
            return programs[i];
    }
    return 0;
}

int refusals_open(struct host *h, int ret_programs[static REFUSALS_PROGRAMS], struct error *e) {
    int programs[REFUSALS_PROGRAMS] = { -EBADF, -EBADF, -EBADF, -EBADF, -EBADF }, r;
    _cleanup_close_ int ring = -EBADF;
    struct functions functions = {};

    r = ask_btf(h, &functions);
    if (r < 0)
        return unavailable(e, r, "the kernel's BTF lacks the system calls or struct members");
    ring = create_ring(h);
    if (ring < 0)
        return unavailable(e, ring, "the kernel refuses a BPF ring buffer");
    r = attach_all(h, ring, &functions, programs);
    if (r < 0) {
        for (size_t i = 0; i < REFUSALS_PROGRAMS; i++)
            closep(programs + i);
        return unavailable(e, r, "the kernel refuses a BPF program");
    }
    memcpy(ret_programs, programs, sizeof(programs));
    return TAKE_FD(ring);
}

/* A writable page for the consumer; a page for the producer, and the data mapped twice, so that
 * events that wrap around are contiguous. */
int refusals_map(int ring_fd, struct refusals *ret) {
    struct refusals r = { .size = ring_size(), .page_size = (size_t) sysconf(_SC_PAGESIZE) };
    uint8_t *rest;

    r.consumer = mmap(NULL, r.page_size, PROT_READ | PROT_WRITE, MAP_SHARED, ring_fd, 0);
    if (r.consumer == MAP_FAILED)
        return -errno;
    rest = mmap(NULL, r.page_size + 2 * r.size, PROT_READ, MAP_SHARED, ring_fd,
                (off_t) r.page_size);
    if (rest == MAP_FAILED) {
        int k = -errno;

        (void) munmap(r.consumer, r.page_size);
        return k;
    }
    r.producer = (uint64_t *) (void *) rest;
    r.data = rest + r.page_size;
    *ret = r;
    return 0;
}

void refusals_done(struct refusals *r) {
    if (r->consumer) {
        (void) munmap(r->consumer, r->page_size);
        (void) munmap((void *) (uintptr_t) r->producer, r->page_size + 2 * r->size);
    }
    *r = (struct refusals){};
}

int refusals_next(struct refusals *r, struct refusal_event *ret) {
    uint64_t at = *r->consumer;

    while (at < __atomic_load_n(r->producer, __ATOMIC_ACQUIRE)) {
        const uint8_t *record = r->data + (at & (r->size - 1));
        uint32_t head = __atomic_load_n((const uint32_t *) (const void *) record, __ATOMIC_ACQUIRE);
        uint32_t size = head & ~(BPF_RINGBUF_BUSY_BIT | BPF_RINGBUF_DISCARD_BIT);
        bool ours = !(head & BPF_RINGBUF_DISCARD_BIT) && size == sizeof(*ret);

        if (head & BPF_RINGBUF_BUSY_BIT)
            return 0;
        if (ours)
            memcpy(ret, record + BPF_RINGBUF_HDR_SZ, sizeof(*ret));
        at += (BPF_RINGBUF_HDR_SZ + (uint64_t) size + 7) / 8 * 8;
        __atomic_store_n(r->consumer, at, __ATOMIC_RELEASE);
        if (ours) {
            ret->comm[sizeof(ret->comm) - 1] = '\0';
            ret->text[sizeof(ret->text) - 1] = '\0';
            return 1;
        }
    }
    return 0;
}
