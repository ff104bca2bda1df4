"""A store is checked, copied, compacted by the collector's own commands."""
import fcntl
import json
import os
import pathlib
import pty
import sqlite3
import subprocess

import pytest

COLLECTOR = pathlib.Path(os.environ["VEDETTE_BUILD"]) / \
    "collector/vedette-collector"
DEADLINE_S = 120
RESULTS = 300


def lines():
    """A result every ten seconds."""
    for i in range(RESULTS):
        yield json.dumps({
            "type": "result",
            "at": f"2026-01-05T10:{i // 6:02}:{i % 6 * 10:02}.000Z",
            "environment": "staging", "service": "backend",
            "agent": "stg-1", "vantage": "in_service", "probe": "db",
            "kind": "postgres", "interval_ms": 10000, "outcome": "ok",
            "duration_ms": 3.25, "limit_ms": 5000})


def run(*words, code=0):
    """Standard output and error of the collector."""
    done = subprocess.run(
        [COLLECTOR, *map(str, words)], capture_output=True, text=True,
        timeout=DEADLINE_S, check=False)
    assert done.returncode == code, done.stdout + done.stderr
    return done.stdout, done.stderr


@pytest.fixture
def store(tmp_path):
    """The path of a store with a history in it."""
    history = tmp_path / "history.jsonl"
    history.write_text("".join(line + "\n" for line in lines()))
    path = tmp_path / "store.db"
    run("replay", history, "--store", path)
    return path


def test_a_sound_store_is_well(store):
    """Everything is counted, nothing is damaged."""
    out, _ = run("verify", "--store", store)
    assert f"{RESULTS} results" in out and "all is well" in out


def test_a_damaged_row_is_named(store):
    """Told is which batch or chunk it is, and what is lost with it."""
    with sqlite3.connect(store) as db:
        changed = sum(
            db.execute(f"update {table} set {column} = x'00' where id ="
                       f" (select min(id) from {table})").rowcount
            for table, column in (("inbox", "content"), ("chunk", "bytes")))
    assert changed > 0
    out, _ = run("verify", "--store", store, code=1)
    assert "of staging/stg-1" in out
    assert out.count("results are lost") == changed
    assert f"{changed} damages" in out


def trend(store):
    """Hour by hour, as JSON; the day together."""
    cli = COLLECTOR.with_name("cli") / "vedette"
    return [subprocess.run(
        [cli, "--store", store, "trend", "--by", by, "--last", "1d",
         "--json"], capture_output=True, text=True, check=True,
        timeout=DEADLINE_S).stdout for by in ("hour", "day")]


def spoil(store, sql):
    """Changes rows behind the store's back; returns how many."""
    with sqlite3.connect(store) as db:
        return db.execute(sql).rowcount


@pytest.mark.parametrize("sql", [
    "update rollup set bytes = x'00'", "update rollup set seal = seal + 1",
    "delete from rollup", "delete from rollup where span_ms > 3600000"])
def test_rollups_are_made_anew_of_their_results(store, sql):
    """Damaged ones and those that are not there: answers are as before."""
    before = trend(store)
    assert spoil(store, sql) > 0
    assert trend(store) != before
    out, _ = run("verify", "--store", store, "--repair")
    assert "rollups made anew, 0 lost" in out and "all is well" in out
    assert trend(store) == before
    out, _ = run("verify", "--store", store, "--repair")
    assert "0 rollups made anew, 0 lost" in out


def test_a_rollup_whose_results_are_gone_is_lost(store):
    """It is named, and does not come up again."""
    assert spoil(store, "delete from chunk") > 0
    n = spoil(store, "update rollup set bytes = x'00' where span_ms = 3600000")
    assert n > 0
    out, _ = run("verify", "--store", store, code=1)
    assert f"{n} damages" in out
    out, _ = run("verify", "--store", store, "--repair")
    assert out.count("its results are gone, and it with them") == n
    assert f"0 rollups made anew, {n} lost" in out and "all is well" in out


def test_sealing_into_a_damaged_rollup_loses_nothing(store, tmp_path):
    """Results that come later do not hide what it held."""
    whole = tmp_path / "whole.db"
    later = tmp_path / "later.jsonl"
    later.write_text("".join(
        line.replace("T10:", "T11:") + "\n" for line in lines()))
    run("replay", tmp_path / "history.jsonl", "--store", whole)
    run("replay", later, "--store", whole)
    assert spoil(store, "update rollup set bytes = x'00'") > 0
    run("replay", later, "--store", store)
    for path in (whole, store):
        run("compact", "--store", path)
    # The day's rollup took new results in, so it was made anew by itself.
    assert trend(store)[1] == trend(whole)[1]


EVENT = {"type": "event", "at": "2026-01-05T10:30:00.000Z",
         "environment": "staging", "service": "backend", "kind": "deploy",
         "subject": "build/v2", "summary": "released v2"}


@pytest.mark.parametrize("sql, said", [
    ("update mark set summary = 'x'", "marks: 1 are lost"),
    ("update change set source = 99", "changes: 1 are lost"),
    ("update regression set kind = 99", "regressions: 1 are lost")])
