"""vedette against a real collector that a real agent reports to."""
import fcntl
import json
import os
import re
import select
import signal
import socket
import struct
import subprocess
import termios

import pytest
from stage import DEADLINE_S, Authority, answers, free_port, wait_for

COMMANDS = ("status", "history", "changes", "regressions", "watch")
QUESTIONS = COMMANDS[:4]
DONE, CRITICAL, USAGE, NO_ANSWER = 0, 2, 2, 3


def run(stage, *arguments, url=None, variables=(), seconds=60):
    """Runs vedette as a pipeline would and returns what it left behind."""
    environment = {name: value for name, value in os.environ.items()
                   if not name.startswith("VEDETTE_")}
    environment.update(variables)
    return subprocess.run(
        [stage.cli, *(["--collector", url] if url else []), *arguments],
        capture_output=True, text=True, check=False, timeout=seconds,
        env=environment)


class Watcher:
    """A vedette watch --json whose events are read with a deadline."""

    def __init__(self, stage, url, *arguments):
        self.program = subprocess.Popen(  # pylint: disable=consider-using-with
            [stage.cli, "--collector", url, "--json", "watch", *arguments],
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        stage.programs.append(self.program)
        self.rest = b""

    def event(self):
        """The next one."""
        descriptor = self.program.stdout.fileno()
        while b"\n" not in self.rest:
            ready, _, _ = select.select([descriptor], [], [], DEADLINE_S)
            assert ready, "no event in time"
            chunk = os.read(descriptor, 65536)
            assert chunk, "it ended by itself"
            self.rest += chunk
        line, _, self.rest = self.rest.partition(b"\n")
        return json.loads(line)

    def until(self, condition):
        """The next one for which the condition holds."""
        while not condition(event := self.event()):
            pass
        return event

    def stop(self, how):
        """Ends it by a signal; its exit code."""
        self.program.send_signal(how)
        code = self.program.wait(DEADLINE_S)
        self.program.stdout.close()
        return code


class Fleet:
    """A collector on IPC and TCP, an agent with two probes, two targets."""

    def __init__(self, stage):
        self.stage = stage
        self.port, self.web, self.cache = (free_port() for _ in range(3))
        self.urls = {"ipc": stage.url, "tcp": f"tcp://127.0.0.1:{self.port}"}
        self.listeners = {}
        self.serve(self.web)
        self.serve(self.cache)
        (stage.directory / "collector.yaml").write_text(f"""\
store: {stage.directory}/store.db
listen:
  - url: {stage.url}
  - url: {self.urls["tcp"]}
environments: {{test: {{}}, production: {{}}}}
regressions: {{confirm_after: 2, clear_after: 2}}
""")
        self.collector = self.start_collector()
        (stage.directory / "agent.yaml").write_text(f"""\
agent: test-1
environment: test
identity: [{{hostname: "*"}}]
collectors: ["{stage.url}"]
state_directory: {stage.directory}/state
heartbeat: 1s
defaults: {{interval: 300ms, timeout: 290ms}}
probes:
  - {{name: port, service: web, tcp: {{host: 127.0.0.1, port: {self.web}}}}}
  - {{name: up, service: cache, tcp: {{host: 127.0.0.1, port: {self.cache}}}}}
""")
        (stage.directory / "state").mkdir(mode=0o700)
        self.agent = stage.start("agent", [stage.agent, "run", "--config",
                                           "agent.yaml"])
        for service in ("web", "cache"):
            wait_for(f"results of {service}", lambda which=service: sum(
                row["service"] == which for row in self.history()) > 3,
                self.agent)

    def start_collector(self):
        """Starts it, and waits until it listens."""
        program = self.stage.start("collector", [
            self.stage.collector, "run", "--config", "collector.yaml"])
        wait_for("the collector", lambda: answers(self.port), program)
        return program

    def serve(self, port):
        """Lets the probe of this port be ok."""
        self.listeners[port] = socket.create_server(
            ("127.0.0.1", port), backlog=4096)

    def drop(self, port):
        """Lets the probe of this port fail."""
        self.listeners.pop(port).close()

    def history(self):
        """What is known, newest first."""
        return self.stage.ask("history", "test").get("results", [])

    def regressions(self):
        """Those that are open."""
        return self.stage.ask("regressions", "--open").get("regressions", [])


@pytest.fixture
def fleet(stage):
    """A fleet whose listeners end with the test."""
    made = Fleet(stage)
    yield made
    for listener in made.listeners.values():
        listener.close()


@pytest.mark.parametrize("way", ["ipc", "tcp"])
def test_every_question_is_answered_in_text_and_in_json(fleet, way):
    """The same answers come over either transport, within 80 columns."""
    url = fleet.urls[way]
    for command in QUESTIONS:
        text = run(fleet.stage, command, url=url)
        assert (text.returncode, text.stderr) == (DONE, ""), command
        assert text.stdout, command
        assert "\x1b" not in text.stdout, "colour without a terminal"
        assert max(map(len, text.stdout.splitlines())) <= 80, command
        told = run(fleet.stage, "--json", command, url=url)
        assert (told.returncode, told.stderr) == (DONE, ""), command
        json.loads(told.stdout)
    status = json.loads(run(fleet.stage, "--json", "status", url=url).stdout)
    states = {(cell["environment"], cell["service"]): cell["state"]
              for cell in status["cells"]}
    assert states[("test", "web")] == "ok"
    assert states[("test", "cache")] == "ok"
    rows = json.loads(run(fleet.stage, "--json", "history", "test/web",
                          "--limit", "3", url=url).stdout)
    assert [row["service"] for row in rows["results"]] == ["web"] * 3
    assert rows["more"]


def test_an_outage_is_seen_flagged_watched_and_cleared(fleet):
    """One target of two goes away and comes back."""
    stage = fleet.stage
    watcher = Watcher(stage, fleet.urls["tcp"], "test/web")
    assert watcher.event()["event"] == "connection"
    fleet.drop(fleet.web)
    row = wait_for("the regression", fleet.regressions, fleet.agent)[0]
    assert (row["service"], row["kind"]) == ("web", "state")
    status = run(stage, "status", url=stage.url)
    assert status.returncode == CRITICAL
    assert "refused" in status.stdout
    assert run(stage, "status", "test/cache", url=stage.url).returncode == DONE
    fleet.serve(fleet.web)
    wait_for("its end", lambda: not fleet.regressions(), fleet.agent)
    kinds = set()
    while "cleared" not in kinds:
        kinds.add(watcher.event()["event"])
    assert {"result", "regression"} <= kinds
    assert watcher.stop(signal.SIGINT) == DONE
    past = run(stage, "--json", "regressions", "test", url=stage.url)
    assert json.loads(past.stdout)["regressions"][0]["cleared"]


def test_watch_tells_of_a_lost_connection_and_makes_it_again(fleet):
    """The collector is killed and started again under a watcher."""
    watcher = Watcher(fleet.stage, fleet.stage.url, "--results")
    watcher.until(lambda event: event["event"] == "result")
    fleet.collector.send_signal(signal.SIGKILL)
    fleet.collector.wait()
    watcher.until(lambda event: event["event"] == "connection" and
                  not event["up"])
    fleet.collector = fleet.start_collector()
    again = watcher.until(lambda event: event["event"] == "connection")
    assert again["up"] and "missed" in again["message"]
    watcher.until(lambda event: event["event"] == "result")
    assert watcher.stop(signal.SIGTERM) == DONE


def test_watch_ends_after_as_many_events_as_asked(fleet):
    """--count and --for end it by themselves."""
    done = run(fleet.stage, "watch", "--results", "--count", "2",
               url=fleet.urls["tcp"])
    assert done.returncode == DONE
    assert len(done.stdout.splitlines()) == 2
    done = run(fleet.stage, "watch", "--for", "300ms", url=fleet.urls["ipc"])
    assert done.returncode == DONE


def field(number, value):
    """One field of a protobuf message: a small number or bytes."""
    if isinstance(value, int):
        return bytes([number << 3, value])
    return bytes([number << 3 | 2, len(value)]) + value


def test_watch_tells_of_events_that_were_dropped(stage):
    """A publisher whose events leave a hole in their serials."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        watcher = Watcher(
            stage, f"tcp://127.0.0.1:{server.getsockname()[1]}", "test")
        peer, _ = server.accept()
        peer.sendall(b"\0SP\0\0\x20\0\0")  # that of a PUB socket
        assert watcher.event()["event"] == "connection"
        for serial in (1, 2, 9):
            change = b"".join(field(number, text) for number, text in (
                (1, b"test"), (2, b"web"), (3, b"build"), (5, b"41"),
                (6, b"42"), (9, b"test-1")))
            message = b"test/change/web/build\0" + field(1, 1) + field(
                2, 1) + field(5, change) + field(7, serial)
            peer.sendall(struct.pack(">Q", len(message)) + message)
        told = [watcher.event() for _ in range(4)]
        assert [event["event"] for event in told] == [
            "change", "change", "dropped", "change"]
        assert (told[2]["environment"], told[2]["events"]) == ("test", 6)
        assert watcher.stop(signal.SIGTERM) == DONE
        peer.close()


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("url", ["ipc:///nowhere/collector.sock", "tcp"])
def test_a_collector_that_is_absent_is_said_to_be(stage, command, url):
    """One clear message, with what to do, and exit code 3 at once."""
    if url == "tcp":
        url = f"tcp://127.0.0.1:{free_port()}"
    done = run(stage, command, url=url)
    assert (done.returncode, done.stdout) == (NO_ANSWER, "")
    assert f"no answer from {url}: connect: " in done.stderr
    assert "--collector URL or VEDETTE_COLLECTOR" in done.stderr


@pytest.mark.parametrize("command, greets", [
    ("status", False), ("status", True), ("watch", False)])
def test_a_collector_that_never_answers_is_left_at_the_limit(
        stage, command, greets):
    """It accepts; it may even say hello; it says no more."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        url = f"tcp://127.0.0.1:{server.getsockname()[1]}"
        asking = subprocess.Popen(  # pylint: disable=consider-using-with
            [stage.cli, "--collector", url, "--timeout", "1s", command],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        stage.programs.append(asking)
        peer, _ = server.accept()
        if greets:
            peer.sendall(b"\0SP\0\0\x31\0\0")  # that of a REP socket
        out, err = asking.communicate(timeout=60)
        assert (asking.returncode, out) == (NO_ANSWER, "")
        assert f"no answer from {url}: " in err
        peer.close()


def test_a_peer_of_another_protocol_is_not_a_collector(stage):
    """A web server answers with something else."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        url = f"tcp://127.0.0.1:{server.getsockname()[1]}"
        asking = subprocess.Popen(  # pylint: disable=consider-using-with
            [stage.cli, "--collector", url, "status"],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        stage.programs.append(asking)
        peer, _ = server.accept()
        peer.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        out, err = asking.communicate(timeout=60)
        assert (asking.returncode, out) == (NO_ANSWER, "")
        assert f"no answer from {url}: " in err
        peer.close()


@pytest.fixture
def secured(stage):
    """A collector on TLS alone, and an authority that it trusts."""
    authority = Authority(stage)
    authority.issue_server()
    port = free_port()
    (stage.directory / "collector.yaml").write_text(f"""\
store: {stage.directory}/store.db
listen:
  - url: tls+tcp://127.0.0.1:{port}
    tls: {{ca_file: pki/ca.pem, certificate_file: pki/collector.pem,
          key_file: pki/collector.key}}
environments: {{test: {{}}}}
""")
    collector = stage.start("collector", [
        stage.collector, "run", "--config", "collector.yaml"])
    wait_for("the collector", lambda: answers(port), collector)
    stage.url = f"tls+tcp://localhost:{port}"
    return authority


def ask_secured(authority, name, *arguments):
    """Asks with the certificate NAME of the authority."""
    home = authority.directory
    return run(authority.stage, "--ca", home / "ca.pem", "--certificate",
               home / f"{name}.pem", "--key", home / f"{name}.key",
               *arguments, url=authority.stage.url)


def test_a_person_with_a_certificate_may_ask(secured):
    """vedette://user/NAME; the server's name is checked."""
    secured.issue_user("ann")
    done = ask_secured(secured, "ann", "changes")
    assert (done.returncode, done.stderr) == (DONE, "")
    done = ask_secured(secured, "ann", "changes", "--server-name", "other")
    assert (done.returncode, done.stdout) == (NO_ANSWER, "")
    assert "other" in done.stderr or "certificate" in done.stderr


def test_an_agent_with_a_certificate_may_not_ask(secured):
    """It is told so by the collector, which is not called unreachable."""
    secured.issue_agent("test", "test-1")
    done = ask_secured(secured, "test-1", "changes")
    assert (done.returncode, done.stdout) == (NO_ANSWER, "")
    assert "PERMISSION_DENIED: the certificate of " in done.stderr
    assert "vedette://user/NAME" in done.stderr
    assert "no answer" not in done.stderr


def test_a_key_that_others_may_read_is_not_used(secured):
    """The message says how to mend it."""
    _, key = secured.issue_user("ann")
    key.chmod(0o644)
    done = ask_secured(secured, "ann", "changes")
    assert (done.returncode, done.stdout) == (NO_ANSWER, "")
    assert str(key) in done.stderr and "chmod" in done.stderr


@pytest.mark.parametrize("arguments, says", [
    ([], "which command?"),
    (["nonsense"], "unknown command nonsense"),
    (["status", "--phases"], "status takes no --phases"),
    (["history", "--limit", "10001"], "from 1 to 10000"),
    (["history", "--since", "soon"], "--since: "),
    (["status", "../etc"], "environment: not a name"),
    (["status", "--collector", "http://x"], "--collector: write ipc://"),
    (["status", "--collector", "tls+tcp://x:1"], "needs --ca"),
])
def test_a_wrong_command_line_is_told_what_is_wrong(stage, arguments, says):
    """Exit code 2, and the way to the help."""
    done = run(stage, *arguments)
    assert (done.returncode, done.stdout) == (USAGE, "")
    assert says in done.stderr
    assert "--help" in done.stderr


def test_help_fits_a_terminal_and_names_every_exit_code(stage):
    """For the program and each command; version too."""
    listed = run(stage, "--help").stdout.partition("commands:\n")[2]
    listed = [line.split()[0] for line in
              listed.partition("\n\n")[0].splitlines()]
    assert set(COMMANDS) <= set(listed)
    for arguments in ([], *([command] for command in listed)):
        done = run(stage, *arguments, "--help")
        assert (done.returncode, done.stderr) == (DONE, "")
        assert max(map(len, done.stdout.splitlines())) <= 80, arguments
        for word in ("usage: vedette", "examples:", "exit codes:", "--json"):
            assert word in done.stdout, arguments
    assert run(stage, "--version").stdout.startswith("vedette ")


def on_terminal(stage, *arguments, variables=()):
    """What vedette prints when its output is a terminal."""
    master, slave = os.openpty()
    environment = {**os.environ, "TERM": "xterm", "LC_ALL": "C.UTF-8",
                   **dict(variables)}
    subprocess.run([stage.cli, *arguments], stdout=slave, check=False,
                   stderr=subprocess.DEVNULL, timeout=60, env=environment)
    os.close(slave)
    text = b""
    try:
        while chunk := os.read(master, 65536):
            text += chunk
    except OSError:  # EIO: the other end is closed and all was read
        pass
    os.close(master)
    return text


def test_colour_is_for_terminals_that_want_it(fleet):
    """NO_COLOR and TERM=dumb switch it off."""
    ask = ("--collector", fleet.stage.url, "status")
    assert b"\x1b[" in on_terminal(fleet.stage, *ask)
    plain = on_terminal(fleet.stage, *ask, variables={"NO_COLOR": "1"})
    assert b"\x1b[" not in plain and b"web" in plain
    dumb = on_terminal(fleet.stage, *ask, variables={"TERM": "dumb"})
    assert b"\x1b[" not in dumb


class Screen:
    """A vedette on a terminal of its own, whose newest picture is read."""

    def __init__(self, stage, *arguments):
        self.master, slave = os.openpty()
        os.set_blocking(self.master, False)
        fcntl.ioctl(slave, termios.TIOCSWINSZ,
                    struct.pack("HHHH", 30, 100, 0, 0))
        self.program = subprocess.Popen(  # pylint: disable=consider-using-with
            [stage.cli, "--collector", stage.url, *arguments],
            stdin=slave, stdout=slave, stderr=slave, start_new_session=True,
            env={**os.environ, "TERM": "xterm", "LC_ALL": "C.UTF-8"})
        os.close(slave)
        stage.programs.append(self.program)
        self.text = b""

    def read(self):
        """All that was written until now."""
        try:
            while chunk := os.read(self.master, 65536):
                self.text += chunk
        except OSError:  # nothing more now, or the other end is closed
            pass
        return self.text

    def picture(self):
        """The lines that stand there now, without colours."""
        picture = self.read().rpartition(b"\x1b[H")[2].decode()
        return re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", picture).split("\r\n")

    def type(self, keys):
        """As a person would."""
        os.write(self.master, keys)


def test_watch_fills_a_terminal_and_leaves_it_as_it_was(fleet):
    """The matrix is kept fresh, what happens stands below, q ends it."""
    screen = Screen(fleet.stage, "watch")
    wait_for("the matrix", lambda: any(
        line.startswith("web") and "ok" in line
        for line in screen.picture()), screen.program)
    assert len(screen.picture()) == 30
    fleet.drop(fleet.web)
    wait_for("the outage above", lambda: any(
        line.startswith("web") and "CRITICAL" in line
        for line in screen.picture()), screen.program)
    wait_for("the outage below", lambda: any(
        "REGRESSION" in line and "port" in line
        for line in screen.picture()[-9:]), screen.program)
    fcntl.ioctl(screen.master, termios.TIOCSWINSZ,
                struct.pack("HHHH", 20, 80, 0, 0))
    screen.program.send_signal(signal.SIGWINCH)
    wait_for("a smaller picture", lambda: len(screen.picture()) == 20,
             screen.program)
    screen.type(b"q")
    assert screen.program.wait(DEADLINE_S) == DONE
    assert b"\x1b[?1049h" in screen.text
    assert screen.read().endswith(b"\x1b[?7h\x1b[?25h\x1b[?1049l")
    os.close(screen.master)


def test_a_pipe_that_closes_ends_it_quietly(fleet):
    """As in vedette watch --results | head -1."""
    stage = fleet.stage
    watcher = subprocess.Popen(  # pylint: disable=consider-using-with
        [stage.cli, "--collector", stage.url, "watch", "--results"],
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    stage.programs.append(watcher)
    watcher.stdout.readline()
    watcher.stdout.close()
    assert watcher.wait(60) == DONE


def test_what_people_tell_is_stored_shown_and_told_live(fleet):
    """A deploy and a claim stand on the time axis, with who told them."""
    watcher = Watcher(fleet.stage, fleet.stage.url, "test")
    watcher.until(lambda event: event["event"] == "connection")
    done = run(fleet.stage, "mark", "test/web", "--kind", "deploy",
               "--subject", "build/v2", "--summary", "released v2",
               url=fleet.stage.url)
    assert (done.returncode, done.stderr) == (DONE, "")
    assert "test/web deploy build/v2: released v2" in done.stdout
    who = f"uid {os.getuid()}"
    event = watcher.until(lambda event: event["event"] == "mark")
    watcher.stop(signal.SIGTERM)
    wanted = {"environment": "test", "service": "web", "kind": "deploy",
              "subject": "build/v2", "summary": "released v2", "by": who}
    assert {name: event["mark"][name] for name in wanted} == wanted
    done = run(fleet.stage, "--json", "mark", "--environment", "test",
               "--claim", "it is the network", "--at",
               "2026-01-05T10:00:00Z", url=fleet.stage.url)
    assert json.loads(done.stdout)["mark"]["at"] == "2026-01-05T10:00:00.000Z"
    told = fleet.stage.ask("changes", "test")["marks"]
    assert [row["kind"] for row in told] == ["deploy", "claim"]
    assert told[0]["by"] == who
    # Of a service: its own, and those of the whole environment.
    told = fleet.stage.ask("changes", "test/cache")["marks"]
    assert [row["kind"] for row in told] == ["claim"]
    told = fleet.stage.ask("timeline", "test")["marks"]
    assert [row["subject"] for row in told] == ["build/v2"]


@pytest.mark.parametrize("words, code, said", [
    (["--kind", "deploy"], USAGE, "--environment is missing"),
    (["test"], USAGE, "--kind is missing"),
    (["test", "--kind", "party"], USAGE, "rollback"),
    (["test", "--claim", "x", "--kind", "deploy"], USAGE, "goes without"),
    (["test", "--kind", "claim"], USAGE, "a claim that says nothing"),
    (["stagign", "--kind", "deploy"], NO_ANSWER, "stagign is not one of"),
    (["test", "--claim", b"caf\xe9"], USAGE, "--claim: not UTF-8"),
    (["--environment", "test/cache", "--kind", "deploy"], USAGE,
     "test/cache: the name of an environment has no slash"),
    (["test", "--kind", "deploy", "--summary", "x" * 2000], USAGE,
     "a summary of more"),
    (["test", "--kind", "deploy", "--at", "2150-01-01T00:00:00Z"], USAGE,
     "lies in the future"),
    (["test", "--kind", "deploy", "--environment", "other"], USAGE,
     "two environments"),
])
def test_what_is_wrong_with_a_mark_is_said(fleet, words, code, said):
    """And nothing is stored."""
    done = run(fleet.stage, "mark", *words, url=fleet.stage.url)
    assert (done.returncode, done.stdout) == (code, "")
    assert said in done.stderr
    assert fleet.stage.ask("changes", "test")["marks"] == []


def test_an_agent_may_not_tell_and_a_person_is_named(secured):
    """The certificate says who; an agent's is none of a person."""
    secured.issue_user("ann")
    secured.issue_agent("test", "test-1")
    words = ("mark", "test", "--kind", "deploy", "--subject", "build/v3")
    done = ask_secured(secured, "test-1", *words)
    assert (done.returncode, done.stdout) == (NO_ANSWER, "")
    assert "PERMISSION_DENIED" in done.stderr
    done = ask_secured(secured, "ann", *words)
    assert (done.returncode, done.stderr) == (DONE, "")
    told = json.loads(ask_secured(secured, "ann", "--json", "changes").stdout)
    assert [row["by"] for row in told["marks"]] == ["vedette://user/ann"]
