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

void kernel_log_done(struct kernel_log *l) {
    free(l->data);
    *l = (struct kernel_log){};
}

void kernel_log_keep(struct kernel_log *l, size_t max) {
    char *newline;
    size_t n;

    if (l->size <= max)
        return;
    newline = memchr(l->data + l->size - max, '\n', max);
    n = newline ? (size_t) (newline + 1 - l->data) : l->size;
    memmove(l->data, l->data + n, l->size - n);
    l->size -= n;
}

static int grow(struct kernel_log *l) {
    size_t wanted = MAX(l->allocated * 2, (size_t) 4 * LINE_MAX_SIZE);
    char *grown = realloc(l->data, wanted);

    if (!grown)
        return -ENOMEM;
    l->data = grown;
    l->allocated = wanted;
    return 0;
}

/* Drops the older half of what is too much, so that dropping costs no more than reading. */
static int add_line(struct kernel_log *l, const struct kmsg_record *r, size_t max) {
    int n, error = l->allocated - l->size < LINE_MAX_SIZE ? grow(l) : 0;
    unsigned long long usec = r->monotonic_usec;
    bool caller = *r->caller;

    if (error < 0)
        return error;
    n = snprintf(l->data + l->size, LINE_MAX_SIZE, "<%u>[%5llu.%06llu]%s%s%s %.*s\n",
                 r->facility * 8 + r->level, usec / USEC_PER_SEC, usec % USEC_PER_SEC,
                 caller ? "[" : "", r->caller, caller ? "]" : "",
                 (int) MIN(r->text_size, (size_t) RECORD_MAX), r->text);
    if (n > 0 && n < LINE_MAX_SIZE)
        l->size += (size_t) n;
    while (l->size > max)
        kernel_log_keep(l, l->size / 2);
    l->last_usec = usec;
    return 0;
}

int kernel_log_add(struct kernel_log *l, int fd, size_t max) {
    char buffer[RECORD_MAX];
    int r = 0, added = 0;

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
        while (r >= 0 && kmsg_next(&data, &size, &record) > 0) {
            r = add_line(l, &record, max);
            added |= r >= 0 && record.facility == 0;
        }
    }
    return r < 0 ? r : added;
}

int kernel_log_read(const struct host *h, size_t max, char **ret, size_t *ret_size) {
    _cleanup_(kernel_log_done) struct kernel_log l = {};
    _cleanup_close_ int fd = kmsg_open_all(h);
    int r = fd < 0 ? fd : grow(&l);

    if (r >= 0)
        r = kernel_log_add(&l, fd, max);
    if (r < 0)
        return r;
    *ret_size = l.size;
    *ret = TAKE_PTR(l.data);
    return 0;
}
