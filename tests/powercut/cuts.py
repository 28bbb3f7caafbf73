"""On MicroPython: a short life of a board on littlefs, then a power cut at each operation of it.

    micropython cuts.py EVERY STARTS

The life: a night that a computer ends and files, one that is cut, and one that completes the cut
one, removes the filed one for room, loses its sensor, and is ended. Each program and each erase of
the flash is logged. Then the device's image is made again for every EVERY-th cut: before the
operation, half way through it, and with the rest of its bits in between. It is mounted, what was
flushed is looked for, the nights are completed and their counts held against their records; with
every STARTS-th the firmware starts and records on. Prints one JSON object; what is wrong is listed
under "failed".
"""

import io
import json
import os
import sys

import vfs

_HERE = sys.argv[0].replace("\\", "/").rsplit("/", 1)[0]
for _folder in ("/../../boards/sim", "/../../firmware", "/../core"):
    sys.path.insert(0, _HERE + _folder)

import hostlink  # noqa: E402
import hw  # noqa: E402
import main  # noqa: E402
import nightfiles  # noqa: E402
import nightlog  # noqa: E402
import settings  # noqa: E402
import tracelog  # noqa: E402
from flash import RamFlash, make, open_on  # noqa: E402
from kit import Numbers, Signal, monitored, run  # noqa: E402
from plmcore import reader, record  # noqa: E402
from recovery import complete  # noqa: E402

BLOCKS = 32
ROOT = "/flash"
tracelog.TraceLog._room = lambda trace: True  # on so small a flash, too
ENDS = (record.BY_HOST, record.STOPPED, record.RECOVERED)


class LoggedFlash(RamFlash):
    """Logs (block, offset, bytes), or (block, -1, None) for an erase."""

    def __init__(self):
        super().__init__(BLOCKS)
        self.log = []

    def writeblocks(self, block, buf, offset=None):
        if offset is None:
            raise ValueError("littlefs erases by itself")
        self.log.append((block, offset, bytes(buf)))
        super().writeblocks(block, buf, offset)

    def _erase(self, block):
        self.log.append((block, -1, None))
        super()._erase(block)


