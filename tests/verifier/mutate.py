"""What a crash, a mistake or an attacker may make of a trail: for scripts/two-verifiers.

Each mutation takes a trail and a `random.Random`, changes the trail and says what it did, or gives None where there is nothing
to change. The same trail and the same randomness give the same bytes.
"""

import gzip
import re
import zlib

from line import b64, binary, sha, unframe
from trail import (SEQ, Pairs, Raw, before_of, first_line, joined, leaf_of, list_again, mark_of, members, number_of, points, read, retag, split,
                   state_with, write)

NASTY = ("null", "true", "false", "0", "1", "2", "3", "-1", "-0", "1.0", "1e0", "01", "1e400", "9007199254740991", "9007199254740992",
         "18446744073709551616", '""', '"x"', '"1"', '"\\ud800"', '"\\u0000"', "[]", "{}", "[1]", '{"a":1,"a":2}', "[" * 126 + "]" * 126,
         "[" * 130 + "]" * 130, '"2026-11-20T08:15:30.000000Z"', '"0000-02-29T24:00:00.000000Z"', '"A"' + " ", "nul", '"\x7f\u2028"',
         '"' + "A" * 22 + '"', '"' + "A" * 42 + 'B"', '"' + "A" * 43 + '"')
EVENTS = ("CHECKPOINT", "STOP", "PRUNE", "ERASE", "CONFIG", "RECOVER", "TAMPER_SUSPECTED", "START", "GAP", "stop", "")


def pick(rnd, trail, names=None):
    """A plain file with at least one line: (name, lines, rest)."""
    names = [name for name in names or trail.plain() if trail.files[name].count(b"\n")]
    if not names:
        return None, [], b""
    name = rnd.choice(names)
    return (name, *split(trail.files[name]))


def some_retag(rnd, trail, name, first):
    """Nothing, this line's tag alone, or all tags from here on; the seals left, stripped or made."""
    how = rnd.choice(["no tags", "this file", "all", "all", "all"])
    if how == "no tags":
        return how
    seals = rnd.choice(["keep", "make", "make", "strip"])
    retag(trail, name, first, seals, how == "all", rnd.random() < 0.5)
    return f"{how} tags, {seals} seals"


# ---------------------------------------------------------------- bytes


def flip(trail, rnd):
    name = rnd.choice(list(trail.names()) + ["audit.keys"] * ("audit.keys" in trail.files) or [None])
    data = bytearray(trail.files[name]) if name else b""
    if not data:
        return None
    at = rnd.randrange(len(data))
    data[at] ^= 1 << rnd.randrange(8)
    trail.files[name] = bytes(data)
    return f"{name}: bit at {at}"


def byte(trail, rnd):
    name = rnd.choice(trail.names() or [None])
    data = trail.files[name] if name else b""
    if not data:
        return None
    at = rnd.randrange(len(data))
    new = rnd.choice([b"", bytes([rnd.randrange(256)]), b"\n", b"\r", b"\0", b'"', b"\xff", b" ", "é".encode(), b"\xef\xbb\xbf"])
    keep = rnd.randrange(2)
    trail.files[name] = data[:at] + new + data[at + 1 - keep:]
    return f"{name}: {new!r} at {at}"


def zeros(trail, rnd):
    name = rnd.choice(trail.names() or [None])
    data = trail.files[name] if name else b""
    at, size = rnd.randrange(len(data) + 1), rnd.choice([1, 20, 200, 1000, 5000])
    if not data:
        return None
    trail.files[name] = data[:at] + bytes(len(data[at:at + size])) + data[at + size:]
    return f"{name}: zeros at {at}"


def truncated(trail, rnd):
    name = rnd.choice(trail.names() or [None])
    data = trail.files[name] if name else b""
    if not data:
        return None
    if rnd.random() < 0.5 and not name.endswith(".gz"):
        lines, _ = split(data)
        trail.files[name] = joined(lines[:rnd.randrange(len(lines) + 1)])
    else:
        trail.files[name] = data[:rnd.randrange(len(data))]
    return f"{name}: cut at {len(trail.files[name])}"


