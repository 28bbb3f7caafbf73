"""How long a test waits for what has to come, on a computer that may be busy."""

import contextlib
from collections.abc import Iterator

import pytest
from anklet.board.link import Link
from anklet.board.repl import Repl

# Seconds. It ends a test that hangs, and none that is slow.
PATIENCE_S = 300


@contextlib.contextmanager
def patient_links() -> Iterator[None]:
    """The computer's side gives no board up that is only slow."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Link, "silence_s", PATIENCE_S)
        patch.setattr(Repl, "silence_s", PATIENCE_S)
        patch.setattr(Link.__init__, "__defaults__", ("anklet sync", PATIENCE_S))
        yield
