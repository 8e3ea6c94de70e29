"""Headers, and what a file is: sections 5, 6 and 12 (step 1) of docs/FORMAT.md."""

import re

from line import BadGzip, b64, binary, clean, held_of, is_time, lines, parse, point_of, sha, unframe, whole

RANKS = {"chained": 0, "sealed": 1, "signed": 2}
VERSION = re.compile(rb'\{"tracing_audit":([1-9]\d*),')
LIST, KEYS_MOST = 65_536, 256  # the longest list in a header, and how many keys it may have before its tag


class File:
    """A file with a valid header; `paths` has the plain form before the compressed one, and `path` is the one that counts."""

    def __init__(self, name, paths, keys):
        self.name, self.paths, self.path, self.keys = name, paths, paths[0], keys
        self.number, self.run, self.cause, self.trust = keys["file"], keys["run"], keys["cause"], keys["trust"]
        self.prev, self.seq, self.head = keys["prev_file"], keys["prev_seq"], binary(keys["prev_head"], 32)
        self.cuts = self.cause in ("resync", "recover")


def text(value): return isinstance(value, str)


# Every key of a header in its order: what its value must be, and whether it may be absent.
KEYS = {
    "tracing_audit": (lambda v: v == 1, False),
    "trail": (lambda v: binary(v, 16), False),
    "run": (lambda v: whole(v, 1), False),
    "run_id": (lambda v: binary(v, 16), False),
    "file": (lambda v: whole(v, 1), False),
    "cause": (lambda v: v in ("start", "rotate", "resync", "recover"), False),
    "prev_file": (lambda v: v is None or whole(v, 1), False),
    "prev_seq": (whole, False),
    "prev_head": (lambda v: binary(v, 32), False),
    "clean": (lambda v: type(v) is bool, False),
    "trust": (lambda v: text(v) and v in RANKS, False),
    "commit": (whole, False),
    "opened": (is_time, False),
    "service": (text, True),
    "version": (text, True),
    "host": (text, True),
    "pid": (lambda v: whole(v, 1), True),
    "kept_from": (point_of, True),
    "held": (lambda v: isinstance(v, list) and len(v) <= LIST and all(map(held_of, v)), True),
    "hold": (lambda v: type(v) is bool, True),
    "must": (lambda v: v == [], False),
    "alg": (text, True),
    "zip": (text, True),
    "salted": (lambda v: type(v) is bool, True),
    "tree": (lambda v: isinstance(v, list) and len(v) <= LIST and all(binary(root, 32) for root in v), True),
    "pk": (lambda v: binary(v, 32), True),
    "replaces": (lambda v: isinstance(v, dict), True),
    "measured": (whole, True),
}


def tagged(line):
    """The keys of a line that is tagged as a header is, or None (6)."""
    keys = parse(line) if clean(line) and line.startswith(b'{"tracing_audit":1,') else None
    head = keys and len(keys) <= KEYS_MOST + 1 and not keys.twice and binary(keys.get("prev_head"), 32)
    body, tag, _ = unframe(line, False)
    return keys if head and tag == b64(sha(b"\x03", head, sha(b"\x00", body))[:16]) else None


def valid(keys):
    """Whether those of a tagged line are a header's."""
    if [key for key in keys if key in KEYS] != [key for key in KEYS if key in keys]:
        return False
    if not all(good(keys[key]) if key in keys else optional for key, (good, optional) in KEYS.items()):
        return False
    genesis, head = keys["prev_file"] is None, binary(keys["prev_head"], 32)
    if not genesis and keys["prev_file"] >= keys["file"] or genesis and (keys["prev_seq"] or any(head)):
        return False
    return keys["clean"] or keys["cause"] == "recover"


def first_line(line):
    """What a first line makes its file: "unknown" (4) and why, "unreadable", or "valid" and its keys (6)."""
    version = VERSION.match(line or b"")
    if version and version[1] != b"1":
        damaged = first_line(b'{"tracing_audit":1,' + line[version.end():])[0] != "unreadable"
        return ("unreadable", None) if damaged else ("unknown", f"version {version[1].decode()[:20]}")
    keys = tagged(line)
    must = keys and keys.get("must")
    if isinstance(must, list) and must:
        return "unknown", f"feature {must[0]}"
    return ("valid", keys) if keys and valid(keys) else ("unreadable", None)


def classify(path):
    """What a file is (12, 1): "empty", "unknown" (4), "torn" (unreadable: no line feed), "unreadable" or "valid"; and its keys.
    "no gzip" is an unreadable file of which no line is read (5)."""
    try:
        first = None
        for line, _, ended in lines(path):
            first = first or (line, ended)
            if not path.endswith(".gz"):
                break
    except BadGzip:
        return "no gzip", None
    if not first:
        return "empty", None
    line, ended = first
    return first_line(line) if ended else ("torn", None)
