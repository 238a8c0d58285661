/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Loads many patches into a fake kernel and prints what lpd took for that:
 *
 *     converge boot|apply|again COUNT
 *     CPU-MICROSECONDS
 *
 * boot: one load after the other, each with nothing but what is on the disk, as the units do it. apply: all in
 * one process, as lpctl apply. again: apply when everything is loaded. What the fake kernel takes is left out.
 */
#include <err.h>
#include <stdio.h>
#include <time.h>

#include "base/file.h"
#include "base/strv.h"
#include "fake-kernel.h"
#include "load/converge.h"
#include "load/execute.h"
#include "module/object.h"
#include "plan/plan.h"
#include "plan/snapshot.h"

static struct fake_kernel k;
static struct kernel_ops counted;
static const struct kernel_ops *kernel;
static int64_t kernel_usec;

static int64_t cpu_usec(void) {
    struct timespec ts;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts);
    return (int64_t) ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
}

static int finit(struct host *h, int fd, const char *parameters, int flags) {
    int64_t begin = cpu_usec();
    int r = kernel->finit_module(h, fd, parameters, flags);

    kernel_usec += cpu_usec() - begin;
    return r;
}

static void wait_usec(struct host *h, uint64_t usec) {
    int64_t begin = cpu_usec();

    kernel->sleep(h, usec);
    kernel_usec += cpu_usec() - begin;
}

static void add_module(const char *name, unsigned i) {
    struct {
        ElfW(Nhdr) header;
        char name[4];
        unsigned id[5];
    } note = { { 4, 20, NT_GNU_BUILD_ID }, "GNU", { i, i, i, i, i } };
    struct object_section sections[] = {
        { .name = ".modinfo" },
        { .name = ".note.gnu.build-id", .data = &note, .size = sizeof(note), .type = SHT_NOTE },
    };
    _cleanup_free_ char *info = NULL, *path = NULL;
    struct object o;
    int n;

    n = asprintf(&info, "name=lp_%04u%cvermagic=" FAKE_RELEASE " SMP mod_unload %clivepatch=Y%c", i, 0, 0, 0);
    if (n < 0 || asprintf(&path, "/var/lib/lpd/modules/" FAKE_RELEASE "/%s.ko", name) < 0)
        err(1, NULL);
    sections[0].data = info;
    sections[0].size = (size_t) n;
    o = object_build(sections, ELEMENTSOF(sections));
    fake_kernel_file(&k, path, o.data, o.size);
    object_free(&o);
}

static void add_patch(unsigned i) {
    _cleanup_free_ char *name = NULL, *path = NULL, *text = NULL;
    char module[32];

    if (asprintf(&name, "lp-%04u", i) < 0 || asprintf(&path, "/etc/lpd/patches.d/%s.conf", name) < 0 ||
        asprintf(&text, "[Patch]\nDescription=Patch number %u\nFixes=CVE-2026-%04u\n\n[Kernel:" FAKE_RELEASE "]\n"
                        "Module=%s.ko\n", i, i, name) < 0)
        err(1, NULL);
    fake_kernel_text(&k, path, text);
    add_module(name, i);
    snprintf(module, sizeof(module), "lp_%04u", i);
    fake_kernel_module(&k, module)->transition_usec = 0;
}

static void load_each(unsigned count) {
    for (unsigned i = 0; i < count; i++) {
        _cleanup_(error_done) struct error e = ERROR_NULL;
        _cleanup_(result_done) struct result result = {};
        char name[32];
        int r;

        snprintf(name, sizeof(name), "lp-%04u", i);
        r = execute_load(&k.host, name, &result, &e);
        if (r <= 0)
            errx(1, "%s: %s", name, error_message(&e, r));
    }
}

static void apply(void) {
    _cleanup_(error_done) struct error e = ERROR_NULL;
    _cleanup_(snapshot_done) struct snapshot s = {};
    _cleanup_(plan_done) struct plan plan = {};
    struct outcome *outcomes = NULL;
    int r;

    r = snapshot_take(&k.host, SNAPSHOT_MODULES, &s, &e);
    s.replaces_builds = true;
    if (r >= 0)
        r = plan_make(&s, &plan);
    if (r >= 0)
        r = converge_plan(&k.host, NULL, &plan, &outcomes);
    for (size_t i = 0; outcomes && i < plan.n_actions; i++)
        if (outcomes[i].r < 0)
            errx(1, "%s: %s", outcomes[i].action->name, error_message(&outcomes[i].error, outcomes[i].r));
    outcomes_free(outcomes, plan.n_actions);
    if (r < 0)
        errx(1, "%s", error_message(&e, r));
}

int main(int argc, char *argv[]) {
    unsigned count = argc == 3 ? (unsigned) atoi(argv[2]) : 0;
    int64_t begin;

    if (count == 0)
        errx(2, "usage: converge boot|apply|again COUNT");
    fake_kernel_open(&k);
    kernel = k.host.ops;
    counted = *kernel;
    counted.finit_module = finit;
    counted.sleep = wait_usec;
    k.host.ops = &counted;
    fake_kernel_text(&k, "/etc/lpd/lpd.conf", "[Trust]\nSignature=permissive\n");
    fake_kernel_text(&k, "/proc/sys/kernel/random/boot_id", "this-boot\n");
    for (unsigned i = 0; i < count; i++)
        add_patch(i);
    if (streq(argv[1], "again"))
        load_each(count);
    kernel_usec = 0;
    begin = cpu_usec();
    if (streq(argv[1], "boot"))
        load_each(count);
    else
        apply();
    printf("%lld\n", (long long) (cpu_usec() - begin - kernel_usec));
    fflush(stdout);
    fake_kernel_close(&k);
    return 0;
}
