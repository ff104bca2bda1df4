"""Recorded history goes in, is judged by its own time, and comes out again."""
import json
import os
import pathlib
import random
import sqlite3
import subprocess

import pytest

COLLECTOR = pathlib.Path(os.environ["VEDETTE_BUILD"]) / \
    "collector/vedette-collector"
DEADLINE_S = 120


def at(second):
    """The time this many seconds into the history."""
    return (f"2026-01-05T{10 + second // 3600:02}:{second // 60 % 60:02}:"
            f"{second % 60:02}.000Z")


def result(second, outcome="ok", **more):
    """A result of the backend's probe of its database."""
    line = {"type": "result", "at": at(second), "environment": "staging",
            "service": "backend", "agent": "stg-1", "vantage": "in_service",
            "probe": "db", "kind": "postgres", "interval_ms": 10000,
            "outcome": outcome, "duration_ms": 3.25, "limit_ms": 5000}
    if outcome == "critical":
        line["reason"] = "connect.refused"
        line["phases"] = {"resolve": 0.5, "connect": 2.75}
        line["message"] = "connection to 192.0.2.7:5432: refused"
    return line | more


def outage():
    """Good, a deploy and its fact, bad, a claim, good again."""
    lines = [result(s, "critical" if 600 <= s < 900 else "ok")
             for s in range(0, 1500, 10)]
    lines += [
        {"type": "event", "at": at(591), "environment": "staging",
         "service": "backend", "kind": "deploy", "subject": "build/v2",
         "summary": "released v2", "attributes": {"revision": "690"}},
        {"type": "fact", "at": at(595), "environment": "staging",
         "service": "backend", "name": "setting/egress",
         "value": "all-traffic", "source": "control_plane"},
        {"type": "event", "at": at(701), "environment": "staging",
         "kind": "claim", "summary": "it is the \"database\""},
        {"type": "gap", "at": at(1201), "environment": "staging",
         "agent": "stg-2", "to": at(1300), "first_sequence": 1,
         "last_sequence": 4, "results": 400, "why": "spool full"},
    ]
    return sorted(lines, key=lambda line: line["at"])


class History:
    """A store of a test's own."""

    def __init__(self, directory):
        self.directory = directory
        self.n = 0

    def run(self, *words, code=0):
        """The standard output and error of the collector."""
        done = subprocess.run(
            [COLLECTOR, *map(str, words)], capture_output=True, text=True,
            timeout=DEADLINE_S, check=False)
        assert done.returncode == code, done.stderr
        return done.stdout, done.stderr

    def write(self, lines):
        """A file of these lines."""
        self.n += 1
        path = self.directory / f"lines-{self.n}.jsonl"
        path.write_text("".join(json.dumps(line) + "\n" for line in lines))
        return path

    def replay(self, lines, store="store.db", verb="replay", code=0):
        """What was said about it."""
        return self.run(verb, self.write(lines), "--store",
                        self.directory / store, code=code)[1]

    def export(self, store="store.db", *more):
        """All lines of a store."""
        return self.run(
            "export", "--store", self.directory / store, *more)[0]

    def regressions(self, store="store.db"):
        """All that was flagged, without ids."""
        with sqlite3.connect(self.directory / store) as opened:
            return opened.execute(
                "select kind, environment, service, agent, subject, "
                "onset_from_ms, onset_to_ms, detected_ms, cleared_ms, late "
                "from regression order by onset_to_ms, kind").fetchall()


@pytest.fixture(name="history")
def new_history(tmp_path):
    """An empty one."""
    return History(tmp_path)


def test_what_goes_in_comes_out(history):
    """Every line, in the order of time, with what it said."""
    lines = outage()
    said = history.replay(lines)
    assert "150 results, 1 facts, 2 events, 0 heartbeats, 1 gaps" in said
    found = [json.loads(line) for line in history.export().splitlines()]
    assert [line["at"] for line in found] == [line["at"] for line in lines]
    for line, wanted in zip(found, lines):
        wanted = {name: value for name, value in wanted.items()
                  if (name, value) != ("censored", False)}
        if wanted["type"] == "fact":
            wanted["agent"] = "stg-1"  # who speaks of that service
        assert line == wanted


