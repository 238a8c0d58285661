/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <endian.h>
#include <stdio.h>

#include "base/digest.h"
#include "base/hex.h"
#include "base/strv.h"
#include "base/utf8.h"
#include "state/early-file.h"
#include "state/early-ledger.h"

/* "LPDL", the version, the number of builds; each build; and the first bytes of the SHA-256 of all
 * that, because not every file system and firmware writes in one step. A text has its length before
 * it, and numbers are little-endian:
 *
 *     build:   state, stage, since, sha256, kernel, name, module, build id, reason,
 *              the number of attempts, and each attempt: stage, time, boot id */
static const char magic[] = { 'L', 'P', 'D', 'L' };
#define VERSION 1
#define HEADER_SIZE (sizeof(magic) + 2)
#define CHECK_SIZE 8
#define BUILDS_MAX UINT8_MAX
#define TEXT_MAX UINT8_MAX

static const char *const stages[] = { "", "initrd", "system" };

/* Bytes of limited number. Too many of them set full, and nothing is added any more. */
struct writer {
    uint8_t data[EARLY_LEDGER_SIZE_MAX - CHECK_SIZE];
    size_t size;
    bool full;
};

static void put(struct writer *w, const void *data, size_t size) {
    w->full |= size > sizeof(w->data) - w->size;
    if (w->full)
        return;
    memcpy(w->data + w->size, data, size);
    w->size += size;
}

static void put_byte(struct writer *w, size_t value) {
    put(w, &(uint8_t){ (uint8_t) value }, 1);
}

static void put_number(struct writer *w, uint64_t value) {
    value = htole64(value);
    put(w, &value, sizeof(value));
}

/* What is longer is cut: only a reason can be, which is for people. */
static void put_text(struct writer *w, const char *text) {
    size_t n = MIN(strlen(strempty(text)), (size_t) TEXT_MAX);

    put_byte(w, n);
    put(w, strempty(text), n);
}

static void put_stage(struct writer *w, const char *stage) {
    for (size_t i = 0; i < ELEMENTSOF(stages); i++)
        if (streq(strempty(stage), stages[i]))
            put_byte(w, i);
}

static int put_hex(struct writer *w, const char *digits, bool counted) {
    _cleanup_free_ void *data = NULL;
    size_t size;
    int r;

    r = hex_decode(strempty(digits), &data, &size);
    if (r < 0)
        return r;
    if (counted)
        put_byte(w, size);
    put(w, data, size);
    return 0;
}

static int put_build(struct writer *w, const struct ledger_build *b) {
    int r;

    put_byte(w, b->state);
    put_stage(w, b->stage);
    put_number(w, b->since_usec);
    r = put_hex(w, b->sha256, /* counted= */ false);
    if (r < 0)
        return r;
    put_text(w, b->kernel);
    put_text(w, b->name);
    put_text(w, b->module_name);
    r = put_hex(w, b->build_id, /* counted= */ true);
    if (r < 0)
        return r;
    put_text(w, b->reason);
    put_byte(w, b->n_attempts);
    for (size_t i = 0; i < b->n_attempts; i++) {
        put_stage(w, b->attempts[i].stage);
        put_number(w, b->attempts[i].usec);
        put_text(w, b->attempts[i].boot_id);
    }
    return 0;
}

/* Without its entry such a build is at worst loaded later in the boot. */
static bool is_dispensable(const struct ledger_build *b) {
    return b->state == LEDGER_CONFIRMED && b->n_attempts == 0;
}

static int newest_first(const void *a, const void *b) {
    const struct ledger_build *x = *(const struct ledger_build *const *) a,
                              *y = *(const struct ledger_build *const *) b;

    if (is_dispensable(x) != is_dispensable(y))
        return is_dispensable(x) ? 1 : -1;
    if (x->since_usec != y->since_usec)
        return x->since_usec < y->since_usec ? 1 : -1;
    /* The same builds have the same bytes, whatever qsort(3) does. */
    return strcmp(x->kernel, y->kernel) ?: strcmp(x->sha256, y->sha256);
}

