"""Marks of XML files: those of the NSRR and those of Compumedics Profusion.

Both have `ScoredEvent` elements. The NSRR's hold EventConcept, Start and Duration (and stages as
events of their own); Compumedics' hold Name, Start, Duration and Input, and the stages as numbers
in `SleepStage`, an epoch each.
"""

from pathlib import Path
from xml.etree.ElementTree import Element, ParseError

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import iterparse

from anklet.errors import BadInput
from anklet.scoring import labels, marks
from anklet.scoring.marks import Marks
from anklet.signal import inputs

EPOCH_MS = 30_000
LABELS, CHANNELS = ("EventConcept", "Name"), ("SignalLocation", "Input")


def read(path: Path) -> Marks:
    """Raises BadInput, also for a file with a document type: no such file needs one, and one can
    make a kilobyte of XML fill the memory."""
    found = Marks(path)
    epoch, epochs, events = EPOCH_MS, 0, 0
    with inputs.readable(path):
        marks.small(path)
        try:
            for _, item in iterparse(path, forbid_dtd=True):
                name = item.tag.rpartition("}")[2]
                if name == "EpochLength":
                    epoch = marks.ms(path, "EpochLength", "length", item.text or "") or EPOCH_MS
                elif name == "SleepStage":
                    stage = f"sleep stage {(item.text or '').strip()}"
                    found.add(epochs * epoch, epoch, stage)
                    epochs += 1
                elif name == "ScoredEvent":
                    events += 1
                    _event(found, f"event {events}", item)
                    item.clear()
        except DefusedXmlException as error:
            raise BadInput(
                f"{path} declares a document type; export the events without one."
            ) from error
        except (ParseError, ValueError, LookupError) as error:
            raise BadInput(f"{path} is no whole XML file ({error}); export it again.") from error
    return found


def _event(found: Marks, where: str, item: Element) -> None:
    """Add the event, if something here needs it: of the others no number is looked at."""
    label = _first(item, LABELS)
    if not labels.kind(label):
        return
    where = f"{where} ({marks.printable(label)})"
    onset, duration = (
        marks.ms(found.path, where, name, _first(item, (name,))) for name in ("Start", "Duration")
    )
    found.add(onset, duration, label, _first(item, CHANNELS))


def _first(item: Element, names: tuple[str, ...]) -> str:
    return next((text for name in names if (text := item.findtext(name))), "")
