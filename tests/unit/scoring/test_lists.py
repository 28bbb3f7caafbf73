"""One night as five programs write it: legs apart, and what is counted is what a hand counts."""

import datetime as dt
import json

import edfio
import numpy as np
import pytest
from anklet.cli import main
from anklet.errors import BadInput
from anklet.scoring import agree, events, labels, marks
from anklet.scoring.score import run as score

# Seconds. The right leg's first movement begins 0.3 s after the left one's ends: one movement on
# two legs, a short interval if they were one leg.
LEFT = [(100, 2), (130, 2), (160, 2), (190, 2), (220, 2)]
RIGHT = [(102.3, 2), (250, 2), (280, 2)]
WAKE, ASLEEP = [0, 30, 60, 90, 120], [150, 180, 210, 240, 270]
APNOEA = (168, 20)  # 186 to 198.25 s is its end: the movement at 190 s
AROUSALS = [(221, 4), (132.5, 3)]  # the second begins 0.5 s after a movement: not less
BEDTIME = dt.datetime(2026, 11, 21, 23, 58, 0)  # midnight comes in the middle


def edf(path, annotations):
    edfio.Edf(
        [edfio.EdfSignal(np.arange(30.0), 1)],
        recording=edfio.Recording(startdate=BEDTIME.date()),
        starttime=BEDTIME.time(),
        annotations=[edfio.EdfAnnotation(*one) for one in annotations],
    ).write(path)
    return path


def as_edf(folder):
    rows = [(at, 30, "Sleep stage W") for at in WAKE]
    rows += [(at, 30, "Sleep stage N2") for at in ASLEEP]
    rows += [(*span, "Limb movement@@EMG LAT") for span in LEFT]
    rows += [(*span, "Limb movement@@EMG RAT") for span in RIGHT]
    rows += [(*span, "PLMS@@EMG LAT") for span in LEFT]  # over the same time
    rows += [(*span, "EEG arousal@@C4-M1") for span in AROUSALS]
    rows += [(*APNOEA, "Obstructive apnea")]
    return edf(folder / "night.edf", rows)


def as_remlogic(folder, encoding="utf-16"):
    rows = [(at, "W", "SLEEP-S0", 30, "C4-A1") for at in WAKE]
    rows += [(at, "S2", "SLEEP-S2", 30, "C4-A1") for at in ASLEEP]
    rows += [(on, "S2", "PLM", length, "EMG LAT") for on, length in LEFT]
    rows += [(on, "S2", "PLM-LM", length, "EMG RAT") for on, length in RIGHT]
    rows += [(on, "S2", "AROUSAL-PLM", length, "C4-A1") for on, length in AROUSALS]
    rows += [(APNOEA[0], "S2", "APNEA-OBSTRUCTIVE", APNOEA[1], "Flow")]
    lines = [
        "RemLogic Event Export",
        "Patient:\tN. N.",
        "",
        "Sleep Stage\tPosition\tTime [hh:mm:ss]\tEvent\tDuration[s]\tLocation",
    ]
    for at, stage, event, length, where in sorted(rows):
        time = (BEDTIME + dt.timedelta(seconds=at)).time().isoformat("milliseconds")
        lines.append(f"{stage}\tLeft\t{time}\t{event}\t{length}\t{where}")
    path = folder / "night.txt"
    path.write_text("\r\n".join(lines), encoding=encoding)
    return path


def scored_event(label, on, length, where="", tags=("EventConcept", "SignalLocation")):
    concept, channel = tags
    return (
        f"<ScoredEvent><{concept}>{label}</{concept}><Start>{on}</Start>"
        f"<Duration>{length}</Duration><{channel}>{where}</{channel}></ScoredEvent>"
    )


