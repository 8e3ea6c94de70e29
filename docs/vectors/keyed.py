"""The vectors of the modes sealed and signed, of erasure, hold and compression, and of anchors. make.py imports it."""

from writer import (DAY1, DAY2, DAY3, ROOT_KEY, SEED, VECTORS, ZERO, Writer, at, b64, compact, first_key, frame, gzipped, head_of, header_head, key_line,
                    leaf_of, lines, mac, members, name, next_key, public, record_head, root, seal_of, sha, signer, vector)

KEY = key_line()
PUBLIC = key_line(secret=public(ROOT_KEY))


def sealed(why, key=None, exit=3, part="sealed", **more):
    return vector(why, exit, part=part, key=key or KEY, **more)


def signed(why, with_key, key=None, exit=3, **more):
    return vector(why, exit, part="signed", key=key or PUBLIC, exit_with_key=with_key, **more)


def tail(count):
    """How many bytes the last `count` lines of the newest file have."""
    return lambda w: sum(len(line) + 1 for line in lines(w.files[w.name])[-count:])


def behind(file, line):
    """How many bytes stand in a file from a line on (counted from 0), and in all files after it."""

    def count(w):
        names = [n for n in w.files if n.startswith("audit-")]
        after = names[names.index(file) + 1:]
        return sum(len(x) + 1 for x in lines(w.files[file])[line:]) + sum(len(w.files[n]) for n in after)
    return count


def retag(data, head, change, first_seq=1, seal=None):
    """A file's bytes with every line put through `change(index, line without frame)` and all tags made right again.

    `seal(index, head)` is the seal of a line or None; without it the old seals stay.
    """
    out = []
    for i, line in enumerate(lines(data)):
        sealed = line[-55:-45] == b'","seal":"'
        old = line[-45:-2].decode() if sealed else None
        body = change(i, line[:-85] if sealed else line[:-32])
        if i == 0:
            head = header_head(head, leaf_of(body))
        else:
            start = b'{"seq":%d,' % (first_seq + i - 1)
            head = record_head(head, first_seq + i - 1, leaf_of(body[len(start):]))
        made = seal(i, head) if seal else None
        end = frame(head, made)
        if not seal and old:
            end = end[:-1] + ',"seal":"%s"}' % old
        out.append(body + end.encode())
    return b"\n".join(out) + b"\n"


# ---------------------------------------------------------------- sealed


def running(trust="sealed"):
    w = Writer(trust=trust).open(name(DAY1), at(DAY1, "10:00:00.000000")).begin(at(DAY1, "10:00:00.000100"))
    w.login(at(DAY1, "10:00:01.000000"), "17").read(at(DAY1, "10:00:02.000000"), "1")
    return w.read(at(DAY1, "10:00:03.000000"), "2")


def ended():
    return running().stop(at(DAY1, "10:00:04.000000"))


def two_files(w):
    w.open(name(DAY1), at(DAY1, "23:59:58.000000")).begin(at(DAY1, "23:59:58.000100"))
    w.login(at(DAY1, "23:59:58.500000"), "17").read(at(DAY1, "23:59:59.000000"), "42")
    w.rotate(name(DAY2), at(DAY2, "00:00:00.000000"))
    return w.read(at(DAY2, "00:00:01.000000"), "43")


@sealed("sealed, ended cleanly", exit_with_key=0, exit_mode_chained=0, exit_with_state=0, files=1, records=5)
def sealed_clean():
    w = ended()
    return w, w.state(w.point(), True)


@sealed("sealed over a rotation: the commits are counted on", exit_with_key=0, exit_mode_chained=0, files=2, records=6)
def sealed_rotation():
    return two_files(Writer(trust="sealed")).stop(at(DAY2, "00:00:02.000000"))


@sealed("sealed, killed between two commits", exit_with_key=2, exit_mode_chained=2, exit_with_state=2, files=1, records=4)
def sealed_open_end():
    w = running()
    return w, w.state((1, 1, head_of(w, 1)), False)