def test_the_data_is_the_only_clock(history):
    """The outage is flagged when it was confirmed, and cleared when over."""
    history.replay(outage())
    (flagged,) = history.regressions()
    start = 1767607200000
    assert flagged[1:5] == ("staging", "backend", "stg-1", "db")
    # From its last good start to the first bad one; known when runs ended.
    assert flagged[5:] == (start + 590000, start + 600000, start + 620003,
                           start + 910003, 0)


@pytest.mark.parametrize("seed", range(3))
def test_order_within_five_minutes_does_not_matter(history, seed):
    """Shuffled lines give the same store: same export, same regressions."""
    lines = outage()
    shuffled = list(lines)
    draw = random.Random(seed)
    for start in range(0, len(shuffled), 25):
        part = shuffled[start:start + 25]  # 250 seconds
        draw.shuffle(part)
        shuffled[start:start + 25] = part
    assert shuffled != lines
    history.replay(lines)
    history.replay(shuffled, "shuffled.db")
    assert history.export() == history.export("shuffled.db")
    assert history.regressions() == history.regressions("shuffled.db")


def test_an_export_replayed_exports_the_same(history):
    """Byte for byte, and raises the same."""
    history.replay(outage())
    exported = history.export()
    path = history.directory / "exported.jsonl"
    path.write_text(exported)
    history.run("replay", path, "--store", history.directory / "again.db")
    assert history.export("again.db") == exported
    assert history.regressions("again.db") == history.regressions()


def test_the_same_lines_again_change_nothing(history):
    """They are recognised."""
    history.replay(outage())
    exported = history.export()
    said = history.replay(outage())
    assert "which were there before" in said
    assert history.export() == exported
    assert len(history.regressions()) == 1


