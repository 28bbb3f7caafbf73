"""The page's sentences: what undermines a night, and the definition behind each number."""

from collections.abc import Mapping
from typing import Any

from anklet.archive.journal import KEYS
from anklet.night import as_json, damage
from anklet.night.session import RECORDING
from anklet.report.view import GAP_BREAKS_MS, SessionView, span_text
from anklet.texts import N_, _, n_

SHORT_NIGHT = 4 * 3600  # s in bed; engineering: under it the hours are too few to speak of a night
MUCH = 1800  # s upright or off the body
SIDES = (N_("left"), N_("right"))  # as a night and a board's settings name them
LEGS = {"left": N_("left leg"), "right": N_("right leg"), "": N_("one leg")}

INTERVAL = N_(
    "Its 95 % interval: the series of a night are taken to come by chance, each with "
    "its own number of PLMs (compound Poisson), so the count varies as the sum of "
    "the squared numbers does; it is Garwood's exact Poisson interval of the count "
    "divided by that excess, multiplied by it. It speaks of chance within the night, "
    "not of how nights differ; with under about 6 series it is rough."
)

MANY_RETRIES = 100
FAULTS = {
    1: N_("The sensor did not answer for a while."),
    2: N_("The sensor did not identify itself as an LIS3DH."),
    3: N_("The sensor failed its self-test."),
    4: N_("The board's memory was full: delete old nights after anklet sync."),
    5: N_("The board could not write to its memory."),
    6: N_("The firmware hung and was restarted by its watchdog."),
    7: N_("For a time the sensor gave what can't be: check its wires."),
    8: N_("The firmware crashed and started anew: anklet sync has fetched what it wrote down."),
    9: N_("The sensor's rate was more than 12 % off: no time of this night is right, replace it."),
}


OUT_OF_BED = {
    "upright": N_(
        "The sensor was upright (standing, walking) for {time}; that time is left out of the hours"
        " in bed."
    ),
    "off_body": N_(
        "The sensor was off the body for {time}; that time is left out of the hours in bed."
    ),
}
LIMITS = (
    N_(
        "One night means little: in one person the rate varies by about 40 % from night "
        "to night (coefficient of variation 0.4). Look at several nights."
    ),
    N_(
        "Hours in bed are not hours of sleep, and movements that come with pauses in "
        "breathing are among those counted: the device can't tell."
    ),
    N_(
        "Known thresholds, such as 15 per hour, were made with EMG (muscle electrodes) "
        "in sleep. They do not transfer to an accelerometer, which misses part of the "
        "movements (39 % in one study) and does not know sleep from lying awake."
    ),
)


