"""Key lines, file keys and the Merkle tree: section 14 of docs/FORMAT.md."""

import os
import re

from line import CannotRead, binary, le64, lines, mac, sha, whole

STEPS = 1 << 26  # as many keys as this verifier derives in one go
KEYS = re.compile(rb'\{"file":([1-9]\d{0,15}),"head":"([\w-]{43})","pk":"([\w-]{43})","sig":"([\w-]{86})"\}', re.A)


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

    def near(self, run, commit):
        """Whether K_{run,commit} can be had."""
        return max(run - self.run, commit) <= STEPS

    def at(self, run, commit):
        """K_{run,commit}."""
        key = self.first(run)
        bounded(commit)
        for _ in range(commit):
            key = mac(key, b"tracing-audit/1 next")
        return key


def seal_of(key, run, index, head):
    """The seal of a commit, and the key of the next."""
    seal = mac(mac(key, b"tracing-audit/1 mac"), b"\x04", le64(run), le64(index), head)
    return seal, mac(key, b"tracing-audit/1 next")


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
