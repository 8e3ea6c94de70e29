"""Evidence bundles of the signed vectors, by the definitions of docs/FORMAT.md, and what becomes of them when they are changed.
make.py imports it, and writes each beside bundles.json, which says of which trail and records it is, and the exit code."""

import base64
import json

from proofs import Source, path
from writer import ROOT_KEY, b64, key_line, leaf_of, public, root, sha, signer

BUNDLES = {}


def listed(value):
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


class Bundle(Source):
    """What bundles are made from, and the trees that they need."""

    def tree(self, first, last):
        return root([leaf_of(self.rests[seq + 1].encode()) for seq in range(first, last)])

    def spans(self, first, last, index):
        """The subtrees of a leaf's path within one, from the leaf up."""
        if last - first == 1:
            return []
        middle = first + (1 << (last - first - 1).bit_length() - 1)
        if index < middle:
            return self.spans(first, middle, index) + [(middle, last)]
        return self.spans(middle, last, index) + [(first, middle)]

    def shown(self, rows):
        """The files whose headers are in the bundle."""
        headers = {file: json.loads(text) for file, (_, text) in self.headers.items()}
        order = sorted(headers)
        ends = [headers[file]["prev_seq"] for file in order[1:]] + [1 << 53]
        having = [any(first <= end and headers[file]["prev_seq"] < last for first, last in rows) for file, end in zip(order, ends)]
        return {file for place, file in enumerate(order) if having[place] or place and having[place - 1]}

    def records(self, rows, size, closed):
        known = [(0, size)]
        for seq in (seq for first, last in rows for seq in range(first, last + 1)):
            while known[-1][1] < seq:
                known.pop()
            within = known.pop()
            steps = self.spans(*within, seq - 1)
            # The same by the definition of the RFC.
            leaves = [leaf_of(self.rests[at + 1].encode()) for at in range(*within)]
            hashes = [self.tree(*span) for span in steps]
            assert hashes == path(seq - 1 - within[0], leaves)
            if hashes:
                yield listed({"path": [b64(hash) for hash in hashes]})
            yield '{"seq":%d,%s}' % (seq, '"leaf":"%s"' % b64(leaf_of(self.rests[seq].encode())) if closed else self.rests[seq])
            known += [span for span in reversed(steps) if span[0] >= seq]

    def bundle(self, rows, pk=None, closed=False):
        """The lines, by the checkpoint that takes the fewest notes, and of those the first."""
        covering = [(place + 1, size, file) for file, row in self.rows.items() for place, (size, _) in enumerate(row) if size >= rows[-1][1]]
        notes, size, file = min(covering)
        opening = {"tracing_audit_bundle": 1, "trail": self.trail, **({"pk": b64(pk)} if pk else {}), "records": rows}
        keys = [line for line in self.keys if line["file"] <= file]
        shown = self.shown(rows) | {file, keys[0]["file"]}
        lines = [listed(opening)]
        for line in keys:
            lines += [listed(line)] + ([self.headers[line["file"]][1]] if line["file"] in shown else [])
        lines += [listed({"note": note}) for _, note in self.rows[file][:notes]]
        return lines + list(self.records(rows, size, closed))


def add(name, why, lines, exit, tail="", **more):
    assert name not in BUNDLES
    BUNDLES[name] = ({"why": why, "exit": exit, **more}, "".join(line + "\n" for line in lines) + tail)


def placed(lines, begin):
    return next(place for place, line in enumerate(lines) if line.startswith(begin))


def forged(line):
    """A checkpoint signed by nobody's key, with the right id for it."""
    note = json.loads(line)["note"]
    nobody = signer("nobody")
    text, name = note.split("\n\n")[0] + "\n", note.split("\n")[0]
    signed = sha(name.encode() + b"\n\x01" + public(nobody))[:4] + nobody.sign(text.encode())
    return listed({"note": note[:note.rindex(" ") + 1] + base64.b64encode(signed).decode() + "\n"})