def appended(trail, rnd):
    name, lines, rest = pick(rnd, trail)
    if not name:
        return None
    more = rnd.choice([b"x", b"\n", b"{}\n", b'{"seq":9', lines[0] + b"\n", lines[-1] + b"\n", lines[-1],
                       b'{"seq":99,"time":"2026-11-20T08:15:30.000104Z","event":"AUDIT_STOP","metadata":{"records":1},"tag":"%s"}\n' % (b"A" * 22),
                       b'{"seq":99,"time":"2026-11-20T08:15:30.000104Z","event":"AUDIT_CHECKPOINT","metadata":{"seq":%d},"tag":"%s"}\n'
                       % (rnd.randrange(120), b"A" * 22)])
    trail.files[name] = joined(lines, rest) + more
    return f"{name}: {more[:40]!r} behind it"


# ---------------------------------------------------------------- lines


def line_moved(trail, rnd):
    """Deletes, repeats, swaps or moves a line, within a file or into another."""
    name, lines, rest = pick(rnd, trail)
    if not name:
        return None
    what, at = rnd.choice(["delete", "repeat", "swap", "move"]), rnd.randrange(len(lines))
    if what == "swap":
        other = rnd.randrange(len(lines))
        lines[at], lines[other] = lines[other], lines[at]
        trail.files[name] = joined(lines, rest)
    elif what == "delete":
        del lines[at]
        trail.files[name] = joined(lines, rest)
    else:
        line = lines[at] if what == "repeat" else lines.pop(at)
        trail.files[name] = joined(lines, rest)
        to, others, end = pick(rnd, trail)
        if not to:
            return None
        others.insert(rnd.randrange(len(others) + 1), line)
        trail.files[to] = joined(others, end)
    return f"{name}: {what} line {at + 1}, {some_retag(rnd, trail, name, at) if rnd.random() < 0.3 else 'no tags'}"


def joint(trail, rnd):
    """Joins two lines, or makes two of one."""
    name, lines, rest = pick(rnd, trail)
    if not name:
        return None
    at = rnd.randrange(len(lines))
    if rnd.random() < 0.5 and at + 1 < len(lines):
        lines[at:at + 2] = [lines[at] + rnd.choice([b"", b"\r", b" "]) + lines[at + 1]]
    else:
        cut = rnd.randrange(len(lines[at]) + 1)
        lines[at:at + 1] = [lines[at][:cut], lines[at][cut:]]
    trail.files[name] = joined(lines, rest)
    return f"{name}: joint at line {at + 1}"


def unsealed(trail, rnd):
    """Takes a seal away, gives it to another line, or spells one otherwise."""
    name, lines, rest = pick(rnd, trail)
    places = [at for at, line in enumerate(lines) if unframe(line, True)[2]]
    if not places:
        return None
    at, what = rnd.choice(places), rnd.choice(["strip", "strip all behind", "swap", "spell", "copy"])
    line, other = lines[at], lines[rnd.choice(places)]
    if what.startswith("strip"):
        for place in places if what != "strip" else [at]:
            if place >= at:
                lines[place] = lines[place][:-53] + b"}"
    elif what == "swap":
        place = lines.index(other)
        lines[at], lines[place] = line[:-45] + other[-45:], other[:-45] + line[-45:]
    elif what == "spell":
        lines[at] = line[:-3] + bytes([rnd.choice(b"ABCDEFGHwxyz0189-_+/=")]) + b'"}'
    else:
        place = rnd.randrange(len(lines))
        if not unframe(lines[place], True)[2]:
            lines[place] = lines[place][:-1] + line[-53:-1] + b"}"
    trail.files[name] = joined(lines, rest)
    return f"{name}: {what} seal of line {at + 1}"


# ---------------------------------------------------------------- what lines say


