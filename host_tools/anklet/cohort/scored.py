"""One night of one person, from its files to rows: by the device's own core, at each setting."""

import math
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path

from anklet.archive import anchors
from anklet.cohort import dates
from anklet.cohort.plan import Night, Settings
from anklet.cohort.sources import (
    ACCELERATION,
    LIST,
    NIGHT,
    TRACE,
    Row,
    anchors_of,
    check_size,
    kind_of,
    trace_of,
)
from anklet.errors import AnkletError, BadInput
from anklet.night import as_json, clock, grouping, nightfile, trace
from anklet.night.recount import LEG_MOVEMENTS
from anklet.night.rules import rule_set
from anklet.night.session import DEFAULT, LM, Session
from anklet.scoring import events, rescore, score, twoboards
from anklet.signal import inputs, replay

Rows = dict[str, list[Row]]

SIDES = (events.LEFT, events.RIGHT)
BOTH = "both"
VERSION = re.compile(r"[0-9A-Za-z.+-]{1,32}")
QUOTED = re.compile(r"""'.*'|".*"|\(.*\)""", re.DOTALL)


@dataclass
class Leg:
    """A leg's night at one setting. kind: what it was scored from. numbers: the fields of
    `nights --json` that there are; lms: of `replay --json`. session: None for a list."""

    kind: str
    numbers: Row
    lms: list[Row]
    session: Session | None = None


# A leg's night, read once: scored at (rules, onset_mg).
Scorer = Callable[[str | None, int | None], Leg]


def rows(legs: Sequence[Night], settings: Settings) -> Rows:
    """The rows of `nights`, `lms` and `failures` of one night: each leg at each setting, and both
    legs together where there are a left and a right one."""
    found: Rows = {"nights": [], "lms": [], "failures": []}
    scorers: dict[str, Scorer] = {}
    for night in legs:
        who = {"person": night.person, "group": night.group, "night": night.night}
        try:
            scorers[night.leg] = _read(night, settings)
        except Exception as error:
            found["failures"].append({**who, "leg": night.leg, "reason": _reason(error, legs)})
    for rules, onset_mg in settings.grid():
        done: dict[str, Leg] = {}
        for night in legs:
            if night.leg in scorers:
                scorer = scorers[night.leg]
                _try(found, done, legs, night, rules, onset_mg, scorer)
        sides = [night for night in legs if night.leg in SIDES and night.leg in done]
        if len(sides) == 2:
            both = replace(sides[0], leg=BOTH)
            _try(found, done, legs, both, rules, onset_mg, _both(sides, done))
    return found


def _try(
    found: Rows,
    done: dict[str, Leg],
    legs: Sequence[Night],
    night: Night,
    rules: str | None,
    onset_mg: int | None,
    scorer: Scorer,
) -> None:
    who = {"person": night.person, "group": night.group, "night": night.night, "leg": night.leg}
    try:
        leg = done[night.leg] = scorer(rules, onset_mg)
    except Exception as error:
        setting = {"rules": rules, "onset_mg": onset_mg}
        found["failures"].append({**who, **setting, "reason": _reason(error, legs)})
        return
    setting = {"rules": leg.numbers["rules"], "onset_mg": onset_mg}
    periodic = [lm for lm in leg.lms if lm["series"]]
    logs = [
        math.log(b["onset_s"] - a["onset_s"])
        for a, b in pairwise(periodic)
        if a["series"] == b["series"] and b["onset_s"] > a["onset_s"]
    ]
    found["nights"].append(
        {
            **leg.numbers,
            **leg.numbers["counts"],
            **who,
            **setting,
            "kind": leg.kind,
            "imi": len(logs),
            "log_imi": round(math.fsum(logs) / len(logs), 6) if logs else None,
            "flags": " ".join(leg.numbers.get("flags", ())),
        }
    )
    found["lms"] += [{**lm, **who, **setting, "lm": at} for at, lm in enumerate(leg.lms, 1)]


def _read(night: Night, settings: Settings) -> Scorer:
    """Read a leg's night. Raises what the readers raise."""
    paths = [Path(name) for name in night.files]
    kind = kind_of(paths[0])
    if kind == NIGHT:
        sessions = [_session(path) for path in paths]
        traces = [_trace(path, settings) for path in paths]
        move = dates.days(settings.key, night.person)
        return lambda rules, mg: _of_sessions(sessions, traces, rules, mg, move)
    if len(paths) > 1:
        raise BadInput("a night in several files takes night files: join the recordings")
    check_size(paths[0])
    if kind == LIST:
        given = events.read(paths[0])
        return lambda rules, mg: _of_list(given, rules, mg)
    raw = inputs.to_raw(inputs.read_acceleration(paths[0], settings.rate))
    return lambda rules, mg: _of_acceleration(raw, rules, mg)


