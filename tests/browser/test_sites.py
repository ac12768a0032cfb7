"""The dashboards of these tests leave no process behind."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from scripts import server
from tests.conftest import REPOSITORY
from tests.scripts.apps import write_app
from tests.waiting import until

STARTER = """
import sys, time
from pathlib import Path
from tests.browser.sites import serving
with serving(Path(sys.argv[1]), Path(sys.argv[2])) as address:
    print(address, flush=True)
    time.sleep(1000)
"""


def test_a_server_ends_with_whoever_started_it(tmp_path: Path) -> None:
    app = write_app(tmp_path, {"one": "st.write('1')"})
    command = [sys.executable, "-c", STARTER, str(tmp_path), str(app)]
    with subprocess.Popen(command, cwd=REPOSITORY, stdout=subprocess.PIPE, text=True) as starter:
        assert starter.stdout is not None
        port = int(starter.stdout.readline().rpartition(":")[2])
        assert not server.is_free(port)
        starter.kill()
    until(lambda: server.is_free(port))
