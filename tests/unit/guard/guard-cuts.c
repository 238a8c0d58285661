/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include "base/file.h"
#include "check.h"
#include "guard/judge.h"
#include "guard/verdict.h"
#include "io-faults.h"
#include "root.h"
#include "state/ledger.h"

/* Many boots in a row, of which most end in a power cut, at any step of what lpd does to the disk while it
 * judges, loads, confirms and shuts down. LPD_CUTS says how many. */

#define KERNEL "6.1.0-56-cloud-amd64"
#define MAX_ATTEMPTS 2
#define STEPS 30 /* about as many as a boot takes */

/* What a boot reached, as its exit status; the cut came after that. */
enum {
    REACHED_NOTHING,
    REACHED_LOAD = 1,      /* the attempt is on the disk, and the module goes into the kernel */
    REACHED_CONFIRMED = 2, /* whoever asks is told so */
    REACHED_END = 4,
    REACHED_ERROR = 8,
    REACHED_UNSAFE = 16, /* it relied on what a power cut might take back */
    REACHED_CUT = 32,
    REACHED_ENDING = 64,   /* an orderly shutdown has begun, which may count */
};

/* What must hold, whatever the disk says. */
static struct {
    unsigned build;    /* the current one; earlier ones are confirmed */
    unsigned certain;  /* boots in a row that were cut after the load */
    unsigned possible; /* and those in which it may have come to that */
    bool confirmed;    /* for certain */
    bool may_be;       /* the cut came while that was written */
} model;

static int *reached; /* shared with the boot */

static char *sha256_of(unsigned build) {
    static char text[65];

    (void) snprintf(text, sizeof(text), "%064x", build);
    return text;
}

static struct ledger_build build_now(void) {
    return (struct ledger_build){ .kernel = (char *) KERNEL, .sha256 = sha256_of(model.build),
                                  .name = (char *) "fix-a", .module_name = (char *) "fix_a" };
}

static enum guard_verdict verdict(const char *boot) {
    const struct guard_moment m = { boot, "system", MAX_ATTEMPTS };
    _cleanup_(ledger_build_done) struct ledger_build b = {};

    return ledger_read(&h, KERNEL, sha256_of(model.build), &b) < 0 ? GUARD_TRIAL : guard_judge(&b, &m);
}

static void reach(int what) {
    *reached |= what;
    if (what != REACHED_CUT && (unsynced || relied_on_unsynced))
        *reached |= REACHED_UNSAFE;
}

/* In a process of its own, which a cut ends. */
static void live(const char *boot, bool confirms) {
    const struct ledger_attempt attempt = { (char *) boot, (char *) "system", 1 };
    const struct ledger_build b = build_now();
    int r;

    r = judge_earlier_boots(&h, NULL);
    if (r >= 0 && verdict(boot) != GUARD_QUARANTINED) {
        r = ledger_attempt_add(&h, &b, &attempt);
        if (r >= 0)
            reach(REACHED_LOAD);
        if (r >= 0 && confirms)
            r = ledger_confirm(&h, &b, "system", false);
        if (r >= 0 && confirms)
            reach(REACHED_CONFIRMED);
    }
    *reached |= REACHED_ENDING;
    if (r >= 0)
        r = ledger_boot_end(&h, boot);
    reach(r >= 0 ? REACHED_END : REACHED_ERROR);
}

static void boot(unsigned number, unsigned step_of_cut, bool confirms) {
    char name[32];
    int status;
    pid_t pid;

    (void) snprintf(name, sizeof(name), "boot%u", number);
    tree_write(&h, "/proc/sys/kernel/random/boot_id", name);
    *reached = 0;
    pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        arm(FAULT_CUT, step_of_cut);
        live(name, confirms);
        (void) disarm();
        _exit(0);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    if (WEXITSTATUS(status) == CUT_STATUS)
        *reached |= REACHED_CUT;
    assert_false(*reached & (REACHED_ERROR | REACHED_UNSAFE));
}

static void learn(bool confirms) {
    model.confirmed |= (*reached & REACHED_CONFIRMED) != 0;
    model.may_be |= confirms;
    if (*reached & REACHED_END) {
        model.certain = model.possible = 0;
        return;
    }
    model.possible++;
    if (*reached & REACHED_ENDING)
        model.certain = 0;
    else
        model.certain += (*reached & REACHED_LOAD) != 0;
}

/* No half record, and no confirmation that is lost, of this build and of all earlier ones. */
static void check_ledger(void) {
    _cleanup_(ledger_list_done) struct ledger_list l = {};
    size_t confirmed = 0;

    assert_int_equal(ledger_list_read(&h, &l), 0);
    assert_int_equal(l.n_invalid, 0);
    for (size_t i = 0; i < l.n_builds; i++)
        confirmed += l.builds[i].state == LEDGER_CONFIRMED;
    assert_true(confirmed >= model.build + model.confirmed);
    assert_true(confirmed <= model.build + (model.confirmed || model.may_be));
}

static void check_verdict(void) {
    enum guard_verdict v = verdict("next");

    if (model.confirmed)
        assert_int_equal(v, GUARD_CONFIRMED);
    if (v == GUARD_QUARANTINED)
        assert_true(model.possible >= MAX_ATTEMPTS);
    if (model.certain >= MAX_ATTEMPTS && !model.may_be)
        assert_int_equal(v, GUARD_QUARANTINED);
}

static void begin_another(void) {
    model.build++;
    model.certain = model.possible = 0;
    model.confirmed = model.may_be = false;
}

static void test_cuts(void **state _unused_) {
    const char *count = getenv("LPD_CUTS");
    unsigned cuts = count ? (unsigned) atoi(count) : 100, done = 0, quarantines = 0;

    srandom(cuts);
    for (unsigned number = 0; done < cuts; number++) {
        bool confirms = random() % 8 == 0;

        boot(number, (unsigned) random() % STEPS, confirms);
        done += (*reached & REACHED_CUT) != 0;
        learn(confirms);
        check_ledger();
        check_verdict();
        if (verdict("next") == GUARD_QUARANTINED) {
            quarantines++;
            assert_int_equal(ledger_clear(&h, KERNEL, sha256_of(model.build), NULL), 1);
            model.certain = model.possible = 0;
        }
        if (model.confirmed)
            begin_another();
    }
    print_message("%u cuts: %u builds confirmed, %u quarantines\n", done, model.build, quarantines);
    assert_true(cuts < 100 || (quarantines > 0 && model.build > 0));
}

int main(void) {
    const struct CMUnitTest tests[] = { TEST(test_cuts) };

    reached = mmap(NULL, sizeof(*reached), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    assert_true(reached != MAP_FAILED);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
