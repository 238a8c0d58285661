# SPDX-License-Identifier: LGPL-2.1-or-later
"""The page for Cockpit, in a browser: what a machine has is shown, in Cockpit's own menu and by itself; a signed patch
is installed by upload, an unsigned one refused with lpd's reason; patches are unloaded, disabled, and waited for; a
quarantined one is allowed again; the modules are locked. A user without administrative access sees why nothing can be
done. All of it by the keyboard as well, in light and dark, wide and narrow, and axe finds nothing serious."""

from bench import ledger
from bench.browser import Browser
from bench.cockpit import Cockpit, look
from bench.kinds import EVERYWHERE
from bench.scenes import hold, is_locked, release

MACHINES = EVERYWHERE
REASON = "2 boots in a row ended while it was on trial"
# How many milliseconds it takes to show another page.
BACK = """
    const [where, selector, done] = arguments, start = performance.now();
    const look = () => document.querySelector(selector) ? done(performance.now() - start) : requestAnimationFrame(look);
    location.hash = where;
    look();
"""
ROW = "#lpd-overview[data-ready=true] [data-patch={}][data-state={}]"


def case(m):
    cockpit = Cockpit(m)
    m.boot()
    cockpit.start()
    prepare(m)
    with Browser() as b:
        in_the_menu(m, b, cockpit)
        b.open(cockpit.page())
        overview(m, b)
        install(m, b)
        unload(m, b)
        stalled(m, b, cockpit)
        quarantined(m, b, cockpit)
        cves(m, b)
        many(m, b)
        # In another window: a session ends when nobody looks any more, and this Cockpit opens no other one.
        with Browser() as other:
            not_allowed(m, other, cockpit)
        lock(m, b, cockpit)


def prepare(m):
    m.ok("rm /etc/lpd/lpd.conf.d/10-bench.conf; mkdir -p /etc/lpd/keys.d; cp /patches/keys/mok.der /etc/lpd/keys.d")
    m.write("/etc/lpd/lpd.conf.d/50-trust.conf", "[Trust]\nSignature=local\n[Boot]\nHoldSec=infinity\n")
    m.write("/etc/lpd/patches.d/lp-cmdline.conf",
            "[Patch]\nDescription=Use after free in nf_tables\nFixes=CVE-2026-1234 CVE-2026-1235\n")
    m.write("/etc/lpd/patches.d/lp-stall.conf", "[Patch]\nTimeoutSec=2s\nOnStall=wait\n")
    m.ok(f"lpctl install --wait=30 {m.patch('lp-cmdline', by='mok')}")
    m.ok(f"lpctl install --no-load {m.patch('lp-version', by='mok')}")
    ledger.quarantine(m, "lp-version", REASON)
    m.equal("the state", m.state("lp-version"), "quarantined")


def in_the_menu(m, b, cockpit):
    b.open(cockpit.urls["root"])
    b.click("a :text(Live patches)")
    b.frame("iframe[name$='localhost/lpd']")
    b.element(ROW.format("lp-cmdline", "active"))
    b.frame()
    b.picture(m.pictures / "menu.png")
    b.errors()   # Cockpit's own pages may have some


def overview(m, b):
    b.element(ROW.format("lp-cmdline", "active"))
    b.sees("CVE-2026-1234", "[data-patch=lp-cmdline]")
    b.element(ROW.format("lp-version", "quarantined"))
    m.sees("cat /proc/cmdline", "live patched by lp-cmdline")
    look(m, b, "overview")


def patch_page(b, cockpit, name, state, user="root"):
    b.open(cockpit.page(user, f"patch/{name}"))
    b.element(f"#lpd-patch[data-ready=true] [data-patch={name}][data-state={state}]")


def confirm(b, action):
    b.click(f"[data-action={action}]")
    b.click(f"[data-dialog={action}] [data-confirm={action}]")
    b.gone(f"[data-dialog={action}]")


def choose(m, b, name, by=None):
    """Uploads it and has it verified."""
    path = m.directory / f"by-{by}" / f"{name}.ko"
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(m.patch_bytes(name, by))
    b.upload("#lpd-install-file", path)
    b.click("[data-action=verify]")


def install(m, b):
    b.click("[data-nav=install]")
    b.element("#lpd-install[data-ready=true]")
    choose(m, b, "lp-uptime")
    b.sees("Signature=local", "#lpd-install [data-error]")
    m.equal("that it can be installed", b.disabled("[data-action=install]"), True)
    b.click("[data-action=dry-run]")
    b.sees("it is not signed (unsigned, Signature=local)", "#lpd-install form [data-error]")
    look(m, b, "install-unsigned")
    choose(m, b, "lp-uptime", by="mok")
    b.element("#lpd-install [data-accepted]")
    look(m, b, "install")
    confirm(b, "install")
    b.element("#lpd-install-result")
    m.sees("cat /proc/uptime", "live patched by lp-uptime")