def test_a_replay_that_was_killed_can_be_done_again(history):
    """What it had committed is recognised; the store ends up the same."""
    lines = [result(s, "critical" if s % 4000 >= 3600 else "ok",
                    interval_ms=1000) for s in range(0, 9000)]
    path = history.write(lines)
    store = history.directory / "killed.db"
    with subprocess.Popen(
            [COLLECTOR, "replay", "-", "--store", store],
            stdin=subprocess.PIPE, stderr=subprocess.DEVNULL) as program:
        text = path.read_bytes()
        program.stdin.write(text[:len(text) * 9 // 10])
        program.stdin.flush()  # it has read nearly all of that
        program.kill()
    with sqlite3.connect(store) as opened:
        (n,) = opened.execute("select count(*) from inbox").fetchone()
    assert 0 < n < len(lines)
    said = history.run("replay", path, "--store", store)[1]
    assert "which were there before" in said
    history.run("replay", path, "--store", history.directory / "store.db")
    assert history.export("killed.db") == history.export()
    assert history.regressions("killed.db") == history.regressions()
    assert len(history.regressions()) == 2


def test_late_lines_are_history_but_raise_nothing(history):
    """An outage told an hour late is stored as late."""
    lines = [result(s) for s in range(0, 7200, 10)]
    late = [result(s, "critical", probe="cache") for s in range(0, 600, 10)]
    history.replay(lines + late)
    assert history.export().count('"probe":"cache"') == 60
    assert [row[9] for row in history.regressions()] == [1]


def test_who_stops_its_heartbeats_is_missed(history):
    """Silence is flagged when it was due, only of those with heartbeats."""
    beats = [{"type": "heartbeat", "at": at(s), "environment": "staging",
              "agent": "stg-9", "clock_offset_ms": 0}
             for s in range(0, 600, 10)]
    lines = beats + [result(s) for s in range(0, 3000, 10)]
    history.replay(sorted(lines, key=lambda line: line["at"]))
    (missed,) = history.regressions()
    assert missed[3] == "stg-9"
    # It was heard together with what followed within a few milliseconds.
    assert 0 <= missed[7] - (1767607200000 + 590000 + 30000) <= 50


def test_an_import_raises_nothing_that_is_over(history):
    """It takes part in history all the same."""
    history.replay(outage(), verb="import")
    assert history.export().count("\n") == len(outage())
    assert all(row[9] == 1 for row in history.regressions())


RULES = """\
environments:
  staging: {compare_with: [production]}
  production: {}
services:
  - name: backend
    depends_on: [postgres, auth, redis]
    optional: [analytics]
    journeys: [login, order]
  - name: postgres
    kind: database
owners: {app: backend-team, env: platform, infra: platform, net: network}
expectations:
  - {setting: connection_timeout, at_least: 35, issue: "1263",
     services: [backend]}
  - {env: SECRET_KEY, must_differ: [staging, production]}
"""


def test_rules_judge_what_is_replayed(history):
    """A file of rules needs neither store nor addresses; an expectation that
    a fact breaks is flagged at the fact's time."""
    rules = history.directory / "rules.yaml"
    rules.write_text(RULES)
    lines = [result(s) for s in range(0, 200, 10)]
    lines.append({"type": "fact", "at": at(100), "environment": "staging",
                  "service": "backend", "agent": "stg-1",
                  "name": "setting/connection_timeout", "value": 8})
    history.run("replay", history.write(lines), "--store",
                history.directory / "store.db", "--config", rules)
    (flagged,) = history.regressions()
    assert flagged[4] == "setting/connection_timeout"
    assert flagged[7] == 1767607200000 + 100003


FOREIGN = {"staging": "Staging (EU)", "backend": "payments/API v2",
           "stg-1": "default/pod-7F9", "db": "GET /health",
           "postgres": "Synthetic check", "resolve": "DNS Lookup",
           "connect": "TCP/IP", "setting/egress": "Egress \u2192 mode"}


def renamed(value):
    """The same line as somebody else would have named things."""
    if isinstance(value, dict):
        return {FOREIGN.get(key, key): renamed(one)
                for key, one in value.items()}
    return FOREIGN.get(value, value) if isinstance(value, str) else value


def test_names_of_others_are_kept(history):
    """Capitals, spaces, slashes, other alphabets: in what comes out, in the
    rules, and in every question about them."""
    environment, service = FOREIGN["staging"], FOREIGN["backend"]
    lines = [renamed(line) for line in outage()]
    config = history.directory / "c.yaml"
    config.write_text(
        "store: s.db\nlisten: [{url: 'ipc:///c'}]\n"
        f"environments: {{{environment}: {{}}}}\nservices:\n"
        f"  - {{name: {service}, journeys: [GET /health]}}\n")
    store = history.directory / "store.db"
    history.run("replay", history.write(lines), "--store", store, "--config",
                config)
    found = [json.loads(line) for line in history.export().splitlines()]
    for line, wanted in zip(found, lines, strict=True):
        assert all(line.get(name, value) == value
                   for name, value in wanted.items())
    (flagged,) = history.regressions()
    assert flagged[1:5] == (environment, service, FOREIGN["stg-1"],
                            FOREIGN["db"])

    def ask(*words, code=0):
        done = subprocess.run(
            [COLLECTOR.with_name("cli") / "vedette", "--store", store,
             "--config", config, *words, "--json"], check=False,
            capture_output=True, text=True, timeout=DEADLINE_S)
        assert done.returncode == code, done.stderr
        return json.loads(done.stdout)

    place = f"{environment}/{service}"
    rows = ask("history", place, "--probe", "GET /health", "--agent",
               FOREIGN["stg-1"], "--limit", "1000")["results"]
    assert len(rows) == 150
    assert {row["service"] for row in rows} == {service}
    assert {phase["name"] for row in rows for phase in row["phases"]} == {
        "DNS Lookup", "TCP/IP"}
    (change,) = ask("changes", place, "--name", "Egress*")["changes"]
    assert change["name"] == FOREIGN["setting/egress"]
    (series,) = ask("trend", place, "--by", "hour", "--last", "1d")["series"]
    assert series["total"]["critical"] == 30
    assert ask("timeline", environment, "--at", at(800))["series"]
    assert len(ask("regressions", place)["regressions"]) == 1
    verdict = ask("diagnose", environment, "--at", at(800), code=10)
    assert service in verdict["subject"]
    assert [row["service"] for row in verdict["state"]] == [service]


def test_a_slash_joins_no_names(history):
    """a and b/c are not a/b and c, not even to what notes their states."""
    lines = []
    for second in range(0, 100, 10):
        lines += [result(second, service="a", probe="b/c"),
                  result(second, "critical", service="a/b", probe="c")]
    history.replay(lines)
    ((kind, *place),) = [row[:5] for row in history.regressions()]
    assert (kind, place) == (0, ["staging", "a/b", "stg-1", "c"])


@pytest.mark.parametrize("field, value", [
    ("environment", "eu/staging"), ("environment", ""), ("probe", " db"),
    ("service", "back\nend"), ("agent", "x" * 65), ("kind", "\x1b[2J"),
    ("probe", "..")])
def test_what_is_no_name_is_refused(history, field, value):
    """With the line, the field and the rule."""
    said = history.replay(
        [result(0), result(10) | {field: value}], code=2)
    assert f'line 2: field "{field}": ' in said
    assert "1 to 64 bytes of printable UTF-8" in said


def test_a_bad_line_is_named(history):
    """With its number, field, value and what is allowed; what came before is
    kept."""
    lines = outage()
    lines[16]["outcome"] = "bad"
    said = history.replay(lines, code=2)
    assert ('lines-1.jsonl: line 17: field "outcome": "bad" is not one of '
            "ok, warning, critical, unknown") in said
    assert history.export().count("\n") == 16


def test_a_reason_that_is_not_given_is_derived(history):
    """And marked; words that are given stay as they are."""
    refused = result(0, "critical", message="connect: connection refused")
    foreign = result(10, "critical", reason="E_CONN 17")
    locked = result(20, "critical", reason="query.55P03",
                    attributes={"sqlstate": "55P03"})
    del refused["reason"]
    history.replay([refused, foreign, locked])
    found = [json.loads(line) for line in history.export().splitlines()]
    assert found[0]["reason"] == "connect.refused"
    assert found[0]["reason_derived"] is True
    assert found[1]["reason"] == "E_CONN 17"
    assert "reason_derived" not in found[1]
    assert found[2]["reason"] == "query.55P03"
    assert found[2]["reason_derived"] is True


def test_a_fact_is_not_of_a_workstation(history):
    """One that names no agent is of the first that counts."""
    laptop = result(0, agent="laptop", vantage="workstation")
    fact = {"type": "fact", "at": at(10), "environment": "staging",
            "service": "backend", "name": "build", "value": "v1"}
    history.replay([laptop, fact, result(20)])
    (found,) = [line for line in history.export().splitlines()
                if '"fact"' in line]
    assert json.loads(found)["agent"] == "stg-1"


def test_how_often_a_probe_runs_is_found_out(history):
    """When four results are evenly spaced; replayed, the same comes out."""
    lines = [result(s) for s in range(0, 100, 10)]
    for line in lines:
        del line["interval_ms"]
    history.replay(lines)
    exported = history.export()
    assert [json.loads(line).get("interval_ms")
            for line in exported.splitlines()] == 3 * [None] + 7 * [10000]
    history.replay(map(json.loads, exported.splitlines()), "again.db")
    assert history.export("again.db") == exported


def test_an_environment_can_be_exported_alone(history):
    """And a span."""
    history.replay([result(0), result(10, environment="production"),
                    result(20)])
    assert history.export("store.db", "--environment", "staging") \
        .count("\n") == 2
    assert history.export("store.db", "--from", at(10), "--to", at(20)) \
        .count("\n") == 1


def test_results_as_csv(history):
    """Results alone, quoted as RFC 4180 says."""
    history.replay([result(0), result(10, "critical", message='a "b", c'),
                    *outage()[-1:]])
    head, first, second = history.export(
        "store.db", "--format", "csv").splitlines()[:3]
    assert head.startswith("at,environment,service,agent,vantage,probe")
    assert first.startswith(f"{at(0)},staging,backend,stg-1,in_service,db,"
                            "postgres,ok,,3.250,5000,0,1,")
    assert second.endswith('connect.refused,3.250,5000,0,1,"a ""b"", c"')


@pytest.mark.parametrize("words, said", [
    (["replay"], "which file?"),
    (["replay", "x.jsonl"], "--store STORE is missing"),
    (["replay", "/none.jsonl", "--store", "{}/s.db"], "/none.jsonl: No such"),
    (["replay", os.devnull, "--store", "{}/s.db"], "no line in it"),
    (["export", "--store", "{}/s.db", "--from", "noon"], "not a time"),
    (["export", "--store", "{}/s.db", "--format", "xml"], "jsonl or csv"),
    (["export", "--store", "{}/s.db", "--colour"], "unknown option"),
])
def test_what_is_wrong_is_said(history, words, said):
    """And nothing is created."""
    words = [word.format(history.directory) for word in words]
    assert said in history.run(*words, code=2)[1]
    assert not (history.directory / "s.db").exists()
