/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <fcntl.h>
#include <stdio.h>

#include "base/file.h"
#include "base/strv.h"
#include "system/pstore.h"

#define DEPTH_MAX 3 /* systemd-pstore archives into TIME/COUNT/ */
#define REASON_SIZE 32

/* One file. */
struct record {
    char reason[REASON_SIZE];
    uint64_t usec;
    unsigned long count, part;
    char *text;
    size_t size;
};

struct reading {
    const struct host *host;
    struct record *records;
    size_t n_records;
    size_t n_bytes;
    size_t n_compressed, n_skipped;
};

static void reading_done(struct reading *r) {
    for (size_t i = 0; i < r->n_records; i++)
        free(r->records[i].text);
    free(r->records);
}

void pstore_done(struct pstore *p) {
    for (size_t i = 0; i < p->n_dumps; i++) {
        free(p->dumps[i].reason);
        free(p->dumps[i].text);
    }
    free(p->dumps);
    *p = (struct pstore){};
}

/* "Panic#1 Part2\n", pstore_dump() in fs/pstore/platform.c. */
static void parse_header(struct record *r) {
    size_t n = strcspn(r->text, "#\n");
    char *end;

    r->part = 1;
    (void) snprintf(r->reason, sizeof(r->reason), "dmesg");
    if (n == 0 || r->text[n] != '#' || n > REASON_SIZE / 2)
        return;
    errno = 0;
    r->count = strtoul(r->text + n + 1, &end, 10);
    if (errno != 0 || !startswith(end, " Part") || end - r->text >= REASON_SIZE)
        return;
    (void) snprintf(r->reason, sizeof(r->reason), "%.*s", (int) (end - r->text), r->text);
    r->part = strtoul(end + STRLEN(" Part"), &end, 10);
}

/* The name of an EFI variable has the time: "dmesg-efi_pstore-ID" with ID = (seconds * 100 + part)
 * * 1000 + count, efi_pstore_read_func() in drivers/firmware/efi/efi-pstore.c. An archived file
 * has no other time. */
static uint64_t time_of(const char *name, const struct stat *st) {
    const char *id = strrchr(name, '-');
    unsigned long long n;

    errno = 0;
    n = startswith(name, "dmesg-efi") && id ? strtoull(id + 1, NULL, 10) : 0;
    if (errno == 0 && n / 100000 > 0)
        return n / 100000 * USEC_PER_SEC;
    return st->st_mtim.tv_sec < 0 ? 0
         : (uint64_t) st->st_mtim.tv_sec * USEC_PER_SEC + (uint64_t) st->st_mtim.tv_nsec / 1000;
}

/* Reads a regular file that the path itself names. */
static int read_text(const struct host *h, const char *path, struct stat *ret_st, char **ret,
                     size_t *ret_size) {
    _cleanup_close_ int fd = file_open(h, path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_NOFOLLOW, 0);

    if (fd < 0)
        return fd;
    if (fstat(fd, ret_st) < 0)
        return -errno;
    if (!S_ISREG(ret_st->st_mode))
        return -EINVAL;
    return file_read_fd(fd, PSTORE_RECORD_SIZE_MAX, ret, ret_size);
}

static int add_record(struct reading *r, const char *path, const char *name) {
    struct record record = {}, *grown;
    struct stat st;
    int error;

    if (r->n_records >= PSTORE_RECORDS_MAX) {
        r->n_skipped++;
        return 0;
    }
    error = read_text(r->host, path, &st, &record.text, &record.size);
    if (error < 0 || record.size > PSTORE_SIZE_MAX - r->n_bytes) {
        free(record.text);
        r->n_skipped++;
        return error == -ENOMEM ? error : 0;
    }
    parse_header(&record);
    if (startswith(name, "console-"))
        (void) snprintf(record.reason, sizeof(record.reason), "console");
    record.usec = time_of(name, &st);
    grown = reallocarray(r->records, r->n_records + 1, sizeof(*grown));
    if (!grown) {
        free(record.text);
        return -ENOMEM;
    }
    r->records = grown;
    r->records[r->n_records++] = record;
    r->n_bytes += record.size;
    return 0;
}

