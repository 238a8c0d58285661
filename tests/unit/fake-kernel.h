/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <limits.h>

#include "base/host.h"
#include "fake-bpf.h"
#include "module/file.h"

/* A kernel for unit tests: a temporary root with the files of /sys, /proc and /dev that live
 * patches need, and kernel calls that answer like a real one (finit_module(2),
 * kernel/module/main.c, kernel/livepatch/core.c and transition.c). Time passes only in sleep() and
 * fake_kernel_advance(). */

#define FAKE_RELEASE "6.1.0-56-test"
#ifndef FAKE_MODULES_MAX
#define FAKE_MODULES_MAX 32
#endif

/* The behavior of a module, and its state. Found by its internal name. */
struct fake_module {
    char name[64];

    /* Set by the test. */
    bool replace;               /* cumulative */
    bool plain;                 /* an ordinary module: no patch, no taint K */
    int error;                  /* negative errno that finit_module() returns */
    unsigned error_times;       /* that many times; 0: always */
    const char *words;          /* what the kernel logs when it refuses the module */
    uint64_t transition_usec;   /* default one second */
    bool stalls;                /* a transition that enables it never ends */
    bool stalls_back;           /* nor does one that disables it */
    uint64_t reference_usec;    /* how long the reference outlives the directory */
    const char *taint;          /* default "OK" */

    /* Set by the fake kernel. */
    bool loaded, registered, enabled, transition, forced;
    char build_id[129];
    int references;
    uint64_t ends_at, released_at; /* UINT64_MAX: never; 0: nothing pending */
};

struct fake_kernel {
    struct host host; /* pass this to the tested code */
    char root[PATH_MAX];
    uint64_t now;
    struct fake_module modules[FAKE_MODULES_MAX];
    size_t n_modules;
    struct fake_bpf bpf;

    /* Set by the test. */
    bool has_replace_attribute; /* since Linux 6.11 */
    bool unprivileged;
    int memory_error;           /* how a security module answers to a module from memory */
    const char *label;          /* the SELinux context of every file; NULL: none */
    bool sealed;                /* LIVEPATCH_DIRECTORY is read-only */
    const char *deaf;           /* a file that accepts writes and does not change */
    int delete_error, write_error; /* negative errno of every such call */
    int cover_error;            /* likewise */
    int mount_error;            /* the same; otherwise the mount shows /volume */
    void (*on_sleep)(struct fake_kernel *k);  /* called after time has passed */
    void (*on_finit)(struct fake_kernel *k);  /* called before the kernel answers */
    void *userdata;

    /* Counters of the calls. */
    unsigned n_finit, n_delete, n_write, n_sleep, n_mount, n_cover;
    char mounted[256]; /* device, type, options, and ro or rw, of the last mount */
    int flags; /* of all finit_module() together */
    char parameters[256];
};

void fake_kernel_open(struct fake_kernel *k);
void fake_kernel_close(struct fake_kernel *k);

/* The behavior of the module of that name; defaults until the test changes them. */
struct fake_module *fake_kernel_module(struct fake_kernel *k, const char *name);

/* Loads a patch whose transition has ended. */
struct fake_module *fake_kernel_patch(struct fake_kernel *k, const char *name,
                                      const char *build_id);

void fake_kernel_advance(struct fake_kernel *k, uint64_t usec);

/* Writes a file below the root, and creates its directories. */
void fake_kernel_file(struct fake_kernel *k, const char *path, const char *data, size_t size);
void fake_kernel_text(struct fake_kernel *k, const char *path, const char *text);
/* Reads one; "" if it does not exist. Valid until the next call. */
const char *fake_kernel_read(struct fake_kernel *k, const char *path);
void fake_kernel_remove(struct fake_kernel *k, const char *path);

/* A module file that this kernel accepts: a live patch for its release, in a sealed memfd. Real ELF
 * files are accepted too. */
void fake_module_file(const char *name, const char *build_id, struct module_file *ret);
