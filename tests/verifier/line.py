"""Lines and the files that they stand in: sections 5 and 6 of docs/FORMAT.md, and the formulas that all share."""

import base64
import datetime
import hashlib
import hmac
import json
import math
import os
import re
import stat
import zlib

LINE, CHUNK = 1 << 24, 1 << 20  # the longest line, and how much is read at a time, in bytes
TIME = re.compile(r"(\d{4})-(\d\d)-(\d\d)T([01]\d|2[0-3])(:[0-5]\d){2}\.\d{6}Z", re.A)
TAG = re.compile(rb',"tag":"([\w-]{22})"\}', re.A)
SEALED = re.compile(rb',"tag":"([\w-]{22})","seal":"([\w-]{43})"\}', re.A)


class CannotRead(Exception): """Exit code 4: what it is, and why."""
class BadGzip(Exception): """Not exactly one whole gzip member (section 5)."""


def b64(data): return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
def sha(*parts): return hashlib.sha256(b"".join(parts)).digest()
def mac(key, *parts): return hmac.digest(key, b"".join(parts), "sha256")
def le64(n): return n.to_bytes(8, "little")
def whole(value, low=0): return type(value) is int and low <= value < 1 << 53


def binary(text, size):
    """The bytes that `text` spells in the one right way, or None."""
    if isinstance(text, str) and re.fullmatch(r"[\w-]{%d}" % -(-size * 4 // 3), text, re.A):
        data = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
        return data if b64(data) == text else None


def is_day(year, month, day):
    try:
        return bool(datetime.date(year % 400 + 400, month, day))  # the calendar repeats after 400 years
    except ValueError:
        return False


def is_time(value):
    parts = isinstance(value, str) and TIME.fullmatch(value)
    return bool(parts) and is_day(*map(int, parts.group(1, 2, 3)))


class Object(dict):
    """A JSON object; `twice`: one of its keys stands twice, and the last one counts."""

    def __init__(self, pairs):
        super().__init__(pairs)
        self.twice = len(self) < len(pairs)


def integer(text):
    if math.isinf(float(text)):
        raise ValueError
    return float(text) if text == "-0" else int(text)


def parse(data):
    """A line's JSON object, or None: text is Unicode, numbers fit binary64, nesting stays below 128 levels."""

    def nested(value, level=1):
        inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
        return level < 128 and all(nested(item, level + 1) for item in inner)

    try:
        value = json.loads(data.decode(), object_pairs_hook=Object, parse_constant=int, parse_int=integer)
        if not isinstance(value, dict) or not nested(value):
            return None
        json.dumps(value, allow_nan=False, ensure_ascii=False).encode()
    except (ValueError, RecursionError):
        return None
    return value


def listed(value): return value if isinstance(value, list) else []
def seconds(time): return datetime.datetime.fromisoformat(time[:-1]).timestamp() if time > "0002" else 0


def point_of(value):
    """(file, seq, head) of an object that names the point before a file, or None."""
    if isinstance(value, dict) and whole(value.get("file"), 1) and whole(value.get("prev_seq")):
        head = binary(value.get("prev_head"), 32)
        return head and (value["file"], value["prev_seq"], head)


def held_of(value):
    """(file, seq, head) before a held file, and the (seq, head) at which its live part ends, or None."""
    start = point_of(value)
    head = start and binary(value.get("head"), 32)
    return (start, (value["seq"], head)) if head and whole(value.get("seq"), start[1]) else None


def chunks(path):
    """The bytes of a file, decompressed, a piece at a time. Follows no link and waits for no pipe."""
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        with open(handle, "rb", buffering=0) as file:
            if not stat.S_ISREG(os.fstat(handle).st_mode):
                raise CannotRead(f"{path}: not a regular file")
            if not path.endswith(".gz"):
                while data := file.read(CHUNK):
                    yield data
                return
            member, read = zlib.decompressobj(31), 0
            while not member.eof:
                data = member.unconsumed_tail or file.read(CHUNK)
                out = member.decompress(data, CHUNK)
                if not (data or out or member.eof):
                    if not read:
                        return  # an empty file is nothing
                    raise BadGzip
                read += len(data)
                yield out
            if member.unused_data or file.read(1):
                raise BadGzip
    except zlib.error:
        raise BadGzip from None
    except OSError as error:
        raise CannotRead(f"{path}: {error.strerror}") from None


def lines(path):
    """(line or None where it is too long, its size on the disk, whether a line feed ends it), each line of a file."""
    rest, long = b"", 0
    for chunk in chunks(path):
        *parts, rest = (rest + chunk).split(b"\n")
        for part in parts:
            size, long = long + len(part), 0
            yield part if size <= LINE else None, size + 1, True
        if long or len(rest) > LINE:
            long, rest = long + len(rest), b""
    if long or rest:
        yield None if long else rest, long + len(rest), False


def clean(line):
    """Whether it obeys the rules for every line: UTF-8, no byte below 0x20, not too long."""
    try:
        return line is not None and not re.search(rb"[\x00-\x1f]", line) and line.decode() is not None
    except UnicodeDecodeError:
        return False


def unframe(line, keyed):
    """(what stands before the frame, tag, seal or None); the tag is None where there is no frame."""
    found = keyed and SEALED.fullmatch(line, max(len(line) - 85, 0))
    if found:
        return line[:-85], found[1].decode(), found[2].decode()
    found = TAG.fullmatch(line, max(len(line) - 32, 0))
    return line[:-32], found and found[1].decode(), None
