"""The collector as a program: who may publish, what is kept, what is told.

Batches come from publisher.py, answers through the vedette program, and the
store is read with sqlite3 alone.
"""
import os
import random
import shutil
import signal
import sqlite3
import subprocess
import threading

import pytest
from collecting import Collector, run_of
from publisher import (ABORTED, DATA_LOSS, INVALID_ARGUMENT, OK,
                       PERMISSION_DENIED, RESOURCE_EXHAUSTED, UNAVAILABLE,
                       UNIMPLEMENTED, WORKSTATION, Publisher, content, now_ms)
from stage import free_port, wait_for
from support.disk import Disk

KILLS = int(os.environ.get("VEDETTE_KILLS", "12"))


@pytest.fixture
def collector(stage):
    """One that runs."""
    return Collector(stage)


# --- what is acknowledged -----------------------------------------------------

def test_a_batch_is_stored_once_however_often_it_is_sent(stage, collector):
    """Over TCP and IPC; the second time it is known."""
    publisher = Publisher(collector.port)
    body = run_of("ok", 3)
    assert publisher.send(body) == (OK, "", False)
    assert publisher.send(body, 1) == (OK, "", True)
    local = Publisher(stage.directory / "collector.sock")
    assert local.send(body, 1) == (OK, "", True)
    assert local.send(run_of("ok", 1), 2) == (OK, "", False)
    assert sorted(row[2] for row in collector.stored()) == [1, 2]
    rows = stage.ask("history", "staging").get("results", [])
    assert len(rows) == 4


def test_two_agents_on_one_stream_are_told_apart(stage, collector):
    """A cloned disk: the same stream and number, another content."""
    publisher = Publisher(collector.port)
    assert publisher.send(run_of("ok", 3))[0] == OK
    status, message, _ = Publisher(collector.port).send(run_of("ok", 2))
    assert status == ABORTED
    assert "stream" in message
    collector.wait_for_log("copy of another agent's")
    assert len(collector.stored()) == 1
    assert stage.ask("status")["cells"]


def test_what_is_not_a_batch_is_refused_and_the_rest_goes_on(collector):
    """Damaged, malformed, unknown; then a good one on the same wire."""
    publisher = Publisher(collector.port)
    good = run_of("ok", 1)
    assert publisher.send(good, 1, crc=1)[0] == DATA_LOSS
    status, message, _ = publisher.send(b"\xff" * 40, 1)
    assert status == INVALID_ARGUMENT and "malformed" in message
    assert publisher.send(content([(" Bad", now_ms(), "ok")]), 1)[0] == \
        INVALID_ARGUMENT
    assert publisher.call("vedette.Publish/Nothing", b"")[2] == UNIMPLEMENTED
    assert publisher.send(good, 0)[0] == INVALID_ARGUMENT
    publisher.environment = "nowhere"
    status, message, _ = publisher.send(good, 1)
    assert status == PERMISSION_DENIED and "nowhere" in message
    publisher.environment = "staging"
    assert publisher.send(good, 1) == (OK, "", False)


def test_random_frames_cost_their_own_connection_only(collector):
    """Random bytes as messages and as connections, between good batches."""
    seed = int(os.environ.get("VEDETTE_SEED", str(random.getrandbits(32))))
    print(f"seed {seed}")
    pick = random.Random(seed)
    good = Publisher(collector.port)
    for _ in range(40):
        bad = Publisher(collector.port)
        if pick.random() < 0.5:
            bad.send_frame(pick.randbytes(pick.randint(0, 300)))
        else:
            bad.socket.sendall(pick.randbytes(pick.randint(1, 300)))
        if pick.random() < 0.5:
            bad.close()
        assert good.send(run_of("ok", 1))[0] == OK
    assert len(collector.stored()) == 40


def test_an_agent_that_invents_names_does_not_fill_the_memory(collector):
    """20,000 series and facts of one agent; others go on."""
    publisher, now = Publisher(collector.port), now_ms()
    statuses = [publisher.send(content(
        [(f"p{i}-{j}", now, "ok") for j in range(1000)]))[0]
        for i in range(21)]
    assert statuses == [OK] * 20 + [RESOURCE_EXHAUSTED]
    assert publisher.send(run_of("ok", 1, "p0-0"))[0] == OK
    assert Publisher(collector.port, agent="stg-2").send(
        run_of("ok", 1))[0] == OK


# --- regressions --------------------------------------------------------------------