def _session(path: Path) -> Session:
    night = nightfile.parse(path.read_bytes(), path.stem)
    if not (night.meta or night.lms or night.epochs):
        raise BadInput("nothing in the file can be read as a night")
    clock.settle(night, anchors.read(anchors_of(path)))
    return night


def _trace(path: Path, settings: Settings) -> trace.Trace | None:
    file = trace_of(path)
    return trace.parse(file.read_bytes()) if settings.onset_mg and file.is_file() else None


def _of_sessions(
    sessions: Sequence[Session],
    traces: Sequence[trace.Trace | None],
    rules: str | None,
    onset_mg: int | None,
    move: int = 0,
) -> Leg:
    again = [
        _again(session, traced, rules, onset_mg)
        for session, traced in zip(sessions, traces, strict=True)
    ]
    if len(again) > 1 and any(session.start is None for session in again):
        raise BadInput("a night in several files needs the time of each")
    night = grouping.joined(again) if len(again) > 1 else again[0]
    numbers = as_json.summary(night)
    numbers["start"] = dates.moved(numbers["start"], move) if numbers["start"] else None
    numbers["firmware"] = night.firmware if VERSION.fullmatch(night.firmware) else ""
    return Leg(
        TRACE if onset_mg else NIGHT, numbers, [as_json.movement(lm) for lm in night.lms], night
    )


def _again(
    session: Session, traced: trace.Trace | None, rules: str | None, onset_mg: int | None
) -> Session:
    """The session by these rules, its movements found again at this threshold."""
    if onset_mg:
        if traced is None:
            raise BadInput("there is no trace: an onset threshold needs one")
        found = rescore.run(session, traced, onset_mg, rules=rules)
        return _with(session, found["lms"], found["counts"], found["rules"])
    if rules in (None, session.rules):
        return session  # as the device counted it
    found = score.score(
        [(lm.onset_ms, lm.duration_ms) for lm in session.lms if lm.kind in LEG_MOVEMENTS],
        rule_set(rules),
        [(gap["ms"], gap["lost_ms"]) for gap in session.gaps],
    )
    again = iter(found["lms"])
    lms = [as_json.movement(lm) for lm in session.lms]
    for lm in lms:
        if lm["class"] in LEG_MOVEMENTS:
            lm.update(next(again))
    return _with(session, lms, found["counts"], rules)


def _with(session: Session, lms: list[Row], counts: Row, rules: str) -> Session:
    return replace(
        session,
        meta={**session.meta, "rules": rules},
        lms=[
            LM(
                number=at,
                n=0,
                onset_ms=round(lm["onset_s"] * 1000),
                duration_ms=round(lm["duration_s"] * 1000),
                peak_mg=lm["peak_mg"],
                kind=lm["class"],
                flags=0,
                plm=lm["plm"],
                series=lm["series"],
            )
            for at, lm in enumerate(lms)
        ],
        counts={**session.counts, **{k: n for k, n in counts.items() if k in session.counts}},
    )


def _of_list(given: events.Events, rules: str | None, onset_mg: int | None) -> Leg:
    if onset_mg:
        raise BadInput("a list of movements has no signal: an onset threshold needs one")
    found = score.scored(given, rules or DEFAULT)
    return Leg(LIST, found, found["lms"])


def _of_acceleration(raw: bytes, rules: str | None, onset_mg: int | None) -> Leg:
    settings: Row = {"rules": rules} if rules else {}
    if onset_mg:
        settings["on_mg"] = onset_mg
    night = nightfile.parse(replay.record_raw(raw, settings))
    return replace(_of_sessions([night], [None], None, None), kind=ACCELERATION)


def _both(sides: Sequence[Night], done: dict[str, Leg]) -> Scorer:
    left, right = (done[leg] for leg in SIDES)

    def scorer(rules: str | None, onset_mg: int | None) -> Leg:
        if left.session and right.session:
            found = twoboards.night([left.session], [right.session])
            if not found["aligned"]:
                raise BadInput(found["reason"])
            return Leg(left.kind, {**found, **_of(left, "start", "clock")}, found["lms"])
        if left.session or right.session:
            raise BadInput("one leg is a list and the other a recording: they can't be combined")
        one, other = (night.files[0] for night in sides)
        found = score.run(one, other, rules or DEFAULT)
        return Leg(LIST, found, found["lms"])

    return scorer


def _of(leg: Leg, *names: str) -> Row:
    return {name: leg.numbers[name] for name in names}


def _reason(error: Exception, legs: Sequence[Night]) -> str:
    """Why it failed, in words of ours alone: no path, nothing that a file said."""
    if isinstance(error, OSError):
        return f"the file can't be read: {error.strerror}"
    if not isinstance(error, AnkletError):
        return f"a fault of ours: {type(error).__name__}"
    text = str(error)
    for night in legs:
        for name in night.files:
            text = text.replace(name, "the file")
    return " ".join(QUOTED.sub("...", text).split())
