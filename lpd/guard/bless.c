/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/realtime.h"
#include "base/strv.h"
#include "config/name.h"
#include "config/policy.h"
#include "guard/blame.h"
#include "guard/bless.h"
#include "guard/early.h"
#include "guard/judge.h"
#include "guard/notice.h"
#include "system/journal.h"
#include "system/kernel-log.h"
#include "system/manager.h"

#define LOG_MAX ((size_t) 16 * 1024 * 1024)

/* The clock of the kernel's log differs from CLOCK_MONOTONIC by less than 100 ppm. */
#define DRIFT(usec) ((usec) / 10000 + USEC_PER_SEC)

static uint64_t add(uint64_t a, uint64_t b) {
    return a > UINT64_MAX - b ? UINT64_MAX : a + b;
}

enum bless bless_check(const struct result *r, const struct livepatch *p, const struct bless_times *t,
                       uint64_t *ret_due) {
    uint64_t due = add(MAX(r->monotonic_usec, t->boot_usec), t->confirm_usec);

    if (!r->loaded || !r->complete || !streq(strempty(r->state), "active") || !r->sha256 || !r->stage ||
        !p || !p->registered || !p->enabled || p->transition || due == UINT64_MAX)
        return BLESS_NO;
    if (t->now_usec >= due)
        return BLESS_NOW;
    *ret_due = due;
    return BLESS_LATER;
}

bool bless_is_settled(const struct ledger_list *l, const char *kernel, const struct result *r) {
    const struct ledger_build *own = NULL;

    for (size_t i = 0; i < l->n_builds; i++)
        if (streq(l->builds[i].kernel, kernel) && streq(l->builds[i].sha256, strempty(r->sha256)))
            own = &l->builds[i];
    if (!own || own->state == LEDGER_QUARANTINED)
        return own;
    if (!ledger_build_is_confirmed(own, strempty(r->stage)))
        return false;
    for (size_t i = 0; i < l->n_builds; i++) {
        const struct ledger_build *b = &l->builds[i];

        if (streq(b->kernel, kernel) && b->since_usec > own->since_usec && b->module_name && r->module_name &&
            patch_name_equal(b->module_name, r->module_name))
            return false;
    }
    return true;
}

struct blessing {
    struct host *host;
    char *release;
    struct bless_times times;
    struct result_list results;
    struct livepatch_list patches;
    struct ledger_list ledger;
    bool *blamed; /* by the index of the result; NULL: the log was not read yet */
};

static void forget(struct blessing *b) {
    result_list_done(&b->results);
    livepatch_list_done(&b->patches);
    ledger_list_done(&b->ledger);
    free(TAKE_PTR(b->blamed));
}

static void blessing_done(struct blessing *b) {
    forget(b);
    free(b->release);
}

static int look(struct blessing *b) {
    int r;

    forget(b);
    r = result_list_read(b->host, &b->results);
    if (r >= 0)
        r = livepatch_list_read(b->host, NULL, &b->patches);
    if (r >= 0)
        r = ledger_list_read(b->host, &b->ledger);
    b->times.now_usec = b->host->ops->now(b->host);
    return r;
}

/* Finds the patches with a fault since their load, in the whole log. */
static int find_blamed(struct blessing *b, struct error *e) {
    size_t n = MAX(b->results.n_results, (size_t) 1), size;
    _cleanup_free_ struct evidence_patch *patches = calloc(n, sizeof(*patches));
    _cleanup_free_ size_t *indices = calloc(n, sizeof(*indices));
    _cleanup_(evidence_done) struct evidence found = {};
    _cleanup_free_ char *text = NULL;
    int r;

    b->blamed = calloc(n, sizeof(*b->blamed));
    if (!patches || !indices || !b->blamed)
        return -ENOMEM;
    r = kernel_log_read(b->host, LOG_MAX, &text, &size);
    if (r < 0)
        return error_set(e, r, EXIT_STATUS_FAILED, "no patch is confirmed: the kernel's log cannot be read: %s",
                         strerror(-r));
    r = evidence_find(text, size, patches, blame_suspects(&b->results, patches, indices), &found);
    for (size_t i = 0; i < found.n_faults && r >= 0; i++) {
        const struct fault *f = &found.faults[i];

        if (blame_is_due(f) &&
            f->usec + DRIFT(b->times.now_usec) >= b->results.results[indices[f->patch]].monotonic_usec)
            b->blamed[indices[f->patch]] = true;
    }
    return r;
}

