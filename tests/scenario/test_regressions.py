"""Whole histories: what is flagged of them, and what a gate makes of it."""
import datetime
import json
import math
import os
import pathlib
import random
import sqlite3
import subprocess

import pytest

BUILD = pathlib.Path(os.environ["VEDETTE_BUILD"])
COLLECTOR = BUILD / "collector/vedette-collector"
VEDETTE = BUILD / "collector/cli/vedette"
BEGIN = datetime.datetime(2026, 1, 5, 10, tzinfo=datetime.timezone.utc)
DAY = 1440
DEADLINE_S = 300


def at(minute):
    """The time this many minutes into the history."""
    time = BEGIN + datetime.timedelta(minutes=minute)
    return time.strftime("%Y-%m-%dT%H:%M:%S.000Z")


def results(shape, minutes, seed=1, environment="staging", probe="db",
            every=1):
    """A result so often; shape(minute) is (milliseconds, share that fails)."""
    chance = random.Random(seed)
    for minute in range(0, minutes, every):
        level, share = shape(minute)
        failed = chance.random() < share
        line = {"type": "result", "at": at(minute),
                "environment": environment, "service": "backend",
                "agent": environment[:3] + "-1", "vantage": "in_service",
                "probe": probe, "kind": "postgres", "interval_ms": every * 60000,
                "outcome": "critical" if failed else "ok",
                "duration_ms":
                    round(level * math.exp(chance.gauss(0, .2)), 3),
                "limit_ms": 5000}
        if failed:
            line["reason"] = "connect.refused"
        yield line


def replay(directory, lines, config=None):
    """A store of these lines."""
    path = directory / "lines.jsonl"
    with path.open("w") as out:
        for line in sorted(lines, key=lambda line: line["at"]):
            out.write(json.dumps(line) + "\n")
    store = directory / "store.db"
    words = ["--config", config] if config else []
    done = subprocess.run(
        [COLLECTOR, "replay", path, "--store", store, *words],
        capture_output=True, text=True, timeout=DEADLINE_S, check=False)
    assert done.returncode == 0, done.stderr
    path.unlink()
    return store


def flagged(store):
    """Rows of what was flagged, oldest first, those of better left out."""
    with sqlite3.connect(store) as opened:
        opened.row_factory = sqlite3.Row
        return opened.execute(
            "SELECT * FROM regression WHERE severity <> 0"
            " ORDER BY onset_to_ms").fetchall()


def minute_of(milliseconds):
    """Minutes into the history."""
    return milliseconds / 60000 - BEGIN.timestamp() / 60


LATENCY, ERROR_RATE = 1, 2

STORIES = [
    ("step", lambda m: (30 if m >= 4 * DAY else 12, 0), LATENCY, 15),
    ("slow_rise",
     lambda m: (12 * (1 + max(0, m - 4 * DAY) / 360), 0), LATENCY, 240),
    ("partial", lambda m: (12, .2 if m >= 4 * DAY else .001), ERROR_RATE,
     60),
]


@pytest.mark.parametrize("name,shape,kind,limit", STORIES,
                         ids=[story[0] for story in STORIES])
def test_story(tmp_path, name, shape, kind, limit):
    """Each is flagged once, soon, as what it is, with its onset."""
    store = replay(tmp_path, results(shape, 4 * DAY + 360))
    rows = [row for row in flagged(store) if row["kind"] == kind]
    assert len(rows) == 1, [tuple(row) for row in flagged(store)]
    detected = minute_of(rows[0]["detected_ms"]) - 4 * DAY
    assert 0 < detected < limit, name
    assert minute_of(rows[0]["onset_from_ms"]) <= 4 * DAY + detected
    assert minute_of(rows[0]["onset_to_ms"]) >= 4 * DAY - 10
    assert rows[0]["cleared_ms"] == 0


def test_season(tmp_path):
    """Every day like the other: nothing to tell of."""
    store = replay(tmp_path, results(
        lambda m: (20 * math.exp(.4 * math.sin(2 * math.pi * m / DAY)), 0),
        14 * DAY))
    assert [tuple(row) for row in flagged(store)] == []


def test_noise(tmp_path):
    """50 series, 30 days: one false alarm a year each are 4.1 here, and more
    than ten of them would be chance once in two hundred times."""
    lines = []
    for i in range(50):
        lines += results(lambda m: (20, .002), 30 * DAY, i, probe=f"db{i}",
                         every=5)
    store = replay(tmp_path, lines)
    rows = flagged(store)
    assert len(rows) <= 10, [tuple(row) for row in rows]


# --- the gate -----------------------------------------------------------------


def gate(store, *more):
    """Its exit code and its document."""
    done = subprocess.run(
        [VEDETTE, "gate", "--environment", "staging", "--json", "--store",
         store, *more],
        capture_output=True, text=True, timeout=DEADLINE_S, check=False)
    assert done.returncode in (0, 1, 3), done.stderr
    return done.returncode, json.loads(done.stdout)


def deploy(minute):
    """A mark."""
    return {"type": "event", "at": at(minute), "environment": "staging",
            "service": "backend", "kind": "deploy", "subject": "build/v2",
            "summary": "released v2"}


def worse_from(minute, level=30, share=0.):
    """12 ms and no failures before."""
    return lambda m: (level, share) if m >= minute else (12, 0)


