/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/file.h"
#include "base/realtime.h"
#include "config/name.h"
#include "config/policy.h"
#include "guard/blame.h"
#include "guard/early.h"
#include "guard/judge.h"
#include "guard/log-line.h"
#include "guard/verdict.h"
#include "state/judged.h"

/* pstore has the seconds of the end of a log. */
#define GRAIN_USEC USEC_PER_SEC

/* What is further in the future than a clock without a battery may be behind was written while the
 * clock was wrong. */
#define FUTURE_USEC (24 * 3600 * USEC_PER_SEC)

/* The last one before a log that ended at that time, of another boot than this one; or NULL. */
static const struct ledger_attempt *last_attempt(const struct ledger_build *b, uint64_t end_usec,
                                                 const char *boot_id) {
    const struct ledger_attempt *last = NULL;

    for (size_t i = 0; i < b->n_attempts; i++)
        if (!streq(b->attempts[i].boot_id, strempty(boot_id)) && b->attempts[i].usec < end_usec + GRAIN_USEC &&
            (!last || b->attempts[i].usec >= last->usec))
            last = &b->attempts[i];
    return last;
}

uint64_t judge_loaded_usec(const struct ledger_build *b, uint64_t end_usec, const char *boot_id) {
    const struct ledger_attempt *last;

    if (b->since_usec >= end_usec + GRAIN_USEC)
        return 0;
    if (b->state != LEDGER_TRIAL)
        return MAX(b->since_usec, (uint64_t) 1);
    last = last_attempt(b, end_usec, boot_id);
    return last ? MAX(last->usec, (uint64_t) 1) : 0;
}

static bool has_word(const char *text, const char *word) {
    size_t n = strlen(word);

    for (const char *at = text; (at = strstr(at, word)); at++)
        if ((at == text || at[-1] == ' ') && (at[n] == ' ' || at[n] == '\0'))
            return true;
    return false;
}

int judge_log_is_of(const struct pstore_dump *d, const char *release) {
    const char *data = d->text;
    size_t size = d->text_size;
    struct log_line line;
    int result = -ENODATA;

    while (result <= 0 && log_line_next(&data, &size, &line) > 0)
        if (line.prefix.origin == LOG_KERNEL && startswith(line.text, "CPU: ") && strstr(line.text, " PID: "))
            result = has_word(line.text, release);
    return result;
}

/* Where the release was cut off, the attempt of that boot tells that this kernel ran. */
static bool can_be_of(const struct pstore_dump *d, const struct ledger_build *b) {
    int r = judge_log_is_of(d, b->kernel);

    return r > 0 || (r < 0 && b->state == LEDGER_TRIAL);
}

size_t judge_candidates(const struct ledger_list *l, const struct pstore_dump *d, const char *boot_id,
                        size_t *ret) {
    size_t n = 0;

    for (size_t i = 0; i < l->n_builds; i++) {
        const struct ledger_build *b = &l->builds[i];
        uint64_t loaded = b->module_name ? judge_loaded_usec(b, d->usec, boot_id) : 0;
        size_t k = 0;

        if (loaded == 0 || !can_be_of(d, b))
            continue;
        while (k < n && !patch_name_equal(l->builds[ret[k]].module_name, b->module_name))
            k++;
        if (k == n)
            ret[n++] = i;
        else if (loaded > judge_loaded_usec(&l->builds[ret[k]], d->usec, boot_id))
            ret[k] = i;
    }
    return n;
}

uint64_t judge_fault_usec(const struct pstore_dump *d, uint64_t stamp_usec) {
    const char *data = d->text;
    size_t size = d->text_size;
    struct log_line line;
    uint64_t last = 0;

    while (log_line_next(&data, &size, &line) > 0)
        last = MAX(last, log_stamp_usec(line.prefix.stamp));
    if (stamp_usec == 0 || last <= stamp_usec)
        return d->usec + GRAIN_USEC;
    return d->usec + GRAIN_USEC - MIN(last - stamp_usec, d->usec);
}

struct judging {
    struct host *host;
    struct ledger_list ledger;
    struct pstore pstore;
    struct policy policy;
    char *boot_id;
    size_t *candidates;
    struct evidence_patch *patches;
    uint64_t newest_usec;
    int n_blamed;
    int error_number; /* the first thing that could not be written */
};

static void judging_done(struct judging *j) {
    ledger_list_done(&j->ledger);
    pstore_done(&j->pstore);
    policy_done(&j->policy);
    free(j->boot_id);
    free(j->candidates);
    free(j->patches);
}

static int judge_fault(struct judging *j, const struct ledger_build *b, const struct fault *f) {
    _cleanup_free_ char *reason = blame_reason(f, "in an earlier boot");
    int blame;

    if (!reason)
        return -ENOMEM;
    blame = blame_record(j->host, b, f, reason, j->policy.guard_on_fault, NULL);
    if (blame == -ENOMEM)
        return blame;
    blame_tell(b, blame, reason, NULL);
    j->n_blamed += blame > BLAME_NOTHING;
    (void) RET_GATHER(j->error_number, blame);
    return 0;
}

/* It is known which build ended the boot that the log is of, so the others on trial did not. Only the
 * attempt of a build on trial tells which boot that was. */
