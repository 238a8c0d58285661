# SPDX-License-Identifier: LGPL-2.1-or-later
"""lpctl for tests: keeps patches in the file FAKE_LPCTL, and notes each command in FAKE_LPCTL.log. A module whose text
begins with "bad" is refused, a manifest with the word "wrong" is one that lint rejects, and a patch called stuck
stays in transition."""

import hashlib
import json
import os
import sys

PATH = os.environ["FAKE_LPCTL"]


def end(status, value, message=None):
    if message:
        value["error"] = {"message": message, "hint": "look again", "exitStatus": status}
    print(json.dumps(dict(value, schemaVersion=1)))
    sys.exit(status)


def shown(name, patch):
    stored = f"{PATH}.{name}.ko"
    loaded = patch["state"] in ("active", "transition")
    return {"name": name, "state": patch["state"], "reason": patch.get("reason"), "enabledNext": patch["enabled"],
            "guard": patch.get("guard", "trial"), "module": {"sha256": patch["sha256"], "path": stored if os.path.exists(stored) else None},
            "kernelState": {"loaded": loaded, "transition": patch["state"] == "transition", "installed": loaded or None,
                            "probe": None}}


def main():
    words, options = [], set()
    for word in sys.argv[1:]:
        (options.add(word) if word.startswith("--") else words.append(word))
    patches = json.load(open(PATH)) if os.path.exists(PATH) else {}
    old = json.dumps(patches, sort_keys=True)
    verb, dry = words[0], "--dry-run" in options
    root = next((o.split("=")[1] for o in options if o.startswith("--root=")), None)
    given = next((o.split("=")[1] for o in options if o.startswith("--name=")), None)
    with open(PATH + ".log", "a") as log:
        print(verb, *sorted(o for o in options if not o.startswith(("--json", "--root"))), *map(os.path.basename, words[1:]),
              file=log)
    if verb == "status":
        end(0, {"patches": [shown(n, p) for n, p in patches.items()], "kernel": {"release": "6.1.0"}})
    if verb == "lint":
        problems = [{"message": f"{words[1]}:3: wrong value"}] if "wrong" in open(words[1]).read() else []
        end(*((78, {"problems": problems}, "1 problem found") if problems else (0, {"problems": []})))
    if verb == "lock":
        end(0, {"changed": not dry, "modules": [], "forecast": {"outcome": os.environ.get("FAKE_OUTCOME", "lock"),
                                                                 "reason": "a reason", "hint": None}})
    name = given or words[1]
    if verb == "install":
        data = open(words[1], "rb").read()
        if data.startswith(b"bad"):
            end(5, {"changed": False, "patches": []}, f"{name}: refused: bad signature")
        patch = patches.setdefault(name, {"enabled": True, "state": "absent", "sha256": None})
        patch["sha256"] = hashlib.sha256(data).hexdigest()
        if "--no-load" not in options and patch["enabled"]:
            patch["state"] = "transition" if name == "stuck" else "active"
        if not dry:
            with open(f"{PATH}.{name}.ko", "wb") as file:
                file.write(data)
        if not dry and root:
            os.makedirs(f"{root}/var/lib/lpd/modules/6.1.0", exist_ok=True)
            with open(f"{root}/var/lib/lpd/modules/6.1.0/{name}.ko", "wb") as file:
                file.write(data)
    elif name not in patches:
        end(0 if verb == "remove" else 3, {"changed": False, "patches": []},
            None if verb == "remove" else f"{name}: no such patch")
    elif verb == "show":
        end(0, {"patches": [shown(name, patches[name])]})
    elif verb == "remove":
        del patches[name]
        if not dry:
            os.unlink(f"{PATH}.{name}.ko")
    elif verb in ("enable", "disable"):
        patches[name]["enabled"] = verb == "enable"
        if "--now" in options:
            patches[name]["state"] = "disabled"
    elif verb == "load":
        patches[name]["state"] = "active"
    else:
        end(64, {}, f"unknown command {verb}")
    changed = json.dumps(patches, sort_keys=True) != old
    if not dry:
        with open(PATH, "w") as file:
            json.dump(patches, file)
    end(0, {"changed": changed and not dry, "wouldChange": changed, "patches": []})


main()
