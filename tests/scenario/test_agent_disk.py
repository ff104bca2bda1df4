"""A full disk under the spool: said once, kept in memory, and over again."""
import pytest
from stage import answers, free_port, wait_for
from support.disk import Disk
from test_kill import stored


@pytest.fixture(name="port")
def fixture_port(stage):
    """A collector's port; it is the target of the probes as well."""
    port = free_port()
    (stage.directory / "collector.yaml").write_text(
        f"store: {stage.directory}/store.db\nlisten:\n  - url: {stage.url}\n"
        f"  - url: tcp://127.0.0.1:{port}\nenvironments: {{test: {{}}}}\n")
    return port


def start_collector(stage, port):
    """Returns when it listens."""
    program = stage.start("collector", [
        stage.collector, "run", "--config", "collector.yaml"])
    wait_for("the collector", lambda: answers(port), program)


def test_a_full_disk_loses_nothing_that_memory_holds(stage, port):
    """While nothing fits, batches wait; then all of them arrive, in order."""
    disk = Disk(stage, "state", "8m")
    (stage.directory / "agent.yaml").write_text(f"""\
agent: test-1
environment: test
identity: [{{hostname: "*"}}]
collectors: ["tcp://127.0.0.1:{port}"]
state_directory: state
defaults: {{interval: 100ms, timeout: 90ms}}
probes:
  - {{name: port, service: web, tcp: {{host: 127.0.0.1, port: {port}}}}}
""")
    agent = stage.start("agent", [stage.agent, "run", "--config",
                                  "agent.yaml"], prefix=disk.enter)
    wait_for("the agent", lambda: "1 probes" in stage.log("agent"), agent)
    disk.fill()
    wait_for("the news", lambda: "the disk is full: make room there"
             in stage.log("agent"), agent)
    disk.make_room()
    wait_for("the end of it", lambda: "spool: there is room again"
             in stage.log("agent"), agent)
    assert stage.log("agent").count("the disk is full") == 1
    start_collector(stage, port)
    wait_for("what waited", lambda: "uplink: connected" in stage.log("agent"),
             agent)
    wait_for("new results", lambda: any(
        row["outcome"] == "ok" for row in stage.ask(
            "history", "test", "--limit", "5").get("results", [])), agent)
    agent.terminate()
    assert agent.wait(30) == 0
    sequences = sorted(number for _stream, number in stored(stage))
    assert sequences == list(range(1, len(sequences) + 1))
    results = stage.ask("history", "test", "--limit", "10000")["results"]
    times = [row["at"] for row in results]
    assert len(set(times)) == len(times)  # none came twice
    full, again = (line.split()[0] for line in
                   stage.log("agent").splitlines() if "spool" in line
                   and ("is full" in line or "room again" in line))
    assert any(full < at < again for at in times)
