/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "guard/fault.h"

/* Kernel faults in the text of a kernel log, and the patch whose fault each of them is.
 *
 * A patch is blamed only where the kernel itself says that the patch's code was executing, or had
 * called what was: by the program counter, by the code that the report names in its first line, or
 * by an entry of the call trace that is not marked as a leftover ("? "). Frames of what an
 * interrupt interrupted, of other CPUs and of other tasks do not count, nor do "Modules linked in:"
 * and taints. Of a warning or a stall only the program counter counts. A hung task, hardware, an
 * exhausted memory, a crash on request, and damage that somebody found later blame nobody
 * (fault_counts_frames()).
 *
 * The kernel names the module whose code it is, so what a patch replaces plays no part: the original
 * function is never the patch's, and a fault in a patch that another one has replaced is still its
 * own. The shapes are those of x86-64 and arm64; on other machines nobody is blamed.
 *
 * The kernel marks each line of pstore and of /dev/kmsg with the facility of its writer, and only
 * lines of facility 0 count: no program can write those. Lines without a mark, as in a console's
 * log, can be anybody's: what they say names a suspect and proves nothing. A report must begin with
 * a record at level warning or above, because a record of the kernel may contain text that a user
 * chose, even with line breaks; a line that continues such a record begins nothing. */

struct evidence_patch {
    const char *name;     /* the module's */
    const char *build_id; /* hex; NULL: unknown, then a build id in the log is not compared */
};

/* What decided, in ascending order of what it proves. */
enum evidence_rule {
    EVIDENCE_NONE,        /* no patch is named, or only among the modules linked in */
    EVIDENCE_STALE,       /* only by leftovers on the stack, "? " */
    EVIDENCE_PASSED,      /* only in a place that does not count */
    EVIDENCE_OTHER_BUILD, /* the build id is another one */
    EVIDENCE_AMBIGUOUS,   /* several builds have the name, and the log shows no build id */
    EVIDENCE_UNMARKED,    /* the log does not say that the line is the kernel's own */
    EVIDENCE_FRAME,       /* the innermost patch of the call trace */
    EVIDENCE_NAMED,       /* the first line names the patch's code */
    EVIDENCE_PC,          /* the program counter */
    _EVIDENCE_RULE_MAX,
};

const char *evidence_rule_name(enum evidence_rule rule);

struct fault {
    enum fault_kind kind;
    bool fatal; /* the machine went down with it */
    uint64_t usec; /* the kernel's time of its first line; 0: not shown */
    enum evidence_rule rule;
    size_t patch;   /* whose fault it is, from EVIDENCE_FRAME on; else SIZE_MAX */
    size_t suspect; /* whom a weaker rule names, for people only; else SIZE_MAX */
    char *excerpt;  /* at most EXCERPT_MAX bytes of ASCII */
};

#define EVIDENCE_FAULTS_MAX 64

struct evidence {
    struct fault faults[EVIDENCE_FAULTS_MAX];
    size_t n_faults;
    size_t n_dropped; /* more faults than fit; those that blame a patch are kept first */
};

void evidence_done(struct evidence *e);

/* Finds the faults in a text of any content; parts of a pstore dump must be in the order of time.
 * Pure; takes time in proportion to the text. 0 or -ENOMEM. */
int evidence_find(const char *text, size_t size, const struct evidence_patch *patches,
                  size_t n_patches, struct evidence *ret);
