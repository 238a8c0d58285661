/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/utf8.h"
#include "check.h"

static void test_printable(void **state) {
    static const char *const good[] = { "a", " ", "~", "ä", "€", "🍐", "\u00a0", "\U0010fffd" };
    static const char *const bad[] = {
        /* control characters */
        "\x01", "\t", "\x7f", "\xc2\x80", "\xc2\x9b",
        /* longer than necessary */
        "\xc0\x80", "\xc1\xbf", "\xe0\x80\x80", "\xe0\x9f\xbf", "\xf0\x8f\xbf\xbf",
        /* not characters: surrogates, noncharacters, beyond the last one */
        "\xed\xa0\x80", "\xef\xbf\xbe", "\xef\xbf\xbf", "\xf4\x90\x80\x80",
        /* truncated, and bytes that cannot begin a character */
        "\x80", "\xc3", "\xe4", "\xe2\x82", "\xf5\x80\x80\x80", "\xf8\x88\x80\x80\x80", "\xff", "\xfe",
    };

    for (size_t i = 0; i < ELEMENTSOF(good); i++)
        assert_int_equal(utf8_printable(good[i], strlen(good[i])), strlen(good[i]));
    for (size_t i = 0; i < ELEMENTSOF(bad); i++)
        if (utf8_printable(bad[i], strlen(bad[i])) != 0)
            fail_msg("number %zu is printable", i);
    assert_int_equal(utf8_printable("\0", 1), 0);
    assert_int_equal(utf8_printable("a", 0), 0);
    /* Bytes beyond the end are not read. */
    assert_int_equal(utf8_printable("€", 2), 0);
    assert_int_equal(utf8_printable("ab", 2), 1);
}

/* These may be in a file that an editor shows, but not in a name. */
static void test_deceptive(void **state) {
    static const char *const deceptive[] = {
        "\u00ad", "\u034f", "\u061c", "\u115f", "\u180e", "\u200b", "\u200d", "\u200f", "\u2028",
        "\u2029", "\u202a", "\u202e", "\u2060", "\u2066", "\u2069", "\u206f", "\u2800", "\u3164",
        "\ufe0f", "\ufeff", "\uffa0", "\ufff9", "\U0001d173", "\U000e0001", "\U000e0041",
        "\U000e01ef",
    };
    char name[] = "evil\u202egpj.exe\u200b";

    for (size_t i = 0; i < ELEMENTSOF(deceptive); i++) {
        if (utf8_printable(deceptive[i], strlen(deceptive[i])) != 0)
            fail_msg("number %zu is printable", i);
        assert_int_equal(utf8_valid(deceptive[i], strlen(deceptive[i])), strlen(deceptive[i]));
    }
    assert_string_equal(utf8_make_printable(name), "evil??" "?gpj.exe??" "?");
}

static void test_make_printable(void **state) {
    char text[] = "a\x1b[2J\n\xff€\xe2\x82ä\t\xc3";

    assert_ptr_equal(utf8_make_printable(text), text);
    assert_string_equal(text, "a?[2J?" "?€??ä??");
}

static void test_quote(void **state) {
    char buffer[UTF8_QUOTE_SIZE], text[200];

    assert_string_equal(utf8_quote("", buffer), "");
    memset(text, 'x', 99);
    text[99] = '\0';
    assert_string_equal(utf8_quote(text, buffer), text);
    strcpy(text + 99, "y");
    assert_int_equal(strlen(utf8_quote(text, buffer)), 99);
    assert_string_equal(buffer + 96, "…");
    /* Never in the middle of a character. */
    strcpy(text + 95, "€€");
    assert_int_equal(strlen(utf8_quote(text, buffer)), 98);
    assert_string_equal(buffer + 94, "x…");
    memset(text, 0xff, 150);
    text[150] = '\0';
    assert_int_equal(strlen(utf8_quote(text, buffer)), 99);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_printable),
        cmocka_unit_test(test_deceptive),
        cmocka_unit_test(test_make_printable),
        cmocka_unit_test(test_quote),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
