#!/usr/bin/env python3
"""Compares verify.py with the verdicts of every test vector, and with itself where one byte of a vector is flipped.

    python3 check.py            every verdict and count, then the control; exit 1 on any difference
"""

import json
import os
import shutil
import sys
import tempfile

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


def main():
    with open(os.path.join(VECTORS, "verdicts.json"), encoding="utf-8") as file:
        verdicts = json.load(file)
    differences = [line for name, verdict in verdicts.items() for line in wrong(name, verdict)]
    good = [name for name, verdict in verdicts.items() if verdict.get("exit_with_key", verdict["exit"]) == 0]
    differences += [f"{name}: a flipped bit went unseen" for name in good if control(name, verdicts[name]) == 0]
    print("\n".join(differences + [f"{len(verdicts)} vectors, {len(good)} flipped, {len(differences)} wrong"]))
    return bool(differences)


if __name__ == "__main__":
    sys.exit(main())
