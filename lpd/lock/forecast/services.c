/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lock/forecast/search.h"
#include "lock/forecast/units.h"

/* Services that load modules some time after their start, for instance for a tunnel, a container
 * or a virtual machine, and the modules that they are known to load, which none of their files
 * names. */
static const struct {
    const char *unit; /* an '@' at the end: any instance */
    const char *aliases[8];
} services[] = {
    { "wg-quick@", { "rtnl-link-wireguard" } },
    { "openvpn@", { "devname:net/tun" } },
    { "openvpn-client@", { "devname:net/tun" } },
    { "openvpn-server@", { "devname:net/tun" } },
    { "strongswan.service", { "xfrm_user", "esp4", "esp6" } },
    { "ipsec.service", { "xfrm_user", "esp4", "esp6" } },
    { "docker.service", { "fs-overlay", "rtnl-link-bridge", "rtnl-link-veth", "br_netfilter",
                          "ipt_MASQUERADE", "ipt_addrtype", "ipt_conntrack" } },
    { "containerd.service", { "fs-overlay", "rtnl-link-bridge", "rtnl-link-veth",
                              "br_netfilter" } },
    { "crio.service", { "fs-overlay", "rtnl-link-bridge", "rtnl-link-veth", "br_netfilter" } },
    { "kubelet.service", { "fs-overlay", "rtnl-link-veth", "br_netfilter", "rtnl-link-vxlan",
                           "ipt_comment", "ipt_statistic" } },
    { "libvirtd.service", { "rtnl-link-bridge", "devname:net/tun", "vhost_net" } },
    { "virtqemud.service", { "rtnl-link-bridge", "devname:net/tun", "vhost_net" } },
    { "firewalld.service", { "nfnetlink-subsys-10", "nft-expr-ct", "nft-expr-1-reject",
                             "nft-expr-1-fib", "nft-expr-log", "nft-expr-limit",
                             "nft-expr-masq", "nft-chain-1-nat" } },
    { "nfs-server.service", { "nfsd" } },
    { "multipathd.service", { "dm-multipath" } },
    { "zramswap.service", { "zram" } },
    { "bluetooth.service", { "rfcomm", "bnep" } },
};

int search_services(struct search *s) {
    const char *unit;
    int r = 0;

    for (size_t i = 0; i < ELEMENTSOF(services); i++) {
        if (!unit_is_enabled(s, services[i].unit, &unit))
            continue;
        for (size_t j = 0; j < ELEMENTSOF(services[i].aliases) && services[i].aliases[j] && r >= 0;
             j++)
            r = search_alias(s, WANTED_SERVICE, services[i].aliases[j], "%s is enabled", unit);
    }
    return r;
}
