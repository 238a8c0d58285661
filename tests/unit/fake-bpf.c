/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The calls inside assert() must happen in every build type. */
#undef NDEBUG
#include <assert.h>
#include <fcntl.h>
#include <sys/mman.h>

#include "btf-file.h"
#include "fake-kernel.h"

#define DYNPTR_MAX_SIZE ((1 << 24) - 1)
#define STEPS_MAX 1000

struct dynptr { /* of 16 bytes, as the kernel's */
    const char *data;
    uint64_t size;
};

struct machine {
    struct fake_bpf *bpf;
    uint64_t reg[11];
    _Alignas(16) char stack[512];
};

static struct fake_bpf *bpf_of(struct host *h) {
    return &((struct fake_kernel *) h->userdata)->bpf;
}

static void *pointer(uint64_t value) {
    return (void *) (uintptr_t) value;
}

/* The check that the verifier would make. */
static bool is_within(const void *p, size_t size, const void *area, size_t area_size) {
    const char *start = p, *first = area;

    return start >= first && size <= area_size && start + size <= first + area_size;
}

static bool is_stack(const struct machine *m, const void *p, size_t size) {
    return is_within(p, size, m->stack, sizeof(m->stack));
}

static void *checked(struct machine *m, uint64_t address, int offset, size_t size) {
    char *p = (char *) pointer(address) + offset;

    assert(is_stack(m, p, size) || is_within(p, size, m->bpf->value, m->bpf->value_size));
    return p;
}

/* The helpers and functions. */

static uint64_t dynptr_from_mem(struct machine *m, uint64_t data, uint64_t size, uint64_t flags,
                                uint64_t ret) {
    struct dynptr *d = pointer(ret);

    assert(is_stack(m, d, sizeof(*d)));
    assert(is_within(pointer(data), size, m->bpf->value, m->bpf->value_size));
    assert(flags == 0);
    *d = (struct dynptr){};
    if (size > DYNPTR_MAX_SIZE || m->bpf->no_dynptr)
        return (uint64_t) -E2BIG;
    *d = (struct dynptr){ pointer(data), size };
    return 0;
}

static uint64_t lookup_system_key(struct machine *m, uint64_t id) {
    if (id >= ELEMENTSOF(m->bpf->answers))
        return 0;
    m->bpf->keys_held++;
    return id + 1;
}

/* The upper half of an int result is undefined. */
static uint64_t verify_pkcs7_signature(struct machine *m, const struct dynptr *data,
                                       const struct dynptr *signature, uint64_t key) {
    struct fake_bpf *b = m->bpf;
    int answer = b->answers[key - 1];

    assert(is_stack(m, data, sizeof(*data)) && is_stack(m, signature, sizeof(*signature)));
    b->n_verified++;
    if (signature->size != b->signature_size ||
        memcmp(signature->data, b->signature, b->signature_size) != 0)
        answer = -EBADMSG;
    else if (data->size != b->data_size || memcmp(data->data, b->data, b->data_size) != 0)
        answer = -EKEYREJECTED;
    return (uint32_t) answer | 0xdead00000000;
}

static void call_helper(struct machine *m, int number) {
    uint64_t *r = m->reg;

    assert(number == BPF_FUNC_dynptr_from_mem);
    r[0] = dynptr_from_mem(m, r[1], r[2], r[3], r[4]);
}

static void call_kfunc(struct machine *m, uint32_t id) {
    uint64_t *r = m->reg;

    if (id == m->bpf->lookup) {
        r[0] = lookup_system_key(m, r[1]);
    } else if (id == m->bpf->verify) {
        r[0] = verify_pkcs7_signature(m, pointer(r[1]), pointer(r[2]), r[3]);
    } else {
        assert(id == m->bpf->put && m->bpf->keys_held == 1 && r[1] != 0);
        m->bpf->keys_held--;
        r[0] = 0xdead;
    }
}

static void call(struct machine *m, const struct bpf_insn *i) {
    if (i->src_reg == BPF_PSEUDO_KFUNC_CALL)
        call_kfunc(m, (uint32_t) i->imm);
    else
        call_helper(m, i->imm);
    for (size_t n = 1; n <= 5; n++)
        m->reg[n] = 0xdeadbeef; /* a call spoils them */
}

