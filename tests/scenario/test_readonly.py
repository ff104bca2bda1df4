"""A store on a disk that nobody may write, and in somebody else's folder."""
import json
import os
import shutil
import subprocess

import pytest
from collecting import Collector, run_of
from publisher import OK, Publisher
from support.namespaces import own_mounts

DEADLINE_S = 120
NOBODY = 65534


def read_only(folder):
    """The command before one for which the folder is on a read-only disk."""
    return [*own_mounts(), "sh", "-c",
            'mount --bind "$0" "$0" && mount -o remount,bind,ro "$0" &&'
            ' exec "$@"', str(folder)]


def run(*words):
    """Exit code, output, complaints."""
    done = subprocess.run(list(map(str, words)), check=False, text=True,
                          capture_output=True, timeout=DEADLINE_S)
    return done.returncode, done.stdout, done.stderr


class Kept:
    """A folder with a store in it, and a collector that wrote it."""

    def __init__(self, stage, name="kept"):
        self.stage = stage
        self.folder = stage.directory / name
        self.folder.mkdir()
        self.store = self.folder / "store.db"
        self.collector = Collector(stage, store=f"'{self.store}'")
        self.publisher = Publisher(self.collector.port)
        self.publish("ok", 5)

    def publish(self, outcome, n):
        """Acknowledged when it returns."""
        assert self.publisher.send(run_of(outcome, n))[0] == OK

    def outcomes(self, *before):
        """What history says, asked of the file on a read-only disk."""
        code, out, complaints = run(
            *read_only(self.folder), *before, self.stage.cli, "--store",
            self.store, "history", "staging", "--json")
        assert code == 0, complaints
        return [row["outcome"] for row in json.loads(out)["results"]]

    def beside(self, suffix):
        """A file beside the store."""
        return self.folder / f"store.db{suffix}"


@pytest.mark.parametrize("name", ["kept", "a b?c=d#%41"])
def test_a_store_that_was_closed_is_read(stage, name):
    """There is no log any more; every command answers as before."""
    kept = Kept(stage, name)
    assert kept.collector.stop() == 0
    assert not kept.beside("-wal").exists()
    assert kept.outcomes() == ["ok"] * 5
    for words in ((stage.cli, "--store", kept.store, "status", "--json"),
                  (stage.cli, "--store", kept.store, "trend"),
                  (stage.cli, "--store", kept.store, "sql",
                   "select count(*) from results"),
                  (stage.collector, "export", "--store", kept.store),
                  (stage.collector, "verify", "--store", kept.store)):
        assert run(*read_only(kept.folder), *words) == run(*words), words


@pytest.mark.parametrize("has_index", [True, False])
def test_the_log_of_a_collector_that_was_killed_is_read(stage, has_index):
    """What was acknowledged last is in it; also where it was copied without
    SQLite's index."""
    kept = Kept(stage)
    kept.publish("critical", 3)
    kept.collector.kill()
    assert kept.beside("-wal").stat().st_size > 0
    if not has_index:
        kept.beside("-shm").unlink()
    before = {path.name: path.read_bytes() for path in
              kept.folder.iterdir() if path.name != "store.db-shm"}
    assert kept.outcomes() == ["critical"] * 3 + ["ok"] * 5
    copy = stage.directory / "copy.db"
    code, _, complaints = run(*read_only(kept.folder), stage.collector,
                              "backup", "--store", kept.store, copy)
    assert code == 0, complaints
    assert run(stage.collector, "export", "--store", copy)[1].count(
        "critical") == 3
    assert before == {path.name: path.read_bytes() for path in
                      kept.folder.iterdir() if path.name != "store.db-shm"}


def test_a_store_that_is_written_elsewhere_is_read(stage):
    """The disk is read-only for us alone."""
    kept = Kept(stage)
    assert kept.outcomes() == ["ok"] * 5
    kept.publish("critical", 1)
    assert kept.outcomes() == ["critical"] + ["ok"] * 5
    assert kept.collector.stop() == 0


def as_nobody():
    """The command before one that may read, and write nothing."""
    if os.geteuid() != 0:
        return []
    return ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}",
            "--clear-groups"]


@pytest.mark.parametrize("suffix", ["-wal", "-shm"])
def test_a_log_that_may_not_be_read_is_named(stage, suffix):
    """Without it what was written last would be missing, silently."""
    kept = Kept(stage)
    kept.collector.kill()
    shutil.copytree(kept.folder, stage.directory / "copy")
    store = stage.directory / "copy" / "store.db"
    store.chmod(0o644)
    os.chmod(f"{store}-wal", 0o644)
    os.chmod(f"{store}-shm", 0o644)
    os.chmod(f"{store}{suffix}", 0)
    store.parent.chmod(0o555)
    code, out, complaints = run(
        *as_nobody(), stage.cli, "--store", store, "history", "staging")
    store.parent.chmod(0o755)
    assert (code, out) == (3, "")
    assert f"{store}{suffix}, which cannot be read: Permission denied" in \
        complaints


def test_nobody_writes_there(stage):
    """Whoever has to write says what is in the way, and changes nothing."""
    kept = Kept(stage)
    assert kept.collector.stop() == 0
    lines = stage.directory / "lines.jsonl"
    lines.write_text('{"type": "heartbeat", "at": "2026-01-05T10:00:00Z", '
                     '"environment": "staging", "agent": "stg-1"}\n')
    for words in (("run", "--config", kept.collector.path),
                  ("replay", lines, "--store", kept.store),
                  ("import", lines, "--store", kept.store),
                  ("compact", "--store", kept.store)):
        code, _, complaints = run(*read_only(kept.folder), stage.collector,
                                  *words)
        assert code == 1, words
        assert str(kept.store) in complaints
        assert "Read-only file system" in complaints
