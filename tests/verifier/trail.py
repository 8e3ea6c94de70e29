"""Trails in memory, and their chain, seals and signatures computed again: for mutate.py."""

import base64
import json
import re

from key import grow, root_of, seal_of
from line import b64, binary, le64, mac, sha, unframe

SEQ = re.compile(rb'\{"seq":(\d+),')
NUMBER = re.compile(rb'"file":(\d{1,16}),')


class Trail:
    """Files by name, the state file's bytes or None, key lines, anchors. `seed`: (first run, S); `signers`: secret by public key."""

    def __init__(self, files, state=None, keys=(), anchors=(), seed=None, signers=None):
        self.files, self.state, self.keys, self.anchors = dict(files), state, list(keys), list(anchors)
        self.seed, self.signers = seed, signers or {}

    def copy(self):
        return Trail(self.files, self.state, self.keys, self.anchors, self.seed, self.signers)

    def names(self):
        return sorted(name for name, data in self.files.items() if name.startswith("audit-2") and isinstance(data, bytes))

    def plain(self):
        return [name for name in self.names() if not name.endswith(".gz")]

    def in_order(self):
        """Names of plain files that say a number, by that number."""
        return sorted((name for name in self.plain() if number_of(self.files[name])), key=lambda name: number_of(self.files[name]))


class Pairs(list):
    """An object with its keys in their order, each as often as it stands there."""


class Raw(str):
    """JSON text that stands for itself."""


def read(line):
    """A line as Pairs, lists, strings and Raw numbers; None where it is no JSON."""
    try:
        value = json.loads(line, object_pairs_hook=Pairs, parse_int=Raw, parse_float=Raw, parse_constant=Raw)
        return value if isinstance(value, Pairs) else None
    except (ValueError, RecursionError):
        return None


def write(value):
    if isinstance(value, Raw):
        return value
    if isinstance(value, Pairs):
        return "{" + ",".join(write(key) + ":" + write(inner) for key, inner in value) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(write, value)) + "]"
    return json.dumps(value, ensure_ascii=isinstance(value, str) and not value.isprintable())


def split(data):
    """(lines, what stands behind the last line feed)"""
    *lines, rest = data.split(b"\n")
    return lines, rest


def first_line(data):
    return data.split(b"\n", 1)[0]


def joined(lines, rest=b""):
    return b"".join(line + b"\n" for line in lines) + rest


def number_of(data):
    found = NUMBER.search(first_line(data[:4096]))
    return int(found[1]) if found and data.startswith(b"{") else 0


def members(line):
    return dict(read(line) or ())


# ---------------------------------------------------------------- the chain, computed again


def head_of(header):
    said = members(header)
    body, _, _ = unframe(header, True)
    return sha(b"\x03", binary(said.get("prev_head"), 32) or bytes(32), sha(b"\x00", body))


def points(trail):
    """Every (file, seq, head) along every plain file, from what the lines say alone."""
    found = []
    for name in trail.in_order():
        lines, _ = split(trail.files[name])
        if lines:
            said = members(lines[0])
            head, number = head_of(lines[0]), number_of(lines[0])
            found.append((number, int(said.get("prev_seq") if isinstance(said.get("prev_seq"), Raw) and said["prev_seq"].isdigit() else 0), head))
            for line in lines[1:]:
                at = SEQ.match(line)
                if at and int(at[1]) < 1 << 63:
                    head = sha(b"\x02", head, le64(int(at[1])), leaf_of(line, at.end()))
                    found.append((number, int(at[1]), head))
    return found


def leaf_of(line, start):
    rest = unframe(line, True)[0][start:]
    erased = re.match(rb'"erased":"([\w-]{43})"', rest, re.A)
    return erased and binary(erased[1].decode(), 32) or sha(b"\x00", rest)


class Seals:
    """Which seal the next commit of a keyed file gets; None where no seed is known for its run."""

    def __init__(self, trail, said):
        run, commit = said.get("run"), said.get("commit")
        self.key, self.run, self.index = None, None, None
        small = all(isinstance(n, Raw) and n.isdigit() and int(n) < 1000 for n in (run, commit))
        if not trail.seed or not small or int(run) < trail.seed[0] or not isinstance(said.get("trail"), str):
            return
        seed, self.run, self.index = trail.seed[1], int(run), int(commit)
        for _ in range(self.run - trail.seed[0]):
            seed = mac(seed, b"tracing-audit/1 seed")
        self.key = mac(seed, b"tracing-audit/1 run", binary(said["trail"], 16) or bytes(16), le64(self.run))
        for _ in range(self.index):
            self.key = mac(self.key, b"tracing-audit/1 next")

    def next(self, head):
        if not self.key:
            return None
        seal, self.key = seal_of(self.key, self.run, self.index, head)
        self.index += 1
        return b64(seal)