static int put_builds(struct writer *w, const struct ledger_build **builds, size_t n) {
    size_t n_put = 0;
    int r = 0;

    put(w, magic, sizeof(magic));
    put_byte(w, VERSION);
    put_byte(w, 0);
    for (size_t i = 0; i < n && r >= 0; i++) {
        size_t before = w->size;

        w->full |= n_put == BUILDS_MAX;
        r = put_build(w, builds[i]);
        n_put += !w->full;
        if (!w->full || r < 0)
            continue;
        if (!is_dispensable(builds[i]))
            return -ENOSPC;
        w->size = before;
        w->full = false;
        break;
    }
    w->data[HEADER_SIZE - 1] = (uint8_t) n_put;
    return r;
}

int early_ledger_encode(const struct ledger_list *l, char **ret, size_t *ret_size) {
    _cleanup_free_ const struct ledger_build **builds = calloc(l->n_builds + 1, sizeof(*builds));
    _cleanup_free_ struct writer *w = calloc(1, sizeof(*w));
    uint8_t check[SHA256_SIZE];
    char *data;
    int r;

    if (!builds || !w)
        return -ENOMEM;
    for (size_t i = 0; i < l->n_builds; i++) {
        if (!ledger_build_is_valid(&l->builds[i]))
            return -EINVAL;
        builds[i] = &l->builds[i];
    }
    qsort(builds, l->n_builds, sizeof(*builds), newest_first);
    r = put_builds(w, builds, l->n_builds);
    if (r < 0)
        return r;
    data = malloc(w->size + CHECK_SIZE);
    if (!data)
        return -ENOMEM;
    sha256_take(w->data, w->size, check);
    memcpy(data, w->data, w->size);
    memcpy(data + w->size, check, CHECK_SIZE);
    *ret = data;
    *ret_size = w->size + CHECK_SIZE;
    return 0;
}

/* What is left of the bytes. Too few of them set bad. */
struct reader {
    const uint8_t *data;
    size_t size;
    bool bad, no_memory;
};

static const uint8_t *take(struct reader *r, size_t size) {
    const uint8_t *data = r->data;

    r->bad |= size > r->size;
    if (r->bad)
        return NULL;
    r->data += size;
    r->size -= size;
    return data;
}

static uint8_t take_byte(struct reader *r) {
    const uint8_t *data = take(r, 1);

    return data ? *data : 0;
}

static uint64_t take_number(struct reader *r) {
    const uint8_t *data = take(r, sizeof(uint64_t));
    uint64_t value = 0;

    if (data)
        memcpy(&value, data, sizeof(value));
    return le64toh(value);
}

/* NULL for an empty one. It is shown to people and written as JSON. */
static char *take_text(struct reader *r) {
    size_t size = take_byte(r);
    const uint8_t *data = take(r, size);
    char *text;

    if (!data || size == 0)
        return NULL;
    r->bad |= memchr(data, '\0', size) != NULL;
    text = strndup((const char *) data, size);
    r->no_memory |= !text;
    return text ? utf8_make_printable(text) : NULL;
}

static char *take_hex(struct reader *r, size_t size) {
    const uint8_t *data = take(r, size);
    char *text = data && size > 0 ? hex_encode(data, size) : NULL;

    r->no_memory |= data && size > 0 && !text;
    return text;
}

static char *take_stage(struct reader *r) {
    size_t stage = take_byte(r);
    char *text;

    r->bad |= stage >= ELEMENTSOF(stages);
    if (r->bad || stage == 0)
        return NULL;
    text = strdup(stages[stage]);
    r->no_memory |= !text;
    return text;
}

