/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/error.h"

/* Has a signature read and verified that is built in, by RSA and by ECDSA, with another hash each,
 * and once more over other data, which must not verify. 0, or a negative errno with what went wrong. */
int self_test(struct error *e);
