"""The vectors that settle what a reader of FORMAT.md could take either way. make.py imports it."""

from keyed import KEY, PUBLIC, behind, compressed, held, notes, pruned, retag, running
from writer import (DAY1, DAY2, DAY3, REST, VECTORS, ZERO, Writer, at, b64, flip, head_of, leaf_of, lines, name, sha, vector)

BEFORE = set(VECTORS)


# ---------------------------------------------------------------- lines


@vector("a line that is neither a record nor a tombstone, rightly tagged", 1, 1, 1, unproven=REST)
def neither_record_nor_tombstone():
    w = Writer().open(name(DAY1), at(DAY1, "10:00:00.000000")).begin(at(DAY1, "10:00:00.000100"))
    return w.put('"by":1,"erased":"%s"' % b64(ZERO)).stop(at(DAY1, "10:00:04.000000"))


@vector("a flipped bit, and behind it an AUDIT_STOP whose tag is spelled wrongly: it proves the sync all the same", 1, 1, 2, unproven=REST)
def misspelled_stop():
    w = running("chained").stop(at(DAY1, "10:00:04.000000"))
    data = w.files[w.name].replace(b'"resource_id":"1"', b'"resource_id":"3"')
    w.files[w.name] = data[:-4] + {b"A": b"B", b"Q": b"R", b"g": b"h", b"w": b"x"}[data[-4:-3]] + data[-3:]
    return w


def resynced():
    w = Writer().open(name(DAY1), at(DAY1, "09:00:00.000000")).begin(at(DAY1, "09:00:00.000100"))
    w.login(at(DAY1, "09:00:01.000000"), "17").read(at(DAY1, "09:00:02.000000"), "1")
    synced = w.point()
    w.read(at(DAY1, "09:00:03.000000"), "2").read(at(DAY1, "09:00:04.000000"), "3")
    w.open(name(DAY1, 2), at(DAY1, "09:00:05.000000"), "resync", at=synced)
    return w.put(w.rests[4]).put(w.rests[5]).stop(at(DAY1, "09:00:07.000000"))


@vector("a resync, and a bit flipped below its point: what is superseded begins with the first number above that", 1, 2, 1, superseded=2,
        unproven=lambda w: sum(len(line) + 1 for line in lines(w.files[name(DAY1)])[2:4]) + len(w.files[w.name]))
def superseded_behind_damage():
    w = resynced()
    w.files[name(DAY1)] = flip(w.files[name(DAY1)], w.files[name(DAY1)].index(b"192.0.2.7"))
    return w


@vector("the same, and the damage is a superseded line moved up: it is damage, and the lines behind it are not superseded yet", 1, 2, 1,
        superseded=1, unproven=lambda w: sum(len(line) + 1 for line in lines(w.files[name(DAY1)])[2:5]) + len(w.files[w.name]))
def superseded_moved():
    w = resynced()
    all = lines(w.files[name(DAY1)])
    all.insert(2, all.pop(4))
    w.files[name(DAY1)] = b"\n".join(all) + b"\n"
    return w


# ---------------------------------------------------------------- headers and state files


@vector("a header with `alg`: what must be known stands in `must`", 0, 1, 5)
def header_alg():
    w = running("chained").stop(at(DAY1, "10:00:04.000000"))
    w.files[w.name] = retag(w.files[w.name], ZERO, lambda i, body: body.replace(b'"must":[]', b'"must":[],"alg":"SHA-256"') if i == 0 else body)
    return w


@vector("a header with an unknown `cause` and an unknown feature: who does not know the feature does not judge the rest", 4)
def header_must_and_more():
    w = Writer().open(name(DAY1), at(DAY1, "08:00:00.000000"), "later", must=["later"])
    return w.begin(at(DAY1, "08:00:00.000100")).stop(at(DAY1, "08:00:01.000000"))


@vector("a header that ends in a seal: no header", 2, 0, 0, part="sealed", key=KEY, exit_with_key=1)
def header_sealed():
    w = running()
    header, rest = w.files[w.name].split(b"\n", 1)
    w.files[w.name] = header[:-1] + b',"seal":"%s"}\n' % b64(ZERO).encode() + rest
    return w


