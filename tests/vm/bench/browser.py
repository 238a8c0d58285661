# SPDX-License-Identifier: LGPL-2.1-or-later
"""A headless Chromium, driven by chromedriver (W3C WebDriver and the commands that Chromium adds to it)."""

import base64
import json
import re
import subprocess
import tempfile
import time
import urllib.error
import urllib.request

from .qemu import Failed

CHROMEDRIVER = "chromedriver"
# --no-sandbox: the bench runs as root, and the browser sees nothing but the machine's page.
OPTIONS = """
    --headless=new --no-sandbox --disable-gpu --disable-dev-shm-usage --no-first-run --lang=en
    --disable-background-networking --disable-component-update --disable-sync --force-color-profile=srgb --hide-scrollbars
""".split()
ELEMENT = "element-6066-11e4-a52e-4f735466cecf"   # the key of an element, by the standard
KEYS = {"Tab": "\ue004", "Enter": "\ue007", "Space": " ", "Escape": "\ue00c", "Shift": "\ue008", "Up": "\ue013",
        "Down": "\ue015", "Left": "\ue012", "Right": "\ue014", "End": "\ue010", "Home": "\ue011"}
WAIT_SECONDS = 30


class Browser:
    """One window. Selectors are CSS; a selector may end with ` :text(WORDS)`: the first one that shows these."""

    def __init__(self, width=1280, height=900):
        self._profile = tempfile.TemporaryDirectory(prefix="lpd-chromium-", ignore_cleanup_errors=True)
        self._driver = subprocess.Popen(["setpriv", "--pdeathsig", "TERM", CHROMEDRIVER, "--port=0"],
                                        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        self._url = f"http://127.0.0.1:{self._port()}"
        arguments = [*OPTIONS, f"--user-data-dir={self._profile.name}"]
        wanted = {"goog:loggingPrefs": {"browser": "ALL"}, "goog:chromeOptions": {"args": arguments}}
        made = self._post("/session", capabilities={"alwaysMatch": wanted})
        self._url += f"/session/{made['sessionId']}"
        self.resize(width, height)

    def _port(self):
        for line in self._driver.stdout:
            if found := re.search(r"started successfully on port (\d+)", line):
                return found.group(1)
        raise Failed("chromedriver did not start")

    def close(self):
        try:
            self._request("DELETE", "")
        finally:
            self._driver.terminate()
            self._driver.wait(30)
            self._driver.stdout.close()
            self._profile.cleanup()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    # The protocol

    def _request(self, method, path, value=None):
        data = json.dumps(value).encode() if value is not None else None
        request = urllib.request.Request(self._url + path, data, {"Content-Type": "application/json"}, method=method)
        try:
            with urllib.request.urlopen(request, timeout=120) as answer:
                return json.load(answer)["value"]
        except urllib.error.HTTPError as error:
            said = json.load(error)["value"]
            raise Failed(f"the browser: {said['error']}: {said['message'].splitlines()[0]}") from None

    def _post(self, path, **value):
        return self._request("POST", path, value)

    def command(self, name, **parameters):
        """A command of the DevTools protocol."""
        return self._post("/goog/cdp/execute", cmd=name, params=parameters)

    # Looking

    def open(self, url):
        self._post("/url", url=url)

    def script(self, text, *arguments):
        """Runs the body of a function in the page and returns what that returns."""
        return self._post("/execute/sync", script=text, args=list(arguments))

    def script_async(self, text, *arguments):
        """Likewise; the last argument of the function is called with the value."""
        return self._post("/execute/async", script=text, args=list(arguments))

    def frame(self, selector=None):
        """Goes into a frame, or out of all."""
        self._post("/frame", id=None)
        if selector:
            self._post("/frame", id=self.element(selector))

    def wait(self, what, text, *arguments, seconds=WAIT_SECONDS):
        """Waits until the body of a function returns something true; returns that."""
        deadline = time.monotonic() + seconds
        while True:
            found = self.script(text, *arguments)
            if found:
                return found
            if time.monotonic() > deadline:
                raise Failed(f"the page does not show {what} within {seconds} s\n{self.text()[:3000]}")
            time.sleep(0.1)

    def element(self, selector, seconds=WAIT_SECONDS):
        """The first element that is shown, once there is one."""
        css, _, words = selector.partition(" :text(")
        return self.wait(selector, FIND, css, words.removesuffix(")"), seconds=seconds)

    def there(self, selector):
        """Whether such an element is shown now."""
        css, _, words = selector.partition(" :text(")
        return bool(self.script(FIND, css, words.removesuffix(")")))

    def gone(self, selector, seconds=WAIT_SECONDS):
        css, _, words = selector.partition(" :text(")
        self.wait(f"that {selector} is gone", f"return !(function() {{ {FIND} }}).apply(null, arguments)", css,
                  words.removesuffix(")"), seconds=seconds)

    def text(self, selector="body"):
        """What the element shows."""
        return self.script("const e = document.querySelector(arguments[0]); return e ? e.innerText : ''", selector)

    def sees(self, words, selector="body", seconds=WAIT_SECONDS):
        """Waits until the element shows these words, however they are wrapped."""
        self.wait(f"{words!r} in {selector}", SHOWS, selector, " ".join(words.split()), seconds=seconds)

    def disabled(self, selector):
        """Whether a control is off, either way that a page can say it."""
        return self.script("return arguments[0].disabled || arguments[0].getAttribute('aria-disabled') === 'true'",
                           self.element(selector))

    def errors(self):
        """Messages of the console that are errors since the last call: faults of scripts, what the content security
        policy forbade, what was not found."""
        return [entry["message"] for entry in self._post("/se/log", type="browser")
                if entry["level"] == "SEVERE" or "Content Security Policy" in entry["message"]]

    # Acting

    def click(self, selector):
        element = self.element(selector)
        self.script("arguments[0].scrollIntoView({block: 'center'})", element)
        self._post(f"/element/{element[ELEMENT]}/click")

    def type(self, selector, text):
        """Types into a field, or gives a file's path to one for files."""
        self._post(f"/element/{self.element(selector)[ELEMENT]}/value", text=text)

    def upload(self, selector, path):
        """Chooses a file of the host in a field that need not be shown."""
        found = self._post("/element", using="css selector", value=selector)
        self._post(f"/element/{found[ELEMENT]}/value", text=str(path))

    def press(self, *names):
        """Presses keys one after the other, in what has the focus; Shift+Tab holds the first."""
        actions = []
        for name in names:
            keys = [KEYS.get(part, part) for part in name.split("+")]
            actions += [{"type": "keyDown", "value": key} for key in keys]
            actions += [{"type": "keyUp", "value": key} for key in reversed(keys)]
        self._post("/actions", actions=[{"type": "key", "id": "keyboard", "actions": actions}])

    def focused(self):
        """The text and label of what has the focus."""
        return self.script("const e = document.activeElement;"
                           "return (e.getAttribute('aria-label') || e.innerText || e.id || e.tagName).trim()")

    def tab_to(self, selector, most=80):
        """Presses Tab until that element has the focus."""
        for _ in range(most):
            if self.script("return document.activeElement === arguments[0]", self.element(selector)):
                return
            self.press("Tab")
        raise Failed(f"{selector} is not reached by Tab")

    # How it looks

    def resize(self, width, height=900):
        self.command("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False)

    def dark(self, on):
        """What the desktop prefers."""
        value = "dark" if on else "light"
        self.command("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": value}])

    def picture(self, path):
        """The whole page as a PNG file."""
        height = self.script("return Math.max(document.documentElement.scrollHeight, window.innerHeight)")
        clip = {"x": 0, "y": 0, "width": self.script("return window.innerWidth"), "height": height, "scale": 1}
        taken = self.command("Page.captureScreenshot", format="png", captureBeyondViewport=True, clip=clip)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(base64.b64decode(taken["data"]))

    def overflow(self):
        """How many pixels the page is wider than its window."""
        return self.script("return document.documentElement.scrollWidth - document.documentElement.clientWidth")

    def axe(self, source):
        """What axe finds that is serious or critical: [(rule, help, the first element)]."""
        self.script(source)
        found = self.script_async(AXE)
        return [(v["id"], v["help"], v["nodes"][0]["html"][:200]) for v in found if v["impact"] in ("serious", "critical")]


FIND = """
    const words = arguments[1];
    return [...document.querySelectorAll(arguments[0])].find(e =>
        e.getClientRects().length && getComputedStyle(e).visibility !== 'hidden' &&
        (!words || e.innerText.replace(/\\s+/g, ' ').includes(words))) || null;
"""
SHOWS = """
    const e = document.querySelector(arguments[0]);
    return e && e.innerText.replace(/\\s+/g, ' ').includes(arguments[1]);
"""
AXE = """
    const done = arguments[arguments.length - 1];
    axe.run(document, {resultTypes: ['violations']}).then(r => done(r.violations),
        e => done([{impact: 'critical', id: 'axe', help: String(e), nodes: [{html: ''}]}]));
"""
