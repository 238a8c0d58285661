/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Patches on a machine with a fake kernel that answers like a real one. */

#include <stdio.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/strv.h"
#include "check.h"
#include "fake-kernel.h"
#include "livepatch/load.h"
#include "livepatch/sysfs.h"
#include "load/execute.h"
#include "module/object.h"

#define BUILD_1 "1111aaaa1111aaaa1111aaaa1111aaaa1111aaaa"
#define BUILD_2 "2222bbbb2222bbbb2222bbbb2222bbbb2222bbbb"
#define MODULES "/var/lib/lpd/modules/" FAKE_RELEASE "/"

static struct fake_kernel k;
static struct error e;
static struct result result;

static inline void write_policy(const char *signature) {
    _cleanup_free_ char *text = NULL;

    assert_true(asprintf(&text, "[Trust]\nSignature=%s\n", signature) >= 0);
    fake_kernel_text(&k, "/etc/lpd/lpd.conf", text);
}

static inline int setup(void **state _unused_) {
    fake_kernel_open(&k);
    e = ERROR_NULL;
    result = (struct result){};
    write_policy("permissive");
    fake_kernel_text(&k, "/proc/sys/kernel/random/boot_id", "this-boot\n");
    return 0;
}

static inline int teardown(void **state _unused_) {
    error_done(&e);
    result_done(&result);
    fake_kernel_close(&k);
    return 0;
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

/* A module file that passes the checks. */
static inline void write_module(const char *path, const char *module_name, const char *build_id,
                         const char *release) {
    struct {
        ElfW(Nhdr) header;
        char name[4];
        unsigned char id[20];
    } note = { { 4, 20, NT_GNU_BUILD_ID }, "GNU", { 0 } };
    struct object_section sections[] = {
        { .name = ".modinfo" },
        { .name = ".note.gnu.build-id", .data = &note, .size = sizeof(note), .type = SHT_NOTE },
    };
    _cleanup_free_ char *info = NULL;
    struct object o;
    int n;

    n = asprintf(&info, "name=%s%cvermagic=%s SMP mod_unload %clivepatch=Y%c", module_name, 0, release,
                 0, 0);
    assert_true(n > 0);
    sections[0].data = info;
    sections[0].size = (size_t) n;
    for (size_t i = 0; i < sizeof(note.id); i++)
        assert_int_equal(sscanf(build_id + 2 * i, "%2hhx", &note.id[i]), 1);
    o = object_build(sections, ELEMENTSOF(sections));
    fake_kernel_file(&k, path, o.data, o.size);
    object_free(&o);
}

static inline void manifest(const char *name, const char *text) {
    _cleanup_free_ char *path = NULL;

    assert_true(asprintf(&path, "/etc/lpd/patches.d/%s.conf", name) >= 0);
    fake_kernel_text(&k, path, text);
}

/* A patch with manifest and module; the module has its name. */
static inline void patch(const char *name, const char *keys) {
    _cleanup_free_ char *text = NULL, *path = NULL, *module_name = NULL;

    assert_true(asprintf(&text, "[Patch]\n%s", keys) >= 0);
    manifest(name, text);
    assert_true(asprintf(&path, MODULES "%s.ko", name) >= 0);
    assert_true(asprintf(&module_name, "%s", name) >= 0);
    for (char *c = module_name; *c; c++)
        *c = *c == '-' ? '_' : *c;
    write_module(path, module_name, BUILD_1, FAKE_RELEASE);
}

static inline int load(const char *name) {
    error_done(&e);
    result_done(&result);
    return execute_load(&k.host, name, &result, &e);
}

static inline int unload(const char *name) {
    error_done(&e);
    result_done(&result);
    return execute_unload(&k.host, name, &result, &e);
}

static inline int load_path(const char *path, const char *parameters) {
    error_done(&e);
    result_done(&result);
    return execute_load_file(&k.host, path, parameters, 60 * USEC_PER_SEC, &result, &e);
}

/* Asserts that the returned result was also recorded. */
static inline void assert_result(const char *name, const char *action, const char *state) {
    _cleanup_(result_done) struct result written = {};

    assert_string_equal(result.name, name);
    assert_string_equal(result.action, action);
    assert_string_equal(result.state, state);
    assert_int_equal(result_read(&k.host, name, &written), 0);
    assert_string_equal(written.action, action);
    assert_string_equal(written.state, state);
    assert_string_equal(strempty(written.reason), strempty(result.reason));
    assert_int_equal(written.loaded, result.loaded);
    assert_int_equal(written.complete, result.complete);
    assert_int_equal(written.exit_status, result.exit_status);
    assert_true(written.monotonic_usec == result.monotonic_usec);
}

/* Asserts that the call failed, and that this was recorded. */
static inline void assert_failed(int r, int expected, enum exit_status exit_status, const char *state,
                          const char *part) {
    if (r != expected || e.exit_status != exit_status || !strstr(error_message(&e, r), part))
        fail_msg("%d, exit status %u: %s", r, e.exit_status, error_message(&e, r));
    assert_string_equal(result.state, state);
    assert_string_equal(result.reason, e.message);
    assert_int_equal(result.exit_status, exit_status);
}

static inline bool is_in(const char *module_name) {
    return livepatch_flag_read(&k.host, module_name, "enabled") == 1;
}
