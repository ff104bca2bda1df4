"""The demonstration of deploy/quickstart tells its story to the end."""
import os
import pathlib
import subprocess

ROOT = pathlib.Path(__file__).resolve().parents[2]


def test_the_outage_is_flagged_explained_and_cleared(stage):
    """Real PostgreSQL, services, agents and collector; nothing stays."""
    directory = stage.directory / "demo"
    done = subprocess.run(
        ["/usr/bin/python3", "-B", ROOT / "deploy/demo/demonstration.py",
         "--build", os.environ["VEDETTE_BUILD"], "--directory", directory],
        capture_output=True, text=True, timeout=300, check=False)
    print(done.stdout, done.stderr)
    assert done.returncode == 0
    told = " ".join(done.stdout.split())
    for words in ("6 ok",
                  "6 variables missing in process",
                  "own inputs fail (inputs.missing), reference inputs pass",
                  "the same build v1 is healthy in production",
                  "ENVIRONMENT CONFIGURATION, very likely",
                  "state of env", "cleared",
                  "nothing is left running"):
        assert words in told
    left = subprocess.run(["pgrep", "-f", str(directory)],
                          capture_output=True, check=False)
    assert left.returncode == 1, left.stdout
