"""A watch's or an oximeter's CSV: when somebody slept, as it says, heart rate and SpO2.

None of it is measured by us, and how a watch tells sleep is its maker's own: pages say so.

A line is a moment or, with an end, a stretch of time. The columns are known by their names, in the
words of some makers, or named by the person.
"""

import csv
import datetime as dt
import io
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median
from zoneinfo import ZoneInfo

from anklet.errors import BadInput
from anklet.night.session import Session

# What a column can be -> how makers call it, in small letters and digits alone.
ROLES = {
    "time": (
        *("time", "timestamp", "datetime", "start", "starttime", "startdate", "begin", "from"),
        *("measurementtime", "bedtimestart", "localtime", "date"),
    ),
    "date": ("date", "day"),
    "end": ("end", "endtime", "enddate", "stop", "until", "to", "bedtimeend"),
    "stage": ("stage", "sleepstage", "sleep", "state", "asleep", "level", "value", "sleeptype"),
    "heart": ("heartrate", "hr", "pulse", "pulserate", "pr", "bpm", "beatsperminute"),
    "spo2": ("spo2", "oxygenlevel", "oxygen", "oxygensaturation", "sao2", "o2", "spo2level"),
}
ASLEEP = ("asleep", "light", "deep", "rem", "core", "n1", "n2", "n3", "sleep", "1", "true", "yes")
AWAKE = ("awake", "wake", "inbed", "restless", "outofbed", "0", "false", "no", "unknown", "none")
RANGES = {"heart": (20.0, 250.0), "spo2": (50.0, 100.0)}  # beats a minute, %; else no reading
LONGEST_STAGE = dt.timedelta(minutes=10)  # of a stage without an end, where lines are missing
LARGEST = 32 << 20  # bytes: a month at a line a second has less
FORMATS = (
    *("%d.%m.%Y %H:%M:%S", "%d.%m.%Y %H:%M", "%Y/%m/%d %H:%M:%S", "%Y/%m/%d %H:%M"),
    *("%d/%m/%Y %H:%M:%S", "%d/%m/%Y %H:%M", "%m/%d/%Y %H:%M:%S", "%m/%d/%Y %H:%M"),
    *("%m/%d/%Y %I:%M:%S %p", "%m/%d/%Y %I:%M %p", "%H:%M:%S %d/%m/%Y", "%H:%M:%S %m/%d/%Y"),
    *("%H:%M:%S %b %d %Y", "%I:%M:%S %p %b %d %Y", "%b %d, %Y %I:%M:%S %p"),
)
CLOCK = re.compile(r"\d{1,2}:\d\d")  # a time without its date
UNDERSTOOD = "a time, and an end, a stage of sleep, a heart rate or SpO2"

Columns = Mapping[str, str]  # role -> the column's name in the file
Stretch = tuple[dt.datetime, dt.datetime]
Reading = tuple[dt.datetime, float]


@dataclass(frozen=True)
class Watch:
    """asleep: stretches, in order and apart; heart: beats a minute, and spo2: %, each in order.
    Times carry the file's offset from UTC, or are those of the clock on the wall."""

    asleep: Sequence[Stretch] = ()
    heart: Sequence[Reading] = ()
    spo2: Sequence[Reading] = ()

    @property
    def ends(self) -> Stretch:
        """The first and the last moment of all of it."""
        at = [t for stretch in self.asleep for t in stretch]
        at += [t for t, _ in (*self.heart, *self.spo2)]
        return min(at), max(at)


def header(data: bytes) -> list[str]:
    """The names of the columns. Raises BadInput."""
    return _table(data)[0]


def guess(names: Sequence[str]) -> dict[str, str]:
    """The column of each role, by its name; where two fit, the one that ROLES names first."""
    plain = {_plain(name): name for name in reversed(names)}
    found = {
        role: next(plain[word] for word in words if word in plain)
        for role, words in ROLES.items()
        if any(word in plain for word in words)
    }
    if found.get("date") == found.get("time"):
        found.pop("date", None)
    return found


def read(data: bytes, columns: Columns | None = None) -> Watch:
    """The file's content; columns: as guess() gives them. Raises BadInput, which names what was
    found and what is understood."""
    names, rows = _table(data)
    if columns is None:
        columns = guess(names)
    columns = {role: name for role, name in columns.items() if name}
    missing = [name for name in columns.values() if name not in names]
    if missing or "time" not in columns or not columns.keys() - {"time", "date"}:
        raise BadInput(
            f"The columns are {', '.join(names) or 'none'}; what is understood is {UNDERSTOOD}: "
            "choose the columns by their names."
        )
    at = {role: names.index(name) for role, name in columns.items()}
    cells = {
        role: [row[i].strip() if i < len(row) else "" for row in rows] for role, i in at.items()
    }
    if "date" in cells and all(CLOCK.match(text) for text in cells["time"] if text):
        days = zip(cells["date"], cells["time"], strict=True)
        cells["time"] = [f"{day} {time}" if time else "" for day, time in days]
    there = [i for i, text in enumerate(cells["time"]) if text]
    times = _times([cells["time"][i] for i in there], columns["time"])
    found = Watch(
        _asleep(cells, there, times, columns),
        _readings("heart", cells, there, times),
        _readings("spo2", cells, there, times),
    )
    if not (found.asleep or found.heart or found.spo2):
        raise BadInput(
            f"In the columns {', '.join(columns.values())} there is no reading: choose others, or "
            "another file."
        )
    return found