@sealed("whole lines without a seal at the end: part of a commit, or anyone's", exit_with_key=2, exit_mode_chained=2, files=1,
        records=4, unproven=tail(2))
def sealed_unsealed_tail():
    w = running()
    w.sealing = False
    return w.read(at(DAY1, "10:00:04.000000"), "3").read(at(DAY1, "10:00:05.000000"), "4")


@sealed("an AUDIT_STOP without a seal", exit_with_key=2, exit_mode_chained=0, files=1, records=4, unproven=tail(1))
def sealed_unsealed_stop():
    w = running()
    w.sealing = False
    return w.stop(at(DAY1, "10:00:04.000000"))


@sealed("a caller's metadata ends like a seal, in a line without one in the middle of a commit", exit_with_key=0, files=1, records=4)
def sealed_false_seal():
    w = Writer(trust="sealed").open(name(DAY1), at(DAY1, "10:00:00.000000")).begin(at(DAY1, "10:00:00.000100"))
    w.sealing = False
    w.record(at(DAY1, "10:00:01.000000"), "DATA_READ", "data", "low", "success", metadata={"a": 1, "tag": "A" * 22, "seal": "A" * 11})
    w.sealing = True
    return w.read(at(DAY1, "10:00:02.000000"), "1").stop(at(DAY1, "10:00:03.000000"))


@sealed("a key line with another seed", key_line(secret=sha(b"another")), exit_with_key=1, files=1, records=0,
        unproven=lambda w: len(w.files[w.name]))
def sealed_wrong_key():
    return ended()


@sealed("a key line with another seed, and an open end without a durable point: a right tag with a wrong seal is no crash",
        key_line(secret=sha(b"another")), exit_with_key=1, files=1, records=0, unproven=lambda w: len(w.files[w.name]))
def sealed_wrong_key_open_end():
    return running()


@sealed("a key line of another trail", key_line(trail=b"\x11" * 16), exit_with_key=1)
def sealed_other_trail():
    return ended()


@sealed("a key line whose run is yet to come, as a change of keys leaves it: the state file says so, and the key before was not given",
        key_line(run=2, head=ended().head, secret=sha(b"rotated")), exit_with_key=1, exit_with_state=3, files=1, records=5)
def sealed_early_key():
    w = ended()
    return w, w.state(w.point(), True, seed=sha(b"rotated"))


@sealed("the same, and the state file is of another end", key_line(run=2, head=sha(b"elsewhere"), secret=sha(b"rotated")),
        exit_with_key=1, exit_with_state=1, files=1, records=5)
def sealed_early_key_elsewhere():
    w = ended()
    return w, w.state(w.point(), True, seed=sha(b"rotated"))


@sealed("a record changed in a closed file", exit=1, exit_with_key=1, files=2, records=1, unproven=behind(name(DAY1), 2))
def sealed_edit():
    w = two_files(Writer(trust="sealed")).stop(at(DAY2, "00:00:02.000000"))
    w.files[name(DAY1)] = w.files[name(DAY1)].replace(b'"user_id":"17"', b'"user_id":"18"')
    return w


def forged(seal=None):
    """A record changed and every tag behind it made right again."""
    w = ended()
    w.files[w.name] = retag(w.files[w.name], ZERO, lambda i, body: body.replace(b'"user_id":"17"', b'"user_id":"18"'), seal=seal)
    return w


@sealed("a record changed and every tag computed again: the seals do not fit", exit_with_key=1, exit_mode_chained=0, files=1, records=1,
        unproven=behind(name(DAY1), 2))
def sealed_recomputed():
    return forged()


@sealed("the same, and the seals from there on taken away", exit_with_key=1, exit_mode_chained=0, files=1, records=1,
        unproven=behind(name(DAY1), 2))
def sealed_stripped():
    w = ended()
    key = first_key(SEED, w.trail, 1)
    return forged(lambda i, head: seal_of(key, 1, 0, head) if i == 1 else None)


@sealed("the same, sealed again from there on with the key that was live at the end", exit_with_key=1, exit_mode_chained=0, files=1,
        records=1, unproven=behind(name(DAY1), 2))
