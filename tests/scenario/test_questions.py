"""Questions about a recorded history, of a store file and of a collector."""
import concurrent.futures
import csv
import io
import json
import os
import signal
import subprocess

import pytest
from stage import answers, free_port, wait_for

SECONDS = 120
START_DAY = 5
PLACE = {"environment": "staging", "service": "backend"}


def at(second):
    """The time this many seconds into the history."""
    return (f"2026-01-{START_DAY + second // 86400:02}T"
            f"{second // 3600 % 24:02}:{second // 60 % 60:02}:"
            f"{second % 60:02}.000Z")


def result(second, probe="db", outcome="ok", **more):
    """A result of a probe of the backend."""
    line = {"type": "result", "at": at(second), **PLACE, "agent": "stg-1",
            "vantage": "in_service", "probe": probe, "kind": "tcp",
            "interval_ms": 600000, "outcome": outcome,
            "duration_ms": 3 + second % 7, "limit_ms": 5000}
    if outcome == "critical":
        line |= {"reason": "connect.refused", "message": "refused"}
    return line | more


def fact(second, name, environment="staging", **more):
    """A fact of the backend."""
    return {"type": "fact", "at": at(second), **PLACE, "name": name,
            "source": "control_plane", "environment": environment} | more


def history():
    """Three days; a deploy on the second, after which the database's probe
    fails for some hours; production is well all the time."""
    lines = []
    for second in range(0, 3 * 86400, 600):
        is_bad = 100200 <= second < 130200
        lines += [result(second, outcome="critical" if is_bad else "ok"),
                  result(second, "web"),
                  result(second, environment="production", agent="prd-1")]
    lines += [
        fact(10, "build", value="v1"), fact(99995, "build", value="v2"),
        fact(10, "build", "production", value="v1"),
        fact(10, "env/KEY", fingerprint="k1:9f2c"),
        fact(10, "env/KEY", "production", fingerprint="k2:9f2c"),
        {"type": "event", "at": at(99990), **PLACE, "kind": "deploy",
         "subject": "build/v2", "summary": "released v2"}]
    return sorted(lines, key=lambda line: line["at"])


class Recorded:
    """A store with the history; asked as a file, or through a collector."""

    def __init__(self, stage):
        self.stage = stage
        self.store = stage.directory / "store.db"
        self.url = None
        path = stage.directory / "lines.jsonl"
        path.write_text("".join(json.dumps(line) + "\n"
                                for line in history()))
        stage.run(stage.collector, "replay", path, "--store", self.store)

    def serve(self):
        """From now on a collector answers: this program."""
        port = free_port()
        (self.stage.directory / "collector.yaml").write_text(
            f"store: {self.store}\nlisten:\n  - url: {self.stage.url}\n"
            f"  - url: tcp://127.0.0.1:{port}\n")
        program = self.stage.start("collector", [
            self.stage.collector, "run", "--config", "collector.yaml"])
        wait_for("the collector", lambda: answers(port), program)
        self.url = self.stage.url
        return program

    def try_to(self, *words):
        """Exit code and output of vedette."""
        where = ["--collector", self.url] if self.url else \
            ["--store", self.store]
        done = subprocess.run(
            [self.stage.cli, *map(str, where), *words], check=False,
            capture_output=True, text=True, timeout=SECONDS,
            env={**os.environ, "COLUMNS": "80"})
        return done.returncode, done.stderr if done.returncode else \
            done.stdout

    def vedette(self, *words, code=0):
        """What vedette prints, or what it complains of."""
        found, said = self.try_to(*words)
        assert found == code, said
        return said

    def ask(self, *words):
        """The document."""
        return json.loads(self.vedette(*words, "--json"))


@pytest.fixture(name="recorded")
def new_recorded(stage):
    """The history as a file."""
    return Recorded(stage)


BAD = at(110000)
QUESTIONS = [
    ("trend", "staging/backend", "--probe", "db", "--to", at(3 * 86400)),
    ("trend", "staging", "--by", "hour", "--last", "30h", "--to", BAD),
    ("trend", "--by", "week", "--together", "--to", at(3 * 86400)),
    ("timeline", "staging", "--at", BAD),
    ("diff", "staging", "production", "--at", BAD),
]


