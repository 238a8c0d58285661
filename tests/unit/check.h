/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* cmocka with what it wants included in front of it, and asserts over struct error. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/error.h"

/* cmocka 2 tells numbers without a sign from others, and warns of the name for both. */
#ifndef assert_uint_in_range
#define assert_uint_in_range assert_in_range
#endif

/* The call failed with that errno and exactly that message. Frees the error. */
#define assert_error_is(r, expected, e, text)                                                      \
    do {                                                                                           \
        assert_string_equal(error_message(e, r), text);                                            \
        assert_int_equal(r, expected);                                                             \
        error_done(e);                                                                             \
    } while (0)

/* The call failed with that errno, and the message has that part. Frees the error. */
#define assert_error_has(r, expected, e, part)                                                     \
    do {                                                                                           \
        if (!strstr(error_message(e, r), part))                                                    \
            fail_msg("'%s' lacks '%s'", error_message(e, r), part);                                \
        assert_int_equal(r, expected);                                                             \
        error_done(e);                                                                             \
    } while (0)