static int add_directory(struct reading *r, const char *directory, unsigned depth);

static int add_name(struct reading *r, const char *directory, const char *name, unsigned depth) {
    _cleanup_free_ char *path = NULL;
    struct stat st;

    if (asprintf(&path, "%s/%s", directory, name) < 0)
        return -ENOMEM;
    if (file_lstat(r->host, path, &st) < 0)
        return 0;
    if (S_ISDIR(st.st_mode))
        return depth < DEPTH_MAX ? add_directory(r, path, depth + 1) : 0;
    if (!startswith(name, "dmesg-") && !startswith(name, "console-"))
        return 0;
    if (!endswith(name, ".enc.z"))
        return add_record(r, path, name);
    r->n_compressed++;
    return 0;
}

/* The newest archived directories come last in the order of names, and are read first, so that old
 * ones do not use up the limits. */
static int add_directory(struct reading *r, const char *directory, unsigned depth) {
    _cleanup_strv_free_ char **names = NULL;
    int error;

    error = file_list(r->host, directory, &names);
    if (error < 0)
        return error == -ENOMEM ? error : 0;
    for (size_t i = strv_length(names); i-- > 0 && error >= 0;)
        error = add_name(r, directory, names[i], depth);
    return error;
}

static int compare(const void *a, const void *b) {
    const struct record *x = a, *y = b;

    if (x->usec != y->usec)
        return x->usec < y->usec ? -1 : 1;
    if (x->count != y->count)
        return x->count < y->count ? -1 : 1;
    return x->part < y->part ? -1 : x->part > y->part;
}

/* The parts of a dump follow each other, although the clock may have moved on between them. */
static size_t count_parts(const struct record *first, size_t n) {
    size_t i = 1;

    while (i < n && streq(first->reason, first[i].reason) && !streq(first->reason, "console") &&
           first[i].part > first[i - 1].part)
        i++;
    return i;
}

/* The last part is the oldest. */
static int join(const struct record *parts, size_t n, struct pstore_dump *ret) {
    _cleanup_free_ char *text = NULL, *reason = strdup(parts->reason);
    size_t size = 0, at = 0;

    for (size_t i = 0; i < n; i++)
        size += parts[i].size + 1;
    text = malloc(size + 1);
    if (!text || !reason)
        return -ENOMEM;
    for (size_t i = n; i-- > 0;) {
        memcpy(text + at, parts[i].text, parts[i].size);
        at += parts[i].size;
        if (parts[i].size > 0 && text[at - 1] != '\n')
            text[at++] = '\n';
    }
    text[at] = '\0';
    *ret = (struct pstore_dump){
        .reason = TAKE_PTR(reason),
        .usec = parts->usec,
        .text = TAKE_PTR(text),
        .text_size = at,
        .complete = parts[0].part == 1 && parts[n - 1].part == n,
    };
    return 0;
}

static int make_dumps(const struct reading *r, struct pstore *p) {
    int error = 0;

    if (r->n_records == 0)
        return 0;
    qsort(r->records, r->n_records, sizeof(*r->records), compare);
    p->dumps = calloc(r->n_records, sizeof(*p->dumps));
    if (!p->dumps)
        return -ENOMEM;
    for (size_t i = 0, n; i < r->n_records && error >= 0; i += n) {
        n = count_parts(r->records + i, r->n_records - i);
        error = join(r->records + i, n, &p->dumps[p->n_dumps]);
        p->n_dumps += error >= 0;
    }
    return error;
}

int pstore_read(const struct host *h, struct pstore *ret) {
    _cleanup_(pstore_done) struct pstore p = {};
    _cleanup_(reading_done) struct reading r = { .host = h };
    int error;

    error = add_directory(&r, PSTORE_DIRECTORY, DEPTH_MAX);
    if (error >= 0)
        error = add_directory(&r, PSTORE_ARCHIVE_DIRECTORY, 0);
    if (error >= 0)
        error = make_dumps(&r, &p);
    if (error < 0)
        return error;
    p.n_compressed = r.n_compressed;
    p.n_skipped = r.n_skipped;
    *ret = TAKE_STRUCT(p);
    return 0;
}
