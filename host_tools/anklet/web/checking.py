"""The archive is checked in the background while the pages are shown."""

import threading
import time
from pathlib import Path

from anklet.archive.store import Archive
from anklet.archive.verify import Found, verify
from anklet.errors import AnkletError


class Checking:
    """One run of verify. found: None until it is done; error: why it could not be."""

    def __init__(self) -> None:
        self.found: Found | None = None
        self.error = ""

    def start(self, home: Path) -> None:
        """Begin, in a thread that ends with the program."""
        threading.Thread(target=self.run, args=(home,), daemon=True, name="checking").start()

    def run(self, home: Path) -> None:
        began = time.monotonic()

        def rest(share: float) -> None:  # as long as the work took: the pages come first
            nonlocal began
            time.sleep(min(1.0, time.monotonic() - began))
            began = time.monotonic()

        try:
            self.found = verify(Archive(home), rest)
        except (AnkletError, OSError) as error:
            self.error = str(error)
