#!/usr/bin/env python3
"""Builds the test vectors of docs/FORMAT.md: no clock, no randomness, no network.

    python3 make.py           write every vector beside this file, and verdicts.json
    python3 make.py --check   compare what is there, and the values in FORMAT.md, with what would be written; exit 1 on any difference
    python3 make.py --steps   print leaves, heads and tags of the first vector, and the worked values of the keyed modes

A vector is a directory: a trail as it stands on a disk. `<name>.keys/state`, where there is one, is its state file.
The verdicts are stated by hand where each vector is built: they are claims for a verifier to meet, not the output of one.
"""

import hashlib
import json
import os
import sys

sys.dont_write_bytecode = True  # nothing but vectors stands here

import bundles
import finer
import keyed
import proofs
from writer import (DAY1, DAY2, DAY3, REST, SEED, VECTORS, ZERO, Writer, at, b64, first_key, flip, frame, head_of, header_head, leaf_of, le64, lines, mac,
                    name, next_key, root, seal_of, seed_of, sha, vector)

HERE = os.path.dirname(os.path.abspath(__file__))

# ---------------------------------------------------------------- the vectors of mode chained


def first():
    w = Writer().open(name(DAY1), at(DAY1, "08:15:30.000000")).begin(at(DAY1, "08:15:30.000104"))
    w.record(at(DAY1, "08:15:30.123456"), "AUTH_LOGIN", "auth", "low", "success", user_id="17", ip="192.0.2.7",
             user_agent="curl/8.5 \"x\"\x1b[31m\u202e", duration_ms=12.5, message="é logged in\n",
             metadata={"attempt": 1, "ratio": "NaN", "wide": 2**64, "token": "[redacted]"}, redacted=["metadata.token:token"])
    return w.stop(at(DAY1, "08:15:31.000000"))


@vector("a header and three records, ended cleanly", 0, 1, 3, exit_with_state=0)
def one_file():
    w = first()
    return w, w.state(w.point(), True)


def two_files():
    w = Writer().open(name(DAY1), at(DAY1, "23:59:58.000000")).begin(at(DAY1, "23:59:58.000100"))
    w.login(at(DAY1, "23:59:58.500000"), "17").read(at(DAY1, "23:59:59.000000"), "42")
    w.rotate(name(DAY2), at(DAY2, "00:00:00.000000"))
    return w.read(at(DAY2, "00:00:01.000000"), "43").stop(at(DAY2, "00:00:02.000000"))


@vector("a rotation at the day's end", 0, 2, 6, exit_with_state=0)
def rotation():
    w = two_files()
    return w, w.state(w.point(), True)


def resynced():
    """Three records synced, two more whose sync failed and which stand again in the next file."""
    w = Writer().open(name(DAY1), at(DAY1, "09:00:00.000000")).begin(at(DAY1, "09:00:00.000100"))
    w.login(at(DAY1, "09:00:01.000000"), "17").read(at(DAY1, "09:00:02.000000"), "1")
    synced = w.point()
    w.read(at(DAY1, "09:00:03.000000"), "2").read(at(DAY1, "09:00:04.000000"), "3")
    return w, synced


@vector("a failed sync: seq 4 and 5 stand in both files, the first pair is superseded", 0, 2, 7, superseded=2)
def resync():
    w, synced = resynced()
    w.open(name(DAY1, 2), at(DAY1, "09:00:05.000000"), "resync", at=synced)
    w.put(w.rests[4]).put(w.rests[5]).read(at(DAY1, "09:00:06.000000"), "4")
    return w.stop(at(DAY1, "09:00:07.000000"))


@vector("the same, and the disk kept only part of the superseded pair and part of a first attempt at the new file",
        0, 2, 7, superseded=1)
def resync_debris():
    w, synced = resynced()
    w.files[name(DAY1)] = w.files[name(DAY1)][:-60]
    w.files[name(DAY1, 2)] = b'{"tracing_audit":1,"trail":"EBAQEBAQ'
    w.open(name(DAY1, 3), at(DAY1, "09:00:05.000000"), "resync", at=synced, number=3)
    w.put(w.rests[4]).put(w.rests[5]).read(at(DAY1, "09:00:06.000000"), "4")
    return w.stop(at(DAY1, "09:00:07.000000"))


