/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/error.h"

/* Reads and verifies two built-in signatures, by RSA and by ECDSA, each with another hash, and
 * verifies them once more over other data, which must fail. 0, or a negative errno with what went
 * wrong. */
int self_test(struct error *e);
