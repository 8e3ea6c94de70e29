#!/usr/bin/env python3
"""An independent verifier of audit trails, written from docs/FORMAT.md alone; section numbers below are that text's.

Exit codes: 0 consistent or verified, 1 tampered, 2 open or torn, 3 unknown key, 4 cannot read. `--help` lists the options.
Python 3.11 and its standard library; mode `signed` also needs the package `cryptography`.
"""

import argparse, base64, copy, datetime, fcntl, hashlib, hmac, json, os, re, stat, sys, zlib

LINE, CHUNK, STEPS, WINDOW = 1 << 24, 1 << 20, 1 << 26, 1 << 17  # bytes, bytes, keys derived in one go, section 14's 2¹⁷
RANKS = {"chained": 0, "sealed": 1, "signed": 2}
NAME = re.compile(r"audit-(\d{4})-(\d\d)-(\d\d)(?:\.part(\d{4}|[1-9]\d{4,}))?\.jsonl(\.gz)?", re.A)
TIME = re.compile(r"(\d{4})-(\d\d)-(\d\d)T([01]\d|2[0-3])(:[0-5]\d){2}\.\d{6}Z", re.A)
OWN = re.compile(rb'\{"seq":([1-9]\d{0,15}),"time":"[^"]{27}","event":"AUDIT_([A-Z_]+)"')
VERSION = re.compile(rb'\{"tracing_audit":(0|[1-9]\d*),')
TAG = re.compile(rb',"tag":"([\w-]{22})"\}', re.A)
SEALED = re.compile(rb',"tag":"([\w-]{22})","seal":"([\w-]{43})"\}', re.A)
TOMBSTONE = re.compile(rb'"erased":"([\w-]{43})","by":([1-9]\d{0,15})', re.A)
KEYS = re.compile(rb'\{"file":([1-9]\d{0,15}),"head":"([\w-]{43})","pk":"([\w-]{43})","sig":"([\w-]{86})"\}', re.A)


class CannotRead(Exception): """Exit code 4: what it is, and why."""
class BadGzip(Exception): """Not exactly one whole gzip member (section 5)."""

# ------------------------------------------------------------------------------------------------ spelling (6) and files (5)


def b64(data): return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
def sha(*parts): return hashlib.sha256(b"".join(parts)).digest()
def mac(key, *parts): return hmac.digest(key, b"".join(parts), "sha256")
def le64(n): return n.to_bytes(8, "little")
def whole(value, low=0): return type(value) is int and low <= value < 1 << 53


