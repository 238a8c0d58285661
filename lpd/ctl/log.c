/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdio.h>

#include "base/strv.h"
#include "config/manifest.h"
#include "ctl/ctl.h"
#include "system/journal.h"

/* lpctl log: runs journalctl(1) for the events of patches. */

/* Adds OPTION=VALUE or FIELD=VALUE, or with NULL only the option. */
static int add(char ***args, const char *name, const char *value) {
    char *text;

    if (!value)
        return strv_extend(args, name);
    return asprintf(&text, "%s=%s", name, value) < 0 ? -ENOMEM : strv_consume(args, text);
}

static int add_options(const struct ctl *c, char ***args) {
    int r;

    r = strv_extend(args, "journalctl");
    if (r >= 0 && c->no_pager)
        r = strv_extend(args, "--no-pager");
    if (r >= 0 && c->quiet)
        r = strv_extend(args, "--quiet");
    if (r >= 0 && c->json != JSON_OFF)
        r = strv_extend(args, c->json == JSON_PRETTY ? "--output=json-pretty" : "--output=json");
    if (r >= 0 && !c->host.live)
        r = add(args, "--root", c->root);
    if (r >= 0 && c->lines)
        r = add(args, "--lines", c->lines);
    if (r >= 0 && c->follow)
        r = strv_extend(args, "--follow");
    if (r >= 0 && c->boot)
        r = add(args, "--boot", c->boot_id);
    if (r >= 0 && c->since)
        r = add(args, "--since", c->since);
    return r;
}

static int add_patch(struct ctl *c, char ***args, const char *name, struct error *e) {
    _cleanup_free_ char *spelled = NULL;
    int r;

    r = ctl_check_name(name, e);
    if (r >= 0)
        r = ctl_spell(c, name, &spelled);
    return r < 0 ? r : add(args, "LPD_PATCH", spelled);
}

int ctl_log(struct ctl *c, char **argv, struct error *e) {
    _cleanup_strv_free_ char **args = NULL;
    int r;

    r = add_options(c, &args);
    for (int i = 0; i < _EVENT_MAX && r >= 0; i++)
        r = add(&args, "MESSAGE_ID", journal_event_id(i));
    for (; *argv && r >= 0; argv++)
        r = add_patch(c, &args, *argv, e);
    if (r < 0)
        return r;
    (void) execvp(args[0], args);
    return error_set(e, -errno, EXIT_STATUS_FAILED, "cannot run journalctl: %s", strerror(errno));
}
