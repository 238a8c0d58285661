/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <limits.h>
#include <strings.h>
#include <time.h>

#include "config/parse.h"

#define BLANKS " \t"

int parse_boolean(const char *s, bool *ret) {
    static const char *const words[] = { "0", "no", "n", "false", "f", "off",
                                         "1", "yes", "y", "true", "t", "on" };

    for (size_t i = 0; i < ELEMENTSOF(words); i++)
        if (strcasecmp(s, words[i]) == 0) {
            *ret = i >= ELEMENTSOF(words) / 2;
            return 0;
        }
    return -EINVAL;
}

static bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

/* Reads digits at *s and moves *s past them. */
static int read_number(const char **s, uint64_t *ret) {
    uint64_t n = 0;

    if (!is_digit(**s))
        return -EINVAL;
    for (; is_digit(**s); (*s)++)
        if (__builtin_mul_overflow(n, 10u, &n) ||
            __builtin_add_overflow(n, (uint64_t) (**s - '0'), &n))
            return -ERANGE;
    *ret = n;
    return 0;
}

int parse_unsigned(const char *s, unsigned *ret) {
    uint64_t n;
    int r;

    r = read_number(&s, &n);
    if (r < 0)
        return r;
    if (*s)
        return -EINVAL;
    if (n > UINT_MAX)
        return -ERANGE;
    *ret = (unsigned) n;
    return 0;
}

#define USEC_PER_MINUTE (60 * USEC_PER_SEC)
#define USEC_PER_HOUR (60 * USEC_PER_MINUTE)
#define USEC_PER_DAY (24 * USEC_PER_HOUR)

/* systemd.time(7), "Parsing Time Spans"; a number without a unit is in seconds. */
static const struct {
    uint64_t usec;
    const char *names[5];
} units[] = {
    { 1, { "us", "usec", "µs", "μs" } },
    { USEC_PER_MSEC, { "ms", "msec" } },
    { USEC_PER_SEC, { "", "s", "sec", "second", "seconds" } },
    { USEC_PER_MINUTE, { "m", "min", "minute", "minutes" } },
    { USEC_PER_HOUR, { "h", "hr", "hour", "hours" } },
    { USEC_PER_DAY, { "d", "day", "days" } },
    { 7 * USEC_PER_DAY, { "w", "week", "weeks" } },
    { 2629800 * USEC_PER_SEC, { "M", "month", "months" } },
    { 31557600 * USEC_PER_SEC, { "y", "year", "years" } },
};

/* Reads the unit at *s and moves *s past it; 0 if there is no such unit. */
static uint64_t read_unit(const char **s) {
    size_t n = strcspn(*s, BLANKS ".0123456789");

    for (size_t i = 0; i < ELEMENTSOF(units); i++)
        for (size_t j = 0; j < ELEMENTSOF(units[i].names) && units[i].names[j]; j++)
            if (strlen(units[i].names[j]) == n && memcmp(units[i].names[j], *s, n) == 0) {
                *s += n;
                return units[i].usec;
            }
    return 0;
}

/* Reads a term such as "1.5 h" at *s and moves *s past it. Fractions of a microsecond are cut
 * off. */
static int read_term(const char **s, uint64_t *ret) {
    const char *fraction = NULL;
    uint64_t n, unit;
    int r;

    r = read_number(s, &n);
    if (r < 0)
        return r;
    if (**s == '.') {
        fraction = ++*s;
        *s += strspn(*s, "0123456789");
        if (*s == fraction)
            return -EINVAL;
    }
    *s += strspn(*s, BLANKS);
    unit = read_unit(s);
    if (unit == 0)
        return -EINVAL;
    if (__builtin_mul_overflow(n, unit, &n))
        return -ERANGE;
    for (; fraction && is_digit(*fraction); fraction++) {
        unit /= 10;
        if (__builtin_add_overflow(n, (uint64_t) (*fraction - '0') * unit, &n))
            return -ERANGE;
    }
    *ret = n;
    return 0;
}

int parse_timespan(const char *s, uint64_t *ret) {
    uint64_t sum = 0, term;
    int r;

    if (streq(s, "infinity")) {
        *ret = USEC_INFINITY;
        return 0;
    }
    s += strspn(s, BLANKS);
    do {
        r = read_term(&s, &term);
        if (r < 0)
            return r;
        if (__builtin_add_overflow(sum, term, &sum) || sum == USEC_INFINITY)
            return -ERANGE;
        s += strspn(s, BLANKS);
    } while (*s);
    *ret = sum;
    return 0;
}

int parse_percent(const char *s, unsigned *ret) {
    uint64_t n, hundredths = 0;
    int r;

    r = read_number(&s, &n);
    if (r < 0)
        return r;
    if (*s == '.') {
        size_t digits = strspn(++s, "0123456789");

        if (digits < 1 || digits > 2)
            return -EINVAL;
        hundredths = (uint64_t) (s[0] - '0') * 10 + (digits == 2 ? (uint64_t) (s[1] - '0') : 0);
        s += digits;
    }
    if (!streq(s, "%"))
        return -EINVAL;
    if (n > 100 || n * 100 + hundredths > 100 * 100)
        return -ERANGE;
    *ret = (unsigned) (n * 100 + hundredths);
    return 0;
}

/* Reads a number of that many digits at *s and moves *s past it. */
static int read_digits(const char **s, unsigned digits, int *ret) {
    int n = 0;

    for (unsigned i = 0; i < digits; i++, (*s)++) {
        if (!is_digit(**s))
            return -EINVAL;
        n = 10 * n + (**s - '0');
    }
    *ret = n;
    return 0;
}

static int read_time(const char **s, struct tm *tm) {
    if (read_digits(s, 2, &tm->tm_hour) < 0 || *(*s)++ != ':' || read_digits(s, 2, &tm->tm_min) < 0)
        return -EINVAL;
    return 0;
}

int parse_date(const char *s, uint64_t *ret) {
    struct tm tm = {}, normal;
    time_t seconds;

    if (read_digits(&s, 4, &tm.tm_year) < 0 || *s++ != '-' || read_digits(&s, 2, &tm.tm_mon) < 0 ||
        *s++ != '-' || read_digits(&s, 2, &tm.tm_mday) < 0)
        return -EINVAL;
    if (*s == ' ' && is_digit(s[1]) && (s++, read_time(&s, &tm)) < 0)
        return -EINVAL;
    if ((*s && !streq(s, " UTC")) || tm.tm_year < 1970)
        return -EINVAL;
    tm.tm_year -= 1900;
    tm.tm_mon -= 1;
    normal = tm;
    seconds = timegm(&normal);
    /* timegm() makes the 1st of March of the 30th of February. */
    if (normal.tm_mday != tm.tm_mday || normal.tm_mon != tm.tm_mon || normal.tm_hour != tm.tm_hour ||
        normal.tm_min != tm.tm_min || seconds < 0)
        return -EINVAL;
    *ret = (uint64_t) seconds * USEC_PER_SEC;
    return 0;
}
