"""The trial commands: plan, tonight, status, result, and what they refuse."""

import csv
import hashlib
import json
import shutil

import pytest
from anklet.archive import journal
from anklet.archive.store import Archive
from anklet.cli import main
from anklet.night import trace
from anklet.scoring import rescore
from anklet.trial import bands, doses
from anklet.trial.seal import Trials
from places import DATA
from trialnights import FIRST, date, evening, file_night

pytestmark = pytest.mark.slow

GOLDEN = DATA / "trial_v1"
ID = f"{FIRST}-magnesium_mg"
SIX = ("--pairs", "6", "--nights", "3", "--no-washout")  # 36 nights
PLAN = ("trial", "plan", "magnesium_mg=300", *SIX)


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
        anklet(*PLAN, "--seed", "5", *options)
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
    assert "interval of 96.9 %: from" in text
    for said in ("Movements are not symptoms", "per hour in bed", "no cure", "simulated clock"):
        assert said in text


def test_a_difference_that_the_traces_do_not_show_is_none(
    slept, anklet, home, monkeypatch, capsys
):
    """Two detectors counted; by one of them, from the traces, all nights are alike."""
    slept()
    archive = Archive(home)
    for item in archive.sessions()[1:]:
        data = item["session"].encode()
        sha256 = hashlib.sha256(data).hexdigest()
        archive.add_trace(data, sha256, item["session"], item["device"])
    monkeypatch.setattr(trace, "parse", lambda data, session: data)
    monkeypatch.setattr(
        rescore, "run", lambda night, trace: {"counts": {"plm": 100 + trace[4] % 3}}
    )
    assert main(["trial", "result", "--rescored", "--json"]) == 0
    out, err = capsys.readouterr()
    found = json.loads(out)
    assert "scoring again 100 %" in err
    assert found["p"] == 2 / 64
    (other,) = found["beside"].items()
    assert other[0] == "with every night scored again from its trace (35 have one)"
    assert abs(other[1]["change"]) < 0.05
    assert found["says"] == "cannot tell"
    assert anklet("trial", "result", "--json")["says"] == "fewer"


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
    assert "anklet trial guess" in fails(2, "trial", "result")
    anklet("trial", "guess", "B")
    assert "given already: B" in fails(2, "trial", "guess", "A")
    found = anklet("trial", "result", "--json")
    assert (found["finished"], found["guess"]) == (True, "B")
    assert "you took bottle B for the one with" in " ".join(anklet("trial", "result").split())
    assert {text for _, _, text in bands(home, "")} == {
        "planned: magnesium_mg=300",
        "planned: magnesium_mg=0",
    }


def test_the_bands_are_the_blocks(anklet, home):
    assert bands(home, "") == []
    anklet(*PLAN)
    found = bands(home, "")
    assert len(found) == 12
    assert found[0][:2] == (date(0), date(2))
    assert found[-1][:2] == (date(33), date(35))


def test_a_plan_changed_by_any_one_byte_is_refused(anklet, home, capsys):
    """Every byte of the file, to one other value: no result, nothing written, one sentence."""
    anklet(*PLAN)
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
    anklet(*PLAN)
    file = home / "trials" / f"{ID}.json"
    file.write_text(file.read_text().replace(old, new, 1))
    assert told in fails(6, "trial", action)


def test_a_plan_or_a_seal_that_is_gone(anklet, fails, home):
    anklet(*PLAN)
    log = home / "trials" / "log.jsonl"
    whole = log.read_text()
    log.write_text(whole.replace('\\"pairs\\": 6', '\\"pairs\\": 5'))
    assert "was altered" in fails(6, "trial", "result")
    log.write_text(whole)
    (home / "trials" / f"{ID}.json").unlink()
    assert "backup" in fails(6, "trial", "result")


def test_planned_twice(anklet, fails, home, monkeypatch):
    anklet(*PLAN, "--label", "ada")
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
    anklet(*PLAN)
    anklet("trial", "stop", "--why", "a journey")
    assert "a journey" in " ".join(anklet("trial", "status").split())
    assert "given up" in fails(2, "trial", "tonight")
    assert anklet(*PLAN, "--json")["trial"] == f"{ID}-2"


@pytest.mark.parametrize("night", [date(-1), date(36), "2026-02-30", "soon"])
def test_a_night_outside_the_plan(anklet, fails, night):
    anklet(*PLAN)
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
        (["alcohol_g=none", "--blind"], "without knowing it"),
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
    anklet(*PLAN)
    file_night(home, 0, 100, label="ada")
    file_night(home, 1, 100, label="ben", device="e6614103e7452b30")
    assert "several labels" in fails(2, "trial", "status")


