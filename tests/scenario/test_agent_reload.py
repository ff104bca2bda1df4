"""SIGHUP, SIGTERM: nothing that stays the same is disturbed, nothing is lost."""
import signal

import pytest
from stage import Authority, answers, free_port, wait_for

HEAD = """\
agent: test-1
environment: test
identity: [{{hostname: "*"}}]
collectors: ["tcp://127.0.0.1:{port}"]
state_directory: state
defaults: {{interval: 100ms, timeout: 90ms}}
probes:
"""


class World:
    """A collector, an agent, and a port to probe."""

    def __init__(self, stage):
        self.stage = stage
        self.port = free_port()
        self.agent = None

    def start_collector(self, port=None):
        """Listens for the agent on TCP and for questions on IPC."""
        port = port or self.port
        (self.stage.directory / "collector.yaml").write_text(
            f"store: {self.stage.directory}/store.db\n"
            f"listen:\n  - url: {self.stage.url}\n"
            f"  - url: tcp://127.0.0.1:{port}\n"
            "environments: {test: {}}\n")
        program = self.stage.start("collector", [
            self.stage.collector, "run", "--config", "collector.yaml"])
        wait_for("the collector", lambda: answers(port), program)
        return program

    def configure(self, *probes, head=HEAD):
        """Writes the agent's configuration."""
        text = head.format(port=self.port)
        for name, more in probes:
            text += (f"  - {{name: {name}, service: web, {more} "
                     f"tcp: {{host: 127.0.0.1, port: {self.port}}}}}\n")
        (self.stage.directory / "agent.yaml").write_text(text)

    def start_agent(self):
        """Runs with what was configured."""
        self.agent = self.stage.start("agent", [
            self.stage.agent, "run", "--config", "agent.yaml"])
        self.wait_log("uplink: connected to")

    def wait_log(self, words, times=1):
        """Until the agent's log says so."""
        wait_for(words,
                 lambda: self.stage.log("agent").count(words) >= times,
                 self.agent)

    def reload(self, words):
        """SIGHUP, and what the agent then says of it."""
        before = self.stage.log("agent").count(words)
        self.agent.send_signal(signal.SIGHUP)
        self.wait_log(words, before + 1)

    def results(self, probe):
        """How many results of a probe the collector has."""
        found = self.stage.ask("history", "test", "--probe", probe,
                               "--limit", "10000")
        return len(found.get("results", []))

    def wait_first(self, *probes):
        """Until each of these has a result."""
        for probe in probes:
            wait_for(f"a result of {probe}",
                     lambda name=probe: self.results(name), self.agent)

    def wait_results(self, probe, more=1):
        """Until a probe has so many more results than now."""
        goal = self.results(probe) + more
        wait_for(f"results of {probe}",
                 lambda: self.results(probe) >= goal, self.agent)


@pytest.fixture(name="world")
def fixture_world(stage):
    """A collector that listens."""
    made = World(stage)
    made.start_collector()
    return made


OFTEN, RARELY = "interval: 200ms, timeout: 150ms,", "interval: 1h, timeout: 1s,"


def test_a_reload_adds_and_takes_away_probes(world):
    """New ones report, old ones no longer do, the rest goes on."""
    world.configure(("stays", OFTEN), ("goes", OFTEN))
    world.start_agent()
    world.wait_first("stays", "goes")
    world.configure(("stays", OFTEN), ("comes", OFTEN))
    world.reload("agent.yaml: read again, 2 probes")
    world.wait_first("comes")
    gone = world.results("goes")
    world.wait_results("stays", 5)
    assert world.results("goes") == gone


def test_an_unchanged_probe_keeps_its_schedule(world):
    """Only the changed one runs again, out of turn."""
    world.configure(("same", RARELY), ("other", RARELY))
    world.start_agent()
    world.wait_first("same", "other")
    world.configure(("same", RARELY), ("other", "interval: 2h, timeout: 1s,"),
                    ("clock", OFTEN))
    world.reload("read again, 3 probes")
    wait_for("the changed probe", lambda: world.results("other") == 2,
             world.agent)
    world.wait_results("clock", 3)
    assert world.results("same") == 1


@pytest.mark.parametrize("text, complaint", [
    ("probes: [", "agent.yaml:"),
    ("agent: test-1\nenvironment: test\nprobess: []\n",
     "agent.yaml:3:1: probess: unknown key; did you mean probes?"),
    (None, "agent.yaml: No such file"),
])
def test_a_bad_file_changes_nothing(world, text, complaint):
    """The agent says what is wrong, where, and goes on as before."""
    world.configure(("port", OFTEN))
    world.start_agent()
    world.wait_results("port")
    path = world.stage.directory / "agent.yaml"
    if text is None:
        path.unlink()
    else:
        path.write_text(text)
    world.reload("still running with what was read before")
    assert complaint in world.stage.log("agent")
    world.wait_results("port", 3)


@pytest.mark.parametrize("old, new, key", [
    ("agent: test-1", "agent: test-2", "agent"),
    ("environment: test", "environment: other", "environment"),
    ("state_directory: state", "state_directory: elsewhere",
     "spool.path"),
])
def test_what_only_a_restart_can_change_is_refused(world, old, new, key):
    """As a whole: the probes of that file do not come either."""
    world.configure(("port", OFTEN))
    world.start_agent()
    world.configure(("port", OFTEN), ("more", OFTEN),
                    head=HEAD.replace(old, new))
    world.reload("still running with what was read before")
    assert (f"agent.yaml: {key}: differs from what the agent was started with"
            in world.stage.log("agent"))
    world.wait_results("port", 3)
    assert world.results("more") == 0


