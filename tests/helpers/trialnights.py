"""A person's nights and evenings, for the tests of trial and compare."""

import datetime as dt

from anklet.archive.store import Archive
from anklet.trial import CLOCK
from nightbytes import Builder, add_to

FIRST = dt.date(2026, 1, 5)


def date(day):
    return (FIRST + dt.timedelta(days=day)).isoformat()


def file_night(home, day, plm, hours=7, *, label="", leg="left", device="e6614103e7452b2f"):
    """File a night of so many PLMs in the archive, begun at 22:00 UTC on the evening of a day."""
    since = (FIRST - dt.date(1970, 1, 1)).days + day
    night = Builder(session=f"{day + 1:05d}-00000000", label=label, leg=leg, device=device)
    night.anchor(day=since, ms_of_day=22 * 3600_000, tz_min=0)
    night.counts(int(hours * 3600_000), lm=plm, clm=plm, plm=plm, series=1, plm_strict=plm)
    data = bytes(night.data)
    add_to(Archive(home), data)


def evening(monkeypatch, day):
    """From here on it is the evening of a day."""
    monkeypatch.setenv(CLOCK, f"{date(day)}T21:00")
