/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <endian.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <unistd.h>

#include "base/digest.h"
#include "base/file.h"
#include "base/strv.h"
#include "state/early-file.h"

/* Two slots, which are written in turn: the SHA-256 of the rest, a number that grows with each write,
 * the size of the bytes, and the bytes. Numbers are little-endian. Whole pages, so that no write
 * touches the other slot. */
#define AT_NUMBER SHA256_SIZE
#define AT_SIZE (AT_NUMBER + sizeof(uint64_t))
#define AT_DATA (AT_SIZE + sizeof(uint32_t))
#define SLOT_SIZE ((size_t) 12288)
#define FILE_SIZE (2 * SLOT_SIZE)
#define NEW_FILE EARLY_LEDGER_FILE ".new"

_Static_assert(AT_DATA + EARLY_LEDGER_SIZE_MAX <= SLOT_SIZE, "a slot is too small");

struct slot {
    uint64_t number;
    const uint8_t *data;
    size_t size;
};

static void digest(const uint8_t *slot, size_t size, uint8_t ret[static SHA256_SIZE]) {
    sha256_take(slot + AT_NUMBER, AT_DATA - AT_NUMBER + size, ret);
}

static bool parse_slot(const uint8_t *slot, struct slot *ret) {
    uint8_t check[SHA256_SIZE];
    uint64_t number;
    uint32_t size;

    memcpy(&number, slot + AT_NUMBER, sizeof(number));
    memcpy(&size, slot + AT_SIZE, sizeof(size));
    size = le32toh(size);
    if (size > EARLY_LEDGER_SIZE_MAX)
        return false;
    digest(slot, size, check);
    if (memcmp(check, slot, sizeof(check)) != 0)
        return false;
    *ret = (struct slot){ le64toh(number), slot + AT_DATA, size };
    return true;
}

static void fill_slot(uint8_t slot[static SLOT_SIZE], uint64_t number, const void *data, size_t size) {
    memset(slot, 0, SLOT_SIZE);
    memcpy(slot + AT_NUMBER, &(uint64_t){ htole64(number) }, sizeof(uint64_t));
    memcpy(slot + AT_SIZE, &(uint32_t){ htole32((uint32_t) size) }, sizeof(uint32_t));
    memcpy(slot + AT_DATA, data, size);
    digest(slot, size, slot);
}

/* The slot that was written last and completely. -EBADMSG: there is none. */
static int find_newest(const char *text, size_t size, struct slot *ret) {
    struct slot slots[2];
    bool valid[2];

    if (size != FILE_SIZE)
        return -EBADMSG;
    for (size_t i = 0; i < 2; i++)
        valid[i] = parse_slot((const uint8_t *) text + i * SLOT_SIZE, slots + i);
    if (!valid[0] && !valid[1])
        return -EBADMSG;
    *ret = slots[valid[0] && valid[1] ? slots[1].number > slots[0].number : valid[1]];
    return 0;
}

static char *path_of(const char *directory) {
    char *path;

    return asprintf(&path, "%s" EARLY_LEDGER_FILE, strempty(directory)) < 0 ? NULL : path;
}

/* The whole file, and its newest slot. */
static int read_slots(const struct host *h, const char *path, char **ret, struct slot *ret_newest) {
    _cleanup_free_ char *text = NULL;
    size_t size;
    int r;

    r = file_read(h, path, FILE_SIZE, &text, &size);
    if (r >= 0)
        r = find_newest(text, size, ret_newest);
    if (r < 0)
        return r == -EFBIG ? -EBADMSG : r;
    *ret = TAKE_PTR(text);
    return 0;
}

int early_file_read(const struct host *h, const char *directory, char **ret, size_t *ret_size) {
    _cleanup_free_ char *path = path_of(directory), *text = NULL;
    struct slot newest;
    char *data;
    int r;

    r = path ? read_slots(h, path, &text, &newest) : -ENOMEM;
    if (r < 0)
        return r;
    data = malloc(newest.size + 1);
    if (!data)
        return -ENOMEM;
    memcpy(data, newest.data, newest.size);
    *ret = data;
    *ret_size = newest.size;
    return 0;
}

/* vfat needs both: the start of a file is written with its own inode, not with its directory
 * (fs/fat/namei_vfat.c), and only fsync(2) flushes the disk's cache (fs/fat/file.c fat_file_fsync()). */
static int sync_all(int fd) {
    return syncfs(fd) < 0 || fsync(fd) < 0 ? -errno : 0;
}

static int put(int fd, const uint8_t slot[static SLOT_SIZE], off_t offset) {
    if (lseek(fd, offset, SEEK_SET) < 0)
        return -errno;
    return file_write_fd(fd, slot, SLOT_SIZE);
}

static int write_other(int fd, const uint8_t *slot, uint64_t number) {
    int r;

    r = put(fd, slot, (off_t) (number % 2 * SLOT_SIZE));
    return r < 0 ? r : sync_all(fd);
}

/* Both slots are filled, so that the file need never grow. No mode is set: vfat may not support it. */
static int write_new(int fd, const uint8_t *slot) {
    int r;

    r = put(fd, slot, 0);
    if (r >= 0)
        r = put(fd, slot, SLOT_SIZE);
    return r < 0 ? r : sync_all(fd);
}

static int create(const struct host *h, const char *path, const uint8_t *slot) {
    _cleanup_close_ int dir_fd = -EBADF, fd = -EBADF;
    static const char *const temporary = &NEW_FILE[1];
    const char *name;
    int r;

    dir_fd = file_open_parent(h, path, &name);
    if (dir_fd < 0)
        return dir_fd;
    (void) unlinkat(dir_fd, temporary, 0);
    fd = openat(dir_fd, temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0644);
    if (fd < 0)
        return -errno;
    r = write_new(fd, slot);
    if (r >= 0 && renameat(dir_fd, temporary, dir_fd, name) < 0)
        r = -errno;
    if (r < 0)
        (void) unlinkat(dir_fd, temporary, 0);
    return r < 0 ? r : sync_all(fd);
}

/* Of two programs that write at once the second one waits, so that both do not fill the same slot. */
static int open_locked(const struct host *h, const char *path) {
    _cleanup_close_ int fd = -EBADF;

    fd = file_open(h, path, O_RDWR | O_NOFOLLOW, 0);
    if (fd < 0)
        return fd;
    return flock(fd, LOCK_EX) < 0 ? -errno : TAKE_FD(fd);
}

int early_file_write(const struct host *h, const char *directory, const void *data, size_t size) {
    _cleanup_free_ char *path = path_of(directory), *text = NULL;
    _cleanup_free_ uint8_t *slot = malloc(SLOT_SIZE);
    _cleanup_close_ int fd = -EBADF;
    struct slot newest = {};
    int r;

    if (!path || !slot)
        return -ENOMEM;
    if (size > EARLY_LEDGER_SIZE_MAX)
        return -EFBIG;
    fd = open_locked(h, path);
    if (fd < 0 && fd != -ENOENT)
        return fd;
    r = fd < 0 ? fd : read_slots(h, path, &text, &newest);
    if (r < 0 && r != -ENOENT && r != -EBADMSG)
        return r;
    if (r >= 0 && newest.size == size && memcmp(newest.data, data, size) == 0)
        return 0;
    fill_slot(slot, newest.number + 1, data, size);
    r = r < 0 ? create(h, path, slot) : write_other(fd, slot, newest.number + 1);
    return r < 0 ? r : 1;
}