def running():
    w = Writer().open(name(DAY1), at(DAY1, "10:00:00.000000")).begin(at(DAY1, "10:00:00.000100"))
    mark = w.point()
    return w.login(at(DAY1, "10:00:01.000000"), "17").read(at(DAY1, "10:00:02.000000"), "1").read(at(DAY1, "10:00:03.000000"), "2"), mark


@vector("the process was killed between two commits", 2, 1, 4, exit_with_state=2)
def open_end():
    w, mark = running()
    return w, w.state(mark, False)


@vector("the last line is half there", 2, 1, 3, unproven=100, exit_with_state=2)
def torn_tail():
    w, mark = running()
    lost = len(lines(w.files[w.name])[-1]) + 1
    w.files[w.name] = w.files[w.name][:100 - lost]
    return w, w.state(mark, False)


@vector("a whole last line without its line feed", 2, 1, 3, unproven=REST, exit_with_state=2)
def no_line_feed():
    w, mark = running()
    w.files[w.name] = w.files[w.name][:-1]
    return w, w.state(mark, False)


@vector("zeros where a record was, good lines after, no proof that the sync was done: one torn tail", 2, 1, 2,
        unproven=REST, exit_with_state=2)
def hole():
    w, mark = running()
    all = lines(w.files[w.name])
    all[3] = bytes(len(all[3]))
    w.files[w.name] = b"\n".join(all) + b"\n"
    return w, w.state(mark, False)


@vector("the same zeros, but a checkpoint after them says that they had been synced", 1, 1, 2, unproven=REST)
def hole_below_checkpoint():
    w, _ = running()
    w.checkpoint(at(DAY1, "10:00:10.000000"))
    all = lines(w.files[w.name])
    all[3] = bytes(len(all[3]))
    w.files[w.name] = b"\n".join(all) + b"\n"
    return w


@vector("a bit flipped in a record of a closed file", 1, 2, 1, unproven=REST)
def flipped_bit():
    w = two_files()
    data = w.files[name(DAY1)]
    w.files[name(DAY1)] = flip(data, data.index(b"AUTH_LOGIN") + 40)
    return w


@vector("a bit flipped in the newest file, below what AUDIT_STOP proves", 1, 1, 1, unproven=REST)
def flipped_bit_newest():
    w = first()
    w.files[w.name] = flip(w.files[w.name], w.files[w.name].index(b"192.0.2.7"))
    return w


@vector("a bit flipped in the only header", 1, 0, 0)
def flipped_header():
    w = first()
    w.files[w.name] = flip(w.files[w.name], w.files[w.name].index(b"host-a"))
    return w


@vector("a bit flipped above every durable point: without the state file a crash and an edit look alike", 2, 1, 2,
        unproven=REST, exit_with_state=1)
def flipped_bit_tail():
    w, _ = running()
    state = w.state(w.point(), False)
    data = w.files[w.name]
    w.files[w.name] = flip(data, data.rindex(b'"resource_id":"1"') + 15)
    return w, state


@vector("a tag spelled with a stray bit in its last character", 1, 1, 1, unproven=REST)
def loose_base64():
    w = first()
    all = lines(w.files[w.name])
    tail = {b"A": b"B", b"Q": b"R", b"g": b"h", b"w": b"x"}[all[2][-3:-2]]
    all[2] = all[2][:-3] + tail + all[2][-2:]
    w.files[w.name] = b"\n".join(all) + b"\n"
    return w


@vector("one line ends in CR LF", 1, 1, 1, unproven=REST)
def carriage_return():
    w = first()
    all = lines(w.files[w.name])
    all[2] += b"\r"
    w.files[w.name] = b"\n".join(all) + b"\n"
    return w


@vector("two records change places", 1, 1, 1, unproven=REST)
def swapped_lines():
    w, _ = running()
    w.stop(at(DAY1, "10:00:04.000000"))
    all = lines(w.files[w.name])
    all[2], all[3] = all[3], all[2]
    w.files[w.name] = b"\n".join(all) + b"\n"
    return w


