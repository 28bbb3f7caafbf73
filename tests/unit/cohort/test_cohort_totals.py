"""The tables of a cohort against the commands that score one night."""

import hashlib
import json
import re

import duckdb
import numpy as np
import pytest
from anklet.archive.store import Archive
from anklet.cli import main
from anklet.night import as_json, nightfile
from anklet.night.rules import rule_set
from anklet.scoring import score
from anklet.signal import inputs, replay
from anklet.simulate import make_night, write_csv
from nightbytes import add_to, periodic, whole
from people import movements, read, write_manifest
from places import REPO

COUNTS = ("lm", "clm", "plm", "series", "isolated", "short_imi", "plm_strict")


def run(given, out, *more):
    return main(["cohort", "run", str(given), "--out", str(out), "--workers", "1", *more])


def same(row, numbers):
    assert {name: row[name] for name in COUNTS} == {n: numbers["counts"][n] for n in COUNTS}
    for name in ("recorded_s", "in_bed_s", "plm_per_hour", "periodicity_index"):
        if name in numbers:
            assert row[name] == numbers[name]


@pytest.fixture
def archive(tmp_path, monkeypatch):
    """Two labels, one of them with two sessions in a night."""
    monkeypatch.setenv("ANKLET_HOME", str(tmp_path / "home"))
    archive = Archive(tmp_path / "home")
    add_to(archive, whole(session="00001-1a2b3c4d", label="Ann"))
    add_to(archive, whole(session="00002-1a2b3c4d", label="Bob"))
    later = {"device": "e6614103e7452b30", "label": "Bob"}
    add_to(archive, bytes(periodic(session="00003-1a2b3c4d", **later).data))
    return archive


def test_an_archive_gives_what_anklet_nights_gives(archive, tmp_path, capsys):
    out = tmp_path / "out"
    assert run(archive.path, out) == 0
    capsys.readouterr()
    assert main(["nights", "--json"]) == 0
    nights = json.loads(capsys.readouterr().out)
    rows = read(out, "nights")
    # One label's two boards on one leg in one night are one night.
    assert [row["person"] for row in rows] == ["p0001", "p0002"]
    for name in COUNTS:
        total = sum(night["counts"][name] for night in nights)
        assert sum(row[name] for row in rows) == total
    assert sum(row["in_bed_s"] for row in rows) == sum(night["in_bed_s"] for night in nights)
    ann = next(night for night in nights if night["label"] == "Ann")
    assert rows[0]["night"] == ann["night"]
    assert rows[0]["start"] == ann["start"]
    same(rows[0], ann)


@pytest.mark.parametrize("rules", ["wasm2016", "aasm3"])
def test_lists_give_what_anklet_score_gives(tmp_path, said, rules):
    rows = []
    for seed in range(4):
        path = tmp_path / f"list{seed}.csv"
        path.write_text(movements(seed))
        leg = "left" if seed % 2 else "right"
        rows.append((f"p{seed // 2}", "n1", leg, "", "", path.name))
    plan = write_manifest(tmp_path / "plan.csv", rows)
    assert run(plan, tmp_path / "out", "--rules", rules) == 0
    for row in read(tmp_path / "out", "nights"):
        one, other = (
            tmp_path / f"list{seed}.csv"
            for seed in (2 * int(row["person"][1]) + s for s in (1, 0))
        )
        args = {"left": (one,), "right": (other,), "both": (one, "--other-leg", other)}
        code, found = said("score", *args[row["leg"]], "--rules", rules, "--json")
        assert code == 0
        same(row, found)
        lms = [lm for lm in read(tmp_path / "out", "lms") if _key(lm) == _key(row)]
        assert [(lm["onset_s"], lm["class"], lm["plm"], lm["series"]) for lm in lms] == [
            (lm["onset_s"], lm["class"], lm["plm"], lm["series"]) for lm in found["lms"]
        ]


def _key(row):
    return row["person"], row["night"], row["leg"]


def test_every_rule_set_meets_every_threshold(tmp_path, said, monkeypatch):
    """A trace by rescore, acceleration by the whole chain, at each setting of the grid."""
    night = make_night(hours=0.6, seed=3, plm_per_hour=80)
    raw = inputs.to_raw(inputs.Acceleration(night.rate, night.acc), 50)
    files = replay.record_files(raw, {"label": "me"}, utc=(20778, 0, 60))
    home = Archive(tmp_path / "home")
    monkeypatch.setenv("ANKLET_HOME", str(home.path))
    session = add_to(home, files[".plm"])
    digest = hashlib.sha256(files[".trc"]).hexdigest()
    home.add_trace(files[".trc"], digest, session.session, session.device)
    (tmp_path / "home2").mkdir()
    write_csv(night, tmp_path / "home2" / "p1_n1.csv")
    grid = ("--rules", "aasm3", "wasm2016", "--onset-mg", "45", "20")
    assert run(home.path, tmp_path / "out", *grid) == 0
    assert run(tmp_path / "home2", tmp_path / "out2", *grid) == 0
    rows, full = read(tmp_path / "out", "nights"), read(tmp_path / "out2", "nights")
    assert {(row["rules"], row["onset_mg"]) for row in rows} == {
        (rules, mg) for rules in ("wasm2016", "aasm3") for mg in (20, 45)
    }
    assert len(rows) == len(full) == 4
    for row in rows:
        at = "--rules", row["rules"], "--onset-mg", row["onset_mg"]
        _, found = said("rescore", session.session, *at, "--json")
        same(row, found["sessions"][0] | {"recorded_s": row["recorded_s"]})
    for row in full:
        settings = {"rules": row["rules"], "on_mg": row["onset_mg"]}
        same(row, as_json.result(nightfile.parse(replay.record_raw(raw, settings))))


def test_other_rules_score_the_movements_that_the_device_logged(tmp_path):
    night = whole()
    (tmp_path / "n.plm").write_bytes(night)
    plan = write_manifest(tmp_path / "plan.csv", [("p", "n", "", "", "", "n.plm")])
    assert run(plan, tmp_path / "out", "--rules", "aasm3", "wasm2016") == 0
    for row in read(tmp_path / "out", "nights"):
        spans = [(100_000 + 20_000 * i, 2000) for i in range(4)] + [(900_000, 2000)]
        found = score.score(spans, rule_set(row["rules"]))
        assert row["plm"] == found["counts"]["plm"] == 4
        assert row["excluded"] == 1
        assert row["log_imi"] == pytest.approx(np.log(20), abs=1e-6)


def test_the_query_in_the_handbook_gives_the_same(cohort):
    _, out = cohort
    text = (REPO / "host_tools" / "README.md").read_text()
    query = re.search(r"SELECT person[^`]*OUT/nights[^`]*", text)
    assert query, "the handbook has the query"
    found = duckdb.sql(query[0].replace("OUT", str(out))).fetchall()
    totals: dict = {}
    for row in read(out, "nights"):
        if row["plm_per_hour"] is not None:
            plm, hours = totals.get(row["person"], (0, 0.0))
            totals[row["person"]] = plm + row["plm"], hours + row["in_bed_s"] / 3600
    assert dict(found) == pytest.approx({who: plm / h for who, (plm, h) in totals.items()})
    assert len(found) == 8
