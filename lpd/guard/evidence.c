/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <ctype.h>

#include "guard/evidence.h"
#include "guard/excerpt.h"
#include "guard/log-line.h"

#define LEVEL_WARNING 4
#define OPEN_MAX 4 /* reports of as many CPUs at once; only CONFIG_PRINTK_CALLER tells them apart */
#define CPUS_MAX 16

enum trace_state {
    TRACE_BEFORE,
    TRACE_OWN,   /* frames of what the report is about */
    TRACE_OTHER, /* frames of what was interrupted, or of somebody else */
    TRACE_AFTER,
};

/* A report that is being read. */
struct report {
    bool open;
    struct fault fault;
    char caller[16], nmi_caller[16];
    char first[128], stamp[24]; /* the first line, by which a repeated report is known */
    bool died, has_pc;
    bool init;            /* of process 1 */
    bool reporter;        /* the trace begins with the watchdog that interrupted the culprit */
    bool pc_is_next;      /* the next frame is the interrupted code */
    bool foreign;         /* what follows is about another CPU or task */
    enum trace_state trace;
    unsigned n_traces;
    int cpus[CPUS_MAX];   /* which the report is about */
    size_t n_cpus;
    struct excerpt excerpt;
};

/* What is needed to recognize a fault that is already in the result. */
struct seen {
    char first[128], stamp[24];
    bool died, init;
    unsigned dump;
};

struct search {
    const struct evidence_patch *patches;
    size_t n_patches;
    struct evidence *found;
    struct seen seen[EVIDENCE_FAULTS_MAX];
    struct report reports[OPEN_MAX];
    unsigned dump; /* counts the dumps in the text */
    char dump_name[24];
    struct log_line line;
    struct log_prefix previous;
    bool previous_begins; /* the previous line is part of a report, or only draws a line */
    bool headless; /* the previous line ends a report whose beginning the dump has lost */
};

static const char *const rule_names[_EVIDENCE_RULE_MAX] = {
    [EVIDENCE_NONE] = "none",
    [EVIDENCE_STALE] = "stale",
    [EVIDENCE_PASSED] = "passed",
    [EVIDENCE_OTHER_BUILD] = "other-build",
    [EVIDENCE_AMBIGUOUS] = "ambiguous",
    [EVIDENCE_UNMARKED] = "unmarked",
    [EVIDENCE_FRAME] = "frame",
    [EVIDENCE_NAMED] = "named",
    [EVIDENCE_PC] = "pc",
};

const char *evidence_rule_name(enum evidence_rule rule) {
    return rule_names[rule];
}

void evidence_done(struct evidence *e) {
    for (size_t i = 0; i < e->n_faults; i++)
        free(e->faults[i].excerpt);
    e->n_faults = e->n_dropped = 0;
}

/* Whether the kernel can have meant this build: nothing speaks against it. */
static bool is_build(const struct evidence_patch *p, const struct code_place *place) {
    return !p->build_id || !place->build_id ||
           (strlen(p->build_id) == place->build_id_size &&
            strncasecmp(p->build_id, place->build_id, place->build_id_size) == 0);
}

/* The patch in whose module the place is, or SIZE_MAX; *ret_rule is the rule that this allows. */
static size_t patch_of(const struct search *s, const struct code_place *place,
                       enum evidence_rule rule, enum evidence_rule *ret_rule) {
    size_t match = SIZE_MAX, other = SIZE_MAX, n = 0;

    for (size_t i = 0; i < s->n_patches; i++) {
        if (!code_place_in(place, s->patches[i].name))
            continue;
        if (is_build(&s->patches[i], place)) {
            match = n == 0 ? i : match;
            n++;
        } else {
            other = i;
        }
    }
    *ret_rule = n > 1 ? MIN(rule, EVIDENCE_AMBIGUOUS)
              : n == 0 ? MIN(rule, EVIDENCE_OTHER_BUILD) : rule;
    return n > 0 ? match : other;
}

