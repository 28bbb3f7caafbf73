"""Nights for other programs, read back by those programs' own libraries."""

import csv
import json
import sys

import duckdb
import mne
import numpy as np
import pytest
from anklet.archive.journal import Journal
from anklet.archive.store import Archive
from anklet.cli import main
from anklet.scoring.events import read
from anklet.scoring.score import run as score
from nightbytes import Builder, add_to, periodic
from plmcore import record


def busy(session="00001-1a2b3c4d", *, leg="left", late=0, **meta):
    """An hour with series, a gap inside one, an isolated CLM, a long and a short LM, a posture
    change and a marker; the end was not written, so the counts are those of the records."""
    night = Builder(session=session, leg=leg, **meta).anchor()
    number = 0
    for start in (100_000, 1_000_000):
        for i in range(6):
            flags, series = (record.PLM, 1 + (start > 900_000)) if i == 3 else (0, 0)
            if i > 3:
                flags, series = record.PLM, 1 + (start > 900_000)
            night.lm(number, start + late + 20_000 * i, 2_345, flags=flags, series=series)
            if i == 3:
                night.series(series, number - 3, number - 2, number - 1)
            number += 1
    # Three CLMs on either side of a gap: no series of six.
    for i in range(3):
        night.lm(number + i, 1_500_000 + 20_000 * i)
    night.gap(1_545_000, 5_000)
    for i in range(3):
        night.lm(number + 3 + i, 1_560_000 + 20_000 * i)
    night.lm(number + 6, 2_000_000, 12_000, kind=record.LONG)
    night.lm(number + 7, 2_100_000, 300, kind=record.SHORT)
    night.lm(number + 8, 2_200_000, kind=record.POSTURE)
    night.add(record.MARKER, 115_000, 2_300_000, 0)
    for minute in range(1, 61):
        night.epoch(60_000 * minute)
    return bytes(night.data)


@pytest.fixture
def archive(tmp_path, monkeypatch):
    monkeypatch.setenv("ANKLET_HOME", str(tmp_path / "home"))
    return Archive(tmp_path / "home")


def rows(path):
    with open(path, newline="") as handle:
        return list(csv.DictReader(handle))


def exported(tmp_path, form, *names):
    out = tmp_path / f"out.{form}"
    assert main(["export", "--format", form, "--out", str(out), *names]) == 0
    return out


def events_of_csv(folder):
    """(onset, duration, label) as the EDF+ annotations should have them."""
    found = []
    for row in rows(folder / "lms.csv"):
        span = float(row["onset_s"]), float(row["duration_s"])
        if row["class"] not in ("clm", "short", "long"):
            found.append((*span, f"movement:{row['class']}"))
            continue
        found.append((*span, f"LM:{row['leg']}"))
        if row["plm"] == "true":
            found.append((*span, f"PLM:{row['leg']}"))
    for row in rows(folder / "events.csv"):
        found.append((float(row["onset_s"]), float(row["duration_s"]), row["kind"]))
    return sorted(found)


@pytest.mark.skipif(sys.version_info >= (3, 13), reason="pyedflib has no wheel for this Python")
def test_edf_opens_in_pyedflib_and_mne_with_the_events_of_csv(archive, tmp_path):
    add_to(archive, busy())
    expected = events_of_csv(exported(tmp_path, "csv"))
    (path,) = exported(tmp_path, "edf").glob("*.edf")
    import pyedflib  # noqa: PLC0415 - no wheel for the newest Pythons

    with pyedflib.EdfReader(str(path)) as edf:
        onsets, durations, labels = edf.readAnnotations()
        assert edf.getStartdatetime().isoformat() == "2026-11-21T22:58:03"
        activity = edf.readSignal(0)
    by_pyedflib = sorted(zip(onsets, durations, labels, strict=True))
    by_mne = mne.io.read_raw_edf(path, verbose="error").annotations
    for found in (
        by_pyedflib,
        sorted(zip(by_mne.onset, by_mne.duration, by_mne.description, strict=True)),
    ):
        assert [item[2] for item in found] == [item[2] for item in expected]
        times = [item[:2] for item in found]
        assert np.allclose(times, [item[:2] for item in expected], rtol=0, atol=5e-4)
    assert activity == pytest.approx([3.0] * 60, abs=0.2)  # 30 tenths of a mg, every minute


