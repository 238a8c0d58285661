/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/error.h"
#include "base/host.h"

/* The request that the kernel refused. */
enum refusal_call {
    REFUSAL_LOAD,   /* finit_module(2) */
    REFUSAL_REMOVE, /* delete_module(2) */
    REFUSAL_WRITE,  /* a write to an attribute of a patch */
};

/* Turns the kernel's negative errno r into one message, its exit status and the way out. The same
 * errno has several causes; the state of the machine shows which one it is. @subject begins the
 * message; @words, the kernel's last lines, may be NULL. Returns r. */
int refusal_describe(const struct host *h, enum refusal_call call, const char *subject, int r,
                     const char *words, struct error *e);
