/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/error.h"
#include "base/host.h"

/* Loads of modules by those who may load modules, all of which the kernel refuses after the lock with
 * EPERM; what others try it refuses with or without a lock, and does not count. The kernel says so to nobody
 * but the caller, so BPF programs see to it: one at the entry of each of the system calls
 * init_module(2) and finit_module(2), which costs nothing while nobody makes these, and one that
 * hears what the kernel itself asks modprobe(8) for. Two more, where the kernel has the functions that
 * they are for, hear of patches that are disabled. They write to a ring of the kernel's,
 * BPF_MAP_TYPE_RINGBUF (Documentation/bpf/ringbuf.rst). Not behind the calls, where their result would
 * be known: that leaves a frame on the stack by which no task can be switched to a live patch at the
 * first try, the one that loads it least of all (klp_check_stack(), kernel/livepatch/transition.c). */

#define REFUSALS_PROGRAMS 5

/* Makes the ring and attaches the programs, which stay as long as the descriptors in ret_programs
 * are open. Takes CAP_BPF and CAP_PERFMON; reading takes none. Returns the descriptor of the ring;
 * -EOPNOTSUPP: this kernel cannot; another negative errno. */
int refusals_open(struct host *h, int ret_programs[static REFUSALS_PROGRAMS], struct error *e);

enum refusal_kind {
    REFUSAL_OF_LOAD = 1, /* text: the name of the process that wanted to load a module */
    REFUSAL_OF_REQUEST,  /* text: the module or alias that the kernel asks for, on behalf of that
                          * process, which may be anybody's; whether it is refused shows in a
                          * REFUSAL_OF_LOAD by modprobe(8) */
    UNPATCHING,          /* no refusal: that process has the kernel disable a patch, by whichever
                          * instance of sysfs, of which each network namespace has one; text: the
                          * patch's module, "": that in transition, which turns */
};

/* What the programs write. */
struct refusal_event {
    uint64_t nsec; /* CLOCK_MONOTONIC */
    uint32_t kind;
    uint32_t pid;
    uint32_t uid; /* of the process, in the first user namespace */
    char comm[16];
    char text[60];
};

/* The ring, mapped. */
struct refusals {
    uint64_t *consumer;       /* how far it has been read */
    const uint64_t *producer; /* how far it has been written */
    const uint8_t *data;
    size_t size;              /* of the data, a power of two */
    size_t page_size;
};

/* 0 or a negative errno. */
int refusals_map(int ring_fd, struct refusals *ret);
void refusals_done(struct refusals *r);

/* Takes the next event; its text ends with a NUL. 1, or 0: there is none. */
int refusals_next(struct refusals *r, struct refusal_event *ret);
