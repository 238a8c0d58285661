/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "check.h"
#include "livepatch/trace-list.h"

static const char functions[] =
    "schedule (1)            \ttramp: 0xffffffffc0400000 (function_trace_call+0x0/0x140) ->function_trace_call+0x0/0x140\n"
    "nft_get [nf_tables] (2) R I     \ttramp: ftrace_regs_caller+0x0/0x6a (x+0x0/0x1) ->arch_ftrace_ops_list_func+0x0/0x250\n"
    "security_task_getpgid (3) R I D O M \ttramp: ERROR!\n"
    "\tdirect-->bpf_trampoline_6442489012+0x0/0x64\n"
    "no number\n"
    "\n"
    "cut (12";

static void test_functions(void **state _unused_) {
    size_t size = sizeof(functions) - 1;
    const char *text = functions;
    struct traced_function f;

    assert_int_equal(traced_function_next(&text, &size, &f), 1);
    assert_string_equal(f.name, "schedule");
    assert_string_equal(f.module, "");
    assert_int_equal(f.count, 1);
    assert_false(f.regs || f.ipmodify || f.direct || f.call_ops || f.modified);
    assert_int_equal(traced_function_next(&text, &size, &f), 1);
    assert_string_equal(f.name, "nft_get");
    assert_string_equal(f.module, "nf_tables");
    assert_true(f.regs && f.ipmodify && f.count == 2);
    assert_false(f.direct || f.modified || f.target[0]);
    assert_int_equal(traced_function_next(&text, &size, &f), 1);
    assert_true(f.regs && f.ipmodify && f.direct && f.call_ops && f.modified);
    assert_string_equal(f.target, "bpf_trampoline_6442489012");
    assert_int_equal(traced_function_next(&text, &size, &f), 0);
    assert_int_equal(size, 0);
}

static const char probes[] = "ffffffff8f4a1b40  k  security_task_getpgid+0x0    [FTRACE]\n"
                             "ffffffffc0a01b40  r  nft_get+0x4  nf_tables [DISABLED][OPTIMIZED]\n"
                             "0000000000000000  k  gone+0x10/0x20 [GONE]\n"
                             "ffffffff8f4a1b40  x  other+0x0\n"
                             "ffffffff8f4a1b40  k  noplus\n";

static void test_probes(void **state _unused_) {
    size_t size = sizeof(probes) - 1;
    const char *text = probes;
    struct kernel_probe p;

    assert_int_equal(kernel_probe_next(&text, &size, &p), 1);
    assert_string_equal(p.name, "security_task_getpgid");
    assert_string_equal(p.module, "");
    assert_true(p.ftrace && !p.on_return && !p.disabled && p.offset == 0);
    assert_int_equal(kernel_probe_next(&text, &size, &p), 1);
    assert_string_equal(p.name, "nft_get");
    assert_string_equal(p.module, "nf_tables");
    assert_true(!p.ftrace && p.on_return && p.disabled && p.offset == 4);
    assert_int_equal(kernel_probe_next(&text, &size, &p), 1);
    assert_true(p.disabled && p.offset == 16);
    assert_int_equal(kernel_probe_next(&text, &size, &p), 0);
}

static void test_long(void **state _unused_) {
    char line[8192];
    size_t size = sizeof(line);
    const char *text = line;
    struct traced_function f;

    memset(line, 'a', sizeof(line));
    assert_int_equal(traced_function_next(&text, &size, &f), 0);
    memcpy(line + 1000, " (7) I", 6);
    text = line;
    size = sizeof(line);
    assert_int_equal(traced_function_next(&text, &size, &f), 1);
    assert_int_equal(strlen(f.name), TRACE_SYMBOL_MAX - 1);
    assert_true(f.ipmodify && f.count == 7 && size == 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_functions),
        cmocka_unit_test(test_probes),
        cmocka_unit_test(test_long),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
