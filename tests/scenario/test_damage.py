"""Stores that are damaged, newer, copied while in use, or set back."""
import json
import os
import shutil
import sqlite3
import subprocess
import threading

import pytest
from collecting import Collector, new_times, run_of
from publisher import OK, Publisher, content, crc32c, now_ms
from stage import wait_for

DEADLINE_S = 120


def run(*words, code=0):
    """Output and complaints."""
    done = subprocess.run(list(map(str, words)), check=False, text=True,
                          capture_output=True, timeout=DEADLINE_S)
    assert done.returncode == code, done.stdout + done.stderr
    return done.stdout, done.stderr


def times_of(stage, store=None):
    """Of all results that are answered with, asked of a collector or a
    file."""
    if store is None:
        rows = stage.ask("history", "staging", "--limit", "10000")
    else:
        rows = json.loads(run(stage.cli, "--store", store, "history",
                              "staging", "--limit", "10000", "--json")[0])
    return [row["at"] for row in rows["results"]]


def send(collector, batches, n=50):
    """Batches of n results each; all are acknowledged."""
    publisher = Publisher(collector.port, stream=now_ms())
    for i in range(batches):
        text = os.urandom(150).hex()  # so that pages fill up
        body = content([(f"p{i % 7}", at_ms, "critical", text)
                        for at_ms in new_times(n)])
        assert publisher.send(body)[0] == OK
    publisher.close()


def spoil(path, every=9):
    """Overwrites some pages, none of the first; returns how many."""
    pages = path.stat().st_size // 4096
    with open(path, "r+b") as file:
        for page in range(8, pages, every):
            file.seek(page * 4096)
            file.write(os.urandom(4096))
    return len(range(8, pages, every))


def test_a_newer_store_is_left_alone(stage):
    """Both formats are named, and the file is as it was."""
    collector = Collector(stage)
    send(collector, 1)
    assert collector.stop() == 0
    with sqlite3.connect(collector.store) as db:
        db.execute("pragma user_version = 99")
    db.close()
    before = collector.store.read_bytes()
    for words in ((stage.collector, "run", "--config", collector.path),
                  (stage.collector, "compact", "--store", collector.store),
                  (stage.collector, "export", "--store", collector.store)):
        _, complaints = run(*words, code=1)
        assert "written by a newer version (format 99, this one knows" in \
            complaints and "run that version" in complaints
    _, complaints = run(stage.cli, "--store", collector.store, "status",
                        code=3)
    assert "format 99" in complaints
    assert collector.store.read_bytes() == before


def test_the_picture_of_an_older_version_is_kept(stage):
    """Its pieces had slashes in their keys; the batches are in chunks."""
    def pieces():
        with sqlite3.connect(collector.store) as db:
            return {key for (key,) in db.execute("select key from state")}

    collector = Collector(stage)
    send(collector, 14)
    assert collector.stop() == 0
    run(stage.collector, "compact", "--store", collector.store)
    words = (stage.cli, "--store", collector.store, "status", "--json")
    before = subprocess.run(list(map(str, words)), check=False, text=True,
                            capture_output=True, timeout=DEADLINE_S).stdout
    assert "p6" in before
    now = pieces()
    with sqlite3.connect(collector.store) as db:
        # A checksum, of key and bytes, goes with each.
        for key, data in db.execute("select key, bytes from state").fetchall():
            older = key.replace("\n", "/")
            if key == "checkpoint":
                assert data[:4] == (4).to_bytes(4, "little")
                data = (3).to_bytes(4, "little") + data[4:]
            db.execute("update state set key = ?, bytes = ?, crc32c = ? "
                       "where key = ?", (older, data, crc32c(
                           older.encode() + data), key))
    assert any("\n" in key for key in now)
    after = subprocess.run(list(map(str, words)), check=False, text=True,
                           capture_output=True, timeout=DEADLINE_S).stdout
    assert after == before
    collector.start()
    send(collector, 1)
    assert collector.stop() == 0
    assert pieces() == now


