"""What every new plan decides beforehand, in the words that are sealed with it."""

from anklet.texts import N_

SECOND = ("rhythm", "urge", "sleep_quality")
FEW_PLM = 4  # fewer make no series, so such a night's rate is a matter of one series more or less
FEW_SHARE = 0.2

OUTCOME = (
    "One primary outcome: periodic leg movements (PLM) per hour in bed, one number a night, as "
    "the logarithm of (PLM + 0.5) / hours; with both legs the mean of the two. Half a movement is "
    "added so that a night without any counts too. If more than a fifth of the nights that count, "
    "of both arms together, have fewer than 4 PLM, the outcome is PLM per hour itself and the "
    "result a difference, no percentage."
)
ANALYSIS = (
    "The difference between the nights with and without, a straight drift over the trial taken "
    "out, nights weighted as if neighbours were alike by `likeness`. Exact two-sided "
    "randomisation test over all orders that the coin could have given to the pairs that count; "
    "the interval is that of the same test. No p-value where the smallest that could come out "
    "is above `alpha`. Before the last night, and of a trial given up, the estimate alone: no "
    "interval and no p-value."
)
MISSING = (
    "A night of which less than `min_hours` in bed were recorded is missing. The analysis goes on "
    "with the nights there are. A pair without any night drops out, and its coin with it: the "
    "smallest p that could come out is then that of the pairs left. Where the arms miss different "
    "numbers of nights, the estimate is given again with the missing nights filled against it."
)
HIDDEN = (
    "A night hidden before the first look is left out; one hidden after it stays in. Where nights "
    "are hidden the analysis is done with every one of them and without any of them too, and "
    "where the nights are no longer those of the first result, as they were then. A difference is "
    "called one only if all of these call it one."
)
KEPT = (
    "Every night counts as planned, whatever was taken (intention to treat). The result names the "
    "nights on which the journal says otherwise and gives the estimate without them beside it."
)
SECONDARY = (
    "Three secondary outcomes by the same exact test, each labelled as one of three: the rhythm "
    "(mean logarithm of the intervals between neighbours in a series), the urge to move the legs "
    "and the sleep quality that the journal has. They explain; they don't decide."
)
STOP = N_(
    "Note anything unwanted as adverse_event. Give the trial up (anklet trial stop) "
    "and see a doctor when it is more than mild, comes back, or worries you; no "
    "result is worth it."
)