def sealed_newer_key():
    w = ended()
    key = first_key(SEED, w.trail, 1)
    return forged(lambda i, head: seal_of(key if i == 1 else w.key, 1, i - 1, head) if i else None)


@sealed("a seal spelled with a stray bit in its last character", exit_with_key=1, exit_mode_chained=0, files=1, records=3,
        unproven=behind(name(DAY1), 4))
def sealed_loose_base64():
    w = ended()
    all = lines(w.files[w.name])
    alphabet = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    last = alphabet.index(all[4][-3])
    all[4] = all[4][:-3] + alphabet[last ^ 1:(last ^ 1) + 1] + all[4][-2:]
    w.files[w.name] = b"\n".join(all) + b"\n"
    return w


@sealed("a commit left out at a rotation: the index has a gap", exit_with_key=1, exit_mode_chained=0, files=2, records=3,
        unproven=lambda w: len(w.files[name(DAY2)]))
def sealed_index_gap():
    w = Writer(trust="sealed").open(name(DAY1), at(DAY1, "23:59:58.000000")).begin(at(DAY1, "23:59:58.000100"))
    w.login(at(DAY1, "23:59:58.500000"), "17").read(at(DAY1, "23:59:59.000000"), "42")
    w.commit, w.key = w.commit + 1, next_key(w.key)
    return w.rotate(name(DAY2), at(DAY2, "00:00:00.000000")).stop(at(DAY2, "00:00:02.000000"))


def second_run(w, file, opened, cause="start", **more):
    w.next_run(b"\x21" * 16).open(file, at(DAY1, opened + ".000000"), cause, **more)
    return w.begin(at(DAY1, opened + ".000100"), unclean=cause == "recover")


@sealed("a run that says it is chained behind a sealed one", exit=1, exit_with_key=1, exit_mode_chained=1, files=2, records=5,
        unproven=lambda w: len(w.files[w.name]))
def sealed_lowered():
    w = ended()
    w.trust = "chained"
    return second_run(w, name(DAY1, 2), "11:00:00").stop(at(DAY1, "11:00:01.000000"))


@sealed("the whole trail written again as chained", exit=0, exit_with_key=1, files=1, records=5)
def sealed_turned_chained():
    return running("chained").stop(at(DAY1, "10:00:04.000000"))


@sealed("a trail that begins again with run 2, rightly sealed: the key line names run 1", exit_with_key=1, files=1, records=2)
def sealed_later_genesis():
    w = Writer(trust="sealed")
    return second_run(w, name(DAY1), "11:00:00").stop(at(DAY1, "11:00:01.000000"))


@sealed("one run with two run ids, as two machines from one image write", exit=1, exit_with_key=1, exit_mode_chained=1, files=2,
        records=7, superseded=3)
def sealed_fork():
    w = ended()
    end = w.point()
    second_run(w, name(DAY1, 2), "11:00:00").stop(at(DAY1, "11:00:01.000000"))
    w.run = 1
    w.next_run(b"\x22" * 16).open(name(DAY1, 3), at(DAY1, "12:00:00.000000"), "recover", at=end, number=3)
    w.begin(at(DAY1, "12:00:00.000100"), unclean=True)
    return w.stop(at(DAY1, "12:00:01.000000"))


@sealed("a failed sync in a sealed trail: the resync begins again from the last synced commit's key", exit_with_key=0,
        exit_mode_chained=0, files=2, records=7, superseded=2)
def sealed_resync():
    w = running()
    synced = (1, 2, head_of(w, 2))
    w.open(name(DAY1, 2), at(DAY1, "10:00:05.000000"), "resync", at=synced)
    w.put(w.rests[3]).put(w.rests[4]).read(at(DAY1, "10:00:06.000000"), "3").read(at(DAY1, "10:00:07.000000"), "4")
    return w.stop(at(DAY1, "10:00:08.000000"))