GATES = [
    ("good", worse_from(9999), 40, 0, "good"),
    ("slower", worse_from(360), 40, 1, "regressed"),
    ("failing", worse_from(360, 12, .5), 60, 1, "regressed"),
    ("few", worse_from(9999), 5, 3, "cannot_tell"),
    ("soon", worse_from(360), 5, 1, "regressed"),
]


@pytest.mark.parametrize("name,shape,since,code,verdict", GATES,
                         ids=[row[0] for row in GATES])
def test_gate(tmp_path, name, shape, since, code, verdict):
    """Six hours, a deploy, and what came of it."""
    lines = list(results(shape, 360 + since)) + [deploy(360)]
    store = replay(tmp_path, lines)
    found, document = gate(store, "--at", at(360 + since), "--since-deploy")
    assert (found, document["verdict"]) == (code, verdict), document
    assert bool(document["reasons"]) == (code != 0), name


def test_gate_without_deploy(tmp_path):
    """Nobody knows what to compare."""
    store = replay(tmp_path, results(worse_from(9999), 60))
    code, document = gate(store)
    assert code == 3
    assert "no deploy is known" in document["reasons"][0]


def test_gate_peer(tmp_path):
    """What is slow in production too was not this deploy's doing."""
    config = tmp_path / "rules.yaml"
    config.write_text(
        "environments:\n"
        "  staging: { compare_with: [ production ] }\n"
        "  production: {}\n")
    lines = [deploy(360)]
    for environment in ("staging", "production"):
        lines += results(worse_from(360, 15), 400, environment=environment)
    store = replay(tmp_path, lines, config)
    _, document = gate(store, "--at", at(400), "--config", config)
    assert any("production as well" in reason
               for reason in document["reasons"]), document


# --- guards -------------------------------------------------------------------


GUARDS = [("held", "40", "held", 0), ("broken", "20", "regressed", 1),
          ("unseen", None, "unknown", 3)]


@pytest.mark.parametrize("name,value,state,code", GUARDS,
                         ids=[row[0] for row in GUARDS])
def test_guards(tmp_path, name, value, state, code):
    """An earlier fix, and what has become of it."""
    config = tmp_path / "rules.yaml"
    config.write_text(
        "environments: { staging: {} }\n"
        "expectations:\n"
        "  - { setting: timeout, at_least: 35, issue: '1263' }\n"
        "  - { setting: other, at_least: 1 }\n")
    lines = list(results(worse_from(99), 20))
    if value is not None:
        lines.append({"type": "fact", "at": at(5), "environment": "staging",
                      "service": "backend", "name": "setting/timeout",
                      "value": value, "source": "process"})
    store = replay(tmp_path, lines, config)
    done = subprocess.run(
        [VEDETTE, "guards", "staging", "--json", "--store", store,
         "--config", config],
        capture_output=True, text=True, timeout=DEADLINE_S, check=False)
    assert done.returncode == code, done.stderr
    guards = json.loads(done.stdout)["guards"]
    assert [(guard["state"], guard["issue"], guard["value"])
            for guard in guards] == [(state, "1263", value)], name
    kinds = [row["kind"] for row in flagged(store)]
    assert kinds == ([4] if state == "regressed" else []), name


def guard(minute, **attributes):
    """Somebody tells of a guard, or that it is none any more."""
    return {"type": "event", "at": at(minute), "environment": "staging",
            "service": "backend", "kind": "guard",
            "subject": "config:timeout >= 35.0", "attributes": attributes}


def fact(minute, value):
    """The setting, as the process has it."""
    return {"type": "fact", "at": at(minute), "environment": "staging",
            "service": "backend", "name": "setting/timeout", "value": value,
            "source": "process"}


TOLD = [
    ("held", [fact(5, "40")], ["held"], []),
    ("broken", [fact(5, "40"), fact(15, "20")], ["regressed"], [(4, True)]),
    ("broken before it was told", [fact(5, "20")], ["regressed"],
     [(4, True)]),
    ("mended", [fact(5, "20"), fact(20, "40")], ["held"], [(4, False)]),
    ("removed", [fact(5, "20"), guard(20, removed="yes")], [],
     [(4, False)]),
]


@pytest.mark.parametrize("name,lines,states,kinds", TOLD,
                         ids=[row[0] for row in TOLD])
def test_guards_that_were_told(tmp_path, name, lines, states, kinds):
    """A mark makes a guard, without any configuration."""
    told = sorted([*results(worse_from(99), 30), *lines,
                   guard(10, issue="1263")], key=lambda line: line["at"])
    store = replay(tmp_path, told)
    done = subprocess.run(
        [VEDETTE, "guard", "check", "staging", "--json", "--store", store],
        capture_output=True, text=True, timeout=DEADLINE_S, check=False)
    assert done.returncode == ("regressed" in states), done.stderr
    assert [(row["state"], row["issue"], row["rule"])
            for row in json.loads(done.stdout)["guards"]] == [
                (state, "1263", "at least 35.0 (issue 1263)")
                for state in states], name
    listed = json.loads(subprocess.run(
        [VEDETTE, "regressions", "--json", "--store", store],
        capture_output=True, text=True, timeout=DEADLINE_S,
        check=True).stdout)["regressions"]
    assert [row["kind"] for row in listed] == ["guard"] * len(kinds), name
    assert [row["open"] for row in listed] == [
        is_open for _, is_open in kinds], name