def as_nsrr(folder):
    rows = [scored_event("Recording Start Time", 0, 300)]
    rows += [scored_event("Wake|0", 0, 150), scored_event("Stage 2 sleep|2", 150, 150)]
    for side, spans in (("left", LEFT), ("right", RIGHT)):
        concept = f"Periodic leg movement - {side}|PLM ({side.title()})"
        rows += [scored_event(concept, *span) for span in spans]
    rows += [scored_event("Arousal|Arousal (ASDA)", *span) for span in AROUSALS]
    rows += [scored_event("Obstructive apnea|Obstructive Apnea", *APNOEA)]
    path = folder / "night.xml"
    path.write_text(
        "<?xml version='1.0' encoding='UTF-8'?><PSGAnnotation><EpochLength>30</EpochLength>"
        f"<ScoredEvents>{''.join(rows)}</ScoredEvents></PSGAnnotation>"
    )
    return path


def as_compumedics(folder):
    tags = "Name", "Input"
    rows = [scored_event("Limb Movement", *span, "Leg/L", tags) for span in LEFT]
    rows += [scored_event("Limb Movement", *span, "Leg/R", tags) for span in RIGHT]
    rows += [scored_event("Arousal (ARO Limb)", *span, "C4", tags) for span in AROUSALS]
    rows += [scored_event("Hypopnea", *APNOEA, "Flow", tags)]
    stages = "".join(f"<SleepStage>{n}</SleepStage>" for n in [0] * 5 + [2, 3, 5, 1, 2])
    path = folder / "night.XML"
    path.write_text(
        f"<CMPStudyConfig><EpochLength>30</EpochLength><ScoredEvents>{''.join(rows)}"
        f"</ScoredEvents><SleepStages>{stages}</SleepStages></CMPStudyConfig>"
    )
    return path


def as_annot(folder):
    rows = ["# LM:left | left leg", "class\tinstance\tchannel\tstart\tstop\tmeta"]
    rows += ["W\t.\t.\te:1\te:5\t.", "N2\t.\t.\t0+00:02:30\t+150\t."]
    rows += [f"LM:left\t.\t.\t{on}\t{on + length}\t." for on, length in LEFT]
    rows += [f"LM\tright\t.\t{on}\t+{length}\t." for on, length in RIGHT]
    rows += [f"arousal:lm\t.\t.\t{on}\t{on + length}\t." for on, length in AROUSALS]
    rows += [f"apnea:obstructive\t1\tflow\t{APNOEA[0]}\t{sum(APNOEA)}\t."]
    path = folder / "night.annot"
    path.write_text("\n".join(rows) + "\n")
    return path


def as_csv(folder):
    rows = [f"{on},{length},L," for on, length in LEFT]
    rows += [f"{on},{length},right," for on, length in RIGHT]
    rows += ["0,150,,wake", "150,150,,N2", f"{APNOEA[0]},{APNOEA[1]},,apnea"]
    rows += [f"{on},{length},,arousal" for on, length in AROUSALS]
    path = folder / "night.csv"
    path.write_text("Onset, Duration, Leg, Event\n" + "\n".join(rows) + "\n")
    return path


WRITERS = [as_edf, as_remlogic, as_nsrr, as_compumedics, as_annot, as_csv]


@pytest.mark.parametrize("writer", WRITERS)
def test_legs_are_apart_and_counts_as_by_hand(writer, tmp_path):
    path = writer(tmp_path)
    read = events.read(path)
    for side, spans in (("left", LEFT), ("right", RIGHT)):
        assert read.legs[side] == [(round(on * 1000), length * 1000) for on, length in spans]
    found = score(path)
    assert [lm["onset_s"] for lm in found["lms"]] == [100, 130, 160, 190, 220, 250, 280]
    assert found["lms"][0]["duration_s"] == 4.3
    assert (found["counts"]["plm"], found["counts"]["short_imi"]) == (7, 0)
    assert found["sleep"] == {
        "hours": pytest.approx(150 / 3600, abs=1e-4),
        "plm_asleep": 5,
        "plm_per_hour_of_sleep": 120,
    }
    assert found["arousals"] == {
        "events": 2,
        "plm": 1,
        "plm_asleep": 1,
        "plm_per_hour_of_sleep": 24,
    }
    breathing = found["respiratory"]
    assert (breathing["events"], breathing["left_out"]) == (1, 1)
    assert (breathing["counts"]["clm"], breathing["counts"]["plm"]) == (6, 6)
    assert (breathing["plm_asleep"], breathing["plm_per_hour_of_sleep"]) == (4, 96)
    assert [lm["onset_s"] for lm in found["lms"] if lm["respiratory"]] == [190]
    assert [lm["onset_s"] for lm in found["lms"] if lm["arousal"]] == [220]
    assert json.loads(json.dumps(found, allow_nan=False)) == found


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252"])
def test_remlogic_in_any_encoding_has_a_start_only_with_a_date(encoding, tmp_path):
    path = as_remlogic(tmp_path, encoding)
    assert events.read(path).start is None
    path.write_bytes(path.read_bytes().replace(b"23:58:00", b"2026-11-21T23:58:00"))
    assert events.read(path).start == BEDTIME
    assert score(path)["counts"]["plm"] == 7


