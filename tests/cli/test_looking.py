#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The read-only verbs, on typical machines, as text and as JSON."""

import unittest
from collections import Counter

from machine import *


def table(text):
    """Rows of a table by their first word, without the lines below them."""
    rows = [line.split() for line in text.splitlines() if line.strip() and not line.startswith(" ")]
    return {row[0]: row[1:] for row in rows}


def states(value):
    return {p["name"]: (p["state"], p["reason"]) for p in value["patches"]}


class Patched(Case):
    """6.1: two patches are loaded, one is replaced by a cumulative one, one has only its module
    left; and one has no manifest."""

    def setUp(self):
        super().setUp()
        store = f"/var/lib/lpd/modules/{KERNEL}"
        self.plant(
            kernel(KERNEL), PERMISSIVE,
            manifest("fix-net", "Description=net: use after free", "Fixes=CVE-2024-1 CVE-2024-2",
                     "Required=yes"),
            manifest("lp-old"), manifest("lp-all"), manifest("fix-left"), manifest("fix-gone", "Enabled=no"),
            manifest("fix-none", "[Kernel:5.10.0]"), manifest("fix-late"),
            loaded("lp_old", registered=False), loaded("lp_all", function="meminfo_proc_show"),
            loaded("fix_net"), loaded("fix_left", registered=False), loaded("fix_new"),
            result("lp-old"), result("lp-all", over=["lp_old"]), result("fix-net", over=["lp_all"]),
            result("fix-left", state="disabled"),
            {f"{store}/fix-net.ko": module("fix_net", build_id=BUILD_IDS["fix_net"]),
             f"{store}/lp-old.ko": module("lp_old", build_id=BUILD_IDS["lp_old"]),
             f"{store}/lp-all.ko": module("lp_all", build_id=BUILD_IDS["lp_all"]),
             f"{store}/fix-left.ko": module("fix_left", build_id=BUILD_IDS["fix_left"]),
             f"{store}/fix-late.ko": module("fix_late")})

    WANTED = {
        "fix-gone": ("disabled", "Enabled=no"),
        "fix-late": ("absent", "it has not been loaded in this boot"),
        "fix-left": ("disabled", "disabled, but its module is still loaded"),
        "fix-net": ("active", None),
        "fix-none": ("skipped", f"no [Kernel:{KERNEL}] among the manifest's 1 kernels"),
        "lp-all": ("active", None),
        "lp-old": ("replaced", "by lp-all, which is cumulative"),
        "fix_new": ("active", "it has no manifest: a reboot forgets it"),
    }

    def test_status(self):
        value, text = self.assert_same_everywhere("status")
        self.assertEqual(states(value), self.WANTED)
        self.assertEqual(value["kernel"], {
            "release": KERNEL, "buildId": "5e" * 20, "livepatch": True, "sigEnforce": False,
            "lockdown": "none", "secureBoot": False, "modulesDisabled": False})
        self.assertEqual(value["policy"], {"signature": "permissive", "problem": None, "silenced": []})
        self.assertEqual(value["switches"],
                         {"disabledOnCommandLine": False, "disabledByFile": False, "crashKernel": False, "skip": []})
        self.assertEqual(value["lock"], {"policy": "no", "locked": False, "kexecLocked": None,
                                         "sealed": False, "state": None, "reason": None, "since": None, "by": None, "refused": None,
                                         "alsoLockedBy": []})
        head, _, rest = text.partition("\n\n")
        self.assertEqual(head.splitlines(), [
            f"Kernel    {KERNEL}", "Policy    Signature=permissive: patches are loaded unsigned",
            "Patches   3 of 8 active, 1 replaced"])
        self.assertEqual({name: row[0] for name, row in table(rest).items()},
                         {"NAME": "STATE"} | {name: state for name, (state, _) in self.WANTED.items()})

    def test_status_is_the_default(self):
        self.assertEqual(self.text(), self.text("status"))

    def test_status_of_one(self):
        value, text = self.assert_same_everywhere("status", "fix_net", "lp-old")
        self.assertEqual(list(states(value)), ["fix-net", "lp-old"])
        self.assertIn("Patches   1 of 2 active, 1 replaced\n", text)

    def test_check(self):
        self.text("status", "--check")
        (self.root / "sys/kernel/livepatch/fix_net/enabled").write_text("0\n")
        value, text = self.assert_same_everywhere("status", "--check", status=10)
        self.assertEqual(value["error"]["message"], "required, but not loaded: fix-net")
        self.assertEqual(states(value)["fix-net"][0], "disabled")
        self.assertIn("fix-net", text)

    def test_list(self):
        value, text = self.assert_same_everywhere("list")
        self.assertEqual(states(value), self.WANTED)
        rows = table(text)
        self.assertEqual(rows["fix-net"][0], "active")
        self.assertEqual(rows["NAME"], ["STATE", "ENABLED", "SINCE"])
        self.assertIn("\n    by lp-all, which is cumulative\n", text)
        rows = table(self.text("list", "-o", "wide"))
        self.assertEqual((rows["fix-net"][0], rows["fix-net"][-3:]), ("active", ["system", "yes", "-"]))
        self.assertEqual(rows["NAME"], ["STATE", "ENABLED", "SINCE", "RUNTIME", "STAGE", "REQUIRED", "REASON"])
        self.assertEqual(set(table(self.text("list", "--no-legend"))), set(self.WANTED))

    def test_show(self):
        value, text = self.assert_same_everywhere("show", "fix-net", "fix_new")
        first, second = value["patches"]
        self.assertEqual(first, {
            "name": "fix-net", "description": "net: use after free",
            "fixes": ["CVE-2024-1", "CVE-2024-2"], "manifest": "/etc/lpd/patches.d/fix-net.conf", "warnings": [],
            "stage": "system", "required": True, "applies": True, "state": "active", "reason": None,
            "reasonCode": None, "overridden": None, "enabledNow": True, "enabledNext": True,
            "parameters": None, "relations": {"after": [], "requires": [], "conflicts": []},
            "limits": {"waitFor": "loaded", "timeoutUsec": 60000000, "onStall": "wait", "probe": None,
                       "rolloutPercent": 100.0, "rolloutWaves": [{"percent": 100.0, "since": None}], "rolloutTags": []},
            "module": {"name": "fix_net", "path": f"/var/lib/lpd/modules/{KERNEL}/fix-net.ko",
                       "sha256": sha256(module("fix_net", build_id=BUILD_IDS["fix_net"])),
                       "buildId": BUILD_IDS["fix_net"],
                       "vermagic": f"{KERNEL} SMP preempt mod_unload modversions "},
            "signature": None,
            "kernelState": {"loaded": True, "enabled": True, "transition": False, "transitionUsec": None,
                            "replaced": False, "buildId": BUILD_IDS["fix_net"], "sha256": None, "installed": True, "probe": None,
                            "objects": ["vmlinux"], "patched": [], "unpatched": [],
                            "functions": ["vmlinux/cmdline_proc_show,1"],
                            "layers": [{"function": "vmlinux/cmdline_proc_show,1", "patches": 2, "top": None,
                                        "since": None, "waitsFor": None}]},
            "guard": "trial", "attempts": 0, "since": 1700000000000000,
            "loadedStage": "system", "earlyReason": None, "lateReason": None})
        self.assertEqual((second["manifest"], second["stage"], second["since"]), (None, None, None))
        self.assertEqual((second["module"]["buildId"], second["kernelState"]["buildId"]),
                         (None, BUILD_IDS["fix_new"]))
        self.assertIn("fixes          CVE-2024-1 CVE-2024-2\n", text)
        self.assertIn("kernelState\n  loaded       yes\n", text)

    def enabled(self):
        return {p["name"]: (p["enabledNow"], p["enabledNext"]) for p in self.json("list")["patches"]}

    def test_enabled(self):
        """Enabled for this boot, and for the next one."""
        self.assertEqual(self.enabled(), {
            "fix-gone": (False, False), "fix-late": (True, True), "fix-left": (False, True), "fix-net": (True, True),
            "fix-none": (False, True), "lp-all": (True, True), "lp-old": (True, True), "fix_new": (True, False)})
        self.plant(manifest("fix-net", "Enabled=no"), manifest("lp-all", "Nonsense"),
                   {"/etc/systemd/system/livepatch@lp-old.service": None, "/proc/cmdline": "lpd=0\n"})
        enabled = self.enabled()
        self.assertEqual((enabled["fix-net"], enabled["lp-all"], enabled["fix-late"]),
                         ((True, False), (True, False), (False, True)))
        self.assertEqual(table(self.text("list"))["fix-net"][1], "no")
        self.plant({"/etc/lpd/disable": ""})
        self.assertEqual({later for _, later in self.enabled().values()}, {False})

    def reason(self, name):
        patch = self.json("show", name)["patches"][0]
        return patch["state"], patch["reasonCode"], patch["reason"]

    def test_reason_codes(self):
        self.assertEqual(self.reason("lp-old")[:2], ("replaced", "replaced"))
        self.plant(result("fix-net", cause="forced"))
        self.assertEqual(self.reason("fix-net")[:2], ("active", "forced"))
        for cause, state in (("reverted", "failed"), ("probe-failed", "failed"), ("waiting", "failed"),
                             ("switched-off", "disabled"), ("unloaded", "disabled")):
            self.plant(result("fix-late", state, loaded=False, cause=cause, reason="why"))
            self.assertEqual(self.reason("fix-late"), (state, cause, "why"))
        # The installed build is newer than the loaded one.
        self.plant({f"/var/lib/lpd/modules/{KERNEL}/fix-net.ko": module("fix_net", build_id="77" * 20)})
        self.assertEqual(self.reason("fix-net")[:2], ("active", "superseded"))

    def test_reason_codes_of_a_transition(self):
        self.plant(loaded("fix_net", transition=1), result("fix-net"), result("fix-late", state="loading"))
        self.assertEqual(self.reason("fix-net"), ("transition", None, "being enabled"))
        self.assertEqual(self.reason("fix-late"),
                         ("absent", "waiting", "waits for the transition of fix_net to finish"))
        self.plant(result("fix-net", cause="stalled"))
        self.assertEqual(self.reason("fix-net")[:2], ("transition", "stalled"))

    def test_overridden(self):
        """A patched function that calls something of its own choice; lpd does not know what that does."""
        self.plant({"/sys/kernel/tracing/enabled_functions":
                    "cmdline_proc_show (2) R I D   M \ttramp: x\n\tdirect-->detour+0x0/0x10 [other]\n"})
        who = "a direct call of detour decides what vmlinux/cmdline_proc_show returns"
        value, text = self.assert_same_everywhere("show", "fix-net")
        patch, = value["patches"]
        self.assertEqual((patch["state"], patch["reason"], patch["reasonCode"], patch["overridden"]),
                         ("active", f"overridden: {who}; its new code runs again when that is detached",
                          "overridden", who))
        self.assertIn(who, self.text("status"))
        metrics = self.text("metrics")
        for sample in ('lpd_patch_overridden{patch="fix-net"} 1', 'lpd_cve_effective{cve="CVE-2024-1"} 0'):
            self.assertIn(f"\n{sample}\n", metrics)

    def test_show_no_such(self):
        value, _ = self.assert_same_everywhere("show", "fix-net", "fix-nett", status=3)
        self.assertEqual(value["error"]["message"], "there is no patch fix-nett")
        self.assertEqual(value["error"]["hint"], "did you mean fix-net?")

    def test_why(self):
        decided = {"fix-net": ("keep", "loaded"), "lp-old": ("keep", "loaded"),
                   "fix-late": ("load", "loaded"), "fix-gone": ("skip", "enabled"),
                   "fix-none": ("skip", "kernel"), "fix-left": ("load", "loaded")}
        for name, (action, question) in decided.items():
            value, text = self.assert_same_everywhere("why", name)
            last = value["steps"][-1]
            self.assertEqual((value["name"], value["action"], last["question"]), (name, action, question))
            self.assertEqual(value["reason"], last["fact"])
            self.assertEqual([s["passed"] for s in value["steps"][:-1]], [True] * (len(value["steps"]) - 1))
            self.assertEqual(last["passed"], action != "skip")
            self.assertEqual((value["patch"]["state"], value["patch"]["reason"]), self.WANTED[name])
            self.assertIn(f"=> {action}: {value['reason']}\n   now {self.WANTED[name][0]}", text)
        self.assert_same_everywhere("why", "nothing-like-it", status=3)

    def test_why_without_manifest(self):
        value, _ = self.assert_same_everywhere("why", "fix-new", status=3)
        self.assertIn("is loaded, but has no manifest", value["error"]["message"])
        self.assertIn("lpctl show fix-new", value["error"]["hint"])

    def test_kernel_that_says_what_is_cumulative(self):
        """Since 6.11 the kernel says which patches are cumulative, and that counts."""
        says = self.root / "sys/kernel/livepatch/lp_all/replace"
        for word, state in (("1\n", "replaced"), ("0\n", "disabled")):
            says.write_text(word)
            patch = self.json("show", "lp-old")["patches"][0]
            self.assertEqual((patch["state"], patch["kernelState"]["replaced"]),
                             (state, state == "replaced"))

    def test_odd_answers_of_the_kernel(self):
        """Whatever /sys contains, the verb answers, and prints nothing that controls a terminal."""
        patches = "/sys/kernel/livepatch"
        self.plant({f"{patches}/fix_net/enabled": "x" * 100000, f"{patches}/lp_all/transition": b"\xff\0\x1b",
                    f"{patches}/fix_new/enabled": "", f"{patches}/\x1b[31m\nred/enabled": "1\n",
                    f"{patches}/lp_all/\x1b[2J/\x07,1": None, f"{patches}/file": "1\n",
                    "/sys/module/lp_all/notes/.note.gnu.build-id": b"\xff" * 1000,
                    "/sys/module/lp_all/taint": "\x1b[31m", "/proc/sys/kernel/modules_disabled": "perhaps",
                    "/sys/kernel/notes": b"\4\0\0\0\xff\xff\xff\xff\3\0\0\0GNU\0"})
        value, _ = self.assert_same_everywhere("status")
        self.assertIsNone(value["kernel"]["buildId"])
        self.assertIsNone(value["kernel"]["modulesDisabled"])
        # unknown does not prove that it has ended
        self.assertEqual(states(value)["lp-all"][0], "transition")
        for verb in ("list", "metrics", "blocking"):
            self.assert_same_everywhere(verb)
        self.assert_same_everywhere("show", "lp-all")

    def test_dry_run(self):
        value, text = self.assert_same_everywhere("apply", "--dry-run")
        self.assertEqual((value["dryRun"], value["changed"], value["wouldChange"]), (True, False, True))
        self.assertEqual({a["name"] for a in value["actions"] if a["wouldChange"]}, {"fix-late", "fix-left"})
        actions = {a["name"]: (a["action"], a["result"]) for a in value["actions"]}
        self.assertEqual(actions, {
            "fix-gone": ("skip", None), "fix-late": ("load", None), "fix-left": ("load", None),
            "fix-net": ("keep", None), "fix-none": ("skip", None), "lp-all": ("keep", None),
            "lp-old": ("keep", None)})
        self.assertEqual({n: r[0] for n, r in table(text).items() if n in actions},
                         {n: a for n, (a, _) in actions.items()})

    def test_unwanted_goes_first(self):
        (self.root / "etc/lpd/patches.d/fix-net.conf").unlink()
        first = self.json("apply", "--dry-run")["actions"][0]
        self.assertEqual(first, {"name": "fix-net", "action": "unload", "reason": "its manifest is gone",
                                 "exitStatus": 0, "wouldChange": True, "result": None})

    def test_another_build(self):
        self.plant({f"/var/lib/lpd/modules/{KERNEL}/fix-net.ko": module("fix_net")})
        value = self.json("why", "fix-net")
        self.assertEqual(value["action"], "fail")
        self.assertIn(f"another build is loaded: {BUILD_IDS['fix_net']} instead of 0123", value["reason"])

    def test_no_transition(self):
        value, text = self.assert_same_everywhere("blocking")
        self.assertEqual((value["transition"], value["tasks"], value["count"]), (None, [], 0))
        self.assertEqual(text, "No transition runs.\n")
        self.assertEqual(self.text("blocking", "--no-legend"), "")

    def test_metrics(self):
        self.assertEqual(self.json("metrics"), self.json("status"))
        lines = self.text("metrics").splitlines()
        kinds = dict(line.split()[2:4] for line in lines if line.startswith("# TYPE"))
        self.assertEqual(set(kinds.values()), {"gauge"})
        samples = dict(line.rsplit(" ", 1) for line in lines if not line.startswith("#"))
        self.assertEqual({s.split("{")[0] for s in samples} | {"lpd_patch_transition_seconds"}, set(kinds))
        for name, (state, _) in self.WANTED.items():
            hot = [s for s in samples if s.startswith(f'lpd_patch_state{{patch="{name}"') and samples[s] == "1"]
            self.assertEqual(hot, [f'lpd_patch_state{{patch="{name}",state="{state}"}}'])
        self.assertEqual(samples['lpd_patch_since_timestamp_seconds{patch="fix-net"}'], "1700000000.000")
        self.assertNotIn('lpd_patch_transition_seconds{patch="fix-net"}', samples)   # lpd did not see its end
        self.plant(result("fix-net", transitionUsec=1234567))
        self.assertIn('\nlpd_patch_transition_seconds{patch="fix-net"} 1.235\n', self.text("metrics"))
        self.assertEqual(samples['lpd_cve_effective{cve="CVE-2024-1"}'], "1")
        for name, (state, _) in self.WANTED.items():
            is_in = str(int(state in ("active", "replaced")))
            self.assertEqual(samples[f'lpd_patch_loaded{{patch="{name}"}}'], is_in)
        self.assertEqual((samples["lpd_required_missing"], samples["lpd_modules_locked"]), ("0", "0"))

    def test_lint(self):
        value, text = self.assert_same_everywhere("lint")
        self.assertEqual((value["problems"], text), ([], "No problems found.\n"))

    def test_cat_config(self):
        self.plant({"/usr/lib/lpd/lpd.conf.d/10-lock.conf": "# none\n[Lock]\nLock=settled\n"})
        value, text = self.assert_same_everywhere("cat-config")
        found = {(o["section"], o["key"]): (o["value"], o["path"], o["line"]) for o in value["options"]}
        self.assertEqual(found["Trust", "Signature"], ("permissive", "/etc/lpd/lpd.conf", 2))
        self.assertEqual(found["Lock", "Lock"], ("settled", "/usr/lib/lpd/lpd.conf.d/10-lock.conf", 3))
        self.assertEqual(found["Guard", "MaxAttempts"], ("2", None, None))
        self.assertIn("[Trust]\n# /etc/lpd/lpd.conf:2\nSignature=permissive\n# default\nKeyrings=", text)
        bare = self.text("cat-config", "--no-legend")
        self.assertNotIn("#", bare)
        self.text("lint", self.place("lpd.conf", bare.encode()))

    def test_cat_config_lists(self):
        """Each file that adds to a list is named, and what is shown is a policy of lines that lpd reads."""
        long = [" ".join(f"m{i}{k:04}{'x' * 24}" for k in range(20)) for i in range(10)]
        self.plant({"/usr/lib/lpd/lpd.conf.d/05.conf": "[Lock]\nModules=gone\n",
                    "/usr/lib/lpd/lpd.conf.d/10.conf": "[Lock]\nModules=\nModules=vfat nls_ascii\n",
                    "/etc/lpd/lpd.conf.d/20.conf": "".join(("[Lock]\n", *(f"Modules={words}\n" for words in long)))})
        value, text = self.assert_same_everywhere("cat-config")
        option, = (o for o in value["options"] if o["key"] == "Modules")
        places = [("vfat nls_ascii", "/usr/lib/lpd/lpd.conf.d/10.conf", 3),
                  *((words, "/etc/lpd/lpd.conf.d/20.conf", 2 + i) for i, words in enumerate(long))]
        self.assertEqual([(p["value"], p["path"], p["line"]) for p in option["places"]], places)
        self.assertEqual((option["value"], option["path"], option["line"]),
                         (" ".join(p[0] for p in places), *places[-1][1:]))
        self.assertIn("".join(f"# {path}:{line}\nModules={words}\n" for words, path, line in places), text)
        self.assertNotIn("05.conf", text)
        bare = self.place("lpd.conf", self.text("cat-config", "--no-legend").encode())
        self.text("lint", bare)
        shutil.rmtree(self.root / "etc/lpd/lpd.conf.d")
        shutil.rmtree(self.root / "usr/lib/lpd")
        shutil.copy(bare, self.root / "etc/lpd/lpd.conf")
        option, = (o for o in self.json("cat-config")["options"] if o["key"] == "Modules")
        self.assertEqual(option["value"], " ".join(p[0] for p in places))