@vector("the tail cut at a line's edge, below the durable mark", 2, 1, 2, exit_with_state=1)
def cut_below_mark():
    w, _ = running()
    state = w.state(w.point(), False)
    w.files[w.name] = b"\n".join(lines(w.files[w.name])[:3]) + b"\n"
    return w, state


@vector("a record added after a clean end, rightly chained: only the state file knows", 2, 1, 4, exit_with_state=1)
def added_after_stop():
    w = first()
    state = w.state(w.point(), True)
    return w.read(at(DAY1, "08:15:32.000000"), "9"), state


@vector("the last line of a closed file is gone; the new file holds proof that it was synced", 1, 2, 2, unproven=REST)
def cut_closed_file():
    w = two_files()
    w.files[name(DAY1)] = b"\n".join(lines(w.files[name(DAY1)])[:-1]) + b"\n"
    return w


@vector("a power cut just after a rotation: the old file's tail is lost, the new file's first bytes are there", 2, 2, 2,
        unproven=REST)
def torn_rotation():
    w = Writer().open(name(DAY1), at(DAY1, "23:59:58.000000")).begin(at(DAY1, "23:59:58.000100"))
    w.login(at(DAY1, "23:59:58.500000"), "17").read(at(DAY1, "23:59:59.000000"), "42")
    w.rotate(name(DAY2), at(DAY2, "00:00:00.000000"))
    w.files[name(DAY1)] = b"\n".join(lines(w.files[name(DAY1)])[:-1]) + b"\n"
    return w


@vector("the newest file has half a header", 2, 1, 4)
def torn_header():
    w, _ = running()
    w.files[name(DAY1, 2)] = b'{"tracing_audit":1,"trail":"EBAQEBAQ'
    return w


@vector("there is nothing but half a header", 2, 0, 0)
def only_torn_header():
    w = Writer()
    w.files[name(DAY1)] = b'{"tracing_audit":1,"trail":"EBAQEBAQ'
    return w


@vector("nothing but an empty file", 2, 0, 0)
def empty_file():
    w = Writer()
    w.files[name(DAY1)] = b""
    return w


def restarted():
    """An unclean end with a torn tail, set aside; a second run that ended cleanly."""
    w, _ = running()
    whole = w.files[w.name]
    torn = lines(whole)[-1][:100]
    w.files[w.name] = b"\n".join(lines(whole)[:-1]) + b"\n"
    w.files[w.name + ".torn"] = torn
    old = w.name
    head = head_of(w, 3)
    w.next_run(b"\x21" * 16).open(name(DAY1, 2), at(DAY1, "10:05:00.000000"), "recover", at=(1, 3, head))
    w.begin(at(DAY1, "10:05:00.000100"), unclean=True)
    w.own(at(DAY1, "10:05:00.000200"), "AUDIT_RECOVER", "high", "failure", run=1, last_seq=3, lost="unknown", at_most_bytes=16777316,
          torn_bytes=100, torn_lines=0, torn_sha256=hashlib.sha256(torn).hexdigest(), torn_files=[old + ".torn"])
    return w


@vector("a start after a crash: the torn bytes set aside, the seam listed (and 2 with --strict)", 0, 2, 7,
        exit_with_state=0, exit_strict=2)
def recovered():
    w = restarted()
    w.login(at(DAY1, "10:05:01.000000"), "17")
    # `records` counts the run's own: seq 4, 5, 6 and this one.
    w.own(at(DAY1, "10:05:02.000000"), "AUDIT_STOP", records=4, lost=0)
    return w, w.state(w.point(), True)


@vector("a start that found the end below its mark, and said so in the trail", 1, 2, 6)
def tamper_suspected():
    w, _ = running()
    expected = w.point()
    w.files[w.name] = b"\n".join(lines(w.files[w.name])[:3]) + b"\n"
    found = (1, 2, head_of(w, 2))
    w.next_run(b"\x21" * 16).open(name(DAY1, 2), at(DAY1, "10:05:00.000000"), "recover", at=found)
    w.begin(at(DAY1, "10:05:00.000100"), unclean=True)
    w.own(at(DAY1, "10:05:00.000200"), "AUDIT_RECOVER", "high", "failure", run=1, last_seq=2, lost="unknown", at_most_bytes=16777216,
          torn_bytes=0, torn_lines=0, torn_sha256=hashlib.sha256(b"").hexdigest())
    w.own(at(DAY1, "10:05:00.000300"), "AUDIT_TAMPER_SUSPECTED", "critical", "failure", file=1,
          expected={"seq": expected[1], "head": b64(expected[2])}, found={"seq": found[1], "head": b64(found[2])}, what="cut")
    w.own(at(DAY1, "10:05:02.000000"), "AUDIT_STOP", records=4, lost=0)
    return w


