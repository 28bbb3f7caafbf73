"""What a comparison of nights with and without something says, and what it can't say."""

from anklet.texts import N_, _, decimal
from anklet.trial.compare import LEAST_RUNS, LEVEL, Compared
from anklet.trial.findings import amount
from anklet.trial.words import LIMITS, paragraphs

NO_CAUSE = N_(
    "This can't show cause: you chose these nights yourself, and whatever made you "
    "choose them (a bad day, a late evening, a hope) may be what made the "
    "difference. Who begins something when it is bad sees it get better by itself "
    "(regression to the mean)."
)


def text(found: Compared, keys: int, trial: str = "") -> str:
    """What `anklet compare` prints. keys: how many were compared so far; trial: one under way."""
    table = ["           nights   in runs   PLM per hour in bed, a typical night"]
    for name, nights, runs, rate in rows(found):
        table.append(f"  {name:<8} {nights:>6}   {runs:>7}   {rate:>19}")
    trying = f"anklet trial plan {found.key}=AMOUNT"
    title = f"Nights with and without {found.what}, as noted in the journal"
    return paragraphs([title, "\n".join(table), *said(found, keys, trial, trying)])


def rows(found: Compared) -> list[tuple[str, str, str, str]]:
    """Of each kind of nights: its name, nights, separate runs of them, PLM per hour in bed."""
    return [
        (name, str(side.nights), str(side.runs), "-" if side.rate is None else decimal(side.rate))
        for name, side in ((_("with"), found.with_), (_("without"), found.without))
    ]


def said(found: Compared, keys: int, trial: str, trying: str) -> list[str]:
    """What the numbers tell and what not, a paragraph each; some are empty. trying: what a
    person does for an answer about cause."""
    return [
        _difference(found, keys),
        _kind(found),
        _goes_with(found),
        _left_out(found),
        _(NO_CAUSE) + (" " + _("{it} can.", it=trying) if found.triable else ""),
        _("Trial {trial} is under way, and this counts as a look at it.", trial=trial)
        if trial
        else "",
        _(LIMITS),
    ]


def _difference(found: Compared, keys: int) -> str:
    if found.effect is None:
        return _("There are no nights of the one kind, so there is nothing to compare with.")
    many = _(
        " This is item {keys} that you have compared: with 20 that do nothing, one "
        "such interval leaves out no difference by chance.",
        keys=keys,
    )
    if found.low is None or found.high is None:
        return _(
            "Estimate: {effect} with; no interval, for that takes {runs} "
            "separate runs of nights of each kind.{many}",
            effect=amount(found.effect),
            runs=LEAST_RUNS,
            many=many,
        )
    return _(
        "Estimate: {effect} with than without; {level:.0f} % interval from {low} to "
        "{high}, with each run of nights as one, and before any regression to the "
        "mean.{many}",
        effect=amount(found.effect),
        level=100 * LEVEL,
        low=amount(found.low),
        high=amount(found.high),
        many=many,
    )


def _kind(found: Compared) -> str:
    """What these nights are, as far as their order tells."""
    if found.once:
        return _(
            "All nights of one kind come before those of the other: a before and "
            "after, in which a season, a drift or a bad spell that ends looks like "
            "an effect."
        )
    if found.before is None:
        return ""
    return _(
        "The nights right before a run with had {before} than the other nights "
        "without; where that is more, the begin was chosen by a bad spell, and the "
        "fall after it is no effect.",
        before=amount(found.before),
    )


def _goes_with(found: Compared) -> str:
    if not found.beside:
        return ""
    told = ", ".join(
        _(
            "{name} (on {with_:.0f} % of the nights with, {without:.0f} % without)",
            name=name,
            with_=100 * with_,
            without=100 * without,
        )
        for name, (with_, without) in found.beside.items()
    )
    return _("What goes with it, and may be what is seen here: {told}.", told=told)


def _left_out(found: Compared) -> str:
    sentences = []
    if found.assumed:
        sentences.append(
            _(
                "On {assumed} of the nights without, other things were noted and this was not.",
                assumed=found.assumed,
            )
        )
    if found.unknown:
        sentences.append(
            _("{unknown} nights are left out: the journal does not tell.", unknown=found.unknown)
        )
    return " ".join(sentences)
