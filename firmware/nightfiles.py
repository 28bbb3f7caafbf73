"""The nights on a flash: where their files lie, which there are, and how room is made for more.

littlefs walks a folder from its beginning for each name, and a list of every name would not fit
into the board's memory. So a hundred sessions share a folder, the shelf: session 00123-1a2b3c4d
lies in nights/001, and nothing here ever holds more than one shelf's names. Firmware before 0.2
put all files into nights itself: move_in() brings them onto their shelves, and up to then they are
read where they lie, as shelf LOOSE.

Names that this module gives are paths from the nights' folder on: 001/00123-1a2b3c4d.plm.
"""

import binascii
import os

from plmcore.native import const

BLOCK = const(4096)
SUFFIX = ".plm"
FILED = ".plm.ok"  # a computer has filed the night
TRACES = ".trc"
LOOSE = ""
_SHELF = const(100)  # sessions
ROOM = const(150000)  # bytes: several nights
TRACE_ROOM = const(160000)  # bytes: a trace of eight hours and a half
_RING = const(3)  # traces that go only when there is no filed night left to go
MARK = "/flash.id"
_FOLDER = const(0x4000)  # of an entry's type
_BATCH = const(32)


def mark(root, nonce=None):
    """The id of this file system, text: `nonce` (4 bytes), if it has none yet; "" without one.

    MicroPython formats the flash when it can't mount it. Another id than the one in a device's
    earlier nights tells.
    """
    try:
        with open(root + MARK) as file:
            found = file.read(16)
        if found:
            return found
    except OSError:
        pass  # a new one
    if nonce is None:
        return ""
    found = binascii.hexlify(nonce).decode()
    with open(root + MARK, "w") as file:
        file.write(found)
    return found


def folder(root):
    """The nights' folder on a board; made if it is not there."""
    path = root + "/nights"
    make(path)
    return path


def make(path):
    """Make a folder, if it is not there; if it can't be made, the first open() in it says why."""
    try:
        os.mkdir(path)
    except OSError:
        pass


