#!/usr/bin/python3
"""table.py BUILD [--quick] [--large] - runs the benchmarks and prints their table.

Each row: what, ours, the comparison, the ratio, the goal, and whether it is
met.  The comparison ran on the same machine, in the same run.  --large: a
store of 10^9 results as well, which takes 2.4 GB and some minutes.
"""
import json
import pathlib
import shutil
import subprocess
import sys
import tempfile

import bench_chunk

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parents[1] / "deploy/demo"))
from stage import (Stage,  # noqa: E402 pylint: disable=wrong-import-position
                   wait_for)


def row(what, ours, theirs, ratio, goal, met):
    """Prints one line of the table."""
    mark = "yes" if met else "NO"
    print(f"{what:<34} {ours:>16} {theirs:>26} {ratio:>8} {goal:>9} "
          f"{mark:>4}", flush=True)


def send_batches(build, results, rate=None):
    """What bench_ingest found, at a collector of its own."""
    directory = pathlib.Path(tempfile.mkdtemp(prefix="vedette-bench-"))
    stage = Stage(directory, build)
    (directory / "collector.yaml").write_text(
        f"store: {directory}/store.db\nlisten:\n  - url: {stage.url}\n")
    try:
        collector = stage.start("collector", [
            stage.collector, "run", "--config", "collector.yaml"])
        wait_for("the collector", lambda: "listening on" in
                 stage.log("collector"), collector)
        out = subprocess.run(
            [build / "tests/bench/bench_ingest", stage.url, directory,
             str(results), *([str(rate)] if rate else [])],
            check=True, stdout=subprocess.PIPE, text=True).stdout
    finally:
        stage.stop()
        shutil.rmtree(directory, ignore_errors=True)
    return json.loads(out)


def ingest(build, quick):
    """Through nng to durable acknowledgement, against plain rows, with the
    same commits; and against VictoriaMetrics, which has synced nothing when it
    answers.  What is acknowledged may still have to be judged: a stream longer
    than the backlog shows how fast both together are."""
    results = 128000 if quick else 1280000
    found = send_batches(build, results)
    found["victoria_per_s"] = bench_chunk.import_rate(results)
    ours = found["whole_path_per_s"]
    for name, key, goal in (
            ("rows keyed (series, time)", "keyed_rows_per_s", 5),
            ("rows appended, no key", "append_rows_per_s", 1),
            ("VictoriaMetrics import", "victoria_per_s", 1)):
        ratio = ours / found[key]
        row("ingest, durable, results/s", f"{ours:,.0f}",
            f"{found[key]:,.0f} {name}", f"{ratio:.2f}", f">= {goal}",
            ratio >= goal)
    held = send_batches(build, 6400000 if quick else 12800000, 10 ** 9)
    row("  held for long, all of it judged", f"{held['whole_path_per_s']:,.0f}",
        f"{found['keyed_rows_per_s']:,.0f} rows keyed (series, time)",
        f"{held['whole_path_per_s'] / found['keyed_rows_per_s']:.2f}", "-",
        True)


def lag(build, quick):
    """From the end of a run to the line of who watches."""
    out = subprocess.run(
        ["/usr/bin/python3", HERE / "bench_lag.py", build,
         *(["--quick"] if quick else [])],
        check=True, stdout=subprocess.PIPE, text=True).stdout
    found = json.loads(out)
    for what, name in (("result, run to watcher, p99 ms", "results"),
                       ("regression, run to watcher, p99 ms", "regressions")):
        row(what, f"{found[name]['p99']:.1f}",
            f"{found[name]['p50']:.1f} the median", "-", "<= 100",
            found[name]["p99"] <= 100)


def growth(build, largest):
    """What questions cost from 10^6 results on, tenfold each time."""
    n_series, before = 4, None
    while n_series <= largest:
        directory = pathlib.Path(tempfile.mkdtemp(prefix="vedette-bench-"))
        try:
            found = json.loads(subprocess.run(
                [build / "tests/bench/bench_store", directory, "--growth",
                 str(n_series)], check=True, stdout=subprocess.PIPE,
                text=True).stdout)
        finally:
            shutil.rmtree(directory, ignore_errors=True)
        what = f"{found['results']:,} results"
        each = found["bytes"] / found["results"]
        row(f"{what}: bytes each", f"{each:.2f}", "-", "-", "-", True)
        for name in ("open_ms", "history_ms", "trend_ms", "moment_ms"):
            grown = found[name] / before[name] if before else 1
            # Tenths of milliseconds are noise.
            row(f"  {name[:-3]}, ms", f"{found[name]:.2f}", "-",
                f"{grown:.1f}", "<= 10", grown <= 10 or found[name] < 5)
        n_series, before = n_series * 10, found