class InTransition(Case):
    """6.12: a patch in transition that four tasks of three processes block."""

    def setUp(self):
        super().setUp()
        self.plant(
            kernel("6.12.22+bpo-cloud-amd64"), PERMISSIVE, manifest("fix-new"), manifest("fix-net"),
            loaded("fix_new", transition=1, replace=0), loaded("fix_net", replace=0),
            {"/var/lib/lpd/modules/6.12.22+bpo-cloud-amd64/fix-new.ko":
             module("fix_new", "6.12.22+bpo-cloud-amd64", build_id=BUILD_IDS["fix_new"])},
            result("fix-new", complete=False),
            task(1, 1, "systemd", 1, b"/sbin/init\0splash\0"),
            task(1, 7, "systemd", 0, b"/sbin/init\0splash\0", state="D"),
            task(300, 300, "a) R (b", 0, b"/usr/bin/stall\0--for\0ever\0",
                 "[<0>] stall_read+0x10/0x40 [stall]\n[<0>] vfs_read+0xa0/0x300\n"),
            task(301, 301, "kworker/0:1", 0, b"", state="I", cpu=3),
            {"/sys/devices/system/cpu/isolated": "1,3-4\n"},
            task(9, 9, "kthreadd", -1), {"/proc/fs": None, "/proc/uptime": "1 1\n"})

    def test_status(self):
        value, text = self.assert_same_everywhere("status")
        self.assertEqual(states(value)["fix-new"], ("transition", "being enabled"))
        self.assertTrue(value["patches"][1]["kernelState"]["transition"])
        self.assertIn("Patches   1 of 2 active, 1 transition\n", text)

    def test_blocking(self):
        value, text = self.assert_same_everywhere("blocking")
        self.assertEqual((value["transition"], value["count"]), ("fix_new", 3))
        self.assertEqual([(t["pid"], t["tid"], t["comm"], t["state"], t["cmdline"]) for t in value["tasks"]],
                         [(1, 7, "systemd", "D", "/sbin/init splash"),
                          (300, 300, "a) R (b", "S", "/usr/bin/stall --for ever"),
                          (301, 301, "kworker/0:1", "I", "")])
        self.assertEqual([(t["cpu"], t["isolated"]) for t in value["tasks"]], [(0, False), (0, False), (3, True)])
        self.assertIn("301 kworker/0:1 (I) \n    on the isolated CPU 3\n", text)
        self.assertEqual(value["tasks"][1]["stack"], ["[<0>] stall_read+0x10/0x40 [stall]",
                                                      "[<0>] vfs_read+0xa0/0x300"])
        self.assertIn("fix_new: 3 tasks block its transition\n", text)
        self.assertIn("300 a) R (b (S) /usr/bin/stall --for ever\n    [<0>] stall_read+0x10/0x40 [stall]\n",
                      text)

    def test_blocking_of_one(self):
        self.assertEqual(self.json("blocking", "fix-new"), self.json("blocking"))
        value, text = self.assert_same_everywhere("blocking", "fix-net")
        self.assertEqual((value["transition"], value["tasks"], value["count"]), (None, [], 0))
        self.assertEqual(text, "No transition of fix-net runs.\n")

    def test_blocking_of_none(self):
        done = self.lpctl("blocking", "nosuch", status=3)
        self.assertIn("there is no patch nosuch", done.stderr)

    def test_blocking_by_one_task(self):
        for pid, tid in ((1, 7), (301, 301)):
            self.plant({f"/proc/{pid}/task/{tid}/patch_state": "1\n"})
        self.assertEqual(self.text("blocking").splitlines()[0], "fix_new: 1 task blocks its transition")

    def test_on_its_way_out(self):
        (self.root / "sys/kernel/livepatch/fix_new/enabled").write_text("0\n")
        self.assertEqual(states(self.json("status"))["fix-new"], ("transition", "being disabled"))
        self.assertEqual([t["tid"] for t in self.json("blocking")["tasks"]], [1])
        self.assertEqual(self.json("why", "fix-new")["reason"], "it is being disabled")

    def test_metrics(self):
        self.assertIn('lpd_patch_transition{patch="fix-new"} 1\n', self.text("metrics"))

    def test_hostile_names_of_tasks(self):
        self.plant(task(400, 400, "\x1b[2J\x07", 0, b"\xff\xfe\x1b]0;x\x07\0"))
        hostile = self.json("blocking")["tasks"][-1]
        self.assertTrue((hostile["comm"] + hostile["cmdline"]).isprintable())
        self.text("blocking")


