"""Fuzzed night files: damaged ones, and hostile ones with checksums that fit."""

import random
import struct
from collections.abc import Callable
from pathlib import Path

from plmcore import reader, record

NIGHTS = sorted((Path(__file__).resolve().parents[1] / "data" / "nights").glob("*.plm"))
SEEDS = [path.read_bytes() for path in NIGHTS]
FLASH = 1_441_792  # bytes: the file system of a Pico, all of it one night
EXTREMES = (0, 1, 0x7F, 0x80, 0xFF, 0x7FFF, 0x8000, 0xFFFF, 1 << 30, 0x7FFFFFFF, 0xFFFFFFFF)
TEXTS = (
    b"<script>alert(1)</script>",
    b"\x1b[2J\x1b]0;title\x07",
    b"../../../etc/passwd",
    b"=cmd|' /C calc'!A0",
    b"\xe2\x80\xae\x00\xc3\xa9",  # right to left
    b"\xff\xfe",
    b"NaN",
    b"",
    b"a" * 230,
)
KEYS = (b"format", b"session", b"device", b"label", b"leg", b"rules", b"start", b"on_mg", b"<b>")


def framed(kind: int, payload: bytes, sequence: int) -> bytes:
    buf = bytearray(record.LONGEST)
    payload = payload[:255]
    buf[record.HEAD : record.HEAD + len(payload)] = payload
    return bytes(buf[: record.seal(buf, 0, kind, len(payload), sequence & 0xFFFF)])


class Fuzzer:
    """fuzzed(number) is always the same file for the same number."""

    def fuzzed(self, number: int) -> bytes:
        self.rng = rng = random.Random(number)
        data = bytearray(rng.choice(SEEDS))
        for _ in range(rng.choice((1, 1, 2, 3, 8))):
            rng.choice(_CHANGES)(self, data)
        return bytes(data)

    def large(self, number: int) -> bytes:
        """As much as a board's flash holds, of one kind of record, or of all, or of garbage."""
        self.rng = rng = random.Random(-number)
        kinds = [*reader.FIELDS, record.META, record.SERIES, 0x77]
        kind = [*([k] for k in kinds), kinds, []][number % (len(kinds) + 2)]
        data = bytearray(rng.randbytes(FLASH) if not kind else record.MAGIC)
        sequence = 0
        while len(data) < FLASH:
            data += framed(*self._made(rng.choice(kind)), sequence)
            sequence += 1 + (rng.random() < 0.1)
        return bytes(data)

    def _where(self, data: bytearray) -> slice:
        start = self.rng.randint(0, len(data))
        return slice(start, start + self.rng.choice((1, 6, 24, 261, 1000)))

    def _flip(self, data: bytearray) -> None:
        for _ in range(self.rng.choice((1, 2, 10, 100)) if data else 0):
            data[self.rng.randrange(len(data))] ^= 1 << self.rng.randrange(8)

    def _overwrite(self, data: bytearray) -> None:
        where = self._where(data)
        byte = self.rng.choice((b"\x00", b"\xff", b"\x01", b""))
        size = where.stop - where.start
        data[where] = byte * size or self.rng.randbytes(size)

    def _remove(self, data: bytearray) -> None:
        del data[self._where(data)]

    def _repeat(self, data: bytearray) -> None:
        where = self._where(data)
        data[self._where(data).start : 0] = data[where] * self.rng.choice((1, 1, 20))

    def _cut(self, data: bytearray) -> None:
        del data[self.rng.randint(0, len(data)) :]

    def _splice(self, data: bytearray) -> None:
        other = self.rng.choice(SEEDS)
        data[self.rng.randint(0, len(data)) :] = other[self.rng.randint(0, len(other)) :]

    def _noise(self, data: bytearray) -> None:
        data[:] = self.rng.randbytes(self.rng.randint(0, 3000))

    def _shuffle(self, data: bytearray) -> None:
        """Records in another order, some more than once, with fitting checksums."""
        found = [
            (k, data[at + 4 : at + 4 + data[at + 1]]) for at, k, _, _ in reader.read(data) if k
        ]
        data[:] = record.MAGIC
        for sequence, item in enumerate(self.rng.choices(found, k=len(found)) if found else ()):
            data += framed(item[0], bytes(item[1]), sequence)

    def _invent(self, data: bytearray) -> None:
        """Records with extreme values and fitting checksums, behind the others or among them."""
        made = bytearray()
        for sequence in range(self.rng.choice((1, 5, 50))):
            made += framed(*self._made(self.rng.choice((*reader.FIELDS, 1, 0x11, 0x99))), sequence)
        at = self.rng.choice((len(record.MAGIC), len(data)))
        data[at:at] = made

    def _made(self, kind: int) -> tuple[int, bytes]:
        """A type, and a payload that its layout allows."""
        rng = self.rng
        if kind == record.META:
            key = rng.choice((*KEYS, rng.randbytes(8).hex().encode()))
            return kind, key + b"=" + rng.choice(TEXTS)
        if kind not in reader.FIELDS:
            return kind, rng.randbytes(rng.choice((0, 1, 2, 8, 254, 255)))
        payload = b""
        huge = rng.random() < 0.3
        for code in reader.FIELDS[kind][1][1:]:
            size = 8 * struct.calcsize(code)
            value = rng.choice(EXTREMES) if huge else rng.getrandbits(min(size, 29))
            payload += (value & ((1 << size) - 1)).to_bytes(size // 8, "little")
        return kind, payload + rng.choice((b"", b"", b"more"))


_CHANGES: tuple[Callable[[Fuzzer, bytearray], None], ...] = (
    Fuzzer._flip,
    Fuzzer._overwrite,
    Fuzzer._remove,
    Fuzzer._repeat,
    Fuzzer._cut,
    Fuzzer._splice,
    Fuzzer._noise,
    Fuzzer._shuffle,
    Fuzzer._invent,
)
