"""A run of a cohort: what it refuses, what fails alone, what is done again and what is not."""

import json
import resource
import shutil
import time

import pyarrow.parquet as pq
import pytest
from anklet.cli import main
from anklet.cohort import dates, engine, sources
from anklet.cohort.tables import DATASETS
from nightbytes import whole
from people import anklet, movements, read, small, tables, write_manifest

LIMIT_S = 600  # a busy machine is slow, a hanging one is for ever


def run(given, out, *more, workers="1"):
    return main(["cohort", "run", str(given), "--out", str(out), "--workers", workers, *more])


def test_a_night_that_cannot_be_read_fails_alone(cohort, capsys):
    plan, out = cohort
    failed = {(row["person"], row["night"], row["reason"]) for row in read(out, "failures")}
    assert failed == {
        ("p0", "2026-03-01", "nothing in the file can be read as a night"),
        ("p1", "list1", "the file: line 2, column duration: ... is not a number: correct it"),
    }
    assert len(read(out, "nights")) == 8 * 3 * 2 - 2
    assert run(plan, out) == 9
    assert "2 of 48 nights failed" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["long.cwa", "long.csv"])
def test_a_recording_that_no_worker_can_hold_fails_alone(tmp_path, name):
    with open(tmp_path / name, "wb") as file:
        file.write(b"t,x,y,z\n")
        file.truncate(sources.MOST_BYTES[file.name[-4:]] + 1)
    (tmp_path / "list.csv").write_text(movements(1))
    plan = write_manifest(
        tmp_path / "plan.csv",
        [("p", "one", "", "", "", name), ("p", "two", "", "", "", "list.csv")],
    )
    assert run(plan, tmp_path / "out") == 9
    (failed,) = read(tmp_path / "out", "failures")
    assert "cut it into nights" in failed["reason"]
    assert len(read(tmp_path / "out", "nights")) == 1


def test_nothing_of_a_name_comes_out(cohort):
    _, out = cohort
    text = json.dumps([read(out, name) for name in DATASETS])
    for name in ("Jane", "Doe", "night0-0", "list1-1", str(out.parent), "e6614103e7452b2f"):
        assert name not in text
    inputs = read(out, "run")
    assert len(inputs) == 48
    assert all(len(row["sha256"]) == 64 and "numpy" in row["versions"] for row in inputs)


def test_what_is_done_is_not_done_again(cohort, tmp_path, said):
    plan, whole_run = cohort
    out = tmp_path / "out"
    shutil.copytree(whole_run, out)
    before = {path: path.stat().st_mtime_ns for path in out.rglob("*.parquet")}
    code, outcome = said("cohort", "run", plan, "--out", out, "--workers", 1, "--json")
    assert (code, outcome["scored"], outcome["kept"], outcome["failed"]) == (9, 0, 48, 2)
    assert {path: path.stat().st_mtime_ns for path in out.rglob("*.parquet")} == before


def test_only_what_is_missing_or_changed_is_done(tmp_path, said):
    plan = small(tmp_path)
    out = tmp_path / "out"
    assert run(plan, out) == 9
    changed = tmp_path / "list3-1.csv"
    changed.write_text(movements(9999))
    code, outcome = said("cohort", "run", plan, "--out", out, "--workers", 1, "--json")
    assert (code, outcome["scored"], outcome["kept"]) == (9, 1, 47)
    next((out / "lms").glob("*.parquet")).unlink()
    lost = len({(r["person"], r["night"]) for r in _of_a_missing_part(out)})
    code, outcome = said("cohort", "run", plan, "--out", out, "--workers", 1, "--json")
    assert (code, outcome["scored"], outcome["kept"]) == (9, lost, 48 - lost)
    assert run(plan, tmp_path / "anew") == 9
    assert tables(out) == tables(tmp_path / "anew")


def _of_a_missing_part(out):
    there = {path.name for path in (out / "lms").glob("*.parquet")}
    for path in (out / "run").glob("*.parquet"):
        if path.name not in there:
            yield from pq.read_table(path).to_pylist()


def test_other_settings_do_it_all_again(tmp_path, said):
    plan = small(tmp_path, people=2)
    out = tmp_path / "out"
    run(plan, out)
    code, outcome = said(
        *("cohort", "run", plan, "--out", out, "--workers", 1, "--json", "--rules", "aasm3")
    )
    assert (code, outcome["scored"]) == (9, 12)
    assert {row["rules"] for row in read(out, "nights")} == {"aasm3"}


