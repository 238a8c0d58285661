/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <limits.h>
#include <lzma.h>
#include <zlib.h>
#include <zstd.h>
#include <zstd_errors.h>

#include "base/file.h"
#include "module/compress.h"

/* How much memory a decoder may need besides the output: zstd's default for --ultra, and twice what
 * xz -9 needs. */
#define WINDOW_LOG_MAX 27
#define WINDOW_MAX ((uint64_t) 1 << WINDOW_LOG_MAX)
#define WINDOW_TOO_LARGE (-ENOBUFS)

struct stream {
    const uint8_t *in;
    size_t in_left;
    uint8_t *out;
    size_t out_left;
    union {
        lzma_stream xz;
        z_stream gzip;
        ZSTD_DStream *zstd;
    };
};

struct decoder {
    const char *name;
    const char *magic;
    size_t magic_size;
    int (*open)(struct stream *s);
    int (*step)(struct stream *s); /* 1 at the end of the stream, 0 to continue, or a negative errno */
    void (*close)(struct stream *s);
};

/* Updates the positions in the stream to where a library stopped. */
static void advance(struct stream *s, size_t in_left, size_t out_left) {
    s->in += s->in_left - in_left;
    s->in_left = in_left;
    s->out += s->out_left - out_left;
    s->out_left = out_left;
}

static int xz_result(lzma_ret result) {
    switch (result) {
    case LZMA_OK:
    case LZMA_BUF_ERROR: /* no progress: decompress() detects why */
        return 0;
    case LZMA_STREAM_END:
        return 1;
    case LZMA_MEM_ERROR:
        return -ENOMEM;
    case LZMA_MEMLIMIT_ERROR:
        return WINDOW_TOO_LARGE;
    default:
        return -EBADMSG;
    }
}

static int xz_open(struct stream *s) {
    s->xz = (lzma_stream) LZMA_STREAM_INIT;
    return xz_result(lzma_stream_decoder(&s->xz, WINDOW_MAX, LZMA_TELL_UNSUPPORTED_CHECK));
}

static int xz_step(struct stream *s) {
    lzma_ret result;

    s->xz.next_in = s->in;
    s->xz.avail_in = s->in_left;
    s->xz.next_out = s->out;
    s->xz.avail_out = s->out_left;
    result = lzma_code(&s->xz, LZMA_RUN);
    advance(s, s->xz.avail_in, s->xz.avail_out);
    return xz_result(result);
}

static void xz_close(struct stream *s) {
    lzma_end(&s->xz);
}

static int gzip_result(int result) {
    switch (result) {
    case Z_OK:
    case Z_BUF_ERROR: /* no progress: decompress() detects why */
        return 0;
    case Z_STREAM_END:
        return 1;
    case Z_MEM_ERROR:
        return -ENOMEM;
    default:
        return -EBADMSG;
    }
}

/* 16: only the gzip format (zlib.h, inflateInit2). */
static int gzip_open(struct stream *s) {
    s->gzip = (z_stream){};
    return gzip_result(inflateInit2(&s->gzip, 16 + MAX_WBITS));
}

static int gzip_step(struct stream *s) {
    unsigned in = (unsigned) MIN(s->in_left, (size_t) UINT_MAX);
    unsigned out = (unsigned) MIN(s->out_left, (size_t) UINT_MAX);
    int result;

    s->gzip.next_in = (Bytef *) s->in;
    s->gzip.avail_in = in;
    s->gzip.next_out = s->out;
    s->gzip.avail_out = out;
    result = inflate(&s->gzip, Z_NO_FLUSH);
    advance(s, s->in_left - (in - s->gzip.avail_in), s->out_left - (out - s->gzip.avail_out));
    return gzip_result(result);
}

static void gzip_close(struct stream *s) {
    (void) inflateEnd(&s->gzip);
}

static int zstd_result(size_t result) {
    if (!ZSTD_isError(result))
        return result == 0;
    switch (ZSTD_getErrorCode(result)) {
    case ZSTD_error_memory_allocation:
        return -ENOMEM;
    case ZSTD_error_frameParameter_windowTooLarge:
        return WINDOW_TOO_LARGE;
    default:
        return -EBADMSG;
    }
}

