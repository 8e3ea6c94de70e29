#!/usr/bin/env python3
"""An independent verifier of audit trails, written from docs/FORMAT.md alone; section numbers in comments are that text's.

Exit codes: 0 consistent or verified, 1 tampered, 2 open or torn, 3 unknown key, 4 cannot read. `--help` lists the options.
Python 3.11 and its standard library; mode `signed` also needs the package `cryptography`.
"""

import argparse
import copy
import fcntl
import json
import os
import re
import sys
from itertools import chain

from header import RANKS, File, classify
from key import Key, file_keys
from line import CannotRead, b64, binary, chunks, clean, is_day, is_time, lines, parse, point_of, sha, unframe, whole
from walk import OWN, WINDOW, Walk, is_whole, reaches_a_seal

STATE = 1 << 16  # the longest state file, in bytes
NAME = re.compile(r"audit-(\d{4})-(\d\d)-(\d\d)(?:\.part(\d{4}|[1-9]\d{4,}))?\.jsonl(\.gz)?", re.A)


def checks(data):
    """Whether a state file's check is right (11)."""
    body, _, check = data.rpartition(b',"head_check":"')
    return check == b64(sha(b"\x06", body)).encode() + b'"}\n'


def read_state(path):
    """The state file: its object, or None where it does not check (11)."""
    data = b""
    for chunk in chunks(path):
        data += chunk
        if len(data) > STATE:
            return None
    number = re.match(rb'\{"tracing_audit_state":([1-9]\d*),', data)
    if number and number[1] != b"1":
        if checks(b'{"tracing_audit_state":1,' + data[number.end():]):
            return None
        raise CannotRead(f"{path}: a state file of version {number[1].decode()[:20]}")
    state = parse(data[:-1]) if number and checks(data) else None
    if not state:
        return None
    mark = state.get("durable")
    good = binary(state.get("trail"), 16) and whole(state.get("next_run"), 1) and type(state.get("clean")) is bool
    if mark is not None and isinstance(mark, dict):
        good = good and whole(mark.get("file"), 1) and whole(mark.get("seq")) and binary(mark.get("head"), 32)
    times = is_time(state.get("max_clock")) and (state.get("pruned", 0) is None or is_time(state.get("pruned")))
    return state if good and times and (mark is None or isinstance(mark, dict)) and "durable" in state else None


