/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/host.h"

/* What this machine knows of builds. A build is a module, by the SHA-256 of its uncompressed file,
 * on one kernel release; what is known of it is one JSON file. A build on trial is written down
 * before each load, and a boot in which it is found again without having been confirmed or taken
 * back is one that it may have ended. */

#define LEDGER_DIRECTORY "/var/lib/lpd/ledger"
#define LEDGER_ATTEMPTS_MAX 8     /* the newest ones */
#define LEDGER_EXCERPT_MAX 4096

enum ledger_state {
    LEDGER_TRIAL,
    LEDGER_CONFIRMED,
    LEDGER_QUARANTINED,
    _LEDGER_STATE_MAX,
};

const char *ledger_state_name(enum ledger_state state);

/* A load that was about to happen. */
struct ledger_attempt {
    char *boot_id;  /* /proc/sys/kernel/random/boot_id */
    char *stage;    /* initrd, system */
    uint64_t usec;  /* CLOCK_REALTIME; as wrong as the clock of that moment */
};

struct ledger_build {
    char *kernel; /* the release */
    char *sha256; /* 64 lower-case hexadecimal digits */
    char *name;   /* of the patch that loaded it last */
    char *module_name, *build_id; /* in the kernel's log; NULL: unknown */
    enum ledger_state state;
    char *stage;  /* where it is confirmed: initrd, which includes system, or system; else NULL */
    char *reason; /* why it is quarantined, or NULL */
    char *excerpt; /* the lines of the kernel log that decided, or NULL */
    uint64_t since_usec; /* CLOCK_REALTIME of the state */
    /* Not taken back since the last confirmation, the oldest first. */
    struct ledger_attempt attempts[LEDGER_ATTEMPTS_MAX];
    size_t n_attempts;
};

struct ledger_list {
    struct ledger_build *builds;
    size_t n_builds;
    size_t n_invalid; /* files that could not be read, whose builds are not known */
};

void ledger_build_done(struct ledger_build *b);
void ledger_list_done(struct ledger_list *l);

/* Whether ledger_write() would take the build. */
bool ledger_build_is_valid(const struct ledger_build *b);

/* Whether the build may be loaded at that stage without being written down. */
bool ledger_build_is_confirmed(const struct ledger_build *b, const char *stage);

/* -ENOENT: nothing is known, so the build is on trial; -EBADMSG: the file is invalid; -EINVAL: no
 * such build can be; another negative errno. */
int ledger_read(const struct host *h, const char *kernel, const char *sha256,
                struct ledger_build *ret);

/* All builds, in the order of releases and digests. A missing directory is empty. */
int ledger_list_read(const struct host *h, struct ledger_list *ret);

/* Locks the ledger against other processes until the returned descriptor is closed: for code that
 * changes a record that it has read, with ledger_write() or ledger_remove(). The functions below
 * that change a record lock it themselves, and would wait in vain for their own caller. Creates the
 * directory. -EBUSY if it stays locked for seconds, or another negative errno. */
int ledger_lock(const struct host *h);

/* Writes the file in one step that survives a power cut, and creates its directory. 0; -EINVAL if
 * a field has no valid value; another negative errno, with the old file in its place, or, if only
 * the directory could not be synced, either. */
int ledger_write(const struct host *h, const struct ledger_build *b);

/* Forgets the build. 0, also if nothing was known; or a negative errno. */
int ledger_remove(const struct host *h, const char *kernel, const char *sha256);

/* Writes down that the build is about to be loaded. Of build only kernel, sha256, name, module_name
 * and build_id count. 1 when this is on the disk; 0 if nothing had to be written, because the build
 * is confirmed for that stage or this boot's attempt is on record; -EPERM if it is quarantined; or
 * an error of ledger_read() and ledger_write(): then it must not be loaded. */
int ledger_attempt_add(const struct host *h, const struct ledger_build *build,
                       const struct ledger_attempt *attempt);

/* Drops the attempts of that boot. Pure. Whether there was one. */
bool ledger_build_take_back(struct ledger_build *b, const char *boot_id);

/* Takes the attempt of that boot back, since the load was refused or ended in order, or since something
 * else ended the boot. 1; 0 if there is none; or a negative errno. */
int ledger_attempt_remove(const struct host *h, const char *kernel, const char *sha256,
                          const char *boot_id);

/* Changes what is known of the build: it is quarantined since then (CLOCK_REALTIME), with that reason and
 * excerpt, which may be NULL. Its attempts stay. Pure. 0 or -ENOMEM. */
int ledger_build_quarantine(struct ledger_build *b, const char *reason, const char *excerpt, uint64_t usec);

/* Puts the build into quarantine, with that reason and excerpt, which may be NULL; its attempts stay
 * on record. Of build as ledger_attempt_add(). 1; 0 if it is there already; or a negative errno. */
int ledger_quarantine(const struct host *h, const struct ledger_build *build, const char *reason,
                      const char *excerpt);

/* Confirms the build for that stage, which drops its attempts; "initrd" includes "system" and stays.
 * Of build as ledger_attempt_add(). With by_hand, also one in quarantine. 1; 0 if it is confirmed
 * already; -EPERM if it is quarantined; or another negative errno. */
int ledger_confirm(const struct host *h, const struct ledger_build *build, const char *stage,
                   bool by_hand);

/* Gives a confirmed build the time of now: of several builds of one module, it is the loaded one. 0 or
 * a negative errno. */
int ledger_renew(const struct host *h, const char *kernel, const char *sha256);

/* Puts a build that is quarantined, or that has attempts, on trial from the beginning: what happened
 * before counts no more. The attempt of this boot stays, since this boot goes on; boot_id is NULL if
 * none runs here. The record stays too, as its time tells old evidence from new. 1; 0 if there is
 * nothing to take back; or a negative errno. */
int ledger_clear(const struct host *h, const char *kernel, const char *sha256, const char *boot_id);

/* At the orderly end of a boot: of each build on trial that has an attempt of this boot, takes back
 * all attempts, since those of earlier boots are not followed by another crash. 0, or the first
 * negative errno; the others are handled nonetheless. */
int ledger_boot_end(const struct host *h, const char *boot_id);