def smart(trail, rnd, key, value):
    """Another value for a member: near to the one there, right of another place, or of another kind."""
    if rnd.random() < 0.15:
        return Raw(rnd.choice(NASTY))
    if isinstance(value, Raw) and value.isdigit():
        near = [int(value) + step for step in (-2, -1, -1, 1, 1, 2, 5)] + [0, 1, 1000, (1 << 53) - 1]
        return Raw(str(max(rnd.choice(near), 0)))
    known = points(trail)
    if isinstance(value, str) and not isinstance(value, Raw):
        if len(value) == 43 and known and rnd.random() < 0.6:
            return b64(rnd.choice(known)[2])
        if key == "cause":
            return rnd.choice(["start", "rotate", "resync", "recover", "other"])
        if key == "trust":
            return rnd.choice(["chained", "sealed", "signed", "Sealed"])
        if value and rnd.random() < 0.7:
            at = rnd.randrange(len(value))
            return value[:at] + rnd.choice("ABab01-_ é\"\n") + value[at + rnd.randrange(2):]
        return rnd.choice(["", "x", value + "A", value[:-1]])
    if isinstance(value, bool) and rnd.random() < 0.8:
        return not value
    if value is None and rnd.random() < 0.8:
        return Raw(str(rnd.randrange(4)))
    if isinstance(value, Pairs) and value:
        edit(trail, rnd, value)
        return value
    if isinstance(value, list) and value:
        what, at = rnd.choice(["change", "drop", "repeat", "swap"]), rnd.randrange(len(value))
        if what == "change":
            value[at] = smart(trail, rnd, None, value[at])
        elif what == "drop":
            del value[at]
        elif what == "repeat":
            value.append(value[at])
        else:
            value.reverse()
        return value
    return Raw(rnd.choice(NASTY))


def edit(trail, rnd, value):
    """Changes, drops, repeats, renames or moves one member of an object."""
    at = rnd.randrange(len(value))
    key, inner = value[at]
    what = rnd.choices(["change", "drop", "repeat", "move", "rename", "other"], [12, 1, 1, 1, 1, 1])[0]
    if what == "change":
        value[at] = (key, smart(trail, rnd, key, inner))
    elif what == "drop":
        del value[at]
    elif what == "repeat":
        value.insert(rnd.randrange(at, len(value)) + 1, (key, smart(trail, rnd, key, inner) if rnd.random() < 0.5 else inner))
    elif what == "move":
        del value[at]
        value.insert(rnd.randrange(len(value) + 1), (key, inner))
    elif what == "rename":
        value[at] = (key + "x", inner)
    else:
        value.insert(at, ("other", Raw(rnd.choice(NASTY))))
    return f"{what} {key}"


def header_optional(trail, rnd, value):
    """Puts in a member that a header may have."""
    known = points(trail) or [(1, 0, bytes(32))]
    starts = [known[0]] + [here for last, here in zip(known, known[1:]) if here[0] != last[0]]
    headers = [(number, seq, binary(members(first_line(trail.files[name])).get("prev_head"), 32) or bytes(32))
               for name in trail.in_order() for number, seq, _ in starts if number_of(trail.files[name]) == number]
    one, two = rnd.choice(headers or known), rnd.choice(known)
    key, inner = rnd.choice([
        ("kept_from", before_of(one)), ("kept_from", before_of(two)),
        ("held", [Pairs(before_of(one) + [("seq", Raw(str(two[1]))), ("head", b64(two[2]))])]),
        ("must", [rnd.choice(["x", ""])]), ("alg", "sha256"), ("zip", "gzip"), ("salted", True), ("tree", []), ("pk", b64(two[2])),
        ("replaces", Pairs([("trail", "A" * 22)])),
        ("measured", Raw(rnd.choice(["0", "9007199254740991", "9007199254740992", "-1", "1.0"]))), ("later", Raw("1")), ("pid", Raw("7")), ("service", "s"),
    ])
    order = ["tracing_audit", "trail", "run", "run_id", "file", "cause", "prev_file", "prev_seq", "prev_head", "clean", "trust", "commit", "opened",
             "service", "version", "host", "pid", "kept_from", "held", "hold", "must", "alg", "zip", "salted", "tree", "pk", "replaces", "measured", "tag", "seal"]
    value[:] = [pair for pair in value if pair[0] != key]
    rank = order.index(key) if key in order else rnd.randrange(1, len(order))
    at = sum(1 for name, _ in value if name in order and order.index(name) < rank)
    value.insert(at if rnd.random() < 0.9 else rnd.randrange(1, len(value)), (key, inner))
    return f"put {key}"


