/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <elf.h>
#include <link.h>

#include "base/hex.h"
#include "base/strv.h"
#include "base/utf8.h"
#include "module/elf.h"
#include "module/info.h"

/* MODULE_NAME_LEN of include/linux/module.h on 64-bit machines, without the NUL. */
#define NAME_MAX_LENGTH 55

/* The values that lpd keeps of .modinfo are shown to people; those of real modules are much
 * shorter. */
#define VALUE_MAX_LENGTH ((size_t) 4096)
#define FIXES_MAX 1000

/* The kernel has 20 bytes (BUILD_ID_SIZE_MAX in include/linux/buildid.h); a SHA512 fits too. */
#define BUILD_ID_MAX_SIZE ((size_t) 64)

static int refuse(struct error *e, const char *key, const char *reason) {
    return error_set(e, -ENOEXEC, EXIT_STATUS_REFUSED, "modinfo %s= %s", key, reason);
}

/* The value of the first entry of that key, or NULL. */
static const char *find_value(const struct elf_section *modinfo, const char *key) {
    size_t length = strlen(key);

    for (const char *p = modinfo->data, *end = p + modinfo->size; p < end; p += strlen(p) + 1)
        if (strncmp(p, key, length) == 0 && p[length] == '=')
            return p + length + 1;
    return NULL;
}

/* Values end up in tables, JSON and paths, so control characters are refused. */
static int copy_value(const struct elf_section *modinfo, const char *key, char **ret,
                      struct error *e) {
    const char *value = find_value(modinfo, key);
    size_t length = 0;

    if (!value)
        return 0;
    for (; value[length]; length++) {
        if (value[length] < ' ' || value[length] > '~')
            return refuse(e, key, "has a character that is not printable ASCII");
        if (length >= VALUE_MAX_LENGTH)
            return refuse(e, key, "is too long");
    }
    *ret = strdup(value);
    return *ret ? 0 : -ENOMEM;
}

/* Only for people, so a fault in it is no reason to refuse the module: such a word is left out. */
static int copy_fixes(const struct elf_section *modinfo, char ***ret) {
    for (const char *p = modinfo->data, *end = p + modinfo->size; p < end; p += strlen(p) + 1) {
        _cleanup_strv_free_ char **words = NULL;

        if (!startswith(p, "fixes="))
            continue;
        if (strv_extend_split(&words, p + STRLEN("fixes="), ", \t\n") < 0)
            return -ENOMEM;
        STRV_FOREACH(word, words)
            if (strlen(*word) <= VALUE_MAX_LENGTH && ascii_is_word(*word) && strv_length(*ret) < FIXES_MAX &&
                !strv_contains(*ret, *word) && strv_extend(ret, *word) < 0)
                return -ENOMEM;
    }
    return 0;
}

/* The names that KBUILD_MODNAME can have. The name becomes a directory below /sys/module, so '/'
 * and ".." are not allowed. */
static int check_name(const char *name, struct error *e) {
    static const char letters[] =
        "_0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz.-";

    if (!name)
        return refuse(e, "name", "is missing");
    if (*name == '\0')
        return refuse(e, "name", "is empty");
    if (strlen(name) > NAME_MAX_LENGTH)
        return refuse(e, "name", "is longer than the 55 characters that the kernel allows");
    if (name[strspn(name, letters)] != '\0' || *name == '.' || *name == '-')
        return refuse(e, "name", "is no name of a module");
    return 0;
}

static int parse_modinfo(const struct elf_section *modinfo, struct module_info *info,
                         struct error *e) {
    const struct {
        const char *key;
        char **ret;
    } values[] = {
        { "name", &info->name },
        { "vermagic", &info->vermagic },
        { "depends", &info->depends },
        { "srcversion", &info->srcversion },
    };
    const char *livepatch;
    int r;

    for (size_t i = 0; i < ELEMENTSOF(values); i++) {
        r = copy_value(modinfo, values[i].key, values[i].ret, e);
        if (r < 0)
            return r;
    }
    livepatch = find_value(modinfo, "livepatch");
    info->livepatch = livepatch && streq(livepatch, "Y");
    r = copy_fixes(modinfo, &info->fixes);
    if (r < 0)
        return r;

    r = check_name(info->name, e);
    if (r < 0)
        return r;
    if (!info->vermagic || *info->vermagic == '\0')
        return refuse(e, "vermagic", "is missing");
    return 0;
}