def spans(tmp_path, respiratory, movements, rules="wasm2016"):
    path = tmp_path / "lms.csv"
    rows = [f"{on},{length}," for on, length in movements]
    rows += [f"{on},{length},hypopnea" for on, length in respiratory]
    path.write_text("onset,duration,event\n" + "\n".join(rows))
    return score(path, rules=rules)


@pytest.mark.parametrize(
    ("movement", "out"),
    [
        ((97.999, 0.5), True),
        ((97.499, 0.5), False),  # it is over 2.001 s before the end of the event
        ((97.5, 0.5), True),  # 2.000 s before: the bound belongs to it
        ((100, 1), True),
        ((110.25, 1), True),
        ((110.251, 1), False),
        ((85, 2), False),  # within the event, far from its end
        ((90, 10.5), False),  # no CLM: it stays, and ends series
    ],
)
def test_the_window_is_at_the_end_of_the_event(movement, out, tmp_path):
    found = spans(tmp_path, [(80, 20)], [movement])
    assert found["respiratory"]["left_out"] == out
    assert found["counts"]["lm"] == 1


def test_aasm_leaves_out_what_comes_during_the_event(tmp_path):
    for movement, out in (((85, 2), 1), ((100.5, 1), 1), ((100.501, 1), 0), ((78.5, 1), 1)):
        found = spans(tmp_path, [(80, 20)], [movement], "aasm3")
        assert found["respiratory"]["left_out"] == out


def test_movements_that_follow_breathing_make_no_series_without_it(tmp_path):
    """Each of ten hypopnoeas, 40 s apart, brings a movement: ten PLMs with it, none without."""
    every = range(100, 500, 40)
    found = spans(tmp_path, [(at, 20) for at in every], [(at + 21, 2) for at in every])
    assert (found["counts"]["plm"], found["respiratory"]["counts"]["plm"]) == (10, 0)
    assert found["respiratory"]["left_out"] == 10


def test_intervals_are_measured_anew_between_those_that_stay(tmp_path):
    """The short interval from 145 to 150 s ends the series; without both it is one of 50 s."""
    found = spans(tmp_path, [(130, 16)], [(at, 2) for at in (100, 120, 145, 150, 170, 190)])
    assert found["counts"]["plm"] == 0
    assert found["respiratory"]["left_out"] == 2
    assert found["respiratory"]["counts"]["plm"] == 4


def test_what_the_file_does_not_tell_is_not_known(tmp_path, capsys):
    path = tmp_path / "lms.csv"
    path.write_text("onset,duration\n10,2\n")
    found = score(path)
    assert (found["sleep"], found["arousals"], found["respiratory"]) == (None, None, None)
    assert "respiratory" not in found["lms"][0]
    assert main(["score", str(path)]) == 0
    out = capsys.readouterr().out
    assert "no sleep stages" in out
    assert "no respiratory events in the file" in out