def binary(text, size):
    """The bytes that `text` spells in the one right way, or None."""
    if isinstance(text, str) and re.fullmatch(r"[\w-]{%d}" % -(-size * 4 // 3), text, re.A):
        data = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
        return data if b64(data) == text else None


def is_day(year, month, day):
    try:
        return bool(datetime.date(year % 400 + 400, month, day))  # the calendar repeats after 400 years
    except ValueError:
        return False


def is_time(value):
    parts = isinstance(value, str) and TIME.fullmatch(value)
    return bool(parts) and is_day(*map(int, parts.group(1, 2, 3)))


def parse(data):
    """One JSON object without a key that stands twice, nested below 127 levels, or None."""
    def unique(pairs):
        members = dict(pairs)
        if len(members) < len(pairs):
            raise ValueError
        return members

    def nested(value, level=1):
        inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
        return level <= 127 and all(nested(item, level + 1) for item in inner)
    try:
        value = json.loads(data.decode(), object_pairs_hook=unique, parse_constant=int)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) and nested(value) else None


def listed(value): return value if isinstance(value, list) else []
def seconds(time): return datetime.datetime.fromisoformat(time[:-1]).timestamp() if time > "0002" else 0


def point_of(value):
    """(file, seq, head) of an object that names the point before a file, or None."""
    if isinstance(value, dict) and whole(value.get("file"), 1) and whole(value.get("prev_seq")):
        head = binary(value.get("prev_head"), 32)
        return head and (value["file"], value["prev_seq"], head)


def chunks(path):
    """The bytes of a file, decompressed, a piece at a time. Follows no link and waits for no pipe."""
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        with open(handle, "rb", buffering=0) as file:
            if not stat.S_ISREG(os.fstat(handle).st_mode):
                raise CannotRead(f"{path}: not a regular file")
            if not path.endswith(".gz"):
                while data := file.read(CHUNK):
                    yield data
                return
            member, read = zlib.decompressobj(31), 0
            while not member.eof:
                data = member.unconsumed_tail or file.read(CHUNK)
                out = member.decompress(data, CHUNK)
                if not (data or out or member.eof):
                    if not read:
                        return  # an empty file is nothing
                    raise BadGzip
                read += len(data)
                yield out
            if member.unused_data or file.read(1):
                raise BadGzip
    except zlib.error:
        raise BadGzip from None
    except OSError as error:
        raise CannotRead(f"{path}: {error.strerror}") from None


def lines(path):
    """(line or None where it is too long, its size on the disk, whether a line feed ends it), each line of a file."""
    rest, long = b"", 0
    for chunk in chunks(path):
        *parts, rest = (rest + chunk).split(b"\n")
        for part in parts:
            size, long = long + len(part), 0
            yield part if size <= LINE else None, size + 1, True
        if long or len(rest) > LINE:
            long, rest = long + len(rest), b""
    if long or rest:
        yield None if long else rest, long + len(rest), False


def clean(line):
    """Whether it obeys the rules for every line: UTF-8, no byte below 0x20, not too long."""
    try:
        return line is not None and not re.search(rb"[\x00-\x1f]", line) and line.decode() is not None
    except UnicodeDecodeError:
        return False


def unframe(line, trust):
    """(what stands before the frame, tag, seal or None); the tag is None where there is no frame."""
    found = RANKS[trust] and SEALED.fullmatch(line, max(len(line) - 85, 0))
    if found:
        return line[:-85], found[1].decode(), found[2].decode()
    found = TAG.fullmatch(line, max(len(line) - 32, 0))
    return line[:-32], found and found[1].decode(), None


class File:
    """A file with a valid header; `paths` has the plain form before the compressed one."""

    def __init__(self, name, paths, keys):
        self.name, self.paths, self.keys = name, paths, keys
        self.number, self.run, self.cause, self.trust = keys["file"], keys["run"], keys["cause"], keys["trust"]
        self.prev, self.seq, self.head = keys["prev_file"], keys["prev_seq"], binary(keys["prev_head"], 32)
        self.cuts = self.cause in ("resync", "recover")


def header(line):
    """The keys of a valid header line of version 1, or None (6)."""
    if not clean(line) or not line.startswith(b'{"tracing_audit":1,') or not (keys := parse(line)):
        return None
    good = (
        all(binary(keys.get(key), 16) for key in ("trail", "run_id")) and whole(keys.get("run"), 1)
        and whole(keys.get("file"), 1) and keys.get("cause") in ("start", "rotate", "resync", "recover")
        and "prev_file" in keys and (keys["prev_file"] is None or whole(keys["prev_file"], 1))
        and whole(keys.get("prev_seq")) and binary(keys.get("prev_head"), 32) is not None
        and type(keys.get("clean")) is bool and keys.get("trust") in tuple(RANKS) and whole(keys.get("commit"))
        and is_time(keys.get("opened")) and isinstance(keys.get("must"), list) and all(isinstance(m, str) for m in keys["must"])
    )
    if not good or (keys["prev_file"] or 0) >= keys["file"]:
        return None
    if keys["prev_file"] is None and (keys["prev_seq"] or any(binary(keys["prev_head"], 32))):
        return None
    body, tag, _ = unframe(line, keys["trust"])
    return keys if tag == b64(sha(b"\x03", binary(keys["prev_head"], 32), sha(b"\x00", body))[:16]) else None


def classify(path):
    """What a file is (12, 1): "empty", "unknown" (4), "torn" (unreadable: no line feed), "unreadable" or "valid"; and its keys."""
    try:
        first = None
        for line, _, ended in lines(path):
            first = first or (line, ended)
            if not path.endswith(".gz"):
                break
    except BadGzip:
        return "unreadable", None
    if not first:
        return "empty", None
    line, ended = first
    version = VERSION.match(line or b"")
    if version and version[1] != b"1" and not (ended and header(b'{"tracing_audit":1,' + line[version.end():])):
        return "unknown", f"version {version[1].decode()[:20]}"
    if not ended:
        return "torn", None
    keys = header(line)
    if keys and keys["must"]:
        return "unknown", "feature " + keys["must"][0]
    return ("valid", keys) if keys else ("unreadable", None)

# ------------------------------------------------------------------------------------------------ keys (14)


class Key:
    """The key line: what a trail must have been, and its seeds (or, where `audit.keys` says so, its root key)."""

    def __init__(self, line):
        words = line.strip("\n").split(" ")
        run = len(words) == 6 and words[3].isascii() and words[3].isdigit() and words[3][0] != "0" and int(words[3])
        if not run or words[:2] != ["tracing-audit-key", "1"] or not binary(words[2], 16):
            raise CannotRead("the key line: not one of this version")
        self.trail, self.run, self.head, self.secret = words[2], run, binary(words[4], 32), binary(words[5], 32)
        if self.head is None or self.secret is None or not whole(run):
            raise CannotRead("the key line: a value of it does not read")
        self.seed, self.root = (self.run, self.secret), None

    def first(self, run):
        """K_{run,0}."""
        at, seed = self.seed if self.seed[0] <= run else (self.run, self.secret)
        bounded(run - at)
        for _ in range(run - at):
            seed = mac(seed, b"tracing-audit/1 seed")
        self.seed = (run, seed)
        return mac(seed, b"tracing-audit/1 run", binary(self.trail, 16), le64(run))


def bounded(steps):
    if steps > STEPS:
        raise CannotRead(f"{steps} keys to derive: this verifier derives {STEPS}")


def signed_by(key, signature, message):
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
    try:
        Ed25519PublicKey.from_public_bytes(key).verify(signature, message)
        return True
    except (InvalidSignature, ValueError):
        return False


def file_keys(path, trail, key):
    """What the good lines of `audit.keys` say of each file: {file: head}. A root key in `key` shows itself here."""
    known, last, before = {}, None, 0
    for line, _, ended in lines(path) if os.path.lexists(path) else ():
        found = ended and line and KEYS.fullmatch(line)
        if not found:
            break
        number, head, pk, sig = int(found[1]), *(binary(found[i].decode(), n) for i, n in ((2, 32), (3, 32), (4, 64)))
        message = b"".join((b"tracing-audit/1 file", binary(trail, 16), le64(number), head or b"", pk or b""))
        if None in (head, pk, sig) or number <= before:
            break
        if last is None and signed_by(key.secret, sig, message):
            key.root = key.secret
        elif last is not None and not signed_by(last, sig, message):
            break
        known[number], last, before = head, pk, number
    return known


# ------------------------------------------------------------------------------------------------ walk (16, step 4)


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
                if b64(right) != seal:
                    return self.fault("seal", f, number, self.seq)
                self.key = mac(self.key, b"tracing-audit/1 next")
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
        body, _, seal = unframe(line, f.trust)
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
        rest, tag, seal = unframe(line, f.trust)
        rest = rest[len(start):]
        erased = TOMBSTONE.fullmatch(rest)
        leaf = binary(erased[1].decode(), 32) if erased else sha(b"\x00", rest) if rest.startswith(b'"time":"') else None
        head = leaf and sha(b"\x02", self.head, le64(seq), leaf)
        if not leaf or tag != b64(head[:16]):
            return False
        self.head, self.seq, self.stop = head, seq, False
        if self.tree is not None and self.v.wanted:
            grow(self.tree, leaf)
        if erased:
            self.tombstones[seq] = (int(erased[2]), erased[1].decode(), f, number)
        self.own(f, number, line, True)
        return self.point(f, number, seal)

    def lines(self, path, f, after, until, cuts, going=True):
        """Walks one file up to `until`, or its end where that is None; `cuts`: what follows is superseded. True: go on."""
        done = behind = False
        for number, (line, size, ended) in enumerate(lines(path), 1):
            if going and not done:
                good = self.enter(f, line, after) if number == 1 else ended and self.record(f, number, line)
                if good:
                    self.pending_bytes = 0 if self.at_seal else self.pending_bytes + size
                    done = self.seq == until
                    continue
                self.damage, going = (f, number, self.seq + 1, ended), False
            elif going and not cuts:
                self.fault("bytes behind the end", f, number)
                going = False
            number_of = not going and re.match(rb'\{"seq":([1-9]\d{0,15}),', line or b"")
            behind = behind or cuts and (done or bool(number_of) and int(number_of[1]) > until)
            if behind:
                self.superseded += ended
                continue
            self.unproven += size
            if ended and clean(line):
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


def grow(tree, leaf):
    """Adds a leaf to a compact range: (height, root) of its perfect subtrees from left to right (14)."""
    tree.append((0, leaf))
    while len(tree) > 1 and tree[-1][0] == tree[-2][0]:
        (_, right), (height, left) = tree.pop(), tree.pop()
        tree.append((height + 1, sha(b"\x01", left, right)))


def root_of(tree):
    roots = [root for _, root in tree or ()]
    while len(roots) > 1:
        right, left = roots.pop(), roots.pop()
        roots.append(sha(b"\x01", left, right))
    return roots[0] if roots else sha() if tree is not None else None


# ------------------------------------------------------------------------------------------------ the verdict (11, 12, 16)


def read_state(path):
    """The state file: its object, or None where it does not check (11)."""
    data = b""
    for chunk in chunks(path):
        data += chunk
        if len(data) > CHUNK:
            return None
    number = re.match(rb'\{"tracing_audit_state":(\d+),', data)
    if number and number[1] != b"1":
        raise CannotRead(f"{path}: a state file of version {number[1].decode()[:20]}")
    body, found, check = data.rpartition(b',"head_check":"')
    state = parse(data[:-1]) if found and data.endswith(b"\n") else None
    if not state or check != b64(sha(b"\x06", body)).encode() + b'"}\n':
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
        self.key, self.chained = None if chained else key, chained
        self.faults, self.blind, self.wanted, self.file_keys, self.oldest, self.trail = [], False, set(), {}, None, None
        self.counts = dict.fromkeys(("files", "records", "superseded_lines", "unproven_bytes"))
        self.more = {"held": 0, "live": False, "mark": None, "trust": None, "noted": None, "unclean": [], "early_prunes": []}

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
        codes = {fault[0] for fault in self.faults}
        exit_code = next((code for code in (1, 3, 4, 2) if code in codes), 0)
        names = ("code", "kind", "file", "line", "seq")
        return {"exit": exit_code, **self.counts, **self.more, "faults": [dict(zip(names, fault)) for fault in self.faults]}

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

    def files(self, names):
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
                    kinds.append(("unknown", str(why), path))
            best = next((kind for kind in kinds if kind[0] in ("valid", "unknown")), None)
            if best and best[0] == "unknown":
                self.blind = True
                self.fault(best[1], base, code=4)
            elif best:
                same = [path for kind, keys, path in kinds if kind == "valid" and keys == best[1]]
                found.append(File(base, same, best[1]))
            else:
                torn = [kind for kind in kinds if kind[0] != "empty"]
                unreadable += [(torn[0][2], torn[0][0] == "torn")] if torn else []
        return found, unreadable

    def branch(self, files):
        """The live files, oldest first (12, 3)."""
        live = [max(files.values(), key=lambda f: f.number)]
        while live[-1].prev in files:
            live.append(files[live[-1].prev])
        return live[::-1]

    def seams(self, files, live):
        """Contradictions between neighbours that their headers show (12, 5 and 6; 14). Returns where they stand."""
        bad = set()
        for a, b in zip(live, live[1:]):
            runs = {"rotate": a.run == b.run, "resync": a.run <= b.run}.get(b.cause, a.run < b.run)
            if not runs or RANKS[a.trust] > RANKS[b.trust]:
                self.fault("run" if not runs else "trust", b.name, 1)
                bad.add(b.number)
            if not b.cuts and any(a.number < number < b.number for number in files):
                self.fault("a file between", b.name, 1)
        return bad

    def demands(self, live):
        """What the key line says of the headers (14)."""
        key, before = self.key, None
        if key.trail != self.trail:
            self.fault("another trail than the key line's")
        for f in live:
            if f.run >= key.run and f.trust == "chained":
                self.fault("trust", f.name, 1)
            first = f.prev is None or (f.cause in ("start", "recover") and f.run == key.run if before is None else before.run < key.run)
            if first and f.run >= key.run and (f.head != key.head or f.prev is None and f.run > key.run):
                self.fault("not the start that the key line names", f.name, 1)
            before = f
        if live[-1].run < key.run:
            self.unreached("the run that the key line names is not there")

    def want(self, files):
        """The points that notes state, to keep head and root there."""
        for f in files:
            for path in f.paths if self.keyed(f, "signed") else ():
                for line, _, ended in lines(path):
                    own = ended and line and OWN.match(line)
                    said = parse(line) if own and own[2] == b"CHECKPOINT" else None
                    if said and isinstance(said.get("metadata"), dict):
                        at = tuple(said["metadata"].get(key) for key in ("file", "seq"))
                        self.wanted.update([at] if all(map(whole, at)) else [])

    def judge(self):
        state, has_state = self.state()
        self.more["live"] = locked = self.is_locked()
        try:
            entries = os.listdir(self.directory)
        except FileNotFoundError:
            entries = []
        except OSError as error:
            raise CannotRead(f"{self.directory}: {error.strerror}") from None
        matches = [found for found in map(NAME.fullmatch, entries) if found and is_day(*map(int, found.group(1, 2, 3)))]
        names = [found[0] for found in matches if found[4] is None or int(found[4]) > 1]
        found, unreadable = self.files(names)
        files = {f.number: f for f in found}
        identities = [{f.keys["trail"] for f in found}] + [
            {f.keys["run_id"] for f in found if f.run == run} for run in {f.run for f in found}]
        if len(identities[0]) > 1 or len(files) < len(found):
            return self.fault("another trail" if len(identities[0]) > 1 else "two files with one number")
        for _ in filter(lambda ids: len(ids) > 1, identities[1:]):
            self.fault("fork")
        durable = [seq for seq, _ in self.anchors]
        if state and files and state["trail"] not in identities[0]:
            self.fault("the state file is of another trail")
            state = None
        mark = state and state["durable"]
        durable += [mark["seq"]] if mark else []
        if not files:
            return self.nothing(unreadable, durable or mark is not None and mark, names, entries, has_state)
        live = self.branch(files)
        self.trail, self.oldest = live[0].keys["trail"], live[0]
        self.more["trust"] = live[-1].trust
        if self.mark_of(mark):
            self.wanted.add(self.mark_of(mark)[:2])
        below = [files[n] for n in sorted(files) if n < self.oldest.number]
        if self.key:
            self.demands(live)
            if any(self.keyed(f, "signed") for f in live + below):
                self.file_keys = file_keys(self.directory + "/audit.keys", self.trail, self.key)
                self.want(live + below)
        elif not self.chained and any(f.trust != "chained" for f in live):
            self.fault("unknown key", code=3)

        walk, bad = Walk(self), self.seams(files, live)
        going, after = True, None
        for f, following in zip(live, live[1:] + [None]):
            until, cuts = (following.seq, following.cuts) if following else (None, False)
            if going and f.number not in bad:
                going = walk.walk(f, after, until, cuts)
            else:
                going = walk.lines(f.paths[0], f, after, until, cuts, going=False)
            after = f
        for path, _ in unreadable:
            for line, _, ended in lines(path) if not path.endswith(".gz") else ():
                walk.own(live[-1], 0, line, False) if ended and clean(line) else None
        durable += [walk.durable] + [b.seq if b.cause != "rotate" else a.seq for a, b in zip(live, live[1:])]
        durable += [self.oldest.seq] if self.oldest.cause != "rotate" else []
        self.conclude(walk, going, files, live, below, unreadable, state, mark, max(durable))

    def mark_of(self, mark): return mark and (mark["file"], mark["seq"], binary(mark["head"], 32))

    def nothing(self, unreadable, durable, names, entries, has_state):
        """The verdict without a live file (16)."""
        walk = Walk(self)
        for path, _ in unreadable:
            for line, _, ended in lines(path) if not path.endswith(".gz") else ():
                walk.own(None, 0, line, False) if ended and clean(line) else None
        self.counts = dict.fromkeys(self.counts, 0)
        if self.key or durable or walk.durable:
            self.unreached("nothing is left", walk.durable or None)
        elif not self.blind:
            bare = not names and not has_state and not any(e == ".lock" or re.search(r"\.torn\d*$", e) for e in entries)
            self.fault("not a trail" if bare else "no live file", code=4 if bare else 2)

    def conclude(self, walk, going, files, live, below, unreadable, state, mark, durable):
        self.faults += walk.faults
        end = walk.proven or (None, self.oldest.seq, self.oldest.head)
        unproven = walk.unproven + walk.pending_bytes
        self.counts = {"files": len(live), "records": end[1] - self.oldest.seq, "superseded_lines": walk.superseded, "unproven_bytes": unproven}
        kept = walk.kept if walk.proven else point_of(self.oldest.keys.get("kept_from"))
        at_kept = kept and next((f for f in live if f.number == kept[0]), None)
        if self.oldest.prev is not None and not (at_kept and (at_kept.seq, at_kept.head) == kept[1:]):
            self.unreached("a file is missing")
        self.hold(walk, files, below)
        for n, (by, leaf, f, number) in walk.tombstones.items():
            if n <= end[1] and (n, leaf, by) not in walk.orders or by > end[1]:
                self.fault("tombstone", f.name, number, n)
        if end[1] < durable:
            self.unreached("the proven end is below a durable point", end[1] + 1)
        at = self.mark_of(mark)
        if at and at[1] <= end[1] and at[0] >= self.oldest.number and walk.seen.get(at[:2], (0,))[0] != at[2]:
            self.unreached("the mark has another head", at[1])
        for anchor in set(self.anchors) - walk.found:
            lowest = anchor[0] - WINDOW if isinstance(anchor[1], int) else anchor[0]
            if anchor[0] <= end[1] and (lowest >= self.oldest.seq or self.oldest.prev is None):
                self.unreached("the anchor has another head", anchor[0])
        if state and state["clean"] and (at != end or unproven):
            self.unreached("not the end that the state file knows") if at and end[1] < at[1] else self.fault("not the end that the state file knows")
        locked = self.more["live"]
        partial = going or walk.damage and walk.damage[0] is live[-1] and not walk.damage[3]
        good = not unproven and walk.ended and (not state or state["clean"]) or locked and partial
        if self.key and self.key.root and not locked and good and (walk.noted or -9) < end[1] - 2:
            good = False
        if not good:
            f, number, seq, _ = walk.damage or (live[-1], None, end[1] + 1, None)
            self.fault("open or torn", f.name, number, seq, code=2)
        spare = live[-1].number - (self.oldest.prev or 0) - 1 - sum((self.oldest.prev or 0) < n < live[-1].number for n in files)
        for path, torn in unreadable[max(spare, 0):]:
            if not (locked and torn):
                self.fault("unfinished file", os.path.basename(path), code=2)
        unclean = [f.number for f in live if not f.keys["clean"]]
        self.more.update(unclean=[next((r for r in walk.recoveries if r["file"] == n), {"file": n}) for n in unclean],
                         early_prunes=walk.early, noted=walk.noted, mark=mark and mark["seq"])
        if self.strict and (unclean or walk.early):
            self.fault("an earlier unclean end or early prune", code=2)

    def hold(self, walk, files, below):
        """Files kept by a hold, each from its own header to the point that the newest proven header states (15)."""
        for held in walk.held:
            if not isinstance(held, dict) or not (start := point_of(held)) or start[0] >= self.oldest.number or start[0] in walk.gone:
                continue
            f, until, head = files.get(start[0]), held.get("seq"), binary(held.get("head"), 32)
            if f is None:
                self.unreached(f"the held file {start[0]} is missing")
                continue
            alone = Walk(self)
            alone.tombstones, alone.orders, alone.rows, alone.heads, alone.seen = walk.tombstones, walk.orders, walk.rows, walk.heads, walk.seen
            going = (f.seq, f.head) == start[1:] and whole(until, f.seq) and alone.walk(f, None, until, True)
            self.faults += alone.faults
            if not going or alone.proven != (f.number, until, head) or RANKS[f.trust] > RANKS[self.oldest.trust]:
                self.fault("held file", f.name)
            walk.tombstones.update(alone.tombstones), walk.orders.update(alone.orders)
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
