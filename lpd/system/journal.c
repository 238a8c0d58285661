/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdarg.h>
#include <stdio.h>
#include <sys/uio.h>
#include <syslog.h>
#include <systemd/sd-journal.h>

#include "base/utf8.h"
#include "system/journal.h"
#include "system/kernel-log.h"

static const struct {
    const char *name;
    const char *id;
    int priority;
} events[_EVENT_MAX] = {
    [EVENT_LOADED] = { "loaded", "345bac2e7efe4ad8aa22a6c31cbc75ca", LOG_NOTICE },
    [EVENT_ALREADY_LOADED] = { "already-loaded", "ccaffbac0cf440c695a9db275fe76feb", LOG_INFO },
    [EVENT_LOAD_FAILED] = { "load-failed", "2485a138b06c46b2b8c63f09736bd885", LOG_ERR },
    [EVENT_REFUSED] = { "refused", "3d035aa9083a459a86d7d95e7a854346", LOG_ERR },
    [EVENT_SKIPPED] = { "skipped", "47eabbffb39e4e84b08c30a9b97dd4f4", LOG_NOTICE },
    [EVENT_TAKEN_OUT] = { "taken-out", "ba6b2daa6f7e476887529fae9b5eb470", LOG_CRIT },
    [EVENT_UNLOADED] = { "unloaded", "387f33bccbd3462ba667854ccb4dd61d", LOG_NOTICE },
    [EVENT_UNLOAD_FAILED] = { "unload-failed", "f283999a934246218eedd30ded9905d0", LOG_ERR },
    [EVENT_PATCHED] = { "patched", "96a95de55a4444a0b4e179351ebea1ac", LOG_NOTICE },
    [EVENT_STALLED] = { "stalled", "ad98bb1786d640ef91becaf2ba9673ef", LOG_WARNING },
    [EVENT_REVERTED] = { "reverted", "78fd3df77dc043688560b3d2ab7ef79a", LOG_ERR },
    [EVENT_PROBE_FAILED] = { "probe-failed", "440e9b59d8e94888accc8b25c51a8e10", LOG_ERR },
    [EVENT_LEFT] = { "left", "bbdd5584a0f244129424c01d2333cbee", LOG_WARNING },
    [EVENT_SWITCHED_OFF] = { "switched-off", "1ab0f8b0b9da4a8c8101ee1ca45c89a2", LOG_ERR },
    [EVENT_OVERRIDDEN] = { "overridden", "2e80152055fe4aa9871c2ce9ccabecdc", LOG_ERR },
    [EVENT_NO_LONGER_OVERRIDDEN] = { "no-longer-overridden", "84ee87c581aa40d4ad9f6c168a12069c", LOG_NOTICE },
    [EVENT_INITRAMFS_STALE] = { "initramfs-stale", "0895d20d99d8484f828f6ad888f992f1",
                                LOG_WARNING },
    [EVENT_FAULT] = { "fault", "8248d2f9dd8341b59e5794e0ee944c41", LOG_ERR },
    [EVENT_QUARANTINED] = { "quarantined", "f0bf66904b2b42b5a4caa0fc23190856", LOG_CRIT },
    [EVENT_CONFIRMED] = { "confirmed", "3794391c5a924162a0f35ce64aca6cff", LOG_NOTICE },
    [EVENT_LOCKED] = { "locked", "f61a5b06b9464684bd3ec6dd364312c6", LOG_NOTICE },
    [EVENT_LOCK_REFUSED] = { "lock-refused", "554db88aef5a4dda85a3d796c4508dd6", LOG_ERR },
};

const char *journal_event_id(enum journal_event event) {
    return events[event].id;
}

const char *journal_event_name(enum journal_event event) {
    return events[event].name;
}

struct field_list {
    struct iovec fields[13];
    int n_fields;
};

static void field_list_done(struct field_list *l) {
    for (int i = 0; i < l->n_fields; i++)
        free(l->fields[i].iov_base);
}

