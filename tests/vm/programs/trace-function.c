/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * trace-function HOW FUNCTION: attaches a BPF program to a function of the kernel, writes "attached"
 * and remains until it is killed.  HOW is fentry, fexit, fmod_ret=N and lsm=N (it returns N) or
 * kprobe-multi.  trace-function call: the error of getpgid(2) of the parent, 0 for none.
 */
#define _GNU_SOURCE
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <linux/btf.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

static char log_text[65536];

static int bpf(int command, union bpf_attr *attr) {
    return (int) syscall(SYS_bpf, command, attr, sizeof(*attr));
}

static char *read_btf(size_t *ret_size) {
    size_t size = 0, capacity = 64 * 1024 * 1024;
    char *data = malloc(capacity);
    int fd = open("/sys/kernel/btf/vmlinux", O_RDONLY | O_CLOEXEC);
    ssize_t n;

    if (!data || fd < 0)
        err(1, "/sys/kernel/btf/vmlinux");
    while ((n = read(fd, data + size, capacity - size)) > 0)
        size += (size_t) n;
    close(fd);
    *ret_size = size;
    return data;
}

/* How many bytes follow a type's head (Documentation/bpf/btf.rst). */
static size_t more(const struct btf_type *t) {
    uint32_t n = BTF_INFO_VLEN(t->info);

    switch (BTF_INFO_KIND(t->info)) {
    case BTF_KIND_INT: case BTF_KIND_VAR: case BTF_KIND_DECL_TAG: return 4;
    case BTF_KIND_ARRAY: return sizeof(struct btf_array);
    case BTF_KIND_STRUCT: case BTF_KIND_UNION: return n * sizeof(struct btf_member);
    case BTF_KIND_ENUM: case BTF_KIND_FUNC_PROTO: return n * 8;
    case BTF_KIND_DATASEC: case BTF_KIND_ENUM64: return n * 12;
    default: return 0;
    }
}

static uint32_t find_function(const char *name) {
    size_t size;
    char *data = read_btf(&size);
    const struct btf_header *h = (const void *) data;
    const char *types = data + h->hdr_len + h->type_off, *strings = data + h->hdr_len + h->str_off;
    uint32_t id = 1;

    for (const char *p = types; p < types + h->type_len; id++) {
        const struct btf_type *t = (const void *) p;

        if (BTF_INFO_KIND(t->info) == BTF_KIND_FUNC && strcmp(strings + t->name_off, name) == 0)
            return id;
        p += sizeof(*t) + more(t);
    }
    errx(1, "no function %s", name);
}

static int load(enum bpf_prog_type type, enum bpf_attach_type attach, uint32_t function, int value) {
    const struct bpf_insn code[] = {
        { .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0, .imm = value },
        { .code = BPF_JMP | BPF_EXIT },
    };
    union bpf_attr a;
    int fd;

    memset(&a, 0, sizeof(a));
    a.prog_type = type;
    a.expected_attach_type = attach;
    a.attach_btf_id = function;
    a.insns = (uint64_t) (uintptr_t) code;
    a.insn_cnt = 2;
    a.license = (uint64_t) (uintptr_t) "GPL";
    a.log_buf = (uint64_t) (uintptr_t) log_text;
    a.log_size = sizeof(log_text);
    a.log_level = 1;
    strcpy(a.prog_name, "bench_tracer");
    fd = bpf(BPF_PROG_LOAD, &a);
    if (fd < 0)
        err(1, "BPF_PROG_LOAD: %s", log_text);
    return fd;
}

static int attach_tracing(int program) {
    union bpf_attr a;

    memset(&a, 0, sizeof(a));
    a.raw_tracepoint.prog_fd = (uint32_t) program;
    return bpf(BPF_RAW_TRACEPOINT_OPEN, &a);
}

static int attach_multi(int program, const char *function) {
    const char *names[] = { function };
    union bpf_attr a;

    memset(&a, 0, sizeof(a));
    a.link_create.prog_fd = (uint32_t) program;
    a.link_create.attach_type = BPF_TRACE_KPROBE_MULTI;
    a.link_create.kprobe_multi.cnt = 1;
    a.link_create.kprobe_multi.syms = (uint64_t) (uintptr_t) names;
    return bpf(BPF_LINK_CREATE, &a);
}

static int attach(const char *how, const char *function) {
    const char *value = strchr(how, '=');
    int n = value ? atoi(value + 1) : 0;

    if (strcmp(how, "kprobe-multi") == 0)
        return attach_multi(load(BPF_PROG_TYPE_KPROBE, BPF_TRACE_KPROBE_MULTI, 0, 0), function);
    if (strncmp(how, "lsm=", 4) == 0)
        return attach_tracing(load(BPF_PROG_TYPE_LSM, BPF_LSM_MAC, find_function(function), n));
    return attach_tracing(load(BPF_PROG_TYPE_TRACING,
                               strcmp(how, "fentry") == 0  ? BPF_TRACE_FENTRY
                               : strcmp(how, "fexit") == 0 ? BPF_TRACE_FEXIT
                                                           : BPF_MODIFY_RETURN,
                               find_function(function), n));
}

int main(int argc, char **argv) {
    if (argc == 2 && strcmp(argv[1], "call") == 0) {
        printf("%d\n", getpgid(getppid()) < 0 ? errno : 0);
        return 0;
    }
    if (argc != 3)
        errx(2, "usage: trace-function HOW FUNCTION");
    if (attach(argv[1], argv[2]) < 0)
        err(1, "cannot attach");
    puts("attached");
    fflush(stdout);
    for (;;)
        pause();
}
