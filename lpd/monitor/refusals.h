/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/error.h"
#include "base/host.h"

/* Counts loads of modules by processes with CAP_SYS_MODULE, all of which the kernel refuses after
 * the lock with EPERM. It refuses others with or without a lock, so they do not count. The kernel
 * reports a refusal only to the caller, so BPF programs do the counting: one at the entry of each
 * of the system calls init_module(2) and finit_module(2), which costs nothing while nobody makes
 * these calls, and one for the kernel's own requests to modprobe(8). Two more, if the kernel has
 * the functions for them, report patches that are disabled. They write to a ring buffer of the
 * kernel, BPF_MAP_TYPE_RINGBUF (Documentation/bpf/ringbuf.rst). The programs do not run at the
 * exit of the calls, where the result is known, because that leaves a frame on the stack with
 * which no task can be switched to a live patch at the first try, least of all the one that loads
 * it (klp_check_stack(), kernel/livepatch/transition.c). */

#define REFUSALS_PROGRAMS 5

/* Creates the ring and attaches the programs, which stay as long as the descriptors in
 * ret_programs are open. Needs CAP_BPF and CAP_PERFMON; reading needs none. Returns the descriptor
 * of the ring; -EOPNOTSUPP: this kernel does not support it; another negative errno. */
int refusals_open(struct host *h, int ret_programs[static REFUSALS_PROGRAMS], struct error *e);

enum refusal_kind {
    REFUSAL_OF_LOAD = 1, /* text: the name of the process that tried to load a module */
    REFUSAL_OF_REQUEST,  /* text: the module or alias that the kernel requests on behalf of that
                          * process, which may belong to any user; a REFUSAL_OF_LOAD by modprobe(8)
                          * shows whether it is refused */
    UNPATCHING,          /* no refusal: that process makes the kernel disable a patch, through any
                          * instance of sysfs, of which each network namespace has one; text: the
                          * patch's module, or "": the patch in transition, which is reverted */
};

/* The data that the programs write. */
struct refusal_event {
    uint64_t nsec; /* CLOCK_MONOTONIC */
    uint32_t kind;
    uint32_t pid;
    uint32_t uid; /* of the process, in the initial user namespace */
    char comm[16];
    char text[60];
};

/* The ring, mapped. */
struct refusals {
    uint64_t *consumer;       /* how far it was read */
    const uint64_t *producer; /* how far it was written */
    const uint8_t *data;
    size_t size;              /* of the data, a power of two */
    size_t page_size;
};

/* 0 or a negative errno. */
int refusals_map(int ring_fd, struct refusals *ret);
void refusals_done(struct refusals *r);

/* Takes the next event; its text ends with a NUL. 1, or 0 if there is none. */
int refusals_next(struct refusals *r, struct refusal_event *ret);
