/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdio.h>
#include <sys/inotify.h>

#include "base/strv.h"
#include "monitor/records.h"

void records_done(struct records *r) {
    closep(&r->fd);
    result_list_done(&r->list);
    strv_free(r->failed);
    *r = RECORDS_NULL;
}

static int read_all(struct records *r, const struct host *h) {
    struct result_list l;
    int k;

    k = result_list_read(h, &l);
    if (k < 0)
        return k;
    result_list_done(&r->list);
    r->list = l;
    return 1;
}

int records_begin(struct records *r, const struct host *h) {
    _cleanup_free_ char *path = NULL;

    /* Below the root of the host, which need not be this process's root. */
    if (asprintf(&path, "/proc/self/fd/%d" RESULTS_DIRECTORY, h->root_fd) < 0)
        return -ENOMEM;
    r->fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
    if (r->fd < 0 || inotify_add_watch(r->fd, path, IN_MOVED_TO | IN_DELETE | IN_ONLYDIR) < 0)
        return -errno;
    return MIN(read_all(r, h), 0);
}

/* A verb of lpctl that failed may load again what was there before. */
static void note_failure(struct records *r, const struct result *result) {
    if (result->loaded)
        strv_remove(r->failed, result->name);
    else if (result_has_failed(result) && !strv_contains(r->failed, result->name))
        (void) strv_extend(&r->failed, result->name);
}

static int read_one(struct records *r, const struct host *h, const char *name) {
    _cleanup_(result_done) struct result result = {};
    int k;

    k = result_read(h, name, &result);
    if (k == -ENOMEM)
        return k;
    if (k < 0) {
        result_list_drop(&r->list, name);
        strv_remove(r->failed, name);
        return 1;
    }
    note_failure(r, &result);
    k = result_list_put(&r->list, &result);
    return k < 0 ? k : 1;
}

static int take_event(struct records *r, const struct host *h, const struct inotify_event *e) {
    _cleanup_free_ char *name = NULL;

    if (e->mask & IN_Q_OVERFLOW)
        return read_all(r, h);
    if (e->len == 0 || !endswith(e->name, ".json"))
        return 0;
    name = strndup(e->name, strlen(e->name) - STRLEN(".json"));
    return name ? read_one(r, h, name) : -ENOMEM;
}

int records_update(struct records *r, const struct host *h) {
    union {
        struct inotify_event event;
        char bytes[16384];
    } buffer;
    int changed = 0;
    ssize_t n;

    while ((n = read(r->fd, buffer.bytes, sizeof(buffer.bytes))) > 0) {
        for (ssize_t at = 0; at < n;) {
            const struct inotify_event *e = (const void *) (buffer.bytes + at);
            int k = take_event(r, h, e);

            if (k < 0)
                return k;
            changed |= k;
            at += (ssize_t) (sizeof(*e) + e->len);
        }
    }
    return changed;
}