def test_edf_scored_again_gives_the_same_counts(archive, tmp_path):
    night = add_to(archive, busy())
    (path,) = exported(tmp_path, "edf").glob("*.edf")
    again = score(path)
    assert night.counts["plm"] == 12
    for name in ("plm", "clm", "series", "short_imi", "plm_strict"):
        assert again["counts"][name] == night.counts[name]


def test_annot_has_what_the_edf_has_and_scores_the_same(archive, tmp_path):
    night = add_to(archive, busy())
    (path,) = exported(tmp_path, "annot").glob("*.annot")
    (edf,) = exported(tmp_path, "edf").glob("*.edf")
    assert path.stem == edf.stem
    lines = [line.split("\t") for line in path.read_text().splitlines()]
    assert lines[0] == ["class", "instance", "channel", "start", "stop", "meta"]
    assert {len(line) for line in lines} == {6}
    found = [(float(row[3]), float(row[4]) - float(row[3]), row[0]) for row in lines[1:]]
    expected = events_of_csv(exported(tmp_path, "csv"))
    assert [row[2] for row in found] == [row[2] for row in expected]
    for one, other in zip(found, expected, strict=True):
        assert one[:2] == pytest.approx(other[:2], abs=1e-6)
    again, of_edf = read(path), read(edf)
    assert (again.legs, again.gaps) == (of_edf.legs, of_edf.gaps)
    assert score(path)["counts"]["plm"] == night.counts["plm"] == 12


def test_a_gap_in_the_edf_breaks_the_series(archive, tmp_path):
    night = add_to(archive, busy())
    (path,) = exported(tmp_path, "edf").glob("*.edf")
    without = [span for span in read(path).legs["left"]]
    bare = tmp_path / "bare.csv"
    bare.write_text("onset,duration\n" + "".join(f"{o / 1000},{d / 1000}\n" for o, d in without))
    assert read(path).gaps == [(1_545_000, 5_000)]
    assert score(bare)["counts"]["plm"] == night.counts["plm"] + 6  # across the gap


def test_a_night_of_unknown_time_has_no_date(archive, tmp_path):
    data = bytes(Builder().lm(0, 5_000).epoch(60_000).data)
    add_to(archive, data)
    (path,) = exported(tmp_path, "edf").glob("unknown_*.edf")
    assert read(path).start is None
    assert read(path).legs == {"left": [(5_000, 2_000)]}
    assert rows(exported(tmp_path, "csv") / "lms.csv")[0]["time"] == ""


def test_csv_and_json_hold_the_same(archive, tmp_path):
    add_to(archive, busy())
    Journal(archive.path).set("2026-11-21", {"magnesium_mg": 300, "text": "=HYPERLINK(1)"})
    folder = exported(tmp_path, "csv")
    found = json.loads(exported(tmp_path, "json").read_text())
    for table in ("nights", "lms", "minutes", "events", "journal", "columns"):
        lines = rows(folder / f"{table}.csv")
        assert len(lines) == len(found[table]) > 0
        assert list(lines[0]) == list(found[table][0])
    assert found["journal"][0]["magnesium_mg"] == 300
    assert rows(folder / "journal.csv")[0]["text"] == "'=HYPERLINK(1)"  # no formula
    described = {(row["table"], row["column"]) for row in found["columns"]}
    for table in ("nights", "lms", "minutes", "events", "journal"):
        assert described >= {(table, name) for name in found[table][0]}
    (night,) = found["nights"]
    assert night["plm"] == sum(lm["plm"] for lm in found["lms"])


@pytest.mark.slow
def test_parquet_is_one_table_for_duckdb(archive, tmp_path, capsys):
    for number in range(1, 9):
        add_to(archive, busy(f"{number:05}-1a2b3c4d", leg="left" if number % 2 else "right"))
    out = exported(tmp_path, "parquet")
    capsys.readouterr()
    assert main(["nights", "--json"]) == 0
    items = json.loads(capsys.readouterr().out)
    query = f"FROM read_parquet('{out}/nights/**/*.parquet', hive_partitioning=true)"
    totals = duckdb.sql(f"SELECT count(*), sum(plm), sum(clm), sum(in_bed_s) {query}").fetchall()[
        0
    ]
    assert totals == (
        8,
        sum(item["counts"]["plm"] for item in items),
        sum(item["counts"]["clm"] for item in items),
        pytest.approx(sum(item["in_bed_s"] for item in items)),
    )
    movements = f"FROM read_parquet('{out}/lms/**/*.parquet', hive_partitioning=true)"
    by_leg = dict(
        duckdb.sql(f"SELECT leg, count(*) {movements} WHERE plm GROUP BY leg").fetchall()
    )
    assert by_leg == {"left": 48, "right": 48}
    assert duckdb.sql(f"SELECT DISTINCT CAST(night AS TEXT) {query}").fetchall() == [
        ("2026-11-21",)
    ]


