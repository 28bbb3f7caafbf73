"""Download, verify and file every night that a board holds."""

import hashlib
from collections.abc import Callable
from typing import Any

from anklet.archive import reformat
from anklet.archive.store import Archive
from anklet.board.link import Link, NightFile
from anklet.errors import BoardFault, NotVerified
from anklet.night.session import Session

TRIES = 3

Progress = Callable[[str, int, int], None]


def sync(
    port: str,
    archive: Archive,
    progress: Progress | None = None,
    warn: Callable[[str], None] = lambda text: None,
) -> dict[str, Any]:
    """File what is new, acknowledge it on the board, set the board's clock.

    progress is called with a night's session (for its trace: that and "trace"), the bytes that
    arrived and the bytes it has. Returns the object that `anklet sync --json` prints; in it,
    `damaged` lists downloaded nights of which some can't be read: they are kept as they are, and
    `warning`, there only then, says that the board's flash was formatted; warn is called with it
    at once. `crash`, there only then, is the file that holds what the firmware wrote down when it
    crashed. `traces`, there only then, lists the sessions whose traces came too. A night or trace
    that can't be verified does not keep the others from being filed; NotVerified names it at the
    end. Nothing is acknowledged before it is filed.
    """
    downloaded, damaged, traces, failed, already = [], [], [], [], 0
    crash = fit = ""
    with Link(port) as link, archive.lock():
        info = link.info()
        if warning := reformat.warning(archive, info):
            warn(warning)
        for night in info.nights:
            filed = archive.filed(info.device, night.session)
            if filed and night.acked and filed[1] == night.size:
                already += 1
                continue
            try:
                digest = link.sha256(night)
                if filed and filed[0] == digest:
                    already += 1
                    size = filed[1]
                else:
                    data = _download(link, night, digest, progress)
                    archive.anchor(info)
                    session = archive.add(data, digest, night.session, info.device)
                    size = len(data)
                    downloaded.append(night.session)
                    fit = _fit(session) or fit
                    if session.damage or size < night.size:
                        damaged.append(night.session)
                if size == night.size:  # else the board can't read the rest now: it keeps it
                    link.ack(night, digest)
            except BoardFault:
                failed.append(night.session)
        if fit:
            warn(fit)
        for trace in info.traces:
            filed = archive.trace(trace.session, info.device)
            if filed is not None and len(filed) == trace.size:
                continue  # its name is the only one of its kind, and it does not grow
            try:
                digest = link.sha256(trace)
                data = _download(link, trace, digest, progress)
                archive.add_trace(data, digest, trace.session, info.device)
                traces.append(trace.session)
            except BoardFault:
                failed.append(f"{trace.session} (its trace)")
        archive.anchor(info)
        if info.crash and (note := link.crash()):
            crash = str(archive.add_crash(note, info.device))
            link.crash_filed()
            warn(
                f"The firmware on board {info.device} crashed and started anew; what it wrote "
                f"down is in {crash}: please report it."
            )
        link.set_clock()
    if failed:
        raise NotVerified(
            f"What arrived of {', '.join(failed)} is not what the board has, {TRIES} times over; "
            f"it stays on the board. Try another cable or port and run anklet sync again."
        )
    return {
        "device": info.device,
        "downloaded": downloaded,
        "already": already,
        "damaged": damaged,
        "verified": True,
        "clock_offset_s": info.clock_offset_s,
        **({"traces": traces} if traces else {}),
        **({"warning": warning} if warning else {}),
        **({"crash": crash} if crash else {}),
    }


def _fit(session: Session) -> str:
    """What to say of how the sensor sat in that night."""
    if "askew" in session.flags:
        said = f"In night {session.session} the sensor sat {session.askew_deg} degrees askew"
    elif session.meta.get("fitted") == "0":
        said = "Nobody has measured how the sensor lies at the ankle"
    else:
        return ""
    return (
        f"{said}: a leg that rolls over may count as upright, and its movements not at all. Put "
        f"the strap on, stand up and run anklet doctor --fit."
    )


def _download(link: Link, night: NightFile, digest: str, progress: Progress | None) -> bytes:
    """The night's bytes, as the board hashes them. Raises BoardFault if they never arrive so."""
    name = night.session if night.name.endswith(".plm") else f"{night.session} trace"

    def arrived(done: int, size: int) -> None:
        if progress:
            progress(name, done, size)

    for _ in range(TRIES):
        arrived(0, night.size)
        data = link.download(night, arrived)
        if hashlib.sha256(data).hexdigest() == digest:
            return data
    raise BoardFault(f"File {night.name} does not arrive as the board has it.")
