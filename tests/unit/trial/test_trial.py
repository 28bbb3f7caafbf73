"""The trial commands: plan, tonight, status, result, and what they refuse."""

import json

import pytest
from anklet.cli import main
from anklet.trial import bands
from anklet.trial.seal import Trials
from trialnights import FIRST, date, evening, file_night

ID = f"{FIRST}-magnesium_mg"


@pytest.fixture
def home(monkeypatch, tmp_path):
    monkeypatch.setenv("ANKLET_HOME", str(tmp_path / "home"))
    evening(monkeypatch, 0)
    return tmp_path / "home"


@pytest.fixture
def anklet(home, capsys):
    def run(*words):
        """What a command printed; it has to succeed."""
        code = main(list(words))
        out, err = capsys.readouterr()
        assert (code, err) == (0, "")
        return json.loads(out) if "--json" in words else out

    return run


@pytest.fixture
def fails(home, capsys):
    def run(code, *words):
        """The one sentence of a command that has to fail with this code and change nothing."""
        before = contents(home)
        assert main(list(words)) == code
        out, err = capsys.readouterr()
        assert out == ""
        assert err.startswith("anklet: ")
        assert err.count("\n") == 1
        assert contents(home) == before
        return err

    return run


def contents(home):
    return {p: p.read_bytes() for p in home.rglob("*") if p.is_file()}


@pytest.fixture
def slept(home, anklet, monkeypatch):
    """A planned trial, its nights slept through as the plan said; `factor` on those with."""

    def run(*options, factor=0.5, until=36, without=(), note=False):
        anklet("trial", "plan", "magnesium_mg=300", "--seed", "5", *options)
        for day in range(until):
            if day in without:
                continue
            told = anklet("trial", "tonight", "--night", date(day), "--json")
            taken = told.get("take", "").endswith("=300")
            # Nights differ by a third of what they are, in a way that has no rhythm.
            plm = 150 * (1 + 0.3 * ((day * 37 % 11) - 5) / 5) * (factor if taken else 1)
            file_night(home, day, round(plm))
        evening(monkeypatch, until)

    return run


def test_a_trial_that_finds_a_difference(slept, anklet):
    slept()
    found = anklet("trial", "result", "--json")
    assert found["says"] == "fewer"
    assert found["low"] < -0.5 < found["high"] < 0
    assert (found["p"], found["orders"], found["pairs_used"]) == (2 / 64, 64, 6)
    assert found["level"] == 1 - 2 / 64
    assert found["simulated_clock"]
    text = " ".join(anklet("trial", "result").split())
    assert "A difference: on nights with magnesium there were" in text
    assert "of the 64 ways in which the coin could have ordered the pairs, 2 give" in text
    assert "Interval of 96.9 %" in text
    for said in ("Movements are not symptoms", "per hour in bed", "no cure", "simulated clock"):
        assert said in text


def test_a_trial_without_a_difference_can_not_tell(slept, anklet):
    slept(factor=1.0)
    found = anklet("trial", "result", "--json")
    assert (found["says"], found["p"] > 0.05) == ("cannot tell", True)
    assert found["low"] < 0 < found["high"]
    text = " ".join(anklet("trial", "result").split())
    assert "Cannot tell" in text
    assert "no proof that magnesium does nothing" in text


def test_five_pairs_give_estimate_and_interval_only(slept, anklet, home, capsys):
    why = "5 pairs can be ordered in 32 ways, so the smallest p that could come out is 0.0625"
    main(["trial", "plan", "magnesium_mg=300", "--pairs", "5", "--dry-run"])
    assert why in " ".join(capsys.readouterr().out.split())
    assert not (home / "trials").exists()
    slept("--pairs", "5", until=30)
    assert why in " ".join(anklet("trial", "result").split())
    found = anklet("trial", "result", "--json")
    assert (found["p"], found["says"], found["smallest_p"]) == (None, "cannot tell", 0.0625)
    assert found["low"] < found["change"] < found["high"] < 0


