/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <ctype.h>

#include "guard/fault.h"

#define PANIC "Kernel panic - not syncing: "

enum {
    COUNTS_PC = 1 << 0,
    COUNTS_FRAMES = 1 << 1,
};

static const struct {
    const char *name;
    unsigned counts;
} kinds[_FAULT_KIND_MAX] = {
    [FAULT_OOPS] = { "oops", COUNTS_PC | COUNTS_FRAMES },
    [FAULT_GENERAL_PROTECTION] = { "general-protection", COUNTS_PC | COUNTS_FRAMES },
    [FAULT_BUG] = { "bug", COUNTS_PC | COUNTS_FRAMES },
    [FAULT_CHECK] = { "check", COUNTS_PC | COUNTS_FRAMES },
    [FAULT_DOUBLE_FAULT] = { "double-fault", COUNTS_PC | COUNTS_FRAMES },
    [FAULT_STACK_OVERFLOW] = { "stack-overflow", COUNTS_PC | COUNTS_FRAMES },
    [FAULT_STACK_CORRUPTION] = { "stack-corruption", COUNTS_PC },
    [FAULT_CFI] = { "cfi", COUNTS_PC },
    [FAULT_KASAN] = { "kasan", COUNTS_PC | COUNTS_FRAMES },
    [FAULT_WARNING] = { "warning", COUNTS_PC },
    [FAULT_SOFT_LOCKUP] = { "soft-lockup", COUNTS_PC | COUNTS_FRAMES },
    [FAULT_HARD_LOCKUP] = { "hard-lockup", COUNTS_PC | COUNTS_FRAMES },
    /* A virtual machine that its host does not run has these anywhere. */
    [FAULT_RCU_STALL] = { "rcu-stall", COUNTS_PC },
    [FAULT_PANIC] = { "panic", COUNTS_PC | COUNTS_FRAMES },
    /* The task waits for something that another one holds. */
    [FAULT_HUNG_TASK] = { "hung-task", 0 },
    [FAULT_INCONSISTENCY] = { "inconsistency", 0 },
    [FAULT_RACE] = { "race", 0 },
    [FAULT_HARDWARE] = { "hardware", 0 },
    [FAULT_OUT_OF_MEMORY] = { "out-of-memory", 0 },
    [FAULT_SYSRQ] = { "sysrq", 0 },
    [FAULT_INIT] = { "init", 0 },
};

const char *fault_kind_name(enum fault_kind kind) {
    return kinds[kind].name;
}

bool fault_counts_pc(enum fault_kind kind) {
    return kinds[kind].counts & COUNTS_PC;
}

bool fault_counts_frames(enum fault_kind kind) {
    return kinds[kind].counts & COUNTS_FRAMES;
}

/* A line that begins so and, unless NULL, has the other text further on. */
struct phrase {
    const char *start, *part;
    enum fault_kind kind;
    bool consequence;
};

static const struct phrase phrases[] = {
    { "BUG: kernel NULL pointer dereference, address: ", NULL, FAULT_OOPS, false },
    { "BUG: unable to handle page fault for address: ", NULL, FAULT_OOPS, false },
    { "BUG: unable to handle kernel ", " at ", FAULT_OOPS, false },
    { "Unable to handle kernel ", " at virtual address ", FAULT_OOPS, false },
    { "BUG: ", "stack guard page was hit at ", FAULT_STACK_OVERFLOW, false },
    { "Insufficient stack space to handle exception!", NULL, FAULT_STACK_OVERFLOW, false },
    { "traps: PANIC: double fault", NULL, FAULT_DOUBLE_FAULT, false },
    { "PANIC: double fault", NULL, FAULT_DOUBLE_FAULT, false },
    { "rcu: INFO: rcu_", "detected stall", FAULT_RCU_STALL, false },
    { "rcu: INFO: rcu_", "detected expedited stalls", FAULT_RCU_STALL, false },
    { "INFO: task ", " blocked ", FAULT_HUNG_TASK, false },
    { "BUG: sleeping function called from invalid context at ", NULL, FAULT_CHECK, false },
    { "BUG: scheduling while atomic: ", NULL, FAULT_CHECK, false },
    { "BUG: using smp_processor_id() in preemptible ", NULL, FAULT_CHECK, false },
    { "BUG: using __this_cpu_", NULL, FAULT_CHECK, false },
    { "BUG: spinlock ", " on CPU#", FAULT_CHECK, false },
    { "BUG: Bad page ", NULL, FAULT_INCONSISTENCY, false },
    { "BUG: Bad rss-counter state ", NULL, FAULT_INCONSISTENCY, false },
    { "BUG: non-zero pgtables_bytes ", NULL, FAULT_INCONSISTENCY, false },
    { "BUG: workqueue lockup - pool ", NULL, FAULT_INCONSISTENCY, false },
    { "BUG: KCSAN: ", NULL, FAULT_RACE, false },
    { "UBSAN: ", " in ", FAULT_RACE, false },
    { "mce: [Hardware Error]: ", "Machine Check", FAULT_HARDWARE, false },
    { "{", "[Hardware Error]: event severity: fatal", FAULT_HARDWARE, false },
    { "SError Interrupt on CPU", NULL, FAULT_HARDWARE, false },
};

