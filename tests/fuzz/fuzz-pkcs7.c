/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "fuzz-parse.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    fuzz_parse(PARSER_RECORD_SIGNATURE, data, size);
    return 0;
}