def recovered(whole):
    """A start behind a crash that left a line without a seal: set aside, or (`whole`) adopted."""
    w = running()
    w.sealing = False
    w.read(at(DAY1, "10:00:04.000000"), "3")
    w.sealing = True
    if whole:
        return second_run(w, name(DAY1, 2), "11:00:00", "recover").stop(at(DAY1, "11:00:01.000000"))
    torn = lines(w.files[w.name])[-1] + b"\n"
    w.files[w.name] = w.files[w.name][:-len(torn)]
    w.files[w.name + ".torn"] = torn
    old = w.name
    second_run(w, name(DAY1, 2), "11:00:00", "recover", at=(1, 4, head_of(w, 4)))
    w.own(at(DAY1, "11:00:00.000200"), "AUDIT_RECOVER", "high", "failure", run=1, last_seq=4, lost="unknown", at_most_bytes=16777216,
          torn_bytes=len(torn), torn_lines=1, torn_sha256=sha(torn).hex(), torn_files=[old + ".torn"])
    return w.own(at(DAY1, "11:00:01.000000"), "AUDIT_STOP", records=3, lost=0)


@sealed("a start after a crash: the line without a seal is set aside", exit_with_key=0, exit_mode_chained=0, exit_with_state=0, files=2,
        records=7)
def sealed_recovered():
    w = recovered(False)
    return w, w.state(w.point(), True)


@sealed("a start that went on from a line without a seal", exit_with_key=1, exit_mode_chained=0, files=2, records=4,
        unproven=lambda w: tail(1)(w) and len(lines(w.files[name(DAY1)])[-1]) + 1 + len(w.files[w.name]))
def sealed_unsealed_seam():
    return recovered(True)


def upgraded():
    w = running("chained").stop(at(DAY1, "10:00:04.000000"))
    w.trust = "sealed"
    return second_run(w, name(DAY1, 2), "11:00:00").stop(at(DAY1, "11:00:01.000000"))


UPGRADE_KEY = key_line(2, head_of(running("chained").stop(at(DAY1, "10:00:04.000000")), 5), mac(SEED, b"tracing-audit/1 seed"))


@sealed("a chained run and then a sealed one, which the key line names", UPGRADE_KEY, exit_with_key=0, exit_mode_chained=0, files=2,
        records=7)
def sealed_upgrade():
    return upgraded()


@sealed("the same, and the sealed file removed", UPGRADE_KEY, exit=0, exit_with_key=1, files=1, records=5)
def sealed_upgrade_cut():
    w = upgraded()
    del w.files[name(DAY1, 2)]
    return w


@sealed("the same, and a record changed before the sealed run, with the tags and the state that a forger can make",
        UPGRADE_KEY, exit_with_key=1, exit_mode_chained=0, files=2, records=7)
def sealed_upgrade_forged():
    w = Writer().open(name(DAY1), at(DAY1, "10:00:00.000000")).begin(at(DAY1, "10:00:00.000100"))
    w.login(at(DAY1, "10:00:01.000000"), "18").stop(at(DAY1, "10:00:02.000000"))
    w.read(at(DAY1, "10:00:02.000000"), "1").read(at(DAY1, "10:00:03.000000"), "2")
    w.trust = "sealed"
    return second_run(w, name(DAY1, 2), "11:00:00").stop(at(DAY1, "11:00:01.000000"))


# ---------------------------------------------------------------- retention, with keys


def three_files(w):
    """Three files; returns also the points at which the first and the second end."""
    w.open(name(DAY1), at(DAY1, "12:00:00.000000")).begin(at(DAY1, "12:00:00.000100"))
    w.login(at(DAY1, "12:00:01.000000"), "17")
    if w.trust == "signed":
        w.checkpoint(at(DAY1, "12:00:02.000000"))
    ends = [w.point()]
    w.rotate(name(DAY2), at(DAY2, "00:00:00.000000")).read(at(DAY2, "12:00:00.000000"), "1")
    if w.trust == "signed":
        w.checkpoint(at(DAY2, "12:00:01.000000"))
    ends.append(w.point())
    w.rotate(name(DAY3), at(DAY3, "00:00:00.000000")).read(at(DAY3, "12:00:00.000000"), "2")
    return w, ends