class WithoutLivePatching(Case):
    def setUp(self):
        super().setUp()
        self.plant(kernel("5.10.0-arm64", livepatch=False), manifest("fix-net"))

    def test_status(self):
        value, text = self.assert_same_everywhere("status")
        self.assertFalse(value["kernel"]["livepatch"])
        self.assertEqual(states(value), {
            "fix-net": ("failed", "5.10.0-arm64 has no live patching (CONFIG_LIVEPATCH)")})
        self.assertIn("Kernel    5.10.0-arm64, no live patching in this kernel\n", text)
        self.assertIn("Policy    Signature=required\n", text)

    def test_nothing_at_all(self):
        """An empty directory is a valid machine: an image before anything is installed."""
        self.root = self.scratch / "empty"
        self.root.mkdir()
        value, text = self.assert_same_everywhere("status")
        self.assertEqual((value["kernel"]["release"], value["patches"]), (None, []))
        self.assertIn("Kernel    unknown, no live patching", text)
        self.assertEqual(self.text("list"), "No patches.\n")
        self.assertEqual(self.text("list", "--no-legend"), "")
        self.assertEqual(self.text("apply", "--dry-run"), "Nothing to do: there are no patches.\n")
        self.text("status", "--check")
        for verb in ("lint", "cat-config", "blocking", "metrics"):
            self.assert_same_everywhere(verb)
        for verb in ("show", "why"):
            value, _ = self.assert_same_everywhere(verb, "x", status=3)
            self.assertEqual(value["error"]["hint"], "lpctl list shows the patches of this machine")


