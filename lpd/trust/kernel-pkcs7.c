/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <ctype.h>
#include <fcntl.h>
#include <sys/mman.h>

#include "base/file.h"
#include "bpf/btf.h"
#include "bpf/call.h"
#include "trust/bpf-program.h"
#include "trust/kernel-pkcs7.h"

#define NAME "lpd_pkcs7" /* names of the map and the program in bpftool(8) */

#define DATA_MAX ((size_t) (1 << 24) - 1) /* DYNPTR_MAX_SIZE, kernel/bpf/helpers.c */
#define COPY_WINDOW ((size_t) 1024 * 1024)
#define LOG_SIZE ((size_t) 64 * 1024)

struct kernel_pkcs7 {
    struct host *host;
    struct bpf_layout layout;
    struct bpf_question *question; /* the first page of the map */
    int map_fd, program_fd;
    int link_fd; /* of an iterator; negative: a SYSCALL program, which runs without one */
};

static int unavailable(struct error *e, int r, const char *reason) {
    return error_set(e, r, EXIT_STATUS_FAILED, "%s", reason);
}

static size_t page_size(void) {
    return (size_t) sysconf(_SC_PAGESIZE);
}

static int create_map(struct kernel_pkcs7 *k, struct error *e) {
    union bpf_attr a = bpf_no_attributes();
    int fd;

    a.map_type = BPF_MAP_TYPE_ARRAY;
    a.key_size = sizeof(uint32_t);
    a.value_size = k->layout.data_offset + MAX(k->layout.data_size, 1U);
    a.max_entries = 1;
    a.map_flags = BPF_F_MMAPABLE;
    memcpy(a.map_name, NAME, sizeof(NAME));
    fd = bpf_call(k->host, BPF_MAP_CREATE, &a);
    if (fd == -ENOSYS)
        return unavailable(e, -EOPNOTSUPP, "this kernel has no bpf(2)");
    if (fd == -EPERM)
        return unavailable(e, fd, "bpf(2) is not permitted: it needs CAP_BPF");
    if (fd < 0)
        return error_set(e, fd == -ENOMEM ? fd : -EOPNOTSUPP, EXIT_STATUS_FAILED,
                         "cannot create a BPF map of %u bytes: %s", a.value_size, strerror(-fd));
    k->map_fd = fd;
    return 0;
}

/* Each mapped page of a map counts as memory of this process, so only a part is mapped at a
 * time. */
static int copy_in(int map_fd, size_t offset, const char *data, size_t size) {
    while (size > 0) {
        size_t start = offset / page_size() * page_size();
        size_t n = MIN(size, start + COPY_WINDOW - offset);
        size_t length = offset - start + n;
        char *window;

        window = mmap(NULL, length, PROT_READ | PROT_WRITE, MAP_SHARED, map_fd, (off_t) start);
        if (window == MAP_FAILED)
            return -errno;
        memcpy(window + (offset - start), data, n);
        (void) munmap(window, length);
        offset += n;
        data += n;
        size -= n;
    }
    return 0;
}

static int fill_map(struct kernel_pkcs7 *k, const void *data, const void *signature,
                    struct error *e) {
    void *head;
    int r;

    head = mmap(NULL, sizeof(*k->question), PROT_READ | PROT_WRITE, MAP_SHARED, k->map_fd, 0);
    if (head == MAP_FAILED)
        return error_set(e, -errno, EXIT_STATUS_FAILED, "the BPF map cannot be mapped: %m");
    k->question = head;
    r = copy_in(k->map_fd, k->layout.signature_offset, signature, k->layout.signature_size);
    if (r >= 0)
        r = copy_in(k->map_fd, k->layout.data_offset, data, k->layout.data_size);
    if (r < 0)
        return error_set(e, r, EXIT_STATUS_FAILED, "the BPF map cannot be mapped: %s", strerror(-r));
    return 0;
}

