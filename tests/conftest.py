"""firmware/ and boards/sim are on sys.path, as on the device, and the tests' own modules; no test
sees the user's archive."""

import signal
import sys
from pathlib import Path

import hypothesis
import pytest

REPO = Path(__file__).resolve().parent.parent

for folder in ("tests", "tests/core", "tests/helpers", "boards/sim", "firmware"):
    sys.path.insert(0, str(REPO / folder))


# A busy computer is slow at times, and no example is wrong for that.
hypothesis.settings.register_profile("anklet", deadline=None)
hypothesis.settings.load_profile("anklet")

# In the background of a script, and under nohup, Ctrl-C is ignored, by all that we start too.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(autouse=True)
def _archive_and_language_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANKLET_HOME", str(tmp_path / "anklet-home"))
    monkeypatch.setenv("LANGUAGE", "en")  # whatever the computer's language is
