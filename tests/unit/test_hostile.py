"""Night files that mean harm, on every page and in every table: text stays text, sizes bounded."""

import json
import sqlite3
import subprocess
import sys
from html.parser import HTMLParser

import pytest
from anklet import report
from anklet.archive.store import Archive
from anklet.cli import main
from anklet.errors import BadInput
from anklet.night import as_json, nightfile
from anklet.web.server import create_app
from fuzz.files import Fuzzer, framed
from nightbytes import META, Builder, add_to, whole
from places import REPO
from plmcore import reader, record

NIGHT = "2026-11-21"
SCRIPT = '"><script>alert(1)</script><img src=x>'
ESCAPES = "\x1b[2J\x1b]0;x\x07\r\n\x9b31m\u202e"
TEXTS = ("start", "shank", "on_mg", "floor_factor", "gross_mg", "odr_hz", "registers", "power")


class Tags(HTMLParser):
    """Counts the tags of a page; none of them may be the text's."""

    def __init__(self, page):
        super().__init__()
        self.found = {}
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        self.found[tag] = self.found.get(tag, 0) + 1
        assert not [name for name, _ in attrs if name.startswith("on")], (tag, attrs)


def evil(text, **more):
    """A night that says `text` wherever it can."""
    keys = {key: text for key in (*META, *TEXTS) if key not in ("format", "session", "device")}
    return whole(**{**keys, **more})


def file(home, data):
    return add_to(Archive(home), data)


@pytest.fixture
def home(tmp_path, monkeypatch):
    path = tmp_path / "archive"
    monkeypatch.setenv("ANKLET_HOME", str(path))
    return path


def test_markup_from_a_board_or_a_note_is_text_on_every_page(home):
    pages = {}
    for kind, text in (("plain", "x"), ("evil", SCRIPT)):
        file(home, evil(text))
        assert main(["note", "--night", NIGHT, "--label", text, f"text={text} {text}"]) == 0
        archive = Archive(home)
        items = archive.sessions()
        pages[kind] = (report.night(archive, items), report.trend(archive, items))
    for plain, bad in zip(pages["plain"], pages["evil"], strict=True):
        assert "<script>alert" not in bad
        assert "<img src=x" not in bad
        tags = Tags(bad).found
        assert {"script", "img"} & set(tags) == {"script", "img"} & set(Tags(plain).found)
        assert tags["script"] == Tags(plain).found["script"]
        assert "&lt;script&gt;alert(1)" in bad  # it is shown
    client = create_app(home, "token").test_client()
    for path in ("/", "/journal", f"/journal?night={NIGHT}"):
        page = client.get(f"/token{path}").text
        assert "<script>alert" not in page
        assert "<img src=x" not in page
        assert "&lt;script&gt;alert(1)" in page


def test_the_terminal_sees_no_escape_sequences(home, capsys):
    file(home, evil(ESCAPES))
    for argv in (["nights"], ["report", NIGHT, "--out", str(home / "page.html")]):
        assert main(argv) == 0
        out = capsys.readouterr()
        for line in (out.out + out.err).split("\n"):
            assert line.isprintable(), line
    page = (home / "page.html").read_text(encoding="utf-8")
    assert ESCAPES not in page
    assert "\u202e" not in page


@pytest.mark.parametrize("name", ["../../x", "/etc/x", "a/../../x", "x" * 200, "..", "", "a\0b"])
@pytest.mark.parametrize("key", ["session", "device"])
def test_a_name_that_leads_elsewhere_files_nothing(home, key, name):
    with pytest.raises(BadInput):
        file(home, whole(**{key: name}))
    assert not list(home.parent.rglob("*.plm"))


def test_what_is_no_number_stays_text():
    night = nightfile.parse(evil("NaN"))
    assert json.loads(json.dumps(as_json.summary(night), allow_nan=False))["label"] == "NaN"
    assert "NaN" in report.html([night])


@pytest.mark.slow
def test_65535_series_are_a_page_of_bounded_size():
    night = Builder().anchor()
    for number in range(65_535):
        night.lm(number, 10_000 * number, flags=record.PLM, series=number + 1)
    session = nightfile.parse(bytes(night.data))
    assert session.counts["series"] > 60_000
    page = report.html([session])
    assert len(page) < 20 << 20
    assert "more.</p>" in page


@pytest.mark.slow
@pytest.mark.parametrize("number", [record.GAP, 0])
def test_a_flash_full_of_huge_values_is_a_page_of_bounded_size(number):
    kinds = [*reader.FIELDS]
    data = Fuzzer().large(kinds.index(number) if number else len(kinds) + 3)
    session = nightfile.parse(data)
    assert "damaged" in session.flags
    assert len(report.html([session])) < 8 << 20


def test_counts_of_all_ones_and_times_of_all_ones():
    size = sum(2 if c == "H" else 1 if c == "B" else 4 for c in record.LAYOUT_COUNTS[1:])
    data = Builder().anchor().raw(record.COUNTS, b"\xff" * size)
    night = nightfile.parse(bytes(data.data))
    assert (night.recorded_s, night.counts["plm"]) == (0, 0)
    assert {"damaged", "cut"} <= set(night.flags)
    names = reader.FIELDS[record.COUNTS][2][3:]
    data = Builder().anchor().counts((1 << 30) - 1, **dict.fromkeys(names, 65535))
    night = nightfile.parse(bytes(data.data))
    report.html([night])
    json.dumps(as_json.summary(night), allow_nan=False)


def test_records_out_of_order_are_told_of_and_put_in_order():
    night = Builder().anchor()
    parts = []
    for number in (5, 3, 4, 0, 2, 1):
        before = len(night.data)
        night.lm(number, 20_000 * number)
        parts.append(bytes(night.data[before:]))
        del night.data[before:]
    session = nightfile.parse(bytes(night.data + b"".join(reversed(parts))))
    assert [lm.number for lm in session.lms] == [0, 1, 2, 3, 4, 5]
    assert len(session.damage) == len(parts)


def test_four_megabytes_of_header(home):
    data, sequence = bytearray(whole()), 8
    while len(data) < 4 << 20:
        data += framed(record.META, f"{sequence:x}={SCRIPT}".encode().ljust(250, b"x"), sequence)
        sequence += 1
    night = file(home, bytes(data))
    assert len(night.meta) == nightfile.MOST_KEYS
    assert night.label == "bed"
    assert len(Archive(home).sessions()[0]["flags"]) < 10
    assert len(report.html([night])) < 6 << 20


@pytest.mark.parametrize(
    "argv",
    [
        ["nights"],
        ["nights", "--json"],
        ["report"],
        ["report", NIGHT],
        ["rebuild"],
        ["compare", "magnesium_mg"],
        ["export", "--format", "csv", "--out", "out"],
        ["note", "--night", NIGHT, "urge=3"],
    ],
)
def test_a_database_of_a_newer_version_is_left_alone(home, capsys, monkeypatch, argv):
    file(home, whole())
    with sqlite3.connect(home / "anklet.db") as db:
        db.execute("PRAGMA user_version = 99")
    before = {p: p.read_bytes() for p in home.rglob("*") if p.is_file()}
    monkeypatch.chdir(home.parent)
    assert main(argv) == 8
    assert "update anklet" in capsys.readouterr().err
    after = {p: p.read_bytes() for p in home.rglob("*") if p.is_file()}
    after.pop(home / "sync.lock", None)
    assert after == before


@pytest.mark.slow
def test_fuzzed_files_crash_nothing_and_need_little_memory():
    """Some of those of make fuzz."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.fuzz", "--files", "1000"],
        cwd=REPO,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
