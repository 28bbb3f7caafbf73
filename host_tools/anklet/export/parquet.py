"""Parquet: PATH/TABLE/device=.../night=.../SESSION.parquet, which DuckDB, Polars, Spark and Dask
read as one table."""

from collections.abc import Iterable
from pathlib import Path

from anklet.archive.journal import Journal
from anklet.errors import BadInput
from anklet.export import tables
from anklet.export.tables import Row
from anklet.night.session import Session

try:
    import pyarrow as pa
    import pyarrow.parquet as pq
except ImportError as error:
    raise BadInput(
        "Parquet needs the package pyarrow; install it with pip install 'anklet[parquet]'."
    ) from error

PARTITIONS = ("device", "night")  # in the path, not in the file
UNKNOWN = "__HIVE_DEFAULT_PARTITION__"  # Hive's name for a null
TYPES = {str: pa.string(), int: pa.int32(), float: pa.float64(), bool: pa.bool_()}


def write(form: str, nights: Iterable[Session], journal: Journal | None, out: Path) -> list[Path]:
    """See export.write. Writing a night again replaces its files."""
    written = []
    for night in nights:
        for name, rows in tables.rows(night).items():
            where = f"device={night.device}", f"night={_night(night)}"
            columns = {k: v for k, v in tables.TABLES[name].items() if k not in PARTITIONS}
            path = out.joinpath(name, *where, f"{night.session}.parquet")
            _write(path, rows, columns)
            written.append(path)
    if journal:
        path = out / "journal" / "journal.parquet"
        _write(path, tables.journal_rows(journal), tables.JOURNAL)
        written.append(path)
    return written


def _night(night: Session) -> str:
    return night.night.isoformat() if night.night else UNKNOWN


def _write(path: Path, rows: list[Row], columns: dict[str, tuple[type, str, str]]) -> None:
    fields = [
        pa.field(name, TYPES[kind], metadata={"unit": unit, "meaning": meaning})
        for name, (kind, unit, meaning) in columns.items()
    ]
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.Table.from_pylist(rows, pa.schema(fields)), path, compression="zstd")