def pruned(w, count, keep=()):
    """The first `count` files pruned, but for the ones that a hold keeps; then a clean end."""
    w, ends = three_files(w)
    kept = dict(zip(("file", "prev_seq", "prev_head"), (count + 1, ends[count - 1][1], b64(ends[count - 1][2]))))
    gone = [n for n in range(1, count + 1) if n not in keep]
    w.own(at(DAY3, "12:00:01.000000"), "AUDIT_PRUNE", files=gone, first_seq=ends[gone[0] - 2][1] + 1 if gone[0] > 1 else 1,
          last_seq=ends[gone[-1] - 1][1], heads=[b64(ends[n - 1][2]) for n in gone], kept_from=kept, policy_days=1, undelivered={})
    for n in gone:
        del w.files[name((DAY1, DAY2)[n - 1])]
    w.kept_from = kept
    if w.trust == "signed":
        w.checkpoint(at(DAY3, "12:00:02.000000"))
    return w, ends


@sealed("the oldest file of a sealed trail pruned: the seals begin with the commit that the header names", exit_with_key=0,
        exit_mode_chained=0, files=2, records=6)
def sealed_pruned():
    w, _ = pruned(Writer(trust="sealed"), 1)
    return w.stop(at(DAY3, "12:00:03.000000"))


# ---------------------------------------------------------------- signed


def notes(w, **wrong):
    """Two signed files with a checkpoint in each; what is `wrong` is so in the first."""
    w.open(name(DAY1), at(DAY1, "23:59:58.000000")).begin(at(DAY1, "23:59:58.000100"))
    w.login(at(DAY1, "23:59:58.500000"), "17").checkpoint(at(DAY1, "23:59:58.600000"), **wrong)
    w.read(at(DAY1, "23:59:59.000000"), "42")
    w.rotate(name(DAY2), at(DAY2, "00:00:00.000000")).checkpoint(at(DAY2, "00:00:00.100000"))
    w.read(at(DAY2, "00:00:01.000000"), "43").checkpoint(at(DAY2, "00:00:02.000000"))
    return w.stop(at(DAY2, "00:00:02.100000"))


@signed("signed, over a rotation, ended cleanly", 0, exit_mode_chained=0, exit_with_state=0, files=2, records=9)
def signed_clean():
    w = notes(Writer(trust="signed"))
    return w, w.state(w.point(), True)


@signed("the same with the seed in the key line: the seals prove it, and the rows of keys from their headers on", 0, KEY, files=2,
        records=9)
def signed_seed():
    return notes(Writer(trust="signed"))


@signed("a checkpoint whose signature is another's", 1, files=2, records=9)
def signed_bad_note():
    return notes(Writer(trust="signed"), sig=b64(signer("nobody").sign(b"nothing")))


@signed("a checkpoint rightly signed over a wrong root", 1, files=2, records=9)
def signed_wrong_root():
    return notes(Writer(trust="signed"), root_is=sha(b"another"))


@signed("`audit.keys` without the second file's line", 1, files=2, records=9)
def signed_missing_line():
    w = notes(Writer(trust="signed"))
    w.files["audit.keys"] = lines(w.files["audit.keys"])[0] + b"\n"
    return w


@signed("a line in `audit.keys` with a wrong signature", 1, files=2, records=9)
def signed_bad_line():
    w = notes(Writer(trust="signed"))
    first, second = lines(w.files["audit.keys"])
    w.files["audit.keys"] = first + b"\n" + second[:-88] + b64(signer("nobody").sign(b"nothing")).encode() + b'"}\n'
    return w


@signed("`tree` in the second header is not that of its `prev_seq`, with a right tag", 1, files=2, records=9)
def signed_wrong_tree():
    class Wrong(Writer):
        def open(self, *given, **more):
            self.more = {"tree": [b64(sha(b"another")) for _ in compact(self.leaves)]}
            return super().open(*given, **more)
    return notes(Wrong(trust="signed"))


@signed("the oldest file pruned: `tree` carries the roots on", 0, files=2, records=8)
def signed_pruned():
    w, _ = pruned(Writer(trust="signed"), 1)
    return w.stop(at(DAY3, "12:00:03.000000"))


