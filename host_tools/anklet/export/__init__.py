"""The nights for other programs: CSV, JSON, Parquet and EDF+."""

from collections.abc import Callable, Sequence
from pathlib import Path

from anklet.archive.journal import Journal
from anklet.errors import BadInput
from anklet.night.session import Session


def write(
    form: str,
    nights: Sequence[Callable[[], Session]],
    journal: Journal | None,
    out: Path,
    progress: Callable[[float], None] = lambda share: None,
) -> list[Path]:
    """Write the nights as csv, json, edf, annot or parquet; what was written.

    nights: each loads one session when it is called, so that memory does not grow with the years.
    out: a file for json, a folder for the others, made if it is not there. progress: called with
    the share done. Raises BadInput, and OSError when `out` can't be written.
    """
    # Each brings a library of its own that the others do not need.
    if form == "edf":
        from anklet.export import edf as module  # noqa: PLC0415
    elif form == "annot":
        from anklet.export import luna as module  # noqa: PLC0415
    elif form == "parquet":
        from anklet.export import parquet as module  # noqa: PLC0415
    else:
        from anklet.export import text as module  # noqa: PLC0415
    if form != "json" and out.exists() and not out.is_dir():
        raise BadInput(f"{out} is a file; --out has to name a folder for {form}.")

    def loaded():
        for done, night in enumerate(nights):
            progress(done / len(nights))
            yield night()
        progress(1.0)

    return module.write(form, loaded(), journal, out)