def test_shares_of_an_array_of_jobs_make_the_whole(cohort, tmp_path):
    plan, whole_run = cohort
    for share in ("3/3", "1/3", "2/3"):
        assert run(plan, tmp_path / "out", "--shard", share) in (0, 9)
    assert tables(tmp_path / "out") == tables(whole_run)


def test_processes_give_the_same_without_dask(cohort, tmp_path, monkeypatch):
    plan, whole_run = cohort
    monkeypatch.setattr(engine, "has_dask", lambda: False)
    assert run(plan, tmp_path / "out", workers="2") == 9
    assert tables(tmp_path / "out") == tables(whole_run)
    assert run(plan, tmp_path / "out", "--scheduler", "tcp://127.0.0.1:1") == 2


def test_a_run_that_was_killed_goes_on(tmp_path):
    plan = small(tmp_path, people=40, nights=2, many=300)
    out = tmp_path / "out"
    with anklet("cohort", "run", plan, "--out", out, "--workers", 1) as child:
        _until(lambda: list(out.glob("run/*.parquet")), child)
        child.kill()
    done = len(tables(out))
    assert done > 0
    shutil.rmtree(out / ".work", ignore_errors=True)  # as if it had been killed elsewhere
    (out / ".work" / "part-0000-of-0008.1").mkdir(parents=True)  # or in the middle of a file
    (out / ".work" / "part-0000-of-0008.1" / "lms.parquet").write_bytes(b"PAR1")
    assert run(plan, out) == 9
    assert run(plan, tmp_path / "anew") == 9
    assert tables(out) == tables(tmp_path / "anew")
    assert done < len(tables(out)), "it was killed too late to show anything"


def _until(there, child):
    deadline = time.monotonic() + LIMIT_S
    while not there():
        assert child.poll() is None, child.stderr.read()
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_a_full_disk_is_said_and_the_rest_done_later(cohort, tmp_path):
    plan, whole_run = cohort
    out = tmp_path / "out"

    def small_files():
        resource.setrlimit(resource.RLIMIT_FSIZE, (8_000, 8_000))

    with anklet(
        "cohort", "run", plan, "--out", out, "--workers", 1, preexec_fn=small_files
    ) as child:
        _, err = child.communicate(timeout=LIMIT_S)
    assert child.returncode == 2
    assert len([line for line in err.splitlines() if line.startswith("anklet:")]) == 1
    assert "can't be written" in err
    assert "Traceback" not in err
    assert run(plan, out) == 9
    assert tables(out) == tables(whole_run)


def test_nights_that_are_gone_stay_until_it_is_said(tmp_path, capsys):
    plan = small(tmp_path, people=3)
    out = tmp_path / "out"
    run(plan, out)
    lines = plan.read_text().splitlines()
    fewer = tmp_path / "fewer.csv"
    fewer.write_text("\n".join(line for line in lines if not line.startswith("p2,")))
    before = tables(out)
    assert run(fewer, out) == 2
    assert "6 nights" in capsys.readouterr().err
    assert tables(out) == before
    assert run(fewer, out, "--remove") == 9
    assert {row["person"] for name in DATASETS for row in read(out, name)} == {"p0", "p1"}


MANIFEST = "person,night,leg,session,group,file\n"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "no column person"),
        ("person,night\np,n\n", "no column file"),
        ("person,night,file,shoe\np,n,a.csv,42\n", "'shoe' is no column"),
        (MANIFEST, "names no night"),
        (MANIFEST + "p,n,,,,gone.csv\n", "row 2: there is no file 'gone.csv'"),
        (MANIFEST + "p,n,,,,\n", "row 2: there is no file"),
        (MANIFEST + "p,n,,,,a.csv\np,n,,,,b.csv\n", "row 3: p n is there twice"),
        (MANIFEST + "p,n,,,,a.csv\np,m,,,,a.csv\n", "row 3: this file is in row 2"),
        (MANIFEST + "p,n,middle,,,a.csv\n", "a leg is left, right or empty"),
        (MANIFEST + "Jane Doe,n,,,,a.csv\n", "'Jane Doe' is no person"),
        (MANIFEST + ",n,,,,a.csv\n", "'' is no person"),
        (MANIFEST + "p,../n,,,,a.csv\n", "'../n' is no night"),
    ],
)
def test_a_bad_manifest_is_one_sentence_and_nothing_written(tmp_path, capsys, text, words):
    for name in "ab":
        (tmp_path / f"{name}.csv").write_text(movements(1))
    plan = tmp_path / "plan.csv"
    plan.write_text(text or "nothing\n")
    assert run(plan, tmp_path / "out") == 2
    _refused(capsys, tmp_path, words if text else "'nothing' is no column")


