/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <ctype.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/sysmacros.h>

#include "base/file.h"
#include "base/strv.h"
#include "livepatch/kmsg.h"

#define RECORD_MAX 8192  /* CONSOLE_EXT_LOG_MAX, include/linux/printk.h, which read(2) requires */
#define RECORDS_MAX 4096 /* limits the work if the log fills faster than it is read */
#define WORDS_MAX 4

/* Kernel messages about a load that do not name the module. */
static const char *const load_prefixes[] = {
    "livepatch:",
    "Loading of ",
    "Lockdown: ",
    "PKCS#7 ",
    "PKCS7: ",
    "module verification",
};

/* "…,caller=T1", print_ext_header() in kernel/printk/printk.c. */
static void parse_caller(const char *header, struct kmsg_record *r) {
    static const char key[] = ",caller=";
    const char *value = strstr(header, key);
    size_t n = value ? strcspn(value + strlen(key), ",") : 0;

    if (n > 0 && n < sizeof(r->caller))
        memcpy(r->caller, value + strlen(key), n);
}

static bool parse_header(const char *line, size_t size, struct kmsg_record *ret) {
    unsigned long long sequence, usec;
    const char *text = memchr(line, ';', size);
    char header[128];
    unsigned priority;

    if (!text || (size_t) (text - line) >= sizeof(header))
        return false;
    memcpy(header, line, (size_t) (text - line));
    header[text - line] = '\0';
    if (!isdigit((unsigned char) *header) ||
        sscanf(header, "%u,%llu,%llu", &priority, &sequence, &usec) != 3)
        return false;
    *ret = (struct kmsg_record){
        .facility = priority >> 3,
        .level = priority & 7,
        .sequence = sequence,
        .monotonic_usec = usec,
        .text = text + 1,
        .text_size = size - (size_t) (text + 1 - line),
    };
    parse_caller(header, ret);
    return true;
}

int kmsg_next(const char **data, size_t *size, struct kmsg_record *ret) {
    while (*size > 0) {
        const char *line = *data, *newline = memchr(line, '\n', *size);
        size_t length = newline ? (size_t) (newline - line) : *size;
        size_t taken = MIN(length + 1, *size);

        *data += taken;
        *size -= taken;
        if (parse_header(line, length, ret))
            return 1;
    }
    return 0;
}

static bool is_name_char(char c) {
    return isalnum((unsigned char) c) || c == '_';
}

/* Whether the text contains the name as a word of its own: lp_1 is not in "lp_10: …". */
static bool names_module(const struct kmsg_record *record, const char *module) {
    const char *text = record->text, *end = text + record->text_size, *at;
    size_t n = strlen(module);

    for (at = text; (at = memmem(at, (size_t) (end - at), module, n)); at++)
        if ((at == text || !is_name_char(at[-1])) && (at + n == end || !is_name_char(at[n])))
            return true;
    return false;
}

static bool begins_with(const struct kmsg_record *record, const char *prefix) {
    return record->text_size >= strlen(prefix) &&
           memcmp(record->text, prefix, strlen(prefix)) == 0;
}

/* "livepatch: 'NAME': …" is about the patch that it quotes. */
bool kmsg_is_about(const struct kmsg_record *record, const char *module) {
    if (record->facility != 0)
        return false;
    if (names_module(record, module))
        return true;
    if (begins_with(record, "livepatch: '"))
        return false;
    for (size_t i = 0; i < ELEMENTSOF(load_prefixes); i++)
        if (begins_with(record, load_prefixes[i]))
            return true;
    return false;
}

/* In livepatch@.service the log is standard input, because ProtectKernelLogs= keeps the process
 * from opening it. 1:11 is /dev/kmsg, Documentation/admin-guide/devices.txt. */
static int open_standard_input(void) {
    _cleanup_close_ int fd = -EBADF;
    struct stat st;

    if (fstat(STDIN_FILENO, &st) < 0)
        return -errno;
    if (!S_ISCHR(st.st_mode) || st.st_rdev != makedev(1, 11))
        return -ENOENT;
    fd = fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
    if (fd < 0 || fcntl(fd, F_SETFL, O_NONBLOCK) < 0)
        return -errno;
    return TAKE_FD(fd);
}

int kmsg_open_all(const struct host *h) {
    _cleanup_close_ int fd = open_standard_input();

    if (fd < 0)
        fd = file_open(h, "/dev/kmsg", O_RDONLY | O_NONBLOCK | O_NOCTTY, 0);
    if (fd < 0)
        return TAKE_FD(fd);
    if (lseek(fd, 0, SEEK_SET) < 0)
        return -errno;
    return TAKE_FD(fd);
}

int kmsg_open(const struct host *h) {
    _cleanup_close_ int fd = kmsg_open_all(h);

    if (fd >= 0 && lseek(fd, 0, SEEK_END) < 0)
        return -errno;
    return TAKE_FD(fd);
}

static int words_add(char ***words, const char *data, size_t size, const char *module) {
    struct kmsg_record record;
    int r = 0;

    while (r >= 0 && kmsg_next(&data, &size, &record) > 0)
        if (kmsg_is_about(&record, module))
            r = strv_consume(words, strndup(record.text, record.text_size));
    return r;
}

char *kmsg_words(int fd, const char *module) {
    _cleanup_strv_free_ char **words = NULL;
    char buffer[RECORD_MAX];
    size_t n;

    for (unsigned i = 0; fd >= 0 && i < RECORDS_MAX; i++) {
        ssize_t size = read(fd, buffer, sizeof(buffer));

        /* EPIPE: records were overwritten before they were read; the next read continues after
         * them. */
        if (size < 0 && (errno == EINTR || errno == EPIPE))
            continue;
        if (size <= 0 || words_add(&words, buffer, (size_t) size, module) < 0)
            break;
    }
    n = strv_length(words);
    return n > 0 ? strv_join(words + (n > WORDS_MAX ? n - WORDS_MAX : 0), "; ") : NULL;
}
