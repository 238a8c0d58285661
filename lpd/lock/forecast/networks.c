/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdio.h>

#include "base/strv.h"
#include "lock/forecast/search.h"
#include "lock/forecast/units.h"

/* Network devices of systemd.netdev(5) or of NetworkManager's keyfiles (nm-settings-keyfile(5)),
 * if that service is enabled. */

static const struct {
    const char *unit, *directory, *suffix, *section, *key;
} places[] = {
    { "systemd-networkd.service", "/etc/systemd/network", ".netdev", "NetDev", "Kind" },
    { "systemd-networkd.service", "/run/systemd/network", ".netdev", "NetDev", "Kind" },
    { "systemd-networkd.service", "/usr/lib/systemd/network", ".netdev", "NetDev", "Kind" },
    { "NetworkManager.service", "/etc/NetworkManager/system-connections", ".nmconnection",
      "connection", "type" },
};

/* Kinds whose module lacks the alias that rtnetlink requests (net/core/rtnetlink.c). */
static const struct {
    const char *kind, *alias;
} exceptions[] = {
    { "tun", "devname:net/tun" },
    { "tap", "devname:net/tun" },
    { "vpn", "devname:net/tun" },
    { "l2tp", "l2tp_netlink" },
};

static int want_kind(struct search *s, const char *path, const char *kind) {
    _cleanup_free_ char *alias = NULL;

    for (size_t i = 0; i < ELEMENTSOF(exceptions); i++)
        if (streq(exceptions[i].kind, kind))
            return search_alias(s, WANTED_NETWORK, exceptions[i].alias, "%s: a %s device", path,
                                kind);
    if (asprintf(&alias, "rtnl-link-%.50s", kind) < 0)
        return -ENOMEM;
    return search_alias(s, WANTED_NETWORK, alias, "%s: a %.50s device", path, kind);
}

static int read_place(struct search *s, size_t i) {
    _cleanup_strv_free_ char **names = NULL;
    int r;

    r = search_list(s, places[i].directory, &names);
    STRV_FOREACH(name, names) {
        _cleanup_free_ char *path = NULL, *text = NULL, *kind = NULL;

        if (r < 0)
            return r;
        if (!endswith(*name, places[i].suffix))
            continue;
        if (asprintf(&path, "%s/%s", places[i].directory, *name) < 0)
            return -ENOMEM;
        r = search_read(s, path, &text);
        kind = r > 0 ? unit_value(text, places[i].section, places[i].key) : NULL;
        if (kind)
            r = want_kind(s, path, kind);
    }
    return r;
}

int search_networks(struct search *s) {
    int r = 0;

    for (size_t i = 0; i < ELEMENTSOF(places) && r >= 0; i++)
        if (unit_is_enabled(s, places[i].unit, NULL))
            r = read_place(s, i);
    return r;
}
