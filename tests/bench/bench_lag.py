#!/usr/bin/python3
"""bench_lag.py BUILD [--quick] - from the end of a run to whoever watches.

An agent with 100 tcp probes at 1 s, whose target is shut and opened again; a
collector; `vedette watch --json`.  What is measured: from the end of a run (its start and duration, wall clock) to the line
that tells its result, spool and both commits included; and from the end of the
result that confirms a regression to the line that tells the regression.
Prints one JSON object, in milliseconds.
"""
import datetime
import json
import pathlib
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parents[1] / "deploy/demo"))
from stage import (Stage,  # noqa: E402 pylint: disable=wrong-import-position
                   wait_for)

PROBES = 100


class Target:
    """Accepts and closes on a port of its own, while it is open."""

    def __init__(self):
        self.listener = None
        self.port = 0
        self.open()

    def open(self):
        """Listens, at the same port as before."""
        listener = socket.create_server(("127.0.0.1", self.port), backlog=256)
        self.port = listener.getsockname()[1]
        self.listener = listener

        def serve():
            while True:
                try:
                    listener.accept()[0].close()
                except OSError:
                    return

        threading.Thread(target=serve, daemon=True).start()

    def shut(self):
        """Refuses from now on."""
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()


class Watch(threading.Thread):
    """Reads the live stream, and when each line came."""

    def __init__(self, stage):
        super().__init__(daemon=True)
        self.program = subprocess.Popen(  # pylint: disable=R1732
            [stage.cli, "--collector", stage.url, "watch", "--results", "--json"],
            stdout=subprocess.PIPE, text=True)
        self.results, self.regressions, self.ended = [], [], {}
        self.start()

    def run(self):
        for line in self.program.stdout:
            now_ms = time.time() * 1000
            event = json.loads(line)
            self.take(event, now_ms)

    def take(self, event, now_ms):
        """Notes how long ago it was."""
        told = event.get(event["event"])
        if not isinstance(told, dict) or told["environment"] != "lag":
            return
        if event["event"] == "result":
            began = datetime.datetime.fromisoformat(
                told["at"].replace("Z", "+00:00"))
            ended_ms = began.timestamp() * 1000 + told["duration_ms"]
            self.ended[told["probe"]] = ended_ms
            self.results.append(now_ms - ended_ms)
        elif event["event"] == "regression":
            self.regressions.append(now_ms - self.ended[told["subject"]])


def quantiles(values):
    """p50, p99 and the largest."""
    values = sorted(values)
    return {"n": len(values), "p50": round(values[len(values) // 2], 1),
            "p99": round(values[len(values) * 99 // 100], 1),
            "max": round(values[-1], 1)}


def write_configs(stage, port):
    """Of a collector, and of an agent that watches the port."""
    (stage.directory / "collector.yaml").write_text(
        f"store: {stage.directory}/store.db\nlisten:\n  - url: {stage.url}\n")
    probes = "".join(
        f"  - {{name: port-{i:02d}, service: lag, interval: 1s, "
        f"timeout: 500ms, tcp: {{host: 127.0.0.1, port: {port}}}}}\n"
        for i in range(PROBES))
    (stage.directory / "agent.yaml").write_text(
        "agent: lag\nenvironment: lag\nvantage: in_service\n"
        "identity: [{hostname: '*'}]\n"
        f"collectors: ['{stage.url}']\nstate_directory: {stage.directory}\n"
        f"probes:\n{probes}")


def measure(build, rounds):
    """Shuts and opens the target so often."""
    directory = pathlib.Path(tempfile.mkdtemp(prefix="vedette-bench-"))
    stage, target = Stage(directory, build), Target()
    try:
        write_configs(stage, target.port)
        collector = stage.start("collector", [
            stage.collector, "run", "--config", "collector.yaml"])
        wait_for("the collector", lambda: "listening on" in
                 stage.log("collector"), collector)
        watch = Watch(stage)
        stage.start("agent", [stage.agent, "run", "--config", "agent.yaml"])
        wait_for("results", lambda: len(watch.results) >= 5 * PROBES)
        watch.results.clear()
        for i in range(rounds):
            target.shut()
            wait_for("the regressions",
                     lambda n=i: len(watch.regressions) >= (n + 1) * PROBES)
            n_results = len(watch.results)
            target.open()
            wait_for("good results", lambda n=n_results:
                     len(watch.results) >= n + 5 * PROBES)
        watch.program.kill()
        watch.program.wait()
        return {"results": quantiles(watch.results),
                "regressions": quantiles(watch.regressions)}
    finally:
        stage.stop()
        shutil.rmtree(directory, ignore_errors=True)


def main():
    """Returns the exit code."""
    build = pathlib.Path(sys.argv[1]).resolve()
    rounds = 2 if "--quick" in sys.argv else 6
    print(json.dumps(measure(build, rounds)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
