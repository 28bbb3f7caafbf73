"""What a comparison of nights with and without something says, and what it can't say."""

from anklet.trial.compare import LEAST_RUNS, LEVEL, Compared
from anklet.trial.findings import amount
from anklet.trial.words import LIMITS, paragraphs

NO_CAUSE = (
    "This can't show cause: you chose these nights yourself, and whatever made you choose them (a "
    "bad day, a late evening, a hope) may be what made the difference. Who begins something when "
    "it is bad sees it get better by itself (regression to the mean)."
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
        (name, str(side.nights), str(side.runs), "-" if side.rate is None else f"{side.rate:.1f}")
        for name, side in (("with", found.with_), ("without", found.without))
    ]


def said(found: Compared, keys: int, trial: str, trying: str) -> list[str]:
    """What the numbers tell and what not, a paragraph each; some are empty. trying: what a
    person does for an answer about cause."""
    return [
        _difference(found, keys),
        _kind(found),
        _goes_with(found),
        _left_out(found),
        NO_CAUSE + (f" {trying} can." if found.triable else ""),
        f"Trial {trial} is under way, and this counts as a look at it." if trial else "",
        LIMITS,
    ]


def _difference(found: Compared, keys: int) -> str:
    if found.effect is None:
        return "There are no nights of the one kind, so there is nothing to compare with."
    many = (
        f" This is item {keys} that you have compared: with 20 that do nothing, one such interval "
        f"leaves out no difference by chance."
    )
    if found.low is None or found.high is None:
        return (
            f"Estimate: {amount(found.effect)} with; no interval, for that takes {LEAST_RUNS} "
            f"separate runs of nights of each kind.{many}"
        )
    return (
        f"Estimate: {amount(found.effect)} with than without; {100 * LEVEL:.0f} % interval from "
        f"{amount(found.low)} to {amount(found.high)}, with each run of nights as one, and before "
        f"any regression to the mean.{many}"
    )


def _kind(found: Compared) -> str:
    """What these nights are, as far as their order tells."""
    if found.once:
        return (
            "All nights of one kind come before those of the other: a before and after, in which "
            "a season, a drift or a bad spell that ends looks like an effect."
        )
    if found.before is None:
        return ""
    return (
        f"The nights right before a run with had {amount(found.before)} than the other nights "
        f"without; where that is more, the begin was chosen by a bad spell, and the fall after it "
        f"is no effect."
    )


def _goes_with(found: Compared) -> str:
    if not found.beside:
        return ""
    told = ", ".join(
        f"{name} (on {100 * with_:.0f} % of the nights with, {100 * without:.0f} % without)"
        for name, (with_, without) in found.beside.items()
    )
    return f"What goes with it, and may be what is seen here: {told}."


def _left_out(found: Compared) -> str:
    sentences = []
    if found.assumed:
        sentences.append(
            f"On {found.assumed} of the nights without, other things were noted and this was not."
        )
    if found.unknown:
        sentences.append(f"{found.unknown} nights are left out: the journal does not tell.")
    return " ".join(sentences)
