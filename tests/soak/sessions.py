"""On MicroPython: many short sessions on one flash, the power cut at the end of each.

    micropython sessions.py SEED SESSIONS IMAGE RAW

IMAGE is the file system of a board, and is written back. Each session lives on samples from
anywhere in RAW for 3 to 600 s, most of them for less than a minute, as of a loose plug; one in
three is cut within an operation of the flash. After each cut, what was flushed of that session is
there; after the last one, what was flushed of any. Prints a JSON object: "due", the size in bytes
and the SHA-256 of what was flushed, by session; "wrong", what was missing.
"""

import binascii
import hashlib
import json
import os
import sys

import vfs

sys.path.insert(0, sys.argv[0].replace("\\", "/").rsplit("/", 1)[0])

from nights import ROOT, Flash, PowerCut, Samples  # it says where the others lie

# isort: split
import flash as sim_flash
import hw
import main
import nightfiles
import nightlog
from kit import Numbers
from plmcore import reader, record

DEVICE = "e6614103e7452b2f"
RATE = 50
SHORTEST_S = 3
LONGEST_S = 600
OPERATIONS = 12  # of the flash, within which a cut falls


def digest(data):
    return binascii.hexlify(hashlib.sha256(data).digest()).decode()


def read(path):
    try:
        with open(path, "rb") as file:
            return file.read()
    except OSError:
        return None


class Life:
    """One board, from cut to cut. due: what was flushed and has to stay, by path."""

    def __init__(self, seed, image, raw):
        self.numbers = Numbers(seed)
        self.raw = raw
        self.flash = Flash(os.stat(image)[6] // sim_flash.BLOCK_SIZE)
        self.flash.load(read(image))
        sim_flash.open_on(self.flash, ROOT)
        self.due = {}
        self.wrong = []
        self.torn = 0
        self.seconds = 0
        self.files = 0

    def length_s(self):
        """One in five is longer than a minute."""
        part = min(self.numbers.below(1000) for _ in range(2)) / 1000
        return int(SHORTEST_S * (LONGEST_S / SHORTEST_S) ** part)

    def session(self):
        length = self.length_s()
        room = os.stat(self.raw)[6] // 6 - (LONGEST_S + 60) * RATE
        source = Samples(self.raw, self.numbers.below(room))
        board = hw.board(source, root=ROOT, device_id=DEVICE)
        board.nonce = lambda: bytes(self.numbers.below(256) for _ in range(4))
        if self.numbers.below(3) == 0:
            self.flash.fuse = self.numbers.between(1, OPERATIONS)
        sleep = board.sleep_ms

        def sleep_ms(ms):
            sleep(ms)
            if self.flash.cut or board.uptime_ms() >= length * 1000:
                raise PowerCut

        board.sleep_ms = sleep_ms
        flushed = {}
        write = nightlog.NightLog._write

        def noted(log):
            write(log)
            if not self.flash.cut:  # nothing counts that comes after the power
                flushed[log.path] = read(log.path)

        nightlog.NightLog._write = noted
        try:
            main.run(board)
            self.wrong.append("a session ended before its power did")
        except PowerCut:
            pass
        finally:
            nightlog.NightLog._write = write
            source.close()
        self.seconds += board.uptime_ms() // 1000
        self.torn += self.flash.cut is not None
        vfs.umount(ROOT)
        self.flash = self.flash.switched_on()
        sim_flash.open_on(self.flash, ROOT)
        for path, data in flushed.items():
            self.look(path, len(data), digest(data))
            if any(kind in (record.EPOCH, record.LM) for _, kind, _, _ in reader.read(data)):
                self.due[path] = [len(data), digest(data)]

    def look(self, path, size, sha):
        """Note a file whose flushed bytes are not there."""
        found = read(path)
        if found is None or digest(found[:size]) != sha:
            self.wrong.append(path)

    def end(self, image):
        """Look at all that is due, and write the image."""
        for path, (size, sha) in self.due.items():
            self.look(path, size, sha)
        self.files = len(list(nightfiles.names(ROOT + "/nights")))
        vfs.umount(ROOT)
        with open(image, "wb") as file:
            for block in self.flash.image():
                file.write(block)


def run(seed, sessions, image, raw):
    life = Life(int(seed), image, raw)
    for _ in range(int(sessions)):
        life.session()
    life.end(image)
    print(
        json.dumps(
            {
                "due": {path.split("/")[-1][:-4]: due for path, due in life.due.items()},
                "wrong": life.wrong,
                "torn": life.torn,
                "seconds": life.seconds,
                "files": life.files,
            }
        )
    )


if __name__ == "__main__":
    run(*sys.argv[1:])