def rewritten(line, change):
    """The line with its members changed, its frame left as it is; None where it is no JSON."""
    value = read(line)
    if not value:
        return None, None
    frame = [pair for pair in value[-2:] if pair[0] in ("tag", "seal")]
    inner = Pairs(value[:len(value) - len(frame)])
    what = change(inner) if inner else None
    return what, write(Pairs(inner + frame)).encode("utf-8", "replace") if what else None


def header_edit(trail, rnd):
    name, lines, rest = pick(rnd, trail)
    if not name:
        return None
    change = (lambda value: header_optional(trail, rnd, value)) if rnd.random() < 0.3 else (lambda value: edit(trail, rnd, value))
    what, line = rewritten(lines[0], change)
    if not what:
        return None
    lines[0] = line
    trail.files[name] = joined(lines, rest)
    return f"{name}: header, {what}, {some_retag(rnd, trail, name, 0)}"


def record_edit(trail, rnd):
    """Changes what a record says; one of the crate's own more often than not."""
    name, lines, rest = pick(rnd, trail)
    own = [at for at, line in enumerate(lines) if b'","event":"AUDIT_' in line]
    if len(lines) < 2:
        return None
    at = rnd.choice(own) if own and rnd.random() < 0.7 else rnd.randrange(1, len(lines))

    def change(value):
        said = dict(value).get("metadata")
        if isinstance(said, Pairs) and said and rnd.random() < 0.6:
            return edit(trail, rnd, said)
        return edit(trail, rnd, value)
    what, line = rewritten(lines[at], change)
    if not what:
        return None
    lines[at] = line
    trail.files[name] = joined(lines, rest)
    return f"{name}: line {at + 1}, {what}, {some_retag(rnd, trail, name, at)}"


def own_record(trail, rnd):
    """Turns a record into one of the crate's own, or puts one in, with what such a record says."""
    name, lines, rest = pick(rnd, trail)
    if len(lines) < 2:
        return None
    at, event, known = rnd.randrange(1, len(lines)), rnd.choice(EVENTS), points(trail) or [(1, 0, bytes(32))]
    found = SEQ.match(lines[at])
    if not found:
        return None
    seq, one, two = int(found[1]), rnd.choice(known), rnd.choice(known)
    said = {
        "CHECKPOINT": '{"file":%d,"seq":%d,"head":"%s"}' % (one[0], one[1], b64(one[2])),
        "STOP": '{"records":%d,"lost":0}' % seq,
        "PRUNE": '{"files":[%d],"first_seq":1,"last_seq":%d,"heads":[null],"kept_from":%s,"policy_days":%s,"newest":"2026-11-%02dT00:00:00.000000Z"}'
                 % (two[0], one[1], write(before_of(one)), rnd.choice(["null", "1", "30", "0"]), rnd.randrange(1, 31)),
        "ERASE": '{"seqs":[%d,%d],"leaves":["%s","%s"],"reason":"r","by":"b"}' % (two[1], one[1], b64(two[2]), b64(one[2])),
        "CONFIG": '{"settings":{"retention":{"value":"%s days","source":"code"}}}' % rnd.choice(["30", "1", "0", "x"]),
        "RECOVER": '{"run":1,"last_seq":%d,"torn_bytes":0,"state":"missing"}' % one[1],
        "TAMPER_SUSPECTED": '{"file":1,"what":"cut"}',
    }.get(event, "{}")
    frame = rnd.choice([lines[at][-32:], lines[at][-85:]]) if unframe(lines[at], True)[1] else b',"tag":"%s"}' % (b"A" * 22)
    time = b"2026-11-%02dT08:00:00.000000Z" % rnd.randrange(10, 31)
    line = b'{"seq":%d,"time":"%s","event":"AUDIT_%s","category":"audit","severity":"low","outcome":"success","metadata":%s' % (
        seq, time, event.encode(), said.encode()) + frame
    insert = rnd.random() < 0.3
    lines[at:at + 1 - insert] = [line]
    trail.files[name] = joined(lines, rest)
    return f"{name}: line {at + 1} says {event}, {some_retag(rnd, trail, name, at)}"