/* Takes what a place says about the fault, unless something said more before. */
static bool note_place(struct search *s, struct report *r, const struct code_place *place,
                       enum evidence_rule rule) {
    size_t patch = patch_of(s, place, rule, &rule);
    struct fault *f = &r->fault;

    if (patch == SIZE_MAX)
        return false;
    if (rule >= EVIDENCE_UNMARKED && s->line.prefix.origin != LOG_KERNEL)
        rule = EVIDENCE_UNMARKED;
    if (f->rule >= EVIDENCE_FRAME || rule <= f->rule)
        return false;
    f->rule = rule;
    f->patch = rule >= EVIDENCE_FRAME ? patch : SIZE_MAX;
    f->suspect = rule >= EVIDENCE_FRAME ? SIZE_MAX : patch;
    return true;
}

/* The same fault again, because a later dump contains the end of the log once more. */
static struct fault *find_repeated(struct search *s, const struct report *r) {
    for (size_t i = 0; *r->stamp && i < s->found->n_faults; i++)
        if (s->found->faults[i].kind == r->fault.kind && streq(s->seen[i].stamp, r->stamp) &&
            streq(s->seen[i].first, r->first)) {
            s->seen[i].dump = s->dump;
            return &s->found->faults[i];
        }
    return NULL;
}

/* A place in the result: a free one, or that of a fault that blames nobody. */
static size_t find_slot(struct evidence *e, const struct fault *f) {
    if (e->n_faults < EVIDENCE_FAULTS_MAX)
        return e->n_faults++;
    e->n_dropped++;
    for (size_t i = e->n_faults; f->patch != SIZE_MAX && i-- > 0;)
        if (e->faults[i].patch == SIZE_MAX) {
            free(TAKE_PTR(e->faults[i].excerpt));
            return i;
        }
    return SIZE_MAX;
}

static int close_report(struct search *s, struct report *r) {
    struct fault *repeated = find_repeated(s, r);
    size_t i;

    r->open = false;
    if (repeated) {
        repeated->fatal |= r->fault.fatal;
        if (repeated->rule >= r->fault.rule)
            return 0;
        repeated->rule = r->fault.rule;
        repeated->patch = r->fault.patch;
        repeated->suspect = r->fault.suspect;
        return 0;
    }
    i = find_slot(s->found, &r->fault);
    if (i == SIZE_MAX)
        return 0;
    s->seen[i] = (struct seen){ .died = r->died, .init = r->init, .dump = s->dump };
    memcpy(s->seen[i].first, r->first, sizeof(r->first));
    memcpy(s->seen[i].stamp, r->stamp, sizeof(r->stamp));
    s->found->faults[i] = r->fault;
    s->found->faults[i].excerpt = strdup(r->excerpt.text);
    return s->found->faults[i].excerpt ? 0 : -ENOMEM;
}

static int close_all(struct search *s) {
    int r = 0;

    for (size_t i = 0; i < OPEN_MAX; i++)
        if (s->reports[i].open)
            RET_GATHER(r, close_report(s, &s->reports[i]));
    return r;
}

static struct report *find_report(struct search *s) {
    const char *caller = s->line.prefix.caller;

    for (size_t i = 0; i < OPEN_MAX; i++) {
        struct report *r = &s->reports[i];

        if (r->open && (streq(r->caller, caller) || (*caller && streq(r->nmi_caller, caller))))
            return r;
    }
    return NULL;
}

/* Whether the line can begin a report. Lines of one record have the same stamp and level; the
 * kernel's own reports begin with a record of their own. */
static bool may_begin(const struct search *s) {
    const struct log_prefix *l = &s->line.prefix, *p = &s->previous;

    if (l->origin == LOG_UNMARKED)
        return true;
    return l->level <= LEVEL_WARNING &&
           !(*l->stamp && !s->previous_begins && p->origin == l->origin && p->level == l->level &&
             streq(p->stamp, l->stamp) && streq(p->caller, l->caller));
}

