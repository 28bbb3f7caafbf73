"""What the labels in other people's files mean: tables of words, and two functions that read them.

Every program has its own spelling ("LM_L", "Limb movement@@EMG LAT", "Periodic leg movement -
left|PLM (Left)", "AROUSAL-LM"), but the words are few. Labels are compared as words in lower case;
a format's reader needs a table of its own only where it writes something else than words.

Sources: the standard texts of edfplus.info, the NSRR's terms as Luna reads them, and event lists
that RemLogic, Compumedics and Alice write.
"""

import re
from functools import lru_cache

LM, PLM = "lm", "plm"  # one leg movement; the same, called periodic by its scorer
AROUSAL, RESPIRATORY, GAP = "arousal", "respiratory", "gap"
SLEEP, WAKE, UNSCORED = "sleep", "wake", "unscored"
STAGES = (SLEEP, WAKE, UNSCORED)
LEFT, RIGHT, UNSAID = "left", "right", ""

# Kind of a label, by the first pattern that is found in it; "": nothing that is used here.
KINDS = (
    ("", r"artifact|artefact|desat|snor|position|posture"),
    ("", r"\b(series|sequence|episode|run)\b"),
    # A RERA, too: its mark is the arousal's, and the window for movements was measured at the ends
    # of apnoeas and hypopnoeas.
    (AROUSAL, r"arousal|\brera\b|\baro\b"),
    (RESPIRATORY, r"(ap|hypop)no?e"),
    (PLM, r"\bplms?[lrb]?\b|periodic (limb|leg) movement"),
    (LM, r"\blm[lrb]?\b|(limb|leg) movement"),
    (GAP, r"^gap$"),  # our own
)
# Sleep stages, after the words "sleep" and "stage" are taken away; "2 2" is "Stage 2 sleep|2".
# A digit alone is a stage only where one of those words stood.
STAGE_WORDS = {
    SLEEP: "n1 n2 n3 n4 s1 s2 s3 s4 nrem1 nrem2 nrem3 nrem4 nonrem1 nonrem2 nonrem3 nonrem4 "
    "r rem rem|5 n nr nrem 1 2 3 4 5 1|1 2|2 3|3 4|4",
    WAKE: "w wake awake s0 0 wake|0",
    UNSCORED: "? unscored unscored|9 unknown notscored 9 u mt m movement|6 6",
}
# The side of a leg, in a label or in the name of its channel. LAT and RAT: the left and the right
# anterior tibial muscle. Dx and Sx are right and left in Italian, as in the CAP sleep database.
SIDES = {
    LEFT: r"\b(left|l|lat\d*|sx|(leg|tib|ta|at|emg|plms?|lm)l|l(leg|tib|ta))\b",
    RIGHT: r"\b(right|r|rat\d*|dx|(leg|tib|ta|at|emg|plms?|lm)r|r(leg|tib|ta))\b",
}
BOTH = re.compile(r"\b(both|bilateral|lmb|plmb)\b")

_KINDS = [(kind, re.compile(pattern)) for kind, pattern in KINDS]
_SIDES = {side: re.compile(pattern) for side, pattern in SIDES.items()}
_STAGES = {
    words.replace("|", " "): kind for kind, row in STAGE_WORDS.items() for words in row.split()
}


@lru_cache(maxsize=4096)
def kind(label: str) -> str:
    """What the label is a mark of: LM, PLM, AROUSAL, RESPIRATORY, GAP, one of STAGES, or ""."""
    text = _words(label)
    rest = [word for word in text.split() if word not in ("sleep", "stage")]
    stage = _STAGES.get(" ".join(rest), "")
    if stage and (len(rest) < len(text.split()) or not rest[0].isdigit()):
        return stage
    return next((kind for kind, pattern in _KINDS if pattern.search(text)), "")


@lru_cache(maxsize=4096)
def sides(label: str, channel: str = "") -> tuple[str, ...]:
    """The leg or legs that a movement's label, or else its channel, names; none: not said.

    A channel between both legs names none of them.
    """
    if BOTH.search(_words(label)):
        return LEFT, RIGHT
    for text in (_words(label), _words(channel)):
        named = tuple(side for side, pattern in _SIDES.items() if pattern.search(text))
        if len(named) == 1:
            return named
    return ()


def _words(text: str) -> str:
    return " ".join(re.findall(r"[^\W_]+|\?", text.lower()))
