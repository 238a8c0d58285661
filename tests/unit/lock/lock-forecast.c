/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/strv.h"
#include "check.h"
#include "lock/forecast/find.h"
#include "lock/forecast/forecast.h"
#include "tree.h"

/* Each source, on a tree with the modules that make-modules.py has made. */

#define MODULES "/lib/modules/6.1.0-56-test"
#define WANTS "/etc/systemd/system/multi-user.target.wants/"

static struct host h;
static struct policy policy;
static struct forecast w;

static int setup(void **state _unused_) {
    _cleanup_free_ char *command = NULL;
    char root[PATH_MAX];

    tree_make(&h);
    tree_path(&h, root);
    assert_true(asprintf(&command, "cp -r '%s/lib' '%s'", getenv("FAKE_MODULES"), root) > 0);
    assert_int_equal(system(command), 0);
    tree_write(&h, "/proc/sys/kernel/osrelease", "6.1.0-56-test\n");
    tree_write(&h, "/proc/filesystems", "nodev\tsysfs\nnodev\ttmpfs\n\text4\n");
    return policy_default(&policy);
}

static int teardown(void **state _unused_) {
    forecast_done(&w);
    policy_done(&policy);
    tree_remove(&h);
    return 0;
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

static void find(void) {
    _cleanup_(error_done) struct error e = ERROR_NULL;

    forecast_done(&w);
    assert_int_equal(forecast_find(&h, &policy, &w, &e), 0);
    assert_string_equal(w.release, "6.1.0-56-test");
}

/* All findings, one module for each line. */
static char *found(void) {
    _cleanup_strv_free_ char **lines = NULL;

    for (size_t i = 0; i < w.n_modules; i++) {
        char *line;

        assert_true(asprintf(&line, "%s %s%s: %s", w.modules[i].name,
                             forecast_source_to_string(w.modules[i].source),
                             w.modules[i].loaded ? " loaded" : "", w.modules[i].reason) > 0);
        assert_int_equal(strv_consume(&lines, line), 0);
    }
    return strv_join(lines, "\n");
}

#define assert_found(text)                                                                         \
    do {                                                                                           \
        _cleanup_free_ char *_found = NULL;                                                        \
        find();                                                                                    \
        _found = found();                                                                          \
        assert_string_equal(_found, text);                                                         \
    } while (0)

#define assert_proposed(text)                                                                      \
    do {                                                                                           \
        _cleanup_free_ char *_proposed = strv_join(w.proposal, " ");                               \
        assert_string_equal(_proposed, text);                                                      \
    } while (0)

#define assert_unread(text)                                                                        \
    do {                                                                                           \
        _cleanup_free_ char *_unread = strv_join(w.unread, "\n");                                  \
        assert_string_equal(_unread, text);                                                        \
    } while (0)

static void load(const char *module) {
    _cleanup_free_ char *path = NULL;

    assert_true(asprintf(&path, "/sys/module/%s/initstate", module) > 0);
    tree_write(&h, path, "live\n");
}

static void enable(const char *unit) {
    _cleanup_free_ char *path = NULL;

    assert_true(asprintf(&path, WANTS "%s", unit) > 0);
    tree_write(&h, path, "");
}

static void test_nothing(void **state _unused_) {
    assert_found("");
    assert_proposed("");
    assert_unread("");
}

static void test_no_modules(void **state _unused_) {
    _cleanup_(error_done) struct error e = ERROR_NULL;
    int r;

    tree_write(&h, "/proc/sys/kernel/osrelease", "6.9.9\n");
    r = forecast_find(&h, &policy, &w, &e);
    assert_error_is(r, -ENOENT, &e, "/lib/modules/6.9.9: No such file or directory");

    tree_write(&h, "/lib/modules/6.9.9/modules.dep.bin", "x");
    r = forecast_find(&h, &policy, &w, &e);
    assert_string_equal(e.hint, "depmod -a 6.9.9");
    assert_error_is(r, -EBADMSG, &e,
                    "/lib/modules/6.9.9/modules.dep.bin: not an index of modules, or damaged");

    tree_write(&h, "/proc/sys/kernel/osrelease", "../../etc\n");
    r = forecast_find(&h, &policy, &w, &e);
    assert_error_is(r, -EINVAL, &e, "'../../etc' is not a kernel release");
}

/* libkmod follows the offsets in an index, so only root may write to it. */
static void test_index_of_others(void **state _unused_) {
    _cleanup_close_ int fd = file_open(&h, MODULES "/modules.alias.bin", O_RDONLY, 0);
    _cleanup_(error_done) struct error e = ERROR_NULL;
    int r;

    assert_int_equal(fchmod(fd, 0666), 0);
    r = forecast_find(&h, &policy, &w, &e);
    assert_error_has(r, -EPERM, &e, "can be written by everybody");
}

/* Without a running kernel, the newest one is used. */
static void test_no_kernel_runs(void **state _unused_) {
    assert_int_equal(file_unlink(&h, "/proc/sys/kernel/osrelease"), 0);
    tree_write(&h, "/lib/modules/6.1.0-9-test/x", "");
    tree_write(&h, "/etc/modules-load.d/a.conf", "dummy");
    assert_found("dummy modules-load: /etc/modules-load.d/a.conf:1");
}

static void test_devices(void **state _unused_) {
    tree_write(&h, "/etc/modprobe.d/a.conf",
               "blacklist blacklisted\ninstall switched_off /bin/false\n");
    tree_write(&h, "/sys/bus/pci/devices/0000:00:01.0/modalias", "pci:v00008086d0000100Esv0\n");
    tree_write(&h, "/sys/bus/pci/devices/0000:00:02.0/modalias", "pci:v00008086d0000100Esv1\n");
    tree_write(&h, "/sys/bus/pci/devices/0000:00:03.0/modalias",
               "pci:v1d2sv3sd4bc01sc08i02\n");
    tree_write(&h, "/sys/bus/pci/devices/0000:00:03.0/driver/x", "");
    tree_write(&h, "/sys/bus/pci/devices/0000:00:04.0/modalias", "pci:nobody\n");
    tree_write(&h, "/sys/bus/pci/devices/0000:00:05.0/vendor", "0x1af4\n");
    tree_write(&h, "/sys/class/misc/speaker/modalias", "platform:pcspkr\n");
    assert_found("e1000 device: the device /sys/bus/pci/devices/0000:00:01.0 has no driver\n"
                 "pcspkr device: the device /sys/class/misc/speaker has no driver");
    assert_proposed("e1000 pcspkr");
    tree_write(&h, "/run/udev/control", "");
    find();
    assert_int_equal(w.n_modules, 2);
    assert_proposed("");
    load("e1000");
    load("pcspkr");
    assert_found("");
}

static void test_hostile_devices(void **state _unused_) {
    _cleanup_free_ char *long_one = malloc(100000);

    assert_non_null(long_one);
    memset(long_one, 'x', 100000);
    tree_write_data(&h, "/sys/bus/pci/devices/long/modalias", long_one, 100000);
    tree_write_data(&h, "/sys/bus/pci/devices/most/modalias", long_one, 4096);
    tree_write(&h, "/sys/bus/pci/devices/empty/modalias", "");
    tree_write(&h, "/sys/bus/pci/devices/pattern/modalias", "*\n");
    tree_write(&h, "/sys/bus/pci/devices/brackets/modalias", "pci:[\n");
    tree_write(&h, "/sys/bus/pci/devices/binary/modalias", "\xff\xfe\x01\n");
    tree_write(&h, "/sys/bus/file", "");
    tree_link(&h, "/sys/bus/pci/devices/loop", "/sys/bus/pci/devices/loop");
    assert_found("");
}

static void test_fstab(void **state _unused_) {
    tree_write(&h, "/boot/config-6.1.0-56-test",
               "# CONFIG_FAT_DEFAULT_CODEPAGE=850\nCONFIG_FAT_DEFAULT_IOCHARSET=\"ascii\"\n"
               "CONFIG_NLS_DEFAULT=\"utf8\"\n");
    tree_write(&h, "/etc/fstab",
               "# /dev/sda1 /mnt nfs defaults 0 0\n"
               "LABEL=root / ext4 defaults 0 1\n"
               "LABEL=ESP\t/boot/efi\tvfat\tnoauto 0 0\n"
               "/dev/sda3 none swap sw\n"
               "short line\n"
               "\n"
               "/dev/sr0 /cd auto,iso9660 ro\n"
               "/x.img /mnt/x ext4 ro,loop=/dev/loop3\n"
               "who@host: /mnt/y fuse.sshfs");
    assert_found("vfat filesystem: /etc/fstab:3: vfat may be mounted\n"
                 "nls_cp437 filesystem: /etc/fstab:3: vfat needs it for file names\n"
                 "nls_ascii filesystem: /etc/fstab:3: vfat needs it for file names\n"
                 "isofs filesystem: /etc/fstab:7: iso9660 may be mounted\n"
                 "nls_utf8 filesystem: /etc/fstab:7: iso9660 needs it for file names\n"
                 "loop filesystem: /etc/fstab:8: mounts a file\n"
                 "fuse filesystem: /etc/fstab:9: fuse may be mounted");
    assert_proposed("fuse isofs loop nls_ascii nls_cp437 nls_utf8 vfat");
}

/* The character sets of file names are still needed if the file system itself is loaded. */
static void test_fat_options(void **state _unused_) {
    tree_write(&h, "/proc/filesystems", "\tvfat\n");
    tree_write(&h, "/etc/fstab", "/dev/sda1 /a vfat ro,codepage=850,iocharset=iso8859-1\n"
                                 "/dev/sda2 /b vfat iocharset=../../x,codepage=\n"
                                 "/dev/sda3 /c blacklisted\n");
    tree_write(&h, "/etc/modprobe.d/a.conf", "blacklist blacklisted\n");
    assert_found("nls_cp850 filesystem: /etc/fstab:1: vfat needs it for file names\n"
                 "nls_iso8859_1 filesystem: /etc/fstab:1: vfat needs it for file names");
}

static void test_mount_units(void **state _unused_) {
    static const char mount[] = "[Unit]\nType=nfs\n[Mount]\n# Type=nfs\nType = vfat\nWhat=/dev/a\n";

    tree_write(&h, "/run/systemd/generator/boot.mount", mount);
    tree_write(&h, "/etc/systemd/system/srv.mount", "[Mount]\nWhat=a:/b\nType=nfs4\n");
    tree_write(&h, "/etc/systemd/system/no-type.mount", "[Mount]\nWhat=/dev/b\n");
    tree_write(&h, "/usr/lib/systemd/system/proc-binfmt.mount", "[Mount]\nType=binfmt_misc\n");
    tree_write(&h, "/usr/lib/systemd/system/sys-fuse.mount", "[Mount]\nType=fuse\n");
    assert_found("nfs filesystem: /etc/systemd/system/srv.mount: nfs4 may be mounted\n"
                 "nfsv4 filesystem: /etc/systemd/system/srv.mount: nfs requests it\n"
                 "vfat filesystem: /run/systemd/generator/boot.mount: vfat may be mounted\n"
                 "nls_cp437 filesystem: /run/systemd/generator/boot.mount: vfat needs it for file "
                 "names\n"
                 "nls_iso8859_1 filesystem: /run/systemd/generator/boot.mount: vfat needs it for file "
                 "names");
    /* Dependencies are loaded with the modules that need them. */
    assert_proposed("nfsv4 nls_cp437 nls_iso8859_1 vfat");
}

static void test_automount(void **state _unused_) {
    tree_write(&h, "/usr/lib/systemd/system/proc-binfmt.mount", "[Mount]\nType=binfmt_misc\n");
    tree_link(&h, "../proc-binfmt.automount",
              "/usr/lib/systemd/system/sysinit.target.wants/proc-binfmt.automount");
    assert_found("binfmt_misc filesystem: /usr/lib/systemd/system/proc-binfmt.mount: binfmt_misc may "
                 "be mounted");
    tree_link(&h, "/dev/null", "/etc/systemd/system/proc-binfmt.automount");
    assert_found("");
}

static void test_modules_load(void **state _unused_) {
    tree_write(&h, "/etc/modules-load.d/b.conf", "# veth\n; veth\n\n  dummy  \r\nnone\next4\nbridge\n");
    tree_write(&h, "/usr/lib/modules-load.d/b.conf", "veth\n");
    tree_write(&h, "/usr/lib/modules-load.d/c.conf", "tun\n");
    tree_link(&h, "/dev/null", "/run/modules-load.d/c.conf");
    tree_write(&h, "/run/modules-load.d/d.txt", "veth\n");
    tree_write(&h, "/run/modules-load.d/e.conf", "fs-vfat");
    load("bridge");
    assert_found("dummy modules-load: /etc/modules-load.d/b.conf:4\n"
                 "vfat modules-load: /run/modules-load.d/e.conf:1");
}

static void test_softdeps(void **state _unused_) {
    tree_write(&h, "/sys/module/xts/parameters/built_in", "1");
    assert_found("");
    load("xts");
    load("veth");
    tree_write(&h, "/etc/modprobe.d/a.conf", "softdep veth post: tun none\n");
    assert_found("tun softdep: a soft dependency of veth, which is loaded\n"
                 "ecb softdep: a soft dependency of xts, which is loaded");
}

static void test_nftables(void **state _unused_) {
    tree_write(&h, "/etc/nftables.conf",
               "#!/usr/sbin/nft -f\ninclude \"/etc/nftables.d/*.nft\"\n"
               "table inet f { # masquerade\n ct helper x { type \"ftp\" protocol tcp; }\n"
               " chain c { type filter hook input priority 0;\n"
               "  ct state established accept\n  limit rate 3/minute accept\n  reject\n }\n}\n");
    assert_found("");
    enable("nftables.service");
    assert_found("nf_tables firewall: /etc/nftables.conf: 'table', loaded by nftables.service\n"
                 "nft_ct firewall: /etc/nftables.conf: 'ct', loaded by nftables.service\n"
                 "nf_conntrack_ftp firewall: /etc/nftables.conf: 'ftp', loaded by nftables.service\n"
                 "nft_limit firewall: /etc/nftables.conf: 'limit', loaded by nftables.service\n"
                 "nft_reject_inet firewall: /etc/nftables.conf: 'reject', loaded by nftables.service");
    assert_proposed("nf_conntrack_ftp nft_ct nft_limit nft_reject_inet");
    load("nf_tables");
    load("nft_ct");
    load("nft_limit");
    load("nft_reject_inet");
    load("nf_conntrack_ftp");
    tree_write(&h, "/etc/nftables.d/nat.nft", "table n {\n chain p { type nat hook x; masquerade }\n}");
    tree_write(&h, "/etc/nftables.d/.hidden.nft", "table bridge b { reject }");
    assert_found("nft_chain_nat firewall: /etc/nftables.d/nat.nft: 'nat', loaded by nftables.service\n"
                 "nft_masq firewall: /etc/nftables.d/nat.nft: 'masquerade', loaded by "
                 "nftables.service");
}

static void test_hostile_nftables(void **state _unused_) {
    enable("nftables.service");
    tree_write(&h, "/etc/nftables.conf", "include \"/etc/nftables.conf\"\ninclude \"/etc/*\"\n"
                                         "include\ninclude \"/\ntable\ntype");
    assert_found("nf_tables firewall: /etc/nftables.conf: 'table', loaded by nftables.service");
}

static void test_iptables(void **state _unused_) {
    enable("netfilter-persistent.service");
    tree_write(&h, "/etc/iptables/rules.v4",
               "# -m conntrack\n*nat\n:PREROUTING ACCEPT [0:0]\n-A INPUT -m conntrack --ctstate NEW -j "
               "mine\nCOMMIT\n");
    assert_found(
        "nf_tables firewall: /etc/iptables/rules.v4: 'nat', loaded by netfilter-persistent.service\n"
        "nft_compat firewall: /etc/iptables/rules.v4: 'nat', loaded by netfilter-persistent.service\n"
        "nft_chain_nat firewall: /etc/iptables/rules.v4: 'nat', loaded by "
        "netfilter-persistent.service\n"
        "xt_conntrack firewall: /etc/iptables/rules.v4: 'conntrack', loaded by "
        "netfilter-persistent.service");
    tree_link(&h, "/usr/sbin/iptables-legacy", "/etc/alternatives/iptables");
    tree_write(&h, "/etc/iptables/rules.v4", "*filter\nCOMMIT\n");
    assert_found("iptable_filter firewall: /etc/iptables/rules.v4: 'filter', loaded by "
                 "netfilter-persistent.service");
}

static void test_volumes(void **state _unused_) {
    tree_write(&h, "/etc/crypttab",
               "# a b\nroot UUID=1 none luks,discard\nplain /dev/b /key "
               "plain,cipher=serpent-ecb-plain64,size=256\n");
    tree_write(&h, "/etc/veritytab", "usr /dev/c /dev/d abc\n");
    /* aes_generic is built in, so the other modules of that alias are not needed. */
    assert_found("dm_crypt crypto: /etc/crypttab:2: the volume root\n"
                 "xts crypto: /etc/crypttab:2: its cipher uses xts\n"
                 "serpent_generic crypto: /etc/crypttab:3: its cipher uses serpent\n"
                 "ecb crypto: /etc/crypttab:3: its cipher uses ecb\n"
                 "dm_verity crypto: /etc/veritytab:1: the volume usr");
    assert_proposed("dm_crypt dm_verity ecb serpent_generic xts");
    load("dm_crypt");
    tree_write(&h, "/proc/crypto", "name         : serpent\ndriver       : twofish\n\n"
                                   "name         : ecb(aes)\nname         : xts");
    tree_write(&h, "/etc/crypttab", "a b c cipher=capi:ecb(serpent)-plain64\n"
                                    "a b c cipher=twofish-none\n");
    assert_int_equal(file_unlink(&h, "/etc/veritytab"), 0);
    assert_found("twofish_avx crypto: /etc/crypttab:2: its cipher uses twofish\n"
                 "twofish_sse crypto: /etc/crypttab:2: its cipher uses twofish");
    /* The kernel needs only one of them. */
    load("twofish_sse");
    assert_found("");
}

static void test_networks(void **state _unused_) {
    tree_write(&h, "/etc/systemd/network/a.netdev", "[NetDev]\nName=x\nKind=bridge\n");
    tree_write(&h, "/etc/systemd/network/b.netdev", "[NetDev]\nKind=dummy\nKind=tap\n");
    tree_write(&h, "/etc/systemd/network/c.network", "[NetDev]\nKind=veth\n");
    tree_write(&h, "/etc/NetworkManager/system-connections/w.nmconnection",
               "[wifi]\ntype=veth\n[connection]\ntype=wireguard\n");
    assert_found("");
    enable("systemd-networkd.service");
    enable("NetworkManager.service");
    assert_found("bridge network: /etc/systemd/network/a.netdev: a bridge device\n"
                 "tun network: /etc/systemd/network/b.netdev: a tap device\n"
                 "wireguard network: /etc/NetworkManager/system-connections/w.nmconnection: a "
                 "wireguard device");
}

static void test_services(void **state _unused_) {
    enable("wg-quick@wg0.service");
    enable("containerd.service");
    tree_write(&h, "/etc/fstab", "a /b overlay");
    assert_found("overlay filesystem: /etc/fstab:1: overlay may be mounted\n"
                 "wireguard service: wg-quick@wg0.service is enabled\n"
                 "overlay service: containerd.service is enabled\n"
                 "bridge service: containerd.service is enabled\n"
                 "veth service: containerd.service is enabled\n"
                 "br_netfilter service: containerd.service is enabled");
    assert_proposed("br_netfilter overlay veth wireguard");
}

/* Late loads count although the module is loaded by now; modules that this kernel lacks do not. */
static void test_record(void **state _unused_) {
    tree_write(&h, "/var/lib/lpd/late-modules.json",
               "{\"boots\":[{\"id\":\"a\",\"modules\":[\"nvme\",\"none\",\"ext4\"]},"
               "{\"id\":\"b\",\"modules\":[]},{\"id\":\"c\",\"modules\":[\"tun\",\"nvme\"]}]}");
    load("tun");
    assert_found("nvme record: loaded after the end of the boot, in 2 of 3 recorded boots\n"
                 "tun record loaded: loaded after the end of the boot, in 1 of 3 recorded boots");
    assert_proposed("nvme tun");
    tree_write(&h, "/var/lib/lpd/late-modules.json", "{");
    assert_found("");
    assert_unread("/var/lib/lpd/late-modules.json: Bad message");
}

/* The proposal contains the current Modules=, so that it can replace that line. */
static void test_policy(void **state _unused_) {
    static const char modules[] = "nls-utf8 bridge none nls_utf8 fs-vfat ext4 veth blacklisted";
    _cleanup_free_ char *absent = NULL;

    assert_int_equal(strv_extend_split(&policy.lock_modules, modules, " "), 0);
    tree_write(&h, "/etc/modprobe.d/a.conf", "blacklist blacklisted\n");
    tree_write(&h, "/etc/modules-load.d/a.conf", "nls_utf8\nbr_netfilter\n");
    find();
    assert_proposed("blacklisted br_netfilter ext4 fs-vfat nls-utf8 veth");
    absent = strv_join(w.absent, " ");
    assert_string_equal(absent, "none");
}

static void test_unreadable(void **state _unused_) {
    _cleanup_free_ char *large = malloc(2 << 20);

    assert_non_null(large);
    memset(large, '\n', 2 << 20);
    tree_write_data(&h, "/etc/crypttab", large, 2 << 20);
    tree_write(&h, "/etc/fstab/x", "");
    tree_write(&h, "/etc/modules-load.d", "");
    find();
    assert_unread("/etc/fstab: Is a directory\n/etc/modules-load.d: Not a directory\n"
                  "/etc/crypttab: File too large");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(test_nothing),       TEST(test_no_modules),      TEST(test_index_of_others),
        TEST(test_no_kernel_runs), TEST(test_devices),        TEST(test_hostile_devices),
        TEST(test_fstab),         TEST(test_fat_options),     TEST(test_mount_units),
        TEST(test_automount),     TEST(test_modules_load),    TEST(test_softdeps),
        TEST(test_nftables),      TEST(test_hostile_nftables), TEST(test_iptables),
        TEST(test_volumes),       TEST(test_networks),        TEST(test_services),
        TEST(test_record),        TEST(test_policy),          TEST(test_unreadable),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
