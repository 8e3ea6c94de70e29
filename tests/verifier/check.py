#!/usr/bin/env python3
"""Compares verify.py with the verdicts of every test vector.

    python3 check.py    every verdict and count, then what is hostile, then the control: a flipped bit. Exit 1 on any difference
"""

import gzip
import io
import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile

import bundle
import proof
import verify

VECTORS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "docs", "vectors")
COUNTS = ("files", "records", "superseded_lines", "unproven_bytes")


def run(directory, verdict, key=False, anchor=None, **more):
    line = verify.Key(verdict["key"]) if key else None
    anchors = [verify.anchor_of(anchor)] if anchor else []
    return verify.Verifier(directory, key=line, anchors=anchors, **{"state": False, **more}).run()


def cases(verdict):
    """(name of the expected exit code, how to ask for it)"""
    with_key = {"key": "key" in verdict}
    yield "exit", {}
    yield "exit_strict", {"strict": True}
    yield "exit_with_state", {"state": True, **with_key}
    yield "exit_with_key", {"key": True}
    yield "exit_with_anchor", {"anchor": verdict.get("anchor"), **with_key}
    yield "exit_mode_chained", {"chained": True}


def wrong(name, verdict):
    """What differs from the verdict of one vector."""
    directory = os.path.join(VECTORS, name)
    for what, how in cases(verdict):
        if what not in verdict:
            continue
        report = run(directory, verdict, **how)
        counted = "exit_with_key" if "key" in verdict else "exit"
        expected = {key: verdict[key] for key in COUNTS if key in verdict and what == counted}
        found = {"exit": report["exit"], **{key: report[key] for key in expected}}
        if found != {"exit": verdict[what], **expected}:
            yield f"{name} {what}: {found}, wanted {verdict[what]} {expected}: {report['faults']}"


def control(name, verdict):
    """A flipped bit in the middle of the newest file must not leave a good trail good."""
    with tempfile.TemporaryDirectory() as temp:
        directory = shutil.copytree(os.path.join(VECTORS, name), os.path.join(temp, name))
        path = os.path.join(directory, max(file for file in os.listdir(directory) if file.startswith("audit-20")))
        with open(path, "r+b") as file:
            data = bytearray(file.read())
            data[len(data) // 2] ^= 1
            file.seek(0)
            file.write(data)
        return run(directory, verdict, key="key" in verdict)["exit"]


def proven(text, key):
    try:
        return proof.prove(text, key)
    except (proof.Wrong, verify.CannotRead):
        return None


def proofs():
    """Where a proof does not hold as proofs.json says, or one that holds does so with a bit changed."""
    with open(os.path.join(VECTORS, "proofs.json"), encoding="utf-8") as file:
        verdicts = json.load(file)
    key = verdicts.pop("key")
    for name, verdict in verdicts.items():
        with open(os.path.join(VECTORS, "proofs", name + ".json"), encoding="utf-8") as file:
            text = file.read()
        if bool(proven(text, key)) != verdict["holds"]:
            yield f"proof {name}: wanted {verdict['holds']}"
        for at in range(len(text) - 1) if verdict["holds"] else ():
            changed = text[:at] + chr(ord(text[at]) ^ 1 << at % 5) + text[at + 1:]
            if proven(changed, key):
                yield f"proof {name}: a change at {at} went unseen"


def bundles():
    """The same of bundles.json, where every byte counts."""
    with open(os.path.join(VECTORS, "bundles.json"), encoding="utf-8") as file:
        verdicts = json.load(file)
    default = verdicts.pop("key")
    for name, verdict in verdicts.items():
        with open(os.path.join(VECTORS, "bundles", name + ".jsonl"), "rb") as file:
            data = file.read()
        key = verdict.get("key", default)
        found = bundle.judge(io.BytesIO(data), [key])
        shown = [seq for first, last in verdict.get("records", ()) for seq in range(first, last + 1)]
        if found["exit"] != verdict["exit"] or shown and found["records"] != shown:
            yield f"bundle {name}: {found}, wanted {verdict['exit']} {shown}"
        alone = bundle.judge(io.BytesIO(data))["exit"]
        if "exit_without_key" in verdict and alone != verdict["exit_without_key"]:
            yield f"bundle {name} without a key: {alone}"
        for at in range(len(data)) if verdict["exit"] == 0 else ():
            changed = data[:at] + bytes([data[at] ^ 1 << at % 8]) + data[at + 1:]
            if bundle.judge(io.BytesIO(changed), [key])["exit"] == 0:
                yield f"bundle {name}: a change at {at} went unseen"


def limited():
    resource.setrlimit(resource.RLIMIT_AS, (400 << 20, 400 << 20))


def hostile():
    """What a directory may hold to stop, fill or mislead a verifier, each beside a good trail: (what, exit code)."""
    name = "audit-2026-12-01.jsonl"
    stories = {
        "a pipe": (4, lambda path: os.mkfifo(path)),
        "a link": (4, lambda path: os.symlink(os.path.join(os.path.dirname(path), "audit-2026-11-20.jsonl"), path)),
        "a directory": (4, os.mkdir),
        "a line of 1 GiB": (2, lambda path: os.truncate(os.open(path, os.O_CREAT | os.O_WRONLY), 1 << 30)),
        "1 GiB compressed": (2, lambda path: bomb(path + ".gz")),
    }
    for what, (wanted, make) in stories.items():
        with tempfile.TemporaryDirectory() as temp:
            directory = shutil.copytree(os.path.join(VECTORS, "one-file"), os.path.join(temp, "trail"))
            make(os.path.join(directory, name))
            command = [sys.executable, os.path.join(os.path.dirname(__file__), "verify.py"), "--json", directory]
            found = subprocess.run(command, preexec_fn=limited, capture_output=True, text=True, timeout=300)
            if found.returncode != wanted or json.loads(found.stdout)["exit"] != wanted:
                yield f"{what}: {found.returncode}, wanted {wanted}: {found.stdout}{found.stderr}"


def bomb(path):
    with gzip.open(path, "wb", compresslevel=1) as file:
        for _ in range(1024):
            file.write(bytes(1 << 20))


def main():
    with open(os.path.join(VECTORS, "verdicts.json"), encoding="utf-8") as file:
        verdicts = json.load(file)
    differences = [line for name, verdict in verdicts.items() for line in wrong(name, verdict)] + list(hostile()) + list(proofs()) + list(bundles())
    good = [name for name, verdict in verdicts.items() if verdict.get("exit_with_key", verdict["exit"]) == 0]
    differences += [f"{name}: a flipped bit went unseen" for name in good if control(name, verdicts[name]) == 0]
    print("\n".join(differences + [f"{len(verdicts)} vectors, {len(good)} of them also flipped, {len(differences)} wrong"]))
    return bool(differences)


if __name__ == "__main__":
    sys.exit(main())