class Image(RamFlash):
    """The flash at one moment: blocks are shared until they are written."""

    def __init__(self, blocks):
        super().__init__(BLOCKS)
        self._data = list(blocks)

    def writeblocks(self, block, buf, offset=None):
        for b in range(block, block + ((offset or 0) + len(buf) + 4095) // 4096):
            if self._data[b] is not None:
                self._data[b] = bytearray(self._data[b])
        super().writeblocks(block, buf, offset)


def apply(blocks, operation, torn=None, numbers=None):
    """Do an operation, or the part of it that a cut leaves: "half", or "ragged" (then single bits
    of the rest as well)."""
    block, offset, data = operation
    old = blocks[block] or b"\xff" * 4096
    if data is None:
        new = bytearray(b"\xff" * 4096)
        if torn:
            new[2048:] = old[2048:]
            if torn == "ragged":
                for i in range(2048, 4096):
                    new[i] |= numbers.below(256)
    else:
        new = bytearray(old)
        size = len(data) // 2 if torn else len(data)
        new[offset : offset + size] = data[:size]
        if torn == "ragged":
            for i in range(size, len(data)):
                new[offset + i] &= data[i] | numbers.below(256)
    blocks[block] = bytes(new) if torn or data is not None else None


def kicks(minutes, seed):
    signal = Signal(noise_mg=2, seed=seed).still(20)
    numbers = Numbers(seed)
    while signal.n < minutes * 3000:
        signal.burst(numbers.between(6, 30) / 10, 100).still(numbers.between(4, 30))
    return signal.raw


def live(flash):
    """The life. Returns the flushes, (operations so far, path, bytes on the flash), what each
    file of a night or a trace came to be, the paths of the filed night, and the operations at
    which its name was known to be filed, the settings were to change and had changed, and from
    which on it may go."""
    flushed = []
    write, trace = nightlog.NightLog._write, tracelog.TraceLog._write

    def noted(log):
        write(log)
        flushed.append((len(flash.log), log.path, os.stat(log.path)[6]))

    def noted_trace(log):
        trace(log)
        flushed.append((len(flash.log), log._path, os.stat(log._path)[6]))

    nightlog.NightLog._write, tracelog.TraceLog._write = noted, noted_trace
    open_on(flash, ROOT)
    contents = {}
    board = hw.board(io.BytesIO(bytes(kicks(3, 1))), root=ROOT, utc=(20778, 79083000, 60))
    main.run(board)
    (first,) = nightfiles.names(ROOT + "/nights")
    contents.update(files())
    filed = tuple(contents)
    hostlink.attach(board)
    when = [len(flash.log)]
    hostlink.configure('{"leg": "right"}')
    when.append(len(flash.log))
    hostlink.ack(first.split("/")[-1], "0" * 64)
    when.append(len(flash.log))
    _, monitor = monitored(ROOT, kicks(6, 2))
    run(monitor, 300000)
    vfs.umount(ROOT)  # the power goes
    open_on(flash, ROOT)
    when.append(len(flash.log))
    board = hw.board(io.BytesIO(bytes(kicks(25, 3))), root=ROOT)
    sleep = board.sleep_ms

    def sleep_ms(ms):
        sleep(ms)
        second = board.clock.us // 1000000
        board.model.present = not 200 <= second < 230
        board.pressed = 300 <= second % 400 < 302

    board.sleep_ms = sleep_ms
    main.run(board)
    nightlog.NightLog._write, tracelog.TraceLog._write = write, trace
    left = files()
    contents.update(left)
    vfs.umount(ROOT)
    if len([name for name in contents if name.endswith(".plm")]) != 3 or filed[0] in left:
        raise ValueError("the life was to have three nights, and the filed one to go")
    if not [name for name in contents if name.endswith(".trc")]:
        raise ValueError("the life was to have traces")
    return flushed, contents, filed, when


def files():
    """The nights and traces on the flash: path -> bytes, nights first."""
    path = ROOT + "/nights"
    found = {}
    if "nights" in os.listdir(ROOT):
        for suffix in (nightfiles.SUFFIX, nightfiles.TRACES):
            for name in nightfiles.names(path, suffix):
                found[path + "/" + name] = read(path + "/" + name)
    return found


def agreed(k, when):
    """Raises ValueError unless the settings and the note of the filed night are as they were said
    to be before operation k."""
    asked, set_at, filed_at, goes = when
    found = settings.load(ROOT)
    due = [{}] * (k < set_at) + [{"leg": "right"}] * (k >= asked)
    if found not in due:
        raise ValueError("settings are " + str(found))
    if filed_at <= k < goes and not nightfiles.on_shelf(ROOT + "/nights", "000")[0][2]:
        raise ValueError("the night is not filed any more")


def read(path):
    with open(path, "rb") as file:
        return file.read()


def counted(data):
    """What the records say: lm, clm, plm, series, excluded, gaps; then what the last COUNTS says,
    and its reason."""
    lm = clm = plm = series = excluded = gaps = 0
    last = None
    for _, kind, _, fields in reader.read(data):
        if kind == record.LM:
            lm += fields["kind"] <= record.LONG
            clm += fields["kind"] == 0
            excluded += fields["kind"] > record.LONG
            plm += fields["flags"] & record.PLM
            series = max(series, fields["series"])
        elif kind == record.SERIES:
            plm += len(fields["numbers"])
        elif kind == record.GAP:
            gaps += fields["cause"] != record.RESTART
        elif kind == record.COUNTS:
            last = fields
        elif not kind:
            return None, None, "damaged"
    found = [lm, clm, plm, series, excluded, gaps]
    if not last:
        return found, None, None
    names = ("lm", "clm", "plm", "series", "excluded", "gaps")
    return found, [last[name] for name in names], last["reason"]


def inspect(due, contents, removable):
    """Look at a mounted image. due: bytes flushed by path. Raises ValueError; returns records."""
    there = files()
    records = 0
    for name, size in due.items():
        if name not in there:
            if name not in removable:
                raise ValueError(f"{name} is gone")
        elif len(there[name]) < size:
            raise ValueError(f"{name}: {len(there[name])} of {size} bytes")
    for name, data in there.items():
        if data != contents[name][: len(data)]:
            raise ValueError(f"{name} has other bytes")
        if name.endswith(nightfiles.TRACES):
            continue
        if data and counted(data)[2] == "damaged":
            raise ValueError(f"{name} ends in mid-record")
        records += sum(1 for _ in reader.read(data))
    return records


def finish(removable):
    """Complete the nights as the next start does; how many had no end."""
    before = {}
    path = ROOT + "/nights"
    if "nights" in os.listdir(ROOT):
        before = {name: read(path + "/" + name) for name in nightfiles.names(path)}
    complete(ROOT)
    done = 0
    for name in nightfiles.names(path):
        if path + "/" + name in removable:
            continue  # a computer has it
        data = read(path + "/" + name)
        found, counts, reason = counted(data)
        if reason not in ENDS or found != counts:
            raise ValueError(f"{name}: {found} is counted {counts} ({reason})")
        done += data != before.get(name)
    return done


def start():
    """The firmware starts, records for a few seconds and is ended."""
    path = nightfiles.folder(ROOT)
    before = set(nightfiles.names(path))
    # Another device, so that the new night has a name that none had.
    main.run(hw.board(io.BytesIO(bytes(Signal().still(3).raw)), root=ROOT, device_id="2"))
    (new,) = set(nightfiles.names(path)) - before
    if counted(read(path + "/" + new))[2] != record.BY_HOST:
        raise ValueError("no night after the cut")


def cut(every, starts):
    flash = LoggedFlash()
    make(flash)
    blocks = [None if d is None else bytes(d) for d in flash._data]
    flash.log = []
    flushed, contents, filed, when = live(flash)
    log = flash.log
    numbers = Numbers(7)
    figures = {
        "programs": sum(data is not None for _, _, data in log),
        "erases": sum(data is None for _, _, data in log),
        "flushes": len(flushed),
        "cuts": 0,
        "torn": 0,
        "mounts_failed": 0,
        "records_read": 0,
        "nights_completed": 0,
        "starts": 0,
        "failed": [],
    }
    due = {}
    at = number = 0
    for k in range(len(log) + 1):
        while at < len(flushed) and flushed[at][0] <= k:
            due[flushed[at][1]] = flushed[at][2]
            at += 1
        removable = filed if k >= when[-1] else ()
        for torn in (None, "half", "ragged"):
            number += 1
            if number % every or (torn and k == len(log)):
                continue
            image = list(blocks)
            if torn:
                apply(image, log[k], torn, numbers)
            figures["cuts"] += 1
            figures["torn"] += torn is not None
            here = f"operation {k}, {torn}: "
            try:
                open_on(Image(image), ROOT)
            except OSError as error:
                figures["mounts_failed"] += 1
                figures["failed"].append(here + str(error))
                continue
            try:
                agreed(k, when)
                figures["records_read"] += inspect(due, contents, removable)
                if figures["cuts"] % starts == 0:
                    start()
                    figures["starts"] += 1
                figures["nights_completed"] += finish(removable)
            except Exception as error:
                figures["failed"].append(here + repr(error))
            vfs.umount(ROOT)
        if k < len(log):
            apply(blocks, log[k])
    print(json.dumps(figures))


if __name__ == "__main__":
    cut(int(sys.argv[1]), int(sys.argv[2]))