def test_a_reload_can_name_another_collector(world):
    """The uplink goes where the file says; nothing is lost on the way."""
    world.configure(("port", OFTEN))
    world.start_agent()
    world.wait_results("port")
    first, world.port = world.port, free_port()
    world.stage.programs[0].terminate()
    world.stage.programs[0].wait(30)
    world.start_collector(world.port)
    world.configure(("port", OFTEN))
    world.reload("read again, 1 probes")
    world.wait_log(f"uplink: connected to tcp://127.0.0.1:{world.port}")
    assert first != world.port
    world.wait_results("port", 3)


def test_a_reload_looks_at_the_proofs_of_identity_again(world):
    """What does not hold any more makes a workstation of the agent."""
    world.configure(("port", OFTEN))
    world.start_agent()
    world.wait_log("vantage in_environment (proven:")
    world.configure(("port", OFTEN), head=HEAD.replace(
        '{{hostname: "*"}}', "{{variable: NOT_SET, equals: x}}"))
    world.reload("vantage workstation (unproven: variable NOT_SET is not set")
    world.wait_results("port", 2)
    found = world.stage.ask("history", "test", "--probe", "port")
    assert found["results"][0]["vantage"] == "workstation"


def test_a_reload_reads_certificates_again(stage):
    """One that is no certificate is refused and the old one stays; a renewed
    one is used from then on."""
    world = World(stage)
    authority = Authority(stage)
    authority.issue_server()
    certificate, key = authority.issue_agent("test", "test-1")
    (stage.directory / "collector.yaml").write_text(
        f"store: {stage.directory}/store.db\nlisten:\n  - url: {stage.url}\n"
        f"  - url: tls+tcp://127.0.0.1:{world.port}\n"
        "    tls: {ca_file: pki/ca.pem, certificate_file: pki/collector.pem,"
        " key_file: pki/collector.key}\nenvironments: {test: {}}\n")
    collector = stage.start("collector", [
        stage.collector, "run", "--config", "collector.yaml"])
    wait_for("the collector", lambda: answers(world.port), collector)
    world.configure(("port", OFTEN), head=HEAD.replace(
        '"tcp://127.0.0.1:{port}"', '"tls+tcp://localhost:{port}"').replace(
            "state_directory", "tls: {{ca_file: pki/ca.pem, certificate_file: "
            "pki/test-1.pem, key_file: pki/test-1.key}}\nstate_directory"))
    world.start_agent()
    world.wait_first("port")
    certificate.write_text("none")
    world.reload("still running with what was read before")
    assert "pki/test-1.pem" in stage.log("agent")
    world.wait_results("port", 3)
    authority.issue_agent("test", "test-1")
    key.chmod(0o644)
    world.reload("still running with what was read before")
    key.chmod(0o600)
    connected = stage.log("agent").count("uplink: connected to")
    world.reload("read again, 1 probes")
    world.wait_log("uplink: connected to", connected + 1)
    world.wait_results("port", 3)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_stop_loses_nothing(world, number):
    """Without a collector, what was found waits in the spool, and arrives
    after a restart with the times it had."""
    world.configure(("port", OFTEN))
    world.start_agent()
    world.wait_results("port")
    world.stage.programs[0].terminate()
    world.stage.programs[0].wait(30)
    world.wait_log("uplink: tcp://127.0.0.1")
    spool = world.stage.directory / "state/spool.db-wal"
    size = spool.stat().st_size
    wait_for("more in the spool", lambda: spool.stat().st_size > size + 40000,
             world.agent)
    world.agent.send_signal(number)
    assert world.agent.wait(30) == 0
    last = world.stage.log("agent").splitlines()[-1]
    assert "stopped; " in last
    waiting = int(last.split("stopped; ")[1].split()[0])
    assert waiting >= 5
    world.start_collector()
    before = world.results("port")
    world.start_agent()
    wait_for("what waited", lambda: world.results("port") >= before + waiting,
             world.agent)


def test_what_a_probe_remembers_outlives_a_reload(world):
    """A log is read on from where it was, in the same state directory."""
    log = world.stage.directory / "web.log"
    log.write_text("all is well\n")
    text = ("  - {{name: words, service: web, {} log: {{file: {}, "
            "fresh_within: 1h}}}}\n")

    def configure(interval):
        world.configure(("port", OFTEN))
        with open(world.stage.directory / "agent.yaml", "a",
                  encoding="utf-8") as config:
            config.write(text.format(interval, log))
    configure(OFTEN)
    world.start_agent()
    world.wait_first("words", "port")
    for i in range(3):
        configure(f"interval: {300 + i}ms, timeout: 150ms,")
        world.reload("agent.yaml: read again, 2 probes")
        world.wait_results("words", 2)
    found = world.stage.ask("history", "test", "--probe", "words",
                            "--limit", "3")["results"]
    assert {row["outcome"] for row in found} == {"ok"}, found
    assert [path.name for path in
            (world.stage.directory / "state").glob("probe-*")] == [
                "probe-words.state"]
