/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <fcntl.h>
#include <stdio.h>

#include "base/file.h"
#include "base/strv.h"
#include "base/task.h"
#include "bpf/tracers.h"
#include "config/name.h"
#include "livepatch/overrides.h"
#include "livepatch/trace-list.h"

/* A line for each function of the largest kernel, and more. */
#define LIST_MAX ((size_t) 32 * 1024 * 1024)

#define SEQ_PAGE 4096

static void override_done(struct override *o) {
    free(o->patch);
    free(o->function);
    free(o->by);
}

void override_list_done(struct override_list *l) {
    for (size_t i = 0; i < l->n_overrides; i++)
        override_done(&l->overrides[i]);
    free(l->overrides);
    *l = (struct override_list){ 0 };
}

int enabled_functions_open(struct host *h) {
    static const char *const paths[] = { "/sys/kernel/tracing/enabled_functions",
                                         "/sys/kernel/debug/tracing/enabled_functions" };
    _cleanup_close_ int root = -EBADF;
    int fd;

    for (size_t i = 0; i < ELEMENTSOF(paths); i++) {
        fd = file_open(h, paths[i], O_RDONLY, 0);
        if (fd >= 0)
            return fd;
        /* Who may not read a mounted one may not mount one either. */
        if (fd == -EACCES)
            return fd;
    }
    root = h->ops->mount(h, "tracefs", "tracefs", "", false);
    if (root < 0)
        return root;
    fd = openat(root, "enabled_functions", O_RDONLY | O_CLOEXEC);
    return fd < 0 ? -errno : fd;
}

/* "OBJECT/FUNCTION,POS": whether that is the function. */
static bool is_function(const char *patched, const struct traced_function *f) {
    const char *object = f->module[0] ? f->module : "vmlinux", *name = strchr(patched, '/');
    size_t length = name ? (size_t) (name - patched) : 0;

    return name && strlen(object) == length && memcmp(patched, object, length) == 0 &&
           strncmp(name + 1, f->name, strlen(f->name)) == 0 && name[1 + strlen(f->name)] == ',';
}

static bool changes(const struct livepatch *p, const struct traced_function *f) {
    if (livepatch_is_enabled(p))
        STRV_FOREACH(function, p->functions)
            if (is_function(*function, f))
                return true;
    return false;
}

/* "BPF program check_pgid (id 7), held by tracer (pid 812)" */
static char *describe(const struct host *h, const struct bpf_tracer *t) {
    _cleanup_free_ char *comm = NULL;
    char *text;
    int r;

    if (t->pid > 0)
        (void) task_comm_read(h, t->pid, t->pid, &comm);
    if (t->pid > 0)
        r = asprintf(&text, "BPF program %s%s(id %u), held by %s (pid %d)", t->name,
                     t->name[0] ? " " : "", t->id, comm ?: "a process", t->pid);
    else
        r = asprintf(&text, "BPF program %s%s(id %u)", t->name, t->name[0] ? " " : "", t->id);
    return r < 0 ? NULL : text;
}

static int add(struct override_list *l, const struct livepatch *p, const struct traced_function *f, const char *by) {
    struct override *grown = reallocarray(l->overrides, l->n_overrides + 1, sizeof(*grown));
    struct override o = {};

    if (!grown)
        return -ENOMEM;
    l->overrides = grown;
    if (asprintf(&o.function, "%s/%s", f->module[0] ? f->module : "vmlinux", f->name) < 0)
        o.function = NULL;
    o.patch = strdup(p->name);
    o.by = strdup(by);
    if (!o.function || !o.patch || !o.by) {
        override_done(&o);
        return -ENOMEM;
    }
    l->overrides[l->n_overrides++] = o;
    return 0;
}

static int add_to_all(struct override_list *l, const struct livepatch_list *patches,
                      const struct traced_function *f, const char *by) {
    int r = 0;

    for (size_t i = 0; i < patches->n_patches && r >= 0; i++)
        if (changes(patches->patches + i, f))
            r = add(l, patches->patches + i, f, by);
    return r;
}

