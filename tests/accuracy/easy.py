"""The easy plan: everything keeps its distance, and one thing goes wrong at a time."""

from .families import Bound, Family, greatest, median, pooled, quantile, rivals_beaten, share
from .match import f1, precision, sensitivity

CLM_NONE = Bound("CLMs, any seed", greatest(lambda o: o.clm), most=0)
# Not even one of an excluded class: nothing moves there.
LM_NONE = Bound("LMs, any seed", greatest(lambda o: sum(o.classes.values())), most=0)
DISTRACTORS = ("noise", "breathing", "mattress", "posture", "gross", "walking", "tremor")
PERCENT = "{:.1%}"


def changed(most: float) -> tuple[Bound, ...]:
    return (
        Bound("PLM/h changed, any seed", greatest(lambda o: o.shift), most=most, form=PERCENT),
    )


# With the distractors alone the sleeper breathes: without breath the device would take itself to
# be off the body, and to count nothing would be no feat.
EASY = (
    Family("noise", "sensor noise, 1 h", {"hours": 1, "families": ("noise",)}, (LM_NONE,)),
    Family(
        "breathing",
        "breathing at 8 mg, 1 h",
        {"hours": 1, "families": ("breathing",)},
        (LM_NONE,),
    ),
    Family(
        "mattress",
        "300 mattress transients in 30 min",
        {"hours": 0.5, "families": ("mattress", "breathing")},
        (Bound("CLMs, any seed", greatest(lambda o: o.clm), most=2),),
    ),
    Family(
        "posture",
        "40 posture changes in 1 h",
        {"hours": 1, "families": ("posture", "breathing")},
        (
            Bound("CLMs, median seed", median(lambda o: o.clm), most=0),
            Bound("CLMs, any seed", greatest(lambda o: o.clm), most=1),
        ),
    ),
    Family(
        "walking",
        "ten bouts of 2 min in 1 h",
        {"hours": 1, "families": ("walking", "breathing")},
        (
            Bound("PLMs, any seed", greatest(lambda o: o.plm), most=0),
            Bound(
                "time upright, any seed",
                greatest(lambda o: share(o.upright_s, o.true_upright_s)),
                most=0.05,
                form=PERCENT,
            ),
        ),
    ),
    Family(
        "tremor",
        "foot tremor of 10.5 to 15 s, 12 in 1 h",
        {"hours": 1, "families": ("tremor", "breathing")},
        (CLM_NONE,),
    ),
    Family(
        "table",
        "flat on a table for 2 h of 4",
        {"hours": 4, "families": ("table",)},
        (
            CLM_NONE,
            Bound(
                "time off the body, any seed",
                greatest(lambda o: share(o.off_body_s, o.true_off_body_s)),
                most=0.10,
                form=PERCENT,
            ),
        ),
    ),
    Family(
        "still",
        "45 min still, breathing at 2 mg, in 1 h",
        {"hours": 1, "families": ("still",)},
        (
            CLM_NONE,
            Bound("s out of bed, any seed", greatest(lambda o: o.off_body_s), most=0),
        ),
    ),
    Family(
        "nominal",
        "8 h, 25 PLM/h, all distractors; envelope from 30 mg",
        {"hours": 8},
        (
            Bound("F1", pooled(f1), least=0.97, form="{:.3f}"),
            Bound("onset error, s, median", quantile("onset_errors", 0.5), most=0.1),
            Bound("onset error, s, 95 %", quantile("onset_errors", 0.95), most=0.25),
            Bound("duration error, s, median", quantile("duration_errors", 0.5), most=0.3),
            Bound(
                "PLM/h error, median seed",
                median(lambda o: o.score.plm_error),
                most=0.05,
                form=PERCENT,
            ),
            Bound(
                "PLM/h error, any seed",
                greatest(lambda o: o.score.plm_error),
                most=0.10,
                form=PERCENT,
            ),
            Bound("PI error, any seed", greatest(lambda o: o.score.index_error), most=0.05),
            Bound("rivals beaten on F1 and PLM/h", rivals_beaten, least=3),
        ),
        least_mg=30.0,
        rivals=True,
    ),
    Family(
        "small",
        "4 h as nominal, but envelopes of 15 to 80 mg, median 27",
        {"hours": 4, "small": True},
        (
            Bound("sensitivity", pooled(sensitivity), least=0.80, form="{:.3f}"),
            Bound("precision", pooled(precision), least=0.95, form="{:.3f}"),
        ),
    ),
    Family(
        "quiet",
        "8 h, 2 isolated LMs an hour, all distractors",
        {"hours": 8, "families": ("quiet", *DISTRACTORS)},
        (Bound("PLM/h, any seed", greatest(lambda o: o.score.plm_per_hour), most=1),),
    ),
    Family(
        "fast",
        "nominal, output rate 5 % high",
        {"hours": 8, "rate": 52.5},
        changed(0.02),
        ppm=50_000,
        least_mg=30.0,
        against_nominal=True,
    ),
    Family(
        "slow",
        "nominal, output rate 5 % low",
        {"hours": 8, "rate": 47.5},
        changed(0.02),
        ppm=-50_000,
        least_mg=30.0,
        against_nominal=True,
    ),
    Family(
        "strap",
        "nominal, gain 0.7 from mid-night",
        {"hours": 8, "families": ("plm", "isolated", "clusters", *DISTRACTORS, "strap")},
        changed(0.05),
        least_mg=30.0,
        against_nominal=True,
    ),
    Family(
        "lost",
        "nominal, 2 % of the samples lost in gaps of 0.1 to 2 s, and 90 s at once",
        {"hours": 8, "families": ("plm", "isolated", "clusters", *DISTRACTORS, "lost")},
        changed(0.05),
        least_mg=30.0,
        against_nominal=True,
    ),
)
