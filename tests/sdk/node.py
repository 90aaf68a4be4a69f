"""Where Node is: beside this Python (from the wheel) or on the machine."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

SDK = Path(__file__).parent


def find_node() -> str:
    """Return Node's path; bootstrap has made sure that there is one."""
    node = shutil.which("node", path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
    assert node is not None
    return node
