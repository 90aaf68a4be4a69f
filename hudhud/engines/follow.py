"""Show the logs of all processes on standard error while they are written (`hudhud up --verbose`)."""

from __future__ import annotations

import sys
import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

LOOK_EVERY_S = 1.0


def follow(folder: Path) -> threading.Event:
    """Copy what is appended to `folder/*.log` from now on; set the returned event to end it."""
    ended = threading.Event()
    seen = {path: path.stat().st_size for path in folder.glob("*.log")}

    def copy() -> None:
        while not ended.wait(LOOK_EVERY_S):
            for path in sorted(folder.glob("*.log")):
                with path.open("rb") as file:
                    file.seek(seen.get(path, 0))
                    sys.stderr.buffer.write(file.read())
                    seen[path] = file.tell()
            sys.stderr.flush()

    threading.Thread(target=copy, name="follow", daemon=True).start()
    return ended