def test_a_damaged_store_is_set_aside_and_the_rest_goes_on(stage):
    """The log says what, where the copy is, and what was rescued."""
    collector = Collector(stage)
    send(collector, 120)
    whole = set(times_of(stage))
    assert collector.stop() == 0
    assert spoil(collector.store) > 5
    damaged = collector.store.read_bytes()
    collector.start()
    (told,) = [line for line in stage.log("collector").splitlines()
               if "set aside as" in line]
    copy = told.split("set aside as ")[1].split(";")[0]
    assert "is damaged" in told and "rescued" in told
    with open(copy, "rb") as file:
        assert file.read() == damaged
    # What is left is answered with, nothing is invented, and new batches
    # are taken in.
    left = set(times_of(stage))
    assert left < whole and len(left) > len(whole) / 2
    send(collector, 1, n=3)
    assert len(set(times_of(stage)) - left) == 3
    n = len(times_of(stage))
    assert collector.stop() == 0
    # Its pages are sound; batches that were hit in their middle are named.
    out, _ = run(stage.collector, "verify", "--store", collector.store,
                 code=1)
    *lost, total = out.splitlines()
    assert all("results are lost" in line for line in lost)
    assert f" {n} results, " in total and f" {len(lost)} damages" in total
    collector.start()
    assert stage.log("collector").count("set aside as") == 1


def test_a_chunk_that_was_cut_is_left_out(stage):
    """Its results are missing, those of others are not, and it is named."""
    collector = Collector(stage)
    send(collector, 14)
    assert collector.stop() == 0
    run(stage.collector, "compact", "--store", collector.store)
    with sqlite3.connect(collector.store) as db:
        (n,) = db.execute(
            "select n_results from chunk order by id limit 1").fetchone()
        db.execute("update chunk set bytes = substr(bytes, 1, "
                   "length(bytes) / 2) where id = (select min(id) from chunk)")
    db.close()
    collector.start()
    assert len(times_of(stage)) == 14 * 50 - n
    send(collector, 1, n=3)
    assert collector.stop() == 0
    out, _ = run(stage.collector, "verify", "--store", collector.store,
                 code=1)
    assert f"{n} results are lost" in out and "1 damages" in out


class Flow(threading.Thread):
    """Publishes batches of one result until it is told to end."""

    def __init__(self, port):
        super().__init__()
        self.publisher = Publisher(port)
        self.acknowledged = 0
        self.over = threading.Event()

    def run(self):
        while not self.over.is_set():
            assert self.publisher.send(run_of("ok", 1))[0] == OK
            self.acknowledged += 1


def test_a_copy_made_meanwhile_can_take_over(stage):
    """It holds what was acknowledged before, and a collector goes on with
    it; what agents still have comes once."""
    collector = Collector(stage)
    flow = Flow(collector.port)
    flow.start()
    wait_for("the first batch", lambda: flow.acknowledged > 0,
             collector.program)
    copies = []
    for i in range(3):
        before = flow.acknowledged
        copy = stage.directory / f"copy-{i}.db"
        run(stage.collector, "backup", "--store", collector.store, copy)
        copies.append((before, flow.acknowledged + 1, copy))
    flow.over.set()
    flow.join(DEADLINE_S)
    assert not flow.is_alive()
    for before, after, copy in copies:
        assert "all is well" in run(stage.collector, "verify", "--store",
                                    copy)[0]
        assert before <= len(times_of(stage, copy)) <= after
    assert collector.stop() == 0
    # The original is lost; the last copy takes its place.
    for name in os.listdir(collector.store.parent):
        if name.startswith("store.db"):
            os.unlink(collector.store.parent / name)
    shutil.copy(copies[-1][2], collector.store)
    had = len(times_of(stage, collector.store))
    collector.start()
    publisher = Publisher(collector.port)
    publisher.sequence = had - 1
    again = run_of("ok", 2)
    assert publisher.send(again)[0] != OK  # another batch under that number
    assert publisher.send(again, had + 1)[0] == OK
    assert len(times_of(stage)) == had + 2
    assert collector.stop() == 0


@pytest.mark.parametrize("size", [0, 100, 4096 * 5 + 7])
def test_a_store_that_was_cut_off_is_set_aside(stage, size):
    """Whatever is left of it; an empty file is a new store."""
    collector = Collector(stage)
    send(collector, 20)
    assert collector.stop() == 0
    os.truncate(collector.store, size)
    collector.start()
    assert ("set aside as" in stage.log("collector")) == (size > 0)
    send(collector, 1, n=3)
    assert len(times_of(stage)) >= 3
    assert collector.stop() == 0
    assert "all is well" in run(stage.collector, "verify", "--store",
                                collector.store)[0]
