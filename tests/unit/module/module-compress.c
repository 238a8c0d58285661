/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <lzma.h>
#include <zlib.h>
#include <zstd.h>

#include "object.h"

#include "base/file.h"
#include "module/compress.h"

#define LIMIT ((size_t) 200 * 1024)

struct format {
    const char *name;
    size_t magic_size;
    size_t (*compress)(const void *data, size_t size, void *out, size_t out_size);
};

static size_t compress_xz(const void *data, size_t size, void *out, size_t out_size) {
    size_t n = 0;

    assert_int_equal(lzma_easy_buffer_encode(1, LZMA_CHECK_CRC32, NULL, data, size, out, &n,
                                             out_size),
                     LZMA_OK);
    return n;
}

static size_t compress_zstd(const void *data, size_t size, void *out, size_t out_size) {
    ZSTD_CCtx *c = ZSTD_createCCtx();
    size_t n;

    assert_non_null(c);
    assert_false(ZSTD_isError(ZSTD_CCtx_setParameter(c, ZSTD_c_checksumFlag, 1)));
    n = ZSTD_compress2(c, out, out_size, data, size);
    assert_false(ZSTD_isError(n));
    (void) ZSTD_freeCCtx(c);
    return n;
}

static size_t compress_gzip(const void *data, size_t size, void *out, size_t out_size) {
    z_stream s = {};

    assert_int_equal(deflateInit2(&s, 9, Z_DEFLATED, 16 + MAX_WBITS, 8, Z_DEFAULT_STRATEGY), Z_OK);
    s.next_in = (Bytef *) data;
    s.avail_in = (unsigned) size;
    s.next_out = out;
    s.avail_out = (unsigned) out_size;
    assert_int_equal(deflate(&s, Z_FINISH), Z_STREAM_END);
    assert_int_equal(deflateEnd(&s), Z_OK);
    return s.total_out;
}

static const struct format formats[] = {
    { "xz", 6, compress_xz },
    { "zstd", 4, compress_zstd },
    { "gzip", 2, compress_gzip },
};

/* Bytes that compress well, but not to nothing. */
static char *sample(size_t size) {
    char *s = malloc(size + 1);
    unsigned x = 1;

    assert_non_null(s);
    for (size_t i = 0; i < size; i++) {
        x = x * 1103515245 + 12345;
        s[i] = (char) (x >> 16 & 15);
    }
    return s;
}

static int run(const char *data, size_t size, char **ret, size_t *ret_size, struct error *e) {
    _cleanup_free_ char *exact = malloc(size ?: 1);

    _cleanup_close_ int fd = memfd_new("test");
    int r;

    assert_non_null(exact);
    memcpy(exact, data, size);
    r = decompress(exact, size, LIMIT, fd, ret_size, e);
    if (r > 0) {
        size_t read_size;

        assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
        assert_int_equal(file_read_fd(fd, LIMIT, ret, &read_size), 0);
        assert_int_equal(read_size, *ret_size);
    }
    return r;
}

static void test_sizes(void **state) {
    static const size_t sizes[] = { 0, 1, 4096, 65535, 65536, 65537, 131072, LIMIT - 1, LIMIT };
    _cleanup_free_ char *packed = malloc(2 * LIMIT);

    for (size_t f = 0; f < ELEMENTSOF(formats); f++)
        for (size_t i = 0; i < ELEMENTSOF(sizes); i++) {
            _cleanup_free_ char *data = sample(sizes[i]), *out = NULL;
            size_t n = formats[f].compress(data, sizes[i], packed, 2 * LIMIT), size = 1;

            assert_int_equal(run(packed, n, &out, &size, NULL), 1);
            assert_int_equal(size, sizes[i]);
            assert_memory_equal(out, data, size);
            assert_int_equal(out[size], '\0');
        }
}

static void test_too_large(void **state) {
    static const size_t sizes[] = { LIMIT + 1, LIMIT + 2, 32 * 1024 * 1024 };
    _cleanup_free_ char *packed = malloc(LIMIT);

    for (size_t f = 0; f < ELEMENTSOF(formats); f++)
        for (size_t i = 0; i < ELEMENTSOF(sizes); i++) {
            _cleanup_free_ char *zeros = calloc(1, sizes[i]), *out = NULL;
            size_t n = formats[f].compress(zeros, sizes[i], packed, LIMIT), size = 1;
            struct error e = ERROR_NULL;

            assert_error(run(packed, n, &out, &size, &e), -EFBIG, &e, "contain more than");
            assert_null(out);
        }
}

