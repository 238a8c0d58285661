/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "module/file.h"
#include "trust/report.h"
#include "trust/subject.h"

/* Finds the kernel's verdict on a signature, by the first way that the kernel offers, and applies
 * the machine's policy: steps 4 and 5 of lpd(8), "Trust". A refusal, or no verdict, is no failure:
 * *ret says it. 0, -ENOMEM. */
int trust_verify(struct host *h, const struct trust_machine *machine, const struct trust_subject *subject,
                unsigned flags, struct trust_report *ret);

/* The same for a module with its appended signature. */
int trust_verify_module(struct host *h, const struct trust_machine *machine, struct module_file *f,
                       unsigned flags, struct trust_report *ret);

/* Finds out what is wrong with the signature of a module that trust_verify_module() has left to
 * the load (TRUST_AT_LOAD) and that the kernel then refused with that errno. It uses the other
 * ways; if these do not know either, the errno is the verdict. 0 or -ENOMEM. */
int trust_diagnose_refusal(struct host *h, const struct trust_machine *machine, struct module_file *f,
                           int answer, struct trust_report *ret);

/* 0 if the policy accepts it, else -EKEYREJECTED (EXIT_STATUS_REFUSED) with the reason and the way
 * out. what names it in the message. */
int trust_check(const struct trust_report *t, enum signature_policy policy, const char *what,
                struct error *e);