class Verifier:
    def __init__(self, directory, state=True, key=None, anchors=(), strict=False, chained=False):
        self.directory, self.state_path, self.anchors, self.strict = os.path.abspath(directory), state, anchors, strict
        self.key, self.chained = None if chained else copy.copy(key), chained
        self.key_given = bool(self.key)  # whatever it is a key to
        self.faults, self.blind, self.wanted, self.file_keys = [], False, set(), {}
        self.files, self.live, self.oldest, self.trail, self.signing = {}, [], None, None, False
        self.walk, self.end, self.locked = Walk(self), None, False
        self.begun = False  # an empty file is there
        self.counts = dict.fromkeys(("files", "records", "superseded_lines", "unproven_bytes"))
        self.more = {"trust": None, "held": 0, "noted": None, "unclean": [], "early_prunes": []}

    def keyed(self, f, trust="sealed"):
        """Whether the key line covers the file, in mode `trust` or better."""
        return bool(self.key) and f.run >= self.key.run and RANKS[f.trust] >= RANKS[trust]

    def fault(self, kind, file=None, line=None, seq=None, code=1):
        self.faults.append((code, kind, file, line, seq))

    def unreached(self, kind, seq=None):
        """What may be in a file that this verifier cannot read is not tampering (12, 1)."""
        self.fault(kind, seq=seq, code=4 if self.blind else 1)

    def run(self):
        try:
            self.judge()
        except CannotRead as why:
            self.fault(str(why), code=4)
        self.faults += self.walk.faults
        codes = {fault[0] for fault in self.faults}
        report = {"exit": next((code for code in (1, 3, 4, 2) if code in codes), 0), "live": self.locked, **self.counts, **self.more}
        names = ("code", "kind", "file", "line", "seq")
        return {**report, "faults": [dict(zip(names, fault)) for fault in self.faults]}

    def state(self):
        path = self.state_path
        if path is True:
            parent, name = os.path.split(self.directory)
            choices = [self.directory + ".keys/state", parent + ".keys/" + name + "/state"]
            path = next((choice for choice in choices if os.path.lexists(choice)), None)
        if not path:
            return None, False
        state = read_state(path)
        if state is None:
            self.fault("state")
        return state, True

    def is_locked(self):
        try:
            handle = os.open(self.directory + "/.lock", os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
        except OSError:
            return False
        try:
            fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
            return False
        except BlockingIOError:
            return True
        finally:
            os.close(handle)

    def sort(self, names):
        """The files with valid headers by number, and the unreadable ones as (path, has no line feed) (12, 1 and 2)."""
        forms, found, unreadable = {}, [], []
        for name in names:
            forms.setdefault(name.removesuffix(".gz"), []).append(name)
        for base, both in sorted(forms.items()):
            kinds = []
            for name in sorted(both):
                path = f"{self.directory}/{name}"
                try:
                    kinds.append((*classify(path), path))
                except CannotRead as why:
                    kinds.append(("closed", str(why), path))
            best = next((kind for kind in kinds if kind[0] in ("valid", "unknown", "closed")), None)
            for kind in kinds:
                if kind[0] == "closed" or kind == best and kind[0] == "unknown":
                    self.blind = True
                    self.fault(kind[1], base, code=4)
            if best and best[0] == "valid":
                same = [path for kind, keys, path in kinds if kind == "valid" and keys == best[1]]
                found.append(File(base, same, best[1]))
            elif not best and all(kind == "empty" for kind, *_ in kinds):
                self.begun = True
            elif not best:
                unreadable += [(path, kind) for kind, _, path in kinds if kind != "empty"][-1:]
        return found, unreadable

    def set_apart(self, files, unreadable):
        """In the keyed modes the newest files are unreadable as long as no line in them is sealed (12, 1)."""
        while ours := [f for f in files if self.key and f.keys["trail"] == self.key.trail]:
            newest = max(f.number for f in ours)
            apart = [f for f in ours if f.number == newest and f.trust != "chained" and not self.sealed_form(f)]
            if not apart:
                return
            for f in apart:
                files.remove(f)
                unreadable.append((f.paths[0], "unsealed"))

    def sealed_form(self, f):
        """Chooses the form of a newest file: without a seal none verifies. False if the chosen one has none."""
        sealed = [path for path in f.paths if reaches_a_seal(f, path)]
        if f.paths[1:]:
            f.paths = [next((path for path in sealed if self.verifies(f, path, None, False, self.keyed(f))), f.paths[0])]
        return f.paths[0] in sealed

    def verifies(self, f, path, until, cuts, keyed):
        commit = f.keys["commit"]
        # What cannot be derived is said where the trail is followed; what the headers show wrong is tampering all the same.
        keyed = keyed and commit <= f.seq and self.key.near(f.run, commit)
        key = (not self.key.root and self.key.at(f.run, commit)) if keyed else None
        return is_whole(f, path, until, cuts, key)

    def branch(self):
        """The live files, oldest first (12, 3), after a look at what must not be among all of them (12, 2)."""
        if self.files:
            self.live = [self.files[max(self.files)]]
        while self.live and self.live[0].prev in self.files:
            self.live.insert(0, self.files[self.live[0].prev])
        for run in {f.run for f in self.files.values()}:
            if len({f.keys["run_id"] for f in self.files.values() if f.run == run}) > 1:
                self.fault("fork")
        if self.live:
            self.oldest, self.trail, self.more["trust"] = self.live[0], self.live[0].keys["trail"], self.live[-1].trust
        return self.live

    def seams(self):
        """Contradictions between neighbours that their headers show (12, 5 and 6; 14). Returns where they stand."""
        bad = set()
        for a, b in zip(self.live, self.live[1:]):
            same = a.run == b.run and a.keys["run_id"] == b.keys["run_id"]
            runs = {"rotate": same, "resync": a.run <= b.run}.get(b.cause, a.run < b.run)
            if not runs or RANKS[a.trust] > RANKS[b.trust]:
                self.fault("trust" if runs else "run", b.name, 1)
                bad.add(b)
            if not b.cuts and any(a.number < number < b.number for number in self.files):
                self.fault("a file between", b.name, 1)
        return bad

    def demands(self):
        """What the key line asks of the headers (14)."""
        key, before = self.key, None
        for f in self.live:
            if f.run >= key.run and RANKS[f.trust] < RANKS["signed" if key.root else "sealed"]:
                self.fault("trust", f.name, 1)
            first = before.run < key.run if before else f.prev is None or f.run == key.run and f.cause in ("start", "recover")
            if first and f.run >= key.run and (f.head != key.head or f.prev is None and f.run > key.run):
                self.fault("not the start that the key line names", f.name, 1)
            before = f
        if self.live[-1].run < key.run and self.live[-1].trust != "chained" and self.to_come == (key.run, key.head):
            self.fault("unknown key: the run of the key line is yet to come", code=3)
        elif self.live[-1].run < key.run:
            self.unreached("no header of the run that the key line names, or of a later one")

    def want(self, files):
        """The points that notes state, so that the walk keeps head and root there."""
        for f in files:
            for line, _, ended in chain(*map(lines, f.paths)) if self.keyed(f, "signed") else ():
                own = ended and line and OWN.match(line)
                said = (parse(line) or {}).get("metadata") if own and own[2] == b"CHECKPOINT" else None
                if isinstance(said, dict) and whole(said.get("file")) and whole(said.get("seq")):
                    self.wanted.add((said["file"], said["seq"]))

    def judge(self):
        state, has_state = self.state()
        self.locked = self.is_locked()
        try:
            entries = os.listdir(self.directory)
        except FileNotFoundError:
            entries = []
        except OSError as error:
            raise CannotRead(f"{self.directory}: {error.strerror}") from None
        matches = [found for found in map(NAME.fullmatch, entries) if found and is_day(*map(int, found.group(1, 2, 3)))]
        names = [found[0] for found in matches if found[4] is None or 1 < int(found[4]) < 1 << 32]
        files, unreadable = self.sort(names)
        trails = {f.keys["trail"] for f in files}
        if self.key and trails and self.key.trail not in trails:
            self.fault("another trail than the key line's")
            self.key = None
        if self.key and trails:
            self.file_keys = file_keys(self.directory + "/audit.keys", self.key.trail, self.key)
        self.set_apart(files, unreadable)
        if len(trails) > 1 or len({f.number for f in files}) < len(files):
            return self.fault("two trails, or two files with one number")
        self.files = {f.number: f for f in files}
        self.branch()
        if state and self.live and state["trail"] != self.trail:
            self.fault("the state file is of another trail")
            state = None
        mark = state and state["durable"] and (state["durable"]["file"], state["durable"]["seq"], binary(state["durable"]["head"], 32))
        self.to_come = (state["next_run"], mark[2]) if mark and state["clean"] else None
        far = max([seq for seq, head in self.anchors if isinstance(head, bytes)] + [mark[1] if mark else -1])
        self.evidence(unreadable)
        if self.live:
            far = max(far, self.walk.durable)
            self.conclude(self.follow(mark), unreadable, state, mark, far)
        elif self.key_given or self.anchors or far >= 0 or self.walk.durable:
            self.counts = dict.fromkeys(self.counts, 0)
            self.unreached("nothing is left of the trail")
        else:
            self.counts = dict.fromkeys(self.counts, 0)
            bare = not names and not has_state and not any(e == ".lock" or re.search(r"\.torn\d*$", e) for e in entries)
            self.fault("not a trail" if bare else "no live file", code=4 if bare else 2)

    def evidence(self, unreadable):
        """Durable points that lines in files without a header state (10)."""
        for path, kind in unreadable:
            for line, _, ended in lines(path) if kind != "no gzip" else ():
                if ended and clean(line) and unframe(line, True)[1]:
                    self.walk.own(None, 0, line, False)

    def choose(self, f, until, cuts, keyed):
        """The form that counts: the plain one if it verifies, else the compressed one if that does, else the first (5)."""
        best = (path for path in f.paths[1:] and f.paths if self.verifies(f, path, until, cuts, keyed))
        f.path = next(best, f.paths[0])
        return True

    def follow(self, mark):
        """Walks the live branch (16, 4). True if the walk came to its end."""
        below = [self.files[n] for n in sorted(self.files) if n < self.oldest.number]
        if self.key:
            self.demands()
            self.signing = any(self.keyed(f, "signed") for f in self.live + below)
        elif not self.chained and any(f.trust != "chained" for f in self.live):
            self.fault("unknown key", code=3)
        if self.signing:
            self.want(below + self.live)
        self.wanted.update([mark[:2]] if mark else [])
        going, after, bad = True, None, self.seams()
        self.walk.durable = 0
        for f, following in zip(self.live, self.live[1:] + [None]):
            until, cuts = (following.seq, following.cuts) if following else (None, False)
            self.choose(f, until, cuts, self.keyed(f))
            going = self.walk.lines(f, after, until, cuts, going=going and f not in bad)
            after = f
        for n, f in self.files.items():
            following = next((b for b in self.live if b.number >= n), None)
            if f not in self.live and following.prev is None or following.prev is not None and following.prev < n < following.number:
                self.walk.superseded += sum(ended for _, _, ended in lines(f.path))
        self.hold()
        return going

    def conclude(self, going, unreadable, state, mark, far):
        walk, oldest, newest = self.walk, self.oldest, self.live[-1]
        _, end, _ = point = walk.proven or (None, oldest.seq, oldest.head)
        unproven = walk.unproven + walk.pending_bytes
        self.counts = {"files": len(self.live), "records": end - oldest.seq, "superseded_lines": walk.superseded, "unproven_bytes": unproven}
        kept = walk.kept if walk.proven else point_of(oldest.keys.get("kept_from"))
        if oldest.prev is not None and not (kept and any((f.number, f.seq, f.head) == kept for f in self.live)):
            self.unreached("a file is missing")
        for n, (by, leaf, f, number) in walk.tombstones.items():
            if (n, leaf, by) not in walk.orders:
                self.fault("tombstone", f.name, number, n)
        # Only an end can be above what stands in a file that cannot be read: damage before it is damage.
        far = max([far] + [seq for (_, head), seq in walk.found.items() if isinstance(head, int)])
        partial = going or bool(walk.damage) and walk.damage[0] is newest and not walk.damage[3]
        near = max([walk.durable, oldest.seq if oldest.cause != "rotate" else 0]
                   + [b.seq if b.cause != "rotate" else a.seq for a, b in zip(self.live, self.live[1:])])
        if end < near or end < far and not (partial and walk.seq == end):
            self.fault("the proven end is below a durable point", seq=end + 1)
        elif end < far:
            self.unreached("the proven end is below a durable point", end + 1)
        if mark and mark[1] <= end and mark[0] >= oldest.number and walk.seen.get(mark[:2], (None,))[0] != mark[2]:
            self.unreached("the mark has another head", mark[1])
        for seq, head in self.anchors:
            if walk.found.get((seq, head), end + 1) > end and seq + (WINDOW if isinstance(head, int) else 0) > oldest.seq:
                self.unreached("the anchor does not hold", seq)
        known = mark[1] if mark else 0  # an end before the mark, or with another head, is judged above
        if state and state["clean"] and ((end, bool(unproven)) > (known, False) or end == known and (point[0] or 0) > (mark or (0,))[0]):
            self.fault("more than the end that the state file knows")
        good = not unproven and walk.ended and (not state or state["clean"]) and not self.begun
        if self.key and self.key.root and (walk.noted is None or walk.noted < end - 2):
            good = False
        if not good and not (self.locked and partial):
            f, number, seq, _ = walk.damage or (newest, None, end + 1, None)
            self.fault("open or torn", f.name, number, seq, code=2)
        first = oldest.prev or 0
        spare = newest.number - first - 1 - sum(first < n < newest.number for n in self.files)
        for path, kind in sorted(unreadable, key=lambda file: file[1] == "torn")[max(spare, 0):]:
            if not (self.locked and kind == "torn"):
                self.fault("unfinished file", os.path.basename(path), code=2)
        unclean = [f.number for f in self.live if not f.keys["clean"]]
        self.more.update(unclean=[next((r for r in walk.recoveries if r["file"] == n), {"file": n}) for n in unclean],
                         early_prunes=walk.early, noted=walk.noted)
        if self.strict and (unclean or walk.early):
            self.fault("an earlier unclean end or early prune", code=2)

    def hold(self):
        """Files kept by a hold, each from its own header to the point that the newest proven header states (15)."""
        walk = self.walk
        for held in walk.held:
            start, (until, head) = held
            if any(start[0] == live.number for live in self.live) or start[0] in walk.gone:
                continue
            f = self.files.get(start[0])
            if f is None:
                self.unreached(f"the held file {start[0]} is missing")
                continue
            alone = Walk(self)
            for name in ("tombstones", "orders", "rows", "heads", "seen"):
                setattr(alone, name, getattr(walk, name))
            going = (f.seq, f.head) == start[1:] and self.choose(f, until, True, False) and alone.lines(f, None, until, True)
            for name in ("tombstones", "orders"):
                getattr(walk, name).update(getattr(alone, name))
            self.faults += alone.faults
            if not going or alone.proven != (f.number, until, head) or RANKS[f.trust] > RANKS[self.oldest.trust]:
                self.fault("held file", f.name)
            self.more["held"] += 1


def anchor_of(text):
    seq, _, head = text.partition(":")
    if not re.fullmatch(r"\d{1,16}", seq, re.A) or not whole(int(seq)):
        raise ValueError
    full = binary(head, 32)
    if full is None and not re.fullmatch(r"\d{1,15}", head, re.A):
        raise ValueError
    return int(seq), full or int(head)


def main(arguments):
    parser = argparse.ArgumentParser(description="Verifies an audit trail.")
    parser.error = lambda message: (print(message, file=sys.stderr), sys.exit(4))
    parser.add_argument("dir")
    parser.add_argument("--state", help="the state file (default: DIR.keys/state)")
    parser.add_argument("--no-state", action="store_true")
    parser.add_argument("--key", help="the key line")
    parser.add_argument("--key-file")
    parser.add_argument("--anchor", action="append", default=[], type=anchor_of, metavar="SEQ:HEAD48|SEQ:HEAD43")
    parser.add_argument("--strict", action="store_true", help="unclean ends and early prunes make 2")
    parser.add_argument("--mode", choices=["chained"], help="ask of a keyed trail no more than the chain")
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args(arguments)
    try:
        line = b"".join(chunks(given.key_file)).decode() if given.key_file else given.key
        key = Key(line) if line is not None else None
    except (CannotRead, UnicodeDecodeError) as why:
        parser.error(str(why))

    def verify():
        state = False if given.no_state else given.state or True
        return Verifier(given.dir, state, copy.copy(key), given.anchor, given.strict, given.mode == "chained").run()
    report = verify()
    if report["exit"] and report["live"]:
        report = verify()  # a writer may have moved on in between (11)
    if given.json:
        print(json.dumps(report))
    else:
        word = ["consistent" if report["trust"] == "chained" or given.mode else "verified", "tampered", "open or torn", "unknown key", "cannot read"]
        print(f"{given.dir}: {word[report['exit']]}, {report['records']} records in {report['files']} files")
        for fault in report["faults"]:
            print("  " + ", ".join(f"{name} {value}" for name, value in fault.items() if value is not None))
    return report["exit"]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
