"""What a person's earlier nights say of one: how long series are, and what rate is usual."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from anklet.night import rate
from anklet.report.words import SHORT_NIGHT
from anklet.texts import _, decimal

Item = dict[str, Any]


@dataclass(frozen=True)
class Earlier:
    """Of the last POOLED_NIGHTS nights of one leg before a night.

    series: the PLMs of each series. usual: the middle half of their PLM per hour, of `nights`
    nights with 4 hours in bed; None where these are too few.
    """

    series: Sequence[int] = ()
    usual: tuple[float, float] | None = None
    nights: int = 0

    def interval(self, night: Item) -> tuple[float, float] | None:
        """95 % interval of the night's PLM per hour; see rate.py."""
        plm = night["counts"]["plm"]
        return rate.interval(plm, night["series_plm"], night["in_bed_s"], self.series)

    @property
    def said(self) -> str:
        """The usual range in a sentence, or why there is none."""
        if self.usual is None:
            return _(
                "Too few nights before it to say what is usual for you ({there} of {least}).",
                there=self.nights,
                least=rate.LEAST_USUAL,
            )
        low, high = map(number, self.usual)
        return _(
            "Your usual: {low} to {high} (the middle half of {n} nights).",
            low=low,
            high=high,
            n=self.nights,
        )


def earlier(nights: Sequence[Item], night: Item) -> Earlier:
    """What the nights (as grouping.by_night gives them) before this one say of it: those of the
    same leg that were counted alike, by the same rules and detector."""
    before = [n for n in nights if n["night"] < night["night"] and _whose(n) == _whose(night)]
    before = before[-rate.POOLED_NIGHTS :]
    rates = [n["plm_per_hour"] for n in before if n["in_bed_s"] >= SHORT_NIGHT]
    series = [plm for n in before for plm in n["series_plm"]]
    return Earlier(series, rate.usual(rates), len(rates))


def number(value: float) -> str:
    """A rate as people read it: "22", and "4.5" where a whole number would be coarse."""
    return f"{value:.0f}" if value >= 9.95 else decimal(value).removesuffix(decimal(0.0)[1:])


def _whose(night: Item) -> tuple[object, ...]:
    devices = () if night["leg"] and night["label"] else tuple(night["devices"])
    return night["label"], night["leg"], night["rules"], tuple(night["detectors"]), devices
