"""The wheel, as somebody without a clone gets it: an empty environment, `pip install`, `hudhud up`."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import venv
import zipfile
from pathlib import Path
from urllib.request import urlopen

import pytest

from hudhud.engines.clickhouse import free_port

ROOT = Path(__file__).resolve().parents[2]
TOOLS = Path(sys.executable).parent

pytestmark = [pytest.mark.long, pytest.mark.timeout(600)]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    if not (ROOT / "hudhud" / "app" / "static" / "index.html").exists():
        pytest.fail("the web app is not built: make web")
    folder = tmp_path_factory.mktemp("dist")
    build = [TOOLS / "uv", "build", "-q", "--wheel", "--no-build-isolation", "--python", sys.executable, "--out-dir", folder]
    subprocess.run(build, cwd=ROOT, check=True)
    return next(folder.glob("hudhud-*.whl"))


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Install the wheel into an empty environment; the lock only chooses versions."""
    folder = tmp_path_factory.mktemp("installed")
    locked = re.findall(r"^([\w.-]+==[^\s;]+(?: ; [^\\]+)?)", (ROOT / "requirements.lock").read_text("utf-8"), re.MULTILINE)
    (folder / "constraints.txt").write_text("\n".join(locked), "utf-8")
    venv.EnvBuilder(with_pip=True, symlinks=True).create(folder / "env")
    program = folder / "env" / "bin" / "python"
    uv = [TOOLS / "uv", "pip", "install", "-q", "--python", program]
    pip = [program, "-m", "pip", "-q", "install"]
    what = ["-c", folder / "constraints.txt", wheel]
    if subprocess.run([*uv, *what], stderr=subprocess.DEVNULL, check=False).returncode:
        subprocess.run([*pip, *what], check=True)
    return program.with_name("hudhud")


def test_it_contains_what_it_reads_at_run_time(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    here = {
        str(path.relative_to(ROOT))
        for path in (ROOT / "hudhud").rglob("*")
        if path.is_file() and "__pycache__" not in path.parts and path.suffix != ".pyc"
    }
    assert here - names == set()


def test_up_runs_from_it(installed: Path, tmp_path: Path) -> None:
    port = free_port()
    ours = ("HUDHUD_", "DATABASE_URL", "CLICKHOUSE_URL", "PYTHON", "DJANGO")
    env = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
    command = [installed, "up", "--data", "data", "--port", str(port)]
    with subprocess.Popen(command, cwd=tmp_path, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as up:
        try:
            assert up.stdout is not None
            assert up.stdout.readline() == f"Hudhud is ready: http://127.0.0.1:{port}\n"
            with urlopen(f"http://127.0.0.1:{port}/readyz") as ready, urlopen(f"http://127.0.0.1:{port}/") as page:
                assert ready.status == 200
                assert b'<div id="root">' in page.read()
        finally:
            up.terminate()
            printed, _ = up.communicate(timeout=20)
    assert (up.returncode, printed) == (0, "")