class Broken(Case):
    """Manifests and a policy with faults, one of each kind, and one valid patch."""

    def setUp(self):
        super().setUp()
        self.plant(
            kernel(KERNEL), {"/etc/lpd/lpd.conf": "[Trust]\nSignatur=permissive\n"},
            manifest("typo", "Tiemout=60s"), manifest("twice", "Enabled=yes", "Enabled=no"),
            manifest("circle-a", "After=circle-b"), manifest("circle-b", "After=circle-a"),
            manifest("lonely", "Requires=nobody"), manifest("good", "Description=in order"),
            manifest("gone"), {"/etc/lpd/patches.d/dangling.conf": Link("nowhere"),
                               "/etc/lpd/patches.d/masked.conf": "",
                               "/usr/lib/lpd/patches.d/masked.conf": "[Patch]\nTypo=1\n",
                               "/etc/lpd/patches.d/nul.conf": b"[Patch]\nDescription=a\0b\n",
                               "/etc/lpd/patches.d/binary.conf": module("binary"),
                               "/etc/lpd/patches.d/-x.conf": "[Patch]\n",
                               f"/usr/lib/modules/{KERNEL}/livepatch/good.ko": module("good"),
                               f"/var/lib/lpd/modules/{KERNEL}/gone.ko": b"\x7fELF"})

    def problems(self, value):
        return {Path(p["file"]).name: p["message"] for p in value["problems"]}

    def test_lint(self):
        value, text = self.assert_same_everywhere("lint", status=78)
        found = self.problems(value)
        base = "/etc/lpd/patches.d"
        self.assertEqual(found["lpd.conf"],
                         "/etc/lpd/lpd.conf:2: unknown key 'Signatur' (did you mean 'Signature'?)")
        self.assertEqual(found["typo.conf"],
                         f"{base}/typo.conf:2: unknown key 'Tiemout' (did you mean 'TimeoutSec'?)")
        self.assertEqual(found["twice.conf"], f"{base}/twice.conf:3: duplicate key Enabled=")
        self.assertEqual(found["dangling.conf"], f"{base}/dangling.conf: a dangling link")
        self.assertIn("is not a valid patch name", found["-x.conf"])
        for name in ("circle-a.conf", "circle-b.conf"):
            self.assertRegex(found[name], "circle-a.*circle-b|circle-b.*circle-a")
        self.assertEqual(found["lonely.conf"], f"{base}/lonely.conf: Requires=nobody: there is no patch of that name, "
                                               "so this one is never loaded")
        self.assertEqual(set(found), {"lonely.conf", "lpd.conf", "typo.conf", "twice.conf", "dangling.conf",
                                      "binary.conf", "-x.conf", "circle-a.conf", "circle-b.conf"})
        told = Counter(Path(p["file"]).name for p in value["problems"])
        self.assertEqual({name: n for name, n in told.items() if n > 1}, {"binary.conf": 2})
        self.assertEqual(value["error"]["message"], f"{len(value['problems'])} problems found")
        self.assertEqual(value["warnings"], [f"{base}/nul.conf:2: a NUL byte at column 14; the line is ignored"])
        self.assertEqual(len(text.splitlines()), len(value["problems"]) + 1)

    def test_status(self):
        value, text = self.assert_same_everywhere("status")
        found = states(value)
        self.assertEqual(found["good"][0], "failed")
        self.assertIn("the policy has an error, so nothing is trusted: /etc/lpd/lpd.conf:2", found["good"][1])
        self.assertEqual(found["typo"][0], "failed")
        self.assertNotIn("masked", found)
        self.assertIn("did you mean 'TimeoutSec'", found["typo"][1])
        self.assertEqual(found["lonely"], ("skipped", f"no module for {KERNEL} in the module directories"))
        self.assertEqual(found["gone"], found["good"])
        self.assertIn("Policy    broken, so nothing is loaded: /etc/lpd/lpd.conf:2", text)
        self.assertIn("did you mean 'Signature'", value["policy"]["problem"])

    def test_one_bad_patch_hurts_no_other(self):
        self.plant(PERMISSIVE)
        self.assertEqual(self.json("why", "good")["action"], "load")
        self.assertEqual(self.json("why", "typo")["action"], "fail")
        self.assertEqual(self.problems(self.json("lint", status=78)).get("lpd.conf"), None)

    def test_requires(self):
        self.plant(PERMISSIVE, {f"/var/lib/lpd/modules/{KERNEL}/lonely.ko": module("lonely")})
        value, _ = self.assert_same_everywhere("why", "lonely")
        self.assertEqual((value["action"], value["reason"]), ("fail", "nobody: there is no such patch"))

    def test_cat_config(self):
        value, text = self.assert_same_everywhere("cat-config", status=78)
        self.assertIn("did you mean 'Signature'", value["error"]["message"])

    def test_lint_relations(self):
        """Relations to missing patches: with Requires= a problem, otherwise a warning, because they
        may be installed later."""
        self.plant(PERMISSIVE, manifest("fix-net", "After=fix-nte goood", "Conflicts=goood", "Requires=good goood"))
        value = self.json("lint", status=78)
        base = "/etc/lpd/patches.d/fix-net.conf"
        self.assertEqual([w for w in value["warnings"] if base in w], [
            f"{base}: After=fix-nte: there is no patch of that name; did you mean fix-net?",
            f"{base}: After=goood: there is no patch of that name; did you mean good?",
            f"{base}: Conflicts=goood: there is no patch of that name; did you mean good?"])
        self.assertEqual([(p["message"], p["hint"]) for p in value["problems"] if p["file"] == base], [
            (f"{base}: Requires=goood: there is no patch of that name, so this one is never loaded",
             "did you mean good?")])

    def test_lint_all_faults(self):
        """Faults of files and of relations are all reported together."""
        self.plant(PERMISSIVE, manifest("circle-a", "After=circle-b", "Requires=nobody"),
                   {f"/var/lib/lpd/modules/{KERNEL}/circle-a.ko": b"no module"})
        said = [p["message"] for p in self.json("lint", status=78)["problems"] if "circle-a.conf" in p["file"]]
        self.assertEqual(len(said), 3)
        for message, part in zip(said, ("circle", "Requires=nobody", "not a kernel module")):
            self.assertIn(part, message)

    def test_lint_files(self):
        good = self.place("good.conf", b"[Patch]\n")
        policy = self.place("lpd.conf", b"[Lock]\nLock=maybe\n")
        self.assertEqual(self.text("lint", good), "No problems found.\n")
        self.assertEqual(self.text("lint", "--no-legend", good), "")
        value, text = self.assert_same_everywhere("lint", policy, good, self.scratch / "absent.conf",
                                                  status=78)
        self.assertEqual([p["file"] for p in value["problems"]],
                         [str(policy), str(self.scratch / "absent.conf")])
        self.assertIn(f"{policy}:2: ", text)