/* "1-...0", the form of a stalled CPU: print_cpu_stall_info() in kernel/rcu/tree_stall.h, or
 * synchronize_rcu_expedited_wait(). */
static void add_cpu(struct report *r, const char *text) {
    size_t digits;

    text += strspn(text, " \t");
    digits = strspn(text, "0123456789");
    if (digits > 0 && digits < 6 && text[digits] == '-' && r->n_cpus < CPUS_MAX)
        r->cpus[r->n_cpus++] = atoi(text);
}

/* The braces of "detected expedited stalls on CPUs/tasks: { 1-... 3-... } 21003 jiffies". */
static void add_cpus(struct report *r, const char *text) {
    for (text = strchr(text, '{'); text && *text && *text != '}'; text = strchr(text + 1, ' '))
        add_cpu(r, text + 1);
}

/* Kinds that a watchdog reports from the interrupt that it causes. */
static bool is_lockup(enum fault_kind kind) {
    return kind == FAULT_SOFT_LOCKUP || kind == FAULT_HARD_LOCKUP || kind == FAULT_RCU_STALL;
}

static int begin_report(struct search *s, const struct fault_mark *m) {
    struct report *r = find_report(s);
    int error = r ? close_report(s, r) : 0;

    for (size_t i = 0; !r && i < OPEN_MAX; i++)
        if (!s->reports[i].open)
            r = &s->reports[i];
    if (!r) {
        error = close_all(s);
        r = &s->reports[0];
    }
    memset(r, 0, offsetof(struct report, excerpt));
    r->excerpt.size = 0;
    r->excerpt.text[0] = '\0';
    r->open = true;
    r->fault = (struct fault){ .kind = m->kind, .fatal = m->panic, .patch = SIZE_MAX,
                               .suspect = SIZE_MAX,
                               .usec = log_stamp_usec(s->line.prefix.stamp) };
    r->died = m->die;
    r->reporter = m->panic && is_lockup(m->kind);
    memcpy(r->caller, s->line.prefix.caller, sizeof(r->caller));
    memcpy(r->stamp, s->line.prefix.stamp, sizeof(r->stamp));
    memcpy(r->first, s->line.text, MIN(strlen(s->line.text), sizeof(r->first) - 1));
    if (m->cpu >= 0)
        r->cpus[r->n_cpus++] = m->cpu;
    if (m->kind == FAULT_RCU_STALL)
        add_cpus(r, s->line.text);
    excerpt_add(&r->excerpt, s->line.text, true);
    if (m->has_place)
        (void) note_place(s, r, &m->place,
                          fault_counts_pc(m->kind) ? EVIDENCE_NAMED : EVIDENCE_PASSED);
    return error;
}

/* Whether the panic is the end of this fault. */
static bool is_end_of(const struct fault_mark *panic, const struct fault *f,
                      const struct seen *seen) {
    if (panic->kind == FAULT_INIT)
        return seen->died && seen->init;
    return panic->kind == FAULT_PANIC ? seen->died : panic->kind == f->kind;
}

/* A panic either ends what an earlier report began, and its own trace says nothing new, or is a
 * fault of its own. */
static int take_panic(struct search *s, const struct fault_mark *m) {
    struct report *open = find_report(s);
    int r;

    /* arm64 shows the trace of an overflown stack only here: panic_bad_stack(),
     * arch/arm64/kernel/traps.c. */
    if (open && m->consequence && open->n_traces == 0 && open->fault.kind == m->kind) {
        open->fault.fatal = true;
        open->reporter = !open->has_pc && is_lockup(m->kind);
        excerpt_add(&open->excerpt, s->line.text, true);
        return 0;
    }
    r = close_all(s);
    for (size_t i = s->found->n_faults; r >= 0 && m->consequence && i-- > 0;)
        if (s->seen[i].dump == s->dump && is_end_of(m, &s->found->faults[i], &s->seen[i])) {
            s->found->faults[i].fatal = true;
            return 0;
        }
    return r < 0 ? r : begin_report(s, m);
}

