"""Download, verify and file every night that a board holds."""

import hashlib
from collections.abc import Callable
from typing import Any

from anklet.archive import Archive
from anklet.errors import NotVerified
from anklet.link import Info, Link, Night

TRIES = 3

Progress = Callable[[str, int, int], None]


def sync(port: str, archive: Archive, progress: Progress | None = None) -> dict[str, Any]:
    """File what is new, acknowledge it on the board, set the board's clock.

    progress is called with a night's session, the bytes that arrived and the bytes it has.
    Returns the object that `anklet sync --json` prints; in it, `damaged` lists downloaded nights
    with records that can't be read: they are kept as they are. A night that can't be verified
    does not keep the others from being filed; NotVerified names it at the end. Nothing is
    acknowledged before it is filed.
    """
    downloaded, damaged, failed, already = [], [], [], 0
    with Link(port) as link, archive.lock():
        info = link.info()
        for night in info.nights:
            filed = archive.filed(info.device, night.session)
            if filed and night.acked and filed[1] == night.size:
                already += 1
                continue
            digest = link.sha256(night)
            if filed and filed[0] == digest:
                already += 1
            else:
                data = _download(link, info, night, digest, progress)
                if data is None:
                    failed.append(night.session)
                    continue
                session = archive.add(data, digest, night.session, info.device)
                downloaded.append(night.session)
                if session.damage:
                    damaged.append(night.session)
            link.ack(night, digest)
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
    }


def _download(
    link: Link, info: Info, night: Night, digest: str, progress: Progress | None
) -> bytes | None:
    """The night's bytes, as the board hashes them; None if they never arrive like that."""

    def arrived(done: int, size: int) -> None:
        if progress:
            progress(night.session, done, size)

    for _ in range(TRIES):
        data = link.download(info.folder, night, arrived)
        if hashlib.sha256(data).hexdigest() == digest:
            return data
    return None
