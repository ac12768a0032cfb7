"""Find a Chromium for the browser tests, or get one."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

from relrec_core.errors import RelRecError

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
VARIABLE = "RELREC_CHROMIUM"


def find_or_get() -> Path | None:
    """A Chromium: the one named in RELREC_CHROMIUM, on the PATH, from apt, or Playwright's."""
    named = os.environ.get(VARIABLE)
    if named:
        if shutil.which(named) is None:
            raise RelRecError(f"{VARIABLE} names {named}, which is not a program that can run.")
        return Path(named)
    return _on_path() or _from_apt() or _from_playwright()


def _on_path() -> Path | None:
    found = next(filter(None, map(shutil.which, NAMES)), None)
    return Path(found) if found else None


def _from_apt() -> Path | None:
    if os.name == "nt" or os.geteuid() != 0 or shutil.which("apt-get") is None:
        return None
    print("Installing Chromium with apt-get ...", flush=True)
    quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    install = ["apt-get", "install", "-y", "-qq", "--no-install-recommends"]
    for command in (["apt-get", "update", "-qq"], [*install, "chromium", "fonts-liberation"]):
        ran = subprocess.run(command, env=quiet, stdout=subprocess.DEVNULL, check=False)
        if ran.returncode:
            return None
    return _on_path()


def _from_playwright() -> Path | None:
    print("Installing Playwright's Chromium ...", flush=True)
    install = [sys.executable, "-m", "playwright", "install", "chromium"]
    if subprocess.run(install, check=False).returncode:
        return None
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        path = Path(playwright.chromium.executable_path)
    return path if path.exists() else None