@vector("a state file of a later version, of which nothing else is known", 0, 1, 5, exit_with_state=4)
def state_later_version():
    w = running("chained").stop(at(DAY1, "10:00:04.000000"))
    return w, b'{"tracing_audit_state":2,"trail":"%s"}\n' % b64(w.trail).encode()


@vector("a state file whose version was changed to 3 by one bit", 0, 1, 5, exit_with_state=1)
def state_flipped_version():
    w = running("chained").stop(at(DAY1, "10:00:04.000000"))
    return w, w.state(w.point(), True).replace(b'"tracing_audit_state":1', b'"tracing_audit_state":3')


@vector("a state file whose `max_clock` is `null`, with a right check", 0, 1, 5, exit_with_state=1)
def state_wrong_type():
    w = running("chained").stop(at(DAY1, "10:00:04.000000"))
    w.clock = None
    return w, w.state(w.point(), True)


# ---------------------------------------------------------------- empty files


@vector("a clean end, and an empty file behind it: a run that began, or one that was cut to nothing", 2, 1, 5)
def empty_behind_a_stop():
    w = running("chained").stop(at(DAY1, "10:00:04.000000"))
    w.files[name(DAY1, 2)] = b""
    return w


# ---------------------------------------------------------------- compression


@vector("both forms, and the plain one empty", 0, 2, 6, part="gz")
def gz_both_plain_empty():
    w = compressed(plain=True)
    w.files[name(DAY1)] = b""
    return w


@vector("both forms, and the plain one cut at a line's edge", 0, 2, 6, part="gz")
def gz_both_plain_cut():
    w = compressed(plain=True)
    w.files[name(DAY1)] = b"\n".join(lines(w.files[name(DAY1)])[:-1]) + b"\n"
    return w


@vector("both forms, neither good: the plain one is the file, for its header is valid", 1, 2, 1, part="gz",
        unproven=lambda w: sum(len(line) + 1 for line in lines(w.files[name(DAY1)])[2:]) + len(w.files[name(DAY2)]))
def gz_both_damaged():
    w = compressed(plain=True, behind=b"\0")
    w.files[name(DAY1)] = w.files[name(DAY1)].replace(b'"user_id":"17"', b'"user_id":"18"')
    return w


# ---------------------------------------------------------------- keyed modes


@vector("a newer file in which nothing is sealed: it does not decide which files count", 3, 1, 5, part="sealed", key=KEY, exit_with_key=2,
        exit_mode_chained=2)
def sealed_unsealed_newest():
    w = running().stop(at(DAY1, "10:00:04.000000"))
    w.next_run(b"\x21" * 16).open(name(DAY1, 2), at(DAY1, "10:05:00.000000"), "recover", at=(1, 1, head_of(w, 1)))
    w.sealing = False
    return w.begin(at(DAY1, "10:05:00.000100"), unclean=True)


@vector("a signed trail written again as sealed, its `audit.keys` left: a root key asks for signatures", 3, 1, 4, part="signed", key=PUBLIC,
        exit_with_key=1, exit_mode_chained=0)
def signed_turned_sealed():
    w = Writer(trust="signed").open(name(DAY1), at(DAY1, "10:00:00.000000")).begin(at(DAY1, "10:00:00.000100"))
    w.login(at(DAY1, "10:00:01.000000"), "17").checkpoint(at(DAY1, "10:00:02.000000")).stop(at(DAY1, "10:00:03.000000"))
    w.files[w.name] = retag(w.files[w.name], ZERO, lambda i, body: body.replace(b'"trust":"signed"', b'"trust":"sealed"'))
    return w


@vector("a seal with a stray bit in its last character: its spelling is all that a root key tells of it", 3, 2, 1, part="signed", key=PUBLIC,
        exit_with_key=1, exit_mode_chained=0, unproven=behind(name(DAY1), 2))
def signed_loose_seal():
    w = notes(Writer(trust="signed"))
    all = lines(w.files[name(DAY1)])
    letters = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    all[2] = all[2][:-3] + letters[letters.index(all[2][-3]) + 1:][:1] + all[2][-2:]
    w.files[name(DAY1)] = b"\n".join(all) + b"\n"
    return w


