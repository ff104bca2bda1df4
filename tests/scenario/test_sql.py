"""Plain SQL over a store: in vedette, and in the sqlite3 shell."""
import json
import os
import pathlib
import random
import subprocess

import pytest

SECONDS = 120
BUILD = pathlib.Path(os.environ["VEDETTE_BUILD"])
EXTENSION = BUILD / "storage/vedette"
SERVICES = ("backend", "worker")
PROBES = ("db", "web", "cache")
OUTCOMES = ("ok", "ok", "ok", "warning", "critical", "unknown")


def at(second):
    """The time this many seconds into the history, of three days."""
    return (f"2026-01-{5 + second // 86400:02}T{second // 3600 % 24:02}:"
            f"{second // 60 % 60:02}:{second % 60:02}.{second % 1000:03}Z")


def history(seed, n=3000):
    """Results in no order but that of time, and some of all else."""
    draw = random.Random(seed)
    lines = []
    for second in sorted(draw.sample(range(3 * 86400), n)):
        outcome = draw.choice(OUTCOMES)
        line = {"type": "result", "at": at(second),
                "environment": draw.choice(("staging", "production")),
                "service": draw.choice(SERVICES), "agent": "one",
                "vantage": "in_service", "probe": draw.choice(PROBES),
                "kind": "tcp", "interval_ms": 60000, "outcome": outcome,
                "duration_ms": draw.randrange(1, 9000) / 8, "limit_ms": 5000,
                "phases": {"resolve": 0.5, "connect": 0.25}}
        if outcome != "ok":
            line |= {"reason": "connect.refused",
                     "message": f"it's \"refused\", {second}",
                     "attributes": {"port": 5432, "host": "db"}}
        lines.append(line)
    lines += [
        {"type": "event", "at": at(4), "environment": "staging",
         "kind": "deploy", "subject": "build/v2"},
        {"type": "fact", "at": at(5), "environment": "staging",
         "service": "backend", "name": "build", "value": "v2",
         "source": "file", "agent": "one"}]
    return sorted(lines, key=lambda line: line["at"])


class Store:
    """A store that was replayed: most of it sealed, its end in the inbox."""

    def __init__(self, stage, seed):
        self.stage = stage
        self.path = stage.directory / "store.db"
        lines = stage.directory / "lines.jsonl"
        lines.write_text("".join(json.dumps(line) + "\n"
                                 for line in history(seed)))
        stage.run(stage.collector, "replay", lines, "--store", self.path)
        self.results = [
            json.loads(line) for line in stage.run(
                stage.collector, "export", "--store", self.path).splitlines()
            if '"type":"result"' in line]

    def vedette(self, *words, code=0):
        """What it prints, or what it complains of."""
        done = subprocess.run(
            [self.stage.cli, "--store", self.path, *words], check=False,
            capture_output=True, text=True, timeout=SECONDS)
        assert done.returncode == code, done.stderr
        return done.stderr if code else done.stdout

    def ask(self, sql):
        """The rows."""
        return json.loads(self.vedette("--json", "sql", sql))

    def shell(self, sql):
        """The rows, from the sqlite3 shell."""
        out = self.stage.run(
            "sqlite3", "-json", f"file:{self.path}?mode=ro", "-cmd",
            f".load {EXTENSION}", sql)
        return json.loads(out or "[]")


@pytest.fixture(name="store", params=[1, 2])
def new_store(stage, request):
    """One of a random history; the seed is in the name of the test."""
    return Store(stage, request.param)


def test_both_tell_what_the_export_tells(store):
    """Every result, with everything it said, from chunks and inbox."""
    sql = "select * from results order by at_ms, environment, probe"
    rows = store.ask(sql)
    assert rows == store.shell(sql)
    assert len(rows) == len(store.results) == 3000
    by_time = {(row["at"], row["environment"]): row for row in rows}
    for line in store.results:
        row = by_time[line["at"], line["environment"]]
        for name in ("service", "agent", "probe", "kind", "vantage",
                     "outcome", "interval_ms", "limit_ms"):
            assert row[name] == line[name]
        assert row["duration_ms"] == line["duration_ms"]
        assert json.loads(row["phases"]) == line["phases"]
        assert row["censored"] == line.get("censored", False)
        assert row["reason"] == line.get("reason")
        assert row["message"] == line.get("message")
        assert json.loads(row["attributes"] or "{}") == \
            line.get("attributes", {})


