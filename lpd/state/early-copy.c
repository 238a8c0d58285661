/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/file.h"
#include "base/strv.h"
#include "state/early-copy.h"
#include "state/results.h"

/* The place, a null byte, and the bytes. No result of a patch has this name, because it lacks ".json". */
#define EARLY_COPY RESULTS_DIRECTORY "/early-ledger"

int early_copy_write(const struct host *h, const char *place, const struct ledger_list *l) {
    _cleanup_free_ char *data = NULL, *text = NULL;
    size_t size, n = strlen(place) + 1;
    int r;

    r = early_ledger_encode(l, &data, &size);
    if (r < 0)
        return r;
    text = malloc(n + size);
    if (!text)
        return -ENOMEM;
    memcpy(text, place, n);
    memcpy(text + n, data, size);
    r = file_mkdir_p(h, RESULTS_DIRECTORY);
    return r < 0 ? r : file_write_volatile(h, EARLY_COPY, text, n + size, 0644);
}

static int read_copy(const struct host *h, const char *place, char **ret, const char **ret_data, size_t *ret_size) {
    size_t size, n = strlen(place) + 1;
    _cleanup_free_ char *text = NULL;
    int r;

    r = file_read(h, EARLY_COPY, EARLY_LEDGER_SIZE_MAX + n, &text, &size);
    if (r < 0)
        return r;
    if (size < n || memcmp(text, place, n) != 0)
        return -ENOENT;
    *ret_data = text + n;
    *ret_size = size - n;
    *ret = TAKE_PTR(text);
    return 0;
}

int early_copy_read(const struct host *h, const char *place, struct ledger_list *ret) {
    _cleanup_free_ char *text = NULL;
    const char *data;
    size_t size;
    int r;

    r = read_copy(h, place, &text, &data, &size);
    return r < 0 ? r : early_ledger_decode(data, size, ret);
}

bool early_copy_is(const struct host *h, const char *place, const struct ledger_list *l) {
    _cleanup_free_ char *text = NULL, *wanted = NULL;
    size_t size, wanted_size;
    const char *data;

    return read_copy(h, place, &text, &data, &size) >= 0 && early_ledger_encode(l, &wanted, &wanted_size) >= 0 &&
           size == wanted_size && memcmp(data, wanted, size) == 0;
}

void early_copy_forget(const struct host *h) {
    (void) file_unlink(h, EARLY_COPY);
}