static void take_build(struct reader *r, struct ledger_build *b) {
    size_t state = take_byte(r), n_attempts;

    r->bad |= state >= _LEDGER_STATE_MAX;
    b->state = r->bad ? LEDGER_TRIAL : state;
    b->stage = take_stage(r);
    b->since_usec = take_number(r);
    b->sha256 = take_hex(r, SHA256_SIZE);
    b->kernel = take_text(r);
    b->name = take_text(r);
    b->module_name = take_text(r);
    b->build_id = take_hex(r, take_byte(r));
    b->reason = take_text(r);
    n_attempts = take_byte(r);
    r->bad |= n_attempts > LEDGER_ATTEMPTS_MAX;
    while (!r->bad && b->n_attempts < n_attempts) {
        struct ledger_attempt *a = &b->attempts[b->n_attempts++];

        a->stage = take_stage(r);
        a->usec = take_number(r);
        a->boot_id = take_text(r);
    }
    r->bad |= !ledger_build_is_valid(b);
}

static bool is_twice(const struct ledger_list *l, const struct ledger_build *b) {
    for (size_t i = 0; i < l->n_builds; i++)
        if (streq(l->builds[i].kernel, b->kernel) && streq(l->builds[i].sha256, b->sha256))
            return true;
    return false;
}

static int take_builds(struct reader *r, struct ledger_list *l) {
    size_t n = take_byte(r);

    l->builds = calloc(n + 1, sizeof(*l->builds));
    if (!l->builds)
        return -ENOMEM;
    while (l->n_builds < n && !r->bad && !r->no_memory) {
        struct ledger_build *b = &l->builds[l->n_builds];

        take_build(r, b);
        r->bad |= !r->bad && is_twice(l, b);
        l->n_builds++;
    }
    return r->no_memory ? -ENOMEM : r->bad || r->size > 0 ? -EBADMSG : 0;
}

int early_ledger_decode(const void *data, size_t size, struct ledger_list *ret) {
    _cleanup_(ledger_list_done) struct ledger_list l = {};
    uint8_t check[SHA256_SIZE];
    struct reader r;
    int k;

    if (size < HEADER_SIZE + CHECK_SIZE || size > EARLY_LEDGER_SIZE_MAX ||
        memcmp(data, magic, sizeof(magic)) != 0)
        return -EBADMSG;
    sha256_take(data, size - CHECK_SIZE, check);
    if (memcmp((const uint8_t *) data + size - CHECK_SIZE, check, CHECK_SIZE) != 0)
        return -EBADMSG;
    r = (struct reader){ .data = data, .size = size - CHECK_SIZE };
    (void) take(&r, sizeof(magic));
    if (take_byte(&r) != VERSION)
        return -EPROTONOSUPPORT;
    k = take_builds(&r, &l);
    if (k < 0)
        return k;
    *ret = TAKE_STRUCT(l);
    return 0;
}

void early_place_close(struct early_place *p) {
    efi_variables_close(&p->variables);
    host_close(&p->own);
    free(p->directory);
    *p = EARLY_PLACE_NULL;
}

static const struct host *host_of(const struct early_place *p) {
    return p->host ?: &p->own;
}

static int read_bytes(const struct early_place *p, char **ret, size_t *ret_size) {
    return p->variables.directory ? efi_variable_read(&p->variables, EARLY_LEDGER_VARIABLE, EARLY_LEDGER_SIZE_MAX,
                                                      ret, ret_size)
                                  : early_file_read(host_of(p), p->directory, ret, ret_size);
}

int early_ledger_read(const struct early_place *p, struct ledger_list *ret) {
    _cleanup_free_ char *data = NULL;
    size_t size;
    int r;

    r = read_bytes(p, &data, &size);
    if (r < 0)
        return r == -EFBIG ? -EBADMSG : r;
    return early_ledger_decode(data, size, ret);
}

int early_ledger_write(const struct early_place *p, const struct ledger_list *l) {
    _cleanup_free_ char *data = NULL;
    size_t size;
    int r;

    r = early_ledger_encode(l, &data, &size);
    if (r < 0)
        return r;
    if (p->variables.directory)
        return efi_variable_write(&p->variables, EARLY_LEDGER_VARIABLE, data, size);
    return early_file_write(host_of(p), p->directory, data, size);
}
