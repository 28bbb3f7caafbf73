"""The page's sentences: what undermines a night, and the definition behind each number."""

from collections.abc import Mapping
from typing import Any

from anklet.archive.journal import KEYS
from anklet.night import as_json, damage
from anklet.night.damage import plural
from anklet.report.view import GAP_BREAKS_MS, SessionView, span_text
from anklet.texts import N_

SHORT_NIGHT = 4 * 3600  # s in bed; engineering: under it the hours are too few to speak of a night
MUCH = 1800  # s upright or off the body
LEGS = {"left": N_("left leg"), "right": N_("right leg"), "": N_("one leg")}

INTERVAL = (
    "Its 95 % interval: the series of a night are taken to come by chance, each with its own"
    " number of PLMs (compound Poisson), so the count varies as the sum of the squared numbers"
    " does; it is Garwood's exact Poisson interval of the count divided by that excess, multiplied"
    " by it. It speaks of chance within the night, not of how nights differ; with under about 6"
    " series it is rough."
)

MANY_RETRIES = 100
FAULTS = {
    1: "The sensor did not answer for a while.",
    2: "The sensor did not identify itself as an LIS3DH.",
    3: "The sensor failed its self-test.",
    4: "The board's memory was full: delete old nights after anklet sync.",
    5: "The board could not write to its memory.",
    6: "The firmware hung and was restarted by its watchdog.",
    7: "For a time the sensor gave what can't be: check its wires.",
    8: "The firmware crashed and started anew: anklet sync has fetched what it wrote down.",
    9: "The sensor's rate was more than 12 % off: no time of this night is right, replace it.",
}


LIMITS = (
    "One night means little: in one person the rate varies by about 40 % from night to night"
    " (coefficient of variation 0.4). Look at several nights.",
    "Hours in bed are not hours of sleep, and movements that come with pauses in breathing are"
    " among those counted: the device can't tell.",
    "Known thresholds, such as 15 per hour, were made with EMG (muscle electrodes) in sleep."
    " They do not transfer to an accelerometer, which misses part of the movements (39 % in"
    " one study) and does not know sleep from lying awake.",
)


def problems(night: SessionView) -> list[str]:
    """Plain sentences on what undermines this very night, the gravest first. No HTML."""
    s, flags, out = night.session, night.session.flags, []
    if s.board == "sim":
        out.append("The board is a simulated one: its signal was made up or replayed.")
    if "cut" in flags:
        out.append(
            "The recording was cut off (power lost, or still running when it was read): the counts"
            " were made again from what is there. They are a lower bound: the last minutes before"
            " the cut may be missing."
        )
    if s.damage:
        out.append(damage.words(s.damage, night.clock))
    if "newer" in flags:
        out.append(
            "Newer firmware wrote this night, and numbers may be read wrong: update anklet."
        )
    codes = {fault["code"] for fault in s.faults}
    out += [text for code, text in FAULTS.items() if code in codes]
    retries = sum(epoch.get("retries", 0) for epoch in s.epochs)
    if retries > MANY_RETRIES:
        out.append(
            f"The sensor had to be asked again {retries} times. Nothing is lost by that, but its"
            " cable is too long or a joint is loose."
        )
    in_bed = s.in_bed_s
    if in_bed < SHORT_NIGHT:
        out.append(
            f"Only {span_text(in_bed)} in bed: under 4 hours the rate per hour says little."
        )
    if night.gaps:
        lost = sum(ms for _, ms, _ in night.gaps) / 1000
        long = sum(ms > GAP_BREAKS_MS for _, ms, _ in night.gaps)
        sentence = f"{plural(len(night.gaps), 'gap')} in the recording, {span_text(lost)} in all"
        if long:
            sentence += f"; {long} longer than 2 s, which ends a series"
        touched = sum(bool(lm.touches_gap) for lm in night.lms)
        if touched:
            sentence += f"; {plural(touched, 'movement')} next to a gap may be cut short"
        out.append(sentence + ".")
    low, high = as_json.rates(s.counts["plm"], *s.in_bed_range_s)["plm_per_hour_range"]
    for name, words in (("upright", "upright (standing, walking)"), ("off_body", "off the body")):
        if night.seconds(name) >= MUCH:
            sentence = (
                f"The sensor was {words} for {span_text(night.seconds(name))}; that time is left"
                " out of the hours in bed."
            )
            if name == "off_body" and s.stills and low is not None:
                sentence += f" With it the rate would be {low:.1f} per hour."
            out.append(sentence)
    if "askew" in flags:
        out.append(
            f"The sensor sat {s.askew_deg} degrees askew. When the leg was upright, and what moved"
            " then, was judged anew by how it lay through the night; that is less exact. Put the"
            " strap on, stand up and run anklet doctor --fit."
        )
    still_s = s.in_bed_s - s.in_bed_range_s[0]
    if still_s:
        sentence = (
            f"For {span_text(still_s)} nothing moved, not even by breathing. Some legs lie so"
            " still, and so does a table: that time counts as in bed."
        )
        if high is not None:
            sentence += f" Without it the rate would be {high:.1f} per hour."
        out.append(sentence)
    if s.start is None:
        out.append(
            "The date and time of this night are unknown: the board's clock was not set or was"
            " wrong, and its power was cut before a computer read it. Times here count from the"
            " start of the recording. anklet date gives the night its time, anklet sync sets the"
            " clock."
        )
    elif "by_hand" in flags:
        out.append(
            "The date and time were given by hand: the board's clock was not set, and its power"
            " was cut before a computer read it. What is counted does not depend on them."
        )
    elif s.clock == "estimated":
        out.append(
            "The time of day is estimated: the board's clock was not set or was wrong. It was"
            " counted back, by the board's timer, from a moment at which the time was known."
        )
    if night.rules is None:
        out.append("The rule set of this night is unknown to this version: update anklet.")
    return out