/* Runs one instruction and returns the distance to the next one; 0: the end. */
static int step(struct machine *m, const struct bpf_insn *i) {
    uint64_t *dst = &m->reg[i->dst_reg], src = m->reg[i->src_reg];
    uint32_t word = i->code == (BPF_ST | BPF_MEM | BPF_W) ? (uint32_t) i->imm : (uint32_t) src;

    switch (i->code) {
    case BPF_ALU64 | BPF_MOV | BPF_X:
        *dst = src;
        return 1;
    case BPF_ALU64 | BPF_MOV | BPF_K:
        *dst = (uint64_t) i->imm;
        return 1;
    case BPF_ALU64 | BPF_ADD | BPF_K:
        *dst += (uint64_t) i->imm;
        return 1;
    case BPF_LD | BPF_DW | BPF_IMM:
        assert(i->src_reg == BPF_PSEUDO_MAP_VALUE && i->imm == m->bpf->map_fd);
        assert((size_t) i[1].imm < m->bpf->value_size);
        *dst = (uintptr_t) (m->bpf->value + i[1].imm);
        return 2;
    case BPF_LDX | BPF_MEM | BPF_DW:
        memcpy(dst, checked(m, src, i->off, 8), 8);
        return 1;
    case BPF_ST | BPF_MEM | BPF_W:
    case BPF_STX | BPF_MEM | BPF_W:
        memcpy(checked(m, *dst, i->off, 4), &word, 4);
        return 1;
    case BPF_JMP | BPF_JEQ | BPF_K:
        return *dst == (uint64_t) i->imm ? 1 + i->off : 1;
    case BPF_JMP | BPF_JNE | BPF_K:
        return *dst != (uint64_t) i->imm ? 1 + i->off : 1;
    case BPF_JMP | BPF_CALL:
        call(m, i);
        return 1;
    case BPF_JMP | BPF_EXIT:
        return 0;
    }
    assert(false);
    return 0;
}

/* The context is a struct bpf_iter__task: a pointer to the metadata, then the task. */
static int64_t run(struct fake_bpf *b, uint64_t task) {
    struct machine m = { .bpf = b };
    int64_t pc = 0;

    /* At the other end of the stack, where checked() allows it. */
    memcpy(m.stack, (uint64_t[]){ 0xdead, task }, 16);
    m.reg[1] = (uintptr_t) m.stack;
    m.reg[10] = (uintptr_t) (m.stack + sizeof(m.stack));
    b->n_runs++;
    for (int n = 0, jump; (jump = step(&m, &b->insns[pc])) != 0; n++) {
        pc += jump;
        assert(n < STEPS_MAX && pc >= 0 && (size_t) pc < b->n_insns);
    }
    assert(b->keys_held == 0);
    return (int64_t) m.reg[0];
}

/* The commands. */

static int create_map(struct fake_bpf *b, const union bpf_attr *a) {
    if (b->map_error < 0)
        return b->map_error;
    assert(a->map_type == BPF_MAP_TYPE_ARRAY && a->key_size == 4 && a->max_entries == 1);
    assert(a->map_flags == BPF_F_MMAPABLE && a->value_size > 0 && !b->value);
    b->map_fd = memfd_create("map", MFD_CLOEXEC);
    assert(b->map_fd >= 0);
    b->value_size = a->value_size;
    assert(ftruncate(b->map_fd, (off_t) b->value_size) >= 0);
    b->value = mmap(NULL, b->value_size, PROT_READ | PROT_WRITE, MAP_SHARED, b->map_fd, 0);
    assert(b->value != MAP_FAILED);
    return b->map_fd;
}

static int refuse(struct fake_bpf *b, const union bpf_attr *a, int r) {
    if (a->log_level > 0 && b->log) {
        assert(strlen(b->log) < a->log_size);
        strcpy(pointer(a->log_buf), b->log);
    }
    return r;
}

