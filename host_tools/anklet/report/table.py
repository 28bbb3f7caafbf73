"""The table of nights."""

from typing import Any

HEADS = (
    *("night", "start", "device leg label", "clock", "recorded", "in bed"),
    *("LM", "CLM", "PLM", "PLM per hour in bed", "PI", "flags"),
)
TEXT = (0, 1, 2, 3, 11)  # columns that stand to the left
NOTE = (
    "Hours are those in bed: recorded, without upright and off-body time, awake or asleep. PI is "
    "PLM / CLM. An accelerometer's threshold is not EMG's: limits like 15 per hour do not apply."
)


def table(items: list[dict[str, Any]]) -> str:
    """The nights (as Archive.sessions gives them) as text, one row each."""
    if not items:
        return "No nights yet: anklet sync files those of a board."
    rows = [HEADS, *(_row(item) for item in items)]
    widths = [max(len(row[i]) for row in rows) for i in range(len(HEADS))]
    lines = [
        "  ".join(
            text.ljust(width) if i in TEXT else text.rjust(width)
            for i, (text, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    ]
    return "\n".join([*lines, "", NOTE])


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
    missing = item.get("missing_records")
    if flag != "damaged" or not missing:
        return flag
    return f"damaged({missing} record{'s' if missing > 1 else ''} missing)"


def _number(value: float | None, digits: int) -> str:
    return "-" if value is None else f"{value:.{digits}f}"
