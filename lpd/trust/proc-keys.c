/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "trust/proc-keys.h"

#define HEX "0123456789abcdef"
#define SERIAL_LENGTH 8
#define ALGORITHM ": X509."

/* Serial number, flags, usage, timeout, permissions, user, group, type, and after one space the
 * type's description, which may begin with a space itself. sscanf(3) is not used, because it would
 * measure all later lines each time. */
int proc_key_parse(const char *text, struct proc_key *ret) {
    struct proc_key k = { .serial = (int32_t) strtoul(text, NULL, 16) };

    if (strspn(text, HEX) != SERIAL_LENGTH || text[SERIAL_LENGTH] != ' ')
        return -EBADMSG;
    text += SERIAL_LENGTH;
    for (unsigned fields = 1; fields < 7; fields++) {
        text += strspn(text, " ");
        text += strcspn(text, " \n");
    }
    text += strspn(text, " ");
    if (strcspn(text, "\n") < sizeof(k.type) || text[sizeof(k.type) - 1] != ' ')
        return -EBADMSG;
    memcpy(k.type, text, strcspn(text, " "));
    k.text = text + sizeof(k.type);
    *ret = k;
    return 0;
}

bool proc_key_is_keyring(const struct proc_key *k, const char *name) {
    return streq(k->type, "keyring") && startswith(k->text, name) && k->text[strlen(name)] == ':';
}

const char *proc_key_algorithm(const struct proc_key *k, const char *description,
                               size_t *ret_length) {
    const char *algorithm;
    size_t length;

    if (!streq(k->type, "asymmetri") || !startswith(k->text, description))
        return NULL;
    algorithm = k->text + strlen(description);
    if (!startswith(algorithm, ALGORITHM))
        return NULL;
    algorithm += STRLEN(ALGORITHM);
    length = strcspn(algorithm, " \n");
    if (length == 0)
        return NULL;
    *ret_length = length;
    return algorithm;
}

int key_description_split(char *text, const char **ret_type, const char **ret_description) {
    char *at = text;

    for (unsigned fields = 0; fields < 4; fields++) {
        at = strchr(at, ';');
        if (!at)
            return -EBADMSG;
        *at++ = '\0';
    }
    *ret_type = text;
    *ret_description = at;
    return 0;
}

const char *key_description_id(const char *description) {
    const char *colon = strrchr(description, ':'), *id;
    size_t length;

    if (!colon || colon[1] != ' ')
        return NULL;
    id = colon + 2;
    length = strlen(id);
    return length > 0 && length % 2 == 0 && strspn(id, HEX) == length ? id : NULL;
}
