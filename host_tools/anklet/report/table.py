"""The table of nights."""

import textwrap
from typing import Any

HEADS = (
    *("night", "start", "device leg label", "clock", "recorded", "in bed"),
    *("LM", "CLM", "PLM", "PLM per hour in bed", "PI", "flags"),
)
TEXT = (0, 1, 2, 3, 11)  # columns that stand to the left
SPARED = (10, 7, 6, 3, 4, 1)  # columns left out, one after the other, where the screen is narrow
WHO = 2  # the column that is cut where even that is not enough
LEAST = 16  # characters of the last column, which is wrapped
NOTE = (
    "Hours are those in bed: recorded, without upright and off-body time, awake or asleep. PI is "
    "PLM / CLM. An accelerometer's threshold is not EMG's: limits like 15 per hour do not apply."
)
RANGE = (
    " Very still time counts as in bed, off-body time does not: in brackets the PLM per hour if "
    "it were the other way round."
)


def table(items: list[dict[str, Any]], width: int = 0) -> str:
    """The nights (as Archive.sessions gives them) as text, one row each.

    width: of the screen in characters; columns that it has no room for are left out, and named.
    0: all of them.
    """
    if not items:
        return "No nights yet: anklet sync files those of a board."
    rows = [HEADS, *(_row(item) for item in items)]
    widths = [max(len(row[i]) for row in rows) for i in range(len(HEADS))]
    shown, spared = list(range(len(HEADS))), list(SPARED)
    while width and spared and _before_last(shown, widths) + LEAST > width:
        shown.remove(spared.pop(0))
    if width and _before_last(shown, widths) + LEAST > width:  # a long label
        widths[WHO] = max(8, widths[WHO] - (_before_last(shown, widths) + LEAST - width))
    lines = [line for row in rows for line in _lines(row, shown, widths, width)]
    note = NOTE
    if any("plm_per_hour_range" in item for item in items):
        note += RANGE
    if len(shown) < len(HEADS):
        hidden = ", ".join(name for i, name in enumerate(HEADS) if i not in shown)
        note += f" Left out for want of room: {hidden}; a wider window or --json shows them."
    return "\n".join([*lines, "", textwrap.fill(note, width) if width else note])


def _before_last(shown: list[int], widths: list[int]) -> int:
    """Characters before the last column."""
    return sum(widths[i] + 2 for i in shown[:-1])


def _lines(row: tuple[str, ...], shown: list[int], widths: list[int], width: int) -> list[str]:
    """A row as lines: what the last column has no room for stands below it."""
    cells = [_cell(row[i], widths[i], i in TEXT) for i in shown[:-1]]
    start = _before_last(shown, widths)
    last = row[shown[-1]]
    parts = textwrap.wrap(last, max(LEAST, width - start)) if width else [last]
    first, *more = parts or [""]
    return ["  ".join([*cells, first]).rstrip(), *(" " * start + part for part in more)]


def _cell(text: str, width: int, words: bool) -> str:
    if len(text) > width:
        text = text[: width - 1] + "…"
    return text.ljust(width) if words else text.rjust(width)


def _row(item: dict[str, Any]) -> tuple[str, ...]:
    counts = item["counts"]
    wearer = (item["device"][-6:], item["leg"], item["label"])
    return (
        item["night"] or item["session"],
        item["start"][11:16] if item["start"] else "-",
        " ".join(part for part in wearer if part),
        item["clock"],
        f"{item['recorded_s'] / 3600:.1f} h",
        f"{item['in_bed_s'] / 3600:.1f} h",
        *(str(counts[name]) for name in ("lm", "clm", "plm")),
        _number(item["plm_per_hour"], 1),
        _number(item["periodicity_index"], 2),
        " ".join(_flag(flag, item) for flag in item["flags"]) or "-",
    )


def _flag(flag: str, item: dict[str, Any]) -> str:
    low, high = item.get("plm_per_hour_range", (None, None))
    other = {"still": high, "off_body": low}.get(flag)
    if other is not None:
        return f"{flag}(or {other:.1f}/h)"
    missing = item.get("missing_records")
    if flag != "damaged" or not missing:
        return flag
    return f"damaged({missing} record{'s' if missing > 1 else ''} missing)"


def _number(value: float | None, digits: int) -> str:
    return "-" if value is None else f"{value:.{digits}f}"
