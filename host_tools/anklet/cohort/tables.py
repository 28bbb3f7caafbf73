"""The four tables that come out: their columns, units and meanings, as they stand in the files."""

from anklet.export.tables import TABLES as EXPORTED

Columns = dict[str, tuple[type, str, str]]

WHO: Columns = {
    "person": (str, "", "the manifest's id"),
    "group": (str, "", "the manifest's group; empty without one"),
    "night": (str, "", "the manifest's id, or the evening; shifted where that was asked for"),
    "leg": (str, "", "left, right, both (combined by the rules), or empty"),
}
SETTING: Columns = {
    "rules": (str, "", "the rule set: wasm2016 or aasm3"),
    "onset_mg": (int, "mg", "least onset threshold; empty: the night's own"),
}
_MEASURED = (
    *("start", "clock", "recorded_s", "in_bed_s", "lm", "clm", "plm", "series", "isolated"),
    *("short_imi", "plm_strict", "excluded", "gaps", "plm_per_hour", "periodicity_index"),
)
TABLES: dict[str, Columns] = {
    "nights": {
        **WHO,
        **SETTING,
        "kind": (str, "", "what it was scored from: night, trace, acceleration or list"),
        **{name: EXPORTED["nights"][name] for name in _MEASURED},
        "imi": (int, "", "periodic intervals: between neighbours of one series"),
        "log_imi": (float, "ln s", "mean logarithm of them; its exp() is the rhythm in s"),
        "missing_records": (int, "", "records that a damaged night file lacks at least"),
        "flags": EXPORTED["nights"]["flags"],
        "firmware": EXPORTED["nights"]["firmware"],
    },
    "lms": {
        **{name: WHO[name] for name in ("person", "night", "leg")},
        **SETTING,
        **{
            name: EXPORTED["lms"][name]
            for name in ("lm", "onset_s", "duration_s", "peak_mg", "class", "plm", "series")
        },
    },
    "failures": {
        **WHO,
        **SETTING,
        "reason": (str, "", "why there is no row in nights; what a file quoted is left out"),
    },
    "run": {
        **{name: WHO[name] for name in ("person", "night", "leg")},
        "session": (int, "", "number of the file in its night, from 1"),
        "kind": (str, "", "night, trace, anchors, acceleration or list"),
        "bytes": (int, "B", ""),
        "sha256": (str, "", "of the input; empty when it could not be read"),
        "settings": (str, "", "JSON: rules, onset_mg, rate, dates_shifted_by (a key's hash)"),
        "versions": (
            str,
            "",
            "JSON: of all that the numbers depend on; code: hash of our sources",
        ),
    },
}
DATASETS = tuple(TABLES)