@signed("a record behind the last checkpoint: no signature covers it", 2, files=2, records=8)
def signed_behind_the_note():
    w = two_files(Writer(trust="signed"))
    w.checkpoint(at(DAY2, "00:00:02.000000"))
    return w.read(at(DAY2, "00:00:03.000000"), "44").stop(at(DAY2, "00:00:04.000000"))


@signed("killed before the second file's first checkpoint, half a line in `audit.keys`", 2, files=2, records=5)
def signed_torn_line():
    w = Writer(trust="signed").open(name(DAY1), at(DAY1, "23:59:58.000000")).begin(at(DAY1, "23:59:58.000100"))
    w.login(at(DAY1, "23:59:58.500000"), "17").checkpoint(at(DAY1, "23:59:58.600000"))
    w.rotate(name(DAY2), at(DAY2, "00:00:00.000000")).read(at(DAY2, "00:00:01.000000"), "43")
    w.list_file_key()
    w.files["audit.keys"] = w.files["audit.keys"][:-100]
    return w


@signed("a failed sync: the checkpoint written again belongs to the row of the file that it names", 0, files=2, records=7, superseded=2)
def signed_resync():
    w = Writer(trust="signed").open(name(DAY1), at(DAY1, "10:00:00.000000")).begin(at(DAY1, "10:00:00.000100"))
    w.login(at(DAY1, "10:00:01.000000"), "17")
    synced = w.point()
    w.checkpoint(at(DAY1, "10:00:02.000000")).read(at(DAY1, "10:00:03.000000"), "1")
    w.open(name(DAY1, 2), at(DAY1, "10:00:05.000000"), "resync", at=synced)
    w.put(w.rests[3]).put(w.rests[4]).read(at(DAY1, "10:00:06.000000"), "2").checkpoint(at(DAY1, "10:00:07.000000"))
    return w.stop(at(DAY1, "10:00:08.000000"))


# ---------------------------------------------------------------- erasure


def erased(seqs=(2,), leaf=None, event="AUDIT_ERASE", order=True):
    """Record 2 erased; the order stands in the second file."""
    w = two_files(Writer(salted=True))
    wanted = [b64(leaf_of(w.rests[n].encode())) for n in seqs]
    by = w.seq + 1
    if order:
        w.own(at(DAY2, "00:00:02.000000"), event, "high", seqs=list(seqs), leaves=wanted, reason="asked for", by="17")
    w.stop(at(DAY2, "00:00:03.000000"))
    all = lines(w.files[name(DAY1)])
    stone = '{"seq":2,"erased":"%s","by":%d' % (b64(leaf or leaf_of(w.rests[2].encode())), by)
    all[2] = stone.encode() + all[2][-32:]
    w.files[name(DAY1)] = b"\n".join(all) + b"\n"
    return w


@vector("a record erased, as its AUDIT_ERASE orders", 0, 2, 7, part="erasure")
def erased_record():
    return erased()


@vector("a tombstone that no AUDIT_ERASE orders", 1, 2, 6, part="erasure")
def erased_by_hand():
    return erased(order=False)


@vector("a tombstone whose AUDIT_ERASE names another record", 1, 2, 7, part="erasure")
def erased_other():
    return erased(seqs=(3,))


@vector("a tombstone with another leaf: the tag does not fit", 1, 2, 1, part="erasure", unproven=behind(name(DAY1), 2))
def erased_wrong_leaf():
    return erased(leaf=sha(b"another"))


@vector("a tombstone whose `by` is a record that is no AUDIT_ERASE", 1, 2, 7, part="erasure")
def erased_by_no_order():
    return erased(event="DATA_READ")


# ---------------------------------------------------------------- hold


