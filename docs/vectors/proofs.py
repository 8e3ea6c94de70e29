"""Proofs of the signed vectors, by the definitions of RFC 6962, 2.1, and what becomes of them when they are changed. make.py
imports it, and writes each beside proofs.json, which says of which trail it is and whether it holds."""

import base64
import copy
import json

from writer import ROOT_KEY, b64, key_line, leaf_of, lines, public, root, sha, signer

PROOFS = {}


def path(m, leaves):
    """PATH(m, D[n]) of RFC 6962, 2.1.1."""
    if len(leaves) < 2:
        return []
    split = 1 << (len(leaves) - 1).bit_length() - 1
    if m < split:
        return path(m, leaves[:split]) + [root(leaves[split:])]
    return path(m - split, leaves[split:]) + [root(leaves[:split])]


def growth(m, leaves, whole=True):
    """PROOF(m, D[n]) of RFC 6962, 2.1.2, for m above 0."""
    if m == len(leaves):
        return [] if whole else [root(leaves)]
    split = 1 << (len(leaves) - 1).bit_length() - 1
    if m <= split:
        return growth(m, leaves[:split], whole) + [root(leaves[split:])]
    return growth(m - split, leaves[split:], False) + [root(leaves[:split])]


def note(trail, stated, pk):
    """A checkpoint as a signed note, from its `metadata` and the key that signed it."""
    name = "tracing-audit/" + trail
    text = "%s\n%d\n%s\nfile %d\nhead %s\nnext %s\n" % (
        name, stated["seq"], base64.b64encode(base64.urlsafe_b64decode(stated["root"] + "=")).decode(), stated["file"], stated["head"], stated["next"])
    key_id = sha(name.encode() + b"\n\x01" + base64.urlsafe_b64decode(pk + "="))[:4]
    signature = base64.urlsafe_b64decode(stated["sig"] + "==")
    return "%s\n\u2014 %s %s\n" % (text, name, base64.b64encode(key_id + signature).decode())


class Source:
    """What a proof is made from: the files of a vector."""

    def __init__(self, files):
        self.headers, self.rows, self.rests = {}, {}, {}
        stated = []
        for name in sorted(files):
            if not name.startswith("audit-"):
                continue
            first, *records = lines(files[name])
            header = json.loads(first)
            self.trail, file = header["trail"], header["file"]
            self.headers[file], self.rows[file] = (header["pk"], first.decode()), []
            for line in records:
                record = json.loads(line)
                # Where a number stands twice, the later file counts.
                self.rests[record["seq"]] = line[line.index(b",") + 1:line.rindex(b',"tag":"')].decode()
        for seq in sorted(self.rests):
            record = json.loads("{" + self.rests[seq] + "}")
            if record["event"] == "AUDIT_CHECKPOINT":
                stated.append(record["metadata"])
        keys = {file: pk for file, (pk, _) in self.headers.items()}
        for one in stated:
            if one["file"] in keys:
                self.rows[one["file"]].append((one["seq"], note(self.trail, one, keys[one["file"]])))
                keys[one["file"]] = one["next"]
        self.keys = [json.loads(line) for line in lines(files["audit.keys"])]

    def leaves(self, size):
        return [leaf_of(self.rests[seq].encode()) for seq in range(1, size + 1)]

    def proof(self, file, notes, path, **claim):
        return {
            "tracing_audit_proof": 1, "kind": "consistency" if "from" in claim else "inclusion", "trail": self.trail, **claim,
            "path": [b64(hash) for hash in path],
            "checkpoint": {"header": self.headers[file][1], "notes": [note for _, note in self.rows[file][:notes]]},
            "keys": [line for line in self.keys if line["file"] <= file]}

    def record(self, seq):
        """Record `seq` at the checkpoint that takes the fewest notes, and of those the first."""
        covering = [(place + 1, size, file) for file, row in self.rows.items() for place, (size, _) in enumerate(row) if size >= seq]
        notes, size, file = min(covering)
        return self.proof(file, notes, path(seq - 1, self.leaves(size)), seq=seq, rest=self.rests[seq])

    def growth(self, old):
        """From the first `old` records to the last checkpoint."""
        file = max(file for file, row in self.rows.items() if row)
        size = self.rows[file][-1][0]
        hashes = growth(old, self.leaves(size)) if old else []
        start = {"size": old, "root": b64(root(self.leaves(old)))}
        return self.proof(file, len(self.rows[file]), hashes, **{"from": start})


