#!/usr/bin/env python3
"""Checks an evidence bundle: the part "Evidence bundles" of section 14 of docs/FORMAT.md.

    python3 bundle.py FILE [KEYLINE]..    prints what is proven, or what is wrong and where. Exit code as section 14 has it
"""

import json
import re
import sys

from header import first_line
from key import KEYS, Key, signed_by
from line import LINE, CannotRead, b64, binary, clean, le64, parse, sha, unframe, whole
from proof import Wrong, checkpoint, demand, from_leaf, split

ROWS, HEADERS = 65_536, 1 << 24
OPENING = re.compile(r'\{"tracing_audit_bundle":1,"trail":"([\w-]{22})"(?:,"pk":"([\w-]{43})")?,"records":\[((?:\[\d+,\d+\],?)+)\]\}', re.A)
VERSION = re.compile(r'\{"tracing_audit_bundle":([1-9]\d*),', re.A)
RECORD = re.compile(r'\{"seq":(0|[1-9]\d*),(.*)\}', re.A)
LEAF = re.compile(r'"leaf":"([\w-]{43})"', re.A)


class Lines:
    """The lines of a bundle, one in hand; None behind the last."""

    def __init__(self, file):
        self.file, self.number = file, 0
        self.advance()

    def advance(self):
        line = self.file.readline(LINE + 1)
        self.number += 1
        demand(not line or line.endswith(b"\n") and clean(line[:-1]), "a line without an end, too long, or with a byte that no line has")
        self.text = line[:-1].decode() if line else None

    def begins(self, *with_):
        return self.text is not None and self.text.startswith(with_)


def rows_of(text):
    """The rows of the opening."""
    rows = [tuple(map(int, row.split(","))) for row in text[1:-1].split("],[")]
    demand(",".join(f"[{a},{b}]" for a, b in rows) == text and len(rows) <= ROWS, "rows in another spelling, or too many")
    behind = 0
    for first, last in rows:
        demand(behind < first <= last and whole(last), "the rows do not rise")
        behind = last + 1
    return rows


def opening(lines):
    found = demand(lines.text is not None and OPENING.fullmatch(lines.text), "no opening")
    trail, pk, rows = found.groups()
    demand(binary(trail, 16) and (pk is None or binary(pk, 32)), "a second spelling in the opening")
    return trail, pk and binary(pk, 32), rows_of(rows)


def files(lines, trail, pk, roots):
    """The headers in the bundle, each with whether it is that of the first line of keys, the last one being of the checkpoints; and
    whether one of the roots that are known certifies that line."""
    under, file, found, size, first, known = None, 0, [], 0, True, False
    while lines.begins('{"file":', '{"tracing_audit":'):
        if lines.begins('{"file":'):
            parts = demand(KEYS.fullmatch(lines.text.encode()), "no line of audit.keys")
            number, (new, sig) = int(parts[1]), (binary(parts[3].decode(), 32), binary(parts[4].decode(), 64))
            head = binary(parts[2].decode(), 32)
            demand(head and new and sig and whole(number, 1) and number > file, "a line of keys does not read, or is out of order")
            message = b"".join((b"tracing-audit/1 file", binary(trail, 16), le64(number), head, new))
            if under is None:
                fitting = [root for root in roots if signed_by(root, sig, message)]
                known = bool(fitting)
                demand(pk is None or (pk == fitting[0] if known else signed_by(pk, sig, message)), "the root it names does not certify the first line of keys")
            else:
                demand(signed_by(under, sig, message), "a line of keys is not certified")
                first = False
            under, file, header = new, number, None
        else:
            demand(under and header is None, "a header without a line of keys")
            size += len(lines.text.encode())
            reads, header = first_line(lines.text.encode())
            demand(reads == "valid" and size <= HEADERS, "the header is none, or the headers are too long")
            behind = sha(b"\x03", binary(header["prev_head"], 32), sha(b"\x00", unframe(lines.text.encode(), False)[0]))
            demand(behind == head and header["file"] == file and header["trail"] == trail, "the header is of another file")
            demand(header["trust"] == "signed" and "pk" in header, "the header is not of mode signed")
            found.append((header, first))
        lines.advance()
    demand(under and header, "no key of a file, or the last one without its header")
    return found, known


