/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdio.h>

#include "base/file.h"
#include "base/strv.h"
#include "bpf/call.h"
#include "bpf/tracers.h"

/* A machine that has more of them is not searched further. */
#define LINKS_MAX 65536
#define FDINFO_MAX 4096

#define TRAMPOLINE "bpf_trampoline_"

struct target {
    uint32_t object, type;
};

bool is_bpf_trampoline(const char *target) {
    return startswith(target, TRAMPOLINE);
}

/* The other bit of the lower half says that the target is a function of the kernel. */
static int parse_key(const char *trampoline, struct target *ret) {
    unsigned long long key;
    char *end;

    if (!is_bpf_trampoline(trampoline))
        return -EBADMSG;
    trampoline += STRLEN(TRAMPOLINE);
    errno = 0;
    key = *trampoline >= '0' && *trampoline <= '9' ? strtoull(trampoline, &end, 10) : 0;
    /* Linux before 6.5 appends a number. */
    if (key == 0 || errno > 0 || (*end && *end != '_') || !(key & 0x80000000))
        return -EBADMSG;
    *ret = (struct target){ (uint32_t) (key >> 32), (uint32_t) (key & 0x7fffffff) };
    return 0;
}

static int get_info(struct host *h, int fd, void *info, size_t size) {
    union bpf_attr a = bpf_no_attributes();

    memset(info, 0, size);
    a.info.bpf_fd = (uint32_t) fd;
    a.info.info_len = (uint32_t) size;
    a.info.info = (uint64_t) (uintptr_t) info;
    return bpf_call(h, BPF_OBJ_GET_INFO_BY_FD, &a);
}

/* The kernel fills in as much as it knows; the rest stays zero. */
static int read_link(struct host *h, uint32_t id, struct bpf_link_info *ret) {
    union bpf_attr a = bpf_no_attributes();
    _cleanup_close_ int fd = -EBADF;

    a.link_id = id;
    fd = bpf_call(h, BPF_LINK_GET_FD_BY_ID, &a);
    return fd < 0 ? fd : get_info(h, fd, ret, sizeof(*ret));
}

static void read_name(struct host *h, struct bpf_tracer *t) {
    union bpf_attr a = bpf_no_attributes();
    struct bpf_prog_info info;
    _cleanup_close_ int fd = -EBADF;

    a.prog_id = t->id;
    fd = bpf_call(h, BPF_PROG_GET_FD_BY_ID, &a);
    if (fd < 0 || get_info(h, fd, &info, sizeof(info)) < 0)
        return;
    /* Names have letters, digits, '_' and '.' (bpf_obj_name_cpy(), kernel/bpf/syscall.c). */
    memcpy(t->name, info.name, sizeof(t->name));
    t->name[sizeof(t->name) - 1] = '\0';
}

/* "link_id:\t7" */
static bool has_field(const char *text, const char *field, uint32_t id) {
    size_t length = strlen(field);

    for (const char *p = strstr(text, field); p; p = strstr(p + 1, field))
        if ((p == text || p[-1] == '\n') && p[length] == ':' && strtoul(p + length + 1, NULL, 10) == id)
            return true;
    return false;
}

static bool holds(const struct host *h, const char *pid, const struct bpf_tracer *t) {
    _cleanup_free_ char *directory = NULL;
    _cleanup_strv_free_ char **fds = NULL;

    if (asprintf(&directory, "/proc/%s/fdinfo", pid) < 0 || file_list(h, directory, &fds) < 0)
        return false;
    STRV_FOREACH(fd, fds) {
        _cleanup_free_ char *path = NULL, *text = NULL;

        if (asprintf(&path, "%s/%s", directory, *fd) < 0 || file_read(h, path, FDINFO_MAX, &text, NULL) < 0)
            continue;
        if (has_field(text, "link_id", t->link_id) || has_field(text, "prog_id", t->id))
            return true;
    }
    return false;
}

static void find_holder(const struct host *h, struct bpf_tracer *t) {
    _cleanup_strv_free_ char **pids = NULL;

    if (file_list(h, "/proc", &pids) < 0)
        return;
    STRV_FOREACH(pid, pids)
        if (**pid >= '1' && **pid <= '9' && holds(h, *pid, t)) {
            t->pid = atoi(*pid);
            return;
        }
}

static bool decides(const struct bpf_link_info *l, const struct target *target) {
    return l->type == BPF_LINK_TYPE_TRACING && l->tracing.target_obj_id == target->object &&
           l->tracing.target_btf_id == target->type &&
           (l->tracing.attach_type == BPF_MODIFY_RETURN || l->tracing.attach_type == BPF_LSM_MAC);
}

static int add(struct host *h, const struct bpf_link_info *l, struct bpf_tracer **tracers, size_t *n) {
    struct bpf_tracer *grown = reallocarray(*tracers, *n + 1, sizeof(*grown));

    if (!grown)
        return -ENOMEM;
    *tracers = grown;
    grown[*n] = (struct bpf_tracer){ .id = l->prog_id, .link_id = l->id };
    read_name(h, &grown[*n]);
    find_holder(h, &grown[*n]);
    (*n)++;
    return 0;
}

int bpf_tracers_find(struct host *h, const char *trampoline, struct bpf_tracer **ret, size_t *ret_n) {
    _cleanup_free_ struct bpf_tracer *tracers = NULL;
    struct target target;
    uint32_t id = 0;
    size_t n = 0;
    int r = parse_key(trampoline, &target);

    for (size_t i = 0; i < LINKS_MAX && r >= 0; i++) {
        union bpf_attr a = bpf_no_attributes();
        struct bpf_link_info info;

        a.start_id = id;
        r = bpf_call(h, BPF_LINK_GET_NEXT_ID, &a);
        if (r < 0)
            break;
        id = a.next_id;
        /* It may have gone meanwhile. */
        if (read_link(h, id, &info) >= 0 && decides(&info, &target))
            r = add(h, &info, &tracers, &n);
    }
    if (r < 0 && r != -ENOENT)
        return r;
    *ret = TAKE_PTR(tracers);
    *ret_n = n;
    return 0;
}
