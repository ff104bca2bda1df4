"""Results that come late, and clocks that are stepped."""
import os
import signal
import socket

import pytest
from stage import answers, free_port, wait_for

FAKETIME = "/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1"


def start_collector(stage, port, environment=None):
    """Listens for the agent on TCP and for questions on IPC."""
    (stage.directory / "collector.yaml").write_text(f"""\
store: {stage.directory}/store.db
listen:
  - url: {stage.url}
  - url: tcp://127.0.0.1:{port}
environments: {{test: {{}}}}
""")
    program = stage.start("collector", [
        stage.collector, "run", "--config", "collector.yaml"],
        environment=environment)
    wait_for("the collector", lambda: answers(port), program)
    return program


def start_agent(stage, port, target, environment=None):
    """One probe of a port, five times a second."""
    (stage.directory / "agent.yaml").write_text(f"""\
agent: test-1
environment: test
identity: [{{hostname: "*"}}]
collectors: ["tcp://127.0.0.1:{port}"]
state_directory: {stage.directory}/state
heartbeat: 1s
defaults: {{interval: 200ms, timeout: 150ms}}
probes:
  - {{name: port, service: web, tcp: {{host: 127.0.0.1, port: {target}}}}}
""")
    (stage.directory / "state").mkdir(mode=0o700, exist_ok=True)
    return stage.start("agent", [stage.agent, "run", "--config",
                                 "agent.yaml"], environment=environment)


def results(stage):
    """What the collector holds of the probe, newest first."""
    return stage.ask("history", "test", "--limit", "2000").get("results", [])


def outcomes(stage):
    """The outcomes in the order they were made."""
    return [row["outcome"] for row in reversed(results(stage))]


def spooled(stage):
    """How much the agent's spool has grown, as its file shows."""
    return sum(path.stat().st_size
               for path in (stage.directory / "state").glob("spool.db*"))


def test_results_of_an_absence_come_late_and_raise_nothing(stage):
    """The target fails and recovers while the collector is away."""
    port, target = free_port(), free_port()
    listener = socket.create_server(("127.0.0.1", target), backlog=256)
    collector = start_collector(stage, port)
    agent = start_agent(stage, port, target)
    wait_for("good results", lambda: outcomes(stage).count("ok") >= 5, agent)
    collector.send_signal(signal.SIGKILL)
    collector.wait()
    listener.close()
    before = spooled(stage)
    wait_for("failures in the spool",
             lambda: spooled(stage) > before + 40_000, agent)
    listener = socket.create_server(("127.0.0.1", target), backlog=256)
    before = spooled(stage)
    wait_for("recovery in the spool",
             lambda: spooled(stage) > before + 300_000, agent)
    start_collector(stage, port)
    wait_for("the absence in the history", lambda: "critical" in
             outcomes(stage) and outcomes(stage)[-5:] == ["ok"] * 5, agent)
    rows = results(stage)
    times = [row["at"] for row in rows]
    assert times == sorted(times, reverse=True)
    assert len(set(times)) == len(times)
    raised = [row for row in stage.ask("regressions").get("regressions")
              if not row["late"]]
    assert not raised, "an alarm about the past"
    listener.close()


@pytest.mark.parametrize("step", ["+3600", "-3600"])
def test_a_stepped_clock_disturbs_no_timer(stage, step):
    """Wall clocks of both programs are stepped by an hour while they run."""
    assert os.path.exists(FAKETIME), "faketime is not installed"
    stamp = stage.directory / "clock"
    stamp.write_text("+0\n")
    environment = dict(
        os.environ, LD_PRELOAD=FAKETIME, FAKETIME_DONT_FAKE_MONOTONIC="1",
        FAKETIME_TIMESTAMP_FILE=str(stamp), FAKETIME_NO_CACHE="1")
    port = free_port()
    collector = start_collector(stage, port, environment)
    agent = start_agent(stage, port, port, environment)
    wait_for("results before", lambda: len(results(stage)) >= 10, agent)
    before = len(results(stage))
    changed = stage.directory / "clock.new"
    changed.write_text(step + "\n")
    changed.rename(stamp)
    wait_for("results at the old pace after the step",
             lambda: len(results(stage)) >= before + 25, agent, 30)
    assert collector.poll() is None and agent.poll() is None
    rows = stage.ask("regressions").get("regressions")
    assert rows == [], "a step of the clock is no regression"