class ManifestAsData(Case):
    def test_all(self):
        self.plant(kernel(KERNEL), PERMISSIVE, manifest("base-a"), manifest(
            "fix-a", "After=base-a", "Requires=base-a", "Conflicts=old", "Parameters=x=1 y=2", "WaitFor=patched",
            "TimeoutSec=infinity", "OnStall=revert", "Probe=/bin/true", "Rollout=12.5%", "RolloutTags=a* b"),
            {f"/var/lib/lpd/modules/{KERNEL}/fix-a.ko": module("fix_b")})
        value, _ = self.assert_same_everywhere("show", "fix-a")
        patch, = value["patches"]
        self.assertEqual(patch["module"]["name"], "fix_b")
        self.assertEqual(patch["parameters"], "x=1 y=2")
        self.assertEqual(patch["relations"], {"after": ["base-a"], "requires": ["base-a"], "conflicts": ["old"]})
        self.assertEqual(patch["limits"], {"waitFor": "patched", "timeoutUsec": None, "onStall": "revert",
                                           "probe": "/bin/true", "rolloutPercent": 12.5,
                                           "rolloutWaves": [{"percent": 12.5, "since": None}], "rolloutTags": ["a*", "b"]})


class Layers(Case):
    """Several patches that change the same function, and patches of modules that are not loaded."""

    def setUp(self):
        super().setUp()
        self.plant(kernel(KERNEL), PERMISSIVE)
        for i, name in enumerate(("fix_a", "fix_b", "fix_c")):
            BUILD_IDS.setdefault(name, f"{i + 0x50:x}" * 20)
            self.plant(loaded(name, function="do_exit"), result(name.replace("_", "-"), module=name, monotonic=1000 + i))

    def test_show(self):
        self.plant({"/sys/kernel/livepatch/fix_b/nf_tables/nft_init,1/x": "", "/sys/kernel/livepatch/fix_b/nf_tables/patched": "0\n"})
        [patch] = self.json("show", "fix_b")["patches"]
        self.assertEqual({tuple(sorted(layer.items(), key=str)) for layer in patch["kernelState"]["layers"]}, {
            tuple(sorted({"function": "vmlinux/do_exit,1", "patches": 3, "top": "fix_c",
                          "since": 1700000000000000, "waitsFor": None}.items(), key=str)),
            tuple(sorted({"function": "nf_tables/nft_init,1", "patches": 1, "top": "fix_b",
                          "since": 1700000000000000, "waitsFor": "nf_tables"}.items(), key=str))})
        text = self.text("show", "fix_b")
        self.assertRegex(text, r"vmlinux/do_exit,1: changed by 3 patches, fix_c on top since 20[0-9-]+ [0-9:]+ \(.+ ago\)\n")
        self.assertIn("nf_tables/nft_init,1: waits for the module nf_tables\n", text)

    def test_unknown_order(self):
        """Another program has loaded one of them."""
        self.plant(loaded("fix_left", function="do_exit"))
        self.assertIn("changed by 4 patches, it is unknown which is on top\n", self.text("show", "fix_a"))

    def test_warning(self):
        self.assertIsNone(self.json("status")["layered"])
        self.plant({"/etc/lpd/lpd.conf": "[Trust]\nSignature=permissive\n[Warnings]\nMaxLayers=2\n"})
        layered = self.json("status")["layered"]
        self.assertEqual((layered["function"], layered["layers"], layered["patches"]), ("vmlinux/do_exit,1", 3, 3))
        self.assertIn("Warning   3 patches change vmlinux/do_exit,1, more than MaxLayers=2: a cumulative patch", self.text("status"))
        self.plant({"/etc/lpd/lpd.conf": "[Trust]\nSignature=permissive\n[Warnings]\nMaxPatches=2\n"})
        self.assertIn("Warning   3 patches are loaded, more than MaxPatches=2: ", self.text("status"))
        self.plant({"/etc/lpd/lpd.conf": "[Trust]\nSignature=permissive\n[Warnings]\nMaxPatches=2\nSilence=layers\n"})
        self.assertNotIn("MaxPatches", self.text("status"))
        self.plant({"/etc/lpd/lpd.conf": "nonsense\n"})
        self.assertIsNone(self.json("status")["layered"])