def problems(night: SessionView) -> list[str]:
    """Plain sentences on what undermines this very night, the gravest first. No HTML."""
    s, flags, out = night.session, night.session.flags, []
    if RECORDING in flags:
        out.append(
            _(
                "No board made this night: this computer did, from a recording of acceleration."
                " It is kept apart from the boards' nights; no median, comparison or trial has it."
            )
        )
    elif s.board == "sim":
        out.append(_("The board is a simulated one: its signal was made up or replayed."))
    if "cut" in flags:
        out.append(
            _(
                "The recording was cut off (power lost, or still running when it was "
                "read): the counts were made again from what is there. They are a lower "
                "bound: the last minutes before the cut may be missing."
            )
        )
    if s.damage:
        out.append(damage.words(s.damage, night.clock))
    if "newer" in flags:
        out.append(
            _("Newer firmware wrote this night, and numbers may be read wrong: update anklet.")
        )
    codes = {fault["code"] for fault in s.faults}
    out += [_(text) for code, text in FAULTS.items() if code in codes]
    retries = sum(epoch.get("retries", 0) for epoch in s.epochs)
    if retries > MANY_RETRIES:
        out.append(
            _(
                "The sensor had to be asked again {n} times. Nothing is lost by that, but its"
                " cable is too long or a joint is loose.",
                n=retries,
            )
        )
    in_bed = s.in_bed_s
    if in_bed < SHORT_NIGHT:
        out.append(
            _(
                "Only {time} in bed: under 4 hours the rate per hour says little.",
                time=span_text(in_bed),
            )
        )
    if night.gaps:
        lost = sum(ms for _, ms, _ in night.gaps) / 1000
        long = sum(ms > GAP_BREAKS_MS for _, ms, _ in night.gaps)
        said = [
            n_(
                "{n} gap in the recording, {time} in all",
                "{n} gaps in the recording, {time} in all",
                len(night.gaps),
                time=span_text(lost),
            )
        ]
        if long:
            said.append(_("{n} longer than 2 s, which ends a series", n=long))
        touched = sum(bool(lm.touches_gap) for lm in night.lms)
        if touched:
            said.append(
                n_(
                    "{n} movement next to a gap may be cut short",
                    "{n} movements next to a gap may be cut short",
                    touched,
                )
            )
        out.append("; ".join(said) + ".")
    low, high = as_json.rates(s.counts["plm"], *s.in_bed_range_s)["plm_per_hour_range"]
    for name, words in OUT_OF_BED.items():
        if night.seconds(name) >= MUCH:
            sentence = _(words, time=span_text(night.seconds(name)))
            if name == "off_body" and s.stills and low is not None:
                sentence += " " + _("With it the rate would be {rate:.1f} per hour.", rate=low)
            out.append(sentence)
    if "askew" in flags:
        out.append(
            _(
                "The sensor sat {angle} degrees askew. When the leg was upright, and what moved"
                " then, was judged anew by how it lay through the night; that is less exact. Put"
                " the strap on, stand up and run anklet doctor --fit.",
                angle=s.askew_deg,
            )
        )
    still_s = s.in_bed_s - s.in_bed_range_s[0]
    if still_s:
        sentence = _(
            "For {time} nothing moved, not even by breathing. Some legs lie so still, and so does"
            " a table: that time counts as in bed.",
            time=span_text(still_s),
        )
        if high is not None:
            sentence += " " + _("Without it the rate would be {rate:.1f} per hour.", rate=high)
        out.append(sentence)
    if s.start is None:
        out.append(
            _(
                "The date and time of this night are unknown: the board's clock was not "
                "set or was wrong, and its power was cut before a computer read it. "
                "Times here count from the start of the recording. anklet date gives the "
                "night its time, anklet sync sets the clock."
            )
        )
    elif "by_hand" in flags:
        out.append(
            _(
                "The date and time were given by hand: the board's clock was not set, "
                "and its power was cut before a computer read it. What is counted does "
                "not depend on them."
            )
        )
    elif s.clock == "estimated":
        out.append(
            _(
                "The time of day is estimated: the board's clock was not set or was "
                "wrong. It was counted back, by the board's timer, from a moment at "
                "which the time was known."
            )
        )
    if night.rules is None:
        out.append(_("The rule set of this night is unknown to this version: update anklet."))
    return out