static int absolve_others(struct judging *j, const struct ledger_build *guilty, const struct pstore_dump *d) {
    const struct ledger_attempt *last =
        guilty->state == LEDGER_TRIAL ? last_attempt(guilty, d->usec, j->boot_id) : NULL;

    for (size_t i = 0; last && i < j->ledger.n_builds; i++) {
        struct ledger_build *b = &j->ledger.builds[i];
        int r;

        if (b == guilty || b->state != LEDGER_TRIAL || !ledger_build_take_back(b, last->boot_id))
            continue;
        r = ledger_attempt_remove(j->host, b->kernel, b->sha256, last->boot_id);
        if (r == -ENOMEM)
            return r;
        (void) RET_GATHER(j->error_number, r);
    }
    return 0;
}

static int judge_dump(struct judging *j, const struct pstore_dump *d) {
    _cleanup_(evidence_done) struct evidence found = {};
    size_t n = judge_candidates(&j->ledger, d, j->boot_id, j->candidates);
    int r;

    if (n == 0)
        return 0;
    for (size_t i = 0; i < n; i++) {
        const struct ledger_build *b = &j->ledger.builds[j->candidates[i]];

        j->patches[i] = (struct evidence_patch){ b->module_name, b->build_id };
    }
    r = evidence_find(d->text, d->text_size, j->patches, n, &found);
    for (size_t i = 0; i < found.n_faults && r >= 0; i++) {
        const struct fault *f = &found.faults[i];
        const struct ledger_build *b =
            blame_is_due(f) ? &j->ledger.builds[j->candidates[f->patch]] : NULL;

        if (b && judge_fault_usec(d, f->usec) >= judge_loaded_usec(b, d->usec, j->boot_id))
            r = judge_fault(j, b, f);
        else
            continue;
        if (r >= 0 && f->fatal)
            r = absolve_others(j, b, d);
    }
    return r;
}

/* So many boots with the build ended without an orderly shutdown that no evidence is needed. Whoever
 * loads patches decides so as well; here it is written and told early. */
static int judge_crashes(struct judging *j, struct ledger_build *b) {
    const struct guard_moment moment = { j->boot_id, "system", j->policy.guard_max_attempts };
    _cleanup_free_ char *reason = NULL;
    int r;

    if (b->state == LEDGER_QUARANTINED || guard_judge(b, &moment) != GUARD_QUARANTINED)
        return 0;
    reason = guard_reason(b, &moment);
    r = reason ? ledger_quarantine(j->host, b, reason, NULL) : -ENOMEM;
    if (r > 0)
        blame_tell(b, BLAME_QUARANTINED, reason, NULL);
    j->n_blamed += r > 0;
    (void) RET_GATHER(j->error_number, r);
    return r == -ENOMEM ? r : 0;
}

static int judge_dumps(struct judging *j, uint64_t after_usec) {
    uint64_t now = realtime_usec();
    int r = 0;

    for (size_t i = 0; i < j->pstore.n_dumps && r >= 0; i++) {
        const struct pstore_dump *d = &j->pstore.dumps[i];

        if (d->usec <= after_usec || d->usec > now + FUTURE_USEC)
            continue;
        j->newest_usec = MAX(j->newest_usec, d->usec);
        r = judge_dump(j, d);
    }
    return r;
}

static int prepare(struct judging *j, struct error *e) {
    int r;

    r = ledger_list_read(j->host, &j->ledger);
    if (r < 0)
        return error_set(e, r, EXIT_STATUS_FAILED, LEDGER_DIRECTORY ": cannot be read: %s", strerror(-r));
    if (j->ledger.n_builds == 0)
        return 0;
    /* Without a valid policy the default holds for [Guard] too. */
    r = policy_load(j->host, &j->policy, NULL);
    if (r == -ENOMEM)
        return r;
    (void) file_read_line(j->host, "/proc/sys/kernel/random/boot_id", &j->boot_id);
    j->candidates = calloc(j->ledger.n_builds, sizeof(*j->candidates));
    j->patches = calloc(j->ledger.n_builds, sizeof(*j->patches));
    if (!j->candidates || !j->patches)
        return -ENOMEM;
    r = pstore_read(j->host, &j->pstore);
    return r < 0 ? r : 1;
}

int judge_earlier_boots(struct host *h, struct error *e) {
    _cleanup_(judging_done) struct judging j = { .host = h };
    int r;

    /* The attempts of the initramfs count as well. What the next one has to know is written in the end. */
    (void) ledger_early_sync(h);
    r = prepare(&j, e);
    if (r <= 0)
        return r;
    r = judge_dumps(&j, judged_read(h));
    /* A build that is quarantined by now stays so, with the better reason. */
    for (size_t i = 0; i < j.ledger.n_builds && r >= 0; i++)
        r = judge_crashes(&j, &j.ledger.builds[i]);
    if (r < 0)
        return r;
    if (j.n_blamed > 0)
        (void) ledger_early_sync(h);
    /* What could not be written is judged again. */
    r = j.error_number;
    if (r >= 0 && j.newest_usec > 0)
        r = judged_write(h, j.newest_usec);
    if (r < 0)
        return error_set(e, r, EXIT_STATUS_FAILED, "what earlier boots left in pstore cannot be recorded: %s",
                         strerror(-r));
    return j.n_blamed;
}