def test_a_collector_answers_as_its_store_does(recorded):
    """Every question about a moment: the same document, and a page of it
    that is no wider than 80 columns."""
    offline = [recorded.ask(*words) for words in QUESTIONS]
    pages = [recorded.vedette(*words) for words in QUESTIONS]
    recorded.serve()
    for words, document, page in zip(QUESTIONS, offline, pages):
        assert recorded.ask(*words) == document, words
        assert recorded.vedette(*words) == page, words
        assert max(map(len, page.splitlines())) <= 80, page
        assert "\x1b" not in page


def test_a_trend_shows_the_bad_day_and_what_was_deployed(recorded):
    """Counts, shares and marks of one series."""
    trend = recorded.ask(*QUESTIONS[0])
    (series,) = trend["series"]
    assert [point["results"] for point in series["points"]] == [144] * 3
    assert [point["critical"] for point in series["points"]] == [0, 50, 0]
    assert series["total"]["share_ok"] == 0.8842
    # The quantiles are of the durations that were ok, within 1 %.
    good = sorted(line["duration_ms"] for line in history()
                  if line["type"] == "result" and line["probe"] == "db"
                  and line["environment"] == "staging"
                  and line["outcome"] == "ok")
    for name, share in (("p50_ms", 0.5), ("p95_ms", 0.95), ("p99_ms", 0.99)):
        true = good[int(share * (len(good) - 1))]
        assert abs(series["total"][name] - true) <= 0.01 * true
    assert [mark["subject"] for mark in trend["marks"]] == ["build/v2"]
    assert [change["new"] for change in trend["builds"]] == ["v2"]
    assert [row["subject"] for row in trend["regressions"]] == ["db"]
    page = recorded.vedette(*QUESTIONS[0])
    for words in ("65.27 %", "deploy build/v2: released v2",
                  "REGRESSION #1 state of db"):
        assert words in page


def test_a_trend_as_csv_tells_what_json_tells(recorded):
    """A row for each step of each series, also of a service and of all;
    steps without results have none."""
    for words in (QUESTIONS[0], QUESTIONS[1], QUESTIONS[2],
                  ("trend", "staging/backend", "--by", "week", "--from",
                   "2025-12-01T00:00:00Z", "--to", "2026-02-01T00:00:00Z")):
        document = recorded.ask(*words)
        rows = list(csv.DictReader(io.StringIO(
            recorded.vedette(*words, "--csv"))))
        wanted = [(series, point) for series in document["series"]
                  for point in series["points"]]
        assert rows and len(rows) == len(wanted)
        for row, (series, point) in zip(rows, wanted):
            assert row["probe"] == (series["probe"] or "")
            assert row["at"] == point["at"]
            for name in ("results", "ok", "critical", "share_ok", "p95_ms"):
                assert (float(row[name]) if row[name] else None) == \
                    point[name]
    assert "not both" in recorded.vedette("trend", "--csv", "--json", code=2)


def test_a_timeline_rewinds_to_the_moment(recorded):
    """Red, known, and just changed, then; nothing of what came later."""
    words = ("timeline", "staging", "--at", BAD, "--last", "5h")
    timeline = recorded.ask(*words)
    states = {row["probe"]: row["state"] for row in timeline["series"]}
    assert states == {"db": "critical", "web": "ok"}
    assert [row["open"] for row in timeline["regressions"]] == [True]
    assert [mark["kind"] for mark in timeline["marks"]] == ["deploy"]
    facts = {row["name"]: row["value"] for row in timeline["facts"]}
    assert facts == {"build": "v2", "env/KEY": "fingerprint k1:9f2c"}
    before = recorded.ask("timeline", "staging", "--at", at(99000))
    assert before["regressions"] == []
    assert {row["state"] for row in before["series"]} == {"ok"}
    assert {row["value"] for row in before["facts"]} == {
        "v1", "fingerprint k1:9f2c"}
    page = recorded.vedette(*words)
    for part in ("CRITICAL", "OPEN REGRESSIONS", "KNOWN", "released v2"):
        assert part in page


