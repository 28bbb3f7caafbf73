"""A second reader of night files, written from firmware/LOGFORMAT.md and nothing else.

It shares no code with the firmware's: it reads the page's own tables. read(data) gives the
records as (offset, type, sequence, fields), and damage as (offset, 0, 0, {"damaged": bytes}).
"""

import re

from places import REPO

PAGE = REPO / "firmware" / "LOGFORMAT.md"
LATER = set()  # (type, field) that older files lack
SIZES = {"u8": 1, "i8": 1, "u16": 2, "i16": 2, "u32": 4}


def tables():
    """{type: (name, [(field, type), ...])} of the page's section on records; by hand for two."""
    found = {}
    for section in PAGE.read_text(encoding="utf-8").split("\n### ")[1:]:
        kind, name = section.split("\n")[0].split()
        lines = section.split("\n## ")[0]
        rows = re.findall(r"^\| (\w+) \| ([ui]\d+) \|", lines, re.MULTILINE)
        found[int(kind, 16)] = (name.lower(), rows)
        later = re.findall(
            r"^\| (\w+) \| [ui]\d+ \|.*missing before firmware", lines, re.MULTILINE
        )
        LATER.update((int(kind, 16), field) for field in later)
    return found


TABLES = tables()


def checksum(data):
    crc = 0xFFFF
    for byte in data:
        crc ^= byte << 8
        for _ in range(8):
            crc = (crc << 1 ^ (0x1021 if crc & 0x8000 else 0)) & 0xFFFF
    return crc


def number(data, kind):
    return int.from_bytes(data, "little", signed=kind[0] == "i")


def framed(data, at):
    """(type, sequence, payload, end) of the undamaged record at `at`, else None."""
    if at + 6 > len(data) or data[at] == 0:
        return None
    end = at + 4 + data[at + 1] + 2
    if end > len(data) or checksum(data[at : end - 2]) != number(data[end - 2 : end], "u16"):
        return None
    return data[at], number(data[at + 2 : at + 4], "u16"), data[at + 4 : end - 2], end


def meaning(kind, payload):
    """The payload's fields; None where a reader passes over it."""
    name, rows = TABLES.get(kind, ("", []))
    if name == "meta":
        try:
            key, sign, value = payload.decode().partition("=")
        except UnicodeDecodeError:
            return None
        return {"key": key, "value": value} if sign else None
    if name == "series":
        if not payload or len(payload) % 2:
            return None
        numbers = [number(payload[i : i + 2], "u16") for i in range(0, len(payload), 2)]
        return {"series": numbers[0], "numbers": numbers[1:]}
    fields, at = {}, 0
    for field, size in rows:
        if (kind, field) in LATER and at + SIZES[size] > len(payload):
            break
        fields[field] = number(payload[at : at + SIZES[size]], size)
        at += SIZES[size]
    return fields if 0 < at <= len(payload) else None


def read(data):
    good = data[:8] == bytes.fromhex("41 4e 4b 4c 45 54 31 0a")
    at, bad, due = (8, None, 0) if good else (0, 0, 0)
    while at < len(data):
        record = framed(data, at)
        if record and bad is not None:
            missing, behind = (record[1] - due) % 65536, framed(data, record[3])
            follows = behind and behind[1] == (record[1] + 1) % 65536
            if missing > min((at - bad) // 6, 1000) and not follows:
                record = None
        if not record:
            bad = at if bad is None else bad
            at += 1
            continue
        if bad is not None:
            yield bad, 0, 0, {"damaged": at - bad}
        bad, due = None, (record[1] + 1) % 65536
        yield at, record[0], record[1], meaning(record[0], record[2])
        at = record[3]
    if bad is not None and len(data):
        yield bad, 0, 0, {"damaged": len(data) - bad}