def unload(m, b):
    """By the keyboard alone, from the list to the confirmed action and back."""
    b.tab_to("[data-nav=overview]")
    b.press("Enter")
    b.element(ROW.format("lp-uptime", "active"))
    b.tab_to("[data-patch=lp-uptime] a")
    b.press("Enter")
    b.element("#lpd-patch[data-ready=true]")
    b.tab_to("[data-action=unload]")
    b.press("Enter")
    b.element("[data-dialog=unload]")
    b.press("Escape")
    b.gone("[data-dialog=unload]")
    b.tab_to("[data-action=unload]")
    b.press("Enter")
    b.tab_to("[data-confirm=unload]")
    b.press("Enter")
    b.gone("[data-dialog=unload]")
    b.element("#lpd-patch [data-patch=lp-uptime][data-state=disabled]")
    m.sees_not("cat /proc/uptime", "live patched")


def stalled(m, b, cockpit):
    """The page follows the transition by itself."""
    pid = hold(m)
    m.fails(f"lpctl install --wait=1 {m.patch('lp-stall', by='mok')}", exit=8)
    patch_page(b, cockpit, "lp-stall", "transition")
    b.sees("stall_wait", f"[data-section=transition] [data-task='{pid}']")
    look(m, b, "patch-stalled")
    release(m)
    b.element("#lpd-patch [data-patch=lp-stall][data-state=active]")
    b.gone("[data-section=transition] [data-task]")


def quarantined(m, b, cockpit):
    patch_page(b, cockpit, "lp-version", "quarantined")
    b.sees(REASON, "#lpd-patch")
    b.element("[data-section=ledger]")
    look(m, b, "patch-quarantined")
    confirm(b, "clear")
    b.gone("#lpd-patch [data-state=quarantined]")
    m.equal("what is known of it", ledger.record(m, "lp-version")["state"], "trial")


def cves(m, b):
    b.click("[data-nav=cves]")
    b.element("#lpd-cves[data-ready=true] [data-cve='CVE-2026-1235']")
    b.type("#lpd-cves-search", "1234")
    b.gone("[data-cve='CVE-2026-1235']")
    b.element("[data-cve='CVE-2026-1234']")
    look(m, b, "cves")


def many(m, b):
    """The list shows 80 more patches as soon as they are there, and stays quick."""
    files = {f"many-{i:03}.conf": f"[Patch]\nFixes=CVE-2026-{2000 + i}\n".encode() for i in range(80)}
    b.click("[data-nav=overview]")
    m.write_all("/etc/lpd/patches.d", files)
    b.element("#lpd-overview [data-patch=many-079]")
    b.click("[data-nav=lock]")
    b.element("#lpd-lock")
    m.equal("whether 80 patches are there within 2 s", b.script_async(BACK, "#/", "[data-patch=many-079]") < 2000, True)
    m.ok("rm /etc/lpd/patches.d/many-*")
    b.gone("[data-patch=many-079]")


def not_allowed(m, b, cockpit):
    patch_page(b, cockpit, "lp-cmdline", "active", "admin")
    b.sees("administrative access", "[data-readonly]")
    m.equal("that it can be unloaded", b.disabled("[data-action=unload]"), True)
    look(m, b, "patch-not-allowed")
    for page, action in ("install", "verify"), ("lock", "lock"):
        b.open(cockpit.page("admin", page))
        b.sees("administrative access", f"#lpd-{page} [data-readonly]")
        m.equal(f"that {page} works", b.disabled(f"[data-action={action}]"), True)


def lock(m, b, cockpit):
    b.open(cockpit.page(where="lock"))
    b.element("#lpd-lock[data-ready=true]")
    look(m, b, "lock")
    b.click("[data-action=lock]")
    b.type("#lpd-lock-confirm", "benc")
    m.equal("that it is confirmed", b.disabled("[data-confirm=lock]"), True)
    b.type("#lpd-lock-confirm", "h")
    look(m, b, "lock-dialog")
    b.click("[data-confirm=lock]")
    b.gone("[data-dialog=lock]")
    b.sees("locked until reboot", "#lpd-lock")
    m.equal("whether modules are locked", is_locked(m), True)