def test_a_timeline_tells_since_when_over_midnight(stage):
    """A state lasts as long as it does, whatever day it is; a hole or another
    reason ends it, also at midnight."""
    failing = {"outcome": "critical"}
    lines = [result(second, probe, **(failing if second >= 7200 else {}))
             for probe in ("long", "hole", "reason")
             for second in range(0, 3 * 86400 - 7200, 600)
             if probe != "hole" or not 86400 - 3000 < second < 86400 + 3000]
    for line in lines:
        if line["probe"] == "reason" and line["at"] < at(2 * 86400):
            line["reason"] = "connect.timeout"
    path = stage.directory / "lines.jsonl"
    path.write_text("".join(json.dumps(line) + "\n" for line in sorted(
        lines, key=lambda line: line["at"])))
    stage.run(stage.collector, "replay", path, "--store", "s.db")
    stage.run(stage.collector, "compact", "--store", "s.db")
    done = subprocess.run(
        [stage.cli, "--store", stage.directory / "s.db", "timeline",
         "staging", "--json", "--at", at(2 * 86400 + 7230)], check=True,
        capture_output=True, text=True, timeout=SECONDS)
    since = {row["probe"]: row["since"] for row in
             json.loads(done.stdout)["series"]}
    assert since == {"long": at(7200), "hole": at(86400 + 3000),
                     "reason": at(2 * 86400)}


def test_a_diff_tells_what_differs_and_what_cannot_be_compared(recorded):
    """Outcomes, facts, fingerprints of two keys."""
    diff = recorded.ask(*QUESTIONS[4])
    outcomes = {row["probe"]: row["likeness"] for row in diff["outcomes"]}
    assert outcomes == {"db": "differs", "web": "missing"}
    facts = {row["name"]: row["likeness"] for row in diff["facts"]}
    assert facts == {"build": "differs", "env/KEY": "not_comparable"}
    assert diff["counts"] == {"same": 0, "differs": 2, "missing": 1,
                              "not_comparable": 1}
    later = recorded.ask("diff", "staging", "production", "--at", at(140000))
    assert later["outcomes"][0]["likeness"] == "same"


def test_changes_of_a_span_are_found_offline(recorded):
    """With the interval in which each lies."""
    changes = recorded.ask("changes", "staging", "--from", at(99000),
                           "--to", BAD)["changes"]
    (change,) = changes
    assert (change["old"], change["new"]) == ("v1", "v2")
    assert change["old_last_seen"] == at(10)
    assert change["new_first_seen"] == at(99995)


def test_many_ask_at_once_while_the_configuration_changes(recorded):
    """Everybody is answered alike; stopping meanwhile is clean."""
    words = ("trend", "--by", "hour", "--last", "3d", "--to", at(3 * 86400))
    wanted = recorded.ask(*words)
    program = recorded.serve()
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        asked = [pool.submit(recorded.ask, *words) for _ in range(40)]
        for _ in range(5):
            program.send_signal(signal.SIGHUP)
        assert all(ask.result() == wanted for ask in asked)
        # Those that were not answered are told that it has gone.
        late = [pool.submit(recorded.try_to, *words) for _ in range(16)]
        program.send_signal(signal.SIGTERM)
        assert program.wait(SECONDS) == 0
        assert {code for code, _ in (ask.result() for ask in late)} <= {0, 3}


@pytest.mark.parametrize("words, code, said", [
    (["trend", "stagign"], 3, "stagign: neither configured nor ever heard"),
    (["trend", "--by", "minute"], 2, "--by: hour, day or week"),
    (["trend", "--last", "5d", "--from", at(0)], 2, "without --from"),
    (["trend", "--by", "hour", "--from", "1990-01-01T00:00:00Z"], 2,
     "hours or days"),
    (["timeline", "staging", "--at", "noon"], 2, "--at"),
    (["diff", "staging"], 2, "ENVIRONMENT[/SERVICE] ENVIRONMENT"),
    (["diff", "staging", "staging"], 2, "name two environments"),
    (["diff", "staging", "Production"], 3,
     "environment Production: neither configured nor ever heard of"),
    (["diff", "staging", "eu/production"], 2,
     "eu/production: the name of an environment has no slash"),
    (["diff", "staging", "production", "local"], 2, "one argument too many"),
])
def test_what_is_wrong_with_a_question_is_said(recorded, words, code, said):
    """With the exit code that scripts rely on."""
    assert said in recorded.vedette(*words, code=code)