class LongValues(Case):
    """Very long values, as a large fix needs, in the manifest, in drop-ins, and in the policy."""

    CVES = [f"CVE-2026-{i:05}" for i in range(40)]

    def setUp(self):
        super().setUp()
        self.plant(kernel(KERNEL), PERMISSIVE,
                   manifest("fix-a", "Description=" + "d" * 300, "Fixes=" + " ".join(self.CVES),
                            "Parameters=x=" + "p" * 4000 + " \\", "# not a part of it", "  y=1"),
                   manifest("fix-b"),
                   {"/etc/lpd/patches.d/fix-a.conf.d/10.conf": "[Patch]\nFixes=CVE-1\nFixes=\\\nCVE-2\nAfter=fix-b\n",
                    "/etc/lpd/lpd.conf.d/10.conf": "[Lock]\nModules=" + " ".join(f"m{i}" for i in range(100)) +
                                                   "\nModules=vfat \\\n  nft_nat\n",
                    f"/var/lib/lpd/modules/{KERNEL}/fix-a.ko": module("fix_a")})

    def test_show(self):
        patch = self.json("show", "fix-a")["patches"][0]
        self.assertEqual(patch["description"], "d" * 300)
        self.assertEqual(patch["fixes"], [*self.CVES, "CVE-1", "CVE-2"])
        self.assertEqual(patch["warnings"], [])
        self.assert_same_everywhere("status")

    def test_lint(self):
        self.assertEqual(self.json("lint")["problems"], [])

    def test_cat_config(self):
        value, text = self.assert_same_everywhere("cat-config")
        modules = next(o for o in value["options"] if o["key"] == "Modules")
        self.assertEqual(modules["value"].split(), [*(f"m{i}" for i in range(100)), "vfat", "nft_nat"])
        self.assertEqual((modules["path"], modules["line"]), ("/etc/lpd/lpd.conf.d/10.conf", 3))
        for place in modules["places"]:
            self.assertIn(f"\n# {place['path']}:{place['line']}\nModules={place['value']}\n", text)

    def test_for_people(self):
        """Faults in these keys do not prevent the load, but are reported."""
        path = "/etc/lpd/patches.d/fix-a.conf.d/20.conf"
        self.plant({path: b"# K\xe4se\n[Patch]\nDescription=K\xe4se\nFixes=" + b"x" * 70000 + b"\nRequired=yes\n"})
        expected = [f"{path}:1: byte 0xe4 at column 4 is a control character or not UTF-8; the line is ignored",
                    f"{path}:3: byte 0xe4 at column 14 is a control character or not UTF-8; the line is ignored",
                    f"{path}:4: the line has 70006 bytes, and the maximum is 65536; the line is ignored"]
        self.assertEqual(self.json("why", "fix-a")["action"], "load")
        value, text = self.assert_same_everywhere("status")
        self.assertEqual(value["patches"][0]["warnings"], expected)
        self.assertTrue(value["patches"][0]["required"])
        for line in expected:
            self.assertIn(f"Warning   {line}\n", text)
        value, text = self.assert_same_everywhere("lint")
        self.assertEqual((value["problems"], value["warnings"]), ([], expected))

    def test_too_long(self):
        self.plant({"/etc/lpd/patches.d/fix-a.conf.d/20.conf": "[Patch]\nParameters=" + "x" * 70000 + "\n"})
        self.assertEqual(self.json("lint", status=78)["problems"][0]["message"],
                         "/etc/lpd/patches.d/fix-a.conf.d/20.conf:2: the line has 70011 bytes, and the maximum is 65536")


