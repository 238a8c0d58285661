/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <fnmatch.h>
#include <stdio.h>

#include "base/strv.h"
#include "lock/forecast/search.h"
#include "lock/forecast/units.h"

/* Rules of nftables (nft(8)) and iptables (iptables-save(8)) that an enabled service loads. Only
 * words are examined, no rule is parsed: a word with another meaning costs one needless module. */

#define FILES_MAX 100u
#define DEPTH_MAX 16u /* the same as nft's MAX_INCLUDE_DEPTH */
#define WORD_CHARACTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-."

/* Names and numbers of nft's address families: include/uapi/linux/netfilter.h, NFPROTO_*. */
static const struct {
    const char *name;
    unsigned number;
} families[] = { { "ip", 2 },  { "inet", 1 },   { "ip6", 10 },
                 { "arp", 3 }, { "bridge", 7 }, { "netdev", 5 } };

/* Words of nft, and the modules that the kernel requests for them. A '*' stands for the number of
 * the family (net/netfilter/nf_tables_api.c, request_module() in nft_expr_type_get(),
 * nf_tables_chain_type_lookup(), nft_obj_type_get(), nft_flowtable_type_get(); nf_log.c). */
static const struct {
    const char *word, *aliases[3];
} words[] = {
    { "table", { "nfnetlink-subsys-10" } },
    { "count", { "nft-expr-connlimit" } },
    { "ct", { "nft-expr-ct" } },
    { "dnat", { "nft-expr-nat" } },
    { "dup", { "nft-expr-*-dup" } },
    { "fib", { "nft-expr-*-fib" } },
    { "flow", { "nft-expr-flow_offload" } },
    { "flowtable", { "nf-flowtable-*" } },
    { "fwd", { "nft-expr-*-fwd" } },
    { "group", { "nf-logger-2-1" } },
    { "helper", { "nft-obj-3" } },
    { "ipsec", { "nft-expr-xfrm" } },
    { "jhash", { "nft-expr-hash" } },
    { "limit", { "nft-expr-limit" } },
    { "log", { "nft-expr-log", "nf-logger-2-0" } },
    { "masquerade", { "nft-expr-masq" } },
    { "meta", { "nft-expr-*-meta" } },
    { "name", { "nft-expr-objref" } },
    { "nat", { "nft-chain-*-nat" } },
    { "notrack", { "nft-expr-notrack" } },
    { "numgen", { "nft-expr-numgen" } },
    { "osf", { "nft-expr-osf" } },
    { "queue", { "nft-expr-queue" } },
    { "quota", { "nft-expr-quota" } },
    { "redirect", { "nft-expr-redir" } },
    { "reject", { "nft-expr-*-reject", "nft-expr-reject" } },
    { "snat", { "nft-expr-nat" } },
    { "socket", { "nft-expr-socket" } },
    { "symhash", { "nft-expr-hash" } },
    { "synproxy", { "nft-expr-synproxy" } },
    { "tproxy", { "nft-expr-tproxy" } },
};

struct rules {
    struct search *search;
    const char *unit;    /* the service that loads them */
    const char *path;    /* of the current file */
    unsigned families;   /* of the tables so far, as bits of the table above */
    unsigned n_files;
};

static int want(struct rules *rules, const char *alias, const char *word) {
    return search_alias(rules->search, WANTED_FIREWALL, alias, "%s: '%.50s', loaded by %s",
                        rules->path, word, rules->unit);
}

static int want_alias(struct rules *rules, const char *pattern, const char *word) {
    const char *star = strchr(pattern, '*');
    int r = 0;

    if (!star)
        return want(rules, pattern, word);
    for (size_t i = 0; i < ELEMENTSOF(families) && r >= 0; i++) {
        _cleanup_free_ char *alias = NULL;

        if (!(rules->families & 1u << i))
            continue;
        if (asprintf(&alias, "%.*s%u%s", (int) (star - pattern), pattern, families[i].number,
                     star + 1) < 0)
            return -ENOMEM;
        r = want(rules, alias, word);
    }
    return r;
}