static int load(struct fake_bpf *b, const union bpf_attr *a) {
    b->n_loads++;
    assert(a->prog_flags == BPF_F_SLEEPABLE && strcmp(pointer(a->license), "GPL") == 0);
    assert(a->insn_cnt <= FAKE_BPF_INSNS_MAX);
    if (a->prog_type == BPF_PROG_TYPE_SYSCALL) {
        if (b->syscall_error < 0 || !b->syscall_may_ask)
            return refuse(b, a, b->syscall_error < 0 ? b->syscall_error : -EACCES);
    } else {
        assert(a->prog_type == BPF_PROG_TYPE_TRACING && a->expected_attach_type == BPF_TRACE_ITER);
        assert(a->attach_btf_id == b->iter_task);
        if (b->tracing_error < 0)
            return refuse(b, a, b->tracing_error);
    }
    b->type = a->prog_type;
    b->n_insns = a->insn_cnt;
    memcpy(b->insns, pointer(a->insns), b->n_insns * sizeof(*b->insns));
    return memfd_create("program", MFD_CLOEXEC);
}

static int create_link(struct fake_bpf *b, const union bpf_attr *a) {
    union bpf_iter_link_info info;

    if (b->link_error < 0)
        return b->link_error;
    assert(b->type == BPF_PROG_TYPE_TRACING && a->link_create.attach_type == BPF_TRACE_ITER);
    assert(a->link_create.iter_info_len == sizeof(info));
    memcpy(&info, pointer(a->link_create.iter_info), sizeof(info));
    assert(info.task.tid == (uint32_t) gettid() && info.task.pid == 0);
    return memfd_create("link", MFD_CLOEXEC);
}

/* A real one runs the program when it is read. */
static int create_iterator(struct fake_bpf *b) {
    if (b->iterator_error < 0)
        return b->iterator_error;
    if (!b->runs_nothing) {
        assert(run(b, 0xbeef) == 0);
        assert(run(b, 0) == 0);
    }
    return memfd_create("iterator", MFD_CLOEXEC);
}

int fake_bpf(struct host *h, int command, void *attr, size_t size) {
    struct fake_bpf *b = bpf_of(h);

    assert(size == sizeof(union bpf_attr));
    b->n_calls++;
    switch (command) {
    case BPF_MAP_CREATE:
        return create_map(b, attr);
    case BPF_PROG_LOAD:
        return load(b, attr);
    case BPF_LINK_CREATE:
        return create_link(b, attr);
    case BPF_ITER_CREATE:
        return create_iterator(b);
    case BPF_PROG_TEST_RUN:
        assert(b->type == BPF_PROG_TYPE_SYSCALL);
        return (int) run(b, 0);
    }
    return -EINVAL;
}

void fake_bpf_open(struct fake_kernel *k) {
    static struct btf_file f;

    k->bpf = (struct fake_bpf){ .map_fd = -EBADF };
    btf_file_init(&f);
    btf_file_type(&f, BTF_FILE_INT, 0, "int", 4);
    k->bpf.put = btf_file_function(&f, "bpf_key_put");
    k->bpf.iter_task = btf_file_function(&f, "bpf_iter_task");
    k->bpf.verify = btf_file_function(&f, "bpf_verify_pkcs7_signature");
    k->bpf.lookup = btf_file_function(&f, "bpf_lookup_system_key");
    btf_file_finish(&f);
    fake_kernel_file(k, "/sys/kernel/btf/vmlinux", f.data, f.size);
}

void fake_bpf_functions(struct fake_kernel *k, const char *a, const char *b, const char *c) {
    static struct btf_file f;

    btf_file_init(&f);
    btf_file_function(&f, a);
    btf_file_function(&f, b);
    btf_file_function(&f, c);
    btf_file_finish(&f);
    fake_kernel_file(k, "/sys/kernel/btf/vmlinux", f.data, f.size);
}

void fake_bpf_forget(struct fake_kernel *k) {
    if (k->bpf.value)
        (void) munmap(k->bpf.value, k->bpf.value_size);
    k->bpf.value = NULL;
}

void fake_bpf_close(struct fake_kernel *k) {
    fake_bpf_forget(k);
}