/* Whether a line of die() is still missing in the report. */
static bool awaits_die(const struct report *r) {
    switch (r->fault.kind) {
    case FAULT_OOPS:
    case FAULT_BUG:
    case FAULT_CFI:
    case FAULT_DOUBLE_FAULT:
    case FAULT_STACK_OVERFLOW:
        return !r->died && !r->has_pc && r->n_traces == 0;
    default:
        return false;
    }
}

static int take_mark(struct search *s, const struct fault_mark *m) {
    struct report *r = find_report(s);

    if (m->panic)
        return take_panic(s, m);
    /* The second line of the same report: "BUG: …" or "kernel BUG at …", then "Oops: … [#1]". */
    if (m->die && r && awaits_die(r)) {
        r->died = true;
        excerpt_add(&r->excerpt, s->line.text, true);
        return 0;
    }
    return begin_report(s, m);
}

/* Lines after which the report is about somebody else. */
static bool is_foreign(const char *text) {
    static const char *const starts[] = {
        "task:",
        "Task dump for CPU ",
        "Sending NMI from CPU ",
        "Showing all locks held in the system",
        "Showing backtraces of ",
        "rcu: RCU grace-period kthread stack dump:",
        "rcu: Stack dump where RCU GP kthread last ran:",
    };

    for (size_t i = 0; i < ELEMENTSOF(starts); i++)
        if (startswith(text, starts[i]))
            return true;
    return false;
}

/* What follows is about a CPU that hangs, so it counts. */
static void enter_nmi(struct report *r, const struct log_line *line) {
    memcpy(r->nmi_caller, line->prefix.caller, sizeof(r->nmi_caller));
    r->foreign = r->has_pc = false;
    r->n_traces = 0;
    r->trace = TRACE_BEFORE;
    excerpt_add(&r->excerpt, line->text, false);
}

static bool is_about_cpu(const struct report *r, int cpu) {
    if (!r->open || (r->fault.kind != FAULT_RCU_STALL && r->fault.kind != FAULT_HARD_LOCKUP))
        return false;
    for (size_t i = 0; i < r->n_cpus; i++)
        if (r->cpus[i] == cpu)
            return true;
    return false;
}

/* "NMI backtrace for cpu 1": the program counter and the trace of a CPU. With CONFIG_PRINTK_CALLER
 * its lines have another caller. */
static bool take_nmi(struct search *s) {
    static const char start[] = "NMI backtrace for cpu ";
    struct report *r = find_report(s);
    int cpu;

    if (!startswith(s->line.text, start))
        return false;
    cpu = atoi(s->line.text + strlen(start));
    for (size_t i = 0; i < OPEN_MAX; i++)
        if (is_about_cpu(&s->reports[i], cpu)) {
            enter_nmi(&s->reports[i], &s->line);
            return true;
        }
    if (r) {
        r->foreign = true;
        r->trace = TRACE_BEFORE;
    }
    return true;
}

/* "RIP: 0010:PLACE", e030 under Xen; other selectors are of user space. "pc : PLACE" on arm64. */
static bool parse_pc(const char *text, struct code_place *ret, bool *ret_user) {
    static const char *const starts[] = { "RIP: 0010:", "RIP: e030:", "pc : " };

    text += strspn(text, " ");
    *ret_user = startswith(text, "RIP: ");
    for (size_t i = 0; i < ELEMENTSOF(starts); i++)
        if (startswith(text, starts[i])) {
            *ret_user = false;
            return code_place_parse(text + strlen(starts[i]), ret);
        }
    return *ret_user;
}

