"""The commands: output, exit codes, and one sentence for each failure."""

import datetime as dt
import json
import os
import re
import signal
import subprocess
import sys
import tomllib

import pytest
from anklet.archive.store import Archive
from anklet.cli import main
from anklet.commands import archive
from anklet.night import named
from anklet.report.table import table
from nightbytes import add_to, whole
from patience import PATIENCE_S
from places import REPO

SESSION = "00001-1a2b3c4d"


@pytest.fixture
def home(monkeypatch, tmp_path):
    path = tmp_path / "home"
    monkeypatch.setenv("ANKLET_HOME", str(path))
    return path


@pytest.fixture
def filed(home):
    """An archive with a night of known time and one of unknown time."""
    for data in (whole(), whole(session="00002-00000000", label="\x1b]0;x\x07<script>")):
        add_to(Archive(home), data)
    return home


def fails(capsys, code, *argv):
    """The command fails with this code and one sentence on standard error, which is returned."""
    assert main(list(argv)) == code
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("anklet: ")
    assert err.count("\n") == 1
    return err


def test_no_nights_yet(home, capsys):
    assert main(["nights"]) == 0
    assert "anklet sync" in capsys.readouterr().out
    assert main(["nights", "--json"]) == 0
    assert capsys.readouterr().out == "[]\n"
    assert not home.exists()