@vector("a header written again in a file that has a line in `audit.keys` and no checkpoint yet", 3, 2, 5, part="signed", key=PUBLIC,
        exit_with_key=1, exit_mode_chained=2)
def signed_other_head():
    w = Writer(trust="signed").open(name(DAY1), at(DAY1, "23:59:58.000000")).begin(at(DAY1, "23:59:58.000100"))
    w.login(at(DAY1, "23:59:58.500000"), "17").checkpoint(at(DAY1, "23:59:58.600000"))
    head = w.head
    w.rotate(name(DAY2), at(DAY2, "00:00:00.000000")).read(at(DAY2, "00:00:01.000000"), "43")
    w.list_file_key()
    w.files[w.name] = retag(w.files[w.name], head, lambda i, body: body.replace(b"host-a", b"host-b"), first_seq=4)
    return w


# ---------------------------------------------------------------- hold and retention


@vector("a held file with a tombstone that no AUDIT_ERASE orders", 1, 2, 6, part="hold")
def held_erased_by_hand():
    def erase(data):
        all = lines(data)
        all[2] = b'{"seq":2,"erased":"%s","by":4' % b64(leaf_of(all[2][len(b'{"seq":2,'):-32])).encode() + all[2][-32:]
        return b"\n".join(all) + b"\n"
    return held(erase)


@vector("a held file whose hold ended: an AUDIT_PRUNE behind the header that lists it names it", 0, 2, 7, part="hold")
def held_pruned_since():
    w, ends = pruned(Writer(), 2, keep=[1])
    w.own(at(DAY3, "12:00:03.000000"), "AUDIT_STOP", records=8, lost=0)
    w.held = [{"file": 1, "prev_seq": 0, "prev_head": b64(ZERO), "seq": ends[0][1], "head": b64(ends[0][2])}]
    w.next_run(b"\x21" * 16).open(name(DAY3, 2), at(DAY3, "13:00:00.000000")).begin(at(DAY3, "13:00:00.000100"))
    w.own(at(DAY3, "13:00:01.000000"), "AUDIT_PRUNE", files=[1], first_seq=1, last_seq=ends[0][1], heads=[b64(ends[0][2])],
          kept_from=w.kept_from, policy_days=1, undelivered={})
    del w.files[name(DAY1)]
    return w.own(at(DAY3, "13:00:02.000000"), "AUDIT_STOP", records=3, lost=0)


@vector("a prune whose newest record is of a time to come: early, whatever the policy", 0, 1, 3, exit_strict=2)
def prune_of_the_future():
    w = Writer().open(name(DAY1), at(DAY1, "12:00:00.000000")).begin(at(DAY1, "12:00:00.000100"))
    kept = {"file": 1, "prev_seq": 0, "prev_head": b64(ZERO)}
    w.own(at(DAY1, "12:00:01.000000"), "AUDIT_PRUNE", files=[], first_seq=1, last_seq=1, heads=[], kept_from=kept, policy_days=0, undelivered={},
          newest=at(DAY2, "12:00:00.000000"))
    return w.stop(at(DAY1, "12:00:02.000000"))


# ---------------------------------------------------------------- anchors


def one_pruned():
    return pruned(Writer(), 1)[0].stop(at(DAY3, "12:00:03.000000"))


@vector("an anchor of a record that retention removed", 0, 2, 6, anchor="2:" + b64(sha(b"removed")), exit_with_anchor=0)
def anchor_pruned():
    return one_pruned()


@vector("a `head48` that nothing on the chain has: of the records that it may mean only some were removed", 0, 2, 6, anchor="2:73548216038390",
        exit_with_anchor=1)
def anchor_near_pruned():
    return one_pruned()


HEADER = int.from_bytes(running("chained").header_head[:6], "big")


@vector("an anchor with the head behind a header, which counts for the record before", 0, 1, 5, anchor="1:%d" % HEADER, exit_with_anchor=0)
def anchor_header():
    return running("chained").stop(at(DAY1, "10:00:04.000000"))


NAMES = set(VECTORS) - BEFORE