def notes(lines, trail, header):
    """Size and root of the last one."""
    pk, size, root = binary(header["pk"], 32), header["prev_seq"], None
    while lines.begins('{"note":"'):
        note = demand(parse(lines.text.encode()), "no note")["note"]
        demand(isinstance(note, str) and lines.text == '{"note":"%s"}' % note.replace("\n", "\\n"), "a note in another spelling")
        stated, root, pk = checkpoint(note, trail, header["file"], pk)
        demand(note.count("\n\u2014 ") == 1, "a note with another's signature")
        demand(stated >= size, "the sizes fall")
        size = stated
        lines.advance()
    demand(root, "no checkpoint")
    return size, root


def spans(first, last, index):
    """The subtrees of the path of a leaf within one, from the leaf up."""
    if last - first < 2:
        return []
    middle = first + split(last - first)
    if index < middle:
        return spans(first, middle, index) + [(middle, last)]
    return spans(middle, last, index) + [(first, middle)]


def records(lines, rows, size, root):
    """(number, its leaf, whether its content is there) of each record, as it is proven."""
    known = [(0, size, root)]
    for seq in (seq for first, last in rows for seq in range(first, last + 1)):
        demand(seq <= size, f"record {seq} is not of the tree")
        while known[-1][1] < seq:
            known.pop()
        first, last, above = known.pop()
        steps, path = spans(first, last, seq - 1), []
        if steps:
            demand(lines.begins('{"path":['), f"no path of record {seq}")
            path = demand(parse(lines.text.encode()), "the path does not read")["path"]
            demand(lines.text == json.dumps({"path": path}, separators=(",", ":")), "a path in another spelling")
            path = [demand(binary(hash, 32), "a hash does not read") for hash in path]
            demand(len(path) == len(steps), "a path of another length")
            lines.advance()
        found = demand(lines.text is not None and RECORD.fullmatch(lines.text), f"no record {seq}")
        demand(found[1] == str(seq), f"record {found[1]} in place of {seq}")
        closed = LEAF.fullmatch(found[2])
        leaf = demand(binary(closed[1], 32), "the leaf does not read") if closed else sha(b"\x00", found[2].encode())
        demand(from_leaf(seq - 1 - first, last - first, leaf, path) == above, f"record {seq} is not the one at its place")
        demand(closed or found[2].startswith('"time":"') and parse(lines.text.encode()), f"record {seq} is none")
        known += [(*span, hash) for span, hash in reversed(list(zip(steps, path))) if span[0] >= seq]
        yield seq, leaf, not closed
        lines.advance()


def origins(headers, rows, size):
    """{file: the records that are known to come from it}"""
    known, later, limit = {}, None, size
    for header, _ in reversed(headers):
        end = size if later is None else later["prev_seq"] if later["prev_file"] == header["file"] else 0
        end = min(end, limit)
        found = [seq for first, last in rows for seq in range(max(first, header["prev_seq"] + 1), min(last, end) + 1)]
        if found:
            known[header["file"]] = found
        later, limit = header, min(limit, header["prev_seq"])
    return known


def judge(file, keys=()):
    """What the bundle is to whoever has these public key lines."""
    lines = proven = None
    try:
        lines = Lines(file)
        version = VERSION.match(lines.text or "")
        if version and version[1] != "1":
            return {"exit": 4, "why": "version " + version[1][:20]}
        proven = []
        trail, pk, rows = opening(lines)
        roots = [key.secret for key in map(Key, keys) if key.trail == trail]
        lines.advance()
        headers, known = files(lines, trail, pk, roots)
        size, root = notes(lines, trail, headers[-1][0])
        for record in records(lines, rows, size, root):
            proven.append(record)
        demand(lines.text is None, "something behind the last record")
    except (Wrong, UnicodeDecodeError) as why:
        return {"exit": 1, "why": str(why), "line": lines.number if lines else 1, "records": [seq for seq, *_ in proven or ()]}
    first = [header["prev_seq"] for header, is_first in headers if is_first]
    return {"exit": 0 if known else 3, "size": size, "root": b64(root), "records": [seq for seq, *_ in proven],
            "closed": sum(not content for *_, content in proven), "before": first[0] if first else None, "files": origins(headers, rows, size)}


def main(arguments):
    name, *keys = arguments
    try:
        with open(name, "rb") as file:
            found = judge(file, keys)
    except (OSError, CannotRead) as why:
        found = {"exit": 4, "why": str(why)}
    print(found)
    return found["exit"]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
