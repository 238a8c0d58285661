/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ctl/progress.h"

#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <time.h>

#include "livepatch/transition.h"
#include "report/terminal.h"

#define FIRST_SEC 2 /* nothing is said of what is faster */
#define LINE_SEC 10 /* between two lines that say the same */

/* A thread of its own, so that nobody who waits or works has to think of it. */
struct progress {
    struct host *host;
    pthread_t thread;
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    bool end, terminal, shown; /* shown: there is something on the terminal's line */
    char *what;                /* NULL: nothing */
    time_t since;
};

/* ", 3 tasks block the transition of fix_a"; "" where no transition runs or nobody can tell. */
static char *transition_text(struct host *h) {
    _cleanup_(blocking_tasks_done) struct blocking_tasks b = {};
    char *text;

    if (blocking_tasks_read(h, &b, NULL) < 0 || !b.patch)
        return strdup("");
    return asprintf(&text, ", %zu %s the transition of %s", b.n_all, b.n_all == 1 ? "task blocks" : "tasks block",
                    b.patch) < 0 ? NULL : text;
}

static void show(struct progress *p, const char *what, time_t seconds) {
    _cleanup_free_ char *blocked = transition_text(p->host), *line = NULL;
    unsigned columns = terminal_columns();

    if (asprintf(&line, "%s (%lld s%s)", what, (long long) seconds, blocked ?: "") < 0)
        return;
    if (!p->terminal)
        fprintf(stderr, "lpctl: %s\n", line);
    else /* the last column stays free, so that the cursor does not go to the next line */
        fprintf(stderr, "\r\x1b[K%.*s", (int) (columns > 1 ? columns - 1 : 79), line);
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

/* With the mutex locked; it is open while the kernel is asked. */
static void show_when_due(struct progress *p, time_t *last) {
    time_t seconds = now_sec() - p->since;
    _cleanup_free_ char *what = NULL;

    if (*last < p->since)
        *last = 0; /* something new */
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

/* Signals are for those who wait. */
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