class SwitchedOff(Case):
    def setUp(self):
        super().setUp()
        files = {f"/usr/lib/lpd/modules/{KERNEL}/{n}.ko": module(n.replace("-", "_"))
                 for n in ("fix-a", "fix-b")}
        self.plant(kernel(KERNEL, cmdline="root=/dev/vda1 lpd.skip=fix_b,other quiet\n"), PERMISSIVE,
                   manifest("fix-a"), manifest("fix-b"), files)

    def test_skip(self):
        value, text = self.assert_same_everywhere("status")
        self.assertEqual(states(value), {
            "fix-a": ("absent", "it has not been loaded in this boot"),
            "fix-b": ("skipped", "lpd.skip=fix-b is on the kernel command line")})
        self.assertEqual(value["switches"]["skip"], ["fix_b", "other"])
        self.assertIn("Switches  lpd.skip= on the kernel command line: fix_b other\n", text)

    def test_disable_file(self):
        self.plant({"/etc/lpd/disable": ""})
        value, text = self.assert_same_everywhere("status")
        self.assertEqual(states(value), dict.fromkeys(("fix-a", "fix-b"),
                                                      ("skipped", "/etc/lpd/disable exists")))
        self.assertTrue(value["switches"]["disabledByFile"])
        self.assertIn("Switches  /etc/lpd/disable exists: nothing is loaded at boot\n", text)

    def test_command_line(self):
        self.plant({"/proc/cmdline": "lpd=0 ro\n"})
        value, text = self.assert_same_everywhere("status")
        self.assertEqual(states(value)["fix-a"], ("skipped", "lpd=0 is on the kernel command line"))
        self.assertTrue(value["switches"]["disabledOnCommandLine"])
        self.assertIn("Switches  lpd=0 on the kernel command line: nothing is loaded at boot\n", text)
        self.assertEqual(self.json("why", "fix-a")["steps"][-1]["question"], "switches")
        # The deciding fact is shown, although the patch is disabled too.
        self.plant(manifest("fix-b", "Enabled=no"))
        self.assertEqual(states(self.json("status"))["fix-b"],
                         ("skipped", "lpd=0 is on the kernel command line"))

    def test_what_a_boot_has_said(self):
        self.plant({"/proc/cmdline": "ro\n"},
                   result("fix-a", state="failed", reason="the kernel said no", exitStatus=1),
                   result("fix-b", state="refused", reason="it is not the pinned file", exitStatus=5))
        value, text = self.assert_same_everywhere("status")
        self.assertEqual(states(value), {"fix-a": ("failed", "the kernel said no"),
                                         "fix-b": ("refused", "it is not the pinned file")})
        self.assertIn("Patches   0 of 2 active, 1 failed, 1 refused\n", text)

    def test_left_by_the_initramfs(self):
        """A patch that only the volume has, over the budget or refused in the initramfs, has no
        manifest on the host."""
        over = "the initramfs loads no more patches than those before it, see lpd(8), INITRAMFS"
        self.plant({"/proc/cmdline": "ro\n"}, loaded("fix_left"),
                   result("fix-vol", state="skipped", stage="initrd", reason=over, exitStatus=1),
                   result("fix-bad", state="refused", stage="initrd", reason="it is not signed", exitStatus=5),
                   result("fix-hand", state="failed", reason="the kernel said no", exitStatus=1),
                   result("fix-left", state="failed", stage="initrd", reason="no", exitStatus=1))
        value, text = self.assert_same_everywhere("status")
        found = states(value)
        self.assertEqual((found["fix-vol"], found["fix-bad"]), (("skipped", over), ("refused", "it is not signed")))
        self.assertNotIn("fix-hand", found)
        self.assertEqual([p["name"] for p in value["patches"]].count("fix_left"), 1)
        self.assertNotIn("fix-left", found)
        self.assertIn("fix-vol", text)
        self.assertEqual(states(self.json("status", "fix-vol")), {"fix-vol": ("skipped", over)})

    def test_results_of_strangers(self):
        self.plant({"/run/lpd/fix-a.json": '{"name":"fix-a","state":"failed\\u001b[31m","since":-1,'
                                           '"reason":"\\u0007\\u001b]0;x\\u0007","replaces":"x","loaded":1}'})
        self.assert_same_everywhere("status")
        self.assert_same_everywhere("show", "fix-a")

    def test_results_that_are_none(self):
        for text in ("", "{", "[]", '{"name": 1}', '{"name": "fix-b", "state": "failed"}', "x" * 2000000):
            self.plant({"/proc/cmdline": "ro\n", "/run/lpd/fix-a.json": text, "/run/lpd/.json": text})
            found = {state for state, _ in states(self.json("status")).values()}
            self.assertEqual(found, {"absent"}, text[:20])