/* The texts of panic(9) that say why; every other one is FAULT_PANIC. */
static const struct phrase panics[] = {
    { "Fatal exception", NULL, FAULT_PANIC, true },
    { "", ": Fatal exception", FAULT_PANIC, true },
    { "Aiee, killing interrupt handler!", NULL, FAULT_PANIC, true },
    { "Attempted to kill the idle task!", NULL, FAULT_PANIC, true },
    { "softlockup: hung tasks", NULL, FAULT_SOFT_LOCKUP, true },
    { "Hard LOCKUP", NULL, FAULT_HARD_LOCKUP, true },
    { "Watchdog detected hard LOCKUP on cpu ", NULL, FAULT_HARD_LOCKUP, true },
    { "RCU Stall", NULL, FAULT_RCU_STALL, true },
    { "hung_task: blocked tasks", NULL, FAULT_HUNG_TASK, true },
    { "KASAN: panic_on_warn set", NULL, FAULT_KASAN, true },
    { "KFENCE: panic_on_warn set", NULL, FAULT_KASAN, true },
    { "KMSAN: panic_on_warn set", NULL, FAULT_KASAN, true },
    { "kasan.fault=panic set", NULL, FAULT_KASAN, true },
    { "", "panic_on_warn set", FAULT_WARNING, true },
    { "kernel stack overflow", NULL, FAULT_STACK_OVERFLOW, true },
    { "Machine halted.", NULL, FAULT_DOUBLE_FAULT, true },
    { "Attempted to kill init!", NULL, FAULT_INIT, true },
    { "No working init found.", NULL, FAULT_INIT, false },
    { "No init found.", NULL, FAULT_INIT, false },
    { "Requested init ", NULL, FAULT_INIT, false },
    { "VFS: Unable to mount root fs on ", NULL, FAULT_INIT, false },
    { "Out of memory", NULL, FAULT_OUT_OF_MEMORY, false },
    { "System is deadlocked on memory", NULL, FAULT_OUT_OF_MEMORY, false },
    { "sysrq triggered crash", NULL, FAULT_SYSRQ, false },
    { "Fatal machine check", NULL, FAULT_HARDWARE, true },
    { "Fatal local machine check", NULL, FAULT_HARDWARE, true },
    { "Machine check", NULL, FAULT_HARDWARE, true },
    { "Timeout: Not all CPUs entered broadcast exception handler", NULL, FAULT_HARDWARE, true },
    { "Fatal hardware error!", NULL, FAULT_HARDWARE, true },
    { "Asynchronous SError Interrupt", NULL, FAULT_HARDWARE, true },
    { "NMI: Not continuing", NULL, FAULT_HARDWARE, false },
    { "NMI IOCK error: Not continuing", NULL, FAULT_HARDWARE, false },
    { "An NMI occurred", NULL, FAULT_HARDWARE, false },
    { "Memory failure: ", NULL, FAULT_HARDWARE, false },
};

static const struct phrase *phrase_find(const struct phrase *all, size_t n, const char *text) {
    for (size_t i = 0; i < n; i++)
        if (startswith(text, all[i].start) &&
            (!all[i].part || strstr(text + strlen(all[i].start), all[i].part)))
            return &all[i];
    return NULL;
}

/* The names of exceptions that die() prints alone before Linux 6.10, and after "Oops: " since. */
static const struct {
    const char *start;
    enum fault_kind kind;
} exceptions[] = {
    { "general protection fault", FAULT_GENERAL_PROTECTION },
    { "double fault", FAULT_DOUBLE_FAULT },
    { "stack guard page", FAULT_STACK_OVERFLOW },
    { "kernel stack overflow", FAULT_STACK_OVERFLOW },
    { "synchronous external abort", FAULT_HARDWARE },
    { "invalid opcode", FAULT_OOPS },
    { "divide error", FAULT_OOPS },
    { "int3", FAULT_OOPS },
    { "debug", FAULT_OOPS },
    { "stack segment", FAULT_OOPS },
    { "segment not present", FAULT_OOPS },
    { "alignment check", FAULT_OOPS },
    { "bounds", FAULT_OOPS },
    { "overflow", FAULT_OOPS },
    { "invalid TSS", FAULT_OOPS },
    { "control protection fault", FAULT_OOPS },
    { "SIMD exception", FAULT_OOPS },
};

/* Whether the text has "XXXX [#N]", XXXX being an error code of 4 to 16 hexadecimal digits. */
static bool has_die_count(const char *text) {
    const char *count = strstr(text, " [#"), *code = count;

    if (!count || count[3 + strspn(count + 3, "0123456789")] != ']' ||
        !isdigit((unsigned char) count[3]))
        return false;
    while (code > text && isxdigit((unsigned char) code[-1]))
        code--;
    return count - code >= 4 && count - code <= 16 && code - text >= 2 && code[-1] == ' ' &&
           code[-2] == ':';
}