static void test_followed(void **state) {
    _cleanup_free_ char *data = sample(5000), *packed = calloc(2, LIMIT);

    for (size_t f = 0; f < ELEMENTSOF(formats); f++) {
        size_t n = formats[f].compress(data, 5000, packed, LIMIT), size;
        struct error e = ERROR_NULL;
        char *out = NULL;

        memset(packed + n, 0, 4);
        assert_error(run(packed, n + 1, &out, &size, &e), -EBADMSG, &e, formats[f].name);
        assert_error(run(packed, n + 4, &out, &size, &e), -EBADMSG, &e, "followed by");
        memcpy(packed + n, packed, n);
        assert_error(run(packed, 2 * n, &out, &size, &e), -EBADMSG, &e, "followed by");
    }
}

static void test_truncated(void **state) {
    _cleanup_free_ char *data = sample(3000), *packed = malloc(LIMIT);

    for (size_t f = 0; f < ELEMENTSOF(formats); f++) {
        size_t n = formats[f].compress(data, 3000, packed, LIMIT), size;

        for (size_t i = 0; i < n; i++) {
            char *out = NULL;

            assert_int_equal(run(packed, i, &out, &size, NULL),
                             i < formats[f].magic_size ? 0 : -EBADMSG);
            assert_null(out);
        }
    }
}

/* Only bits that do not concern the contents, such as the time in a gzip header, may change
 * unnoticed. */
static void test_bit_flips(void **state) {
    _cleanup_free_ char *data = sample(600), *packed = malloc(LIMIT);

    for (size_t f = 0; f < ELEMENTSOF(formats); f++) {
        size_t n = formats[f].compress(data, 600, packed, LIMIT), refused = 0;

        for (size_t bit = 0; bit < 8 * n; bit++) {
            _cleanup_free_ char *out = NULL;
            size_t size = 0;
            int r;

            packed[bit / 8] ^= (char) (1 << bit % 8);
            r = run(packed, n, &out, &size, NULL);
            packed[bit / 8] ^= (char) (1 << bit % 8);
            if (r == 1) {
                assert_int_equal(size, 600);
                assert_memory_equal(out, data, 600);
            } else
                assert_true(r == -EBADMSG || r == -EFBIG || r == 0);
            refused += r < 0;
        }
        assert_true(refused > 7 * n);
    }
}

static void test_not_compressed(void **state) {
    static const char *const data[] = { "", "\177ELF", "\3757zXY", "BZh9", "\x1f" };

    for (size_t i = 0; i < ELEMENTSOF(data); i++) {
        char *out = NULL;
        size_t size;

        assert_int_equal(run(data[i], strlen(data[i]), &out, &size, NULL), 0);
        assert_null(out);
    }
}

/* A few bytes that require a window of gigabytes. */
static void test_large_window(void **state) {
    static const char zstd[] = "\x28\xb5\x2f\xfd\0\xa8\x01\0\0"; /* 2^(10 + 0xa8 / 8) bytes */
    /* The block header after the stream header: its size, flags, two sizes, filter, size of its
     * properties, dictionary size, padding, CRC32 (xz-file-format.txt, 3.1). */
    enum { BLOCK = 12, DICTIONARY = BLOCK + 6, CRC = BLOCK + 8 };
    char xz[256], *out = NULL;
    size_t n = compress_xz("module", 6, xz, sizeof(xz)), size;
    struct error e = ERROR_NULL;
    uint32_t crc;

    assert_error(run(zstd, sizeof(zstd) - 1, &out, &size, &e), -EFBIG, &e, "128 MiB of memory");

    assert_int_equal(xz[DICTIONARY], 16); /* 1 MiB */
    xz[DICTIONARY] = 40;                  /* 4 GiB */
    crc = htole32(lzma_crc32((uint8_t *) xz + BLOCK, CRC - BLOCK, 0));
    memcpy(xz + CRC, &crc, sizeof(crc));
    assert_error(run(xz, n, &out, &size, &e), -EFBIG, &e, "128 MiB of memory");
    assert_null(out);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sizes),
        cmocka_unit_test(test_too_large),
        cmocka_unit_test(test_followed),
        cmocka_unit_test(test_truncated),
        cmocka_unit_test(test_bit_flips),
        cmocka_unit_test(test_not_compressed),
        cmocka_unit_test(test_large_window),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