static int want_word(struct rules *rules, const char *word) {
    int r = 0;

    for (size_t i = 0; i < ELEMENTSOF(words); i++)
        for (size_t j = 0; streq(words[i].word, word) && j < ELEMENTSOF(words[i].aliases) &&
                           words[i].aliases[j] && r >= 0; j++)
            r = want_alias(rules, words[i].aliases[j], word);
    return r;
}

/* "table inet filter", and "table filter", whose family is ip. */
static void note_family(struct rules *rules, const char *word) {
    for (size_t i = 0; i < ELEMENTSOF(families); i++)
        if (streq(families[i].name, word)) {
            rules->families |= 1u << i;
            return;
        }
    rules->families |= 1u << 0;
}

/* type "ftp" of a helper for connections. */
static int want_helper(struct rules *rules, const char *word) {
    _cleanup_free_ char *alias = NULL;

    if (asprintf(&alias, "nfct-helper-%.50s", word) < 0)
        return -ENOMEM;
    return want(rules, alias, word);
}

static int read_nft_line(struct rules *rules, const char *line) {
    _cleanup_free_ char *last = NULL;
    int r = 0;

    for (line += strcspn(line, WORD_CHARACTERS); *line && r >= 0;
         line += strcspn(line, WORD_CHARACTERS)) {
        size_t n = strspn(line, WORD_CHARACTERS);
        char *word = strndup(line, n);

        if (!word)
            return -ENOMEM;
        if (last && streq(last, "table"))
            note_family(rules, word);
        r = want_word(rules, word);
        if (r >= 0 && last && streq(last, "type"))
            r = want_helper(rules, word);
        free(last);
        last = word;
        line += n;
    }
    return r;
}

static int read_nft(struct rules *rules, const char *path, unsigned depth);

/* include "/etc/nftables.d/NAME": the last component may be a pattern. Other paths are relative to
 * directories that only nft knows. */
static int include(struct rules *rules, const char *line, unsigned depth) {
    const char *start = strchr(line, '/'), *slash;
    _cleanup_free_ char *pattern = NULL, *directory = NULL;
    _cleanup_strv_free_ char **names = NULL;
    int r;

    if (!start || depth >= DEPTH_MAX)
        return 0;
    pattern = strndup(start, strcspn(start, "\"'\n"));
    slash = pattern ? strrchr(pattern, '/') : NULL;
    directory = slash ? strndup(pattern, (size_t) (slash - pattern) + 1) : NULL;
    if (!directory)
        return -ENOMEM;
    r = search_list(rules->search, directory, &names);
    STRV_FOREACH(name, names) {
        _cleanup_free_ char *path = NULL;

        if (r < 0 || fnmatch(slash + 1, *name, FNM_PERIOD) != 0)
            continue;
        if (asprintf(&path, "%s%s", directory, *name) < 0)
            return -ENOMEM;
        r = read_nft(rules, path, depth + 1);
    }
    return r;
}

static int read_nft(struct rules *rules, const char *path, unsigned depth) {
    const char *outer = rules->path;
    _cleanup_free_ char *text = NULL;
    char *rest, *line;
    int r;

    if (++rules->n_files > FILES_MAX)
        return 0;
    r = search_read(rules->search, path, &text);
    rest = text;
    rules->path = path;
    while (r >= 0 && (line = search_line(&rest))) {
        line[strcspn(line, "#")] = '\0';
        line += strspn(line, " \t");
        r = startswith(line, "include") ? include(rules, line, depth) : read_nft_line(rules, line);
    }
    rules->path = outer;
    return r;
}

/* iptables is one of two programs: based on nf_tables, or on the older tables. Debian and others
 * choose with links. */
static bool iptables_is_legacy(const struct search *s) {
    static const char *const links[] = { "/etc/alternatives/iptables", "/usr/sbin/iptables" };

    for (size_t i = 0; i < ELEMENTSOF(links); i++) {
        _cleanup_free_ char *target = search_link(s, links[i]);

        if (target && strstr(target, "legacy"))
            return true;
    }
    return false;
}