static bool take_pc(struct search *s, struct report *r) {
    bool in_trace = r->trace == TRACE_OWN || r->trace == TRACE_OTHER, user, decides = false;
    struct code_place place;

    if (!parse_pc(s->line.text, &place, &user))
        return false;
    if (user) {
        r->trace = in_trace ? TRACE_AFTER : r->trace;
        return true;
    }
    if (r->foreign || (in_trace ? !r->reporter : r->trace == TRACE_AFTER)) {
        (void) note_place(s, r, &place, EVIDENCE_PASSED);
    } else if (!r->has_pc) {
        decides = note_place(s, r, &place, fault_counts_pc(r->fault.kind) ? EVIDENCE_PC
                                                                          : EVIDENCE_PASSED);
        r->has_pc = true;
        r->reporter = false;
        excerpt_add(&r->excerpt, s->line.text, decides);
        return true;
    }
    r->trace = in_trace ? TRACE_OTHER : r->trace;
    return true;
}

/* arm64 shows no "RIP:" inside a trace: behind the entry of an exception from the kernel is what it
 * interrupted. */
static bool is_exception_entry(const struct code_place *p) {
    static const char start[] = "el1h_64_";

    return !p->module && startswith(p->function, start) &&
           !memmem(p->function, p->function_size, "_handler", STRLEN("_handler"));
}

static void take_frame(struct search *s, struct report *r, const struct code_place *place,
                       bool stale) {
    enum evidence_rule rule = stale ? EVIDENCE_STALE : EVIDENCE_PASSED;
    bool decides;

    if (r->pc_is_next && !stale) {
        r->pc_is_next = r->reporter = false;
        r->has_pc = true;
        rule = fault_counts_pc(r->fault.kind) ? EVIDENCE_PC : EVIDENCE_PASSED;
    } else if (!stale && r->trace == TRACE_OWN && !r->reporter &&
               fault_counts_frames(r->fault.kind)) {
        rule = EVIDENCE_FRAME;
    }
    decides = note_place(s, r, place, rule) && r->fault.rule >= EVIDENCE_UNMARKED;
    excerpt_add(&r->excerpt, s->line.text, decides);
    if (!stale && is_exception_entry(place)) {
        r->pc_is_next = r->reporter;
        r->trace = r->reporter ? TRACE_OWN : TRACE_OTHER;
    }
}

/* Registers between the frames of what was interrupted. */
static bool is_register_line(const char *text) {
    static const char *const starts[] = { "RSP: ", "Code: ", "RAX: ", "RDX: ", "RBP: ",
                                          "R10: ", "R13: ", "ORIG_RAX: ", "EFLAGS: " };

    text += strspn(text, " ");
    for (size_t i = 0; i < ELEMENTSOF(starts); i++)
        if (startswith(text, starts[i]))
            return true;
    return false;
}

static void take_trace_line(struct search *s, struct report *r) {
    const char *text = s->line.text + strspn(s->line.text, " ");
    struct code_place place;
    bool stale;

    if (*text == '<' && endswith(text, ">")) {
        /* The stack of an exception goes on with the one that it used up, and the watchdog's NMI
         * with what it found. What an interrupt interrupted has no part in its fault. */
        if ((streq(text, "</IRQ>") || streq(text, "</SOFTIRQ>")) && !r->reporter)
            r->trace = TRACE_OTHER;
        excerpt_add(&r->excerpt, s->line.text, false);
    } else if (code_place_parse_frame(text, &place, &stale)) {
        take_frame(s, r, &place, stale);
    } else if (!is_register_line(text)) {
        r->trace = TRACE_AFTER;
    }
}

static bool begins_trace(const struct report *r, const char *text) {
    return streq(text, "Call Trace:") || streq(text, "Call trace:") ||
           /* KFENCE prints its traces without a title. */
           (r->fault.kind == FAULT_KASAN && r->n_traces == 0 && strstr(text, " at 0x") &&
            strstr(text, "(in kfence-#"));
}