def build(vectors):
    clean, resync = (Bundle(vectors[name][0].files) for name in ("signed-clean", "signed-resync"))
    key = public(ROOT_KEY)
    row = clean.bundle([[2, 5]])
    add("row", "a row of records, over a rotation", row, 0, of="signed-clean", records=[[2, 5]], exit_without_key=3)
    add("rows", "two rows, with the root key named", clean.bundle([[1, 2], [6, 7]], key), 0, of="signed-clean", records=[[1, 2], [6, 7]], pk=True,
        exit_without_key=3)
    add("one-record", "one record, by the second checkpoint of its file", clean.bundle([[7, 7]]), 0, of="signed-clean", records=[[7, 7]])
    add("all-signed", "all that is signed", clean.bundle([[1, 7]]), 0, of="signed-clean", records=[[1, 7]])
    add("in-both-files", "records that a resync wrote again", resync.bundle([[3, 4]]), 0, of="signed-resync", records=[[3, 4]])
    add("closed", "the same as `row`, without its content", clean.bundle([[2, 5]], closed=True), 0)

    without = [line for line in row if not line.startswith('{"tracing_audit":')]
    add("no-other-header", "the same as `row`, without the header of the first file: less is shown", [row[0], row[1]] + row[3:], 0)

    at, note, first = (placed(row, begin) for begin in ('{"seq":3,', '{"note"', '{"path"'))
    read = placed(row, '{"seq":4,')
    add("smaller", "the same as `row`, without a record that needs no path: whoever has a bundle can show less",
        [row[0].replace("[2,5]", "[2,3],[5,5]")] + row[1:read] + row[read + 1:], 0)
    named = clean.bundle([[2, 5]], key)
    for name, why, lines in [
        ("altered-record", "a record that was altered", row[:read] + [row[read].replace('"user_id":"17"', '"user_id":"18"')] + row[read + 1:]),
        ("missing-record", "a record left out of its row, and its path", row[:at - 1] + row[at + 1:]),
        ("shorter-row", "the same, and the opening speaks of two rows", [row[0].replace("[2,5]", "[2,2],[4,5]")] + row[1:at - 1] + row[at + 1:]),
        ("duplicate", "a record that stands twice", row[:at + 1] + row[at:]),
        ("other-order", "two records that changed places", row[:-2] + [row[-1], row[-2]]),
        ("more-promised", "a row that goes on behind the last record", [row[0].replace("[2,5]", "[2,6]")] + row[1:]),
        ("beyond-the-note", "a row of records that the checkpoint does not have", [row[0].replace("[2,5]", "[2,5],[99,99]")] + row[1:]),
        ("touching-rows", "two rows that are one", [row[0].replace("[2,5]", "[2,3],[4,5]")] + row[1:]),
        ("other-path", "a hash of a path changed", row[:first] + [listed({"path": [b64(sha(hash.encode())) for hash in json.loads(row[first])["path"]]})] + row[first + 1:]),
        ("foreign-note", "a checkpoint signed by nobody's key, with the right id for it", row[:note] + [forged(row[note])] + row[note + 1:]),
        ("other-files-note", "a checkpoint of another file", row[:note] + [listed({"note": clean.rows[1][0][1]})] + row[note + 1:]),
        ("witness", "a checkpoint with another's signature, too", row[:note] + [row[note][:-2] + "\u2014 witness AAAA\\n\"}"] + row[note + 1:]),
        ("no-note", "no checkpoint", row[:note] + row[note + 1:]),
        ("no-header", "no header of the file of the checkpoint", without),
        ("missing-line", "a line of keys left out, and the root key named", [named[0]] + named[3:]),
        ("other-pk", "the bundle names another root key than the one that certifies it", [named[0].replace(b64(key), b64(public(signer("nobody"))))] + named[1:]),
        ("white-space", "white space behind a comma", [row[0].replace('","records"', '", "records"')] + row[1:]),
        ("cut", "the last record is missing", row[:-1]),
    ]:
        assert lines != row, name
        add(name, why, lines, 1)
    add("trailing", "an empty line behind the last record", row, 1, tail="\n")
    add("no-line-feed", "no line feed behind the last record", row[:-1], 1, tail=row[-1])
    add("missing-first-line", "the first line of keys left out, as behind a change of the root key", [row[0]] + row[3:], 3)
    nobodys = key_line(secret=public(signer("nobody")))
    add("wrong-key", "a key line of the same trail with another key", row, 3, key=nobodys)
    add("wrong-key-named", "the same, and the bundle names the root key", named, 3, key=nobodys)
    add("wrong-key-altered", "the same with a record that was altered", row[:read] + [row[read].replace('"user_id":"17"', '"user_id":"18"')] + row[read + 1:], 1, key=nobodys)
    add("other-trail", "a key line of another trail", row, 3, key=key_line(secret=key).replace(clean.trail, b64(b"\x11" * 16)))
    add("later-version", "a later version", [row[0].replace('bundle":1', 'bundle":2')] + row[1:], 4)
    return BUNDLES


def outputs(vectors):
    bundles = build(vectors)
    out = {"bundles/%s.jsonl" % name: text.encode() for name, (_, text) in bundles.items()}
    rows = ",\n".join(" %s: %s" % (json.dumps(name), json.dumps(verdict)) for name, (verdict, _) in bundles.items())
    out["bundles.json"] = ('{\n "key": %s,\n%s\n}\n' % (json.dumps(key_line(secret=public(ROOT_KEY))), rows)).encode()
    return out


def rows():
    """The rows of the table in FORMAT.md."""
    return ["| `%s` | %s | %d |" % (name, verdict["why"], verdict["exit"]) for name, (verdict, _) in BUNDLES.items()]