def probes(build, quick):
    """CPU per probe against blackbox_exporter."""
    out = subprocess.run(
        ["/usr/bin/python3", HERE / "bench_probes.py", build,
         *(["--quick"] if quick else [])],
        check=True, stdout=subprocess.PIPE, text=True).stdout
    found = json.loads(out.splitlines()[-1])
    for kind, goal in (("tcp", 0.1), ("http", 0.25)):
        ours, theirs = found[kind]["vedette_ms"], found[kind]["blackbox_ms"]
        row(f"{kind} probe, CPU ms each", f"{ours:.4f}",
            f"{theirs:.4f} blackbox_exporter", f"{ours / theirs:.3f}",
            f"<= {goal}", ours / theirs <= goal)
    kib = found["tcp"]["resident_kib"]
    row("agent with 1,000 tcp probes at 1 s, resident KiB", f"{kib:,}", "",
        "", "<= 15,360", kib <= 15360)
    ours, psql = found["postgres"]["runner_ms"], found["postgres"]["psql_ms"]
    row("postgres probe, CPU ms each", f"{ours:.4f}",
        f"{psql:.4f} psql -c 'select 1'", f"{ours / psql:.3f}", "<= 1",
        ours <= psql)
    dead = found["300 of 1,000 are dead"]
    assert dead["censored"] > 0 and dead["ok"] > 0, dead
    row("300 of 1,000 probes never end, drift", f"{dead['worst_drift']:.4f}",
        f"{dead['skipped']} skipped", f"{dead['worst_late_ms']:.0f} ms late",
        "< 0.01", dead["worst_drift"] < 0.01)


def idle(build, seconds):
    """An agent with 20 probes at 10 s."""
    out = subprocess.run(
        ["/usr/bin/python3", HERE / "bench_idle.py", build, str(seconds)],
        check=True, stdout=subprocess.PIPE, text=True).stdout
    found = json.loads(out)
    ours = found.pop("vedette-agent")
    row("idle agent, % of a core", f"{ours['cpu_percent']:.3f}", "-", "-",
        "< 0.5", ours["cpu_percent"] < 0.5)
    for name, theirs in found.items():
        row("  resident KiB (threads)",
            f"{ours['resident_kib']} ({ours['threads']})",
            f"{theirs['resident_kib']} ({theirs['threads']}) {name}",
            f"{ours['resident_kib'] / theirs['resident_kib']:.2f}", "-",
            True)
        row("  CPU %", f"{ours['cpu_percent']:.3f}",
            f"{theirs['cpu_percent']:.3f} {name}", "-", "-", True)


def at_rest(build, quick):
    """Bytes per result, against everybody who stores the same."""
    out = subprocess.run(
        ["/usr/bin/python3", HERE / "bench_chunk.py", build,
         *(["--quick"] if quick else [])],
        check=True, stdout=subprocess.PIPE, text=True).stdout
    found = json.loads(out)
    for what, ours, theirs, bits in (
            ("bytes/result at rest", "chunk_bytes", "victoria",
             "entropy_bits"),
            ("bytes/result with two phases", "chunk_bytes_with_phases",
             "victoria_with_phases", "entropy_bits_with_phases")):
        mine = found[ours] / found["results"]
        vm = found[theirs]["data"] / found["results"]
        row(what, f"{mine:.3f}", f"{vm:.3f} VictoriaMetrics",
            f"{mine / vm:.2f}", "<= 1", mine <= vm)
        row("  against the entropy", f"{mine:.3f}",
            f"{found[bits] / 8:.3f} entropy",
            f"{mine / found[bits] * 8:.2f}", "-", True)
    rows = found["row_bytes"] / found["results"]
    mine = found["chunk_bytes"] / found["results"]
    row("  against a row each", f"{mine:.3f}", f"{rows:.3f} SQLite rows",
        f"{mine / rows:.2f}", "-", True)
    speed = found["columns_per_s"]
    row("chunk: time, outcome, duration/s", f"{speed:,.0f}", "-", "-",
        ">= 20 M", speed >= 20e6)
    row("chunk: packed/s", f"{found['pack_per_s']:,.0f}", "-", "-", "-", True)
    day = found["rollup_bytes_a_day"]
    row("rollup of a day, bytes", f"{day:.0f}", "-", "-", "< 200", day < 200)


