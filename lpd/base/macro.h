/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define _cleanup_(f) __attribute__((cleanup(f)))
#define _printf_(a, b) __attribute__((format(printf, a, b)))
#define _unused_ __attribute__((unused))
#define _const_ __attribute__((const))

#define ELEMENTSOF(x) (sizeof(x) / sizeof((x)[0]))
#define MIN(a, b) ((a) < (b) ? (a) : (b))
#define MAX(a, b) ((a) > (b) ? (a) : (b))
#define STRLEN(s) (sizeof("" s "") - 1)
#define streq(a, b) (strcmp((a), (b)) == 0)

/* Moves ownership out of a variable with a cleanup attribute. */
#define TAKE_PTR(p)                                                                                \
    ({                                                                                             \
        typeof(p) *_pp = &(p);                                                                     \
        typeof(p) _p = *_pp;                                                                       \
        *_pp = NULL;                                                                               \
        _p;                                                                                        \
    })
#define TAKE_FD(fd)                                                                                \
    ({                                                                                             \
        int *_fdp = &(fd);                                                                         \
        int _fd = *_fdp;                                                                           \
        *_fdp = -EBADF;                                                                            \
        _fd;                                                                                       \
    })
/* The same for a struct; the variable is zeroed. */
#define TAKE_STRUCT(s)                                                                             \
    ({                                                                                             \
        typeof(s) *_sp = &(s);                                                                     \
        typeof(s) _s = *_sp;                                                                       \
        memset(_sp, 0, sizeof(*_sp));                                                              \
        _s;                                                                                        \
    })

/* Defines name##p() for use with _cleanup_(name##p) on a variable of a pointer type. */
#define DEFINE_TRIVIAL_CLEANUP_FUNC(type, func)                                                    \
    static inline void func##p(type *p) {                                                          \
        if (*p)                                                                                    \
            func(*p);                                                                              \
    }

static inline void freep(void *p) {
    free(*(void **) p);
}

static inline void closep(int *fd) {
    if (*fd >= 0)
        (void) close(*fd);
}

#define _cleanup_free_ _cleanup_(freep)
#define _cleanup_close_ _cleanup_(closep)

/* Keeps the first error of a loop that continues after an error. */
#define RET_GATHER(acc, r)                                                                         \
    ({                                                                                             \
        int _r = (r);                                                                              \
        if (_r < 0 && (acc) >= 0)                                                                  \
            (acc) = _r;                                                                            \
        _r;                                                                                        \
    })

#define USEC_PER_MSEC ((uint64_t) 1000)
#define USEC_PER_SEC ((uint64_t) 1000000)
#define USEC_INFINITY UINT64_MAX

static inline const char *strempty(const char *s) {
    return s ? s : "";
}

static inline const char *yes_no(bool b) {
    return b ? "yes" : "no";
}

static inline bool startswith(const char *s, const char *prefix) {
    return strncmp(s, prefix, strlen(prefix)) == 0;
}

static inline bool endswith(const char *s, const char *suffix) {
    size_t n = strlen(s), m = strlen(suffix);

    return n >= m && memcmp(s + n - m, suffix, m) == 0;
}