def condition(draw):
    """One that is pushed down, and what it means."""
    moment = at(draw.randrange(3 * 86400))
    day = moment[:10]
    word = draw.choice(OUTCOMES)
    probe, service = draw.choice(PROBES), draw.choice(SERVICES)
    return draw.choice([
        (f"at >= '{moment}'", lambda line: line["at"] >= moment),
        (f"at > '{moment}'", lambda line: line["at"] > moment),
        (f"at < '{moment}'", lambda line: line["at"] < moment),
        (f"at <= '{moment}'", lambda line: line["at"] <= moment),
        (f"at >= '{day}'", lambda line: line["at"] >= day),
        (f"at < '{day}'", lambda line: line["at"] < day),
        (f"at <= '{day} 12:00'", lambda line: line["at"] <= f"{day} 12:00"),
        (f"at like '{day}%'", lambda line: line["at"].startswith(day)),
        (f"outcome = '{word}'", lambda line: line["outcome"] == word),
        (f"outcome in ('{word}', 'critical')",
         lambda line: line["outcome"] in (word, "critical")),
        (f"probe = '{probe}'", lambda line: line["probe"] == probe),
        (f"service = '{service}'", lambda line: line["service"] == service),
        ("environment = 'staging'",
         lambda line: line["environment"] == "staging"),
        (f"probe = '{probe}' or outcome = '{word}'",
         lambda line: line["probe"] == probe or line["outcome"] == word),
        ("duration_ms > 500.0", lambda line: line["duration_ms"] > 500)])


def test_what_is_pushed_down_changes_no_answer(store):
    """Random conditions, against the same ones in this language."""
    draw = random.Random(len(store.results))
    for _ in range(60):
        wanted = [condition(draw) for _ in range(draw.randrange(1, 4))]
        where = " and ".join(f"({sql})" for sql, _ in wanted)
        (row,) = store.ask("select count(*) as n, sum(duration_ms) as s from "
                           f"results where {where}")
        found = [line for line in store.results
                 if all(holds(line) for _, holds in wanted)]
        assert row["n"] == len(found), where
        assert abs((row["s"] or 0) - sum(
            line["duration_ms"] for line in found)) < 1e-3, where


def test_conditions_reach_the_table(store):
    """The plan names those that it takes up."""
    (row,) = store.ask(
        "explain query plan select * from results where environment = 'a' "
        "and service = 'b' and agent = 'c' and probe = 'd' and outcome = 'ok' "
        "and at >= '2026-01-05' and at < '2026-01-06' and at_ms > 1")
    plan = row["detail"].split(":")[-1]
    assert sorted(plan) == sorted("esapoGLg"), row


def test_a_table_may_be_joined_with_itself_and_with_others(store):
    """Cursors do not get in each other's way."""
    (row,) = store.ask(
        "select count(*) as n from results a join results b on a.at = b.at "
        "and a.probe = b.probe and a.environment = b.environment")
    assert row["n"] == 3000
    (row,) = store.ask("select count(*) as n from results r join marks m on "
                       "m.environment = r.environment and r.at >= m.at")
    assert row["n"] == sum(line["environment"] == "staging" and
                           line["at"] >= at(4) for line in store.results)


def test_changes_regressions_and_marks_are_tables(store):
    """With words for numbers, in both."""
    for ask in (store.ask, store.shell):
        (row,) = ask("select * from marks")
        assert (row["kind"], row["at"]) == ("deploy", at(4))
        (row,) = ask("select source, new, old_last_seen, new_first_seen "
                     "from changes")
        assert row == {"source": "file", "new": "v2", "old_last_seen": None,
                       "new_first_seen": at(5)}
        kinds = {row["kind"] for row in ask("select kind from regressions")}
        assert kinds == {"state"}


def test_three_ways_to_print(store):
    """A table for people, CSV and JSON for programs."""
    sql = "select 'a,\"b' as x, null as y, 1.5 as z"
    assert store.vedette("sql", sql) == "x     y  z\na,\"b  -  1.5\n"
    assert store.vedette("--csv", "sql", sql) == 'x,y,z\n"a,""b",,1.5\n'
    assert store.ask(sql) == [{"x": 'a,"b', "y": None, "z": 1.5}]
    assert store.ask("select 1 as x limit 0") == []


@pytest.mark.parametrize("sql, said", [
    ("delete from change", "may read, and nothing else"),
    ("create table x(y)", "may read, and nothing else"),
    ("attach '/tmp/other.db' as other", "may read, and nothing else"),
    ("pragma journal_mode = delete", "may read, and nothing else"),
    ("select load_extension('x')", "not authorized"),
    ("select nonsense", "no such column: nonsense"),
    ("selec 1", "syntax error"),
    ("select 1; select 2", "more than one question"),
    ("  ", "which question?"),
])
def test_what_is_wrong_with_a_question_is_said(stage, sql, said):
    """And nothing is done."""
    store = Store(stage, 3)
    assert said in store.vedette("sql", sql, code=2)


def test_a_file_that_is_no_store_is_refused(stage):
    """By name."""
    path = stage.directory / "none.db"
    done = subprocess.run([stage.cli, "--store", path, "sql", "select 1"],
                          capture_output=True, text=True, check=False,
                          timeout=SECONDS)
    assert done.returncode == 2
    assert f"{path}: there is no such file" in done.stderr
    done = subprocess.run([stage.cli, "sql", "select 1"], check=False,
                          capture_output=True, text=True, timeout=SECONDS)
    assert done.returncode == 2
    assert "asks a store file, and no collector" in done.stderr
