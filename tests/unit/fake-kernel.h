/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <limits.h>

#include "base/host.h"
#include "fake-bpf.h"
#include "module/file.h"

/* A kernel for unit tests: a temporary root with /sys, /proc and /dev as far as live patches need
 * them, and kernel calls that answer as a real one does (finit_module(2), kernel/module/main.c,
 * kernel/livepatch/core.c and transition.c). Time passes only in sleep() and fake_kernel_advance().
 */

#define FAKE_RELEASE "6.1.0-56-test"
#define FAKE_MODULES_MAX 32

/* How a module behaves, and what has become of it. Found by its internal name. */
struct fake_module {
    char name[64];

    /* Set by the test. */
    bool replace;               /* cumulative */
    bool plain;                 /* an ordinary module: no patch, no taint K */
    int error;                  /* negative errno that finit_module() gives */
    unsigned error_times;       /* so many times; 0: always */
    const char *words;          /* what the kernel logs when it refuses the module */
    uint64_t transition_usec;   /* default one second */
    bool stalls;                /* patching never ends by itself */
    bool stalls_back;           /* unpatching neither */
    uint64_t reference_usec;    /* how long the reference outlives the directory */
    const char *taint;          /* default "OK" */

    /* Kept by the kernel. */
    bool loaded, registered, enabled, transition, forced;
    char build_id[129];
    int references;
    uint64_t ends_at, released_at; /* UINT64_MAX: never; 0: nothing to come */
};

struct fake_kernel {
    struct host host; /* give this to what is tested */
    char root[PATH_MAX];
    uint64_t now;
    struct fake_module modules[FAKE_MODULES_MAX];
    size_t n_modules;
    struct fake_bpf bpf;

    /* Set by the test. */
    bool has_replace_attribute; /* since Linux 6.11 */
    bool unprivileged;
    int memory_error;           /* what a security module answers to a module that comes from memory */
    bool sealed;                /* LIVEPATCH_DIRECTORY is read-only */
    const char *deaf;           /* a file that takes what is written and stays as it is */
    int delete_error, write_error; /* negative errno of every such call */
    int cover_error;            /* likewise */
    int mount_error;            /* likewise; else what stands below /volume is mounted */
    void (*on_sleep)(struct fake_kernel *k);  /* after time has passed */
    void (*on_finit)(struct fake_kernel *k);  /* before the kernel answers */
    void *userdata;

    /* What was asked. */
    unsigned n_finit, n_delete, n_write, n_sleep, n_mount, n_cover;
    char mounted[256]; /* device, type, options, and ro or rw, of the last mount */
    int flags; /* of all finit_module() together */
    char parameters[256];
};

void fake_kernel_open(struct fake_kernel *k);
void fake_kernel_close(struct fake_kernel *k);

/* How the module of that name is to behave; the defaults until the test says otherwise. */
struct fake_module *fake_kernel_module(struct fake_kernel *k, const char *name);

/* Puts a patch in, with its transition over. */
struct fake_module *fake_kernel_patch(struct fake_kernel *k, const char *name,
                                      const char *build_id);

void fake_kernel_advance(struct fake_kernel *k, uint64_t usec);

/* Writes a file below the root, with the directories that it takes. */
void fake_kernel_file(struct fake_kernel *k, const char *path, const char *data, size_t size);
void fake_kernel_text(struct fake_kernel *k, const char *path, const char *text);
/* Reads one; "" if it is not there. Valid until the next call. */
const char *fake_kernel_read(struct fake_kernel *k, const char *path);
void fake_kernel_remove(struct fake_kernel *k, const char *path);

/* A module file that this kernel takes: a live patch for its release, in a sealed memfd. Real ELF
 * files are taken as well. */
void fake_module_file(const char *name, const char *build_id, struct module_file *ret);