def three_files():
    w = Writer().open(name(DAY1), at(DAY1, "12:00:00.000000")).begin(at(DAY1, "12:00:00.000100"))
    w.login(at(DAY1, "12:00:01.000000"), "17")
    w.rotate(name(DAY2), at(DAY2, "00:00:00.000000")).read(at(DAY2, "12:00:00.000000"), "1")
    second = w.point()
    w.rotate(name(DAY3), at(DAY3, "00:00:00.000000")).read(at(DAY3, "12:00:00.000000"), "2")
    return w, second


@vector("the middle file of three is gone", 1, 1, 3)
def missing_file():
    w, _ = three_files()
    w.stop(at(DAY3, "12:00:01.000000"))
    del w.files[name(DAY2)]
    return w


@vector("the oldest file is gone and no prune speaks of it", 1, 1, 3)
def missing_oldest():
    w = two_files()
    del w.files[name(DAY1)]
    return w


def pruned_trail():
    w, _ = three_files()
    first_end = head_of(w, 2)
    kept = {"file": 2, "prev_seq": 2, "prev_head": b64(first_end)}
    w.own(at(DAY3, "12:00:01.000000"), "AUDIT_PRUNE", files=[1], first_seq=1, last_seq=2, heads=[b64(first_end)],
          kept_from=kept, policy_days=1, undelivered={})
    w.pruned = w.clock
    return w, kept


@vector("the oldest file pruned by its record, which stands in the newest file", 0, 2, 6)
def pruned():
    w, _ = pruned_trail()
    w.own(at(DAY3, "12:00:02.000000"), "AUDIT_STOP", records=8, lost=0)
    del w.files[name(DAY1)]
    return w


@vector("the same one run later: now the header carries kept_from", 0, 3, 8, exit_with_state=0)
def pruned_restarted():
    w, kept = pruned_trail()
    w.own(at(DAY3, "12:00:02.000000"), "AUDIT_STOP", records=8, lost=0)
    del w.files[name(DAY1)]
    w.kept_from = kept
    w.next_run(b"\x21" * 16).open(name(DAY3, 2), at(DAY3, "13:00:00.000000")).begin(at(DAY3, "13:00:00.000100"))
    w.own(at(DAY3, "13:00:01.000000"), "AUDIT_STOP", records=2, lost=0)
    return w, w.state(w.point(), True)


@vector("a file of another trail among the files", 1)
def foreign_file():
    w = first()
    other = Writer(trail=b"\x11" * 16, run_id=b"\x22" * 16).open(name(DAY2), at(DAY2, "08:00:00.000000"))
    other.begin(at(DAY2, "08:00:00.000100")).stop(at(DAY2, "08:00:01.000000"))
    w.files.update(other.files)
    return w


@vector("one file twice, the second time under the next part's name", 1)
def copied_file():
    w = first()
    w.files[name(DAY1, 2)] = w.files[name(DAY1)]
    return w


@vector("a renamed file: names carry no order and no proof", 0, 2, 6)
def renamed_file():
    w = two_files()
    w.files = {name(DAY3): w.files[name(DAY1)], name(DAY2): w.files[name(DAY2)]}
    return w


@vector("a header whose `must` names something unknown", 4)
def unknown_must():
    w = Writer().open(name(DAY1), at(DAY1, "08:00:00.000000"), must=["later"]).begin(at(DAY1, "08:00:00.000100"))
    return w.stop(at(DAY1, "08:00:01.000000"))


@vector("a file of a later version of the format", 4)
def later_version():
    w = Writer()
    body = '{"tracing_audit":2,"trail":"%s"' % b64(w.trail)
    w.files[name(DAY1)] = (body + frame(header_head(ZERO, leaf_of(body.encode()))) + "\n").encode()
    return w


