"""A store is checked, copied, compacted by the collector's own commands."""
import fcntl
import json
import os
import pathlib
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