def tombstone(trail, rnd):
    """Erases a record, by some order or none."""
    name, lines, rest = pick(rnd, trail)
    if len(lines) < 2:
        return None
    at = rnd.randrange(1, len(lines))
    found = SEQ.match(lines[at])
    body, tag, _ = unframe(lines[at], True)
    if not found or not tag:
        return None
    leaf = b64(leaf_of(lines[at], found.end()))
    seqs = [int(SEQ.match(line)[1]) for line in lines if SEQ.match(line) and b"AUDIT_ERASE" in line]
    by = rnd.choice(seqs or [int(found[1]) + 1]) if rnd.random() < 0.7 else rnd.randrange(12)
    lines[at] = b'{"seq":%s,"erased":"%s","by":%d' % (found[1], leaf.encode(), by) + lines[at][len(body):]
    if rnd.random() < 0.6:
        # And the order that it names, where there is such a line.
        for place, line in enumerate(lines):
            other = SEQ.match(line)
            if other and int(other[1]) == by and unframe(line, True)[1] and place != at:
                frame = line[len(unframe(line, True)[0]):]
                lines[place] = b'{"seq":%d,"time":"2026-11-20T08:15:30.000104Z","event":"AUDIT_ERASE","metadata":{"seqs":[%s],"leaves":["%s"]}' % (
                    by, found[1], leaf.encode()) + frame
                trail.files[name] = joined(lines, rest)
                return f"{name}: line {at + 1} erased by line {place + 1}, {some_retag(rnd, trail, name, place)}"
    trail.files[name] = joined(lines, rest)
    return f"{name}: line {at + 1} erased by {by}"


def spelled(trail, rnd):
    """Spells a tag, a head or another value otherwise."""
    name, lines, rest = pick(rnd, trail)
    if not name:
        return None
    at = rnd.randrange(len(lines))
    strings = [found.span(1) for found in re.finditer(rb'"([\w-]{22}|[\w-]{43}|[\w-]{86})"', lines[at])]
    if not strings:
        return None
    _, end = rnd.choice(strings)
    lines[at] = lines[at][:end - 1] + bytes([rnd.choice(b"ABCDEFGHQgwxyz0189-_=")]) + lines[at][end:]
    trail.files[name] = joined(lines, rest)
    return f"{name}: a value of line {at + 1} spelled otherwise, {some_retag(rnd, trail, name, at) if rnd.random() < 0.3 else 'no tags'}"


# ---------------------------------------------------------------- files


def free_name(trail, rnd):
    name = "audit-2026-%02d-%02d%s.jsonl" % (rnd.randrange(10, 13), rnd.randrange(1, 30), rnd.choice(["", "", ".part0002", ".part0010", ".part10000"]))
    return name if name not in trail.files and name + ".gz" not in trail.files else free_name(trail, rnd)