/* "CPU: 0 [UID: 0] PID: 1 Comm: …", dump_stack_print_info() in lib/dump_stack.c. */
static bool take_task(struct report *r, const char *text) {
    const char *pid = startswith(text, "CPU: ") ? strstr(text, " PID: ") : NULL;

    if (!pid)
        return false;
    r->init |= startswith(pid, " PID: 1 ") && !r->foreign;
    excerpt_add(&r->excerpt, text, false);
    return true;
}

static int take_line(struct search *s, struct report *r) {
    const char *text = s->line.text;

    if (startswith(text, "---[ end "))
        return close_report(s, r);
    if (is_foreign(text)) {
        r->foreign = true;
        r->trace = TRACE_BEFORE;
    } else if (begins_trace(r, text)) {
        r->trace = r->n_traces++ == 0 && !r->foreign ? TRACE_OWN : TRACE_OTHER;
        excerpt_add(&r->excerpt, text, false);
    } else if (take_pc(s, r) || take_task(r, text)) {
        return 0;
    } else if (r->trace == TRACE_OWN || r->trace == TRACE_OTHER) {
        take_trace_line(s, r);
    } else if (r->fault.kind == FAULT_RCU_STALL && r->n_traces == 0 && !r->foreign) {
        text += startswith(text, "rcu:") ? STRLEN("rcu:") : 0;
        text += strspn(text, " ");
        /* /dev/kmsg shows a tabulator as \x09. */
        add_cpu(r, startswith(text, "\\x09") ? text + STRLEN("\\x09") : text);
    }
    return 0;
}

/* The next dump of a pstore is of another time, or of another boot. */
static int take_header(struct search *s) {
    if (streq(s->line.dump, s->dump_name))
        return 0;
    memcpy(s->dump_name, s->line.dump, sizeof(s->dump_name));
    s->dump++;
    return close_all(s);
}

/* oops_end() in arch/x86/kernel/dumpstack.c repeats the registers behind the end of the report, "in case
 * the oops scrolled away", and then perhaps panics. */
static int take_summary(struct search *s) {
    const struct fault_mark mark = { .kind = FAULT_OOPS, .die = true, .cpu = -1 };
    struct code_place place;
    struct report *r;
    bool user;
    int error;

    if (!parse_pc(s->line.text, &place, &user) || user)
        return 0;
    error = begin_report(s, &mark);
    r = find_report(s);
    if (error < 0 || !r)
        return error;
    (void) note_place(s, r, &place, EVIDENCE_PC);
    return close_report(s, r);
}

static bool draws_line(const char *text) {
    return startswith(text, "------------[ cut here ]") || text[strspn(text, "=")] == '\0';
}

static int search_line(struct search *s) {
    bool headless = s->headless;
    struct fault_mark mark;
    struct report *r;

    if (*s->line.dump)
        return take_header(s);
    if (s->line.prefix.origin == LOG_USER)
        return 0;
    s->headless = *s->dump_name && startswith(s->line.text, "---[ end ") && !find_report(s);
    if (fault_mark_parse(s->line.text, &mark) && may_begin(s)) {
        s->previous_begins = true;
        s->previous = s->line.prefix;
        return take_mark(s, &mark);
    }
    r = take_nmi(s) ? NULL : find_report(s);
    s->previous_begins = find_report(s) || draws_line(s->line.text);
    s->previous = s->line.prefix;
    return r ? take_line(s, r) : headless ? take_summary(s) : 0;
}

int evidence_find(const char *text, size_t size, const struct evidence_patch *patches,
                  size_t n_patches, struct evidence *ret) {
    _cleanup_(evidence_done) struct evidence found = {};
    _cleanup_free_ struct search *s = calloc(1, sizeof(*s));
    int r = 0;

    if (!s)
        return -ENOMEM;
    s->patches = patches;
    s->n_patches = n_patches;
    s->found = &found;
    while (r >= 0 && log_line_next(&text, &size, &s->line) > 0)
        r = search_line(s);
    RET_GATHER(r, close_all(s));
    if (r < 0)
        return r;
    *ret = TAKE_STRUCT(found);
    return 0;
}
