"""The hard plan: nights as scored ones are, and what must hold on them (see anklet.simulate.hard).

True CLMs asked for have an envelope of at least 16 mg and lie outside turns, posture changes and
walks; the PLM count is held against what a perfect device at that ankle would count. Its error is
relative to the truth, or to 10 PLM an hour where there are fewer.
"""

from dataclasses import replace

from anklet.simulate.hard import NOTHING, Life

from .families import Bound, Family, apart, greatest, median, pooled, rivals_beaten, worst
from .match import f1, precision, sensitivity

PERCENT = "{:.1%}"
FELT_MG = 16.0


def f1_at_least(least: float) -> Bound:
    return Bound("F1", pooled(f1), least=least, form="{:.3f}")


def count_within(most: float) -> Bound:
    error = median(lambda o: o.score.plm_error)
    return Bound("PLM count error, median seed", error, most=most, form=PERCENT)


def hard(name: str, what: str, life: Life, *bounds: Bound, **more) -> Family:
    """A family of nights of 4 h."""
    make = {"hours": more.pop("hours", 4), "life": life}
    return Family(name, what, make, bounds, plan="hard", least_mg=FELT_MG, **more)


HARD = (
    hard(
        "life",
        "4 h as scored nights are, 2 to 150 PLM/h, amplitudes from 10 mg to over 1 g",
        Life(),
        f1_at_least(0.95),
        Bound("F1, worst seed", worst(f1), least=0.92, form="{:.3f}"),
        count_within(0.05),
        Bound(
            "PLM count error, worst seed",
            greatest(lambda o: o.score.plm_error),
            most=0.10,
            form=PERCENT,
        ),
        Bound("rivals beaten on F1 and count", rivals_beaten, least=3),
        rivals=True,
    ),
    hard(
        "held",
        "the same, 30 % of the movements held still",
        Life(held=0.3),
        f1_at_least(0.92),
        count_within(0.10),
    ),
    hard(
        "strong",
        "the same, median 440 mg, 5 % over 1 g",
        Life(median_mg=440, spread=0.5),
        f1_at_least(0.94),
        count_within(0.08),
    ),
    hard(
        "weak",
        "the same, median 40 mg",
        Life(median_mg=40, spread=0.6),
        Bound("sensitivity", pooled(sensitivity), least=0.88, form="{:.3f}"),
        Bound("precision", pooled(precision), least=0.95, form="{:.3f}"),
    ),
    hard(
        "middle",
        "the same, 5/50/95 % of the amplitudes at 90/240/620 mg",
        Life(median_mg=240, spread=0.58),
    ),
    hard("slight", "the same, median 56 mg", Life(median_mg=56, spread=0.6)),
    hard(
        "breath",
        "the same with an hour of apnoeas; the movements they bring left out by their events",
        Life(apnoea_min=60),
        Bound(
            "error of the other PLMs' count, median seed",
            median(lambda o: o.other_error),
            most=0.05,
            form=PERCENT,
        ),
        Bound(
            "error of the other PLMs' count, worst seed",
            greatest(lambda o: o.other_error),
            most=0.10,
            form=PERCENT,
        ),
    ),
    hard(
        "kicks",
        "12 clusters of 5 to 10 kicks in 2 h, 1.5 to 8 s from end to onset",
        replace(NOTHING, clusters_per_hour=6),
        Bound("neighbours that stay apart", apart, least=0.90, form="{:.3f}"),
        Bound(
            "PLMs too many, any seed",
            lambda outcomes: max(o.plm - o.score.true_plm for o in outcomes),
            most=0,
        ),
        hours=2,
    ),
    hard(
        "turns",
        "40 turns of 2 to 20 s in 1 h, with and without a new posture",
        replace(NOTHING, turns_per_hour=40),
        Bound("CLMs, any seed", greatest(lambda o: o.clm), most=4),
        Bound("PLMs, any seed", greatest(lambda o: o.plm), most=0),
        hours=1,
    ),
)