def test_three_critical_results_are_a_regression_and_two_good_ones_end_it(
        collector):
    """Soft at first, hard at the third; once, with its numbers."""
    publisher = Publisher(collector.port)
    assert publisher.send(run_of("ok", 5))[0] == OK
    assert publisher.send(run_of("critical", 2))[0] == OK
    assert collector.regressions() == []
    assert publisher.send(run_of("critical", 2))[0] == OK
    (row,) = collector.regressions("staging", "--open")
    assert (row["kind"], row["subject"], row["severity"]) == \
        ("state", "port", "critical")
    assert row["old"] == "ok, 3.20 ms"
    assert row["new"].startswith("critical, connect.refused")
    assert row["message"] == "connection refused"
    assert row["onset_from"] < row["onset_to"]
    assert publisher.send(run_of("ok", 1))[0] == OK
    assert len(collector.regressions("staging", "--open")) == 1
    assert publisher.send(run_of("ok", 1))[0] == OK
    assert collector.regressions("staging", "--open") == []
    assert [row["id"] for row in collector.regressions()] == [row["id"]]


@pytest.mark.parametrize("what", ["workstation", "unknown", "late"])
def test_what_says_nothing_of_now_raises_nothing(stage, collector, what):
    """A laptop, an observer that could not tell, the past."""
    publisher = Publisher(collector.port)
    assert publisher.send(run_of("ok", 5))[0] == OK
    if what == "workstation":
        rows = [("port", now_ms(), "critical") for _ in range(5)]
        body = content(rows, vantage=WORKSTATION)
        assert publisher.send(body, vantage=WORKSTATION)[0] == OK
    elif what == "unknown":
        assert publisher.send(run_of("unknown", 5))[0] == OK
    else:
        past = now_ms() - 3_600_000
        assert publisher.send(run_of("critical", 5, "other", past))[0] == OK
        assert publisher.send(run_of("ok", 5, "other", past + 60_000))[0] == OK
    raised = [row for row in collector.regressions() if not row["late"]]
    assert raised == []
    rows = stage.ask("history", "staging").get("results", [])
    assert len(rows) >= 10


def test_late_results_raise_when_fresh_ones_confirm_them(collector):
    """The collector was away when it began; it still goes on."""
    publisher = Publisher(collector.port)
    past = now_ms() - 600_000
    assert publisher.send(run_of("ok", 3, end_ms=past - 1000))[0] == OK
    assert publisher.send(run_of("critical", 5, end_ms=past))[0] == OK
    (row,) = collector.regressions()
    assert row["late"]
    assert publisher.send(run_of("critical", 1))[0] == OK
    (again,) = collector.regressions()
    assert not again["late"] and again["id"] == row["id"]
    assert again["onset_to"] == row["onset_to"]


def test_a_fact_that_leaves_its_known_good_value_is_drift(stage, collector):
    """Proven by ten good results; its return ends the drift."""
    publisher = Publisher(collector.port)
    now = now_ms()
    rows = [("port", now - 2000 + i * 100, "ok") for i in range(12)]
    assert publisher.send(
        content(rows, [("setting/egress", "all", now - 3000)]))[0] == OK
    assert publisher.send(
        content([], [("setting/egress", "private", now_ms())]))[0] == OK
    (row,) = collector.regressions("staging", "--open")
    assert (row["kind"], row["subject"]) == ("drift", "setting/egress")
    assert (row["old"], row["new"]) == ("all", "private")
    (change, first) = stage.ask("changes", "staging")["changes"]
    assert (first["old"], first["new"]) == ("not seen before", "all")
    assert (change["old"], change["new"]) == ("all", "private")
    assert publisher.send(
        content([], [("setting/egress", "all", now_ms())]))[0] == OK
    assert collector.regressions("staging", "--open") == []


def test_an_agent_that_says_nothing_is_silent_until_it_speaks(
        stage, collector):
    """Three heartbeats of a second; the collector's restart is no silence."""
    publisher = Publisher(collector.port, heartbeat_ms=1000)
    assert publisher.send(run_of("ok", 1))[0] == OK
    wait_for("a silence", lambda: collector.regressions("--open"),
             collector.program)
    (row,) = collector.regressions("--open")
    assert (row["kind"], row["subject"]) == ("silence", "stg-1")
    assert [agent["silent"] for agent in stage.ask("status")["agents"]] == \
        [True]
    assert publisher.send(run_of("ok", 1))[0] == OK
    assert collector.regressions("--open") == []


# --- restarts -----------------------------------------------------------------------