def test_missing_short_and_foreign_nights_are_told(slept, anklet, home):
    slept(without=(3, 8))
    file_night(home, 8, 20, hours=1)
    file_night(home, 40, 100)
    done = anklet("trial", "status", "--json")["done"]
    assert done["missing"] == [date(3), date(8)]
    assert (done["short"], done["nights_outside"]) == ([date(8)], 1)
    assert done["nights_counted"] == 34
    text = anklet("trial", "status")
    assert date(3) in text
    assert "PLM" not in text
    assert "fewer" not in text


def test_a_hidden_night_is_missing_and_told(slept, anklet, home):
    from anklet.archive.journal import Journal  # noqa: PLC0415

    slept()
    Journal(home).hide("e6614103e7452b2f", "00004-00000000", "the strap was off")
    done = anklet("trial", "result", "--json")["done"]
    assert (done["hidden"], done["missing"]) == ([date(3)], [date(3)])


def test_an_arm_that_was_not_kept(slept, anklet, fails):
    slept()
    day = next(d for d in range(36) if taken(anklet, d) == "magnesium_mg=0")
    anklet("note", "--night", date(day), "magnesium_mg=300")
    error = fails(2, "trial", "result")
    assert date(day) in error
    assert "--as-planned" in error
    found = anklet("trial", "result", "--as-planned", "--json")
    assert found["done"]["not_as_planned"] == [date(day)]
    assert found["as_kept"]["change"] != found["change"]
    text = anklet("trial", "result", "--as-planned")
    assert f"{date(day)} (magnesium_mg=300)" in text
    anklet("note", "--night", date(day), "magnesium_mg=0")
    assert anklet("trial", "result", "--json")["done"]["not_as_planned"] == []


def taken(anklet, day):
    return anklet("trial", "tonight", "--night", date(day), "--json")["take"]


def test_an_early_look_is_recorded_and_printed(slept, anklet, monkeypatch):
    slept(until=20)
    early = anklet("trial", "result", "--json")
    assert (early["finished"], early["p"], early["says"]) == (False, None, "cannot tell")
    assert early["change"] is not None
    assert len(early["looks"]) == 1
    text = anklet("trial", "result")
    assert "Too early to tell" in text
    assert "p =" not in text
    evening(monkeypatch, 36)
    assert "Looked at before the end" in anklet("trial", "result")
    assert [look["nights"] for look in anklet("trial", "result", "--json")["looks"]] == [20, 20]


def test_a_blind_trial_tells_bottles_and_hides_results(slept, anklet, fails, home, monkeypatch):
    slept("--blind", until=12)
    told = anklet("trial", "tonight")
    assert "bottle A" in told or "bottle B" in told
    assert "magnesium" not in told
    assert "hidden until" in fails(2, "trial", "result")
    assert {text for _, _, text in bands(home, "")} == {"planned: bottle A", "planned: bottle B"}
    sheet = (home / "trials" / f"{ID}-bottles.txt").read_text()
    assert "300 mg" in sheet
    evening(monkeypatch, 36)
    assert anklet("trial", "result", "--json")["finished"]
    assert {text for _, _, text in bands(home, "")} == {
        "planned: magnesium_mg=300",
        "planned: magnesium_mg=0",
    }


def test_the_bands_are_the_blocks(anklet, home):
    assert bands(home, "") == []
    anklet("trial", "plan", "magnesium_mg=300")
    found = bands(home, "")
    assert len(found) == 12
    assert found[0][:2] == (date(0), date(2))
    assert found[-1][:2] == (date(33), date(35))


def test_a_plan_changed_by_any_one_byte_is_refused(anklet, home, capsys):
    """Every byte of the file, to one other value: no result, nothing written, one sentence."""
    anklet("trial", "plan", "magnesium_mg=300")
    trials = Trials(home)
    file = home / "trials" / f"{ID}.json"
    whole, log = file.read_bytes(), trials.log.read_bytes()
    for at in range(len(whole)):
        file.write_bytes(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :])
        with pytest.raises(Exception, match="altered after it was sealed") as caught:
            trials.verified(ID)
        assert caught.value.exit_code == 6
        assert "\n" not in str(caught.value)
    assert trials.log.read_bytes() == log
    file.write_bytes(whole)
    assert main(["trial", "result"]) == 0


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ('"pairs": 6', '"pairs": 7', "pairs was 6 and is 7"),
        ('"alpha": 0.05', '"alpha": 0.95', "alpha was 0.05 and is 0.95"),
        ('"A": "with"', '"A": "sith"', 'arms.A was "with" and is "sith"'),
        ('"pairs": 6', '"pairs":  6', "spaces, line breaks or the way of writing"),
        ('"pairs": 6', '"pears": 6', "pairs was 6 and is not there"),
        ("{", "[", "line 1 is no longer as it was"),
    ],
)
@pytest.mark.parametrize("action", ["result", "tonight", "status"])
def test_what_was_altered_is_named(anklet, fails, home, action, old, new, told):
    anklet("trial", "plan", "magnesium_mg=300")
    file = home / "trials" / f"{ID}.json"
    file.write_text(file.read_text().replace(old, new, 1))
    assert told in fails(6, "trial", action)