@vector("a version 1 header whose version was changed to 3 by one bit", 1, 0, 0)
def flipped_version():
    w = first()
    w.files[w.name] = w.files[w.name].replace(b'{"tracing_audit":1,', b'{"tracing_audit":3,', 1)
    return w


@vector("a state file of which one digit was changed", 0, 1, 3, exit_with_state=1)
def damaged_state():
    w = first()
    return w, w.state(w.point(), True).replace(b'"next_run":2', b'"next_run":3')


# ---------------------------------------------------------------- output


def row(title, verdict):
    """A vector's row in one of the last tables of FORMAT.md; the last column is what the table is about."""
    last = next((verdict[key] for key in ("exit_with_anchor", "exit_with_key", "exit_with_state") if key in verdict), "")
    return "| `%s` | %s | %d | %s |" % (title, verdict["why"], verdict["exit"], last)


def vectors():
    """The ones of this file first, then those of keyed.py and of finer.py."""
    return sorted(VECTORS.items(), key=lambda vector: (vector[0] in finer.NAMES, vector[0] in keyed.NAMES))


def outputs():
    out = {}
    verdicts = {}
    for title, (writer, state, verdict) in vectors():
        for file, data in writer.files.items():
            out[title + "/" + file] = data
        if state is not None:
            out[title + ".keys/state"] = state
        verdicts[title] = verdict
    rows = ",\n".join(" %s: %s" % (json.dumps(k), json.dumps(v)) for k, v in verdicts.items())
    out["verdicts.json"] = ("{\n%s\n}\n" % rows).encode()
    return {**out, **proofs.outputs(VECTORS), **bundles.outputs(VECTORS)}


def steps():
    """What FORMAT.md prints of the first vector and of the keyed modes, as (what, value)."""
    w = first()
    out = []
    for what, data, leaf, head in w.steps:
        out += [("leaf %s" % what, leaf.hex()), ("head %s" % what, head.hex()), ("tag %s" % what, b64(head[:16]))]
    leaves = [leaf for what, _, leaf, _ in w.steps if what != "header"]
    out.append(("link 2", (b"\x02" + w.steps[1][3] + le64(2) + leaves[1]).hex()))
    state = w.state(w.point(), True)
    out.append(("state", state.decode().rstrip("\n")))
    out.append(("head_check", sha(b"\x06", state[:state.index(b',"head_check"')]).hex()))
    out += [("root of size %d" % size, root(leaves[:size]).hex()) for size in range(len(leaves) + 1)]
    out.append(("head48", str(int.from_bytes(w.head[:6], "big"))))
    out += [("S_1", seed_of(1).hex()), ("S_2", seed_of(2).hex())]
    key = first_key(SEED, w.trail, 1)
    for commit, head in enumerate([w.steps[1][3], w.steps[3][3]]):
        out += [("K_1,%d" % commit, key.hex()), ("mac key of K_1,%d" % commit, mac(key, b"tracing-audit/1 mac").hex()),
                ("seal of commit %d" % commit, b64(seal_of(key, 1, commit, head)))]
        key = next_key(key)
    return out


if __name__ == "__main__":
    if "--steps" in sys.argv:
        for what, step in steps():
            print("%-18s %s" % (what, step))
        sys.exit(0)
    different = 0
    for path, data in outputs().items():
        full = os.path.join(HERE, *path.split("/"))
        if "--check" in sys.argv:
            if not os.path.exists(full) or open(full, "rb").read() != data:
                print("differs:", path)
                different = 1
            continue
        os.makedirs(os.path.dirname(full), exist_ok=True)
        with open(full, "wb") as f:
            f.write(data)
    if "--check" in sys.argv:
        with open(os.path.join(HERE, "..", "FORMAT.md"), encoding="utf-8") as f:
            doc = f.read()
        stated = steps() + [("line", line) for line in first().files[name(DAY1)].decode().splitlines()]
        stated += [(title, row(title, verdict)) for title, (_, _, verdict) in vectors()]
        stated += [("proof", line) for line in proofs.rows()]
        stated += [("bundle", line) for line in bundles.rows()]
        for what, part in stated:
            if part not in doc:
                print("not in FORMAT.md:", what, part)
                different = 1
    sys.exit(different)