static int find_modinfo(const struct elf *elf, struct elf_section *ret, struct error *e) {
    struct elf_section modinfo;
    int r;

    r = elf_find_section(elf, ".modinfo", &modinfo, e);
    if (r < 0)
        return r;
    /* The kernel reads allocated sections only (kernel/module/main.c find_sec). */
    if (r == 0 || !modinfo.allocated)
        return error_set(e, -ENOEXEC, EXIT_STATUS_REFUSED,
                         "not a kernel module: no section .modinfo");
    if (modinfo.size == 0)
        return error_set(e, -ENOEXEC, EXIT_STATUS_REFUSED, "not a kernel module: the section .modinfo is empty");
    if (modinfo.data[modinfo.size - 1] != '\0')
        return error_set(e, -ENOEXEC, EXIT_STATUS_REFUSED,
                         "not a kernel module: the section .modinfo ends within an entry");
    *ret = modinfo;
    return 0;
}

static int find_build_id(const struct elf *elf, char **ret, struct error *e) {
    struct elf_section notes;
    int r;

    r = elf_find_section(elf, ".note.gnu.build-id", &notes, e);
    if (r <= 0)
        return r;
    r = build_id_from_notes(notes.data, notes.size, ret);
    if (r == -EBADMSG)
        return error_set(e, -ENOEXEC, EXIT_STATUS_REFUSED,
                         "the section .note.gnu.build-id is malformed");
    return r == -ENOENT ? 0 : r;
}

int module_info_parse(const void *data, size_t size, struct module_info *ret, struct error *e) {
    _cleanup_(module_info_done) struct module_info info = {};
    struct elf_section modinfo = {};
    struct elf elf;
    int r;

    r = elf_open(data, size, &elf, e);
    if (r < 0)
        return r;
    r = find_modinfo(&elf, &modinfo, e);
    if (r < 0)
        return r;
    r = parse_modinfo(&modinfo, &info, e);
    if (r < 0)
        return r;
    r = find_build_id(&elf, &info.build_id, e);
    if (r < 0)
        return r;
    *ret = TAKE_STRUCT(info);
    return 0;
}

void module_info_done(struct module_info *i) {
    free(i->name);
    free(i->vermagic);
    free(i->depends);
    free(i->srcversion);
    free(i->build_id);
    strv_free(i->fixes);
    *i = (struct module_info){};
}

/* Skips n bytes and their padding to four; the padding of the last note may be missing. */
static bool take(const char **p, size_t *left, size_t n, const char **ret) {
    if (n > *left)
        return false;
    *ret = *p;
    n = MIN((n + 3) & ~(size_t) 3, *left);
    *p += n;
    *left -= n;
    return true;
}

int build_id_from_notes(const void *data, size_t size, char **ret) {
    const char *p = data, *header, *name, *id;

    while (size > 0) {
        ElfW(Nhdr) note;

        if (!take(&p, &size, sizeof(note), &header))
            return -EBADMSG;
        memcpy(&note, header, sizeof(note));
        if (!take(&p, &size, note.n_namesz, &name) || !take(&p, &size, note.n_descsz, &id))
            return -EBADMSG;
        if (note.n_type != NT_GNU_BUILD_ID || note.n_namesz != sizeof(ELF_NOTE_GNU) ||
            memcmp(name, ELF_NOTE_GNU, sizeof(ELF_NOTE_GNU)) != 0)
            continue;
        if (note.n_descsz == 0 || note.n_descsz > BUILD_ID_MAX_SIZE)
            return -EBADMSG;
        *ret = hex_encode(id, note.n_descsz);
        return *ret ? 0 : -ENOMEM;
    }
    return -ENOENT;
}

bool vermagic_matches(const char *vermagic, const char *release) {
    size_t length = strcspn(vermagic, " ");

    return length > 0 && strlen(release) == length && memcmp(vermagic, release, length) == 0;
}
