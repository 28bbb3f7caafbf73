"""What a plan may ask for: far less than the journal may record of a night that happened.

A tolerable upper intake level is what a healthy adult can take every day without harm; a trial
has no reason to go beyond it. The levels are for adults without a disease, so each item names who
should ask first.
"""

from dataclasses import dataclass

from anklet.archive import journal
from anklet.errors import BadInput
from anklet.texts import N_, _

NONE = "none"
PRESCRIBED = ("antidepressant", "medicine")


@dataclass(frozen=True)
class Dose:
    """What may be planned of a journal item.

    most: an evening, in the item's unit; 0: it may only be left out. source: where the limit is
    from. caution: said with every plan. lasting: it is swallowed, so some of it may still act on
    the next night, and a block's first night is left out.
    """

    most: float
    source: str
    caution: str
    lasting: bool = True


DOSES = {
    "magnesium_mg": Dose(
        350,
        N_(
            "the tolerable upper intake level for magnesium from supplements is 350 mg a "
            "day (Institute of Medicine 1997; VKM 2016); the EU's Scientific Committee "
            "on Food set 250 mg in 2001"
        ),
        N_(
            "Magnesium: not with weak kidneys, and in pregnancy only after asking a "
            "doctor. Above 250 mg a day it gives some people diarrhoea; take it with "
            "food, in two parts."
        ),
    ),
    "iron_mg": Dose(
        45,
        N_(
            "the tolerable upper intake level for iron is 45 mg a day (Institute of Medicine 2001)"
        ),
        N_(
            "Iron only after a doctor's blood test: some people store too much of it. It "
            "acts over weeks, which blocks of a few nights can't show."
        ),
    ),
    "caffeine_mg": Dose(
        400,
        N_(
            "up to 400 mg of caffeine a day, 200 mg at once and 200 mg a day in "
            "pregnancy raise no safety concern (EFSA 2015)"
        ),
        N_(
            "Caffeine: at most 200 mg at once, and in pregnancy or while breastfeeding "
            "200 mg a day; not with a heart rhythm that a doctor watches."
        ),
    ),
    "alcohol_g": Dose(
        0,
        N_(
            "nobody should drink for a trial: no amount of alcohol is known to be "
            "without risk (WHO 2023)"
        ),
        N_(
            "Whoever drinks every day should ask a doctor before stopping from one day "
            "to the next."
        ),
    ),
    "exercise_min": Dose(
        120,
        N_(
            "a choice of ours: the WHO's guidelines (2020) recommend 150 to 300 min a "
            "week and name no upper limit"
        ),
        N_("Exercise: what you are used to, and a doctor first with a heart or lung disease."),
        lasting=False,
    ),
}


def parse(text: str) -> tuple[str, float]:
    """Key and amount of KEY=AMOUNT, 0 of KEY=none. Raises BadInput for what can't, or should not,
    be tried."""
    key, _equals, given = text.partition("=")
    key, given = key.strip(), given.strip()
    if key not in journal.KEYS:
        journal.check(key, None)  # says which keys there are
    if key in PRESCRIBED:
        raise BadInput(
            _(
                "{key} is not for a trial: to start, stop or skip a prescribed medicine "
                "by the toss of a coin can do harm (withdrawal, worse legs), so that is "
                "for whoever prescribes it; anklet compare {key} describes the nights "
                "there are.",
                key=key,
            )
        )
    dose = DOSES.get(key)
    if dose is None:
        raise BadInput(
            _(
                "{key} can't be given or left out by plan, so there is nothing to draw; "
                "a trial can be of {doses}.",
                key=key,
                doses=", ".join(DOSES),
            )
        )
    if given.lower() == NONE:
        return key, 0
    if not dose.most:
        raise BadInput(
            _(
                "{key} can only be left out in a trial, {key}={none} against your usual "
                "evenings: {source}.",
                key=key,
                none=NONE,
                source=_(dose.source),
            )
        )
    value = journal.check(key, given or None)
    unit = journal.KEYS[key].unit
    if not isinstance(value, int | float) or value <= 0:
        raise BadInput(
            _(
                "Say how much of {key} to try, as in {key}={most:g}, or {key}={none} to "
                "try evenings without it against your usual ones.",
                key=key,
                most=dose.most // 2,
                none=NONE,
            )
        )
    if value > dose.most:
        raise BadInput(
            _(
                "{key}={value:g} is too much to plan, where {most:g} {unit} is the most: "
                "{source}.",
                key=key,
                value=value,
                most=dose.most,
                unit=unit,
                source=_(dose.source),
            )
        )
    return key, value
