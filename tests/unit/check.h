/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* cmocka with the headers that it needs, and assertions about struct error. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/error.h"

/* cmocka 2 has separate macros for unsigned numbers, and deprecates the common name. */
#ifndef assert_uint_in_range
#define assert_uint_in_range assert_in_range
#endif

/* Asserts that the call failed with that errno and exactly that message. Frees the error. */
#define assert_error_is(r, expected, e, text)                                                      \
    do {                                                                                           \
        assert_string_equal(error_message(e, r), text);                                            \
        assert_int_equal(r, expected);                                                             \
        error_done(e);                                                                             \
    } while (0)

/* Asserts that the call failed with that errno, and that the message contains that part. Frees the
 * error. */
#define assert_error_has(r, expected, e, part)                                                     \
    do {                                                                                           \
        if (!strstr(error_message(e, r), part))                                                    \
            fail_msg("'%s' lacks '%s'", error_message(e, r), part);                                \
        assert_int_equal(r, expected);                                                             \
        error_done(e);                                                                             \
    } while (0)
