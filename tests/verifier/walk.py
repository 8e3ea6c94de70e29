"""The walk along the chain: section 16 (step 4) of docs/FORMAT.md, and what proven records say."""

import base64
import re

from key import grow, root_of, seal_of, signed_by
from line import b64, binary, clean, held_of, is_time, le64, lines, listed, parse, point_of, seconds, sha, unframe, whole

WINDOW = 1 << 17  # how far from an anchor its head may stand
OWN = re.compile(rb'\{"seq":([1-9]\d{0,15}),"time":"[^"]{27}","event":"AUDIT_([A-Z_]+)"')
SEQ = re.compile(rb'\{"seq":([1-9]\d{0,15}),')
TOMBSTONE = re.compile(rb'"erased":"([\w-]{43})","by":([1-9]\d{0,15})', re.A)


def head_behind(f, line):
    """The head behind a file's header."""
    return sha(b"\x03", f.head, sha(b"\x00", unframe(line, False)[0]))


def step_of(seq, head, line, keyed):
    """The head behind a line that is good as record `seq`, its leaf, its tombstone if it is one, and its seal; or None (16, 4)."""
    start = b'{"seq":%d,' % seq
    if not clean(line) or not line.startswith(start):
        return None
    rest, tag, seal = unframe(line, keyed)
    rest = rest[len(start):]
    erased = TOMBSTONE.fullmatch(rest)
    leaf = binary(erased[1].decode(), 32) if erased else sha(b"\x00", rest) if rest.startswith(b'"time":"') else None
    head = leaf and sha(b"\x02", head, le64(seq), leaf)
    return (head, leaf, erased, seal) if leaf and tag == b64(head[:16]) else None


def reaches_a_seal(f, path):
    """Whether the chain from a file's header reaches a line with a seal frame, whatever that is worth (12, 1)."""
    return any(step[3] for step in chain_of(f, path) if step)


def is_whole(f, path, until, cuts, key):
    """Whether a form of a file verifies: its live part up to `until` is there and good, and nothing follows where nothing may (5).
    `key` is that of its first commit, None where seals are not looked at, and False where only their spelling is."""
    seq, index = f.seq, f.keys["commit"]
    for step in chain_of(f, path):
        if until is not None and seq >= until:
            return cuts
        seal = step and step[3]
        right, key = seal_of(key, f.run, index, step[0]) if key and seal else (binary(seal, 32), key)
        if not step or seal and key is not None and seal != (right and b64(right)):
            return False
        seq, index = seq + 1, index + bool(seal)
    return until is None or seq >= until


def chain_of(f, path):
    """Behind a file's header, what `step_of` says of each line, up to the first that is not good."""
    seq, head = f.seq, None
    for line, _, ended in lines(path):
        if head:
            seq, step = seq + 1, step_of(seq + 1, head, line, f.trust != "chained") if ended else None
            yield step
            if not step:
                return
        head = step[0] if head else head_behind(f, line)