def test_a_restart_raises_nothing_and_forgets_nothing(stage, collector):
    """Killed or stopped with a regression open: the same one afterwards."""
    publisher = Publisher(collector.port)
    assert publisher.send(run_of("ok", 5))[0] == OK
    assert publisher.send(run_of("critical", 4))[0] == OK
    before = collector.regressions()
    collector.kill()
    collector.start()
    assert collector.regressions() == before
    assert collector.stop() == 0
    collector.start()
    assert collector.regressions() == before
    again = Publisher(collector.port)
    assert again.send(run_of("critical", 2), 3)[0] == OK
    assert collector.regressions() == before
    assert again.send(run_of("ok", 2), 4)[0] == OK
    assert collector.regressions("--open") == []
    assert stage.log("collector").count("cleared #") == 1


class Flow(threading.Thread):
    """Publishes until it is told to stop; remembers what was acknowledged."""

    def __init__(self, collector, agent, stream):
        super().__init__(daemon=True)
        self.collector, self.agent, self.stream = collector, agent, stream
        self.acknowledged = []
        self.over = threading.Event()

    def run(self):
        sequence, publisher = 1, None
        while not self.over.is_set():
            try:
                if publisher is None:
                    publisher = Publisher(self.collector.port,
                                          agent=self.agent, stream=self.stream)
                body = run_of("ok", 3, end_ms=1_767_607_200_000 + sequence)
                status, _, _ = publisher.send(body, sequence)
            except OSError:
                publisher = None
                self.over.wait(0.02)
                continue
            if status == OK:
                self.acknowledged.append((self.agent, self.stream, sequence))
                sequence += 1


def test_kill_9_loses_nothing_acknowledged_and_stores_nothing_twice(
        collector):
    """At random moments, while batches of three agents flow."""
    seed = int(os.environ.get("VEDETTE_SEED", str(random.getrandbits(32))))
    print(f"seed {seed}")
    pick = random.Random(seed)
    flows = [Flow(collector, f"stg-{i}", i) for i in range(1, 4)]
    for flow in flows:
        flow.start()
    for _ in range(KILLS):
        goal = sum(len(f.acknowledged) for f in flows) + pick.randint(1, 60)
        wait_for("batches to flow", lambda goal=goal: sum(
            len(flow.acknowledged) for flow in flows) >= goal,
                 collector.program)
        collector.kill()
        collector.start()
    for flow in flows:
        flow.over.set()
    for flow in flows:
        flow.join(60)
        assert not flow.is_alive()
    assert collector.stop() == 0
    rows = collector.stored()
    assert len(rows) == len(set(rows)), "a batch is stored twice"
    acknowledged = {row for flow in flows for row in flow.acknowledged}
    assert acknowledged and acknowledged <= set(rows)
    # One batch of each agent may have been stored, and its answer lost.
    assert len(rows) <= len(acknowledged) + len(flows)


# --- the disk --------------------------------------------------------------------------

def test_a_full_disk_is_told_and_left_behind(stage):
    """Refused with UNAVAILABLE; nothing acknowledged is lost; then it goes
    on by itself."""
    disk = Disk(stage, "disk", "3m")
    collector = Collector(stage, store=stage.directory / "disk/store.db",
                          prefix=disk.enter)
    publisher = Publisher(collector.port)
    acknowledged = []
    while True:
        text = os.urandom(400).hex()
        now = now_ms()
        body = content([(f"p{i}", now, "critical", text) for i in range(60)])
        status, message, _ = publisher.send(body)
        if status != OK:
            break
        acknowledged.append(publisher.sequence)
    assert status == UNAVAILABLE and "store" in message
    collector.wait_for_log("make room")
    assert stage.ask("status").get("cells"), "questions are still answered"
    disk.grow("16m")
    wait_for("room to be used", lambda: publisher.send(
        body, len(acknowledged) + 1)[0] == OK, collector.program)
    collector.wait_for_log("takes batches again")
    assert collector.stop() == 0
    collector.store = shutil.copy(disk.seen("store.db"), stage.directory)
    # What it could not store is told by the store itself.
    with sqlite3.connect(collector.store) as store:
        said = store.execute("SELECT environment, subject, summary FROM mark"
                             ).fetchall()
    assert said and all(row[:2] == ("staging", "collector:storage") and
                        "full" in row[2] for row in said)
    assert sorted(row[2] for row in collector.stored()) == \
        acknowledged + [len(acknowledged) + 1]


# --- the command line -------------------------------------------------------------------

def run_collector(stage, *arguments):
    """(exit code, standard output, standard error)."""
    done = subprocess.run([stage.collector, *arguments], check=False,
                          capture_output=True, text=True, timeout=60)
    return done.returncode, done.stdout, done.stderr


