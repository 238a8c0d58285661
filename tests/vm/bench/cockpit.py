# SPDX-License-Identifier: LGPL-2.1-or-later
"""Machines that have Cockpit, and the page that is built for it."""

import shutil
from pathlib import Path

from . import cache, lpd
from .command import run

SOURCE = lpd.TOP / "contrib/cockpit"
LOCKED = (SOURCE / "package.json", SOURCE / "package-lock.json")

SERVICE = """[Service]
User={user}
Environment=LANG=C.UTF-8
ExecStart=/bin/sh -c 'exec $(ls -d /usr/lib/cockpit/cockpit-ws /usr/libexec/cockpit-ws 2>/dev/null | head -n 1) \\
    --no-tls --address=0.0.0.0 --port={port} --local-session=/usr/bin/cockpit-bridge'
Restart=always
"""


def page(store):
    """The directory with the page, dist, and axe.min.js from the cache; built first if its sources have changed."""
    if not SOURCE.is_dir():
        raise SystemExit(f"{SOURCE} is not there")
    names = sorted(path for path in SOURCE.iterdir() if path.name not in ("node_modules", "dist"))
    schemas = sorted((lpd.TOP / "docs").glob("*.schema.json"))
    modules = store.entry("npm", cache.digest(*LOCKED), _install_modules) / "node_modules"
    key = cache.digest(modules.parent, *names, *schemas)
    return store.entry("page", key, lambda top: _build_page(top, modules, names, schemas))


def _install_modules(top):
    """What the lock file names, from npm's registry; scripts of packages do not run."""
    for path in LOCKED:
        shutil.copy(path, top)
    run("npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--prefix", top)


def _build_page(top, modules, names, schemas):
    source = top / "contrib/cockpit"
    source.mkdir(parents=True)
    (top / "docs").mkdir()
    for path in schemas:
        shutil.copy(path, top / "docs")
    for path in names:
        run("cp", "-a", path, source)
    (source / "node_modules").symlink_to(modules)
    run("npm", "run", "build", cwd=source)
    (source / "dist").rename(top / "dist")
    shutil.copy(modules / "axe-core/axe.min.js", top)
    shutil.rmtree(top / "contrib")


def port_of(user):
    """Where that user's cockpit-ws listens in the machine: 9090 is where the package itself does."""
    return 9190 if user == "root" else 9191


class Cockpit:
    """A machine's Cockpit, without a login: a session of root, and one of an ordinary user. `urls` are for a browser
    of the host. Made before the machine boots; start() when it is up."""

    USERS = ("root", "admin")

    def __init__(self, m):
        self._m = m
        m.with_packages("cockpit-ws", "cockpit-bridge", "cockpit-system")
        self.urls = {user: f"http://127.0.0.1:{m.forward(port_of(user))}" for user in self.USERS}

    def start(self):
        self._m.network()
        self._m.ok("useradd --create-home --shell /bin/bash admin")
        made = page(self._m.store) / "dist"
        files = {path.relative_to(made).as_posix(): path.read_bytes() for path in made.rglob("*") if path.is_file()}
        self._m.write_all("/usr/share/cockpit/lpd", files)
        for user in self.USERS:
            self._m.write(f"/run/systemd/system/cockpit-{user}.service", SERVICE.format(user=user, port=port_of(user)))
        self._m.ok("systemctl daemon-reload; systemctl start " + " ".join(f"cockpit-{user}" for user in self.USERS))
        for user in self.USERS:
            self._m.wait_until(f"exec 3<>/dev/tcp/127.0.0.1/{port_of(user)}")

    def page(self, user="root", where=""):
        """The address of the page itself, without Cockpit's frame."""
        return f"{self.urls[user]}/cockpit/@localhost/lpd/index.html#/{where}"


# Colours change slowly.
SETTLED = """
    const done = arguments[0], moving = () => document.getAnimations().map(animation => animation.finished);
    const late = new Promise(resolve => setTimeout(resolve, 5000));
    requestAnimationFrame(() => requestAnimationFrame(() =>
        Promise.race([late, Promise.allSettled(moving())]).then(() => setTimeout(done, 100))));
"""


def look(m, b, name):
    """Keeps pictures of what the browser shows, light and dark, wide and narrow, and sees that it fits, that axe finds
    nothing serious, and that the console has no error."""
    b.gone("[class*=c-spinner]")
    axe = (page(m.store) / "axe.min.js").read_text()
    for width, dark in (1280, False), (1280, True), (400, True), (400, False):
        b.resize(width)
        b.dark(dark)
        b.script_async(SETTLED)
        how = f"{name}-{width}-{'dark' if dark else 'light'}"
        b.picture(m.pictures / f"{how}.png")
        m.equal(f"what axe finds in {how}", b.axe(axe), [])
        m.equal(f"how much {how} is wider than the window", b.overflow(), 0)
    b.resize(1280)
    m.equal(f"what the console of {name} has", b.errors(), [])