def files(trail, rnd):
    """Removes, renames, copies, empties or swaps files."""
    names = trail.names()
    if not names:
        return None
    name, other = rnd.choice(names), rnd.choice(names)
    what = rnd.choice(["remove", "remove", "remove", "rename", "copy", "swap", "empty", "odd name"])
    suffix = ".gz" if name.endswith(".gz") else ""
    if what == "remove":
        del trail.files[name]
    elif what == "rename":
        trail.files[free_name(trail, rnd) + suffix] = trail.files.pop(name)
    elif what == "copy":
        trail.files[free_name(trail, rnd) + suffix] = trail.files[name]
    elif what == "swap":
        trail.files[name], trail.files[other] = trail.files[other], trail.files[name]
    elif what == "empty":
        trail.files[name] = b""
    else:
        odd = rnd.choice(["audit-2026-13-01.jsonl", "audit-2026-02-30.jsonl", "audit-2026-12-01.part0001.jsonl", "audit-2026-12-01.part00002.jsonl",
                          "audit-2026-12-01.part12345.jsonl", "audit-2026-12-01.part4294967296.jsonl", "audit-2026-12-01.jsonl.torn", "audit-2026-12-01.jsonl.torn2", "audit-0000-02-29.jsonl",
                          "audit-2026-12-01.jsonl.tmp", "audit-2026-12-01.JSONL", "xaudit-2026-12-01.jsonl", ".lock", "audit-2026-12-01.jsonl.gz.tmp"])
        trail.files[odd] = trail.files.pop(name) if rnd.random() < 0.6 else trail.files[name]
        what = odd
    return f"{name}: {what} ({other})"


def odd_file(trail, rnd):
    """Something that is no regular file under a trail file's name, or a file that says nothing."""
    what = rnd.choice(["link", "directory", "pipe", b"\n", b"x\n", b'{"tracing_audit":2,"trail":1}\n', b'{"tracing_audit":2,',
                       b'{"tracing_audit":01,"x":1}\n', b'{"tracing_audit":1,"trail":"EBAQ', b'{"tracing_audit":12345678901234567890123,\n'])
    name = free_name(trail, rnd) if rnd.random() < 0.7 or not trail.names() else rnd.choice(trail.names())
    trail.files[name] = what
    return f"{name}: {what}"


def spliced(trail, rnd, others):
    """A file, or lines, of another trail or of this one as it was."""
    other = rnd.choice(others)
    names = other.names()
    if not names:
        return None
    theirs, how = rnd.choice(names), rnd.choice(["beside", "in place", "tail", "line"])
    if how == "beside":
        trail.files[free_name(trail, rnd) + (".gz" if theirs.endswith(".gz") else "")] = other.files[theirs]
    elif how == "in place":
        trail.files[theirs] = other.files[theirs]
    else:
        name, lines, rest = pick(rnd, trail)
        more, end = split(other.files[theirs])
        if not name or not more or theirs.endswith(".gz"):
            return None
        at = rnd.randrange(len(lines) + 1)
        lines = lines[:at] + more[at:] if how == "tail" else lines[:at] + [rnd.choice(more)] + lines[at:]
        trail.files[name] = joined(lines, end if how == "tail" else rest)
    return f"{theirs} of another: {how}"


def older(trail, rnd):
    """The newest file as it was before its last lines; or the state file as it was."""
    names = trail.in_order()
    if not names:
        return None
    lines, _ = split(trail.files[names[-1]])
    keep = rnd.randrange(len(lines) + 1)
    trail.files[names[-1]] = joined(lines[:keep])
    if not keep:
        del trail.files[names[-1]]
    if rnd.random() < 0.3 and trail.state:
        known = points(trail)
        trail.state = None if not known else state_with(trail.state, [("durable", mark_of(rnd.choice(known))), ("clean", rnd.random() < 0.5)])
    return f"{names[-1]}: {keep} lines"


