/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ctl/progress.h"

#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <time.h>

#include "config/name.h"
#include "livepatch/transition.h"
#include "report/terminal.h"

#define FIRST_SEC 2 /* faster work is not announced */
#define LINE_SEC 10 /* the interval at which the same line is repeated */

/* A separate thread prints the progress, so that code that waits or works need not call it. */
struct progress {
    struct host *host;
    pthread_t thread;
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    bool end, terminal, shown; /* shown: the terminal's current line shows progress */
    char *what;                /* NULL: nothing */
    time_t since;
};

/* What is done ends with the name of the patch that it is done with. */
static bool is_about(const char *what, const char *patch) {
    const char *blank = strrchr(what, ' ');

    return patch_name_equal(blank ? blank + 1 : what, patch);
}

/* ", blocked by 3 tasks", or ", 3 tasks block the transition of fix_a" if that is another patch's;
 * "" if no transition runs or the tasks cannot be read. */
static char *transition_text(struct host *h, const char *what) {
    _cleanup_(blocking_tasks_done) struct blocking_tasks b = {};
    const char *plural;
    char *text;
    int r;

    if (blocking_tasks_read(h, &b, NULL) < 0 || !b.patch || b.n_all == 0)
        return strdup("");
    plural = b.n_all == 1 ? "" : "s";
    if (is_about(what, b.patch))
        r = asprintf(&text, ", blocked by %zu task%s", b.n_all, plural);
    else
        r = asprintf(&text, ", %zu task%s block%s the transition of %s", b.n_all, plural, b.n_all == 1 ? "s" : "", b.patch);
    return r < 0 ? NULL : text;
}

/* In place. What changes is at the end, so that a narrow terminal shortens what is done. The last column stays
 * free, so that the cursor does not go to the next line. */
static void show_in_place(const char *what, const char *rest) {
    unsigned columns = terminal_columns();
    size_t width = columns > 1 ? columns - 1 : 79, n = MIN(strlen(rest), width), room = width - n;

    fprintf(stderr, "\r\x1b[K%.*s%.*s", (int) MIN(strlen(what), room), what, (int) n, rest);
}

static void show(struct progress *p, const char *what, time_t seconds) {
    _cleanup_free_ char *blocked = transition_text(p->host, what), *rest = NULL;

    if (asprintf(&rest, " (%lld s%s)", (long long) seconds, blocked ?: "") < 0)
        return;
    if (p->terminal)
        show_in_place(what, rest);
    else
        fprintf(stderr, "lpctl: %s%s\n", what, rest);
    p->shown = p->terminal;
}

static void clear(struct progress *p) {
    if (p->shown)
        fprintf(stderr, "\r\x1b[K");
    p->shown = false;
}

static time_t now_sec(void) {
    struct timespec t;

    (void) clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec;
}

/* Called with the mutex locked; unlocks it while it asks the kernel. */
static void show_when_due(struct progress *p, time_t *last) {
    time_t seconds = now_sec() - p->since;
    _cleanup_free_ char *what = NULL;

    if (*last < p->since)
        *last = 0; /* new work */
    if (!p->what || seconds < FIRST_SEC || (!p->terminal && *last && now_sec() - *last < LINE_SEC))
        return;
    what = strdup(p->what);
    (void) pthread_mutex_unlock(&p->mutex);
    if (what)
        show(p, what, seconds);
    *last = now_sec();
    (void) pthread_mutex_lock(&p->mutex);
    if (!p->what)
        clear(p);
}

static void *run(void *userdata) {
    struct progress *p = userdata;
    time_t last = 0;

    (void) pthread_mutex_lock(&p->mutex);
    while (!p->end) {
        struct timespec next;

        (void) clock_gettime(CLOCK_MONOTONIC, &next);
        next.tv_sec++;
        (void) pthread_cond_timedwait(&p->changed, &p->mutex, &next);
        if (!p->end)
            show_when_due(p, &last);
    }
    clear(p);
    (void) pthread_mutex_unlock(&p->mutex);
    return NULL;
}

/* The thread blocks all signals: they are handled by the main thread. */
static struct progress *progress_new(struct host *h, bool terminal) {
    struct progress *p = calloc(1, sizeof(*p));
    pthread_condattr_t attributes;
    sigset_t all, before;
    int r;

    if (!p)
        return NULL;
    p->host = h;
    p->terminal = terminal;
    (void) pthread_mutex_init(&p->mutex, NULL);
    (void) pthread_condattr_init(&attributes);
    (void) pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    (void) pthread_cond_init(&p->changed, &attributes);
    (void) sigfillset(&all);
    (void) pthread_sigmask(SIG_SETMASK, &all, &before);
    r = pthread_create(&p->thread, NULL, run, p);
    (void) pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (r == 0)
        return p;
    free(p);
    return NULL;
}

void progress_say(struct ctl *c, const char *fmt, ...) {
    bool terminal = isatty(STDERR_FILENO);
    struct progress *p;
    va_list ap;

    if (!c->progress && fmt && !c->quiet && (terminal || c->json == JSON_OFF))
        c->progress = progress_new(&c->host, terminal);
    p = c->progress;
    if (!p)
        return;
    (void) pthread_mutex_lock(&p->mutex);
    free(p->what);
    p->what = NULL;
    clear(p);
    if (fmt) {
        va_start(ap, fmt);
        if (vasprintf(&p->what, fmt, ap) < 0)
            p->what = NULL;
        va_end(ap);
    }
    p->since = now_sec();
    (void) pthread_mutex_unlock(&p->mutex);
}

void progress_free(struct progress *p) {
    if (!p)
        return;
    (void) pthread_mutex_lock(&p->mutex);
    p->end = true;
    (void) pthread_cond_signal(&p->changed);
    (void) pthread_mutex_unlock(&p->mutex);
    (void) pthread_join(p->thread, NULL);
    free(p->what);
    free(p);
}
