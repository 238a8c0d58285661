/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What holds on the host also holds in the initramfs. */
#include "base/strv.h"
#include "config/cmdline.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool promise) {
    if (!promise)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    _cleanup_(cmdline_switches_done) struct cmdline_switches host = { 0 }, initrd = { 0 };
    _cleanup_free_ char *line = strndup((const char *) data, size);

    require(line != NULL);
    require(cmdline_parse(line, false, &host) == 0);
    require(cmdline_parse(line, true, &initrd) == 0);
    require(initrd.disabled || !host.disabled);
    require(initrd.lock_disabled == host.lock_disabled);
    STRV_FOREACH(name, host.skip)
        require(**name && !strpbrk(*name, ", \t\r\n") && cmdline_skips(&initrd, *name));
    return 0;
}