def test_both_counts_are_printed(tmp_path, capsys):
    assert main(["score", str(as_nsrr(tmp_path))]) == 0
    out = capsys.readouterr().out
    assert "PLM during sleep 5 (per hour of sleep: 120.0)" in out
    assert "without the 1 CLMs at the 1 respiratory events: CLM 6, PLM 6 in 1 series" in out


def test_a_stage_without_a_length_lasts_until_the_next(tmp_path):
    rows = [(0, 0, "Sleep stage W"), (150, 0, "Sleep stage N2"), (180, 0, "Sleep stage ?")]
    rows += [(160, 2, "LM"), (185, 2, "LM")]
    found = score(edf(tmp_path / "a.edf", rows))
    assert [lm["asleep"] for lm in found["lms"]] == [True, False]
    assert found["sleep"]["hours"] == pytest.approx(30 / 3600, abs=1e-4)


def test_agree_reads_them_all(tmp_path):
    onsets = [100 + 20 * n + n * n for n in range(60)]  # no interval twice
    lms = [(on, 2, "LM_L") for on in onsets]
    one = edf(tmp_path / "one.edf", lms)
    other = tmp_path / "other.annot"
    other.write_text("".join(f"LM-L\t{on + 3}\t{on + 5}\n" for on in onsets))
    found = agree.run(one, other)
    assert found["clock"]["offset_s"] == 3
    assert found["lm"]["f1"] == 1


# Which leg is it?


def test_marks_of_no_leg_are_one_leg_when_they_can_be(tmp_path):
    path = edf(tmp_path / "a.edf", [(10, 2, "LM"), (10, 2, "PLM"), (40, 2, "LM")])
    assert events.read(path).legs == {"": [(10_000, 2000), (40_000, 2000)]}


@pytest.mark.parametrize(
    "rows",
    [
        [(10, 2, "Limb movement"), (11, 2, "Limb movement")],  # one leg can't do that
        [(10, 2, "LM@@EMG1"), (40, 2, "LM@@EMG2")],
        [(10, 2, "LM_L"), (40, 2, "LM_R"), (70, 2, "LM")],
        [(10, 2, "LM_L"), (70, 2, "PLMS")],
    ],
)
def test_legs_that_cant_be_told_apart_are_refused_with_what_was_found(rows, tmp_path, capsys):
    path = edf(tmp_path / "a.edf", rows)
    assert main(["score", str(path)]) == 2
    said = capsys.readouterr().err
    assert "can't be told apart" in said
    assert rows[-1][2].replace("@@", " on ") in said
    assert said.count("\n") == 1


def test_a_periodic_mark_of_no_leg_over_one_of_a_leg_is_the_same(tmp_path):
    rows = [(10, 2, "LM_L"), (40, 2, "LM_R"), (10, 2, "PLMS"), (39, 3, "PLMS")]
    assert events.read(edf(tmp_path / "a.edf", rows)).legs == {
        "left": [(10_000, 2000)],
        "right": [(40_000, 2000)],
    }


def test_a_mark_over_a_whole_series_is_no_movement(tmp_path):
    rows = [(10 + 20 * n, 2, "Limb movement@@EMG LAT") for n in range(5)]
    path = edf(tmp_path / "a.edf", [*rows, (10, 82, "PLMS@@EMG LAT")])
    assert score(path)["counts"]["plm"] == 5


def test_one_mark_of_both_legs(tmp_path):
    rows = [(10, 2, "LM bilateral"), (40, 2, "LM left")]
    assert events.read(edf(tmp_path / "a.edf", rows)).legs == {
        "left": [(10_000, 2000), (40_000, 2000)],
        "right": [(10_000, 2000)],
    }


def test_two_files_of_one_leg_are_refused(tmp_path):
    path = edf(tmp_path / "a.edf", [(10, 2, "LM:left")])
    with pytest.raises(BadInput, match="both of the left leg"):
        score(path, other_leg=path)