@pytest.mark.parametrize("line, text", [
    ("lissten: []", "did you mean listen?"),
    ("store: 7\nstore: 8", "given twice"),
    ("listen: [{url: 'http://x'}]", "not an address to listen on"),
    ("retention: {results: many}", "not a duration"),
    ("regressions: {confirm_after: many}", "must be a whole number"),
    ("listen: {url: 'ipc:///x'}", "must be a list"),
], ids=["unknown key", "a key twice", "a wrong address", "a wrong duration",
        "a wrong number", "a wrong shape"])
def test_a_wrong_configuration_is_refused_with_its_place(stage, line, text):
    """By `config check` and by `run` alike, with exit code 2."""
    path = stage.directory / "bad.yaml"
    fit = {"store": "store: a\n", "listen": "listen: [{url: 'ipc:///x'}]\n"}
    fit.pop(line.split(":")[0], None)
    path.write_text("".join(fit.values()) + line + "\n")
    for command in (["config", "check"], ["run"]):
        code, _, err = run_collector(stage, *command, "--config", path)
        assert code == 2
        assert f"{path}:" in err and text in err


def test_all_that_is_wrong_is_told_at_once(stage):
    """By `config check`, a line each, from the top to the end."""
    path = stage.directory / "bad.yaml"
    path.write_text("""\
store: s
listen: [{url: "udp://x:1"}, {url: "tls+tcp://x:1"}]
environments:
  "A ": {compare_with: [nowhere]}
regressions: {confirm_after: 5000, severity: mild}
services:
  - {name: web, depends_on: [db, "Cache "]}
expectations:
  - {setting: t, at_least: many, severity: mild}
  - {services: [other]}
alerts:
  receivers: [{name: x}, {name: x, smtp: {url: "a", from: b, to: [c]}}]
  maintenance: [{name: night}]
""")
    code, _, err = run_collector(stage, "config", "check", "--config", path)
    assert code == 2
    found = [line.split(f"{path}:")[1].split(": ")[:2]
             for line in err.splitlines()]
    assert [int(place.split(":")[0]) for place, _ in found] == \
        [2, 2, 4, 4, 5, 5, 7, 7, 9, 9, 10, 10, 10, 12, 12, 12, 13]
    assert {"listen[0].url", "listen[1].url", "environments.A ",
            "expectations[0].severity", "alerts.maintenance[0]"} <= \
        {name for _, name in found}


def test_files_that_are_missing_are_named(stage):
    """The configuration: exit code 2; a certificate in it: 1."""
    for command in (["config", "check"], ["run"]):
        code, _, err = run_collector(
            stage, *command, "--config", "/nowhere/collector.yaml")
        assert code == 2
        assert "/nowhere/collector.yaml: No such file" in err
    path = stage.directory / "collector.yaml"
    path.write_text(
        f"store: {stage.directory}/store.db\nlisten:\n"
        f"  - url: tls+tcp://127.0.0.1:{free_port()}\n"
        "    tls: {ca_file: ca.pem, certificate_file: no.pem, "
        "key_file: no.key}\n")
    code, _, err = run_collector(stage, "run", "--config", path)
    assert code == 1
    assert f"{stage.directory}/no.pem: no usable certificate: No such" in err


def test_help_version_and_usage(stage):
    """0 for what was asked for, 2 for what is not understood."""
    assert run_collector(stage, "--help")[0] == 0
    assert run_collector(stage, "--version")[1].startswith(
        "vedette-collector ")
    for wrong in ([], ["fly"], ["run", "now"], ["run", "--config"],
                  ["config"], ["config", "check", "x"]):
        code, out, err = run_collector(stage, *wrong)
        assert (code, out) == (2, "") and "--help" in err


def test_a_second_collector_on_a_store_is_refused(stage, collector):
    """With exit code 1 and the reason."""
    other = stage.directory / "other.yaml"
    other.write_text(f"store: {collector.store}\n"
                     f"listen: [{{url: 'ipc://{stage.directory}/o.sock'}}]\n")
    code, _, err = run_collector(stage, "run", "--config", other)
    assert code == 1 and "store" in err


def test_a_reload_is_whole_or_not_at_all(stage, collector):
    """SIGHUP with a bad file keeps the old configuration, and says so."""
    publisher = Publisher(collector.port, "local", "lap-1")
    assert publisher.send(run_of("ok", 1))[0] == OK
    good = collector.path.read_text()
    collector.path.write_text(good + "nonsense: 1\n")
    collector.program.send_signal(signal.SIGHUP)
    collector.wait_for_log("the old configuration stays")
    assert publisher.send(run_of("ok", 1))[0] == OK
    collector.path.write_text(good.replace("  local: {}\n", ""))
    collector.program.send_signal(signal.SIGHUP)
    collector.wait_for_log("were read again")
    assert publisher.send(run_of("ok", 1))[0] == PERMISSION_DENIED
