#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The documentation and the completions describe exactly what the programs do.

Run by Meson: $SOURCE_ROOT is the top of the tree, $LPCTL and $LPD are the built programs."""

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

import jsonschema

TOP = Path(os.environ["SOURCE_ROOT"])
LPCTL, LPD = os.environ["LPCTL"], os.environ["LPD"]
PAGES = sorted((TOP / "docs/man").glob("*.scd"))


def text(path):
    return (TOP / path).read_text()


def run(*argv, **options):
    return subprocess.run([str(arg) for arg in argv], capture_output=True, text=True, **options)


def page(name):
    """A manual page as a dictionary of its sections."""
    parts = re.split(r"^# ([^a-z\n]+)$", text(f"docs/man/{name}.scd"), flags=re.M)
    return dict(zip(parts[1::2], parts[2::2]))


def definitions(section, pattern):
    """The terms at the left margin of a section: pattern, with their paragraphs."""
    parts = re.split(rf"^{pattern}.*$", section, flags=re.M)
    return dict(zip(parts[1::2], parts[2::2]))


def options_in(line):
    return set(re.findall(r"(?<![\w-])--?[a-z][a-z-]*", line))


class Help:
    """The output of `lpctl help`: verbs, options, and their combinations."""

    def __init__(self):
        out = run(LPCTL, "help").stdout
        verbs, common, single = re.search(r"^Show:$(.*)^Options:$(.*)^Options of some commands:$(.*)^See ", out,
                                          re.M | re.S).groups()
        self.verbs = re.findall(r"^  ([a-z-]+) ", verbs, re.M)
        self.common, self.single = options_in(common), options_in(single)
        self.options = self.common | self.single
        self.of_verbs = {v: run(LPCTL, "help", v).stdout for v in self.verbs}
        self.own = {v: options_in(text) & self.single for v, text in self.of_verbs.items()}


HELP = Help()


class Manual(unittest.TestCase):
    def test_pages_compile(self):
        for path in PAGES:
            done = run("scdoc", input=path.read_text())
            self.assertEqual((done.returncode, done.stderr), (0, ""), path.name)

    # What scdoc writes, and no page has a say in: paragraphs at the ends of lists, and hyphens of the date escaped.
    OF_SCDOC = (" paragraph macro: PP ", " cannot parse date, using it verbatim: TH 20")

    @unittest.skipUnless(shutil.which("groff") and shutil.which("mandoc"), "no groff or no mandoc")
    def test_pages_render(self):
        """groff and mandoc must not warn of anything that the pages themselves say."""
        for path in PAGES:
            page = run("scdoc", input=path.read_text()).stdout
            for columns in (80, 120):
                done = run("groff", "-ww", "-z", "-t", "-man", "-Tutf8", f"-rLL={columns - 2}n", "-dAD=l",
                           # on paper a table may not fit on the rest of a page
                           input=".pl 1000i\n" + page)
                self.assertEqual((done.returncode, done.stderr), (0, ""), path.name)
            lint = run("mandoc", "-T", "lint", "-W", "warning", input=page).stdout
            lines = [line for line in lint.splitlines() if not any(map(line.__contains__, self.OF_SCDOC))]
            self.assertEqual(lines, [], path.name)

    def test_sections(self):
        for path in PAGES:
            sections = list(page(path.stem))
            self.assertEqual(sections[:3], ["NAME", "SYNOPSIS", "DESCRIPTION"], path.name)
            self.assertEqual(sections[-2:], ["EXAMPLES", "SEE ALSO"], path.name)

    def test_references(self):
        ours = {path.stem for path in PAGES}
        for path in PAGES:
            for name, number in re.findall(r"\*((?:lpd|lpctl)[\w.-]*)\*\((\d)\)", path.read_text()):
                self.assertIn(f"{name}.{number}", ours, path.name)

    def test_lpctl_verbs(self):
        found = definitions(page("lpctl.8")["COMMANDS"], r"\*([a-z-]+)\*")
        self.assertEqual(set(found), set(HELP.verbs))

    def test_lpctl_options(self):
        entries = definitions(page("lpctl.8")["OPTIONS"], r"(\*-[^\n]*)")
        self.assertEqual(set().union(*map(options_in, entries)), HELP.options)

    def test_lpctl_options_of_verbs(self):
        own = {verb: set() for verb in HELP.verbs}
        for head, body in definitions(page("lpctl.8")["OPTIONS"], r"(\*-[^\n]*)").items():
            verbs = re.match(r"\n\t((?:\*[a-z-]+\*(?:,\s+)?)+): ", body)
            for verb in re.findall(r"[a-z-]+", verbs[1]) if verbs else []:
                own[verb] |= options_in(head)
        self.assertEqual(own, HELP.own)

    def test_help(self):
        """Each verb has its usage, one line for each option, and an example of itself."""
        for verb, shown in HELP.of_verbs.items():
            self.assertEqual(run(LPCTL, verb, "--help").stdout, shown)
            self.assertEqual(run(LPCTL, "-h", verb, "--json=off").stdout, shown)
            self.assertRegex(shown, rf"\Alpctl \[OPTION…\] {verb}[ \n]")
            self.assertRegex(shown, rf"\nExample:\n  lpctl {verb}\b")
            self.assertLessEqual(max(map(len, shown.split("\n"))), 80)
        lines = run(LPCTL, "--help").stdout.split("\n")
        self.assertLessEqual(max(map(len, lines)), 80)
        self.assertEqual([len(options_in(line[:33])) for line in lines if line.startswith("  --")], [1] * sum(
            line.startswith("  --") for line in lines))

    def test_lpd_verbs(self):
        out = run(LPD, "--help").stdout
        found = definitions(page("lpd.8")["COMMANDS"], r"\*([^*]+)\*")
        self.assertEqual({word for word in found if not word.startswith("-")},
                         set(re.findall(r"^  ([a-z][a-z-]+) ", out, re.M)))

    def test_exit_statuses(self):
        codes = re.findall(r"EXIT_STATUS_\w+ = (\d+)", text("lpd/base/exit-status.h"))
        self.assertEqual(re.findall(r"^\|  (\d+)$", page("lpctl.8")["EXIT STATUS"], re.M), codes)
        error = json.loads(text("docs/lpd-status.schema.json"))["$defs"]["error"]
        self.assertEqual([0] + error["properties"]["exitStatus"]["enum"], list(map(int, codes)))

    def test_states(self):
        patch = json.loads(text("docs/lpd-status.schema.json"))["$defs"]["patch"]
        states = definitions(page("lpctl.8")["STATES"], r"\*([a-z]+)\*")
        later = {"quarantined"}
        self.assertEqual(set(states) | later, set(patch["properties"]["state"]["enum"]))

    def test_environment(self):
        sources = [p.read_text() for top in ("lpd", "generator") for p in (TOP / top).rglob("*.c")]
        read = set(re.findall(r'getenv\("(\w+)"\)', "".join(sources))) - {"INVOCATION_ID"}
        named = "".join(page(path.stem).get("ENVIRONMENT", "") for path in PAGES)
        self.assertEqual(set(re.findall(r"_([A-Z][A-Z_]+)_(?=[,\n])", named)), read)

    def test_kernel_command_line(self):
        switches = re.findall(r'"(lpd[a-z.]*)"', text("lpd/config/cmdline.c"))
        named = re.findall(r"\*((?:rd\.)?lpd[a-z.]*)=\*", page("lpd.8")["KERNEL COMMAND LINE"])
        self.assertEqual({name.removeprefix("rd.") for name in named}, set(switches))

    def test_commands_that_are_named(self):
        places = [*PAGES, TOP / "conf/lpd.catalog", TOP / "README.md", TOP / "docs/HACKING.md"]
        for path in places:
            for verb in re.findall(r"[*'`# ]lpctl ([a-z][a-z-]+)", path.read_text()):
                self.assertIn(verb, HELP.verbs, path.name)


class Keys(unittest.TestCase):
    """The keys of files, each with its section and its default."""

    def documented(self, name):
        keys = []
        for head, body in page(name).items():
            section = re.match(r"\[(\w+)(?::RELEASE)?\] SECTION OPTIONS", head)
            for key, says in definitions(body, r"\*(\w+)=\*").items() if section else []:
                words = " ".join(says.split())
                default = re.search(
                    r"(?:Defaults to (?:_([^_]+)_|the empty list)|Not set by default)\.", words)
                self.assertTrue(default, f"{key}= has no default in {name}")
                value = default[1] or ""
                keys.append((section[1].lower(), key, "" if value == "NAME.ko" else value))
        return keys

    def effective(self):
        with tempfile.TemporaryDirectory() as root:
            done = run(LPCTL, f"--root={root}", "cat-config", "--json=short")
        return [(o["section"], o["key"], o["value"]) for o in json.loads(done.stdout)["options"]]

    def test_policy(self):
        wanted = [(section.lower(), key, value) for section, key, value in self.effective()]
        self.assertEqual(self.documented("lpd.conf.5"), wanted)

    def test_manifest(self):
        source = text("lpd/config/manifest.c")
        patch = re.findall(r'^    PATCH\("(\w+)", "([^"]*)"', source, re.M)
        kernel = re.findall(r'^    KERNEL\("(\w+)"', source, re.M)
        wanted = [("patch", *key) for key in patch] + [("kernel", key, "") for key in kernel]
        self.assertEqual(self.documented("lpd.patch.5"), wanted)

    def test_sample(self):
        sample = text("conf/lpd.conf")
        found = []
        for line in sample.splitlines():
            if line.startswith("["):
                section = line.strip("[]")
            elif assignment := re.match(r"#(\w+)=(.*)", line):
                found.append((section, *assignment.groups()))
        self.assertEqual(found, self.effective())
        with tempfile.TemporaryDirectory() as directory:
            path = Path(directory) / "lpd.conf"
            for version in (sample, re.sub(r"^#(\w+=)", r"\1", sample, flags=re.M)):
                path.write_text(version)
                done = run(LPCTL, "lint", path)
                self.assertEqual(done.returncode, 0, done.stdout)

    def test_examples(self):
        """The example files of the manual and the README are valid."""
        for path in [*PAGES, TOP / "README.md"]:
            blocks = re.findall(r"^```\w*\n# /etc/lpd/(\S+)\n(.*?)^```", path.read_text(),
                                re.M | re.S)
            for name, body in blocks:
                with tempfile.TemporaryDirectory() as directory:
                    file = Path(directory) / Path(name).name
                    file.write_text(body)
                    done = run(LPCTL, "lint", file)
                self.assertEqual(done.returncode, 0, f"{path.name}: {done.stdout}")


class Journal(unittest.TestCase):
    def setUp(self):
        self.events = re.findall(r'\[EVENT_\w+\] = \{ "([a-z-]+)", "([0-9a-f]{32})"',
                                 text("lpd/system/journal.c"))
        self.about_no_patch = {id_ for name, id_ in self.events if name.startswith("lock")}
        parts = re.split(r"^-- ([0-9a-f]{32})$", text("conf/lpd.catalog"), flags=re.M)
        self.catalog = dict(zip(parts[1::2], parts[2::2]))
        self.ids = re.findall(r"^-- (\S+)$", text("conf/lpd.catalog"), re.M)

    def test_events_in_manual(self):
        rows = re.findall(r"^_([a-z-]+)_ \(([0-9a-f]{32})\)$", page("lpd.8")["JOURNAL"], re.M)
        self.assertGreater(len(self.events), 0)
        self.assertEqual(rows, self.events)

    def test_fields_in_manual(self):
        fields = set(re.findall(r'"((?:LPD|MESSAGE)_[A-Z]+)"', text("lpd/system/journal.c")))
        found = definitions(page("lpd.8")["JOURNAL"], r"_([A-Z_]+)=_")
        self.assertEqual(set(found), fields)

    def test_catalog(self):
        self.assertEqual(sorted(self.ids), sorted(id_ for _, id_ in self.events))
        for id_, entry in self.catalog.items():
            head, _, body = entry.strip().partition("\n\n")
            keys = [line.split(": ")[0] for line in head.splitlines()]
            self.assertEqual(keys, ["Subject", "Defined-By", "Documentation"], id_)
            self.assertIn("\nDefined-By: lpd\n", head)
            self.assertEqual("@LPD_PATCH@" in body, id_ not in self.about_no_patch, id_)
            for name, number in re.findall(r"man:([\w.-]+)\((\d)\)", head):
                self.assertTrue((TOP / f"docs/man/{name}.{number}.scd").exists(), id_)

    def test_journalctl_takes_it(self):
        with tempfile.TemporaryDirectory() as root:
            directory = Path(root) / "usr/lib/systemd/catalog"
            directory.mkdir(parents=True)
            shutil.copy(TOP / "conf/lpd.catalog", directory)
            done = run("journalctl", "--update-catalog", f"--root={root}")
            self.assertEqual((done.returncode, done.stderr), (0, ""))
            listed = run("journalctl", "--list-catalog", f"--root={root}").stdout
        self.assertEqual(listed.count(" lpd: "), len(self.events))


BASH_DRIVER = r"""
source "$1"
exec 3>&2
lpctl() {
    echo "$*" >&3
    [[ $* == *'list --no-legend --full' ]] && printf 'fix-a active  now\nother failed\n'
}
while IFS= read -r line; do
    IFS=' ' read -ra COMP_WORDS <<<"$line"
    [[ $line == *' ' ]] && COMP_WORDS+=('')
    COMP_CWORD=$((${#COMP_WORDS[@]} - 1)) COMPREPLY=()
    _lpctl
    echo "${COMPREPLY[*]}"
done
"""


class Bash(unittest.TestCase):
    """Words are split as bash does it: "=" is a word of its own."""

    def complete(self, *lines):
        done = run("bash", "-c", BASH_DRIVER, "bash", TOP / "completion/bash/lpctl",
                   cwd=self.directory, input="".join(f"{line}\n" for line in lines))
        self.asked = done.stderr
        return [set(line.split()) for line in done.stdout.split("\n")[:-1]]

    def setUp(self):
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.directory = Path(scratch.name)
        (self.directory / "sub").mkdir()
        for name in ("a.ko", "b.ko.xz", "c.txt", "fix.conf"):
            (self.directory / name).touch()

    def test_verbs(self):
        self.assertEqual(self.complete("lpctl "), [set(HELP.verbs)])
        self.assertEqual(self.complete("lpctl --json = short ins"), [{"install"}])

    def test_options(self):
        found = self.complete(*(f"lpctl {verb} -" for verb in HELP.verbs))
        for verb, words in zip(HELP.verbs, found):
            self.assertEqual({w.rstrip("=") for w in words}, HELP.common | HELP.own[verb], verb)

    def test_values(self):
        found = self.complete("lpctl --json =", "lpctl list --json = p", "lpctl install --stage = i")
        self.assertEqual(found, [{"pretty", "short", "off"}, {"pretty"}, {"initrd"}])

    def test_names(self):
        self.assertEqual(self.complete("lpctl why ", "lpctl remove f", "lpctl keys "),
                         [{"fix-a", "other"}, {"fix-a"}, set()])
        self.complete("lpctl --root = /x show ")
        self.assertEqual(self.asked, "--root=/x list --no-legend --full\n")

    def test_files(self):
        modules = {"a.ko", "b.ko.xz", "sub"}
        self.assertEqual(self.complete("lpctl install ", "lpctl lint f", "lpctl load "),
                         [modules, {"fix.conf"}, modules | {"fix-a", "other"}])


class Zsh(unittest.TestCase):
    def test_syntax(self):
        done = run("zsh", "-n", TOP / "completion/zsh/_lpctl")
        self.assertEqual((done.returncode, done.stderr), (0, ""))

    def test_verbs(self):
        verbs = re.findall(r"^        '([a-z-]+):", text("completion/zsh/_lpctl"), re.M)
        self.assertEqual(verbs, HELP.verbs)

    def test_options(self):
        source = text("completion/zsh/_lpctl")
        common = re.search(r"common=\((.*?)^    \)", source, re.M | re.S)[1]
        self.assertEqual(options_in(re.sub(r"\[.*?\]", "", common)), HELP.common)
        own = {verb: set() for verb in HELP.verbs}
        arms = re.search(r"^    case .*? in\n(.*?)^    esac", source, re.M | re.S)[1]
        for verbs, body in re.findall(r"^        (\S+)\)(.*?);;$", arms, re.M | re.S):
            for verb in filter(None, verbs.replace("''", "").split("|")):
                own[verb] |= set(re.findall(r"'(--[a-z-]+)", body))
        self.assertEqual(own, {v: {o for o in HELP.own[v] if o.startswith("--")} for v in HELP.verbs})


TREE = {
    "etc/machine-id": "0123456789abcdef0123456789abcdef\n",
    "proc/sys/kernel/osrelease": "6.1.0-56-cloud-amd64\n",
    "etc/lpd/lpd.conf.d/10-test.conf": "[Trust]\nSignature=permissive\n",
    "etc/lpd/patches.d/bad.conf": "[Patch]\nTiemout=3\n",
    "etc/lpd/patches.d/fix-a.conf": "[Patch]\nDescription=one\nFixes=CVE-1 CVE-2\nRequired=yes\n",
    "etc/lpd/patches.d/fix-b.conf": "[Patch]\nStage=initrd\nRollout=0%\n",
}


class Schemas(unittest.TestCase):
    """All output matches the schemas. Patched machines are left to the other tests."""

    def setUp(self):
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.root = Path(scratch.name)
        for name, content in TREE.items():
            (self.root / name).parent.mkdir(parents=True, exist_ok=True)
            (self.root / name).write_text(content)
        self.status = json.loads(text("docs/lpd-status.schema.json"))
        self.verbs = json.loads(text("docs/lpctl.schema.json"))

    def fits(self, verb, value):
        schema = {**self.verbs, "$ref": f"#/$defs/{verb}"}
        resolver = jsonschema.RefResolver.from_schema(
            schema, store={"lpd-status.schema.json": self.status})
        jsonschema.Draft202012Validator(schema, resolver=resolver).validate(value)

    def prints(self, verb, *arguments, status=0, schema=None):
        done = run(LPCTL, f"--root={self.root}", verb, *arguments, "--json=short")
        self.assertEqual(done.returncode, status, done.stdout)
        value = json.loads(done.stdout)
        self.assertEqual("error" in value, status != 0)
        self.fits(schema or verb, value)
        return value

    def test_schemas_are_schemas(self):
        for schema in (self.status, self.verbs):
            jsonschema.Draft202012Validator.check_schema(schema)

    def test_codes(self):
        """The list of reason codes in the schema is exactly the set that the programs use."""
        codes = self.status["$defs"]["reasonCode"]["enum"]
        sources = "".join(p.read_text() for p in (TOP / "lpd").rglob("*.[ch]"))
        self.assertEqual([code for code in codes if f'"{code}"' not in sources], [])
        deferrals = re.findall(r'\(struct deferral\)\{ "([a-z-]+)"', text("lpd/ctl/install.c"))
        self.assertGreater(len(deferrals), 2)
        self.assertLessEqual(set(deferrals), set(codes))

    def test_place(self):
        """The schemas are installed in the directory that the manual names, by version."""
        version = self.status["properties"]["schemaVersion"]["const"]
        self.assertIn(f"'lpd' / 'schema' / '{version}'", text("docs/meson.build"))
        for name in ("lpd-status", "lpctl"):
            self.assertIn(f"/usr/share/lpd/schema/{version}/{name}.schema.json", text("docs/man/lpctl.8.scd"))

    def test_every_verb_has_one(self):
        others = {"failure", "action", "task", "changes", "trustSteps", "build", "attempt"}
        self.assertEqual(set(self.verbs["$defs"]) - others, set(HELP.verbs) - {"log", "help"})

    def test_every_object_is_strict(self):
        def look(schema):
            if isinstance(schema, dict):
                if schema.get("type") == "object":
                    self.assertIs(schema.get("additionalProperties"), False, schema)
                    self.assertLessEqual(set(schema["required"]), set(schema["properties"]))
                schema = schema.values()
            for item in schema if not isinstance(schema, (str, int)) and schema is not None else []:
                look(item)
        look(self.status)
        look(self.verbs)

    def test_looking(self):
        self.assertEqual(len(self.prints("status")["patches"]), 3)
        self.prints("list")
        self.prints("metrics")
        self.prints("status", "fix-a", "bad")
        self.prints("status", "--check", status=10)
        self.prints("show", "fix_a", "fix-b")
        self.prints("show", "none", status=3)
        self.prints("why", "fix-a")
        self.prints("why", "bad")
        self.prints("why", "none", status=3, schema="failure")
        self.prints("blocking")
        self.assertEqual(len(self.prints("lint", status=78)["problems"]), 1)
        self.prints("cat-config")

    def test_changing(self):
        self.assertTrue(self.prints("disable", "fix-a")["changed"])
        self.assertFalse(self.prints("disable", "fix-a")["changed"])
        self.prints("enable", "fix-a")
        self.prints("enable", "none", status=3)
        self.prints("remove", "fix-b")
        self.prints("install", "/nonexistent.ko", status=1)
        self.prints("load", "fix-a", status=64)
        self.prints("unload", "fix-a", status=64)
        self.prints("import-kpatch")
        self.assertEqual(len(self.prints("apply", "--dry-run", status=6)["actions"]), 2)
        self.prints("apply", status=64)
        self.prints("lock", status=64)

    def test_broken_policy(self):
        (self.root / "etc/lpd/lpd.conf").write_text("nonsense\n")
        self.assertIn("lpd.conf:1", self.prints("status")["policy"]["problem"])
        self.prints("cat-config", status=78)


class Platforms(unittest.TestCase):
    """docs/PLATFORMS.md ends with the table that the bench prints, with or without results."""

    def table(self, *options):
        table = run(sys.executable, TOP / "tests/vm/run", "--table", *options)
        self.assertEqual(table.returncode, 0, table.stderr)
        return table.stdout

    @staticmethod
    def without_results(page):
        page = re.sub(r"^The results are those of runs from .*\n\n", "", page, flags=re.M)
        page = re.sub(r"\b(CI|soak): (?:passed|unstable|failed|not run)(?= \|)", r"\1", page)
        return re.sub(r"^\| \*kernel\* .*$", lambda row: re.sub(r"(\d\.\d+)\.[\w.+~-]+", r"\1", row.group()), page,
                      flags=re.M)

    def test_table(self):
        self.assertTrue(self.without_results(text("docs/PLATFORMS.md")).endswith(f"\n\n{self.table()}"),
                        "run: tests/vm/run --table=docs/PLATFORMS.md")

    def test_results(self):
        outcomes = {"bench-smoke": "passed", "by-hand": "failed", "probe": "unstable"}
        results = [{"case": case, "machine": "12/6.1", "outcome": outcome, "kernel": "6.1.0-99-cloud-amd64", "seconds": 2.5,
                    "date": f"2026-11-{day}"} for day, (case, outcome) in enumerate(outcomes.items(), 20)]
        with tempfile.TemporaryDirectory() as directory:
            file = Path(directory) / "results.json"
            file.write_text(json.dumps(results))
            table = self.table("--results", file)
        self.assertTrue(table.startswith("The results are those of runs from 2026-11-20 to 2026-11-22.\n\n| case |"), table)
        self.assertRegex(table, r"\| \*kernel\* \| \| 6\.1\.0-99-cloud-amd64 \| 6\.12 \|")
        for case, outcome in outcomes.items():
            self.assertRegex(table, rf"(?m)^\| {case} \| the bench \| CI: {outcome} \|")
        self.assertRegex(table, r"(?m)^\| probe \| the bench \| CI: unstable \|  \|")
        self.assertRegex(table, r"(?m)^\| undone \| the bench \| CI: not run \|")
        self.assertEqual(self.without_results(table), self.table())


if __name__ == "__main__":
    # newer versions of jsonschema warn that RefResolver is deprecated
    unittest.main(verbosity=2, warnings="ignore")
