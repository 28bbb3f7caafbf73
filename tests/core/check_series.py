"""The scorer: published vectors, a second implementation that sees the whole list, invariances."""

import json

from plmcore.rules import RULES
from plmcore.series import Series

from kit import DATA, Numbers

GAP = None  # stands in a list of LMs for a hole in the recording


def score(lms, rules):
    """All flags of a list of (onset, duration) in ms, and the scorer at its end.

    A flag is given once and stays; the three that come late are those straight before."""
    series = Series(RULES[rules])
    flags = [0] * len(lms)
    clms = []
    for i, lm in enumerate(lms):
        if lm is GAP:
            series.gap()
            continue
        series.add(i, *lm)
        if series.kind == 0:
            clms.append(i)
        assert series.plm_now or not series.flagged
        if series.plm_now:
            assert series.number == series.series > 0
            for j in list(series.earlier)[: series.flagged] + [i]:
                assert not flags[j]
                flags[j] = series.number
    assert len(clms) == series.clm
    assert sum(1 for f in flags if f) == series.plm
    assert max(flags + [0]) == series.series
    return flags, series


def score_list(lms, rules, strict=False):
    """Flags by the definition, over the whole list: cut it into runs, keep the long ones."""
    rules = RULES[rules]
    runs = []
    run = []
    onset = None  # of the last counted CLM in reach
    for i, lm in enumerate(lms):
        if lm is GAP or (lm[1] > rules.clm_max and rules.long_breaks):
            runs.append(run)
            run, onset = [], None
        elif rules.clm_min <= lm[1] <= rules.clm_max:
            imi = None if onset is None else lm[0] - onset
            if imi is not None and imi < rules.imi_min:
                if strict or rules.short_breaks:
                    runs.append(run)
                    run = [] if strict else [i]
                if rules.short_breaks:
                    onset = lm[0]
                continue
            if imi is None or imi > rules.imi_max:
                runs.append(run)
                run = []
            run.append(i)
            onset = lm[0]
    runs.append(run)
    return [
        1 if any(i in run for run in runs if len(run) >= rules.fewest) else 0
        for i in range(len(lms))
    ]


def any_night(numbers, length=40):
    """A list of LMs that likes to sit on the bounds."""
    lms = []
    t = numbers.below(1000)
    for _ in range(length):
        choice = numbers.below(20)
        if choice == 0:
            lms.append(GAP)
        duration = (499, 500, 10000, 10001, 300)[choice] if choice < 5 else 600
        lms.append((t, duration))
        step = (4999, 5000, 9999, 10000, 90000, 90001)
        choice = numbers.below(12)
        t += step[choice] if choice < 6 else numbers.between(duration, 40000)
    return lms


def nights(count=150):
    numbers = Numbers(7)
    for _ in range(count):
        yield any_night(numbers)


def ms(seconds):
    return int(seconds * 1000 + 0.5)


def check_vectors_wasm2016():
    checked = 0
    with open(DATA + "wasm2016_unilateral.jsonl") as file:
        for line in file:
            case = json.loads(line)
            lms = [(ms(a), ms(b)) for a, b in case["lms"]]
            flags, series = score(lms, "wasm2016")
            assert [1 if f else 0 for f in flags] == case["plm"], case["name"]
            assert series.clm == sum(case["clm"]), case["name"]
            checked += 1
    assert checked == 122


def check_vectors_aasm3():
    checked = 0
    with open(DATA + "aasm_unilateral.jsonl") as file:
        for line in file:
            case = json.loads(line)
            flags, _ = score([(ms(a), ms(b)) for a, b in case["lms"]], "aasm3")
            assert [1 if f else 0 for f in flags] == case["plm"], case["name"]
            checked += 1
    assert checked == 65


def check_streaming_equals_the_definition_over_the_list():
    found = 0
    for lms in nights():
        for rules in ("wasm2016", "aasm3"):
            flags, series = score(lms, rules)
            assert [1 if f else 0 for f in flags] == score_list(lms, rules), lms
            assert series.plm_strict == sum(score_list(lms, rules, strict=True)), lms
            found += series.plm
    assert found > 1000  # the lists are worth something


def check_strict_reading_never_counts_more():
    for lms in nights():
        _, series = score(lms, "wasm2016")
        assert series.plm_strict <= series.plm


def check_shifting_all_times_changes_no_flag():
    for lms in nights(40):
        for rules in ("wasm2016", "aasm3"):
            for shift in (1, 86400000):
                moved = [GAP if lm is GAP else (lm[0] + shift, lm[1]) for lm in lms]
                assert score(moved, rules)[0] == score(lms, rules)[0]


def check_an_isolated_clm_changes_no_other_flag():
    numbers = Numbers(3)
    for first in nights(40):
        second = [GAP if lm is GAP else (lm[0] + 10000000, lm[1]) for lm in any_night(numbers)]
        end = [lm for lm in first if lm][-1][0]
        lone = (numbers.between(end + 90001, 10000000 - 90001), 2000)
        for rules in ("wasm2016", "aasm3"):
            without = score(first + second, rules)[0]
            flags = score(first + [lone] + second, rules)[0]
            assert flags[len(first)] == 0
            assert flags[: len(first)] + flags[len(first) + 1 :] == without


def check_a_gap_always_ends_a_series():
    for at in range(1, 12):
        lms = [(20000 * i, 2000) for i in range(12)]
        lms.insert(at, GAP)
        flags, series = score(lms, "wasm2016")
        assert [bool(f) for f in flags[:at]] == [at >= 4] * at
        assert [bool(f) for f in flags[at + 1 :]] == [12 - at >= 4] * (12 - at)
        assert series.series == (at >= 4) + (12 - at >= 4)


def check_the_first_three_are_flagged_when_the_fourth_comes():
    series = Series(RULES["wasm2016"])
    for lm in range(5):
        series.add(lm + 10, 20000 * lm, 2000)
        assert (series.plm_now, series.flagged) == (lm >= 3, 3 if lm == 3 else 0)
        assert series.number == (1 if lm >= 3 else 0)
        if lm == 3:
            assert list(series.earlier) == [10, 11, 12]
    assert (series.plm, series.clm, series.series) == (5, 5, 1)


def check_bounds_are_inclusive():
    for rules in ("wasm2016", "aasm3"):
        r = RULES[rules]
        for imi, joined in (
            (r.imi_min - 1, False),
            (r.imi_min, True),
            (r.imi_max, True),
            (r.imi_max + 1, False),
        ):
            flags, series = score([(imi * i, 1000) for i in range(4)], rules)
            assert all(flags) == joined
            assert (series.short_imi > 0) == (imi < r.imi_min)
        for duration, kind in ((499, 1), (500, 0), (10000, 0), (10001, 2)):
            series = Series(r)
            series.add(0, 0, duration)
            assert series.kind == kind
