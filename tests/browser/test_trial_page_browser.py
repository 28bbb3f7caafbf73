"""A trial's result and calendar and the page for a doctor, printed: one A4 side each, whatever
went on."""

import re

import chromium
import pytest
from anklet.archive.journal import Journal
from anklet.archive.longterm import LongTerm
from anklet.cli import main
from trialnights import date, evening, file_night

pytestmark = chromium.needed


@pytest.mark.parametrize("nights", [36, 96])
def test_it_is_one_page(monkeypatch, tmp_path, capsys, nights):
    """A long trial with a long diary of unwanted things, looks, and a trial given up before."""
    home = tmp_path / "home"
    monkeypatch.setenv("ANKLET_HOME", str(home))
    evening(monkeypatch, 0)
    shape = ("--pairs", {36: "6", 96: "12"}[nights], "--nights", {36: "3", 96: "4"}[nights])
    plan = ("trial", "plan", "magnesium_mg=300", "--seed", "1", *shape)
    assert main([*plan]) == 0
    assert main(["trial", "stop", "--why", "a journey " * 8]) == 0
    assert main([*plan]) == 0
    for day in range(nights):
        if day % 9:
            file_night(home, day, 100 + day * 37 % 80)
        noted = {"urge": day % 7, "adverse_event": "soft stool, mild " * 6}
        medicine = f"pramipexole {day // 5} mg, " * 9  # another dose every fifth night
        Journal(home).set(date(day), noted | {"medicine": medicine})
    evening(monkeypatch, nights // 2)
    for _ in range(3):
        assert main(["trial", "result"]) == 0
    longer = LongTerm(Journal(home))
    for month in range(1, 13):
        longer.take(
            None, "carbidopa and levodopa " * 2, f"{month}00 mg " * 4, f"2025-{month:02d}-01"
        )
        longer.test(None, f"2025-{month:02d}-02", "45")
    calendar = tmp_path / "calendar.html"
    assert main(["trial", "calendar", "--paper", str(calendar)]) == 0
    evening(monkeypatch, nights)
    file = tmp_path / "page.html"
    assert main(["trial", "result", "--page", str(file)]) == 0
    doctor = tmp_path / "doctor.html"
    assert main(["report", "--doctor", "--out", str(doctor)]) == 0
    capsys.readouterr()
    with chromium.launched() as browser:
        page = browser.new_page()
        printed = []
        for each in (file, doctor, calendar):
            page.goto(each.as_uri())
            printed.append(page.pdf(format="A4", prefer_css_page_size=True))
    assert [len(re.findall(rb"/Type\s*/Page\b", pdf)) for pdf in printed] == [1, 1, 1]
