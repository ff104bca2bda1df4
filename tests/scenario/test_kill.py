"""kill -9 of agent or collector at random moments loses and repeats nothing.

A recording proxy between the two knows what was sent and what was
acknowledged, by code of its own; the store is read with sqlite3 alone.
"""
import os
import random
import signal
import sqlite3

import pytest
from stage import answers, free_port, wait_for
from wire import Recorder

KILLS = int(os.environ.get("VEDETTE_KILLS", "67"))  # 200 over all victims
PROBES = 8


def start_collector(stage, port):
    """Listens for the agent on TCP and for questions on IPC."""
    (stage.directory / "collector.yaml").write_text(f"""\
store: {stage.directory}/store.db
listen:
  - url: {stage.url}
  - url: tcp://127.0.0.1:{port}
environments: {{test: {{}}}}
""")
    program = stage.start("collector", [
        stage.collector, "run", "--config", "collector.yaml"])
    wait_for("the collector", lambda: answers(port), program)
    return program


def start_agent(stage, port, target):
    """Probes a port ten times a second, from eight probes."""
    probes = "".join(
        f"  - {{name: port-{i}, service: web, "
        f"tcp: {{host: 127.0.0.1, port: {target}}}}}\n"
        for i in range(PROBES))
    (stage.directory / "agent.yaml").write_text(f"""\
agent: test-1
environment: test
identity: [{{hostname: "*"}}]
collectors: ["tcp://127.0.0.1:{port}"]
state_directory: {stage.directory}/state
defaults: {{interval: 100ms, timeout: 90ms}}
probes:
{probes}""")
    (stage.directory / "state").mkdir(mode=0o700, exist_ok=True)
    return stage.start("agent", [stage.agent, "run", "--config",
                                 "agent.yaml"])


def stored(stage):
    """The batches in the store: [(stream, sequence)], with repeats if any;
    those in the inbox, and those that were sealed into chunks since."""
    path = stage.directory / "store.db"
    with sqlite3.connect(f"file:{path}?mode=ro", uri=True) as store:
        rows = store.execute(
            "select stream, sequence from inbox join stream "
            "on stream.id = stream_id").fetchall()
        for stream, first, last in store.execute(
                "select stream, first, last from seen join stream "
                "on stream.id = stream_id"):
            rows += [(stream, number) for number in range(first, last + 1)]
    return rows


def signed(number):
    """64 bits as SQLite shows them."""
    return number - (1 << 64) if number >= 1 << 63 else number


def random_moment(pick, recorder):
    """A condition that comes true after a random number of new frames."""
    goal = len(recorder.acknowledged()) + pick.randint(1, 4)
    return lambda: len(recorder.acknowledged()) >= goal


@pytest.mark.parametrize("victim", ["agent", "collector", "both"])
def test_nothing_acknowledged_is_lost_and_nothing_stored_twice(stage, victim):
    """Kills at random moments while results flow, then compares ledgers."""
    seed = int(os.environ.get("VEDETTE_SEED", str(random.getrandbits(32))))
    print(f"seed {seed}")
    pick = random.Random(seed)
    port = free_port()
    programs = {"collector": start_collector(stage, port)}
    recorder = Recorder(port)
    target = port  # the collector's own port is as good as any
    programs["agent"] = start_agent(stage, recorder.port, target)
    try:
        for _ in range(KILLS):
            names = ["agent", "collector"] if victim == "both" else [victim]
            wait_for("batches to flow", random_moment(pick, recorder),
                     seconds=60)
            for name in names:
                programs[name].send_signal(signal.SIGKILL)
                programs[name].wait()
                stage.programs.remove(programs[name])
            for name in reversed(names):
                programs[name] = (
                    start_agent(stage, recorder.port, target)
                    if name == "agent" else start_collector(stage, port))
        wait_for("batches after the last kill",
                 random_moment(pick, recorder))
        programs["agent"].send_signal(signal.SIGTERM)
        assert programs["agent"].wait(30) == 0
        stage.programs.remove(programs["agent"])
        check_ledgers(stage, recorder, programs["collector"])
    finally:
        recorder.close()


def check_ledgers(stage, recorder, collector):
    """The proxy's ledger against the store's."""
    collector.send_signal(signal.SIGTERM)
    assert collector.wait(30) == 0
    stage.programs.remove(collector)
    rows = stored(stage)
    assert len(rows) == len(set(rows)), "a batch is stored twice"
    acknowledged = {(signed(stream), sequence)
                    for stream, sequence, _ in recorder.acknowledged()}
    assert acknowledged, "nothing was acknowledged"
    assert acknowledged <= set(rows), "an acknowledged batch is lost"
    streams = {stream for stream, _ in rows}
    assert len(streams) == 1, "a killed agent began a new stream"
    sequences = sorted(sequence for _, sequence in rows)
    assert sequences == list(range(1, len(sequences) + 1)), "a hole"
    assert "damaged" not in stage.log("agent") + stage.log("collector")
