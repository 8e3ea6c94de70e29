"""What the fault harnesses share: the program that records (tests/bin/durable_writer.rs), what it was told, what is left."""

import collections
import json
import os
import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent


def build(name="durable_writer", features=()):
    """The program, built in release mode; with --debug as `cargo test` has built it already."""
    debug = "--debug" in sys.argv
    mode = ["--all-features"] if debug else ["--release", *(f"--features={feature}" for feature in features)]
    subprocess.run(["cargo", "build", *mode, "--quiet", "--example", name], cwd=ROOT, check=True)
    target = ROOT / os.environ.get("CARGO_TARGET_DIR", "target")
    return str(target / ("debug" if debug else "release") / "examples" / name)


class Told:
    """The lines of `durable_writer write`: what was acknowledged at which level, what was refused, whether it began."""

    def __init__(self):
        self.upto = {}
        self.refused = collections.defaultdict(set)
        self.why = collections.Counter()
        self.began = 0
        self.status = None
        self.refused_start = None

    def hear(self, text):
        for line in text.split("\n")[:-1]:  # behind the last line feed is a line that the kill cut short
            self.hear_line(line.strip("\r"))

    def hear_line(self, line):
        kind, _, rest = line.partition(" ")
        if kind == "A":
            level, cycle, thread, n = rest.split(" ")
            key = (level, f"{cycle}/{thread}")
            self.upto[key] = max(self.upto.get(key, 0), int(n))
        elif kind == "E":
            cycle, thread, n, why = rest.split(" ", 3)
            self.refused[f"{cycle}/{thread}"].add(int(n))
            self.why[why] += 1
        elif kind == "S":
            self.status = [int(count) for count in rest.split(" ")]
        elif kind == "R":
            self.began += 1
        elif kind == "B":
            self.refused_start = rest

    def acknowledged(self, level):
        return sum(upto - sum(1 for n in self.refused[user] if n <= upto)
                   for (at, user), upto in self.upto.items() if at == level)

    def lost(self, level, records):
        """How many acknowledged records are not among `records` (user -> numbers)."""
        lost = 0
        for (at, user), upto in self.upto.items():
            if at == level:
                there = records.get(user, ())
                lost += sum(1 for n in range(1, upto + 1) if n not in there and n not in self.refused[user])
        return lost


class Left:
    """What `durable_writer read` finds: the verdict, the records, and whether every thread's stand in its order."""

    def __init__(self, writer, directory):
        found = subprocess.run([writer, "read", directory], capture_output=True, text=True)
        self.text = found.stdout
        lines = found.stdout.split("\n")[:-1]
        self.verdict = int(lines[0].split(" ")[1]) if lines and lines[0].startswith("V ") else f"{found.stdout}{found.stderr}"
        self.faults = [line for line in lines if line.startswith("F ")]
        self.records = collections.defaultdict(set)
        self.own = collections.defaultdict(list)
        self.disorder = 0
        last = collections.defaultdict(int)
        seq = None
        for line in lines[1:]:
            number, _, rest = line.partition(" ")
            if number in ("F", "X"):
                continue
            if seq is not None and int(number) != seq + 1:
                self.disorder += 1
            seq = int(number)
            user, _, n = rest.partition(" ")
            if user.startswith("AUDIT_"):
                self.own[user].append(n)
                continue
            n = int(n)
            if n in self.records[user] or n < last[user]:
                self.disorder += 1
            last[user] = n
            self.records[user].add(n)


def left_by_peer(directory):
    """user -> numbers, of the whole lines in the other program's files."""
    records = collections.defaultdict(set)
    for path in pathlib.Path(directory).glob("peer*"):
        for line in path.read_bytes().split(b"\n"):
            try:
                fields = json.loads(line)["fields"]
            except (ValueError, KeyError):
                continue
            records[fields["user.id"]].add(fields["n"])
    return records


class Checks:
    """Figures that must be so, and controls that must not."""

    def __init__(self):
        self.wrong = []

    def that(self, holds, what):
        if not holds:
            self.wrong.append(what)
            print(f"WRONG: {what}", flush=True)

    def end(self):
        if self.wrong:
            sys.exit(f"{len(self.wrong)} wrong")


def tool(name, package, for_what):
    """Where a program is; says loudly what is left out without it."""
    import shutil
    found = shutil.which(name)
    if not found:
        print(f"SKIPPED: {for_what}: {name} is missing (apt-get install {package})", flush=True)
    return found
