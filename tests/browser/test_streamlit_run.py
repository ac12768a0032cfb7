"""What people type who know Streamlit and not our launcher, and what Streamlit's cloud runs."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from playwright.sync_api import BrowserContext, expect

from scripts import server
from tests.browser.sites import APP


def test_streamlit_run_from_the_root(context: BrowserContext, ml_100k: Path) -> None:
    root, port = APP.parent.parent, server.any_port()
    settings = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    program = Path(sys.executable).with_name("streamlit.exe" if os.name == "nt" else "streamlit")
    command = [program, "run", "dashboard/app.py", "--server.port", str(port)]
    with subprocess.Popen(command, cwd=root, env=settings, stdout=subprocess.DEVNULL) as process:
        try:
            server._wait_until_healthy(process, port)
            page = context.new_page()
            page.goto(f"http://localhost:{port}/evidence")
            expect(page.locator("h1")).to_have_text("Evidence for our claims")
            expect(page.locator('[data-testid="stException"]')).to_have_count(0)
            page.close()
        finally:
            process.terminate()