static int find_functions(struct host *h, struct bpf_functions *ret, struct error *e) {
    static const char *const names[] = { "bpf_lookup_system_key", "bpf_verify_pkcs7_signature",
                                         "bpf_key_put", "bpf_iter_task" };
    _cleanup_close_ int fd = -EBADF;
    uint32_t ids[ELEMENTSOF(names)];
    int r;

    fd = file_open(h, BTF_PATH, O_RDONLY, 0);
    if (fd == -ENOENT)
        return unavailable(e, -EOPNOTSUPP, "this kernel has no BTF (" BTF_PATH ")");
    r = fd < 0 ? fd : btf_find_functions(fd, names, ELEMENTSOF(names), ids);
    if (r < 0)
        return error_set(e, -EOPNOTSUPP, EXIT_STATUS_FAILED, BTF_PATH " cannot be read: %s",
                         strerror(-r));
    for (size_t i = 0; i < ELEMENTSOF(names); i++)
        if (ids[i] == 0)
            return error_set(e, -EOPNOTSUPP, EXIT_STATUS_FAILED,
                             "this kernel has no %s() for BPF programs (Linux 6.1)", names[i]);
    *ret = (struct bpf_functions){
        .lookup_system_key = ids[0],
        .verify_pkcs7_signature = ids[1],
        .key_put = ids[2],
        .iter_task = ids[3],
    };
    return 0;
}

/* The kernel takes this license to mean that the program may call functions for GPL code only:
 * LGPL-2.1, section 3. */
static int load_program(struct kernel_pkcs7 *k, enum bpf_prog_type type,
                        const struct bpf_functions *functions, char *log) {
    struct bpf_insn insns[BPF_PROGRAM_MAX];
    union bpf_attr a = bpf_no_attributes();

    a.prog_type = type;
    a.insn_cnt = (uint32_t) bpf_program_assemble(type, k->map_fd, &k->layout, functions, insns);
    a.insns = (uintptr_t) insns;
    a.license = (uintptr_t) "GPL";
    a.prog_flags = BPF_F_SLEEPABLE;
    memcpy(a.prog_name, NAME, sizeof(NAME));
    if (type == BPF_PROG_TYPE_TRACING) {
        a.expected_attach_type = BPF_TRACE_ITER;
        a.attach_btf_id = functions->iter_task;
    }
    if (log) {
        a.log_buf = (uintptr_t) log;
        a.log_size = LOG_SIZE;
        a.log_level = 1;
    }
    return bpf_call(k->host, BPF_PROG_LOAD, &a);
}

/* The verifier's reason: the last line of its log before the statistics. */
static const char *last_line(char *log) {
    char *found = NULL;

    for (char *line, *rest = log; (line = strsep(&rest, "\n"));)
        if (*line && !startswith(line, "processed "))
            found = line;
    for (char *p = found; p && *p; p++)
        if (!isprint((unsigned char) *p))
            *p = '?';
    return found;
}

/* Loads it again, with a log. That is expensive, so the first attempt has no log. */
static int explain_refusal(struct kernel_pkcs7 *k, enum bpf_prog_type type,
                           const struct bpf_functions *functions, int reason, struct error *e) {
    _cleanup_free_ char *log = calloc(1, LOG_SIZE + 1);
    int fd;

    if (!log)
        return -ENOMEM;
    fd = load_program(k, type, functions, log);
    closep(&fd);
    return error_set(e, -EOPNOTSUPP, EXIT_STATUS_FAILED, "the kernel refuses the BPF program: %s",
                     last_line(log) ?: strerror(-reason));
}

/* An iterator over this one task. It is not attached to anything: it runs when its descriptor is
 * read, which only this process can do. */
static int make_iterator(struct kernel_pkcs7 *k, struct error *e) {
    union bpf_iter_link_info info;
    union bpf_attr a = bpf_no_attributes();
    int fd;

    memset(&info, 0, sizeof(info));
    info.task.tid = (uint32_t) gettid();
    a.link_create.prog_fd = (uint32_t) k->program_fd;
    a.link_create.attach_type = BPF_TRACE_ITER;
    a.link_create.iter_info = (uintptr_t) &info;
    a.link_create.iter_info_len = sizeof(info);
    fd = bpf_call(k->host, BPF_LINK_CREATE, &a);
    if (fd < 0)
        return error_set(e, -EOPNOTSUPP, EXIT_STATUS_FAILED, "cannot create a BPF iterator: %s",
                         strerror(-fd));
    k->link_fd = fd;
    return 0;
}