static bool parse_die(const char *text, struct fault_mark *m) {
    bool known = startswith(text, "Oops: ") || startswith(text, "Internal error: ");

    if (!has_die_count(text))
        return false;
    m->kind = FAULT_OOPS;
    if (known)
        text = strchr(text, ' ') + (startswith(text, "Internal") ? STRLEN(" error: ") : 1);
    for (size_t i = 0; i < ELEMENTSOF(exceptions); i++)
        if (startswith(text, exceptions[i].start)) {
            m->kind = exceptions[i].kind;
            known = true;
            break;
        }
    m->die = true;
    return known;
}

static bool parse_panic(const char *text, struct fault_mark *m) {
    static const char corrupted[] = "stack-protector: Kernel stack is corrupted in: ";
    const struct phrase *p;

    if (!startswith(text, PANIC))
        return false;
    text += STRLEN(PANIC);
    m->panic = true;
    if (startswith(text, corrupted)) {
        m->kind = FAULT_STACK_CORRUPTION;
        m->has_place = code_place_parse(text + strlen(corrupted), &m->place);
        return true;
    }
    p = phrase_find(panics, ELEMENTSOF(panics), text);
    m->kind = p ? p->kind : FAULT_PANIC;
    m->consequence = p && p->consequence;
    return true;
}

/* "WARNING: CPU: 0 PID: 1 at FILE:LINE PLACE", and since Linux 6.19
 * "WARNING: FILE:LINE at PLACE, CPU#0: COMM/PID": __warn(), kernel/panic.c. Others, as those of
 * lockdep, name no place and are no faults. */
static bool parse_warning(const char *text, struct fault_mark *m) {
    const char *at, *comma;
    struct code_place p;

    if (!startswith(text, "WARNING: "))
        return false;
    at = strstr(text, " at ");
    if (!at)
        return false;
    at += STRLEN(" at ");
    comma = strchr(at, ',');
    if (!code_place_parse(at, &p) || (comma && !startswith(comma, ", CPU#"))) {
        at += strcspn(at, " ");
        if (*at != ' ' || !code_place_parse(at + 1, &p))
            return false;
    }
    m->kind = FAULT_WARNING;
    m->has_place = true;
    m->place = p;
    return true;
}

/* "BUG: KASAN: slab-use-after-free in PLACE", mm/kasan/report.c; KFENCE and KMSAN likewise. */
static bool parse_sanitizer(const char *text, struct fault_mark *m) {
    static const char *const names[] = { "BUG: KASAN: ", "BUG: KFENCE: ", "BUG: KMSAN: " };

    for (size_t i = 0; i < ELEMENTSOF(names); i++) {
        const char *in = startswith(text, names[i]) ? strstr(text, " in ") : NULL;

        if (!in || !code_place_parse(in + STRLEN(" in "), &m->place))
            continue;
        m->kind = FAULT_KASAN;
        m->has_place = true;
        return true;
    }
    return false;
}

static bool parse_cfi(const char *text, struct fault_mark *m) {
    static const char start[] = "CFI failure at ";
    const char *end;

    if (!startswith(text, start))
        return false;
    end = code_place_parse(text + strlen(start), &m->place);
    if (!end || !startswith(end, " (target: "))
        return false;
    m->kind = FAULT_CFI;
    m->has_place = true;
    return true;
}

static bool parse_cpu(const char *text, const char *before, struct fault_mark *m) {
    const char *at = strstr(text, before);

    if (!at || !isdigit((unsigned char) at[strlen(before)]))
        return false;
    m->cpu = atoi(at + strlen(before));
    return true;
}

/* kernel/watchdog.c. */
static bool parse_lockup(const char *text, struct fault_mark *m) {
    if (startswith(text, "watchdog: BUG: soft lockup - CPU#") ||
        startswith(text, "BUG: soft lockup - CPU#")) {
        m->kind = FAULT_SOFT_LOCKUP;
        return parse_cpu(text, "CPU#", m) && strstr(text, " stuck for ");
    }
    if (startswith(text, "watchdog: ") || startswith(text, "NMI watchdog: ")) {
        m->kind = FAULT_HARD_LOCKUP;
        return parse_cpu(text, "Watchdog detected hard LOCKUP on cpu ", m);
    }
    return false;
}

bool fault_mark_parse(const char *text, struct fault_mark *ret) {
    static bool (*const parsers[])(const char *, struct fault_mark *) = {
        parse_die, parse_panic, parse_warning, parse_sanitizer, parse_cfi, parse_lockup,
    };
    const struct phrase *p;

    for (size_t i = 0; i < ELEMENTSOF(parsers); i++) {
        *ret = (struct fault_mark){ .cpu = -1 };
        if (parsers[i](text, ret))
            return true;
    }
    *ret = (struct fault_mark){ .cpu = -1 };
    if (startswith(text, "kernel BUG at ") && endswith(text, "!")) {
        ret->kind = FAULT_BUG;
        return true;
    }
    p = phrase_find(phrases, ELEMENTSOF(phrases), text);
    if (p)
        ret->kind = p->kind;
    return p;
}
