/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdio.h>
#include <time.h>

#include "base/strv.h"
#include "config/parse.h"
#include "config/waves.h"

#define WAVES_MAX 100
#define BLANKS " \t"

void waves_done(struct waves *w) {
    free(w->list);
    *w = (struct waves){};
}

static int parse_wave(char *text, struct wave *ret) {
    size_t n;
    int r;

    text += strspn(text, BLANKS);
    for (n = strlen(text); n > 0 && strchr(BLANKS, text[n - 1]); n--)
        text[n - 1] = '\0';
    n = strcspn(text, BLANKS);
    *ret = (struct wave){};
    if (text[n]) {
        text[n++] = '\0';
        r = parse_date(text + n + strspn(text + n, BLANKS), &ret->since_usec);
        if (r < 0)
            return r;
    }
    return parse_percent(text, &ret->share);
}

/* A wave that takes machines out again, or comes before another, is a mistake. */
static bool follows(const struct waves *w, const struct wave *wave) {
    const struct wave *last = w->n > 0 ? w->list + w->n - 1 : NULL;

    return !last || (wave->since_usec > last->since_usec && wave->share > last->share);
}

static int refuse(const struct ini_key *k, const char *value, struct error *e) {
    bool waves = value[strcspn(value, "," BLANKS)];

    return error_set(e, -EBADMSG, EXIT_STATUS_CONFIG, "%s= takes %s, not '%s'", k->name,
                     waves ? "waves such as '1% 2026-12-01, 100% 2026-12-07 18:30', each with a larger share and "
                             "a later date than the one before"
                           : "a percentage from 0% to 100% with at most two decimals",
                     value);
}

int value_waves(const struct ini_key *k, const char *value, void *field, struct error *e) {
    _cleanup_(waves_done) struct waves waves = {};
    _cleanup_strv_free_ char **words = NULL;
    struct waves *w = field;
    int r;

    r = strv_extend_split(&words, value, ",");
    if (r < 0)
        return r;
    waves.list = calloc(strv_length(words) + 1, sizeof(*waves.list));
    if (!waves.list)
        return -ENOMEM;
    if (!words || strv_length(words) > WAVES_MAX)
        return refuse(k, value, e);
    STRV_FOREACH(word, words) {
        struct wave wave;

        if (parse_wave(*word, &wave) < 0 || !follows(&waves, &wave))
            return refuse(k, value, e);
        waves.list[waves.n++] = wave;
    }
    waves_done(w);
    *w = TAKE_STRUCT(waves);
    return 0;
}

void wave_date(uint64_t usec, char ret[static WAVE_DATE_SIZE]) {
    time_t seconds = (time_t) (usec / USEC_PER_SEC);
    struct tm tm;

    *ret = '\0';
    if (usec > 0 && gmtime_r(&seconds, &tm))
        (void) strftime(ret, WAVE_DATE_SIZE, "%Y-%m-%d %H:%M UTC", &tm);
}
