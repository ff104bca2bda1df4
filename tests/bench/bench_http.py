#!/usr/bin/python3
"""bench_http.py BUILD [--quick] - answers over HTTP while results come in.

100,000 results a second go into a collector; without and with wrk asking it
over 64 connections, /api/v1/status and /metrics in turn.  Prints one line of
JSON: how many results a second were acknowledged each time, and wrk's
latencies and requests.
"""
import json
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parents[1] / "deploy/demo"))
from stage import (Stage,  # noqa: E402 pylint: disable=wrong-import-position
                   answers, free_port, wait_for)

RATE = 100_000
UNITS = {"us": 1e-3, "ms": 1, "s": 1000, "m": 60_000}


def milliseconds(text):
    """Of what wrk prints: "12.34ms"; "-nanus" when nothing was answered."""
    found = re.fullmatch(r"([\d.]+)(us|ms|s|m)", text)
    return float(found[1]) * UNITS[found[2]] if found else float("inf")


def wrk(port, path, seconds):
    """What wrk says of 64 connections."""
    out = subprocess.run(
        ["wrk", "-t1", "-c64", f"-d{seconds}s", "--latency", "--timeout",
         "30s", f"http://127.0.0.1:{port}{path}"], check=True,
        capture_output=True, text=True).stdout
    wrong = re.search(r"Non-2xx or 3xx responses: (\d+)", out)
    failed = re.search(r"Socket errors: (.*)", out)
    return {"p99_ms": milliseconds(re.search(r"99%\s+(\S+)", out).group(1)),
            "p50_ms": milliseconds(re.search(r"50%\s+(\S+)", out).group(1)),
            "per_s": float(re.search(r"Requests/sec:\s+(\S+)", out).group(1)),
            "wrong": wrong.group(0) if wrong else failed.group(0)
            if failed else ""}


def measure(build, seconds):
    """The rates of ingest, and the answers meanwhile."""
    directory = pathlib.Path(tempfile.mkdtemp(prefix="vedette-bench-"))
    stage, port, found = Stage(directory, build), free_port(), {}
    (directory / "collector.yaml").write_text(
        f"store: {directory}/store.db\nlisten:\n  - url: {stage.url}\n"
        f'http: {{listen: "127.0.0.1:{port}"}}\n')
    try:
        collector = stage.start("collector", [
            stage.collector, "run", "--config", "collector.yaml"])
        wait_for("the collector", lambda: answers(port), collector)
        for path in (None, "/api/v1/status", "/metrics", None):
            sender = subprocess.Popen(
                [build / "tests/bench/bench_ingest", stage.url, directory,
                 str(RATE * (seconds + 2)), str(RATE)],
                stdout=subprocess.PIPE, text=True)
            told = wrk(port, path, seconds) if path else {}
            told["acknowledged_per_s"] = json.loads(
                sender.communicate()[0])["whole_path_per_s"]
            found.setdefault(path or "alone", []).append(told)
    finally:
        stage.stop()
        shutil.rmtree(directory, ignore_errors=True)
    return found


def main():
    """Prints what was found."""
    build = pathlib.Path(sys.argv[1]).resolve()
    print(json.dumps(measure(build, 5 if "--quick" in sys.argv else 10)))


if __name__ == "__main__":
    main()
