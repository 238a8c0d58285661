/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/suggest.h"
#include "check.h"

static const char *const words[] = { "TimeoutSec", "Stage",   "Required", "Requires",
                                     "Rollout",    "install", "status",   "list",     "none" };

static void assert_suggestion(const char *word, const char *expected) {
    const char *s = suggest(word, words, ELEMENTSOF(words));

    if (!streq(strempty(s), strempty(expected)))
        fail_msg("'%s' suggests '%s', not '%s'", word, strempty(s), strempty(expected));
}

static void test_near(void **state) {
    assert_suggestion("Tiemout", "TimeoutSec");
    assert_suggestion("Timeout", "TimeoutSec");
    assert_suggestion("timeoutsec", "TimeoutSec");
    assert_suggestion("TimeoutUSec", "TimeoutSec");
    assert_suggestion("Stgae", "Stage");
    assert_suggestion("stage", "Stage");
    assert_suggestion("Requierd", "Required");
    assert_suggestion("Require", "Required");
    assert_suggestion("Requirse", "Requires");
    assert_suggestion("stauts", "status");
    assert_suggestion("lsit", "list");
    assert_suggestion("inst", "install");
    assert_suggestion("li", "list");
}

static void test_far(void **state) {
    char many[300];

    assert_suggestion("", NULL);
    assert_suggestion("x", NULL);
    assert_suggestion("frobnicate", NULL);
    assert_suggestion("last-of-all", NULL);
    assert_suggestion("some", NULL);
    memset(many, 'x', sizeof(many));
    many[sizeof(many) - 1] = '\0';
    assert_suggestion(many, NULL);
    many[63] = '\0';
    assert_suggestion(many, NULL);
    assert_null(suggest("list", NULL, 0));
}

static void test_long_candidate(void **state) {
    char many[300];
    const char *candidates[] = { many, "list" };

    memset(many, 'l', sizeof(many));
    many[sizeof(many) - 1] = '\0';
    assert_string_equal(suggest("lits", candidates, 2), "list");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_near),
        cmocka_unit_test(test_far),
        cmocka_unit_test(test_long_candidate),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
