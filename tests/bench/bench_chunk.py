#!/usr/bin/python3
"""bench_chunk.py BUILD [--quick] - bytes per result at rest.

The same results as chunks, as rows of SQLite and in VictoriaMetrics, which
is measured as it lies on the disk after a forced merge and an orderly stop:
its data alone, and with its index.  Prints one line of JSON.
"""
import json
import pathlib
import random
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request

DEADLINE_S = 120


def free_port():
    """A port nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def size(directory):
    """Bytes of all files below."""
    return sum(path.stat().st_size for path in directory.rglob("*")
               if path.is_file())


class Victoria:
    """VictoriaMetrics on the loopback, with its data in a directory."""

    def __init__(self, directory):
        self.directory = directory
        self.url = f"http://127.0.0.1:{free_port()}"
        with open(directory.with_suffix(".log"), "wb") as log:
            self.process = subprocess.Popen(  # pylint: disable=R1732
                ["victoria-metrics", f"-storageDataPath={directory}",
                 f"-httpListenAddr={self.url[7:]}", "-retentionPeriod=100y",
                 "-dedup.minScrapeInterval=0"],
                stderr=log, stdout=log)
        self.until(lambda: self.get("/health") == "OK")

    def get(self, path):
        """What a GET answers, or nothing."""
        try:
            with urllib.request.urlopen(self.url + path, timeout=30) as got:
                return got.read().decode()
        except OSError:
            return ""

    def until(self, done):
        """Asks until it is so, or the deadline passes."""
        deadline = time.monotonic() + DEADLINE_S
        while not done():
            if time.monotonic() > deadline or self.process.poll() is not None:
                raise TimeoutError("victoria-metrics")
            try:  # its end, should it come, ends the pause as well
                self.process.wait(0.1)
            except subprocess.TimeoutExpired:
                pass

    def load(self, path):
        """Imports a file; returns the seconds."""
        start = time.monotonic()
        request = urllib.request.Request(
            self.url + "/api/v1/import", data=path.read_bytes(),
            method="POST")
        with urllib.request.urlopen(request, timeout=DEADLINE_S):
            return time.monotonic() - start

    def merged(self):
        """Is no merge going on?"""
        return all(float(n) == 0 for n in re.findall(
            r"^vm_active_(?:force_)?merges\S* (\S+)$", self.get("/metrics"),
            re.MULTILINE))

    def close(self):
        """Merges all, stops in order, returns bytes of data and index."""
        self.get("/internal/force_flush")
        self.get("/internal/force_merge")
        self.until(self.merged)
        self.process.terminate()
        self.process.wait(DEADLINE_S)
        return (size(self.directory / "data"),
                size(self.directory / "indexdb"))


def victoria(directory, name, files):
    """Bytes of data and index, and seconds, for these files."""
    server = Victoria(directory / name)
    try:
        seconds = sum(server.load(directory / file) for file in files)
        data, index = server.close()
    finally:
        server.process.kill()
        server.process.wait()
    return {"data": data, "index": index, "seconds": seconds}


def put_batches(path, results):
    """What bench_ingest sends, for VictoriaMetrics: batches of 100 results
    of 64 agents in turn, of each five of 20 series.  The outcome is a label;
    limit, reason and phases are left out."""
    draw = random.Random(1)
    with open(path, "w", encoding="ascii") as file:
        for batch in range(results // 100):
            agent, first = batch % 64, batch // 64 * 5
            times = ",".join(str(1767607200000 + (first + i) * 30000)
                             for i in range(5))
            for series in range(20):
                values = ",".join(
                    str(int(3000 * draw.lognormvariate(0, 0.25)))
                    for _ in range(5))
                file.write(
                    f'{{"metric":{{"__name__":"duration","agent":"{agent}",'
                    f'"series":"{series}","outcome":"ok"}},"values":'
                    f'[{values}],"timestamps":[{times}]}}\n')


def import_rate(results):
    """Results per second that VictoriaMetrics takes in, one request, not
    synced to the disk."""
    directory = pathlib.Path(tempfile.mkdtemp(prefix="vedette-bench-"))
    server = None
    try:
        put_batches(directory / "batches.jsonl", results)
        server = Victoria(directory / "vm")
        return results / server.load(directory / "batches.jsonl")
    finally:
        if server is not None:
            server.process.kill()
            server.process.wait()
        shutil.rmtree(directory, ignore_errors=True)


def main():
    """Returns the exit code."""
    build = pathlib.Path(sys.argv[1]).resolve()
    shape = ["10", "7"] if "--quick" in sys.argv else ["50", "14"]
    directory = pathlib.Path(tempfile.mkdtemp(prefix="vedette-bench-"))
    try:
        found = json.loads(subprocess.run(
            [build / "tests/bench/bench_chunk", directory, *shape],
            check=True, capture_output=True, text=True).stdout)
        found["victoria"] = victoria(directory, "vm", ["results.jsonl"])
        found["victoria_with_phases"] = victoria(
            directory, "vm-phases", ["results.jsonl", "phases.jsonl"])
    finally:
        shutil.rmtree(directory, ignore_errors=True)
    print(json.dumps(found))
    return 0


if __name__ == "__main__":
    sys.exit(main())
