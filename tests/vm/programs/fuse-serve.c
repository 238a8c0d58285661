/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A file server in user space (/dev/fuse, linux/fuse.h) that answers differently to each reading.
 *
 *     fuse-serve DIRECTORY NAME FIRST SECOND
 *
 * mounts itself on DIRECTORY with one file NAME in it. The first reading from the beginning on gets the
 * bytes of the file FIRST, the next one those of SECOND, and so on in turns. SIGUSR1 begins anew with
 * FIRST. Both files have the same size. It goes on until it is killed.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/fuse.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#define FILE_NODE 2
#define REQUEST_MAX (1 << 20)

struct bytes {
    char *data;
    size_t size;
};

static int device;
static const char *file_name;
static struct bytes versions[2];
static volatile sig_atomic_t readings;

static void begin_anew(int signal) {
    (void) signal;
    readings = 0;
}

static struct bytes slurp(const char *path) {
    struct bytes b;
    struct stat st;
    int fd = open(path, O_RDONLY);

    if (fd < 0 || fstat(fd, &st) < 0 || !(b.data = malloc((size_t) st.st_size)) ||
        read(fd, b.data, (size_t) st.st_size) != st.st_size) {
        perror(path);
        exit(1);
    }
    b.size = (size_t) st.st_size;
    close(fd);
    return b;
}

static void answer(uint64_t unique, int error, const void *data, size_t size) {
    struct fuse_out_header header = { .len = (uint32_t) (sizeof header + size), .error = -error,
                                      .unique = unique };
    struct iovec parts[] = { { &header, sizeof header }, { (void *) data, size } };

    if (writev(device, parts, size > 0 ? 2 : 1) < 0 && errno != ENOENT)
        perror("answer");
}

static struct fuse_attr attributes(uint64_t node) {
    struct fuse_attr a = { .ino = node, .nlink = 1, .blksize = 4096 };

    a.mode = node == FUSE_ROOT_ID ? S_IFDIR | 0755 : S_IFREG | 0644;
    a.size = node == FUSE_ROOT_ID ? 0 : versions[0].size;
    return a;
}

static void look_up(const struct fuse_in_header *in, const char *name) {
    struct fuse_entry_out out = { .nodeid = FILE_NODE, .attr = attributes(FILE_NODE) };

    if (in->nodeid == FUSE_ROOT_ID && strcmp(name, file_name) == 0)
        answer(in->unique, 0, &out, sizeof out);
    else
        answer(in->unique, ENOENT, NULL, 0);
}

static void read_file(const struct fuse_in_header *in, const struct fuse_read_in *request) {
    const struct bytes *b;
    size_t left;

    if (request->offset == 0)
        readings = readings + 1;
    b = versions + (readings + 1) % 2;
    left = request->offset < b->size ? b->size - request->offset : 0;
    answer(in->unique, 0, b->data + request->offset, left < request->size ? left : request->size);
}

static void serve(const struct fuse_in_header *in, const void *body) {
    struct fuse_init_out init = { .major = FUSE_KERNEL_VERSION, .minor = FUSE_KERNEL_MINOR_VERSION,
                                  .max_readahead = 0, .max_write = 4096 };
    struct fuse_attr_out attr = { .attr = attributes(in->nodeid) };
    /* No page cache: the server gets every read. */
    struct fuse_open_out opened = { .open_flags = in->opcode == FUSE_OPEN ? FOPEN_DIRECT_IO : 0 };

    switch (in->opcode) {
    case FUSE_INIT:
        answer(in->unique, 0, &init, sizeof init);
        break;
    case FUSE_LOOKUP:
        look_up(in, body);
        break;
    case FUSE_GETATTR:
        answer(in->unique, 0, &attr, sizeof attr);
        break;
    case FUSE_OPEN:
    case FUSE_OPENDIR:
        answer(in->unique, 0, &opened, sizeof opened);
        break;
    case FUSE_READ:
        read_file(in, body);
        break;
    case FUSE_READDIR:
    case FUSE_RELEASE:
    case FUSE_RELEASEDIR:
    case FUSE_FLUSH:
        answer(in->unique, 0, NULL, 0);
        break;
    case FUSE_FORGET:
    case FUSE_BATCH_FORGET:
    case FUSE_INTERRUPT:
        break;
    default:
        answer(in->unique, ENOSYS, NULL, 0);
    }
}

int main(int argc, char *argv[]) {
    static char request[REQUEST_MAX];
    char options[128];

    if (argc != 5)
        return 2;
    file_name = argv[2];
    versions[0] = slurp(argv[3]);
    versions[1] = slurp(argv[4]);
    device = open("/dev/fuse", O_RDWR);
    snprintf(options, sizeof options, "fd=%d,rootmode=40755,user_id=0,group_id=0,allow_other", device);
    if (device < 0 || versions[0].size != versions[1].size ||
        mount("fuse-serve", argv[1], "fuse", 0, options) < 0) {
        perror(argv[1]);
        return 1;
    }
    signal(SIGUSR1, begin_anew);
    for (;;) {
        ssize_t n = read(device, request, sizeof request);

        if (n >= (ssize_t) sizeof(struct fuse_in_header))
            serve((void *) request, request + sizeof(struct fuse_in_header));
        else if (n < 0 && errno != EINTR && errno != ENOENT)
            return 0;   /* it was unmounted */
    }
}