static int open_iterator(struct kernel_pkcs7 *k, const struct bpf_functions *functions,
                         struct error *e) {
    int r;

    r = load_program(k, BPF_PROG_TYPE_TRACING, functions, NULL);
    if (r == -EPERM)
        return unavailable(e, r, "a BPF iterator is not permitted: it needs CAP_PERFMON");
    if (r < 0)
        return explain_refusal(k, BPF_PROG_TYPE_TRACING, functions, r, e);
    k->program_fd = r;
    return make_iterator(k, e);
}

/* A SYSCALL program needs the fewest privileges, so it is tried first. Some kernels before Linux 7
 * do not let it call the function: EACCES. */
static int open_program(struct kernel_pkcs7 *k, struct error *e) {
    struct bpf_functions functions = {};
    int r;

    r = find_functions(k->host, &functions, e);
    if (r < 0)
        return r;
    r = load_program(k, BPF_PROG_TYPE_SYSCALL, &functions, NULL);
    if (r == -EPERM)
        return unavailable(e, r, "a BPF program is not permitted: it needs CAP_BPF");
    if (r < 0)
        return open_iterator(k, &functions, e);
    k->program_fd = r;
    return 0;
}

void kernel_pkcs7_free(struct kernel_pkcs7 *k) {
    if (k->question)
        (void) munmap(k->question, sizeof(*k->question));
    closep(&k->link_fd);
    closep(&k->program_fd);
    closep(&k->map_fd);
    free(k);
}

int kernel_pkcs7_new(struct host *h, const void *data, size_t data_size, const void *signature,
                     size_t signature_size, struct kernel_pkcs7 **ret, struct error *e) {
    _cleanup_(kernel_pkcs7_freep) struct kernel_pkcs7 *k = NULL;
    size_t data_offset = (sizeof(struct bpf_question) + signature_size + 7) & ~(size_t) 7;
    int r;

    if (!h->live)
        return unavailable(e, -EOPNOTSUPP, "this is not the running machine");
    if (data_size > DATA_MAX || signature_size > DATA_MAX)
        return unavailable(e, -EFBIG, "the kernel accepts less than 16 MiB this way");
    k = malloc(sizeof(*k));
    if (!k)
        return -ENOMEM;
    *k = (struct kernel_pkcs7){
        .host = h,
        .layout = {
            .signature_offset = sizeof(struct bpf_question),
            .signature_size = (uint32_t) signature_size,
            .data_offset = (uint32_t) data_offset,
            .data_size = (uint32_t) data_size,
        },
        .map_fd = -EBADF,
        .program_fd = -EBADF,
        .link_fd = -EBADF,
    };
    r = create_map(k, e);
    if (r >= 0)
        r = fill_map(k, data, signature, e);
    if (r >= 0)
        r = open_program(k, e);
    if (r < 0)
        return r;
    *ret = TAKE_PTR(k);
    return 0;
}

/* Reading runs the program, which produces no output. */
static int run_iterator(struct kernel_pkcs7 *k) {
    _cleanup_close_ int fd = -EBADF;
    union bpf_attr a = bpf_no_attributes();
    char nothing;

    a.iter_create.link_fd = (uint32_t) k->link_fd;
    fd = bpf_call(k->host, BPF_ITER_CREATE, &a);
    if (fd < 0)
        return fd;
    return read(fd, &nothing, sizeof(nothing)) < 0 ? -errno : 0;
}

static int run(struct kernel_pkcs7 *k) {
    union bpf_attr a = bpf_no_attributes();

    if (k->link_fd >= 0)
        return run_iterator(k);
    a.test.prog_fd = (uint32_t) k->program_fd;
    return bpf_call(k->host, BPF_PROG_TEST_RUN, &a);
}

int kernel_pkcs7_ask(struct kernel_pkcs7 *k, enum system_keyring keyring, int *ret_answer,
                     struct error *e) {
    int r;

    *k->question = (struct bpf_question){ .keyring = keyring };
    r = run(k);
    if (r < 0)
        return error_set(e, -EOPNOTSUPP, EXIT_STATUS_FAILED, "the BPF program cannot be run: %s",
                         strerror(-r));
    if (k->question->ran != 1)
        return unavailable(e, -EOPNOTSUPP, "the BPF program did not run");
    *ret_answer = k->question->answer;
    return 0;
}
