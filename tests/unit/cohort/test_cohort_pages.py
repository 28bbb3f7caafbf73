"""What a cohort comes to on one page, and trials of several people pooled."""

import json
import math
import re

import numpy as np
import pytest
from anklet.cli import main
from anklet.cohort import pooled
from people import read
from scipy import stats


def test_the_page_tells_of_groups_and_of_no_one(cohort, tmp_path):
    _, out = cohort
    page = tmp_path / "page.html"
    assert main(["cohort", "report", str(out), "--out", str(page)]) == 0
    text = page.read_text()
    assert len(text) < 100_000
    rates = {}
    for row in read(out, "nights"):
        if row["plm_per_hour"] is not None:
            rates.setdefault((row["group"], row["person"]), []).append(row["plm_per_hour"])
    for group in ("control", "rls"):
        middle = np.median([np.mean(v) for (name, _), v in rates.items() if name == group])
        assert re.search(
            rf'scope="row">{group}</th><td>4</td><td>[0-9]+</td><td>{middle:.1f}', text
        )
    assert "Of 48 nights 2 failed" in text
    assert "nothing in the file can be read as a night</th><td>1</td>" in text
    assert not re.search(r">p[0-7]<|2026-03-0[123]", text)
    assert "statsmodels" not in text
    assert "Not all of it was scored alike" not in text


def test_a_half_made_change_of_settings_is_said(cohort, tmp_path, capsys):
    plan, _ = cohort
    out = tmp_path / "out"
    run = ["cohort", "run", str(plan), "--out", str(out), "--workers", "1"]
    main(run)
    main([*run, "--rules", "aasm3", "--shard", "1/2"])
    assert main(["cohort", "report", str(out)]) == 0
    assert "Not all of it was scored alike" in (out / "report.html").read_text()
    assert main(["cohort", "report", str(tmp_path)]) == 2
    assert "no tables of a cohort" in capsys.readouterr().err


HEAD = "person,key,outcome,effect,se,nights\n"


def trial(path, rows):
    path.write_text(HEAD + "".join(f"{p},magnesium_mg,plm,{e},{s},36\n" for p, e, s in rows))
    return path


def test_equal_errors_give_the_closed_form(tmp_path, capsys):
    """With one standard error for all, Paule and Mandel's variance is that of the effects less
    its square, and Hartung and Knapp's interval is Student's."""
    effects, se = [-0.9, -0.2, -0.6, 0.1, -1.3], 0.2
    path = trial(tmp_path / "t.csv", [(f"p{i}", e, se) for i, e in enumerate(effects)])
    assert main(["cohort", "pool", str(path), "--json"]) == 0
    (found,) = json.loads(capsys.readouterr().out)["pooled"]
    variance = np.var(effects, ddof=1)
    assert found["effect"] == pytest.approx(np.mean(effects))
    assert found["tau"] == pytest.approx(math.sqrt(variance - se**2), rel=1e-4)
    half = stats.t.ppf(0.975, 4) * math.sqrt(variance / 5)
    assert (found["low"], found["high"]) == pytest.approx(
        (np.mean(effects) - half, np.mean(effects) + half), rel=1e-4
    )
    assert found["p"] == pytest.approx(stats.ttest_1samp(effects, 0).pvalue, rel=1e-3)
    wide = stats.t.ppf(0.975, 3) * math.sqrt(variance - se**2 + variance / 5)
    assert found["above"] - found["below"] == pytest.approx(2 * wide, rel=1e-4)


def test_the_interval_of_the_mean_person_holds_it():
    """400 cohorts of eight who differ: the interval misses the mean in about one of twenty."""
    rng = np.random.default_rng(1)
    missed = 0
    for _ in range(400):
        se = rng.uniform(0.1, 0.5, 8)
        own = rng.normal(-0.4, 0.3, 8)
        people = [
            pooled.Effect(f"p{i}", e, s)
            for i, (e, s) in enumerate(zip(rng.normal(own, se), se, strict=True))
        ]
        (one,) = pooled.pool({("magnesium_mg", "plm"): people})
        assert one.low is not None and one.high is not None
        missed += not one.low <= -0.4 <= one.high
    assert missed / 400 <= 0.05 + 3 * math.sqrt(0.05 * 0.95 / 400)


def test_the_forest_has_a_row_a_person_and_says_what_it_means(tmp_path, capsys):
    a = trial(tmp_path / "a.csv", [("ann", math.log(0.5), 0.2), ("bob", math.log(0.5), 0.2)])
    b = trial(tmp_path / "b.csv", [("cy", math.log(0.5), 0.2), ("dee", "", "")])
    page = tmp_path / "page.html"
    assert main(["cohort", "pool", str(a), str(b), "--out", str(page)]) == 0
    assert "3 people. With it, 0.50 times as much as without" in capsys.readouterr().out
    for name in ("ann", "bob", "cy", "all", "the next person"):
        assert f">{name}</text>" in page.read_text()
    assert "dee" not in page.read_text()
    assert main(["cohort", "pool", str(a)]) == 0
    assert "At least 3 are needed" in capsys.readouterr().out


def test_exported_trials_are_pooled_by_their_seals(tmp_path, capsys):
    paths = []
    for i, (effect, scale) in enumerate([(-0.7, "ratio"), (-0.6, "ratio"), (-3.0, "difference")]):
        trial_ = {
            "design": {"seal": f"{i}abcdef0123456789", "item": "magnesium_mg", "amount": 300},
            "outcomes": {"primary": "PLM per hour in bed"},
            "result": {"scale": scale, "effect": effect, "se": 0.2},
        }
        paths.append(tmp_path / f"{i}.json")
        paths[-1].write_text(json.dumps(trial_))
    assert main(["cohort", "pool", *map(str, paths), "--json"]) == 0
    (found,) = json.loads(capsys.readouterr().out)["pooled"]
    assert [e["person"] for e in found["people"]] == ["0abcdef01234", "1abcdef01234"]
    paths[0].write_text("[]")
    assert main(["cohort", "pool", *map(str, paths)]) == 2
    assert "is no trial" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("person,key,outcome,effect\n", "no column se"),
        (HEAD, "no ratio with a standard error"),
        (HEAD + "p,k,o,x,1,1\n", "are numbers"),
        (HEAD + "p,k,o,1,0,1\n", "over 0"),
        (HEAD + "p,k,o,1,1,1\np,k,o,1,1,1\n", "k o p is there twice"),
    ],
)
def test_bad_trials_are_one_sentence(tmp_path, capsys, text, words):
    (tmp_path / "t.csv").write_text(text)
    assert main(["cohort", "pool", str(tmp_path / "t.csv")]) == 2
    err = capsys.readouterr().err
    assert words in err
    assert len(err.splitlines()) == 1