static int add_bpf(struct host *h, struct override_list *l, const struct livepatch_list *patches,
                   const struct traced_function *f) {
    _cleanup_free_ struct bpf_tracer *tracers = NULL;
    size_t n = 0;
    int r = bpf_tracers_find(h, f->target, &tracers, &n);

    for (size_t i = 0; i < n && r >= 0; i++) {
        _cleanup_free_ char *by = describe(h, tracers + i);

        r = by ? add_to_all(l, patches, f, by) : -ENOMEM;
    }
    return r;
}

static bool is_patched(const struct livepatch_list *patches, const struct traced_function *f) {
    for (size_t i = 0; i < patches->n_patches; i++)
        if (changes(patches->patches + i, f))
            return true;
    return false;
}

static int judge(struct host *h, struct override_list *l, const struct livepatch_list *patches,
                 const struct traced_function *f) {
    _cleanup_free_ char *by = NULL;

    if (!f->direct || !is_patched(patches, f))
        return 0;
    if (is_bpf_trampoline(f->target))
        return add_bpf(h, l, patches, f);
    if (asprintf(&by, "a direct call of %s", f->target[0] ? f->target : "unknown code") < 0)
        return -ENOMEM;
    return add_to_all(l, patches, f, by);
}

static bool has_enabled(const struct livepatch_list *l) {
    for (size_t i = 0; i < l->n_patches; i++)
        if (livepatch_is_enabled(l->patches + i))
            return true;
    return false;
}

int override_list_read(struct host *h, const struct livepatch_list *patches, struct override_list *ret) {
    _cleanup_(override_list_done) struct override_list l = {};
    _cleanup_free_ char *text = NULL;
    _cleanup_close_ int fd = -EBADF;
    struct traced_function f;
    const char *p;
    size_t size;
    int r;

    if (!has_enabled(patches)) {
        *ret = (struct override_list){ 0 };
        return 0;
    }
    fd = enabled_functions_open(h);
    if (fd < 0)
        return fd;
    r = file_read_fd(fd, LIST_MAX, &text, &size);
    for (p = text; r >= 0 && traced_function_next(&p, &size, &f) > 0;)
        r = judge(h, &l, patches, &f);
    if (r < 0)
        return r;
    *ret = TAKE_STRUCT(l);
    return 0;
}

char *override_list_describe(const struct override_list *l, const char *patch) {
    char *text = NULL;

    for (size_t i = 0; i < l->n_overrides; i++) {
        const struct override *o = l->overrides + i;
        char *longer;

        if (!patch_name_equal(o->patch, patch))
            continue;
        if (asprintf(&longer, "%s%s%s decides what %s returns", strempty(text), text ? "; " : "", o->by,
                     o->function) < 0)
            longer = NULL;
        free(text);
        text = longer;
        if (!text)
            break;
    }
    return text;
}

/* One read(2) of a seq_file gives up to a page (fs/seq_file.c). If it gives less than half of that, it is all, and
 * asking for the end would have the kernel go through its tens of thousands of functions once more. */
static int read_enabled(int fd, char **ret, size_t *ret_size) {
    _cleanup_free_ char *text = malloc(SEQ_PAGE + 1);
    ssize_t n;

    if (!text)
        return -ENOMEM;
    n = pread(fd, text, SEQ_PAGE, 0);
    if (n < 0)
        return -errno;
    if (n >= SEQ_PAGE / 2)
        return lseek(fd, 0, SEEK_SET) < 0 ? -errno : file_read_fd(fd, LIST_MAX, ret, ret_size);
    text[n] = '\0';
    *ret = TAKE_PTR(text);
    *ret_size = (size_t) n;
    return 0;
}

int enabled_functions_direct(int fd, const struct livepatch_list *patches, char **ret) {
    _cleanup_free_ char *text = NULL;
    char *lines, *to;
    struct traced_function f;
    const char *p, *start;
    size_t size = 0;
    int r = 0;

    if (has_enabled(patches))
        r = read_enabled(fd, &text, &size);
    if (r < 0)
        return r;
    lines = to = malloc(size + 1);
    if (!lines)
        return -ENOMEM;
    for (p = start = text; traced_function_next(&p, &size, &f) > 0; start = p)
        if (f.direct && is_patched(patches, &f))
            to = mempcpy(to, start, (size_t) (p - start));
    *to = '\0';
    *ret = lines;
    return 0;
}