def place(session):
    """Where a session's files lie: session "00123-1a2b3c4d" gives 001/00123-1a2b3c4d."""
    return "%03d/%s" % (int(session[:5]) // _SHELF, session)


def find(path, name):
    """The path of a file by its bare name, on its shelf or loose."""
    found = path + "/" + place(name)
    try:
        os.stat(found)
        return found
    except OSError:
        return path + "/" + name


def shelves(path):
    """The shelves there are, oldest first; LOOSE, where files lie loose, before them."""
    found = []
    loose = False
    for name, is_folder, _ in _entries(path):
        if not is_folder:
            loose = loose or _session(name) != ""
        elif len(name) == 3 and name.isdigit():
            found.append(name)
    found.sort()
    if loose:
        found.insert(0, LOOSE)
    return found


def on_shelf(path, shelf):
    """The sessions on a shelf, oldest first: lists of their name, the size of the night in bytes
    (-1: there is none), whether a computer has filed it, and the size of the trace or -1."""
    found = {}
    for name, _, size in _entries(path + "/" + shelf):
        session = _session(name)
        if not session:
            continue
        if session not in found:
            found[session] = [session, -1, False, -1]
        suffix = name[14:]
        if suffix == SUFFIX:
            found[session][1] = size
        elif suffix == FILED:
            found[session][2] = True
        elif suffix == TRACES:
            found[session][3] = size
    return sorted(found.values())


def names(path, suffix=SUFFIX):
    """Yield the names of the nights (or of the TRACES), oldest first."""
    column = 1 if suffix == SUFFIX else 3
    for shelf in shelves(path):
        for row in on_shelf(path, shelf):
            if row[column] >= 0:
                yield _name(shelf, row[0], suffix)


def recent(path, most):
    """The newest `most` nights, newest first: lists of name, size and whether it is filed."""
    found = []
    for shelf in reversed(shelves(path)):
        for session, size, filed, _ in reversed(on_shelf(path, shelf)):
            if size >= 0 and len(found) < most:
                found.append([_name(shelf, session, SUFFIX), size, filed])
        if len(found) >= most:
            break
    return found


def newest(path):
    """The greatest number of a session that left a file; 0 without any."""
    found = 0
    there = shelves(path)
    for shelf in there[-1:] + [s for s in there[:1] if s == LOOSE]:
        for row in on_shelf(path, shelf):
            found = max(found, int(row[0][:5]))
    return found


def move_in(path, feed=None):
    """Bring loose files onto their shelves, each in one step that a power cut does not halve. A
    flash that is too full for it leaves them where they are, for another time."""
    try:
        while True:
            batch = []
            for name, is_folder, _ in _entries(path):
                if not is_folder and _session(name):
                    batch.append(name)
                    if len(batch) == _BATCH:
                        break
            if not batch:
                return
            for name in batch:
                if feed:
                    feed()
                target = path + "/" + place(name)
                make(target.rsplit("/", 1)[0])
                os.rename(path + "/" + name, target)
    except OSError:
        pass


def make_room(root, room=ROOM):
    """Before a session: make `room` bytes free, if what may go is enough for it.

    The oldest traces go, then the oldest nights that a computer has filed, then the newest _RING
    traces. A night that it has not acknowledged is never removed, nor is the newest.
    """
    give_way(folder(root), room, _RING)


def give_way(path, room, ring=0):
    """See make_room; with no ring, all traces go before a night. Returns what is free."""
    left = free(path)
    if left >= room:
        return left
    number = newest(path)
    traces = sum(1 for _ in names(path, TRACES)) if ring else 0
    for column, spared in ((3, ring), (1, 0), (3, 0)):
        older = traces - spared if spared else 1 << 29  # so many of them may go
        for shelf in shelves(path):
            for session, night, filed, trace in on_shelf(path, shelf):
                size = trace if column == 3 else night
                stem = path + "/" + _name(shelf, session, "")
                if filed and night < 0:  # the power was cut between the two
                    os.remove(stem + FILED)
                if size < 0 or (column == 1 and (not filed or int(session[:5]) == number)):
                    continue
                older -= 1
                if older < 0:
                    break
                os.remove(stem + (TRACES if column == 3 else SUFFIX))
                if column == 1:
                    os.remove(stem + FILED)
                left += (size + BLOCK - 1) // BLOCK * BLOCK
                if left >= room:
                    left = free(path)  # each look walks through all of the flash: one at the end
                if left >= room:
                    return left
            _clear(path, shelf)
    return free(path)


def free(path):
    """Bytes that are free; a lot where nobody can tell."""
    try:
        stat = os.statvfs(path)
    except (AttributeError, OSError):
        return 1 << 29
    return stat[0] * stat[3]


def _clear(path, shelf):
    """Take an empty shelf away."""
    try:
        if shelf != LOOSE:
            os.rmdir(path + "/" + shelf)
    except OSError:
        pass  # it is not


def _name(shelf, session, suffix):
    return (shelf + "/" if shelf != LOOSE else "") + session + suffix


def _session(name):
    """The session that a file's name belongs to, "" for a stranger's."""
    if len(name) < 18 or not name[:5].isdigit() or name[5] != "-" or name[14] != ".":
        return ""
    return name[:14]


def _entries(path):
    """Yield name, whether it is a folder, and size of each entry, one at a time."""
    if hasattr(os, "ilistdir"):
        for entry in os.ilistdir(path):
            size = entry[3] if len(entry) > 3 else os.stat(path + "/" + entry[0])[6]
            yield entry[0], entry[1] & _FOLDER != 0, size
    else:  # CPython
        for name in os.listdir(path):
            stat = os.stat(path + "/" + name)
            yield name, stat[0] & 0xF000 == _FOLDER, stat[6]
