/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <fcntl.h>
#include <stdio.h>

#include "base/file.h"
#include "livepatch/kmsg.h"
#include "system/kernel-log.h"

/* Longer text fails with EINVAL: PRINTKRB_RECORD_MAX, kernel/printk/printk.c. */
#define TEXT_MAX 900

#define RECORD_MAX 8192 /* read(2) of /dev/kmsg returns one record, or -EINVAL if it is longer */
#define RECORDS_MAX 1000000 /* ends the work if the log fills faster than it is read */
#define LINE_MAX_SIZE (RECORD_MAX + 64)

#define KERNEL_PREFIX "livepatch:"

static void make_ours(char *text) {
    for (char *c = text; *c; c++)
        if (*c == '\n')
            *c = ' ';
    for (char *c = text; (c = strstr(c, KERNEL_PREFIX));) {
        c += STRLEN(KERNEL_PREFIX);
        memmove(c - 1, c, strlen(c) + 1);
    }
}

/* Opens the log for each line, because the kernel limits the rate of each descriptor
 * (printk.devkmsg=ratelimit). A line must be one write(2); dprintf(3) of older C libraries fails
 * here, because it tries to seek. */
int kernel_log_write(const char *program, int priority, const char *text) {
    _cleanup_close_ int fd = open("/dev/kmsg", O_WRONLY | O_NOCTTY | O_CLOEXEC);
    _cleanup_free_ char *line = NULL;

    if (fd < 0)
        return -errno;
    if (asprintf(&line, "<%d>%s: %.*s", priority, program, TEXT_MAX, text) < 0)
        return -ENOMEM;
    make_ours(line);
    return write(fd, line, strlen(line)) < 0 ? -errno : 0;
}

struct text {
    char *data;
    size_t size, allocated;
};

/* Drops the older half of the lines, so that dropping costs no more than reading. */
static void drop_half(struct text *t) {
    char *newline = memchr(t->data + t->size / 2, '\n', t->size - t->size / 2);
    size_t n = newline ? (size_t) (newline + 1 - t->data) : t->size;

    memmove(t->data, t->data + n, t->size - n);
    t->size -= n;
}

static int grow(struct text *t) {
    size_t wanted = MAX(t->allocated * 2, (size_t) 4 * LINE_MAX_SIZE);
    char *grown = realloc(t->data, wanted);

    if (!grown)
        return -ENOMEM;
    t->data = grown;
    t->allocated = wanted;
    return 0;
}

static int add_line(struct text *t, const struct kmsg_record *r, size_t max) {
    int n, error = t->allocated - t->size < LINE_MAX_SIZE ? grow(t) : 0;
    unsigned long long usec = r->monotonic_usec;
    bool caller = *r->caller;

    if (error < 0)
        return error;
    n = snprintf(t->data + t->size, LINE_MAX_SIZE, "<%u>[%5llu.%06llu]%s%s%s %.*s\n",
                 r->facility * 8 + r->level, usec / USEC_PER_SEC, usec % USEC_PER_SEC,
                 caller ? "[" : "", r->caller, caller ? "]" : "",
                 (int) MIN(r->text_size, (size_t) RECORD_MAX), r->text);
    if (n > 0 && n < LINE_MAX_SIZE)
        t->size += (size_t) n;
    while (t->size > max)
        drop_half(t);
    return 0;
}

int kernel_log_read(const struct host *h, size_t max, char **ret, size_t *ret_size) {
    _cleanup_close_ int fd = file_open(h, "/dev/kmsg", O_RDONLY | O_NONBLOCK | O_NOCTTY, 0);
    struct text t = {};
    char buffer[RECORD_MAX];
    int r = fd < 0 ? fd : grow(&t);

    for (unsigned i = 0; r >= 0 && i < RECORDS_MAX; i++) {
        ssize_t n = read(fd, buffer, sizeof(buffer));
        size_t size = n > 0 ? (size_t) n : 0;
        struct kmsg_record record;
        const char *data = buffer;

        /* EPIPE: records were overwritten before they were read. */
        if (n < 0 && (errno == EINTR || errno == EPIPE))
            continue;
        if (n < 0 && errno != EAGAIN)
            r = -errno;
        if (n <= 0)
            break;
        while (r >= 0 && kmsg_next(&data, &size, &record) > 0)
            r = add_line(&t, &record, max);
    }
    if (r < 0) {
        free(t.data);
        return r;
    }
    *ret = t.data;
    *ret_size = t.size;
    return 0;
}