def together(watches: Sequence[Watch], session: Session) -> Watch:
    """What several files say of the time of a session, in its clock."""
    begin, end = session.at(0), session.at(session.length_ms)
    assert begin and end
    zone = ZoneInfo(session.zone) if session.zone else begin.tzinfo

    def on(when: dt.datetime) -> dt.datetime:
        return when if when.tzinfo else when.replace(tzinfo=zone)

    def within(readings: list[Reading]) -> list[Reading]:
        return sorted((t, value) for t, value in readings if begin <= t <= end)

    asleep = [(max(begin, on(a)), min(end, on(b))) for w in watches for a, b in w.asleep]
    return Watch(
        _apart([(a, b) for a, b in asleep if a < b]),
        within([(on(t), value) for w in watches for t, value in w.heart]),
        within([(on(t), value) for w in watches for t, value in w.spo2]),
    )


def _table(data: bytes) -> tuple[list[str], list[list[str]]]:
    """The header's names and the lines below it."""
    if len(data) > LARGEST:
        raise BadInput(f"The file has over {LARGEST >> 20} MB: give a night or a month at a time.")
    try:
        text = data.decode("utf-8-sig")
        first = text.partition("\n")[0]
        separator = max(",;\t", key=first.count)
        lines = list(csv.reader(io.StringIO(text, newline=""), delimiter=separator))
    except (UnicodeDecodeError, csv.Error) as error:
        raise BadInput("This is no CSV text file: export one from the watch's program.") from error
    rows = [row for row in lines if any(cell.strip() for cell in row)]
    if len(rows) < 2:
        raise BadInput("There is no line below a header in the file: export it again.")
    return [cell.strip() for cell in rows[0]], rows[1:]


def _plain(name: str) -> str:
    """ "Heart rate (bpm)" as "heartrate"."""
    return re.sub(r"[^a-z0-9]", "", re.sub(r"[(\[].*", "", name.lower()))


def _times(texts: Sequence[str], column: str) -> list[dt.datetime]:
    """All in one form: ISO, seconds or milliseconds since 1970, or one of FORMATS."""
    for form in (dt.datetime.fromisoformat, _since_1970):
        try:
            return [form(text) for text in texts]
        except (ValueError, OverflowError, OSError):
            continue
    fit = []
    for form in FORMATS:
        try:
            fit.append([dt.datetime.strptime(text, form) for text in texts])
        except ValueError:
            continue
    if len(fit) == 1 or (fit and fit[0] == fit[-1]):
        return fit[0]
    said = "could be two dates" if fit else "is no time that is understood"
    raise BadInput(
        f"{texts[0]!r} in the column {column} {said}: write times as in 2026-11-21 23:10:00."
    )


def _since_1970(text: str) -> dt.datetime:
    seconds = float(text)
    if seconds < 1e8:  # a time of day or a count from the start names no date
        raise ValueError(text)
    return dt.datetime.fromtimestamp(seconds / (1000 if seconds > 1e11 else 1), dt.UTC)


def _asleep(
    cells: Mapping[str, list[str]],
    there: Sequence[int],
    times: Sequence[dt.datetime],
    columns: Columns,
) -> Sequence[Stretch]:
    if not cells.keys() & {"end", "stage"}:
        return ()
    if "end" in cells:
        texts = [cells["end"][i] for i in there]
        ends: Sequence[dt.datetime] = _times(texts, columns["end"])
    else:
        order = sorted(times)
        seconds = [(b - a).total_seconds() for a, b in pairwise(order)]
        step = dt.timedelta(seconds=median(seconds or [0]))
        after = dict(zip(order, [*order[1:], order[-1] + step], strict=True))
        ends = [after[t] if after[t] - t <= LONGEST_STAGE else t + step for t in times]
    spans = []
    for i, begin, end in zip(there, times, ends, strict=True):
        if "stage" in cells and not _sleeps(cells["stage"][i], columns["stage"]):
            continue
        if (begin.tzinfo is None) != (end.tzinfo is None):
            raise BadInput("Begin and end are written in two forms: write both in one.")
        if begin < end:
            spans.append((begin, end))
    return _apart(spans)


def _sleeps(text: str, column: str) -> bool:
    word = re.sub(r"[^a-z0-9]", "", text.lower().removeprefix("hkcategoryvaluesleepanalysis"))
    if not word or any(word.startswith(known) for known in AWAKE):
        return False
    if any(word.startswith(known) for known in ASLEEP):
        return True
    raise BadInput(
        f"{text!r} in the column {column} is no stage of sleep that is understood: those are "
        f"{', '.join(ASLEEP[:8])} and {', '.join(AWAKE[:3])}."
    )


def _apart(spans: Sequence[Stretch]) -> list[Stretch]:
    out: list[Stretch] = []
    for begin, end in sorted(spans):
        if out and begin <= out[-1][1]:
            out[-1] = (out[-1][0], max(end, out[-1][1]))
        else:
            out.append((begin, end))
    return out


def _readings(
    role: str,
    cells: Mapping[str, list[str]],
    there: Sequence[int],
    times: Sequence[dt.datetime],
) -> list[Reading]:
    """What is a number in its range; oximeters write -- or 255 where they had none."""
    low, high = RANGES[role]
    found = []
    for i, when in zip(there, times, strict=True) if role in cells else ():
        try:
            value = float(cells[role][i].replace(",", ".").rstrip(" %"))
        except ValueError:
            continue
        found.append((when, value))
    if role == "spo2" and found and max(value for _, value in found) <= 1:
        found = [(when, 100 * value) for when, value in found]
    return sorted((when, value) for when, value in found if low <= value <= high)