class NotWanted(Case):
    """Patches that are loaded although this boot would not load them, and reasons why a patch is
    not loaded."""

    def setUp(self):
        super().setUp()
        self.plant(kernel(KERNEL), PERMISSIVE, {f"/var/lib/lpd/modules/{KERNEL}/fix-net.ko": module("fix_net")})

    def skipped(self, question, reason):
        value = self.json("why", "fix-net")
        self.assertEqual((value["action"], value["steps"][-1]["question"]), ("skip", question))
        self.assertRegex(value["reason"], reason)
        [action] = self.json("apply", "--dry-run")["actions"]
        self.assertEqual((action["action"], action["reason"]), ("skip", value["reason"]))
        return value

    def test_loaded_early_outside_of_the_rollout(self):
        self.plant(manifest("fix-net", "Stage=initrd", "Rollout=0%"), loaded("fix_net"),
                   result("fix-net", stage="initrd"))
        value = self.skipped("rollout", "Rollout=0.00%")
        self.assertIn("now active: still loaded, also after a soft-reboot, until it is unloaded: Rollout=0.00%", self.text("why", "fix-net"))
        [patch] = self.json("status")["patches"]
        self.assertEqual((patch["state"], patch["applies"]), ("active", False))
        self.assertEqual(patch["reason"], "still loaded, also after a soft-reboot, until it is unloaded: " + value["reason"])
        self.assertIn("Warning   fix-net is loaded, but does not apply here\n", self.text("status"))
        self.assertIn("Rollout=0.00%", self.text("list"))
        self.assertIn('lpd_patch_inapplicable{patch="fix-net"} 1', self.text("metrics"))

    def test_no_machine_id(self):
        self.plant(manifest("fix-net", "Rollout=99%"))
        for text in ("", "uninitialized\n", "0" * 32 + "\n"):
            self.plant({"/etc/machine-id": text})
            self.skipped("rollout", "has no machine id")

    def test_crash_kernel(self):
        self.plant(manifest("fix-net", "Required=yes"), {"/proc/cmdline": "ro elfcorehdr=0x7f000000\n"})
        self.skipped("switches", "this is a crash kernel")
        self.assertIn("Switches  this is a crash kernel: nothing is loaded or locked\n", self.text("status"))
        self.plant({"/proc/cmdline": "ro\n"})
        self.assertEqual(self.json("why", "fix-net")["action"], "load")
        self.plant({"/proc/vmcore": ""})
        self.assertIs(self.json("status")["switches"]["crashKernel"], True)

    def test_last_refused_load(self):
        """Times are shown as text."""
        self.plant({"/proc/sys/kernel/modules_disabled": "1\n",
                    "/run/lpd/refused-loads": '{"count": 2, "last": 1700000000000000, "command": "modprobe", "uid": 0}'})
        self.assertRegex(self.text("status"), r"2 loads of modules refused since, the last one by modprobe, "
                                              r"2023-11-1[45] \d\d:\d\d:\d\d \(\d+y ago\)\n")

    def test_who_else_locks(self):
        self.plant(manifest("fix-net"), {
            "/proc/sys/kernel/modules_disabled": "1\n",
            "/usr/lib/sysctl.d/10-x.conf": "kernel.modules_disabled=1\n",
            "/etc/sysctl.d/10-x.conf": "# kernel.modules_disabled=1\n",
            "/etc/sysctl.d/50-y.conf": "kernel.sysrq = 1\n-kernel/modules_disabled = 1\nkernel.ftrace_enabled=0\n",
            "/etc/sysctl.d/60-z.conf": "kernel.modules_disabled=0\nkernel.ftrace_enabled=1\n",
            "/usr/lib/tmpfiles.d/z.conf": "w /proc/sys/kernel/modules_disabled - - - - 1\nd /x\n",
            "/proc/cmdline": "ro nomodule sysctl.kernel/ftrace_enabled=0 sysctl.kernel.modules_disabled=0\n"})
        found = ["the kernel command line: nomodule", "the kernel command line: sysctl.kernel/ftrace_enabled=0",
                 "/etc/sysctl.d/50-y.conf:2: kernel.modules_disabled=1",
                 "/etc/sysctl.d/50-y.conf:3: kernel.ftrace_enabled=0",
                 "/usr/lib/tmpfiles.d/z.conf:1: kernel.modules_disabled=1"]
        self.assertEqual(self.json("status")["lock"]["alsoLockedBy"], found)
        self.assertIn("locked until reboot, but not by lpd: the kernel command line: nomodule", self.text("status"))
        warnings = self.json("lint")["warnings"]
        self.assertEqual([warning.split(": patches")[0] for warning in warnings], found)
        self.assertIn("warning: /etc/sysctl.d/50-y.conf:2: kernel.modules_disabled=1: patches are", self.text("lint"))

    def test_who_else_locks_by_other_ways(self):
        self.plant(manifest("fix-net"), {
            "/run/sysctl.d/80-run.conf": "; kernel.modules_disabled=1\n#kernel.modules_disabled=1\nkernel.modules_*=1\n",
            "/usr/local/lib/sysctl.d/90-local.conf": "kernel/ftrace_enabled=0\n",
            "/usr/lib/sysctl.d/90-local.conf": "kernel.sysrq=1\n",
            "/run/sysctl.d/85-over.conf": "kernel.modules_disabled=1\n",
            "/etc/sysctl.d/85-over.conf": "kernel.sysrq=1\n",
            "/etc/sysctl.d/90-x.conf.bak": "kernel.modules_disabled=1\n",
            "/usr/lib/sysctl.d/70-hidden.conf": "kernel.modules_disabled=1\n",
            "/run/sysctl.d/70-hidden.conf": Link("/dev/null"),
            "/etc/sysctl.conf": "kernel.modules_disabled=1\n",
            "/usr/lib/tmpfiles.d/y.conf": "w /proc/sys/kernel/modules_disabled - - - - 1\n",
            "/run/tmpfiles.d/y.conf": "w+ /proc/sys/kernel/ftrace_enabled - - - - 0\n"
                                      "#w /proc/sys/kernel/modules_disabled - - - - 1\n"
                                      "f /proc/sys/kernel/modules_disabled - - - - 1\n"
                                      "w /proc/sys/kernel/modules_disabled - - - - 0\n"})
        self.assertEqual(self.json("status")["lock"]["alsoLockedBy"], [
            "/run/sysctl.d/80-run.conf:3: kernel.modules_disabled=1",
            "/usr/local/lib/sysctl.d/90-local.conf:1: kernel.ftrace_enabled=0",
            "/etc/sysctl.conf:1: kernel.modules_disabled=1", "/run/tmpfiles.d/y.conf:1: kernel.ftrace_enabled=0"])

    def test_masked(self):
        self.plant(manifest("fix-net"))
        for unit in ("livepatch@fix-net.service", "livepatch@.service", "livepatch.target"):
            for directory in ("/etc", "/run"):
                mask = self.root / f"{directory}/systemd/system/{unit}".lstrip("/")
                self.plant({f"{directory}/systemd/system/{unit}": Link("/dev/null")})
                self.skipped("unit", f"is masked: {directory}/systemd/system/{unit}$")
                [patch] = self.json("status")["patches"]
                self.assertEqual((patch["state"], patch["applies"]), ("skipped", False))
                mask.unlink()

    def test_masked_and_required(self):
        self.plant(manifest("fix-net", "Required=yes"), {"/etc/systemd/system/livepatch@fix-net.service": ""})
        self.assertEqual(self.json("why", "fix-net")["action"], "fail")

    def test_masks_elsewhere(self):
        """Masks are found in each directory that systemd reads, for instance those of systemctl
        mask --runtime and of packages."""
        self.plant(manifest("fix-net"))
        for directory in ("/etc/systemd/system.control", "/run/systemd/system.control", "/run/systemd/transient",
                          "/usr/local/lib/systemd/system", "/usr/lib/systemd/system"):
            path = f"{directory}/livepatch@fix-net.service"
            self.plant({path: Link("/dev/null")})
            self.skipped("unit", f"is masked: {path}$")
            (self.root / path.lstrip("/")).unlink()

    def test_a_unit_in_front_of_each_mask(self):
        """The order is that of systemd.unit(5)."""
        directories = ("/etc/systemd/system.control", "/run/systemd/system.control", "/run/systemd/transient",
                       "/etc/systemd/system", "/run/systemd/system", "/usr/local/lib/systemd/system",
                       "/usr/lib/systemd/system")
        self.plant(manifest("fix-net"))
        for first, second in zip(directories, directories[1:]):
            unit, mask = (self.root / f"{d}/livepatch@fix-net.service".lstrip("/") for d in (first, second))
            self.plant({f"{first}/{unit.name}": "[Service]\n", f"{second}/{mask.name}": Link("/dev/null")})
            self.assertEqual(self.json("why", "fix-net")["action"], "load", f"{first} before {second}")
            unit.unlink()
            mask.unlink()

    def test_a_unit_before_a_mask(self):
        self.plant(manifest("fix-net"), {"/etc/systemd/system/livepatch@fix-net.service": "[Service]\n",
                                         "/run/systemd/system/livepatch@fix-net.service": Link("/dev/null")})
        self.assertEqual(self.json("why", "fix-net")["action"], "load")

    def test_a_unit_beside_a_masked_template(self):
        self.plant(manifest("fix-net"), {"/run/systemd/system/livepatch@fix-net.service": "[Service]\n",
                                         "/etc/systemd/system/livepatch@.service": Link("/dev/null")})
        self.assertEqual(self.json("why", "fix-net")["action"], "load")


if __name__ == "__main__":
    unittest.main()