def test_the_table_of_nights(filed, capsys):
    assert main(["nights"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert "PLM per hour in bed" in lines[0]
    assert lines[1].split() == [
        *("2026-11-21", "22:58", "452b2f", "left", "bed", "known", "1.0", "h", "0.8", "h"),
        *("5", "5", "4", "4.8", "0.80", "upright"),
    ]
    assert lines[1].index("4.8") > lines[0].index("PLM per hour in bed")
    assert "accelerometer" in lines[-1]
    assert "\x1b" not in "".join(lines)


def test_nights_json_is_what_is_promised(filed, capsys):
    assert main(["nights", "--json"]) == 0
    first, second = json.loads(capsys.readouterr().out)
    assert {"night", "session", "device", "leg", "label", "start", "clock"} <= set(first)
    assert {"recorded_s", "in_bed_s", "counts", "plm_per_hour", "flags"} <= set(first)
    assert first["counts"]["plm"] == 4
    assert second["session"] == "00002-00000000"


def test_rebuild(filed, capsys):
    main(["nights", "--json"])
    before = capsys.readouterr().out
    (filed / "anklet.db").unlink()
    assert "rebuild" in fails(capsys, 2, "nights")
    assert main(["rebuild"]) == 0
    assert capsys.readouterr().out.startswith("2 nights")
    main(["nights", "--json"])
    assert capsys.readouterr().out == before


@pytest.mark.parametrize("night", ["2026-11-21", SESSION, None])
def test_report_writes_a_page(filed, capsys, tmp_path, night):
    out = tmp_path / "page.html"
    assert main(["report", *([night] if night else []), "--out", str(out)]) == 0
    assert str(out) in capsys.readouterr().out
    assert "</html>" in out.read_text(encoding="utf-8")


@pytest.mark.parametrize("how", [["--language", "de"], []])
def test_a_report_speaks_the_language_asked_for(filed, capsys, tmp_path, monkeypatch, how):
    monkeypatch.setenv("LANGUAGE", "fr:de_AT")
    out = tmp_path / "page.html"
    assert main(["report", "--out", str(out), *how]) == 0
    assert capsys.readouterr().out == f"wrote {out}\n"  # the terminal speaks English
    assert '<html lang="de"' in out.read_text(encoding="utf-8")
    assert main(["report", "--out", str(out), "--language", "en"]) == 0
    assert '<html lang="en"' in out.read_text(encoding="utf-8")


def test_report_of_a_night_that_is_not_there(filed, capsys):
    assert "2020-01-01" in fails(capsys, 2, "report", "2020-01-01")


def test_report_without_nights(home, capsys):
    assert "anklet sync" in fails(capsys, 2, "report")


def test_report_to_a_place_that_can_not_be_written(filed, capsys, tmp_path):
    (tmp_path / "file").write_text("")
    fails(capsys, 2, "report", SESSION, "--out", str(tmp_path / "file" / "page.html"))


@pytest.mark.slow
def test_simulate_replay_and_score(tmp_path, capsys):
    csv, truth = tmp_path / "night.csv", tmp_path / "truth.json"
    argv = ["simulate", "--out", str(csv), "--truth", str(truth), "--hours", "0.2", "--seed", "3"]
    assert main(argv) == 0
    known = json.loads(truth.read_text())
    capsys.readouterr()

    assert main(["replay", str(csv), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["schema"], found["rules"], found["runtime"]) == (1, "wasm2016", "cpython")
    assert found["recorded_s"] == pytest.approx(720, abs=2)
    assert main(["replay", str(csv)]) == 0
    assert "PLM per hour in bed" in capsys.readouterr().out

    lms = tmp_path / "lms.csv"
    rows = [f"{m['onset_s']},{m['duration_s']}" for m in known["movements"]]
    lms.write_text("\n".join(["onset,duration", *rows]) + "\n")
    assert main(["score", str(lms), "--json"]) == 0
    counts = json.loads(capsys.readouterr().out)["counts"]
    assert {name: counts[name] for name in known["counts"]} == known["counts"]
    assert main(["score", str(lms)]) == 0
    assert f"PLM {known['counts']['plm']} " in capsys.readouterr().out


def test_simulate_refuses_the_impossible(tmp_path, capsys):
    out = str(tmp_path / "n.csv")
    fails(capsys, 2, "simulate", "--out", out, "--rate", "5")
    fails(capsys, 2, "simulate", "--out", out, "--family", "nonsense")
    blocked = str(tmp_path / "none" / "n.csv")
    fails(capsys, 2, "simulate", "--out", blocked, "--hours", "0.01")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("command", ["replay", "score"])
def test_a_file_that_is_none(command, tmp_path, capsys):
    assert "none.csv" in fails(capsys, 2, command, str(tmp_path / "none.csv"))
    assert "folder" in fails(capsys, 2, command, str(tmp_path))
    (tmp_path / "empty.csv").write_text("")
    assert "empty.csv" in fails(capsys, 2, command, str(tmp_path / "empty.csv"), "--json")


def test_a_port_that_does_not_exist(home, capsys):
    assert "/dev/anklet-none" in fails(capsys, 3, "sync", "--port", "/dev/anklet-none")
    assert not home.exists()


def test_an_archive_of_a_newer_version(filed, capsys):
    import sqlite3  # noqa: PLC0415

    with sqlite3.connect(filed / "anklet.db") as db:
        db.execute("PRAGMA user_version = 99")
    assert "update anklet" in fails(capsys, 8, "nights")


@pytest.mark.parametrize(
    "argv", [["dance"], ["trial"], ["replay"], ["replay", "f", "--rules", "x"], ["nights", "more"]]
)
def test_bad_usage(argv, capsys):
    with pytest.raises(SystemExit) as caught:
        main(argv)
    assert caught.value.code == 2
    assert "usage:" in capsys.readouterr().err


def test_debug_shows_where_it_happened(home, capsys):
    for argv in (["--debug", "report"], ["report", "--debug"]):
        assert main(argv) == 2
        assert "Traceback" in capsys.readouterr().err


def test_a_fault_of_ours_asks_for_a_report(home, capsys, monkeypatch):
    def broken(args):
        raise ZeroDivisionError("division by zero")

    monkeypatch.setattr(archive, "_nights", broken)
    assert "report it" in fails(capsys, 1, "nights")


def test_ctrl_c(home, monkeypatch):
    def interrupted(args):
        raise KeyboardInterrupt

    monkeypatch.setattr(archive, "_nights", interrupted)
    assert main(["nights"]) == 130


def test_a_reader_that_goes_away(filed):
    run = [sys.executable, "-m", "anklet.cli", "nights"]
    reading, writing = os.pipe()
    os.close(reading)
    done = subprocess.run(
        run, stdout=writing, stderr=subprocess.PIPE, timeout=PATIENCE_S, check=False
    )
    os.close(writing)
    assert (done.returncode, done.stderr) == (0, b"")


def test_start_up_is_fast():
    code = "import sys, anklet.cli; print(sorted({'numpy', 'serial'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True)
    assert done.stdout.strip() == b"[]"


def test_the_version_is_the_packages(capsys):
    with pytest.raises(SystemExit) as ended:
        main(["--version"])
    project = tomllib.loads((REPO / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert (ended.value.code, capsys.readouterr().out) == (0, f"anklet {project['version']}\n")


def test_without_a_command_it_says_how_things_stand_and_the_next_step(home, capsys):
    assert main([]) == 0
    out = capsys.readouterr().out
    assert "No nights yet" in out and "anklet sync" in out and "anklet web" in out
    assert not home.exists()


def test_without_a_command_the_newest_night_is_told_with_its_interval(filed, capsys):
    assert main([]) == 0
    out = capsys.readouterr().out
    told = " ".join(out.split())
    assert re.search(r"left leg: 4\.8 PLM an hour \(\S+ to \d+\) in 50 min in bed\.", told)
    assert "Too few nights" in out


@pytest.mark.parametrize(
    ("argv", "meant"),
    [(["nigths"], "nights"), (["trial", "plann"], "plan"), (["nights", "--leg", "lef"], "left")],
)
def test_a_slip_is_told_what_was_perhaps_meant(capsys, argv, meant):
    with pytest.raises(SystemExit) as ended:
        main(argv)
    assert ended.value.code == 2
    assert f"did you mean {meant}?" in capsys.readouterr().err


def test_a_key_that_is_nearly_right_is_named(home, capsys):
    assert "did you mean magnesium_mg?" in fails(capsys, 2, "note", "magnesum_mg=300")


@pytest.mark.parametrize(
    ("word", "ago"), [("today", 0), ("Yesterday", 1), ("-1", 1), ("-14", 14), (" tonight", 0)]
)
def test_a_night_may_be_named_by_a_word(word, ago):
    today = dt.date(2026, 3, 1)
    assert named.dated(word, today) == (today - dt.timedelta(days=ago)).isoformat()


@pytest.mark.parametrize("text", ["2026-11-21", SESSION, "", "-", "-x", "--1"])
def test_what_is_no_word_for_a_night_stays_as_it_is(text):
    assert named.dated(text) == text


def test_commands_take_such_a_word(filed, capsys, tmp_path):
    yesterday = (dt.date.today() - dt.timedelta(days=1)).isoformat()
    out = str(tmp_path / "page.html")
    assert yesterday in fails(capsys, 2, "report", "yesterday", "--out", out)
    assert main(["note", "--night", "-1", "--label", "bed", "urge=3"]) == 0
    assert f"night of {yesterday}" in capsys.readouterr().out


@pytest.mark.parametrize("width", [80, 100])
def test_the_table_fits_a_terminal_and_says_what_it_left_out(filed, width):
    items = Archive(filed).sessions()
    items[0]["flags"] = ["gap", "cut", "damaged", "upright", "fault"]
    text = table(items, width)
    assert max(map(len, text.splitlines())) <= width
    assert "4.8" in text and "fault" in text
    assert "for want of room: " in " ".join(text.split())
    assert "for want of room" not in table(items)


def test_the_shell_completes_every_command(capsys):
    assert main(["completion", "bash"]) == 0
    script = capsys.readouterr().out
    for name in ("nights", "--both-legs", "tonight"):
        assert name in script


# --- signals

COMMAND = """
import argparse, os, signal, sys
from anklet import cli
for name in ("SIGINT", "SIGTERM", "SIGHUP"):  # nohup, or a script's &, has them ignored
    signal.signal(getattr(signal, name), signal.SIG_DFL)
class Parser:
    def parse_args(self, argv, given):
        return argparse.Namespace(debug=False, run=run)
def run(args):
    {body}
cli._parser = Parser
sys.exit(cli.main())
"""


def program(code):
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False
    )
    return done.returncode, done.stdout, done.stderr


@pytest.mark.parametrize("name", ["SIGTERM", "SIGHUP", "SIGINT"])
def test_a_command_that_is_asked_to_end_does(name):
    body = f"try: os.kill(os.getpid(), signal.{name})\n    finally: print('left in order')"
    ended = 128 + getattr(signal, name)
    assert program(COMMAND.format(body=body)) == (ended, "left in order\n", "")


def test_a_signal_that_python_turns_into_an_error_of_its_own_is_none_of_ours():
    body = (
        "try: os.kill(os.getpid(), signal.SIGTERM)\n"
        "    except BaseException: raise SyntaxError from None"
    )
    assert program(COMMAND.format(body=body)) == (143, "", "")


def test_before_any_command_ctrl_c_ends_the_program_without_a_word():
    code = """
import os, signal, sys
from anklet import __main__
class Slow:
    def find_spec(self, name, *where):
        if name == "anklet.cli":
            assert signal.getsignal(signal.SIGINT) == signal.SIG_DFL
            os.kill(os.getpid(), signal.SIGINT)
sys.meta_path.insert(0, Slow())
signal.signal(signal.SIGINT, signal.default_int_handler)
__main__.main()
"""
    assert program(code) == (-signal.SIGINT, "", "")
