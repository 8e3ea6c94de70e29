"""The walk along the chain: section 16 (step 4) of docs/FORMAT.md, and what proven records say."""

import base64
import copy
import re

from key import bounded, grow, root_of, signed_by
from line import b64, binary, clean, is_time, le64, lines, listed, mac, parse, point_of, seconds, sha, unframe, whole

WINDOW = 1 << 17  # how far from an anchor its head may stand
OWN = re.compile(rb'\{"seq":([1-9]\d{0,15}),"time":"[^"]{27}","event":"AUDIT_([A-Z_]+)"')
SEQ = re.compile(rb'\{"seq":([1-9]\d{0,15}),')
TOMBSTONE = re.compile(rb'"erased":"([\w-]{43})","by":([1-9]\d{0,15})', re.A)


class Walk:
    """The chain along the files, and what its proven lines say. What waits for a seal stands in `pending`."""

    def __init__(self, v):
        self.v, self.faults, self.pending, self.pending_bytes = v, [], [], 0
        self.file, self.seq, self.head, self.at_seal, self.stop, self.damage = None, 0, None, True, False, None
        self.proven, self.ended, self.unproven, self.superseded, self.durable = None, False, 0, 0, 0
        self.index = self.key = self.tree = self.noted = self.days = self.kept = None  # `index`: of the next seal
        self.held, self.gone, self.found, self.orders, self.tombstones = (), set(), set(), set(), {}
        self.seen, self.rows, self.heads, self.recoveries, self.early = {}, {}, {}, [], []

    def fault(self, kind, f, line=None, seq=None):
        self.faults.append((1, kind, f.name, line, seq))

    def copy(self):
        other = copy.copy(self)
        other.__dict__ = {k: copy.copy(v) if isinstance(v, (list, set, dict)) else v for k, v in self.__dict__.items()}
        return other

    # What lines say, once they are proven.

    def on_file(self, f):
        self.kept, self.gone = point_of(f.keys.get("kept_from")), set()
        self.held = f.keys["held"] if isinstance(f.keys.get("held"), list) else ()

    def on_tombstone(self, seq, what):
        self.tombstones[seq] = what

    def on_PRUNE(self, f, number, seq, time, said):
        self.kept = point_of(said.get("kept_from")) or self.kept
        self.gone.update(n for n in listed(said.get("files")) if whole(n, 1))
        policy, newest = said.get("policy_days"), said.get("newest")
        early = not whole(policy) or whole(self.days) and policy < self.days
        if early or is_time(newest) and is_time(time) and seconds(time) - seconds(newest) < policy * 86400:
            self.early.append(seq)

    def on_CONFIG(self, f, number, seq, time, said):
        setting = said["settings"].get("retention") if isinstance(said.get("settings"), dict) else None
        days = isinstance(setting, dict) and re.fullmatch(r"(\d{1,9}) days?", str(setting.get("value")), re.A)
        self.days = int(days[1]) if days else None if setting else self.days

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
        if whole(row, 1) and row < self.v.oldest.number and row not in self.rows:
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
                right = mac(mac(self.key, b"tracing-audit/1 mac"), b"\x04", le64(f.run), le64(self.index), self.head)
                self.key = mac(self.key, b"tracing-audit/1 next")
            if b64(right) != seal if self.key else not binary(seal, 32):
                return self.fault("seal", f, number, self.seq)
            self.index += 1
        if at in self.v.wanted:
            self.seen[at] = (self.head, root_of(self.tree))
        for anchor in self.v.anchors:
            if abs(self.seq - anchor[0]) <= WINDOW and anchor[1] == int.from_bytes(self.head[:6], "big") or anchor == (self.seq, self.head):
                self.found.add(anchor)
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
            if not goes_on and not self.v.key.root:
                self.key = self.v.key.first(f.run)
                bounded(commit)
                for _ in range(commit):
                    self.key = mac(self.key, b"tracing-audit/1 next")
        self.index = commit if self.v.keyed(f) else None
        body, _, seal = unframe(line, f.trust != "chained")
        self.file, self.seq, self.head, self.stop = f, f.seq, sha(b"\x03", f.head, sha(b"\x00", body)), False
        self.heads[f.number] = self.head
        self.tree = self.tree if after else [] if f.prev is None else None
        if self.v.keyed(f, "signed"):
            stated = [binary(root, 32) for root in listed(f.keys.get("tree"))]
            heights = [bit for bit in range(53, -1, -1) if f.seq >> bit & 1]
            stated = list(zip(heights, stated)) if len(stated) == len(heights) and None not in stated else None
            if stated is None or self.tree not in (None, stated):
                self.fault("tree", f, 1)
            self.tree = stated if self.tree is None else self.tree
            self.rows[f.number] = binary(f.keys.get("pk"), 32)
            if self.v.file_keys.get(f.number, self.head) != self.head:
                self.fault("audit.keys", f, 1)
        self.pending.append((Walk.on_file, f))
        return self.point(f, 1, seal)

    def record(self, f, number, line):
        """One line behind a header: True if it is good, None if it is but for its seal, else False."""
        seq, start = self.seq + 1, b'{"seq":%d,' % (self.seq + 1)
        if not clean(line) or not line.startswith(start):
            return False
        rest, tag, seal = unframe(line, f.trust != "chained")
        rest = rest[len(start):]
        erased = TOMBSTONE.fullmatch(rest)
        leaf = binary(erased[1].decode(), 32) if erased else sha(b"\x00", rest) if rest.startswith(b'"time":"') else None
        head = leaf and sha(b"\x02", self.head, le64(seq), leaf)
        if not leaf or tag != b64(head[:16]):
            return False
        self.head, self.seq, self.stop = head, seq, False
        if self.tree is not None and self.v.signing:
            grow(self.tree, leaf)
        if erased:
            self.pending.append((Walk.on_tombstone, seq, (int(erased[2]), erased[1].decode(), f, number)))
        self.own(f, number, line, True)
        return self.point(f, number, seal)

    def lines(self, path, f, after, until, cuts, going=True):
        """Walks one file up to `until`, or its end where that is None; `cuts`: what follows is superseded. True: go on."""
        done, extra = False, 0
        for number, (line, size, ended) in enumerate(lines(path), 1):
            if going and not done:
                good = self.enter(f, line, after) if number == 1 else ended and self.record(f, number, line)
                if good:
                    self.pending_bytes = 0 if self.at_seal else self.pending_bytes + size
                    done = self.seq == until
                    continue
                self.damage, going = (f, number, self.seq + 1, ended), False
                self.unproven += size
                if ended and clean(line) and unframe(line, True)[1]:
                    self.own(f, number, line, False)
                continue
            framed = ended and clean(line) and unframe(line, True)[1]
            beyond = framed and not done and until is not None and SEQ.match(line)
            done = done or cuts and bool(beyond) and int(beyond[1]) > until
            if done and cuts:
                self.superseded += ended
                continue
            self.unproven, extra = self.unproven + size, extra + 1
            if done and going and extra == 1:
                self.fault("bytes behind the end", f, number)
            if framed:
                self.own(f, number, line, False)
        return going and (until is None or done)

    def walk(self, f, after, until, cuts):
        """One file in the form that counts: the plain one if it verifies, else the compressed one (5)."""
        forms = [self.copy() for _ in f.paths]
        results = []
        for form, path in zip(forms, f.paths):
            results.append(form.lines(path, f, after, until, cuts))
            if results[-1]:
                break
        best = results.index(True) if True in results else 0
        self.__dict__.update(forms[best].__dict__)
        return results[best]