class Walk:
    """The chain along the files, and what its proven lines say. What waits for a seal stands in `pending`."""

    def __init__(self, v):
        self.v, self.faults, self.pending, self.pending_bytes = v, [], [], 0
        self.file, self.seq, self.head, self.at_seal, self.stop, self.damage = None, 0, None, True, False, None
        self.proven, self.ended, self.unproven, self.superseded, self.durable = None, False, 0, 0, 0
        self.index = self.key = self.tree = self.noted = self.days = self.kept = None  # `index`: of the next seal
        self.held, self.gone, self.found, self.orders, self.tombstones = (), set(), {}, set(), {}
        self.seen, self.rows, self.heads, self.recoveries, self.early = {}, {}, {}, [], []

    def fault(self, kind, f, line=None, seq=None):
        self.faults.append((1, kind, f.name, line, seq))

    # What lines say, once they are proven.

    def on_file(self, f):
        self.kept, self.gone = point_of(f.keys.get("kept_from")), set()
        self.held = [held_of(held) for held in f.keys.get("held", ())]

    def on_tombstone(self, seq, what):
        self.tombstones[seq] = what

    def on_PRUNE(self, f, number, seq, time, said):
        kept = point_of(said.get("kept_from"))
        if not kept:
            return
        self.kept = kept
        self.gone.update(n for n in listed(said.get("files")) if whole(n, 1))
        policy, newest = said.get("policy_days"), said.get("newest")
        early = not whole(policy) or whole(self.days) and policy < self.days
        if early or is_time(newest) and is_time(time) and seconds(time) - seconds(newest) < policy * 86400:
            self.early.append(seq)

    def on_CONFIG(self, f, number, seq, time, said):
        settings = said["settings"] if isinstance(said.get("settings"), dict) else {}
        value = settings["retention"].get("value") if isinstance(settings.get("retention"), dict) else None
        days = isinstance(value, str) and re.fullmatch(r"(\d{1,9}) days", value, re.A)
        self.days = (int(days[1]) if days else None) if "retention" in settings else self.days

    def on_ERASE(self, f, number, seq, time, said):
        for n, leaf in zip(listed(said.get("seqs")), listed(said.get("leaves"))):
            if whole(n, 1) and n < seq and isinstance(leaf, str) and (n <= self.v.oldest.seq or n in self.tombstones):
                self.orders.add((n, leaf, seq))

    def on_RECOVER(self, f, number, seq, time, said):
        self.recoveries.append({"file": f.number, **{key: said.get(key) for key in ("last_seq", "torn_bytes", "state")}})

    def on_TAMPER_SUSPECTED(self, f, number, seq, time, said):
        self.fault("suspicion", f, number, seq)

    def on_CHECKPOINT(self, f, number, seq, time, said):
        """Mode `signed`: the note, under the row of keys of the file that it names (14)."""
        if not self.v.keyed(f, "signed"):
            return
        row, at = said.get("file"), said.get("seq")
        if whole(row, 1) and row < self.v.oldest.number and self.v.oldest.prev is not None and row not in self.rows:
            return  # its file was pruned
        root, head, after = (binary(said.get(name), 32) for name in ("root", "head", "next"))
        if not whole(row, 1) or not whole(at) or at >= seq or None in (root, head, after):
            return self.fault("note", f, number, seq)
        key, self.rows[row] = self.rows.get(row), after
        text = f"tracing-audit/{self.v.trail}\n{at}\n{base64.b64encode(root).decode()}\nfile {row}\nhead {said['head']}\nnext {said['next']}\n"
        if not key or not signed_by(key, binary(said.get("sig"), 64) or b"", text.encode()):
            self.fault("note", f, number, seq)
        elif self.seen.get((row, at)) != (head, root):
            self.fault("root", f, number, seq)
        elif self.v.file_keys.get(row) != self.heads.get(row):
            self.fault("audit.keys", f, number, seq)
        else:
            self.noted = at

    def own(self, f, number, line, good):
        """One of the crate's records. Durable points count wherever they stand (10), the rest only in good lines."""
        found = OWN.match(line)
        event = found and found[2].decode()
        if not found or not whole(int(found[1])) or event not in ("CHECKPOINT", "STOP") and not (good and hasattr(self, "on_" + event)):
            return
        seq, said = int(found[1]), parse(line)
        if said is None:
            return
        time, said = said["time"], said.get("metadata") if isinstance(said.get("metadata"), dict) else {}
        if event == "STOP":
            self.durable, self.stop = max(self.durable, seq - 1), good
        elif event == "CHECKPOINT" and whole(said.get("seq")) and said["seq"] < seq:
            self.durable = max(self.durable, said["seq"])
        if good and event != "STOP":
            self.pending.append((getattr(self.__class__, "on_" + event), f, number, seq, time, said))

    # The chain.

    def point(self, f, number, seal):
        """The point just reached: its seal, what is asked of it, and whether it is proven now. False: the seal is wrong."""
        keyed, at = self.v.keyed(f), (f.number, self.seq)
        if keyed and seal is not None:
            if self.key:
                right, self.key = seal_of(self.key, f.run, self.index, self.head)
            if b64(right) != seal if self.key else not binary(seal, 32):
                return self.fault("seal", f, number, self.seq)
            self.index += 1
        if at in self.v.wanted:
            self.seen[at] = (self.head, root_of(self.tree))
        for anchor in self.v.anchors:
            if abs(self.seq - anchor[0]) <= WINDOW and anchor[1] == int.from_bytes(self.head[:6], "big") or anchor == (self.seq, self.head):
                self.found.setdefault(anchor, self.seq)
        self.at_seal = not keyed or seal is not None
        if self.at_seal:
            for what, *arguments in self.pending:
                what(self, *arguments)
            self.pending, self.pending_bytes = [], 0
            self.proven, self.ended = (f.number, self.seq, self.head), self.stop
        return True

    def enter(self, f, line, after):
        """The header of a file behind the file `after`. False where it contradicts the point reached (12, 5; 14)."""
        if after and (f.seq, f.head) != (self.seq, self.head):
            return self.fault("seam", f, 1)
        if after and not self.at_seal:
            return self.fault("unsealed seam", f, 1)
        commit = f.keys["commit"]
        if self.v.keyed(f):
            goes_on = after and after.run == f.run and self.index is not None and f.cause in ("rotate", "resync")
            if commit != (self.index if goes_on else 0) and (after or f.prev is None or f.cause in ("start", "recover")):
                return self.fault("commit", f, 1)
            if not goes_on and commit > f.seq:
                return self.fault("commit", f, 1)  # each has a record of its own
            if not goes_on and not self.v.key.root:
                self.key = self.v.key.at(f.run, commit)
        self.index = commit if self.v.keyed(f) else None
        self.file, self.seq, self.head, self.stop = f, f.seq, head_behind(f, line), False
        self.heads[f.number] = self.head
        self.tree = self.tree if after else [] if f.prev is None else None
        if self.v.keyed(f, "signed"):
            stated = [binary(root, 32) for root in listed(f.keys.get("tree"))]
            heights = [bit for bit in range(53, -1, -1) if f.seq >> bit & 1]
            stated = list(zip(heights, stated)) if len(stated) == len(heights) and None not in stated else None
            if stated is None or "tree" not in f.keys or "pk" not in f.keys or self.tree not in (None, stated):
                self.fault("tree", f, 1)
            self.tree = stated if self.tree is None else self.tree
            self.rows[f.number] = binary(f.keys.get("pk"), 32)
            if self.v.file_keys.get(f.number, self.head) != self.head:
                self.fault("audit.keys", f, 1)
        self.pending.append((Walk.on_file, f))
        return self.point(f, 1, None)

    def record(self, f, number, line):
        """One line behind a header: True if it is good, None if it is but for its seal, else False."""
        step = step_of(self.seq + 1, self.head, line, f.trust != "chained")
        if not step:
            return False
        seq, (self.head, leaf, erased, seal) = self.seq + 1, step
        self.seq, self.stop = seq, False
        if self.tree is not None and self.v.signing:
            grow(self.tree, leaf)
        if erased:
            self.pending.append((Walk.on_tombstone, seq, (int(erased[2]), erased[1].decode(), f, number)))
        self.own(f, number, line, True)
        return self.point(f, number, seal)

    def lines(self, f, after, until, cuts, going=True):
        """Walks one file up to `until`, or its end where that is None; `cuts`: what follows is superseded. True: go on."""
        intact, behind, seq, head = True, False, f.seq, None  # the chain from the file's own header, whatever stands before it
        for number, (line, size, ended) in enumerate(lines(f.path), 1):
            if intact and head and until is not None and seq >= until and not behind:
                behind = True
                if going and not cuts:
                    self.fault("bytes behind the end", f, number)
            if going and not behind:
                good = self.enter(f, line, after) if number == 1 else ended and self.record(f, number, line)
                if good:
                    seq, head = self.seq, self.head
                    self.pending_bytes = 0 if self.at_seal else self.pending_bytes + size
                    continue
                self.damage, going = (f, number, self.seq + 1, ended), False
            framed = ended and clean(line) and unframe(line, True)[1]
            if not intact and cuts and framed and SEQ.match(line):
                behind = behind or int(SEQ.match(line)[1]) > until
            if behind and cuts:
                self.superseded += ended
                continue
            self.unproven += size
            step = head and intact and not behind and ended and step_of(seq + 1, head, line, f.trust != "chained")
            seq, head = (seq + 1, step[0]) if step else (seq, head or head_behind(f, line))
            intact = bool(step) or intact and (behind or number == 1)
            if framed:
                self.own(f, number, line, False)
        return going and (until is None or intact and seq >= until)