def closed(proof):
    out = {}
    for key, value in proof.items():
        out["leaf" if key == "rest" else key] = b64(leaf_of(value.encode())) if key == "rest" else value
    return out


def changed(proof, change):
    proof = copy.deepcopy(proof)
    change(proof)
    return proof


def add(name, why, proof, holds, **more):
    PROOFS[name] = ({"why": why, "holds": holds, **more}, json.dumps(proof, ensure_ascii=False, separators=(",", ":")) + "\n")


def build(vectors):
    """Proofs of the vectors that `vectors` has: name -> (writer, state, verdict)."""
    clean, resync = (Source(vectors[name][0].files) for name in ("signed-clean", "signed-resync"))
    record, grown = clean.record(7), clean.growth(3)
    add("record", "a record, by the second checkpoint of its file", record, True, of="signed-clean", seq=7)
    add("record-before-a-rotation", "a record behind the last checkpoint of its file, by the first one of the next", clean.record(4), True,
        of="signed-clean", seq=4)
    add("record-in-both-files", "a record that a resync wrote again", resync.record(4), True, of="signed-resync", seq=4)
    add("record-closed", "the same as `record`, without its content", closed(record), True)
    add("growth", "all that came behind the first three records", grown, True, of="signed-clean", size=3)
    add("growth-from-nothing", "from no record on", clean.growth(0), True, of="signed-clean", size=0)
    add("growth-of-nothing", "from the last checkpoint to itself", clean.growth(7), True, of="signed-clean", size=7)

    def flip(text):
        return b64(sha(text.encode()))

    note, other = signer("nobody"), record["checkpoint"]["notes"][0]
    signature = base64.b64encode(sha(b"%s\n\x01" % other.split("\n")[0].encode() + public(note))[:4] + note.sign(other.split("\n\n")[0].encode() + b"\n")).decode()
    forged = other[:other.rindex(" ") + 1] + signature + "\n"
    for name, why, proof, change in [
        ("other-record", "a record that is not the one at this place", record, lambda p: p.update(rest=p["rest"].replace('"43"', '"44"'))),
        ("other-place", "the record at another place", record, lambda p: p.update(seq=6)),
        ("other-path", "a hash of the path changed", record, lambda p: p["path"].__setitem__(0, flip(p["path"][0]))),
        ("longer-path", "a hash more in the path", record, lambda p: p["path"].append(p["path"][0])),
        ("other-root", "growth from another root", grown, lambda p: p["from"].update(root=flip(p["from"]["root"]))),
        ("other-size", "growth from another size", grown, lambda p: p["from"].update(size=2)),
        ("foreign-note", "a checkpoint signed by nobody's key, with the right id for it", record, lambda p: p["checkpoint"]["notes"].__setitem__(0, forged)),
        ("missing-note", "the first checkpoint of the file left out", record, lambda p: p["checkpoint"]["notes"].pop(0)),
        ("no-note", "no checkpoint", record, lambda p: p["checkpoint"]["notes"].clear()),
        ("other-header", "the header of another file", record, lambda p: p["checkpoint"].update(header=clean.headers[1][1])),
        ("missing-line", "a line of keys left out", record, lambda p: p["keys"].pop(0)),
        ("other-trail", "another trail id", record, lambda p: p.update(trail=b64(b"\x11" * 16))),
        ("unknown-key", "a key that version 1 does not have", record, lambda p: p.update(more=1)),
        ("null-key", "a key that is null", record, lambda p: p.update(leaf=None)),
        ("loose-base64", "a hash in a second spelling", record, lambda p: p["path"].__setitem__(0, p["path"][0][:-1] + chr(ord(p["path"][0][-1]) + 1))),
        ("later-version", "a later version", record, lambda p: p.update(tracing_audit_proof=2)),
    ]:
        bad = changed(proof, change)
        assert bad != proof, name
        add(name, why, bad, False)
    return PROOFS


def outputs(vectors):
    proofs = build(vectors)
    out = {"proofs/%s.json" % name: text.encode() for name, (_, text) in proofs.items()}
    rows = ",\n".join(" %s: %s" % (json.dumps(name), json.dumps(verdict)) for name, (verdict, _) in proofs.items())
    key = key_line(secret=public(ROOT_KEY))
    out["proofs.json"] = ('{\n "key": %s,\n%s\n}\n' % (json.dumps(key), rows)).encode()
    return out


def rows():
    """The rows of the table in FORMAT.md."""
    return ["| `%s` | %s | %s |" % (name, verdict["why"], "yes" if verdict["holds"] else "no") for name, (verdict, _) in PROOFS.items()]
