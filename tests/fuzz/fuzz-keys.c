/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The texts in which the kernel describes keys: /proc/keys line by line, and each line as an answer
 * to KEYCTL_DESCRIBE. What is found lies in the text. */
#include "trust/proc-keys.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool promise) {
    if (!promise)
        abort();
}

static bool lies_in(const char *part, size_t length, const char *text) {
    return part >= text && part + length <= text + strlen(text);
}

static void try_line(const char *line, const char *description) {
    const char *algorithm;
    struct proc_key k;
    size_t length;

    if (proc_key_parse(line, &k) < 0)
        return;
    require(strlen(k.type) < sizeof(k.type) && lies_in(k.text, 0, line));
    require(!(proc_key_is_keyring(&k, ".machine") && !startswith(k.text, ".machine:")));
    algorithm = proc_key_algorithm(&k, description, &length);
    require(!algorithm || (length > 0 && lies_in(algorithm, length, k.text)));
}

static void try_description(char *text) {
    const char *type, *description, *id, *start = text;
    size_t size = strlen(text);

    id = key_description_id(text);
    require(!id || (id - text >= 2 && strlen(id) % 2 == 0 && *id != '\0'));
    if (key_description_split(text, &type, &description) >= 0)
        require(type == start && description > type && description <= start + size);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    _cleanup_free_ char *text = strndup((const char *) data, size);
    const char *end;

    require(text != NULL);
    for (const char *line = text; line; line = (end = strchr(line, '\n')) ? end + 1 : NULL)
        try_line(line, "Debian: b9194f6b");
    try_description(text);
    return 0;
}