def test_luna_stages_last_until_the_next_line_and_times_of_day_pass_midnight(tmp_path):
    path = tmp_path / "a.annot"
    path.write_text(
        "W 23:59:00 ...\nN2 23:59:30 ...\nR 00:00:30 00:01:00\nLM:left 00.00.40.5 +2\n"
    )
    found = events.read(path)
    assert found.sleep == [(30_000, 60_000), (90_000, 30_000)]
    assert found.legs == {"left": [(100_500, 2000)]}


def test_two_files_keep_the_legs_they_name(tmp_path):
    right = edf(tmp_path / "a.edf", [(10, 2, "LM:right")])
    other = edf(tmp_path / "b.edf", [(40, 2, "LM"), (0, 30, "Sleep stage N2")])
    found = events.pair(right, other)
    assert found.legs == {"right": [(10_000, 2000)], "left": [(40_000, 2000)]}
    assert found.sleep == [(0, 30_000)]


def test_a_night_is_worn_from_any_list(tmp_path):
    path, out = as_nsrr(tmp_path), tmp_path / "truth.json"
    csv = ["--out", str(tmp_path / "night.csv"), "--truth", str(out)]
    assert main(["simulate", "--lms", str(path), "--leg", "right", *csv]) == 0
    truth = json.loads(out.read_text())
    for name, spans in (("movements", RIGHT), ("other_leg", LEFT)):
        worn = [(lm["onset_s"], lm["duration_s"]) for lm in truth[name] if lm["kind"] == "listed"]
        assert worn == [pytest.approx(span, abs=0.02) for span in spans]


@pytest.mark.parametrize(
    ("label", "kind", "sides"),
    [
        ("LM:left", "lm", "left"),
        ("PLM:right", "plm", "right"),
        ("PLM_Left", "plm", "left"),
        ("Periodic leg movement - left|PLM (Left)", "plm", "left"),
        ("Limb Movement (Right)", "lm", "right"),
        ("LMR", "lm", "right"),
        ("LM_L", "lm", "left"),
        ("LM-R", "lm", "right"),
        ("PLMS", "plm", ""),
        ("LM-ISOLATED", "lm", ""),
        ("LM", "lm", ""),
        ("leg movement", "lm", ""),
        ("LM TIB Sx", "lm", "left"),
        ("PLM series", "", ""),
        ("Arousal_(PLM_ARO)", "arousal", ""),
        ("arousal:lm", "arousal", ""),
        ("lml_arousal", "arousal", "left"),
        ("Respiratory effort related arousal|RERA", "arousal", ""),
        ("Hypopnea|Hypopnea", "respiratory", ""),
        ("Mixed Apnoe", "respiratory", ""),
        ("SpO2 desaturation|DESAT", "", ""),
        ("Body position change to left|POSITION-LEFT", "", "left"),
        ("Sleep stage N2", "sleep", ""),
        ("Stage 4 sleep|4", "sleep", ""),
        ("REM sleep|5", "sleep", ""),
        ("SLEEP-REM", "sleep", ""),
        ("SLEEP-S0", "wake", ""),
        ("Wake|0", "wake", ""),
        ("Sleep stage ?", "unscored", ""),
        ("2", "", ""),
        ("movement:posture", "", ""),
        ("movement:gross", "", ""),
        ("film", "", ""),
    ],
)
def test_labels_of_common_sleep_software(label, kind, sides):
    assert labels.kind(label) == kind
    assert "".join(labels.sides(label)) == sides


def test_a_channel_between_both_legs_names_neither():
    assert labels.sides("LM", "EMG LAT-EMG RAT") == ()
    assert labels.sides("LM", "EMG RAT1-EMG RAT2") == ("right",)


# Files that mean harm, or nothing

REM = "Sleep Stage\tTime [hh:mm:ss]\tEvent\tDuration[s]\tLocation\n"
BOMB = (
    '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa">'
    + "".join(
        f'<!ENTITY {b} "{f"&{a};" * 10}">' for a, b in zip("abcdefgh", "bcdefghi", strict=True)
    )
    + "]><PSGAnnotation>&i;</PSGAnnotation>"
)


