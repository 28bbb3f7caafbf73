"""Single-person trials: randomised, decided beforehand, sealed, and analysed as decided."""

import datetime as dt
import os
from pathlib import Path

from anklet.archive.journal import tonight as next_night
from anklet.errors import BadInput
from anklet.texts import _

CLOCK = "ANKLET_TRIAL_NOW"  # simulated: for demonstrations and tests; a plan carries it


def tonight() -> tuple[dt.date, bool]:
    """The night that is next, and whether a simulated clock says so."""
    given = os.environ.get(CLOCK)
    if not given:
        return next_night(), False
    try:
        return next_night(dt.datetime.fromisoformat(given)), True
    except ValueError:
        raise BadInput(f"{CLOCK} has to be a time like 2026-01-05T21:00.") from None


def bands(archive: Path, label: str) -> list[tuple[str, str, str]]:
    """What was planned for this label: each block's first and last night (ISO dates) and words.

    A blind trial's blocks are named by their bottles until it is over. Trials given up end there.
    """
    from anklet.trial.plan import blocks  # noqa: PLC0415 - numpy is not needed for the clock
    from anklet.trial.seal import Trials  # noqa: PLC0415

    trials, found = Trials(archive), []
    for plan in trials.sealed():
        if plan.label not in (None, label):
            continue
        hidden = plan.blind and tonight()[0] <= plan.last
        stopped = trials.events(plan.id, "stopped")
        for block in blocks(plan):
            if stopped and block[0].date >= stopped[0]["night"]:
                break
            arm = block[0].arm
            text = _("bottle {arm}", arm=arm) if hidden else _(plan.takes(arm))
            found.append((block[0].date, block[-1].date, _("planned: {what}", what=text)))
    return found