static int zstd_open(struct stream *s) {
    size_t result;

    s->zstd = ZSTD_createDStream();
    if (!s->zstd)
        return -ENOMEM;
    result = ZSTD_DCtx_setParameter(s->zstd, ZSTD_d_windowLogMax, WINDOW_LOG_MAX);
    return ZSTD_isError(result) ? zstd_result(result) : 0;
}

static int zstd_step(struct stream *s) {
    ZSTD_inBuffer in = { .src = s->in, .size = s->in_left };
    ZSTD_outBuffer out = { .dst = s->out, .size = s->out_left };
    size_t result;

    result = ZSTD_decompressStream(s->zstd, &out, &in);
    advance(s, in.size - in.pos, out.size - out.pos);
    return zstd_result(result);
}

static void zstd_close(struct stream *s) {
    (void) ZSTD_freeDStream(s->zstd);
}

/* The formats of compressed kernel modules, see modules_install in the kernel's Makefile.modinst. */
static const struct decoder decoders[] = {
    { "xz", "\xfd" "7zXZ\0", 6, xz_open, xz_step, xz_close },
    { "zstd", "\x28\xb5\x2f\xfd", 4, zstd_open, zstd_step, zstd_close },
    { "gzip", "\x1f\x8b", 2, gzip_open, gzip_step, gzip_close },
};

static const struct decoder *find_decoder(const void *data, size_t size) {
    for (size_t i = 0; i < ELEMENTSOF(decoders); i++)
        if (size >= decoders[i].magic_size &&
            memcmp(data, decoders[i].magic, decoders[i].magic_size) == 0)
            return decoders + i;
    return NULL;
}

/* Passes the output on piece by piece, so that there is never a second copy of it. */
static int run(const struct decoder *d, struct stream *s, size_t max, int fd, size_t *produced) {
    uint8_t buffer[64 * 1024];
    int r, k;

    do {
        size_t in_left = s->in_left, n;

        s->out = buffer;
        s->out_left = sizeof(buffer);
        r = d->step(s);
        if (r < 0)
            return r;
        n = sizeof(buffer) - s->out_left;
        if (r == 0 && s->in_left == in_left && n == 0)
            return -EBADMSG; /* neither read nor wrote: the data end before the end of the stream */
        *produced += n;
        if (*produced > max)
            return -EFBIG;
        k = file_write_fd(fd, buffer, n);
        if (k < 0)
            return k;
    } while (r == 0);
    return s->in_left > 0 ? -EBADMSG : 0;
}

static int describe(const struct decoder *d, const struct stream *s, size_t size, size_t max, int r,
                    struct error *e) {
    switch (r) {
    case WINDOW_TOO_LARGE:
        return error_set(e, -EFBIG, EXIT_STATUS_REFUSED,
                         "decompressing its %s data needs more than %zu MiB of memory", d->name,
                         (size_t) (WINDOW_MAX >> 20));
    case -EFBIG:
        return error_set(e, r, EXIT_STATUS_REFUSED, "its %s data contain more than %zu MiB", d->name,
                         max >> 20);
    case -EBADMSG:
        return error_set(e, r, EXIT_STATUS_REFUSED,
                         "its %s data are damaged, truncated or followed by something else "
                         "(byte %zu of %zu)",
                         d->name, size - s->in_left, size);
    default:
        return r;
    }
}

int decompress(const void *data, size_t size, size_t max, int fd, size_t *produced,
               struct error *e) {
    const struct decoder *d = find_decoder(data, size);
    struct stream s = { .in = data, .in_left = size };
    int r;

    *produced = 0;
    if (!d)
        return 0;
    r = d->open(&s);
    if (r >= 0)
        r = run(d, &s, max, fd, produced);
    d->close(&s);
    return r < 0 ? describe(d, &s, size, max, r, e) : 1;
}