def _refused(capsys, tmp_path, words):
    err = capsys.readouterr().err
    assert words in err
    assert len(err.strip().splitlines()) == 1
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("given", "more", "words"),
    [
        ("gone", (), "There is no"),
        ("empty", (), "no nights"),
        ("p/a.csv", (), "no column person"),
        ("p", ("--shard", "0/3"), "--shard"),
        ("p", ("--onset-mg", "4"), "5 to 200 mg"),
        ("p", ("--workers", "0"), "--workers"),
        ("p", ("--scheduler", "tcp://127.0.0.1:1"), "No Dask scheduler"),
        ("p", ("--shift-dates", "p/a.csv"), "is no key of dates"),
    ],
)
def test_bad_usage_is_one_sentence_and_nothing_written(
    tmp_path, capsys, monkeypatch, given, more, words
):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "empty").mkdir()
    (tmp_path / "p").mkdir()
    (tmp_path / "p" / "a.csv").write_text(movements(1) if given == "p" else "onset,duration\n")
    assert run(given, "out", *more) == 2
    err = capsys.readouterr().err.replace("'onset' is no column", "no column person")
    assert words in err
    assert len(err.strip().splitlines()) == 1
    assert not (tmp_path / "out").exists()


def test_a_folder_that_holds_something_else_is_refused(tmp_path, capsys):
    plan = small(tmp_path, people=1)
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "thesis.tex").write_text("")
    assert run(plan, tmp_path / "out") == 2
    assert "something else" in capsys.readouterr().err
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["thesis.tex"]


def test_dates_move_by_weeks_and_the_key_stays_away(tmp_path, capsys):
    rows = []
    for p in range(5):
        for n in range(2):
            name = f"{p}-{n}.plm"
            (tmp_path / name).write_bytes(whole(session=f"{n:05d}-{p:08x}"))
            rows.append((f"p{p}", f"2026-03-{n + 1:02d}", "", "", "", name))
    plan = write_manifest(tmp_path / "plan.csv", rows)
    key, out = tmp_path / "key", tmp_path / "out"
    assert run(plan, out, "--shift-dates", str(key)) == 0
    assert key.stat().st_mode & 0o777 == 0o600
    assert run(plan, tmp_path / "again", "--shift-dates", str(key)) == 0
    assert tables(out) == tables(tmp_path / "again")
    secret = key.read_bytes()
    shifts = {f"p{p}": dates.days(secret, f"p{p}") for p in range(5)}
    assert all(by % 7 == 0 and abs(by) <= 364 for by in shifts.values())
    assert len(set(shifts.values())) > 1
    rows = read(out, "nights")
    for person, by in shifts.items():
        mine = [row for row in rows if row["person"] == person]
        first, second = (dates.moved(f"2026-03-0{n}", by) for n in (1, 2))
        assert [row["night"] for row in mine] == [first, second]
        assert mine[0]["start"] == dates.moved("2026-11-21T22:58:03+01:00", by)
    assert all(secret.hex() not in row["settings"] for row in read(out, "run"))
    assert run(plan, out, "--shift-dates", str(out / "key")) == 2
    (tmp_path / "b.plm").write_bytes(whole())
    plan = write_manifest(tmp_path / "b.csv", [("p", "21.11.26", "", "", "", "b.plm")])
    assert run(plan, tmp_path / "b", "--shift-dates", str(key)) == 2
    assert "can't be shifted" in capsys.readouterr().err


def test_a_folder_becomes_a_manifest_without_names(tmp_path):
    for who in ("Ann", "Bob"):
        (tmp_path / "in" / who).mkdir(parents=True)
        for leg in ("left", "right"):
            (tmp_path / "in" / who / f"2026-03-01-{leg}.csv").write_text(movements(len(who + leg)))
    plan = tmp_path / "in" / "plan.csv"
    assert main(["cohort", "manifest", str(tmp_path / "in"), "--out", str(plan)]) == 0
    assert plan.read_text().splitlines()[1:3] == [
        "p0001,2026-03-01,left,1,,Ann/2026-03-01-left.csv",
        "p0001,2026-03-01,right,1,,Ann/2026-03-01-right.csv",
    ]
    assert run(plan, tmp_path / "out") == 0
    rows = read(tmp_path / "out", "nights")
    assert [(row["person"], row["leg"]) for row in rows] == [
        (who, leg) for who in ("p0001", "p0002") for leg in ("both", "left", "right")
    ]
