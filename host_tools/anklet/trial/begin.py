"""A trial begins: what is checked before a plan is drawn, and before it is sealed."""

import datetime as dt
from typing import Any

from anklet.archive import jsonl
from anklet.archive.store import Archive
from anklet.errors import BadInput
from anklet.texts import SOURCE, _, speaking
from anklet.trial import plan as planning
from anklet.trial import tonight, words
from anklet.trial.plan import Plan
from anklet.trial.seal import Trials


def drawn(archive: Archive, what: str, start: dt.date | None = None, **given: Any) -> Plan:
    """Draw a plan for KEY=AMOUNT that begins on `start`, else tonight; given: as plan.draw takes
    it. Nothing is kept yet. Raises BadInput."""
    evening, simulated = tonight()
    start = start or evening
    if not evening <= start <= evening + dt.timedelta(days=planning.AHEAD_DAYS):
        raise BadInput(
            _(
                "The first night can't be that of {start}: a plan is made before its "
                "first night, at most {days} days ahead ({evening} or later).",
                start=start,
                days=planning.AHEAD_DAYS,
                evening=evening,
            )
        )
    taken = {other.id for other in Trials(archive.path).sealed()}
    return planning.draw(what, start, made=jsonl.now(), simulated=simulated, taken=taken, **given)


def check_free(archive: Archive, label: str | None) -> None:
    """Raise BadInput while a trial of this person runs."""
    trials = Trials(archive.path)
    running = trials.latest(label)
    if running and running.last >= tonight()[0] and not trials.events(running.id, "stopped"):
        raise BadInput(
            _(
                "Trial {trial} is planned already, up to {last}; finish it first, or give "
                "it up with anklet trial stop.",
                trial=running.id,
                last=running.last,
            )
        )


def seal(archive: Archive, plan: Plan) -> str:
    """Seal a drawn plan, which makes it a trial; its seal. Raises as check_free does, and
    ArchiveUnwritable."""
    check_free(archive, plan.label)
    with speaking(SOURCE):  # what is kept as a file is the same for everybody
        bottles = words.bottles(plan) if plan.blind else ""
    return Trials(archive.path).add(plan, bottles)
