/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "module/info.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    _cleanup_(module_info_done) struct module_info info = {};
    _cleanup_free_ char *id = NULL;
    struct error e = ERROR_NULL;
    int r;

    r = module_info_parse(data, size, &info, &e);
    if (r < 0 ? !e.message : strlen(info.name) > 55 || strchr(info.name, '/') || !info.vermagic)
        abort();
    error_done(&e);

    r = build_id_from_notes(data, size, &id);
    if (r < 0 ? id != NULL : strlen(id) == 0 || strlen(id) % 2 != 0)
        abort();
    return 0;
}