/* "*filter" begins a table: xt_find_table_lock() in net/netfilter/x_tables.c, and for iptables over
 * nf_tables the compatible expressions, net/netfilter/nft_compat.c. */
static int want_table(struct rules *rules, const char *table, const char *prefix) {
    static const char *const over_nft[] = { "nfnetlink-subsys-10", "nft-expr-match",
                                            "nft-expr-target" };
    _cleanup_free_ char *alias = NULL;
    int r = 0;

    if (iptables_is_legacy(rules->search)) {
        if (asprintf(&alias, "%stable_%.50s", prefix, table) < 0)
            return -ENOMEM;
        return want(rules, alias, table);
    }
    for (size_t i = 0; i < ELEMENTSOF(over_nft) && r >= 0; i++)
        r = want(rules, over_nft[i], table);
    if (r >= 0 && streq(table, "nat"))
        r = want(rules, streq(prefix, "ip6") ? "nft-chain-10-nat" : "nft-chain-2-nat", table);
    return r;
}

/* The kernel requests matches and targets as ipt_NAME (xt_find_match(), xt_find_target()). */
static int read_iptables_line(struct rules *rules, const char *line, const char *prefix) {
    static const char *const before[] = { "-m", "--match", "-j", "--jump", "-p", "--protocol" };
    _cleanup_strv_free_ char **found = NULL;
    int r;

    r = strv_extend_split(&found, line, " \t\r");
    for (size_t i = 0; r >= 0 && i + 1 < strv_length(found); i++) {
        _cleanup_free_ char *alias = NULL;
        bool names = false;

        for (size_t j = 0; j < ELEMENTSOF(before); j++)
            names |= streq(found[i], before[j]);
        if (!names)
            continue;
        if (asprintf(&alias, "%st_%.50s", prefix, found[i + 1]) < 0)
            return -ENOMEM;
        r = want(rules, alias, found[i + 1]);
    }
    return r;
}

static int read_iptables(struct rules *rules, const char *path, const char *prefix) {
    _cleanup_free_ char *text = NULL;
    char *rest, *line;
    int r;

    rules->path = path;
    r = search_read(rules->search, path, &text);
    rest = text;
    while (r >= 0 && (line = search_line(&rest)))
        if (*line == '*') {
            line[strcspn(line, " \t\r")] = '\0';
            r = want_table(rules, line + 1, prefix);
        } else if (*line != '#')
            r = read_iptables_line(rules, line, prefix);
    return r;
}

/* The services, their files, and the kind of file: NULL for nft, or the prefix of iptables'
 * modules. */
static const struct {
    const char *unit, *path, *prefix;
} files[] = {
    { "nftables.service", "/etc/nftables.conf", NULL },
    { "nftables.service", "/etc/sysconfig/nftables.conf", NULL },
    { "netfilter-persistent.service", "/etc/iptables/rules.v4", "ip" },
    { "netfilter-persistent.service", "/etc/iptables/rules.v6", "ip6" },
    { "iptables.service", "/etc/sysconfig/iptables", "ip" },
    { "ip6tables.service", "/etc/sysconfig/ip6tables", "ip6" },
    { "iptables.service", "/etc/iptables/iptables.rules", "ip" },
    { "ip6tables.service", "/etc/iptables/ip6tables.rules", "ip6" },
    { "ufw.service", "/etc/ufw/before.rules", "ip" },
    { "ufw.service", "/etc/ufw/user.rules", "ip" },
    { "ufw.service", "/etc/ufw/before6.rules", "ip6" },
    { "ufw.service", "/etc/ufw/user6.rules", "ip6" },
};

int search_firewall(struct search *s) {
    int r = 0;

    for (size_t i = 0; i < ELEMENTSOF(files) && r >= 0; i++) {
        struct rules rules = { .search = s, .unit = files[i].unit };

        if (unit_is_enabled(s, files[i].unit, NULL))
            r = files[i].prefix ? read_iptables(&rules, files[i].path, files[i].prefix)
                                : read_nft(&rules, files[i].path, 0);
    }
    return r;
}