def store(build, quick):
    """The store: inbox against plain rows, and what its questions cost."""
    directory = pathlib.Path(tempfile.mkdtemp(prefix="vedette-bench-"))
    try:
        out = subprocess.run(
            [build / "tests/bench/bench_store", directory,
             *(["--quick"] if quick else [])],
            check=True, stdout=subprocess.PIPE, text=True).stdout
    finally:
        shutil.rmtree(directory, ignore_errors=True)
    found = json.loads(out)
    ours = found["inbox_per_s"]
    for name, key, goal in (
            ("rows keyed (series, time)", "keyed_per_s", 5),
            ("rows appended, no key", "append_per_s", 1)):
        ratio = ours / found[key]
        row("store: inbox, durable, results/s", f"{ours:,.0f}",
            f"{found[key]:,.0f} {name}", f"{ratio:.2f}", f">= {goal}",
            ratio >= goal)
    row("store: sealing, results/s", f"{found['sealed_per_s']:,.0f}", "-",
        "-", "-", True)
    size = found["restart_bytes"] / 1e6
    for what, key, goal in (
            (f"store: restart, inbox {size:,.0f} MB, ms", "restart_ms", 5000),
            ("store: trend, 1 series x 90 d, ms", "trend_one_ms", 5),
            ("store: trend, 1,000 series, ms", "trend_thousand_ms", 300),
            ("store: moment, 10,000 series, ms", "moment_sealed_ms", 50),
            ("  with ten minutes unsealed, ms", "moment_unsealed_ms", 50),
            ("trend, 1 series x 90 d, as JSON, ms", "trend_one_document_ms",
             5),
            ("trend, 1,000 together, JSON, ms", "trend_together_document_ms",
             300),
            ("trend, 1,000 by week each, JSON, ms",
             "trend_thousand_document_ms", 300),
            ("timeline, 10,000 series, JSON, ms", "timeline_ms", 50)):
        row(what, f"{found[key]:.1f}", "-", "-", f"<= {goal}",
            found[key] <= goal)


def edge(build, quick):
    """The edge against a listening nng socket, with the same clients.

    nng answers from as many threads as it likes; the edge adds a hop and has
    one, which few peers feel and many do not.
    """
    for connections, goal in ((100, 0.7), (2000, 1)):
        out = subprocess.run(
            [build / "tests/bench/bench_edge", str(connections),
             "1000" if quick else "4000"],
            check=True, stdout=subprocess.PIPE, text=True).stdout
        found = json.loads(out)
        ours, theirs = found["edge"], found["nng"]
        ratio = ours["per_s"] / theirs["per_s"]
        row(f"edge: {connections:,} peers, round trips/s",
            f"{ours['per_s']:,.0f}", f"{theirs['per_s']:,.0f} nng over tcp",
            f"{ratio:.2f}", f">= {goal}", ratio >= goal)
    mine, other = (found[name]["kib_per_connection"] for name in
                   ("edge", "nng"))
    row("  resident KiB per peer", f"{mine:.2f}", f"{other:.2f} nng",
        f"{mine / other:.2f}", "<= 1", mine <= other)


def over_http(build, quick):
    """Answers to wrk while results come in, and results while it asks."""
    out = subprocess.run(
        ["/usr/bin/python3", HERE / "bench_http.py", build,
         *(["--quick"] if quick else [])],
        check=True, stdout=subprocess.PIPE, text=True).stdout
    found = json.loads(out)
    alone = max(one["acknowledged_per_s"] for one in found.pop("alone"))
    for path, (told,) in found.items():
        assert not told["wrong"], (path, told)
        row(f"{path}, 64 connections, p99 ms", f"{told['p99_ms']:.1f}",
            f"{told['per_s']:,.0f} requests/s", "-", "<= 100",
            told["p99_ms"] <= 100)
        ratio = told["acknowledged_per_s"] / alone
        row("  ingest meanwhile, results/s",
            f"{told['acknowledged_per_s']:,.0f}", f"{alone:,.0f} alone",
            f"{ratio:.2f}", ">= 0.95", ratio >= 0.95)


def lines(build, quick):
    """History as JSON Lines, written and read."""
    directory = pathlib.Path(tempfile.mkdtemp(prefix="vedette-bench-"))
    try:
        out = subprocess.run(
            [build / "tests/bench/bench_jsonl", directory / "lines.jsonl",
             "200000" if quick else "1000000"],
            check=True, capture_output=True, text=True).stdout
    finally:
        shutil.rmtree(directory, ignore_errors=True)
    found = json.loads(out)
    row("JSON Lines: read, lines/s", f"{found['read_per_s']:,.0f}", "-", "-",
        "-", True)
    row("JSON Lines: written, lines/s", f"{found['write_per_s']:,.0f}", "-",
        "-", "-", True)


def main():
    """Returns the exit code."""
    build = pathlib.Path(sys.argv[1]).resolve()
    quick = "--quick" in sys.argv
    print(f"{'what':<34} {'ours':>16} {'comparison':>26} {'ratio':>8} "
          f"{'goal':>9} {'met':>4}")
    ingest(build, quick)
    lag(build, quick)
    store(build, quick)
    growth(build, 4000 if "--large" in sys.argv else 40 if quick else 400)
    at_rest(build, quick)
    lines(build, quick)
    edge(build, quick)
    over_http(build, quick)
    probes(build, quick)
    idle(build, 20 if quick else 60)
    return 0


if __name__ == "__main__":
    sys.exit(main())