static int confirm(struct blessing *b, size_t i, struct error *e) {
    const struct result *result = &b->results.results[i];
    struct ledger_build build = { .kernel = b->release, .sha256 = result->sha256, .name = result->name,
                                  .module_name = result->module_name, .build_id = result->build_id };
    int r;

    r = b->blamed ? 0 : find_blamed(b, e);
    if (r < 0 || b->blamed[i])
        return r;
    r = ledger_confirm(b->host, &build, result->stage, false);
    if (r == -EPERM)
        return 0;
    if (r == 0)
        r = ledger_renew(b->host, b->release, result->sha256);
    if (r < 0)
        return error_set(e, r, EXIT_STATUS_FAILED, "%s: cannot be confirmed in the ledger: %s",
                         result->name, strerror(-r));
    if (r == 0)
        return 0;
    journal_send(EVENT_CONFIRMED, result, b->release, "%s: confirmed: loaded for %.0f s without a kernel fault in its code",
                 result->name, (double) (b->times.now_usec - result->monotonic_usec) / USEC_PER_SEC);
    return 1;
}

/* Confirms what is due. *ret_next is when something else will be; UINT64_MAX: nothing. */
static int confirm_due(struct blessing *b, uint64_t *ret_next, struct error *e) {
    int r, result = 0, n = 0;

    *ret_next = UINT64_MAX;
    for (size_t i = 0; i < b->results.n_results; i++) {
        const struct result *own = &b->results.results[i];
        uint64_t due = 0;
        enum bless bless;

        if (bless_is_settled(&b->ledger, b->release, own))
            continue;
        bless = bless_check(own, livepatch_list_find(&b->patches, own->module_name ?: own->name), &b->times, &due);
        if (bless == BLESS_LATER)
            *ret_next = MIN(*ret_next, due);
        r = bless == BLESS_NOW ? confirm(b, i, e) : 0;
        n += r > 0;
        (void) RET_GATHER(result, r);
    }
    return result < 0 ? result : n;
}

/* boot-complete.target may come early in the boot, when nothing has to succeed for it. */
static uint64_t boot_usec(struct host *h) {
    static const char *const targets[] = { "boot-complete.target", "multi-user.target" };
    _cleanup_(manager_freep) struct manager *m = NULL;
    uint64_t latest = 0;

    if (!manager_is_running(h) || manager_connect(&m, NULL) < 0)
        return h->ops->now(h);
    for (size_t i = 0; i < ELEMENTSOF(targets); i++) {
        uint64_t usec;

        if (manager_active_since(m, targets[i], &usec) >= 0)
            latest = MAX(latest, usec);
    }
    return latest;
}

/* The module that shows what earlier boots left may have been loaded after lpd-guard.service. What cannot
 * be judged now is judged at the next boot. */
static void judge_late(struct host *h) {
    _cleanup_(error_done) struct error e = ERROR_NULL;

    if (judge_earlier_boots(h, &e) > 0)
        (void) notice_update(h);
}

int bless_run(struct host *h, struct error *e) {
    _cleanup_(blessing_done) struct blessing b = { .host = h };
    _cleanup_(policy_done) struct policy policy = {};
    uint64_t next = 0;
    int r, n = 0;

    r = policy_load(h, &policy, NULL);
    if (r == -ENOMEM)
        return r;
    r = h->ops->release(h, &b.release);
    if (r < 0)
        return r;
    judge_late(h);
    b.times.confirm_usec = policy.guard_confirm_usec;
    b.times.boot_usec = boot_usec(h);
    do {
        r = look(&b);
        if (r >= 0)
            r = confirm_due(&b, &next, e);
        if (r < 0)
            return r;
        n += r;
        if (r > 0)
            ledger_early_sync_soon(h);
        if (next != UINT64_MAX)
            h->ops->sleep(h, next - b.times.now_usec);
    } while (next != UINT64_MAX);
    return n;
}