def compressed(trail, rnd):
    """Compresses a file, or damages a compressed one."""
    packed = [name for name in trail.names() if name.endswith(".gz")]
    if not packed or rnd.random() < 0.4:
        plain = trail.plain()
        if not plain:
            return None
        name = rnd.choice(plain)
        data, how = trail.files[name], rnd.choice(["alone", "both", "both, plain cut", "both, packed cut", "flags"])
        trail.files[name + ".gz"] = gzip.compress(data if how != "both, packed cut" else data[:rnd.randrange(len(data) + 1)], 6, mtime=0)
        if how == "flags":
            maker = zlib.compressobj(1, zlib.DEFLATED, -15)
            body = maker.compress(data) + maker.flush()
            trail.files[name + ".gz"] = rnd.choice([
                b"\x1f\x8b\x08\x08\0\0\0\0\0\xffname\0", b"\x1f\x8b\x08\x10\0\0\0\0\0\xffcomment\0", b"\x1f\x8b\x08\x04\0\0\0\0\0\xff\x02\0ab",
                b"\x1f\x8b\x08\x01\0\0\0\0\0\xff", b"\x1f\x8b\x08\xe0\0\0\0\0\0\xff", b"\x1f\x8b\x07\0\0\0\0\0\0\xff",
            ]) + body + zlib.crc32(data).to_bytes(4, "little") + (len(data) % 2**32).to_bytes(4, "little")
        if how in ("alone", "flags"):
            del trail.files[name]
        elif how == "both, plain cut":
            trail.files[name] = data[:rnd.randrange(len(data) + 1)]
        return f"{name}: compressed, {how}"
    name = rnd.choice(packed)
    data = trail.files[name]
    what = rnd.choice(["second member", "empty member", "zeros", "byte", "cut", "checksum", "flip", "nothing inside", "plain bytes"])
    trail.files[name] = {
        "second member": lambda: data + gzip.compress(b"x\n", mtime=0), "empty member": lambda: data + gzip.compress(b"", mtime=0),
        "zeros": lambda: data + bytes(8), "byte": lambda: data + b"x", "cut": lambda: data[:rnd.randrange(len(data) + 1)],
        "checksum": lambda: data[:-5] + bytes([data[-5] ^ 1]) + data[-4:] if len(data) > 5 else data,
        "flip": lambda: flipped(data, rnd), "nothing inside": lambda: gzip.compress(b"", mtime=0), "plain bytes": lambda: b"x\n",
    }[what]()
    return f"{name}: {what}"


def flipped(data, rnd):
    at = rnd.randrange(len(data) or 1)
    return data[:at] + bytes([data[at] ^ 1 << rnd.randrange(8)]) + data[at + 1:] if data else data


# ---------------------------------------------------------------- beside the files


def state(trail, rnd):
    known = points(trail)
    if trail.state is None:
        if not known:
            return None
        clean, one = rnd.random() < 0.5, rnd.choice(known)
        said = members(first_line(trail.files[trail.in_order()[0]])).get("trail")
        inner = Pairs([("tracing_audit_state", Raw("1")), ("trail", said), ("next_run", Raw("2")), ("durable", mark_of(known[-1] if clean else one)),
                       ("clean", clean), ("max_clock", "2026-11-20T08:15:31.000000Z"), ("pruned", None)])
        trail.state = state_with(write(inner).encode("utf-8", "replace"))
        return "a state file put there"
    what = rnd.choice(["flip", "cut", "line feed", "edit", "edit", "edit", "mark", "mark", "none", "version"])
    if what == "flip":
        trail.state = flipped(trail.state, rnd)
    elif what == "cut":
        trail.state = trail.state[:rnd.randrange(len(trail.state))]
    elif what == "line feed":
        trail.state = rnd.choice([trail.state[:-1], trail.state + b"\n", b" " + trail.state, trail.state[:-1] + b"\r\n"])
    elif what == "edit":
        trail.state = state_with(trail.state, change=lambda value: edit(trail, rnd, value))
    elif what == "mark" and known:
        one = rnd.choice(known + known[-2:])
        one = (one[0], one[1], rnd.choice([one[2], one[2], one[2], rnd.choice(known)[2]]))
        trail.state = state_with(trail.state, [("durable", mark_of(one)), ("clean", rnd.random() < 0.3)])
    elif what == "none":
        trail.state = None
    else:
        trail.state = trail.state.replace(b'"tracing_audit_state":1', rnd.choice([b'"tracing_audit_state":2', b'"tracing_audit_state":01']))
    return f"state: {what}"


