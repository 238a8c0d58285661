/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "check.h"
#include "config/parse.h"

static void test_boolean(void **state) {
    static const char *const yes[] = { "1", "yes", "y", "true", "t", "on", "YES", "On" };
    static const char *const no[] = { "0", "no", "n", "false", "f", "off", "NO", "False" };
    static const char *const bad[] = { "", "2", "yes ", "yess", "enabled", "o" };
    bool b;

    for (size_t i = 0; i < ELEMENTSOF(yes); i++) {
        b = false;
        assert_int_equal(parse_boolean(yes[i], &b), 0);
        assert_true(b);
    }
    for (size_t i = 0; i < ELEMENTSOF(no); i++) {
        b = true;
        assert_int_equal(parse_boolean(no[i], &b), 0);
        assert_false(b);
    }
    for (size_t i = 0; i < ELEMENTSOF(bad); i++)
        assert_int_equal(parse_boolean(bad[i], &b), -EINVAL);
}

static void test_unsigned(void **state) {
    unsigned n = 7;

    assert_int_equal(parse_unsigned("0", &n), 0);
    assert_int_equal(n, 0);
    assert_int_equal(parse_unsigned("4294967295", &n), 0);
    assert_int_equal(n, 4294967295u);
    n = 7;
    assert_int_equal(parse_unsigned("4294967296", &n), -ERANGE);
    assert_int_equal(parse_unsigned("99999999999999999999999999", &n), -ERANGE);
    assert_int_equal(parse_unsigned("", &n), -EINVAL);
    assert_int_equal(parse_unsigned("-1", &n), -EINVAL);
    assert_int_equal(parse_unsigned("+1", &n), -EINVAL);
    assert_int_equal(parse_unsigned(" 1", &n), -EINVAL);
    assert_int_equal(parse_unsigned("1 ", &n), -EINVAL);
    assert_int_equal(parse_unsigned("0x10", &n), -EINVAL);
    assert_int_equal(n, 7);
}

static void test_timespan(void **state) {
    static const struct {
        const char *text;
        uint64_t usec;
    } good[] = {
        { "0", 0 },
        { "60", 60000000 },
        { "60s", 60000000 },
        { " 60 s ", 60000000 },
        { "2min 30s", 150000000 },
        { "2min30s", 150000000 },
        { "2 minutes 30 seconds", 150000000 },
        { "2min 30", 150000000 },
        { "1h", 3600000000 },
        { "1hr 1m 1sec 1ms 1us", 3661001001 },
        { "500msec", 500000 },
        { "17usec", 17 },
        { "17µs", 17 },
        { "17μs", 17 },
        { "1.5s", 1500000 },
        { "0.25 h", 900000000 },
        { "1.0000009", 1000000 },
        { "1d", 86400000000 },
        { "1week", 604800000000 },
        { "1M", 2629800000000 },
        { "1month", 2629800000000 },
        { "1y", 31557600000000 },
        { "18446744073709551614us", 18446744073709551614u },
        { "infinity", USEC_INFINITY },
    };
    static const struct {
        const char *text;
        int r;
    } bad[] = {
        { "", -EINVAL },
        { "  ", -EINVAL },
        { "s", -EINVAL },
        { "60x", -EINVAL },
        { "60S", -EINVAL },
        { "60 secs", -EINVAL },
        { "-1", -EINVAL },
        { "1..5s", -EINVAL },
        { "1.s", -EINVAL },
        { ".5s", -EINVAL },
        { "1s,2s", -EINVAL },
        { "infinity s", -EINVAL },
        { "Infinity", -EINVAL },
        { "18446744073709551615us", -ERANGE },
        { "18446744073709551616us", -ERANGE },
        { "18446744073709551614us 1us", -ERANGE },
        { "18446744073709551614us 2us", -ERANGE },
        { "18446744073709551615us 1us", -ERANGE },
        { "584942y", -ERANGE },
        { "584542.9y", -ERANGE },
        { "99999999999999999999999999", -ERANGE },
    };
    uint64_t usec;

    for (size_t i = 0; i < ELEMENTSOF(good); i++) {
        usec = 4711;
        if (parse_timespan(good[i].text, &usec) < 0 || usec != good[i].usec)
            fail_msg("'%s' is not %ju but %ju", good[i].text, (uintmax_t) good[i].usec,
                     (uintmax_t) usec);
    }
    for (size_t i = 0; i < ELEMENTSOF(bad); i++) {
        usec = 4711;
        if (parse_timespan(bad[i].text, &usec) != bad[i].r)
            fail_msg("'%s' is %d", bad[i].text, parse_timespan(bad[i].text, &usec));
        assert_int_equal(usec, 4711);
    }
}