def definitions(night: SessionView) -> list[tuple[str, str]]:
    """Term and exact definition, for this night's rule set and thresholds. No HTML."""
    m, rules = night.session.meta, night.rules
    title = rules.title if rules else "of an unknown rule set"
    band = f"{rules.imi_min / 1000:.2f} to {rules.imi_max / 1000:.2f} s" if rules else "unknown"
    if rules is None:
        short = "Unknown."
    elif rules.short_breaks:
        short = (
            "An IMI under the band ends the series, and its CLM may start the next one. In the"
            " other reading of the rule that CLM may not start a series; the count under it stands"
            " beside the PLM count."
        )
    else:
        short = (
            "AASM says nothing of shorter intervals. Here the later CLM is not counted, and the"
            " interval is measured from the last counted one (the habit of WASM 2006)."
        )
    long = (
        "An LM over 10 s ends a series."
        if rules is None or rules.long_breaks
        else "A movement over 10 s is no LM and is ignored."
    )
    over = f" (over {m['gross_mg']} mg)" if "gross_mg" in m else ""
    older = m.get("detector", "1") in ("1", "2")
    away = "upright or off the body" if older else "upright"
    return [
        (
            "LM, leg movement",
            "From the onset, where the filtered movement signal rises over the onset threshold, to"
            " the first stretch of at least 0.5 s under the offset threshold. Onset threshold:"
            f" {m.get('floor_factor', '?')} times the running noise floor, at least"
            f" {m.get('on_mg', '?')} mg. Changes of posture, turns{over} and movements while"
            f" {away} are no LMs; they stay in the record.",
        ),
        ("CLM, candidate", "An LM of 0.50 to 10.00 s, on one leg. Bounds are inclusive."),
        ("IMI, inter-movement interval", "From the onset of one CLM to the onset of the next."),
        (
            "PLM, series",
            f"Rule set {title}. A series is at least 4 CLMs in a row with IMIs of {band}"
            " (inclusive); each of its CLMs is a PLM. A longer IMI ends the series, and its CLM"
            f" may start the next. {long} A gap of more than 2 s in the recording ends a series,"
            " and no interval is measured across it.",
        ),
        ("Short IMI", short),
        (
            "PLM per hour in bed",
            "PLM divided by the recorded hours that were neither upright nor off the body. Not"
            f" hours of sleep: without an EEG nobody knows them. {INTERVAL}",
        ),
        ("PI, periodicity index", "PLM / CLM. Other authors count intervals (Ferri 2006)."),
        (
            "Sources",
            "Ferri et al. 2016 (WASM/IRLSSG/EURLSSG rules); AASM manual, version 3; Skeba 2016 and"
            " Trotti 2009 (night to night); Terrill 2013 (39 %, 4.8 to 69.6 % in single people, of"
            " EMG leg movements move no accelerometer).",
        ),
    ]


TREND_TERMS = (
    (
        "Night",
        "From noon to noon, local time, named by its evening. The recordings of one label and leg"
        " in it are joined, and their hours added; nothing is counted between them. Recordings of"
        " unknown time and hidden ones are on no chart and in no median.",
    ),
    (
        "PLM per hour in bed",
        "The night's PLM divided by its recorded hours that were neither upright nor off the body."
        f" Not hours of sleep: without an EEG nobody knows them. {INTERVAL}",
    ),
    (
        "Trials and the journal",
        "A band spans the nights with the same entry. That the numbers differ between two bands"
        " proves nothing: nights differ by themselves, and who knows what they took expects"
        " something. anklet trial plans a comparison that can answer.",
    ),
    (
        "Limits that doctors quote",
        "Such as 15 per hour: made with EMG (muscle electrodes) in sleep. They do not transfer to"
        " an accelerometer.",
    ),
    (
        "Sources",
        "Garwood 1936 (interval of a Poisson count); McCullagh and Nelder 1989 (overdispersion);"
        " Skeba 2016 and Trotti 2009 (night to night: a coefficient of variation of about 0.4).",
    ),
)


def journal_words(values: Mapping[str, Any]) -> list[str]:
    """The journal's values of a night, as "Magnesium 300 mg"; what influences a night is said."""
    out = []
    for name, value in values.items():
        key = KEYS.get(name)
        if key is None:
            continue
        of = " of 10" if key.kind == "whole" and key.high == 10 else ""
        known = f" ({key.influence})" if key.influence else ""
        out.append(f"{key.label} {value}{of}{' ' + key.unit if key.unit else ''}{known}")
    return out
