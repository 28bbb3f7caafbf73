"""An example to look at: made-up nights in an archive of their own, removed as a whole."""

import datetime as dt
import hashlib
import random
import shutil
from pathlib import Path

from anklet.archive.journal import Journal
from anklet.archive.journalkeys import Values
from anklet.archive.store import Archive
from anklet.simulate import example
from anklet.trial import plan as planning
from anklet.trial.plan import WITH, schedule
from anklet.trial.seal import Trials

FOLDER = "example"  # in the archive's
NIGHTS = 46
TRIED = "magnesium_mg=300"
PAIRS, BLOCK = 6, 3
EFFECT = 0.6  # what the made-up magnesium does to PLM per hour
USUAL, SD = 26.0, 0.3  # PLM per hour; of its logarithm, from night to night


def fill(folder: Path, today: dt.date | None = None) -> None:
    """Make the example in `folder`, which is emptied first: NIGHTS nights up to yesterday's, a
    journal, and a finished trial of magnesium, made on a simulated clock. Raises
    ArchiveUnwritable."""
    remove(folder)
    archive, today = Archive(folder), today or dt.date.today()
    rng = random.Random(8)
    first = today - dt.timedelta(days=2 * PAIRS * BLOCK)
    plan = planning.draw(
        TRIED, first, pairs=PAIRS, nights=BLOCK, washout=False, seed=4, simulated=True
    )
    takes = {night.date: plan.arms[night.arm] == WITH for night in schedule(plan)}
    diary, trials = Journal(folder), Trials(folder)
    for number in range(1, NIGHTS + 1):
        date = today - dt.timedelta(days=NIGHTS + 1 - number)
        evening = date.isoformat()
        took = takes.get(evening)
        rate = USUAL * rng.lognormvariate(0, SD) * (EFFECT if took else 1)
        values: Values = {
            "urge": min(10, round(rate / 7) + rng.randint(0, 2)),
            "sleep_quality": max(0, 9 - round(rate / 8) - rng.randint(0, 2)),
        }
        if took is not None:
            values["magnesium_mg"] = 300 if took else 0
        if rng.random() < 0.2:
            values["caffeine_mg"] = 90
        diary.set(evening, values, "")
        if number in (11, 30):
            continue  # the board was forgotten
        start = dt.datetime.combine(date, dt.time(22, rng.randrange(60))).astimezone()
        session, data = example.night(start, rate, number, hours=rng.uniform(6.5, 8))
        archive.add(data, hashlib.sha256(data).hexdigest(), session, example.DEVICE)
    trials.add(plan)


def remove(folder: Path) -> None:
    """Remove the example; nothing else is in its folder."""
    if folder.name != FOLDER:
        raise ValueError(folder)
    shutil.rmtree(folder, ignore_errors=True)