def test_a_plan_or_a_seal_that_is_gone(anklet, fails, home):
    anklet("trial", "plan", "magnesium_mg=300")
    log = home / "trials" / "log.jsonl"
    whole = log.read_text()
    log.write_text(whole.replace('\\"pairs\\": 6', '\\"pairs\\": 5'))
    assert "was altered" in fails(6, "trial", "result")
    log.write_text(whole)
    (home / "trials" / f"{ID}.json").unlink()
    assert "backup" in fails(6, "trial", "result")


def test_planned_twice(anklet, fails, home, monkeypatch):
    anklet("trial", "plan", "magnesium_mg=300", "--label", "ada")
    error = fails(2, "trial", "plan", "caffeine_mg=200", "--label", "ada")
    assert f"{ID} is planned already" in error
    anklet("trial", "plan", "caffeine_mg=200", "--label", "ben")  # labels keep people apart
    assert {band[2] for band in bands(home, "ben")} == {
        "planned: caffeine_mg=200",
        "planned: caffeine_mg=0",
    }
    evening(monkeypatch, 36)
    anklet("trial", "plan", "caffeine_mg=200", "--label", "ada")


def test_a_trial_given_up_makes_room(anklet, fails):
    anklet("trial", "plan", "magnesium_mg=300")
    anklet("trial", "stop", "--why", "a journey")
    assert "a journey" in anklet("trial", "status")
    assert "given up" in fails(2, "trial", "tonight")
    assert anklet("trial", "plan", "magnesium_mg=300", "--json")["trial"] == f"{ID}-2"


@pytest.mark.parametrize("night", [date(-1), date(36), "2026-02-30", "soon"])
def test_a_night_outside_the_plan(anklet, fails, night):
    anklet("trial", "plan", "magnesium_mg=300")
    error = fails(2, "trial", "tonight", "--night", night)
    assert night in error


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["nonsense=3"], "The journal has no 'nonsense'"),
        (["medicine=3"], "prescribe"),
        (["antidepressant=sertraline"], "prescribe"),
        (["urge=3"], "can't be given or left out"),
        (["route=oral"], "can't be given or left out"),
        (["magnesium_mg"], "magnesium_mg="),
        (["magnesium_mg=0"], "magnesium_mg="),
        (["magnesium_mg=9999"], "from 0 to 2000"),
        (["magnesium_mg=300", "--start", date(-1)], "before its first night"),
        (["magnesium_mg=300", "--start", "soon"], "no date"),
        (["magnesium_mg=300", "--pairs", "3"], "--pairs"),
    ],
)
def test_plans_that_are_refused(fails, words, told):
    assert told in fails(2, "trial", "plan", *words)


@pytest.mark.parametrize("action", ["tonight", "status", "result"])
def test_without_a_plan(fails, action):
    assert "No trial is planned" in fails(2, "trial", action)


def test_nights_of_several_people_are_not_mixed(anklet, fails, home, monkeypatch):
    anklet("trial", "plan", "magnesium_mg=300")
    file_night(home, 0, 100, label="ada")
    file_night(home, 1, 100, label="ben", device="e6614103e7452b30")
    assert "several labels" in fails(2, "trial", "status")


def test_iron_comes_with_a_caution_and_power_with_every_plan(anklet):
    text = " ".join(anklet("trial", "plan", "iron_mg=20").split())
    assert "doctor's blood test" in text
    assert "Share of trials that find a true change" in text