@pytest.mark.parametrize(
    ("dose", "source"),
    [
        ("magnesium_mg=351", "Institute of Medicine 1997"),
        ("magnesium_mg=2000", "350 mg is the most"),
        ("iron_mg=46", "Institute of Medicine 2001"),
        ("iron_mg=500", "45 mg is the most"),
        ("caffeine_mg=401", "EFSA 2015"),
        ("caffeine_mg=2000", "400 mg is the most"),
        ("alcohol_g=500", "can only be left out"),
        ("alcohol_g=1", "can only be left out"),
        ("exercise_min=1440", "120 min is the most"),
    ],
)
def test_a_dose_over_its_limit_is_not_planned(fails, home, dose, source):
    assert source in fails(2, "trial", "plan", dose)
    assert not (home / "trials").exists()


@pytest.mark.parametrize("key", doses.DOSES)
def test_every_item_can_be_planned_up_to_its_limit_and_left_out(key):
    most = doses.DOSES[key].most
    assert doses.parse(f"{key}=none") == (key, 0)
    if most:
        assert doses.parse(f"{key}={most:g}") == (key, most)
    assert most < journal.KEYS[key].high


def test_who_should_ask_first_is_named(anklet):
    text = " ".join(anklet("trial", "plan", "magnesium_mg=300").split())
    assert "kidneys" in text and "pregnancy" in text
    assert "adverse_event" in text  # the stop rule


def test_alcohol_is_left_out_or_as_usual(anklet):
    anklet("trial", "plan", "alcohol_g=none", "--seed", "1")
    takes = {anklet("trial", "tonight", "--night", date(d), "--json")["take"] for d in range(6)}
    assert takes == {"alcohol_g=0", "as usual"}
    told = [anklet("trial", "tonight", "--night", date(d)) for d in range(6)]
    assert any("no alcohol" in text for text in told)
    assert any("alcohol as usual" in text for text in told)


def test_defaults_by_item(anklet):
    swallowed = anklet("trial", "plan", "magnesium_mg=300", "--dry-run", "--json")
    moved = anklet("trial", "plan", "exercise_min=30", "--dry-run", "--json")
    assert [p["nights_in_all"] for p in swallowed["other_plans"]] == [36, 60]  # this one: 48
    assert [p["nights_in_all"] for p in moved["other_plans"]] == [48, 60]  # this one: 36
    text = anklet("trial", "plan", "magnesium_mg=300", "--dry-run")
    assert "8 x 3 washout" in text and "a lost week" in text


def test_unwanted_things_and_missing_nights_are_told_by_arm(slept, anklet):
    slept(without=(3, 8))
    anklet("note", "--night", date(5), "adverse_event=diarrhoea, mild, one day")
    found = anklet("trial", "result", "--json")
    assert found["adverse"] == {date(5): "diarrhoea, mild, one day"}
    assert sum(found["missing_by_arm"].values()) == 2
    text = " ".join(anklet("trial", "result").split())
    assert "diarrhoea, mild" in text
    assert "anklet sync before anything" in text


def test_what_was_noted_is_a_secondary_outcome(slept, anklet):
    slept()
    for day in range(36):
        with_ = taken(anklet, day).endswith("=300")
        anklet("note", "--night", date(day), f"urge={3 if with_ else 6}")
    second = anklet("trial", "result", "--json")["secondary"]
    assert list(second) == ["urge"]  # these nights have no intervals and no sleep quality
    assert (second["urge"]["change"], second["urge"]["p"]) == (pytest.approx(-3), 2 / 64)
    text = " ".join(anklet("trial", "result").split())
    assert "Secondary outcome (1 of 1 tested" in text
    assert "3.0 points lower" in text


def test_nights_with_few_plm_give_a_difference_and_no_percentage(anklet, home, monkeypatch):
    anklet(*PLAN, "--seed", "5")
    for day in range(36):
        file_night(home, day, 0 if day % 3 else 6 if taken(anklet, day).endswith("=0") else 4)
    evening(monkeypatch, 36)
    found = anklet("trial", "result", "--json")
    assert found["scale"] == "difference"
    assert -1 < found["change"] < 0
    text = " ".join(anklet("trial", "result").split())
    assert "periodic leg movements per hour in bed" in text
    assert "% fewer" not in text