static void add_field(struct field_list *l, const char *name, const char *value) {
    char *field;
    int n;

    if (!value)
        return;
    n = asprintf(&field, "%s=%s", name, value);
    if (n >= 0)
        l->fields[l->n_fields++] = (struct iovec){ .iov_base = field, .iov_len = (size_t) n };
}

static bool kernel_log_wanted;

void journal_use_kernel_log(void) {
    kernel_log_wanted = true;
}

static void show(bool heard, int priority, const char *text) {
    if (!heard && kernel_log_wanted)
        (void) kernel_log_write("lpd", priority, text);
    else if (!heard || isatty(STDERR_FILENO))
        fprintf(stderr, "%s\n", text);
}

static void add_process(struct field_list *l, const struct journal_process *process) {
    char pid[16];

    (void) snprintf(pid, sizeof(pid), "%d", process->pid);
    add_field(l, "LPD_PID", process->pid > 0 ? pid : NULL);
    add_field(l, "LPD_COMMAND", process->command);
    add_field(l, "LPD_USER", process->user);
}

static void record(enum journal_event event, const struct result *result,
                   const struct journal_process *process, const char *kernel, const char *text) {
    _cleanup_(field_list_done) struct field_list l = {};
    char priority[4];

    (void) snprintf(priority, sizeof(priority), "%d", events[event].priority);
    add_field(&l, "MESSAGE", text);
    add_field(&l, "MESSAGE_ID", events[event].id);
    add_field(&l, "PRIORITY", priority);
    add_field(&l, "LPD_PATCH", result->name);
    add_field(&l, "LPD_ACTION", result->action);
    add_field(&l, "LPD_RESULT", events[event].name);
    add_field(&l, "LPD_VERDICT", result->verdict);
    add_field(&l, "LPD_STAGE", result->stage);
    add_field(&l, "LPD_KERNEL", kernel);
    if (process)
        add_process(&l, process);
    (void) sd_journal_sendv(l.fields, l.n_fields);
}

void journal_record(enum journal_event event, const struct result *result, const char *text) {
    record(event, result, NULL, NULL, text);
}

static void send_formatted(enum journal_event event, const struct result *result,
                           const struct journal_process *process, const char *kernel, const char *fmt,
                           va_list ap) _printf_(5, 0);
static void send_formatted(enum journal_event event, const struct result *result,
                           const struct journal_process *process, const char *kernel, const char *fmt,
                           va_list ap) {
    bool heard = access("/run/systemd/journal/socket", W_OK) >= 0;
    _cleanup_free_ char *text = NULL;

    if (vasprintf(&text, fmt, ap) < 0) {
        text = NULL;
        return;
    }
    utf8_make_printable(text);
    if (heard) /* sending to a missing journal takes 4 ms in an emulated initramfs */
        record(event, result, process, kernel, text);
    show(heard, events[event].priority, text);
}

void journal_send(enum journal_event event, const struct result *result, const char *kernel,
                  const char *fmt, ...) {
    va_list ap;

    va_start(ap, fmt);
    send_formatted(event, result, NULL, kernel, fmt, ap);
    va_end(ap);
}

void journal_send_about(enum journal_event event, const struct result *result,
                        const struct journal_process *process, const char *fmt, ...) {
    va_list ap;

    va_start(ap, fmt);
    send_formatted(event, result, process, NULL, fmt, ap);
    va_end(ap);
}

enum journal_event journal_event_for(const struct result *result, int r) {
    bool unload = result->action && streq(result->action, "unload");

    if (unload)
        return r < 0 ? EVENT_UNLOAD_FAILED : EVENT_UNLOADED;
    if (r >= 0)
        return r > 0 ? EVENT_LOADED : EVENT_ALREADY_LOADED;
    if (r == -ESTALE)
        return EVENT_TAKEN_OUT;
    if (result->state && streq(result->state, "refused"))
        return EVENT_REFUSED;
    if (result->state && streq(result->state, "skipped"))
        return EVENT_SKIPPED;
    return EVENT_LOAD_FAILED;
}
