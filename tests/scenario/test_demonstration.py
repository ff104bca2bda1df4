"""The demonstration of deploy/quickstart tells its story to the end."""
import json
import os
import pathlib
import re
import signal
import subprocess
import urllib.request

from stage import wait_for

ROOT = pathlib.Path(__file__).resolve().parents[2]


def get(address, path):
    """What the page's server answers."""
    with urllib.request.urlopen(address + path, timeout=30) as answer:
        return answer.read().decode()


def test_the_outage_is_flagged_explained_and_cleared(stage):
    """Real PostgreSQL, services, agents and collector; nothing stays."""
    directory = stage.directory / "demo"
    process = stage.start(
        "demonstration",
        ["/usr/bin/python3", "-B", ROOT / "deploy/demo/demonstration.py",
         "--build", os.environ["VEDETTE_BUILD"], "--directory", directory,
         "--keep"])
    page = wait_for(
        "the end of the story", lambda: re.search(
            r"the page: (http://127\.0\.0\.1:\d+/)",
            stage.log("demonstration")), process, 300)[1]
    assert "<title>Vedette" in get(page, "")
    rows = json.loads(get(page, "api/v1/status"))["cells"]
    assert {row["state"] for row in rows} == {"ok"} and len(rows) == 6
    process.send_signal(signal.SIGINT)
    assert process.wait(60) == 130
    told = " ".join(stage.log("demonstration").split())
    for words in ("6 ok",
                  "6 variables missing in process",
                  "own inputs fail (inputs.missing), reference inputs pass",
                  "the same build v1 is healthy in production",
                  "ENVIRONMENT CONFIGURATION, very likely",
                  "state of env", "cleared",
                  "nothing is left running"):
        assert words in told, told
    left = subprocess.run(["pgrep", "-f", str(directory)],
                          capture_output=True, check=False)
    assert left.returncode == 1, left.stdout
