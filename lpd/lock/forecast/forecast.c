/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/strv.h"
#include "lock/forecast/forecast.h"

static const char *const source_words[] = {
    [WANTED_DEVICE] = "device",
    [WANTED_FILESYSTEM] = "filesystem",
    [WANTED_MODULES_LOAD] = "modules-load",
    [WANTED_SOFTDEP] = "softdep",
    [WANTED_FIREWALL] = "firewall",
    [WANTED_CRYPTO] = "crypto",
    [WANTED_NETWORK] = "network",
    [WANTED_SERVICE] = "service",
    [WANTED_RECORD] = "record",
};

const char *forecast_source_to_string(enum forecast_source s) {
    return source_words[s];
}

void forecast_done(struct forecast *w) {
    for (size_t i = 0; i < w->n_modules; i++) {
        free(w->modules[i].name);
        free(w->modules[i].reason);
    }
    free(w->modules);
    free(w->release);
    strv_free(w->proposal);
    strv_free(w->absent);
    strv_free(w->unread);
    *w = (struct forecast){};
}