def test_a_bottle_that_was_not_the_planned_one(slept, anklet, fails):
    slept("--blind")
    arm = anklet("trial", "tonight", "--night", date(4), "--json")["bottle"]
    anklet("note", "--night", date(4), f"bottle={'ab'['BA'.index(arm)]}")
    anklet("trial", "guess", "unsure")
    assert date(4) in fails(2, "trial", "result")
    found = anklet("trial", "result", "--as-planned", "--json")
    assert found["done"]["not_as_planned"] == [date(4)]


def test_a_trial_that_goes_on_is_not_exported(slept, anklet, fails):
    slept(until=20)
    assert "after its last night" in fails(2, "trial", "export")


def test_a_finished_trial_is_exported_without_names(slept, anklet, tmp_path):
    slept()
    found = anklet("trial", "export", "--json")
    assert len(found["design"]["sequence"]) == 6
    assert [night["day"] for night in found["nights"]] == list(range(36))
    result = found["result"]
    assert -1.2 < result["effect"] < -0.3
    assert 0 < result["se"] < 0.3
    assert date(3) not in json.dumps(found)
    anklet("trial", "export", "--out", str(tmp_path / "one.csv"))
    (row,) = csv.DictReader((tmp_path / "one.csv").open())
    assert (row["key"], row["outcome"]) == ("magnesium_mg", "plm_per_hour")
    assert float(row["effect"]) == pytest.approx(result["effect"], abs=1e-5)
    # Either form is what a cohort pools, beside others' trials.
    (tmp_path / "one.json").write_text(json.dumps(found))
    more = "".join(
        f"{p},{row['key']},{row['outcome']},{e},0.2\n" for p, e in (("b", -1), ("c", 0))
    )
    (tmp_path / "others.csv").write_text("person,key,outcome,effect,se\n" + more)
    for one in ("one.json", "one.csv"):
        files = str(tmp_path / one), str(tmp_path / "others.csv")
        (pooled,) = anklet("cohort", "pool", *files, "--json")["pooled"]
        people = {each["person"]: each["effect"] for each in pooled["people"]}
        assert people.keys() >= {"b", "c"} and len(people) == 3
        assert sorted(people.values())[1] == pytest.approx(result["effect"], abs=1e-5)
        assert pooled["low"] < pooled["effect"] < pooled["high"]
    code = main(["cohort", "pool", str(tmp_path / "one.json"), str(tmp_path / "one.csv")])
    assert code == 2  # one trial twice


def test_the_page_says_what_the_result_says(slept, anklet, tmp_path):
    slept(without=(3,))
    anklet("note", "--night", date(5), "adverse_event=<b>itch</b>")
    page = tmp_path / "page.html"
    anklet("trial", "result", "--page", str(page))
    text = page.read_text()
    assert text.count("<circle") == 35 + 2 * 6  # nights, and six pairs
    assert "&lt;b&gt;itch" in text
    for said in ("A difference", "interval of", "For a doctor", "Nobody looked", "Missing:"):
        assert said in text


def test_a_plan_of_version_1_is_run_and_analysed_as_it_was_sealed(
    anklet, home, monkeypatch, tmp_path
):
    """Sealed by anklet before doses, looks and secondary outcomes were in a plan: 400 mg, one
    night hidden, one missing. Its figures were printed by the same version."""
    expected = json.loads((GOLDEN / "expected.json").read_text())
    shutil.copytree(GOLDEN, home / "trials")
    for day, take in enumerate(expected["takes"]):
        assert taken(anklet, day) == take
        if day != 8:
            factor = 0.5 if take.endswith("=400") else 1
            file_night(home, day, round(150 * (1 + 0.3 * ((day * 37 % 11) - 5) / 5) * factor))
    evening(monkeypatch, 36)
    journal.Journal(home).hide("e6614103e7452b2f", "00004-00000000", "the strap was off")
    found = anklet("trial", "result", "--json")
    for name, value in expected["result"].items():
        if name == "done":
            assert found["done"].items() >= value.items()
        else:
            assert found[name] == value, name
    assert "with every night, hidden or not" in found["beside"]
    assert found["secondary"] == {}


def test_iron_comes_with_a_caution_and_power_with_every_plan(anklet):
    text = " ".join(anklet("trial", "plan", "iron_mg=20").split())
    assert "doctor's blood test" in text
    assert "share of trials that find a true change" in text
