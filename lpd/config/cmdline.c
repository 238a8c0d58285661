/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdio.h>

#include "base/file.h"
#include "base/strv.h"
#include "config/cmdline.h"
#include "config/name.h"
#include "config/parse.h"

/* COMMAND_LINE_SIZE is 4096 at most today; bootconfig appends to it. */
#define CMDLINE_MAX ((size_t) 64 * 1024)

#define BLANKS " \t\r\n"

void cmdline_switches_done(struct cmdline_switches *s) {
    strv_free(s->skip);
    strv_free(s->kernel_settings);
    strv_free(s->modules_load);
    free(s->machine_id);
    *s = (struct cmdline_switches){ 0 };
}

/* Copies the next word without its quotes to the buffer, which is as large as the line, and moves
 * *line past it. A quote without an end lasts to the end of the line, as in lib/cmdline.c. False
 * at the end of the line. */
static bool next_word(const char **line, char *word) {
    const char *s = *line + strspn(*line, BLANKS);
    char quote = '\0';

    if (!*s)
        return false;
    for (; *s && (quote || !strchr(BLANKS, *s)); s++)
        if (quote ? *s == quote : *s == '"' || *s == '\'')
            quote = quote ? '\0' : *s;
        else
            *word++ = *s;
    *word = '\0';
    *line = s;
    return true;
}

/* A switch without a value, or with an invalid boolean, is ignored. */
static void take_switch(const char *value, bool *off) {
    bool on;

    if (value && parse_boolean(value, &on) >= 0)
        *off = !on;
}

/* The switches as they are read; those of the initramfs are kept separate. */
struct parser {
    bool off, rd_off, lock_off, kpatch_off, crash_kernel;
    char *machine_id;
    char **skip, **kernel_settings, **modules_load;
};

/* nomodule, and sysctl.KEY=VALUE with '.' or '/': the kernel applies these before anything
 * runs. */
static int take_kernel_setting(struct parser *p, const char *key, const char *value) {
    const char *name = startswith(key, "sysctl.") ? key + STRLEN("sysctl.") : NULL;
    bool modules = name && (streq(name, "kernel.modules_disabled") || streq(name, "kernel/modules_disabled"));
    bool ftrace = name && (streq(name, "kernel.ftrace_enabled") || streq(name, "kernel/ftrace_enabled"));
    char *word;
    int r;

    if (streq(key, "nomodule"))
        return strv_extend(&p->kernel_settings, key);
    if (!(modules && streq(strempty(value), "1")) && !(ftrace && streq(strempty(value), "0")))
        return 0;
    if (asprintf(&word, "%s=%s", key, value) < 0)
        return -ENOMEM;
    r = strv_extend(&p->kernel_settings, word);
    free(word);
    return r;
}

static int take_option(struct parser *p, const char *key, const char *value, bool in_initrd) {
    bool rd = startswith(key, "rd.");

    if (streq(key, "elfcorehdr"))
        p->crash_kernel = true;
    /* As the unit of kpatch has it, ConditionKernelCommandLine=. */
    if (streq(key, "kpatch.enable") && value && streq(value, "0"))
        p->kpatch_off = true;
    if (streq(key, "systemd.machine_id") && value)
        return string_set(&p->machine_id, value);
    if (rd && !in_initrd)
        return 0;
    if (rd)
        key += STRLEN("rd.");
    if (patch_name_equal(key, "lpd"))
        take_switch(value, rd ? &p->rd_off : &p->off);
    else if (patch_name_equal(key, "lpd.skip"))
        return value ? strv_extend_split(&p->skip, value, "," BLANKS) : 0;
    else if (patch_name_equal(key, "modules_load"))
        return value ? strv_extend_split(&p->modules_load, value, "," BLANKS) : 0;
    else if (patch_name_equal(key, "lpd.lock") && !rd)
        take_switch(value, &p->lock_off);
    return take_kernel_setting(p, key, value);
}

int cmdline_parse(const char *line, bool in_initrd, struct cmdline_switches *ret) {
    _cleanup_free_ char *word = malloc(strlen(line) + 1);
    struct parser p = { 0 };
    int r = 0;

    if (!word)
        return -ENOMEM;
    while (r >= 0 && next_word(&line, word)) {
        char *value = strchr(word, '=');

        if (value)
            *value++ = '\0';
        r = take_option(&p, word, value, in_initrd);
    }
    if (r < 0) {
        strv_free(p.skip);
        strv_free(p.kernel_settings);
        strv_free(p.modules_load);
        free(p.machine_id);
        return r;
    }
    *ret = (struct cmdline_switches){ .disabled = p.off || p.rd_off, .lock_disabled = p.lock_off,
                                      .kpatch_disabled = p.kpatch_off,
                                      .crash_kernel = p.crash_kernel, .machine_id = p.machine_id,
                                      .kernel_settings = p.kernel_settings,
                                      .modules_load = p.modules_load,
                                      .skip = p.skip };
    return 0;
}

int cmdline_read(const struct host *h, bool in_initrd, struct cmdline_switches *ret) {
    const char *override = secure_getenv("SYSTEMD_PROC_CMDLINE");
    _cleanup_free_ char *line = NULL;
    int r;

    if (override)
        return cmdline_parse(override, in_initrd, ret);
    r = file_read(h, "/proc/cmdline", CMDLINE_MAX, &line, NULL);
    /* With another root no kernel is running. */
    if (r < 0 && (r != -ENOENT || h->live))
        return r;
    r = cmdline_parse(strempty(line), in_initrd, ret);
    if (r >= 0 && file_exists(h, "/proc/vmcore"))
        ret->crash_kernel = true;
    return r;
}

const char *cmdline_off(const struct cmdline_switches *s) {
    return s->crash_kernel ? "this is a crash kernel"
           : s->disabled   ? "lpd=0 is on the kernel command line"
                           : NULL;
}

bool cmdline_skips(const struct cmdline_switches *s, const char *name) {
    STRV_FOREACH(skipped, s->skip)
        if (patch_name_equal(*skipped, name))
            return true;
    return false;
}