def key_file(trail, rnd):
    """Lines of `audit.keys` changed, removed, repeated or put in another order."""
    lines, rest = split(trail.files.get("audit.keys", b""))
    if not lines:
        return None
    at, what = rnd.randrange(len(lines)), rnd.choice(["edit", "edit", "remove", "repeat", "swap", "cut", "gone", "spelled", "put behind"])
    if what == "edit":
        done, line = rewritten(lines[at], lambda value: edit(trail, rnd, value))
        lines[at] = line if done else lines[at]
    elif what == "remove":
        del lines[at]
    elif what == "repeat":
        lines.insert(rnd.randrange(len(lines) + 1), lines[at])
    elif what == "swap":
        lines.reverse()
    elif what == "spelled":
        lines[at] = lines[at][:-3] + bytes([rnd.choice(b"AQgw0-=")]) + b'"}'
    elif what == "put behind":
        rest = rnd.choice([lines[at], lines[at] + b"\r\n", b"\n", b"x"])
    data = joined(lines, rest)
    trail.files["audit.keys"] = data[:rnd.randrange(len(data) + 1)] if what == "cut" else data
    if what == "gone":
        del trail.files["audit.keys"]
    if what in ("remove", "edit") and rnd.random() < 0.3:
        list_again(trail)
    return f"audit.keys: {what} line {at + 1}"


def outside(trail, rnd):
    """A key line or an anchor changed."""
    if trail.keys and rnd.random() < 0.6:
        at = rnd.randrange(len(trail.keys))
        words, known = trail.keys[at].split(" "), points(trail)
        where = rnd.randrange(2, 6)
        if where == 3:
            words[3] = rnd.choice(["1", "2", "3", "0", "01", "x", "9007199254740992", "1.0", str(max(int(words[3]) + 1, 1)) if words[3].isdigit() else "1"])
        elif where == 4 and known:
            words[4] = b64(rnd.choice(known)[2])
        elif words[where:]:
            last = words[where]
            words[where] = rnd.choice([last[:-1] + rnd.choice("AQgw01"), "B" + last[1:], last[:-1], last + "A"])
        trail.keys[at] = rnd.choice([" ", " ", " ", " ", "  "]).join(words)
        return f"key line: word {where + 1}"
    known = points(trail)
    if not known:
        return None
    _, seq, head = rnd.choice(known)
    near = max(rnd.choice([seq, seq, seq, seq + 1, seq - 1, seq + 5, seq + 200000]), 1)
    other = rnd.choice([head, head, head, rnd.choice(known)[2], sha(b"other")])
    trail.anchors.append(f"{near}:{rnd.choice([b64(other), int.from_bytes(other[:6], 'big')])}")
    return f"an anchor {trail.anchors[-1]}"


MUTATIONS = {
    flip: 8, byte: 5, zeros: 2, truncated: 6, appended: 4, line_moved: 8, joint: 1, unsealed: 4, header_edit: 14, record_edit: 12, own_record: 8,
    tombstone: 3, spelled: 2, files: 8, odd_file: 2, spliced: 5, older: 4, compressed: 4, state: 8, key_file: 3, outside: 5,
}


def mutated(trail, rnd, others):
    """A copy of a trail with one to four changes, and what they are."""
    trail, said = trail.copy(), []
    for mutation in rnd.choices(list(MUTATIONS), list(MUTATIONS.values()), k=rnd.choices([1, 2, 3, 4], [6, 3, 2, 1])[0]):
        what = mutation(trail, rnd, others) if mutation is spliced else mutation(trail, rnd)
        said += [f"{mutation.__name__}: {what}"] if what else []
    return trail, said
