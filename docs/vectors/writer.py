"""What the test vectors are written with: spelling, chain, seals and signatures, and a writer without a disk."""

import base64
import hashlib
import hmac
import json
import zlib

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

ZERO = bytes(32)
SEED = bytes(range(32))  # S_1 of every keyed trail

# ---------------------------------------------------------------- spelling


def b64(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


SHORT = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t", "\b": "\\b", "\f": "\\f"}


def escaped(c):
    n = ord(c)
    return n < 0x20 or 0x7F <= n <= 0x9F or n in (0x2028, 0x2029) or 0x202A <= n <= 0x202E or 0x2066 <= n <= 0x2069


def text(s):
    return '"' + "".join(SHORT.get(c) or ("\\u%04x" % ord(c) if escaped(c) else c) for c in s) + '"'


def value(v):
    if v is None or isinstance(v, bool):
        return json.dumps(v)
    if isinstance(v, str):
        return text(v)
    if isinstance(v, int):
        return str(v) if -(2**63) <= v < 2**64 else text(str(v))
    if isinstance(v, float):
        return repr(v)
    if isinstance(v, dict):
        return "{" + members(v) + "}"
    return "[" + ",".join(value(x) for x in v) + "]"


def members(d):
    return ",".join(text(k) + ":" + value(v) for k, v in d.items())


# ---------------------------------------------------------------- chain


def sha(*parts):
    return hashlib.sha256(b"".join(parts)).digest()


def le64(n):
    return n.to_bytes(8, "little")


def leaf_of(data):
    return sha(b"\x00", data)


def record_head(head, seq, leaf):
    return sha(b"\x02", head, le64(seq), leaf)


def header_head(prev_head, leaf):
    return sha(b"\x03", prev_head, leaf)


def root(leaves):
    """The root of RFC 6962, 2.1."""
    if len(leaves) < 2:
        return leaves[0] if leaves else sha()
    split = 1 << (len(leaves) - 1).bit_length() - 1
    return sha(b"\x01", root(leaves[:split]), root(leaves[split:]))


def compact(leaves):
    """The roots of the maximal perfect subtrees, from left to right."""
    roots, at = [], 0
    for bit in reversed(range(len(leaves).bit_length())):
        if len(leaves) >> bit & 1:
            roots.append(root(leaves[at:at + (1 << bit)]))
            at += 1 << bit
    return roots


def frame(head, seal=None):
    return ',"tag":"%s"%s}' % (b64(head[:16]), ',"seal":"%s"' % b64(seal) if seal else "")


# ---------------------------------------------------------------- keys


def mac(key, *parts):
    return hmac.digest(key, b"".join(parts), "sha256")


def seed_of(run, seed=SEED):
    for _ in range(run - 1):
        seed = mac(seed, b"tracing-audit/1 seed")
    return seed


def first_key(seed, trail, run):
    return mac(seed, b"tracing-audit/1 run", trail, le64(run))


def next_key(key):
    return mac(key, b"tracing-audit/1 next")


def seal_of(key, run, commit, head):
    return mac(mac(key, b"tracing-audit/1 mac"), b"\x04", le64(run), le64(commit), head)


def signer(what):
    """An Ed25519 key whose secret half is the hash of a text."""
    return Ed25519PrivateKey.from_private_bytes(sha(what.encode()))


def public(key):
    return key.public_key().public_bytes_raw()


def key_line(run=1, head=ZERO, secret=SEED, trail=b"\x10" * 16):
    return "tracing-audit-key 1 %s %d %s %s" % (b64(trail), run, b64(head), b64(secret))


ROOT_KEY = signer("root")


# ---------------------------------------------------------------- a writer


class Writer:
    """Writes lines the way a writer does, without a disk. `files` maps names to bytes.

    In the keyed modes each record is a commit of its own, the first one together with its header, but for what is written
    while `sealing` is off.
    """

    def __init__(self, trail=b"\x10" * 16, run_id=b"\x20" * 16, trust="chained", salted=False):
        self.trail, self.run_id, self.run, self.trust, self.salted = trail, run_id, 1, trust, salted
        self.files, self.number, self.name = {}, 0, None
        self.seq, self.head = 0, ZERO
        self.steps, self.rests, self.kept_from, self.clock, self.pruned = [], {}, None, None, None
        self.leaves, self.held, self.more = [], None, {}
        self.sealing, self.commit, self.key, self.seals = True, 0, None, {}
        self.rows, self.file_key = {}, None

    def open(self, name, opened, cause="start", at=None, number=None, clean=None, must=(), commit=None):
        """Opens the next file; `at` is the point it continues from, (file, seq, head)."""
        before = self.number or None
        prev, self.seq, self.head = at or (before, self.seq, self.head)
        self.number = number or self.number + 1
        if self.trust != "chained" and cause in ("start", "recover"):
            self.commit, self.key = 0, first_key(seed_of(self.run), self.trail, self.run)
        elif at:
            self.commit, self.key = self.seals.get(at[:2], (self.commit, self.key))
        header = {
            "tracing_audit": 1, "trail": b64(self.trail), "run": self.run, "run_id": b64(self.run_id), "file": self.number,
            "cause": cause, "prev_file": prev, "prev_seq": self.seq, "prev_head": b64(self.head),
            "clean": cause != "recover", "trust": self.trust, "commit": self.commit if commit is None else commit, "opened": opened,
            "service": "example", "version": "1.2.0", "host": "host-a", "pid": 4242,
        }
        if self.kept_from:
            header["kept_from"] = self.kept_from
        if self.held:
            header["held"] = self.held
        header["must"] = list(must)
        if self.salted:
            header["salted"] = True
        self.leaves = self.leaves[:self.seq]
        if self.trust == "signed":
            self.rows[self.number] = 0
            header.update(tree=[b64(x) for x in compact(self.leaves)], pk=b64(public(self.checkpoint_key(self.number))))
            header.update(self.more)
        body = value(header)[:-1]
        leaf = leaf_of(body.encode())
        self.head = header_head(self.head, leaf)
        self.steps.append(("header", body, leaf, self.head))
        self.name, self.clock, self.header_head = name, opened, self.head
        self.files[name] = (body + frame(self.head) + "\n").encode()
        return self

    def put(self, rest):
        """Numbers, chains and writes one rest."""
        self.seq += 1
        leaf = leaf_of(rest.encode())
        self.head = record_head(self.head, self.seq, leaf)
        self.steps.append((self.seq, rest, leaf, self.head))
        self.rests[self.seq] = rest
        self.leaves.append(leaf)
        seal = None
        if self.trust != "chained" and self.sealing:
            seal = seal_of(self.key, self.run, self.commit, self.head)
            self.commit, self.key = self.commit + 1, next_key(self.key)
            self.seals[self.number, self.seq] = (self.commit, self.key)
        self.files[self.name] += ('{"seq":%d,' % self.seq + rest + frame(self.head, seal) + "\n").encode()
        return self

    def checkpoint_key(self, file):
        return signer("file %d checkpoint %d" % (file, self.rows[file]))

    def list_file_key(self, sig=None):
        """The line of `audit.keys` for the open file."""
        head, pk = self.header_head, signer("file %d" % self.number)
        message = b"tracing-audit/1 file" + self.trail + le64(self.number) + head + public(pk)
        sig = sig or (self.file_key or ROOT_KEY).sign(message)
        self.file_key = pk
        line = '{"file":%d,"head":"%s","pk":"%s","sig":"%s"}\n' % (self.number, b64(head), b64(public(pk)), b64(sig))
        self.files["audit.keys"] = self.files.get("audit.keys", b"") + line.encode()

    def note(self, root_is=None, **wrong):
        """A checkpoint's metadata in mode signed."""
        key = self.checkpoint_key(self.number)
        self.rows[self.number] += 1
        made = root(self.leaves) if root_is is None else root_is
        after = b64(public(self.checkpoint_key(self.number)))
        text = "tracing-audit/%s\n%d\n%s\nfile %d\nhead %s\nnext %s\n" % (
            b64(self.trail), self.seq, base64.b64encode(made).decode(), self.number, b64(self.head), after)
        return {"root": b64(made), "next": after, "sig": b64(key.sign(text.encode())), **wrong}

    def record(self, time, event, category, severity, outcome, **more):
        record = {"time": time, "event": event, "category": category, "severity": severity, "outcome": outcome, **more}
        if self.salted:
            record["salt"] = b64(sha(b"salt", le64(self.seq + 1))[:12])
        self.clock = time
        return self.put(members(record))

    def own(self, time, event, severity="medium", outcome="success", **metadata):
        return self.record(time, event, "audit", severity, outcome, metadata=metadata)

    def begin(self, time, unclean=False):
        return self.own(time, "AUDIT_START", run=self.run, file=self.number, version="0.1.0", unclean=unclean)

    def login(self, time, user):
        return self.record(time, "AUTH_LOGIN", "auth", "low", "success", user_id=user, ip="192.0.2.7")

    def read(self, time, book):
        return self.record(time, "DATA_READ", "data", "low", "success", user_id="17", resource_type="book", resource_id=book)

    def checkpoint(self, time, **wrong):
        note = {}
        if self.trust == "signed":
            if self.rows[self.number] == 0:
                self.list_file_key()
            note = self.note(**wrong)
        return self.own(time, "AUDIT_CHECKPOINT", "low", file=self.number, seq=self.seq, head=b64(self.head), **note)

    def stop(self, time):
        return self.own(time, "AUDIT_STOP", records=self.seq + 1, lost=0)

    def rotate(self, name, time):
        prev = (self.number, self.head)
        self.open(name, time, "rotate")
        return self.own(time, "AUDIT_ROTATE", "low", file=self.number, prev_file=prev[0], prev_head=b64(prev[1]))

    def point(self):
        return (self.number, self.seq, self.head)

    def next_run(self, run_id):
        self.run, self.run_id = self.run + 1, run_id
        return self

    def state(self, point, clean, seed=None):
        durable = point and {"file": point[0], "seq": point[1], "head": b64(point[2])}
        body = value({"tracing_audit_state": 1, "trail": b64(self.trail), "next_run": self.run + 1,
                      "durable": durable, "clean": clean, "max_clock": self.clock, "pruned": self.pruned})[:-1]
        if self.trust != "chained":
            body += ',"seed":"%s"' % b64(seed or seed_of(self.run + 1))
        if self.trust == "signed":
            body += ',"sk":"%s","line":%s' % (b64(self.file_key.private_bytes_raw()), text(lines(self.files["audit.keys"])[-1].decode()))
        return (body + ',"head_check":"%s"}\n' % b64(sha(b"\x06", body.encode()))).encode()


DAY1, DAY2, DAY3 = "2026-11-20", "2026-11-21", "2026-11-22"


def name(day, part=1):
    return "audit-%s%s.jsonl" % (day, "" if part == 1 else ".part%04d" % part)


def at(day, clock):
    return "%sT%sZ" % (day, clock)


def lines(data):
    return data.split(b"\n")[:-1]


def gzipped(data):
    """One gzip member of stored blocks, so that no compressor's version shows."""
    out = b"\x1f\x8b\x08\0\0\0\0\0\0\xff"
    for begin in range(0, len(data), 65535):
        part = data[begin:begin + 65535]
        out += bytes([begin + 65535 >= len(data)]) + len(part).to_bytes(2, "little") + (65535 - len(part)).to_bytes(2, "little") + part
    return out + zlib.crc32(data).to_bytes(4, "little") + (len(data) % 2**32).to_bytes(4, "little")


def head_of(w, seq):
    """The head behind a record."""
    return next(step[3] for step in reversed(w.steps) if step[0] == seq)


def flip(data, offset):
    return data[:offset] + bytes([data[offset] ^ 1]) + data[offset + 1:]


# ---------------------------------------------------------------- registering

VECTORS = {}
REST = object()  # everything behind the header and the proven records, in all files


def vector(why, exit, files=None, records=0, superseded=0, unproven=0, **more):
    """Registers the trail a function builds. It returns the writer, or (writer, state bytes). `files` None: no counts."""

    def register(build):
        made = build()
        writer, state = made if isinstance(made, tuple) else (made, None)
        verdict = {"why": why, "exit": exit, **more}
        if files is not None:
            if unproven is REST:
                unproven_bytes = len(b"".join(writer.files.values()).split(b"\n", 1 + records)[-1])
            else:
                unproven_bytes = unproven(writer) if callable(unproven) else unproven
            verdict.update(files=files, records=records, superseded_lines=superseded, unproven_bytes=unproven_bytes)
        VECTORS[build.__name__.replace("_", "-")] = (writer, state, verdict)
        return build

    return register