@pytest.mark.parametrize(
    ("name", "text", "says"),
    [
        ("a.xml", BOMB, "document type"),
        ("a.xml", '<!DOCTYPE x SYSTEM "file:///etc/passwd"><x/>', "document type"),
        ("a.xml", "<PSGAnnotation><ScoredEvent>", "no whole XML file"),
        ("a.xml", "", "no whole XML file"),
        ("a.xml", "<x/>", "no marks at all"),
        ("a.xml", f"<x>{scored_event('LM:left', 'soon', 2)}</x>", "event 1 (LM:left): the Start"),
        ("a.xml", f"<x>{scored_event('LM:left', 1, 'NaN')}</x>", "'NaN' is not a number"),
        ("a.xml", f"<x>{scored_event('LM:left', -1, 2)}</x>", "is negative"),
        ("a.xml", "<x><ScoredEvent><Name>LM</Name></ScoredEvent></x>", "the Start ''"),
        ("a.xml", f"<x>{scored_event('LM', 1e9, 2)}</x>", "more than 12 days"),
        ("a.annot", "LM:left\t1\n", "line 1 has 2 columns"),
        ("a.annot", "LM:left\t1\ttwo\n", "line 1: the stop 'two'"),
        ("a.annot", "LM:left\t5\t2\n", "stops before it starts"),
        ("a.annot", "LM:left\te:0\t.\n", "epochs count from 1"),
        ("a.annot", "LM:left\t10:00:00\t+1\nLM:left\t09:00:00\t+1\n", "before the first line"),
        ("a.annot", "", "no marks at all"),
        ("a.txt", REM, "no marks at all"),
        ("a.txt", REM + "S2\t23:00:00\n", "line 2 has too few columns"),
        ("a.txt", REM + "S2\t25:00:00\tLM\t2\tEMG LAT\n", "line 2: '25:00:00' is no time"),
        ("a.txt", REM + "S2\t23:00:00\tLM\tx\tEMG LAT\n", "line 2: the duration 'x'"),
        ("a.txt", REM + "S2\t23:00:00\tLM\t-2\tEMG LAT\n", "is negative"),
        ("a.txt", REM + "S2\t23:00:00\tSLEEP-S2\t30\t\n", "it has SLEEP-S2 (1)"),
        ("a.txt", REM + "\0\n", "no text file"),
        ("a.txt", "hello\n", "there is no column onset"),
        ("a.csv", "onset,leg\n1,left\n", "there is no column duration"),
        ("a.csv", "onset,duration,leg\n1,2,middle\n", "the leg 'middle'"),
        ("a.csv", "onset,duration,leg\n1,x,left\n", "line 2, column duration"),
        ("a.csv", "onset,duration,leg\n1,2,left\n4,2,\n", "can't be told apart"),
        ("a.csv", "onset,duration,event\n1,2,\x1b[2Jx\n", "it has ?[2Jx"),
    ],
)
def test_files_that_cant_be_used(name, text, says, tmp_path, capsys):
    path = tmp_path / name
    path.write_text(text)
    assert main(["score", str(path)]) == 2
    said = capsys.readouterr().err
    assert says in said
    assert said.count("\n") == 1
    assert "\x1b" not in said


@pytest.mark.parametrize("name", ["a.xml", "a.annot"])
def test_a_huge_file_is_not_read(name, tmp_path, capsys):
    path = tmp_path / name
    with open(path, "wb") as file:
        file.truncate(marks.LARGEST + 1)  # takes no space
    assert main(["score", str(path)]) == 2
    assert "larger than 100 MB" in capsys.readouterr().err


@pytest.mark.parametrize("writer", [as_remlogic, as_nsrr, as_annot, as_csv])
def test_reading_ends_at_too_many_marks(writer, tmp_path, monkeypatch, capsys):
    path = writer(tmp_path)
    monkeypatch.setattr(marks, "MOST", 9)
    assert main(["score", str(path)]) == 2
    assert "more than 9 marks" in capsys.readouterr().err
