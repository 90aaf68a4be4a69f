"""Prepare a clone for work: `python3 tools/bootstrap.py python|web`. Needs Python 3.11 and nothing else.

python: .venv with the locked dependencies (every file checked against its hash), and this project in it, editable.
web:    Node 22.22 or later (from a wheel when the system has none), the locked packages, the built app in hudhud/app/static.
Make runs it only when something that it depends on has changed.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import time
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
OLDEST_PYTHON = (3, 11)
OLDEST_NODE = (22, 22)
# Files of earlier builds stay so long, for pages that were open then.
KEPT_S = 7 * 86_400


def run(*command: str | Path, cwd: Path = ROOT, env: dict[str, str] | None = None) -> None:
    """Run a step; stop with its own message when it fails."""
    done = subprocess.run([str(part) for part in command], cwd=cwd, env=env, check=False)
    if done.returncode:
        sys.exit(f"bootstrap: this step failed: {' '.join(str(part) for part in command)}")


def make_environment() -> None:
    """Make .venv; Debian keeps the module for it in a package of its own."""
    if (VENV / "bin" / "pip").exists():
        return
    package = f"python{sys.version_info.major}.{sys.version_info.minor}-venv"
    try:
        import ensurepip  # noqa: F401, PLC0415 -- is it there?
    except ImportError:
        if os.geteuid() != 0 or shutil.which("apt-get") is None:
            sys.exit(f"bootstrap: this Python cannot make environments; install {package} (sudo apt-get install {package}) and try again")
        run("apt-get", "update", "-q")
        run("apt-get", "install", "-q", "-y", "--no-install-recommends", package)
    shutil.rmtree(VENV, ignore_errors=True)
    venv.EnvBuilder(with_pip=True, symlinks=True).create(VENV)


def install(lock: str) -> None:
    """Install what a lock file says: by uv, which is quick, else by pip, which knows every way of setting a package index."""
    pip = [str(VENV / "bin" / "python"), "-m", "pip", "--disable-pip-version-check", "-q", "install", "--require-hashes", "--no-deps", "-r"]
    if not (VENV / "bin" / "uv").exists():
        locked = re.search(r"^uv==.*?(?=^\w|\Z)", (ROOT / "requirements.lock").read_text("utf-8"), re.MULTILINE | re.DOTALL)
        (VENV / "uv.lock").write_text(locked[0] if locked else "", "utf-8")
        run(*pip, VENV / "uv.lock")
    uv = [str(VENV / "bin" / "uv"), "pip", "install", "-q", "--python", str(VENV / "bin" / "python"), "--require-hashes", "--no-deps", "-r"]
    if subprocess.run([*uv, lock], cwd=ROOT, stderr=subprocess.DEVNULL, check=False).returncode:
        run(*pip, lock)


def prepare_python() -> None:
    """Install exactly what the lock says, then this project."""
    if sys.version_info < OLDEST_PYTHON:
        oldest = ".".join(map(str, OLDEST_PYTHON))
        sys.exit(f"bootstrap: Python {oldest} or later is needed, this is {sys.version.split()[0]}; name another with make PYTHON=…")
    make_environment()
    install("requirements.lock")
    editable = ("install", "-q", "--no-deps", "--no-build-isolation", "-e", ".")
    run(VENV / "bin" / "python", "-m", "pip", "--disable-pip-version-check", *editable)


def node_version(program: str | None) -> tuple[int, ...]:
    """Return (major, minor) of a Node program; () when there is none."""
    if program is None:
        return ()
    said = subprocess.run([program, "--version"], capture_output=True, text=True, check=False).stdout
    return tuple(int(part) for part in re.findall(r"\d+", said)[:2])


def node_environment() -> dict[str, str]:
    """Return an environment whose PATH leads to a Node that is recent enough."""
    env = {**os.environ, "PATH": f"{VENV / 'bin'}{os.pathsep}{os.environ['PATH']}"}
    system = shutil.which("node")
    if node_version(system) >= OLDEST_NODE and shutil.which("npm"):
        return dict(os.environ)
    if node_version(shutil.which("node", path=env["PATH"])) < OLDEST_NODE:
        install("tools/node.lock")
    return env


def install_packages(folder: Path, env: dict[str, str]) -> None:
    """Install a folder's locked npm packages when the lock changed."""
    lock, installed = folder / "package-lock.json", folder / "node_modules" / ".package-lock.json"
    if not installed.exists() or installed.stat().st_mtime < lock.stat().st_mtime:
        run("npm", "ci", "--no-audit", "--no-fund", "--loglevel=error", cwd=folder, env=env)
        installed.touch()


def prepare_web() -> None:
    """Install the locked packages (of the app, and the SDK that the tests send with), build the app."""
    env = node_environment()
    install_packages(ROOT / "tests" / "sdk", env)
    install_packages(ROOT / "web", env)
    run("npm", "run", "--silent", "build", cwd=ROOT / "web", env=env)
    forget_old_builds(ROOT / "hudhud" / "app" / "static" / "assets")


def forget_old_builds(assets: Path) -> None:
    """Remove files that no build of the last week has written (each writes all of its own)."""
    oldest = time.time() - KEPT_S
    for file in assets.iterdir():
        if file.stat().st_mtime < oldest:
            file.unlink()


def run_npm(arguments: list[str]) -> None:
    """Run an npm script of web/ with the right Node."""
    run("npm", "run", "--silent", *arguments, cwd=ROOT / "web", env=node_environment())


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["python"]:
            prepare_python()
        case ["web"]:
            prepare_web()
        case ["npm", *rest]:
            run_npm(rest)
        case _:
            sys.exit(__doc__)