def test_every_kind_of_row_is_looked_at(tmp_path, sql, said):
    """And none that is damaged is given out."""
    fact = {"type": "fact", "environment": "staging", "service": "backend",
            "name": "build"}
    history = [json.loads(line) for line in lines()]
    for line in history[100:200]:
        line |= {"outcome": "critical", "reason": "connect.refused"}
    history += [EVENT,
                fact | {"at": "2026-01-05T10:01:00.000Z", "value": "v1"},
                fact | {"at": "2026-01-05T10:31:00.000Z", "value": "v2"}]
    path, store = tmp_path / "lines.jsonl", tmp_path / "store.db"
    path.write_text("".join(json.dumps(line) + "\n" for line in sorted(
        history, key=lambda line: line["at"])))
    run("replay", path, "--store", store)
    out, _ = run("verify", "--store", store)
    assert "1 marks, " in out and " regressions: all is well" in out
    n = spoil(store, sql)
    assert n > 0
    out, _ = run("verify", "--store", store, code=1)
    assert said.replace("1", str(n)) in out
    for question in ("changes", "regressions"):
        done = subprocess.run(
            [COLLECTOR.with_name("cli") / "vedette", "--store", store,
             question, "--json"], capture_output=True, text=True,
            check=True, timeout=DEADLINE_S)
        assert "?" not in done.stdout and '"x"' not in done.stdout


def test_a_terminal_shows_how_far_it_is(store, tmp_path):
    """Every long command has a bar there, and leaves nothing behind."""
    for words in (("verify", "--store", store),
                  ("verify", "--store", store, "--repair"),
                  ("compact", "--store", store),
                  ("backup", "--store", store, tmp_path / "copy.db")):
        master, slave = pty.openpty()
        done = subprocess.run(
            [COLLECTOR, *map(str, words)], stdout=subprocess.PIPE,
            stderr=slave, check=False, timeout=DEADLINE_S)
        os.close(slave)
        said = b""
        try:
            while part := os.read(master, 4096):
                said += part
        except OSError:
            pass  # the end, of a terminal
        os.close(master)
        assert done.returncode == 0
        assert not said or said.endswith(b"\r\x1b[K"), said
        if words[0] == "verify":
            assert said.startswith(b"\rverify ")


def test_a_spoiled_page_is_found(store):
    """A page that SQLite itself cannot read."""
    size = store.stat().st_size
    with open(store, "r+b") as file:
        file.seek(size // 4096 // 2 * 4096)
        file.write(os.urandom(4096))
    out, _ = run("verify", "--store", store, code=1)
    assert "all is well" not in out


def test_a_backup_holds_the_same(store):
    """Exported, both are the same bytes; an existing file is kept."""
    copy = store.with_name("copy.db")
    run("backup", "--store", store, copy)
    assert run("export", "--store", copy)[0] == \
        run("export", "--store", store)[0]
    before = copy.read_bytes()
    _, err = run("backup", "--store", store, copy, code=1)
    assert "is there already" in err and str(copy) in err
    assert copy.read_bytes() == before


def pages_of(path):
    """Free pages of a store, and batches in its inbox."""
    with sqlite3.connect(path) as db:
        (free,), = db.execute("pragma freelist_count").fetchall()
        (waiting,), = db.execute("select count(*) from inbox").fetchall()
    return free, waiting


def test_a_compacted_store_holds_the_same_in_less_room(store):
    """Free pages go, what waits is sealed, no answer differs."""
    exported = run("export", "--store", store)[0]
    with sqlite3.connect(store) as db:
        db.execute("create table ballast as with recursive n(i) as (select 1 "
                   "union all select i + 1 from n where i < 500) "
                   "select randomblob(4000) from n")
        db.execute("drop table ballast")
    size = store.stat().st_size
    assert pages_of(store)[0] >= 500
    out, _ = run("compact", "--store", store)
    free, waiting = pages_of(store)
    assert free == 0
    assert store.stat().st_size < size - 500 * 4000
    assert f"{store}: {size} -> {store.stat().st_size} bytes" in out
    assert run("export", "--store", store)[0] == exported
    assert "all is well" in run("verify", "--store", store)[0]
    # A second time there is nothing left to do.
    assert "0 batches sealed" in run("compact", "--store", store)[0]
    assert pages_of(store) == (0, waiting)


def test_a_store_that_is_written_is_not_compacted(store):
    """The other writer is named."""
    with open(f"{store}.lock", "w", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        lock.write(str(os.getpid()))
        lock.flush()
        _, err = run("compact", "--store", store, code=1)
    assert str(store) in err and str(os.getpid()) in err


@pytest.mark.parametrize("words, said", [
    (("compact",), "--store STORE is missing"),
    (("compact", "--store", "x", "y"), "an argument too many"),
    (("verify",), "--store STORE is missing"),
    (("verify", "--store", "x", "y"), "an argument too many"),
    (("verify", "--stroe", "x"), "unknown option"),
    (("backup", "--store", "x"), "FILE"),
])
def test_a_wrong_line_is_refused(words, said):
    """With the way out."""
    _, err = run(*words, code=2)
    assert said in err and "--help" in err


def test_a_store_that_is_not_there(tmp_path):
    """Is named, and not made."""
    for word in ("verify", "compact"):
        _, err = run(word, "--store", tmp_path / "none.db", code=1)
        assert str(tmp_path / "none.db") in err
        assert not (tmp_path / "none.db").exists()
