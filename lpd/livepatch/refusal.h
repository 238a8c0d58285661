/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/error.h"
#include "base/host.h"

/* What was asked of the kernel. */
enum refusal_call {
    REFUSAL_LOAD,   /* finit_module(2) */
    REFUSAL_REMOVE, /* delete_module(2) */
    REFUSAL_WRITE,  /* a write to an attribute of a patch */
};

/* Turns the negative errno r that the kernel answered with into one message, its exit status and
 * the way out. The same errno has several causes; the machine is looked at for which one it is.
 * @subject is what the message begins with; @words, the kernel's last ones, may be NULL.
 * Returns r. */
int refusal_describe(const struct host *h, enum refusal_call call, const char *subject, int r,
                     const char *words, struct error *e);