def test_exporting_again_changes_nothing(archive, tmp_path):
    add_to(archive, busy())
    out = exported(tmp_path, "parquet")
    before = {path: path.read_bytes() for path in out.rglob("*.parquet")}
    exported(tmp_path, "parquet")
    assert {path: path.read_bytes() for path in out.rglob("*.parquet")} == before


def test_only_the_named_nights(archive, tmp_path):
    add_to(archive, busy("00001-1a2b3c4d"))
    add_to(archive, busy("00002-1a2b3c4d"))
    found = json.loads(exported(tmp_path, "json", "00002-1a2b3c4d").read_text())
    assert [night["session"] for night in found["nights"]] == ["00002-1a2b3c4d"]


def test_only_one_persons_nights(archive, tmp_path):
    add_to(archive, busy("00001-1a2b3c4d", label="Ana"))
    add_to(archive, busy("00002-1a2b3c4d", label="Ben", leg="right"))
    for given in (("--label", "Ben"), ("--leg", "right"), ("--label", "Ben", "2026-11-21")):
        found = json.loads(exported(tmp_path, "json", *given).read_text())
        assert [night["session"] for night in found["nights"]] == ["00002-1a2b3c4d"]
    assert main(["export", "--format", "csv", "--out", str(tmp_path / "out"), "--label", "E"]) == 2


def test_hidden_sessions_are_left_out_unless_asked_for(archive, tmp_path, capsys):
    one, two = "00001-1a2b3c4d", "00002-1a2b3c4d"
    add_to(archive, busy(one))
    add_to(archive, busy(two))
    journal = Journal(archive.path)
    journal.hide("e6614103e7452b2f", two, "the strap fell off")

    def sessions(*given):
        found = json.loads(exported(tmp_path, "json", *given).read_text())
        return [night["session"] for night in found["nights"]]

    assert sessions() == sessions("2026-11-21") == [one]
    assert "1 hidden left out" in capsys.readouterr().out
    assert sessions("--all") == sessions("2026-11-21", "--all") == sessions(one, two) == [one, two]
    assert sessions(two) == [two]
    journal.hide("e6614103e7452b2f", one, "the strap fell off")
    assert main(["export", "--format", "json", "--out", str(tmp_path / "none.json")]) == 2
    assert "--all" in capsys.readouterr().err


def test_an_unknown_night_is_named_and_nothing_written(archive, tmp_path, capsys):
    add_to(archive, bytes(periodic().data))
    out = tmp_path / "out"
    assert main(["export", "--format", "csv", "--out", str(out), "2001-01-01"]) == 2
    assert "no night 2001-01-01" in capsys.readouterr().err
    assert not out.exists()


def test_an_edf_without_leg_movements_says_what_it_has(tmp_path, capsys):
    import datetime as dt  # noqa: PLC0415

    import edfio  # noqa: PLC0415

    path = tmp_path / "stages.edf"
    edfio.Edf(
        [edfio.EdfSignal(np.arange(30.0), 1)],
        recording=edfio.Recording(startdate=dt.date(2026, 11, 21)),
        annotations=[edfio.EdfAnnotation(0, 30, "Sleep stage W")],
    ).write(path)
    assert main(["score", str(path)]) == 2
    assert "Sleep stage W" in capsys.readouterr().err
    broken = tmp_path / "broken.edf"
    broken.write_bytes(b"0" + path.read_bytes()[1:200])
    assert main(["score", str(broken)]) == 2


def test_what_was_noted_before_the_first_sync_is_exported(tmp_path):
    from anklet.export import tables  # noqa: PLC0415

    diary = Journal(tmp_path)
    diary.set("2026-11-20", {"urge": 6}, None)
    (row,) = tables.journal_rows(diary)
    assert (row["night"], row["label"], row["urge"]) == ("2026-11-20", None, 6)
    diary.set("2026-11-21", {"urge": 4}, "anna")  # from now on there is somebody to count it for
    found = {(row["night"], row["label"]): row["urge"] for row in tables.journal_rows(diary)}
    assert found == {("2026-11-20", "anna"): 6, ("2026-11-21", "anna"): 4}
