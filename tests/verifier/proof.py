#!/usr/bin/env python3
"""Checks a proof: the part "Proofs" of section 14 of docs/FORMAT.md.

    python3 proof.py KEYLINE FILE    prints what is proven, or why nothing is. Exit 1 if nothing is
"""

import base64
import re
import sys

from header import first_line
from key import Key, signed_by
from line import CannotRead, b64, binary, clean, le64, parse, sha, unframe, whole

SIGNATURE = re.compile("\u2014 ([^ \n]+) (.*)\n")


class Wrong(Exception):
    """Nothing is proven; why."""


def demand(holds, why):
    if not holds:
        raise Wrong(why)
    return holds


def keys_of(value, *names):
    """The object's values, if it has exactly these keys, once each."""
    demand(isinstance(value, dict) and not value.twice and set(value) == set(names) and None not in value.values(), f"not exactly {names}")
    return [value[name] for name in names]


def hashes(value):
    demand(isinstance(value, list), "no list of hashes")
    return [demand(binary(text, 32), "a hash does not read") for text in value]


def split(size):
    return 1 << (size - 1).bit_length() - 1


def node(left, right):
    return sha(b"\x01", left, right)


def from_leaf(index, size, leaf, path):
    """The root that PATH(index, D[size]) leads to."""
    if size == 1:
        demand(not path, "the path is too long")
        return leaf
    demand(path, "the path is too short")
    half, other = split(size), path[-1]
    if index < half:
        return node(from_leaf(index, half, leaf, path[:-1]), other)
    return node(other, from_leaf(index - half, size - half, leaf, path[:-1]))


def from_tree(old, new, root, path, whole=True):
    """The roots of the old and of the new tree that PROOF(old, D[new]) leads to; `root` is the one given for the old tree."""
    if old == new:
        demand(len(path) == (not whole), "the path has another length")
        return (root, root) if whole else (path[0], path[0])
    demand(path, "the path is too short")
    half, other = split(new), path[-1]
    if old <= half:
        before, after = from_tree(old, half, root, path[:-1], whole)
        return before, node(after, other)
    before, after = from_tree(old - half, new - half, root, path[:-1], False)
    return node(other, before), node(other, after)


def checkpoint(text, trail, file, pk):
    """(size, root, next) of a note under this key."""
    name = "tracing-audit/" + trail
    form = "(%s\n(0|[1-9]\\d{0,15})\n([A-Za-z0-9+/]{43}=)\nfile %d\nhead ([\\w-]{43})\nnext ([\\w-]{43})\n)\n((?:\u2014 .*\n)+)" % (re.escape(name), file)
    found = demand(isinstance(text, str) and re.fullmatch(form, text, re.A), "a note does not read")
    signed, size, root, head, after, signatures = found.groups()
    plain = base64.b64decode(root)
    after = binary(after, 32)
    demand(base64.b64encode(plain).decode() == root and binary(head, 32) and after and whole(int(size)), "a note has a value in a second spelling")
    key_id = sha(name.encode() + b"\n\x01" + pk)[:4]
    ours = demand([one for who, one in SIGNATURE.findall(signatures) if who == name], "a note is not signed by the trail")[0]
    signature = base64.b64decode(ours) if re.fullmatch("[A-Za-z0-9+/]{91}=", ours, re.A) else b""
    demand(base64.b64encode(signature).decode() == ours, "a signature does not read")
    demand(signature[:4] == key_id and signed_by(pk, signature[4:], signed.encode()), "a note is not signed by the key whose turn it is")
    return int(size), plain, after


def prove(text, line):
    """What the proof proves to whoever has this public key line."""
    key = Key(line)
    proof = demand(parse(text.encode()), "no JSON object")
    demand(proof.get("tracing_audit_proof") == 1 and type(proof["tracing_audit_proof"]) is int, "not version 1")
    kind = proof.get("kind")
    claim = {"inclusion": ["seq", "leaf" if "leaf" in proof else "rest"], "consistency": ["from"]}.get(kind) if isinstance(kind, str) else None
    demand(claim, "of no known kind")
    _, _, trail, *claim, path, signed, keys = keys_of(proof, "tracing_audit_proof", "kind", "trail", *claim, "path", "checkpoint", "keys")
    demand(trail == key.trail, "of another trail than the key line")
    path, (first, notes) = hashes(path), keys_of(signed, "header", "notes")

    under, file, head = key.secret, 0, None
    demand(isinstance(keys, list) and keys, "no keys of files")
    for entry in keys:
        number, head, pk, sig = keys_of(entry, "file", "head", "pk", "sig")
        head, pk, sig = binary(head, 32), binary(pk, 32), binary(sig, 64)
        demand(whole(number, 1) and number > file and head and pk and sig, "a line of keys does not read, or is out of order")
        message = b"".join((b"tracing-audit/1 file", binary(trail, 16), le64(number), head, pk))
        demand(signed_by(under, sig, message), "a line of keys is not certified")
        under, file = pk, number

    demand(isinstance(first, str), "no header")
    reads, fields = first_line(first.encode())
    demand(reads == "valid", "the header is none")
    behind = sha(b"\x03", binary(fields["prev_head"], 32), sha(b"\x00", unframe(first.encode(), False)[0]))
    demand(behind == head and fields["file"] == file and fields["trail"] == trail, "the header is not the one of the last line of keys")
    demand(fields["trust"] == "signed" and not fields["must"] and "pk" in fields, "the header is not of mode signed")

    demand(isinstance(notes, list) and notes, "no checkpoint")
    pk, size, root = binary(fields["pk"], 32), fields["prev_seq"], None
    for note in notes:
        stated, root, pk = checkpoint(note, trail, file, pk)
        demand(stated >= size, "the sizes fall")
        size = stated

    if kind == "inclusion":
        seq, content = claim
        demand(whole(seq, 1) and seq <= size, "no record of the tree")
        leaf = binary(content, 32) if "leaf" in proof else sha(b"\x00", demand(isinstance(content, str) and content, "no rest").encode())
        demand(leaf and from_leaf(seq - 1, size, leaf, path) == root, "the record is not in the tree")
        if "rest" in proof:
            record = parse(f'{{"seq":{seq},{content}}}'.encode())
            demand(content.startswith('"time":"') and clean(content.encode()) and record, "the record is none")
        return {"size": size, "root": b64(root), "seq": seq, "leaf": b64(leaf)}
    old, before = keys_of(claim[0], "size", "root")
    before = demand(binary(before, 32), "a root does not read")
    demand(whole(old) and old <= size, "the trees are the wrong way round")
    if old == 0:
        demand(not path and before == sha(), "not the tree of nothing")
    else:
        demand(from_tree(old, size, before, path) == (before, root), "the one tree does not go on from the other")
    return {"size": size, "root": b64(root), "from": old}


def main(arguments):
    line, name = arguments
    with open(name, encoding="utf-8") as file:
        text = file.read()
    try:
        print(prove(text, line))
    except (Wrong, CannotRead) as why:
        sys.exit(f"nothing is proven: {why}")


if __name__ == "__main__":
    main(sys.argv[1:])
