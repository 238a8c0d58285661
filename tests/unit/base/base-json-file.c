/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/json-file.h"
#include "check.h"
#include "tree.h"

#define PATH "/run/lpd/fix.json"
/* Beyond ASCII, which json-c 0.18 refuses under JSON_TOKENER_STRICT. */
#define SIGNER "CN=Prüfschlüssel ключ 鍵 🔑"

/* As json-c 0.18 does, whichever is here. */
static bool strict;

void __real_json_tokener_set_flags(json_tokener *t, int flags);
void __wrap_json_tokener_set_flags(json_tokener *t, int flags);
void __wrap_json_tokener_set_flags(json_tokener *t, int flags) {
    strict = flags & JSON_TOKENER_STRICT;
    __real_json_tokener_set_flags(t, flags);
}

json_object *__real_json_tokener_parse_ex(json_tokener *t, const char *text, int size);
json_object *__wrap_json_tokener_parse_ex(json_tokener *t, const char *text, int size);
json_object *__wrap_json_tokener_parse_ex(json_tokener *t, const char *text, int size) {
    for (int i = 0; strict && i < size; i++)
        if (text[i] & 0x80)
            return NULL;
    return __real_json_tokener_parse_ex(t, text, size);
}

static void test_names_of_any_language(void **state) {
    json_object *o = json_object_new_object();
    _cleanup_free_ char *signer = NULL;
    struct host h;

    tree_make(&h);
    json_file_add_string(o, "signer", SIGNER);
    assert_int_equal(json_file_write_volatile(&h, PATH, o), 0);
    json_object_put(o);
    assert_int_equal(json_file_read(&h, PATH, &o), 0);
    assert_int_equal(json_file_take_string(o, "signer", &signer), 0);
    assert_string_equal(signer, SIGNER);
    json_object_put(o);
    tree_remove(&h);
}

static void test_no_object(void **state) {
    static const char *const texts[] = { "", "[]", "1", "{", "{\"a\":", "nonsense" };
    json_object *o;
    struct host h;

    tree_make(&h);
    for (size_t i = 0; i < ELEMENTSOF(texts); i++) {
        tree_write(&h, PATH, texts[i]);
        assert_int_equal(json_file_read(&h, PATH, &o), -EBADMSG);
    }
    tree_remove(&h);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_names_of_any_language),
        cmocka_unit_test(test_no_object),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