def definitions(night: SessionView) -> list[tuple[str, str]]:
    """Term and exact definition, for this night's rule set and thresholds. No HTML."""
    m, rules = night.session.meta, night.rules
    title = rules.title if rules else _("of an unknown rule set")
    band = _("unknown")
    if rules:
        band = _("{low:.2f} to {high:.2f} s", low=rules.imi_min / 1000, high=rules.imi_max / 1000)
    if rules is None:
        short = _("Unknown.")
    elif rules.short_breaks:
        short = _(
            "An IMI under the band ends the series, and its CLM may start the next "
            "one. In the other reading of the rule that CLM may not start a series; "
            "the count under it stands beside the PLM count."
        )
    else:
        short = _(
            "AASM says nothing of shorter intervals. Here the later CLM is not "
            "counted, and the interval is measured from the last counted one (the "
            "habit of WASM 2006)."
        )
    long = (
        _("An LM over 10 s ends a series.")
        if rules is None or rules.long_breaks
        else _("A movement over 10 s is no LM and is ignored.")
    )
    over = _(" (over {mg} mg)", mg=m["gross_mg"]) if "gross_mg" in m else ""
    older = m.get("detector", "1") in ("1", "2")
    away = _("upright or off the body") if older else _("upright")
    return [
        (
            _("LM, leg movement"),
            _(
                "From the onset, where the filtered movement signal rises over the onset"
                " threshold, to the first stretch of at least 0.5 s under the offset threshold."
                " Onset threshold: {factor} times the running noise floor, at least {mg} mg."
                " Changes of posture, turns{over} and movements while {away} are no LMs; they stay"
                " in the record.",
                factor=m.get("floor_factor", "?"),
                mg=m.get("on_mg", "?"),
                over=over,
                away=away,
            ),
        ),
        (_("CLM, candidate"), _("An LM of 0.50 to 10.00 s, on one leg. Bounds are inclusive.")),
        (
            _("IMI, inter-movement interval"),
            _("From the onset of one CLM to the onset of the next."),
        ),
        (
            _("PLM, series"),
            _(
                "Rule set {rules}. A series is at least 4 CLMs in a row with IMIs of {band}"
                " (inclusive); each of its CLMs is a PLM. A longer IMI ends the series, and its"
                " CLM may start the next. {long} A gap of more than 2 s in the recording ends a"
                " series, and no interval is measured across it.",
                rules=title,
                band=band,
                long=long,
            ),
        ),
        (_("Short IMI"), short),
        (
            _(RATE),
            _(
                "PLM divided by the recorded hours that were neither upright nor off the body. Not"
                " hours of sleep: without an EEG nobody knows them."
            )
            + f" {_(INTERVAL)}",
        ),
        (_("PI, periodicity index"), _("PLM / CLM. Other authors count intervals (Ferri 2006).")),
        (
            _("Sources"),
            _(
                "Ferri et al. 2016 (WASM/IRLSSG/EURLSSG rules); AASM manual, version 3; "
                "Skeba 2016 and Trotti 2009 (night to night); Terrill 2013 (39 %, 4.8 to "
                "69.6 % in single people, of EMG leg movements move no accelerometer)."
            ),
        ),
    ]


RATE = N_("PLM per hour in bed")
TREND_TERMS = (
    (
        N_("Night"),
        N_(
            "From noon to noon, local time, named by its evening. The recordings of one "
            "label and leg in it are joined, and their hours added; nothing is counted "
            "between them. Recordings of unknown time and hidden ones are on no chart "
            "and in no median."
        ),
    ),
    (
        RATE,
        N_(
            "The night's PLM divided by its recorded hours that were neither upright nor "
            "off the body. Not hours of sleep: without an EEG nobody knows them."
        ),
    ),
    (
        N_("Trials and the journal"),
        N_(
            "A band spans the nights with the same entry. That the numbers differ "
            "between two bands proves nothing: nights differ by themselves, and who "
            "knows what they took expects something. anklet trial plans a comparison "
            "that can answer."
        ),
    ),
    (
        N_("Limits that doctors quote"),
        N_(
            "Such as 15 per hour: made with EMG (muscle electrodes) in sleep. They do "
            "not transfer to an accelerometer."
        ),
    ),
    (
        N_("Sources"),
        N_(
            "Garwood 1936 (interval of a Poisson count); McCullagh and Nelder 1989 "
            "(overdispersion); Skeba 2016 and Trotti 2009 (night to night: a coefficient "
            "of variation of about 0.4)."
        ),
    ),
)


def trend_terms() -> list[tuple[str, str]]:
    """Term and exact definition for the page of all nights. No HTML."""
    terms = [(_(term), _(text)) for term, text in TREND_TERMS]
    return [(t, f"{text} {_(INTERVAL)}" if t == _(RATE) else text) for t, text in terms]


def journal_words(values: Mapping[str, Any]) -> list[str]:
    """The journal's values of a night, as "Magnesium 300 mg"; what influences a night is said."""
    out = []
    for name, value in values.items():
        key = KEYS.get(name)
        if key is None:
            continue
        of = _(" of 10") if key.kind == "whole" and key.high == 10 else ""
        known = f" ({_(key.influence)})" if key.influence else ""
        unit = f" {key.unit}" if key.unit else ""
        out.append(f"{_(key.label)} {key.shown(value)}{of}{unit}{known}")
    return out
