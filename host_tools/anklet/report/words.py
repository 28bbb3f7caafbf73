"""The page's sentences: what undermines a night, and the definition behind each number."""

from anklet.report.view import GAP_BREAKS_MS, Night, span_text

SHORT_NIGHT = 4 * 3600  # s in bed; engineering: under it the hours are too few to speak of a night
MUCH = 1800  # s upright or off the body

FAULTS = {
    1: "The sensor did not answer for a while.",
    2: "The sensor did not identify itself as an LIS3DH.",
    3: "The sensor failed its self-test.",
    4: "The board's memory was full: delete old nights after anklet sync.",
    5: "The board could not write to its memory.",
    6: "The firmware hung and was restarted by its watchdog.",
}


def doubts(night: Night) -> list[str]:
    """Plain sentences on what undermines this night, the gravest first. No HTML."""
    s, flags, out = night.session, night.session.flags, []
    if s.board == "sim":
        out.append("The board is a simulated one: its signal was made up or replayed.")
    if "cut" in flags:
        out.append(
            "The recording was cut off (power lost, or still running when it was read): the counts"
            " were made again from what is there, and up to the last minutes may be missing."
        )
    if "damaged" in flags:
        n = len(s.damage)
        out.append(
            f"The night file is damaged in {plural(n, 'place')}; what was there is missing."
        )
    codes = {fault["code"] for fault in s.faults}
    out += [text for code, text in FAULTS.items() if code in codes]
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
    for name, words in (("upright", "upright (standing, walking)"), ("off_body", "off the body")):
        if night.seconds(name) >= MUCH:
            out.append(
                f"The sensor was {words} for {span_text(night.seconds(name))}; that time is left"
                " out of the hours in bed."
            )
    if s.start is None:
        out.append(
            "The board did not know the time, so this night has no date. anklet sync sets its"
            " clock; times here count from the start of the recording."
        )
    elif s.clock == "estimated":
        out.append("The clock time is an estimate.")
    if night.rules is None:
        out.append("The rule set of this night is unknown to this version: update anklet.")
    out.append(
        "One night means little: in one person the rate varies by about 40 % from night to night"
        " (coefficient of variation 0.4). Look at several nights."
    )
    out.append(
        "Known thresholds, such as 15 per hour, were made with EMG (muscle electrodes) in sleep."
        " They do not transfer to an accelerometer, which misses part of the movements (39 % in"
        " one study) and does not know sleep from lying awake."
    )
    return out


def definitions(night: Night) -> list[tuple[str, str]]:
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
    return [
        (
            "LM, leg movement",
            "From the onset, where the filtered movement signal rises over the onset threshold, to"
            " the first stretch of at least 0.5 s under the offset threshold. Onset threshold:"
            f" {m.get('floor_factor', '?')} times the running noise floor, at least"
            f" {m.get('on_mg', '?')} mg. Changes of posture, gross body"
            f" movements (over {m.get('gross_mg', '?')} mg) and movements while upright or off the"
            " body are no LMs; they stay in the record.",
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
            " hours of sleep: without an EEG nobody knows them.",
        ),
        ("PI, periodicity index", "PLM / CLM. Other authors count intervals (Ferri 2006)."),
        (
            "Sources",
            "Ferri et al. 2016 (WASM/IRLSSG/EURLSSG rules); AASM manual, version 3; Skeba 2016 and"
            " Trotti 2009 (night to night); Terrill 2013 (39 %, 4.8 to 69.6 % in single people, of"
            " EMG leg movements move no accelerometer).",
        ),
    ]


def plural(n: int, noun: str) -> str:
    return f"{n} {noun}" if n == 1 else f"{n} {noun}s"