static void test_percent(void **state) {
    static const struct {
        const char *text;
        unsigned hundredths;
    } good[] = {
        { "0%", 0 },       { "100%", 10000 }, { "100.00%", 10000 }, { "12.5%", 1250 },
        { "0.01%", 1 },    { "1.10%", 110 },  { "007%", 700 },      { "99.99%", 9999 },
    };
    static const char *const bad[] = { "",      "%",     "50",     "50 %",   "-1%",
                                       ".5%",   "5.%",   "5.125%", "5.5.5%", "5,5%",
                                       "100%%", "1e1%",  " 5%",    "5% " };
    static const char *const large[] = { "101%", "100.01%", "99999999999999999999%",
                                         "184467440737095517%" };
    unsigned n;

    for (size_t i = 0; i < ELEMENTSOF(good); i++) {
        n = 4711;
        if (parse_percent(good[i].text, &n) < 0 || n != good[i].hundredths)
            fail_msg("'%s' is not %u but %u", good[i].text, good[i].hundredths, n);
    }
    for (size_t i = 0; i < ELEMENTSOF(bad); i++)
        if (parse_percent(bad[i], &n) != -EINVAL)
            fail_msg("'%s' is %d", bad[i], parse_percent(bad[i], &n));
    for (size_t i = 0; i < ELEMENTSOF(large); i++)
        if (parse_percent(large[i], &n) != -ERANGE)
            fail_msg("'%s' is %d", large[i], parse_percent(large[i], &n));
}

static void test_date(void **state) {
    static const struct {
        const char *text;
        uint64_t seconds;
    } good[] = {
        { "1970-01-01", 0 },          { "2026-12-01", 1796083200 },           { "2024-02-29", 1709164800 },
        { "2026-12-01 18:30", 1796149800 }, { "2026-12-01 18:30 UTC", 1796149800 }, { "2026-12-01 UTC", 1796083200 },
    };
    static const char *const bad[] = { "", "2026", "2026-12", "2026-12-1", "26-12-01", "2026-13-01", "2026-00-01",
                                       "2026-02-29", "2026-12-32", "2026-12-01T18:30", "2026-12-01 24:00",
                                       "2026-12-01 18:60", "2026-12-01 18", "2026-12-01 18:30 CET", "1969-12-31",
                                       " 2026-12-01", "2026-12-01 ", "+026-12-01", "2026-12-01 18:30:00" };
    uint64_t usec;

    for (size_t i = 0; i < ELEMENTSOF(good); i++) {
        usec = 4711;
        if (parse_date(good[i].text, &usec) < 0 || usec != good[i].seconds * USEC_PER_SEC)
            fail_msg("'%s' is %ju", good[i].text, (uintmax_t) usec);
    }
    for (size_t i = 0; i < ELEMENTSOF(bad); i++) {
        usec = 4711;
        if (parse_date(bad[i], &usec) != -EINVAL || usec != 4711)
            fail_msg("'%s' is %ju", bad[i], (uintmax_t) usec);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_boolean),
        cmocka_unit_test(test_unsigned),
        cmocka_unit_test(test_timespan),
        cmocka_unit_test(test_percent),
        cmocka_unit_test(test_date),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
