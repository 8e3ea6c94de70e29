"""Headers, and what a file is: sections 5, 6 and 12 (step 1) of docs/FORMAT.md."""

import re

from line import BadGzip, b64, binary, clean, is_time, lines, parse, point_of, sha, unframe, whole

RANKS = {"chained": 0, "sealed": 1, "signed": 2}
VERSION = re.compile(rb'\{"tracing_audit":([1-9]\d*),')


class File:
    """A file with a valid header; `paths` has the plain form before the compressed one."""

    def __init__(self, name, paths, keys):
        self.name, self.paths, self.keys = name, paths, keys
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
    "held": (lambda v: isinstance(v, list), True),
    "must": (lambda v: isinstance(v, list) and all(map(text, v)), False),
    "alg": (text, True),
    "zip": (text, True),
    "salted": (lambda v: type(v) is bool, True),
    "tree": (lambda v: isinstance(v, list) and all(binary(root, 32) for root in v), True),
    "pk": (lambda v: binary(v, 32), True),
    "replaces": (lambda v: isinstance(v, dict), True),
}


def header(line):
    """The keys of a valid header line of version 1, or None (6)."""
    keys = parse(line) if clean(line) and line.startswith(b'{"tracing_audit":1,') else None
    if not keys or keys.twice or [key for key in keys if key in KEYS] != [key for key in KEYS if key in keys]:
        return None
    if not all(good(keys[key]) if key in keys else optional for key, (good, optional) in KEYS.items()):
        return None
    genesis, head = keys["prev_file"] is None, binary(keys["prev_head"], 32)
    if not genesis and keys["prev_file"] >= keys["file"] or genesis and (keys["prev_seq"] or any(head)):
        return None
    if not keys["clean"] and keys["cause"] != "recover":
        return None
    body, tag, _ = unframe(line, RANKS[keys["trust"]])
    return keys if tag == b64(sha(b"\x03", head, sha(b"\x00", body))[:16]) else None


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
    if not ended:
        return "torn", None
    version = VERSION.match(line or b"")
    if version and version[1] != b"1":
        damaged = header(b'{"tracing_audit":1,' + line[version.end():])
        return ("unreadable", None) if damaged else ("unknown", f"version {version[1].decode()[:20]}")
    keys = header(line)
    if keys and keys["must"]:
        return "unknown", "feature " + keys["must"][0]
    return ("valid", keys) if keys else ("unreadable", None)