def held(change=None):
    """Files 1 to 3, the second pruned around the held first; one run later the header says so."""
    w, ends = pruned(Writer(), 2, keep=[1])
    w.own(at(DAY3, "12:00:03.000000"), "AUDIT_STOP", records=8, lost=0)
    w.held = [{"file": 1, "prev_seq": 0, "prev_head": b64(ZERO), "seq": ends[0][1], "head": b64(ends[0][2])}]
    w.next_run(b"\x21" * 16).open(name(DAY3, 2), at(DAY3, "13:00:00.000000")).begin(at(DAY3, "13:00:00.000100"))
    w.own(at(DAY3, "13:00:01.000000"), "AUDIT_STOP", records=2, lost=0)
    if change:
        w.files[name(DAY1)] = change(w.files[name(DAY1)])
    return w


@vector("a file kept by a hold around a pruned one", 0, 2, 6, part="hold")
def held_file():
    return held()


@vector("the same, and the held file changed", 1, 2, 6, part="hold")
def held_changed():
    return held(lambda data: data.replace(b'"user_id":"17"', b'"user_id":"18"'))


@vector("the same, and the held file cut", 1, 2, 6, part="hold")
def held_cut():
    return held(lambda data: b"\n".join(lines(data)[:-1]) + b"\n")


@vector("the same, and the held file gone", 1, 2, 6, part="hold")
def held_missing():
    w = held()
    del w.files[name(DAY1)]
    return w


# ---------------------------------------------------------------- compression


def compressed(plain=False, behind=b""):
    w = two_files(Writer()).stop(at(DAY2, "00:00:02.000000"))
    data = w.files[name(DAY1)]
    if not plain:
        del w.files[name(DAY1)]
    w.files[name(DAY1) + ".gz"] = gzipped(data) + behind
    return w


@vector("a closed file compressed", 0, 2, 6, part="gz")
def gz_clean():
    return compressed()


@vector("both forms of a closed file, as a crash in between leaves them", 0, 2, 6, part="gz")
def gz_both():
    return compressed(plain=True)


@vector("both forms, and the plain one damaged: the compressed one is the file", 0, 2, 6, part="gz")
def gz_both_plain_damaged():
    w = compressed(plain=True)
    w.files[name(DAY1)] = w.files[name(DAY1)].replace(b'"user_id":"17"', b'"user_id":"18"')
    return w


@vector("bytes behind the member: not a compressed file, so a file is missing", 1, 1, 3, part="gz")
def gz_trailing():
    return compressed(behind=b"\0")


@vector("two members", 1, 1, 3, part="gz")
def gz_two_members():
    return compressed(behind=gzipped(b""))


@vector("a wrong checksum", 1, 1, 3, part="gz")
def gz_checksum():
    w = compressed()
    data = w.files[name(DAY1) + ".gz"]
    w.files[name(DAY1) + ".gz"] = data[:-8] + bytes([data[-8] ^ 1]) + data[-7:]
    return w


# ---------------------------------------------------------------- anchors


def head48(w):
    return "%d:%d" % (w.seq, int.from_bytes(w.head[:6], "big"))


WHOLE = running("chained")


@vector("a tail cut above every durable point: only an anchor knows", 2, 1, 2, anchor=head48(WHOLE), exit_with_anchor=1)
def anchor_cut():
    w = running("chained")
    w.files[w.name] = b"\n".join(lines(w.files[w.name])[:3]) + b"\n"
    return w


@vector("an anchor that holds", 0, 1, 5, anchor=head48(WHOLE), exit_with_anchor=0)
def anchor_holds():
    return running("chained").stop(at(DAY1, "10:00:04.000000"))


@vector("an anchor whose `seq` was read before its `head48`", 0, 1, 5, anchor="2:" + head48(WHOLE).split(":")[1], exit_with_anchor=0)
def anchor_read_twice():
    return running("chained").stop(at(DAY1, "10:00:04.000000"))


@vector("every tag computed again after a change: the whole head of an anchor tells", 0, 1, 5, anchor="4:" + b64(WHOLE.head),
        exit_with_anchor=1)
def anchor_recomputed():
    w = running("chained").stop(at(DAY1, "10:00:04.000000"))
    w.files[w.name] = retag(w.files[w.name], ZERO, lambda i, body: body.replace(b'"user_id":"17"', b'"user_id":"18"'))
    return w


NAMES = set(VECTORS)