def retag(trail, name, first, seals="keep", follow=True, counted=False):
    """Computes every tag again from line `first` of a file on, and with `follow` in the files behind it.

    `seals`: "keep" their text, "strip" them, "make" right ones where the seed is known, and sign notes again where the secret
    is. `counted`: the `commit` of later headers is put right too.
    """
    order = trail.in_order()
    order = order[order.index(name):] if name in order else [name]
    known, index, tree = {}, None, None
    for place, file in enumerate(order if follow else order[:1]):
        lines, rest = split(trail.files[file])
        if not lines or read(lines[0]) is None:
            break
        from_here = first if place == 0 else 0
        said = members(lines[0])
        prev = str(said.get("prev_file")), str(said.get("prev_seq"))
        if place and prev in known:
            head, tree, counts = known[prev]
            lines[0] = re.sub(rb'"prev_head":"[^"]*"', b'"prev_head":"%s"' % b64(head).encode(), lines[0], count=1)
            if counted and counts is not None and said.get("cause") in ("rotate", "resync"):
                lines[0] = re.sub(rb'"commit":\d+', b'"commit":%d' % counts, lines[0], count=1)
            if seals == "make" and tree is not None and b'"tree":[' in lines[0]:
                spelled = ",".join('"%s"' % b64(root) for _, root in tree).encode()
                lines[0] = re.sub(rb'"tree":\[[^]]*\]', b'"tree":[%s]' % spelled, lines[0], count=1)
            said = members(lines[0])
        elif place:
            tree = None
        if not place:
            tree = [] if said.get("prev_file") is None else compact(said)
        tree = list(tree) if tree is not None else None
        made, pk, head = Seals(trail, said), said.get("pk"), None
        for at, line in enumerate(lines):
            body, tag, seal = unframe(line, said.get("trust") != "chained")
            if at == 0:
                head = sha(b"\x03", binary(said.get("prev_head"), 32) or bytes(32), sha(b"\x00", body))
                seq = said.get("prev_seq")
            else:
                found = SEQ.match(line)
                if not tag or not found or int(found[1]) >= 1 << 63:
                    continue
                seq = Raw(found[1].decode())
                if seals == "make" and b'"AUDIT_CHECKPOINT"' in body and trail.signers:
                    body, pk = signed_again(trail, said, body, head, tree, pk)
                leaf = leaf_of(body + b',"tag":"%s"}' % (b"A" * 22), found.end())
                head = sha(b"\x02", head, le64(int(seq)), leaf)
                if tree is not None:
                    grow(tree, leaf)
            right = made.next(head) if seal else None
            if tag and at >= from_here:
                seal = {"keep": seal, "strip": None, "make": seal and (right or seal)}[seals]
                lines[at] = body + b',"tag":"%s"%s}' % (b64(head[:16]).encode(), b',"seal":"%s"' % seal.encode() if seal else b"")
            known[str(said.get("file")), str(seq)] = head, list(tree) if tree is not None else None, made.index
        trail.files[file] = joined(lines, rest)
    if seals == "make" and trail.signers:
        list_again(trail)


def compact(said):
    """The header's `tree` as (height, root), or None."""
    seq, tree = said.get("prev_seq"), said.get("tree")
    if not isinstance(tree, list) or not isinstance(seq, Raw) or not seq.isdigit() or not all(binary(root, 32) for root in tree):
        return None
    heights = [bit for bit in reversed(range(64)) if int(seq) >> bit & 1]
    return [(height, binary(root, 32)) for height, root in zip(heights, tree)] if len(heights) == len(tree) else None


def signed_again(trail, said, body, head, tree, pk):
    """A checkpoint's note with the root, head and signature that are right for where it stands, in its own file's row of keys."""
    value = read(body + b"}")
    note = value and dict(value).get("metadata")
    if not isinstance(note, Pairs) or dict(note).get("file") != said.get("file") or not isinstance(pk, str) or pk not in trail.signers:
        return body, pk
    fields = {**dict(note), "head": b64(head), "root": b64(root_of(tree) or bytes(32))}
    if not all(isinstance(fields.get(key), str) for key in ("seq", "file", "next", "sig")):
        return body, pk
    root = base64.b64encode(binary(fields["root"], 32)).decode()
    text = "tracing-audit/%s\n%s\n%s\nfile %s\nhead %s\nnext %s\n" % (said.get("trail"), fields["seq"], root, fields["file"], fields["head"], fields["next"])
    fields["sig"] = b64(trail.signers[pk].sign(text.encode("utf-8", "replace")))
    note[:] = [(key, fields[key]) for key, _ in note]
    return write(value)[:-1].encode("utf-8", "replace"), fields["next"]


def list_again(trail):
    """`audit.keys` with the heads that the headers now have, signed anew."""
    lines, rest = split(trail.files.get("audit.keys", b""))
    heads = {number_of(trail.files[name]): head_of(first_line(trail.files[name])) for name in trail.in_order()}
    signer = trail.signers.get("root")
    for at, line in enumerate(lines):
        said, number = members(line), number_of(line)
        pk, ours = said.get("pk"), binary(said.get("pk"), 32)
        if not ours or not signer or number not in heads or at == len(lines):
            return
        names = [name for name in trail.in_order() if number_of(trail.files[name]) == number]
        trail_id = binary(members(first_line(trail.files[names[0]])).get("trail"), 16) or bytes(16)
        sig = signer.sign(b"tracing-audit/1 file" + trail_id + le64(number) + heads[number] + ours)
        lines[at] = b'{"file":%d,"head":"%s","pk":"%s","sig":"%s"}' % (number, b64(heads[number]).encode(), pk.encode(), b64(sig).encode())
        signer = trail.signers.get(pk)
    trail.files["audit.keys"] = joined(lines, rest)


# ---------------------------------------------------------------- points, and the state file


def before_of(point):
    file, seq, head = point
    return Pairs([("file", Raw(str(file))), ("prev_seq", Raw(str(seq))), ("prev_head", b64(head))])


def mark_of(point):
    return Pairs([("file", Raw(str(point[0]))), ("seq", Raw(str(point[1]))), ("head", b64(point[2]))])


def state_with(state, changes=(), change=None):
    """The state file with members changed and its check right."""
    value = read(state)
    if not value:
        return state
    inner = Pairs((key, dict(changes).get(key, old)) for key, old in value if key != "head_check")
    if change:
        change(inner)
    body = write(inner)[:-1].encode("utf-8", "replace")
    return body + b',"head_check":"%s"}\n' % b64(sha(b"\x06", body)).encode()
