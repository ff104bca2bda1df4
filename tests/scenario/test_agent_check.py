"""vedette-agent check: every probe once, and honest about where it looks."""
import http.server
import json
import os
import pathlib
import pty
import re
import select
import subprocess
import threading

import pytest
from stage import free_port, start_postgres

HEAD = "agent: stg-1\nenvironment: staging\n"
PROVEN = "identity: [{hostname: '*'}]\n"
UNPROVEN = "identity: [{variable: DEPLOYED_IN, equals: staging}]\n"
DEADLINE_S = 60


class Web(http.server.BaseHTTPRequestHandler):
    """A service: fine at /, broken at /broken."""

    def do_GET(self):  # pylint: disable=invalid-name
        """Answers by the path alone."""
        self.send_response(500 if self.path.startswith("/broken") else 200)
        self.end_headers()
        self.wfile.write(b"hello")

    def log_message(self, *_args):  # pylint: disable=arguments-differ
        """Says nothing."""


@pytest.fixture(name="web")
def fixture_web():
    """A real web server on a port of its own."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Web)
    threading.Thread(target=server.serve_forever, args=(0.02,),
                     daemon=True).start()
    yield server.server_address[1]
    server.shutdown()
    server.server_close()


class Agent:
    """Runs the program in the stage's directory."""

    def __init__(self, stage):
        self.stage = stage
        self.file = stage.directory / "agent.yaml"

    def configure(self, text):
        """Writes the configuration."""
        self.file.write_text(text)

    def run(self, *arguments, environment=None):
        """Runs it to its end."""
        return subprocess.run(
            [self.stage.agent, *arguments], cwd=self.stage.directory,
            capture_output=True, text=True, timeout=DEADLINE_S, check=False,
            env={**os.environ, **(environment or {})})

    def check(self, *arguments, environment=None):
        """Runs a check."""
        return self.run("check", "--config", "agent.yaml", *arguments,
                        environment=environment)

    def report(self, *arguments, environment=None):
        """The report of a check as an object."""
        done = self.check("--json", *arguments, environment=environment)
        found = json.loads(done.stdout)
        assert found["exit_code"] == done.returncode
        return found


@pytest.fixture(name="agent")
def fixture_agent(stage):
    """The program, and a folder for its files."""
    return Agent(stage)


def tcp(name, port, service="backend"):
    """A line of configuration."""
    return (f"  - {{name: {name}, service: {service}, "
            f"tcp: {{host: 127.0.0.1, port: {port}}}}}\n")


def http_probe(name, url, service="backend"):
    """A line of configuration."""
    return f'  - {{name: {name}, service: {service}, http: {{url: "{url}"}}}}\n'


def outcomes(report):
    """{probe: outcome} of a report."""
    return {found["probe"]: found.get("outcome")
            for found in report["findings"]}


# --- what is found ------------------------------------------------------------

def test_a_healthy_place_is_ok(agent, web):
    """All is well: exit code 0, every probe ok, no hints."""
    agent.configure(HEAD + PROVEN + "probes:\n" + tcp("port", web)
                    + http_probe("web", f"http://127.0.0.1:{web}/"))
    report = agent.report()
    assert report["exit_code"] == 0
    assert report["proven"] is True
    assert report["vantage"] == "in_environment"
    assert outcomes(report) == {"port": "ok", "web": "ok"}
    assert not any("hint" in found for found in report["findings"])
    assert set(report["findings"][0]["phases"]) == {"resolve", "connect"}


def test_what_is_broken_is_critical_and_has_a_next_command(agent, web):
    """A refused port and a bad status: exit code 2, a hint for each."""
    closed = free_port()
    agent.configure(
        HEAD + PROVEN + "probes:\n" + tcp("port", closed)
        + http_probe("web", f"http://127.0.0.1:{web}/broken", "shop"))
    report = agent.report()
    assert report["exit_code"] == 2
    found = {finding["probe"]: finding for finding in report["findings"]}
    assert found["port"]["reason"] == "connect.refused"
    assert found["port"]["next"] == f"nc -vz -w 10 127.0.0.1 {closed}"
    assert found["web"]["reason"].endswith(".status")
    assert found["web"]["next"].startswith("curl ")
    for finding in found.values():
        assert finding["hint"]
        assert subprocess.run(["sh", "-n", "-c", finding["next"]],
                              check=False).returncode == 0


def test_services_come_in_order_and_chains_from_their_beginning(agent, web):
    """As configured; within a service tcp stands before http."""
    agent.configure(
        HEAD + PROVEN + "probes:\n"
        + http_probe("b-web", f"http://127.0.0.1:{web}/", "beta")
        + http_probe("a-web", f"http://127.0.0.1:{web}/", "alpha")
        + tcp("a-port", web, "alpha") + tcp("b-port", web, "beta"))
    wanted = ["b-port", "b-web", "a-port", "a-web"]
    assert [found["probe"] for found in agent.report()["findings"]] == wanted
    text = agent.check().stdout
    assert [word for word in re.findall(r"[\w-]+", text)
            if word in wanted] == wanted
    assert text.index("beta") < text.index("alpha")


def test_the_vantage_is_stated_first(agent, web):
    """Before anything that was found."""
    agent.configure(HEAD + PROVEN + "probes:\n" + tcp("port", web))
    lines = agent.check().stdout.splitlines()
    assert lines[0].startswith("stg-1 in staging at ")
    assert lines[1].startswith("vantage in_environment (proven: host name ")


def test_no_secret_is_part_of_a_command(agent, web):
    """Neither the user of a URL nor its query, nor a password."""
    agent.configure(
        HEAD + PROVEN + "probes:\n"
        + http_probe("web", f"http://me:canary1@127.0.0.1:{web}/broken"
                            "?token=canary2"))
    for option in ("--json", "--nagios", "--full"):
        done = agent.check(option)
        assert done.returncode == 2
        assert "canary" not in done.stdout + done.stderr
    assert f"http://127.0.0.1:{web}/broken" in agent.check().stdout


# --- env and postgres ------------------------------------------------------------

ENVIRONMENT = """\
  - name: env
    service: backend
    env:
      source: {file: service.env}
      require:
        - {name: SECRET_KEY, min_length: 16}
        - {name: LOG_LEVEL, severity: warning}
      absent: [DEBUG]
"""


@pytest.mark.parametrize("variables, outcome, reason, code", [
    ("SECRET_KEY=canary-of-sixteen-letters\nLOG_LEVEL=info\n", "ok", None, 0),
    ("SECRET_KEY=canary-of-sixteen-letters\n", "warning", "missing", 1),
    ("LOG_LEVEL=info\n", "critical", "missing", 2),
    ("SECRET_KEY=canary\nLOG_LEVEL=info\n", "critical", "shape", 2),
    ("SECRET_KEY=canary-of-sixteen-letters\nLOG_LEVEL=info\nDEBUG=canary\n",
     "critical", "forbidden", 2),
])
def test_an_environment_is_judged_and_never_shown(
        agent, variables, outcome, reason, code):
    """Every severity has its exit code; no value leaves the program."""
    (agent.stage.directory / "service.env").write_text(variables)
    agent.configure(HEAD + PROVEN + "probes:\n" + ENVIRONMENT)
    report = agent.report("--env-check")
    found = report["findings"][0]
    assert found["outcome"] == outcome
    assert (found.get("reason") or "none").endswith(str(reason).lower())
    assert report["exit_code"] == code
    if code:
        assert found["next"] == "cut -d= -f1 service.env"
    for option in ("--json", "--nagios", "--full"):
        done = agent.check(option)
        assert "canary" not in done.stdout + done.stderr


@pytest.mark.parametrize("threshold, code", [("warning", 1), ("critical", 0)])
def test_warnings_are_silent_only_when_asked_for(agent, threshold, code):
    """They are shown all the same."""
    (agent.stage.directory / "service.env").write_text(
        "SECRET_KEY=sixteen-letters-and-more\n")
    agent.configure(HEAD + PROVEN + "probes:\n" + ENVIRONMENT)
    done = agent.check("--failure-threshold", threshold)
    assert done.returncode == code
    assert "warning" in done.stdout


def test_a_database_is_asked_and_its_reference_with_full_only(stage, agent):
    """A wrong password of the service, and a reference that works."""
    port = free_port()
    start_postgres(stage, port, """
        create role app login password 'right';
        create role probe login password 'good';
        create database shop owner app;
    """)
    agent.configure(HEAD + PROVEN + f"""\
probes:
  - name: db
    service: backend
    postgres:
      host: 127.0.0.1
      port: {port}
      database: shop
      user: app
      password: canary
      reference:
        host: 127.0.0.1
        port: {port}
        database: shop
        user: probe
        password: good
""")
    report = agent.report()
    assert outcomes(report) == {"db": "critical"}
    found = report["findings"][0]
    assert found["reason"].endswith(".password")
    assert found["next"] == (
        f"psql 'host=127.0.0.1 port={port} dbname=shop user=app "
        "connect_timeout=10' -c 'select 1'")
    report = agent.report("--full")
    assert outcomes(report) == {"db": "critical", "db.reference": "ok"}
    assert report["findings"][1]["reference_of"] == "db"
    for option in ("--json", "--nagios", "--full"):
        assert "canary" not in agent.check(option).stdout


# --- what explains what ------------------------------------------------------------

def causes(report):
    """{probe: the probe that explains it} of a report."""
    return {found["probe"]: found["explained_by"]
            for found in report["findings"] if "explained_by" in found}


def test_what_a_closed_port_entails_is_one_line(agent, web):
    """The same target through http: explained, without a hint of its own; a
    target elsewhere stands for itself."""
    closed, other = free_port(), free_port()
    agent.configure(
        HEAD + PROVEN + "probes:\n" + tcp("port", closed)
        + http_probe("page", f"http://127.0.0.1:{closed}/", "shop")
        + http_probe("elsewhere", f"http://127.0.0.1:{other}/")
        + http_probe("well", f"http://127.0.0.1:{web}/"))
    report = agent.report()
    assert causes(report) == {"page": "port"}
    assert report["counts"]["critical"] == 3
    text = agent.check().stdout
    assert re.search(r"page .*explained by port$", text, re.M)
    assert text.count("next ") == 2


def test_an_application_is_explained_by_what_it_stands_on(agent, web):
    """A 500 of the service whose database cannot be reached; a 404 is its own
    fault, and so is the 500 of a service that stands on nothing."""
    closed = free_port()
    broken = f"http://127.0.0.1:{web}/broken"
    agent.configure(
        HEAD + PROVEN + "probes:\n" + http_probe("app", broken)
        + http_probe("alone", broken, "other") + f"""\
  - name: db
    service: backend
    postgres: {{host: 127.0.0.1, port: {closed}, database: d, user: u}}
""" + tcp("db-port", closed))
    assert causes(agent.report()) == {"app": "db-port", "db": "db-port"}


def test_missing_inputs_are_explained_by_the_environment(agent):
    """The env probe says what is missing; the database probe follows."""
    (agent.stage.directory / "service.env").write_text("LOG_LEVEL=info\n")
    agent.configure(HEAD + PROVEN + "probes:\n" + ENVIRONMENT + """\
  - name: db
    service: backend
    postgres: {variables: {file: service.env}}
""")
    assert causes(agent.report()) == {"db": "env"}


@pytest.mark.parametrize("code, words", [
    ("connect.timeout", ("nothing came back", "cannot tell", "separates")),
    ("tls.timeout", ("nobody speaks",)),
    ("28P01", ("same for all three", "reference:")),
    ("refused", ("nobody listens",)),
])
def test_a_reason_is_explained(agent, code, words):
    """Without any configuration."""
    done = agent.run("check", "--explain", code)
    assert done.returncode == 0
    for word in words:
        assert word in done.stdout


def test_a_reason_that_is_none_is_told(agent):
    """And which there are."""
    done = agent.run("check", "--explain", "connect.slowly")
    assert done.returncode == 3
    assert "refused" in done.stderr


# --- vantage -------------------------------------------------------------------

def test_what_a_control_plane_says_is_marked(agent, web):
    """It is not seen from where the agent stands."""
    agent.configure(HEAD + PROVEN + """\
probes:
  - {name: near, tcp: {host: 127.0.0.1, port: %d}}
  - name: far
    gcp.sql: {project: p, instance: i,
              credentials: {metadata: "http://127.0.0.1:1"}}
""" % web)
    found = {one["probe"]: one["vantage"]
             for one in agent.report()["findings"]}
    assert found == {"near": "in_environment", "far": "control_plane"}
    lines = agent.check().stdout.splitlines()
    assert [" (control_plane)" in line for line in lines
            if " near " in line or " far " in line] == [False, True]


@pytest.mark.parametrize("broken", [False, True])
def test_from_an_unproven_vantage_all_is_blind(agent, web, broken):
    """Neither green nor red, whatever was seen: exit code 3."""
    path = "broken" if broken else ""
    agent.configure(HEAD + UNPROVEN + "probes:\n" + tcp("port", web)
                    + http_probe("web", f"http://127.0.0.1:{web}/{path}"))
    report = agent.report()
    assert report["exit_code"] == 3
    assert report["vantage"] == "workstation"
    assert report["proven"] is False
    assert "DEPLOYED_IN is not set" in report["vantage_why"]
    assert report["counts"] == {"blind_spot": 2}
    for found in report["findings"]:
        assert found["blind_spot"] is True
        assert "outcome" not in found and "hint" not in found
        assert found["closed_by"] == f"probe {found['probe']}, run in staging"
    text = agent.check().stdout
    assert text.splitlines()[1].startswith("vantage workstation (unproven:")
    assert "says nothing of staging" in text.replace("\n        ", " ")
    assert re.findall(r"^  (\w+)", text, re.M) == ["blind", "blind"]
    line = agent.check("--nagios").stdout
    assert line.startswith("VEDETTE UNKNOWN - staging: 2 blind spots")


def test_the_same_place_proven_counts(agent, web):
    """With the variable set, the same configuration speaks for staging."""
    agent.configure(HEAD + UNPROVEN + "probes:\n" + tcp("port", web))
    report = agent.report(environment={"DEPLOYED_IN": "staging"})
    assert report["exit_code"] == 0
    assert report["vantage"] == "in_environment"


def test_without_any_proof_the_vantage_is_a_workstation(agent, web):
    """Nobody is believed who names no proof."""
    agent.configure(HEAD + "probes:\n" + tcp("port", web))
    assert agent.report()["vantage"] == "workstation"


# --- selections ------------------------------------------------------------------

@pytest.mark.parametrize("option, wanted", [
    (None, {"port", "web"}),
    ("--full", {"port", "web"}),
    ("--quick", {"port"}),
    ("--env-check", set()),
])
def test_a_selection_runs_its_kinds(agent, web, option, wanted):
    """--quick leaves out http, --env-check all but env."""
    agent.configure(HEAD + PROVEN + "probes:\n" + tcp("port", web)
                    + http_probe("web", f"http://127.0.0.1:{web}/"))
    report = agent.report(*([option] if option else []))
    assert set(outcomes(report)) == wanted
    assert report["exit_code"] == (0 if wanted else 3)


def test_quick_has_short_limits(agent, web):
    """2 s, whatever the configuration says."""
    agent.configure(HEAD + PROVEN + "defaults: {interval: 1m, timeout: 30s}\n"
                    "probes:\n" + tcp("port", web))
    assert agent.report("--quick")["findings"][0]["limit_ms"] == 2000
    assert agent.report()["findings"][0]["limit_ms"] == 30000


# --- forms ------------------------------------------------------------------------

def test_nagios_gets_one_line_with_performance_data(agent, web):
    """The line that a scheduler parses."""
    agent.configure(HEAD + PROVEN + "probes:\n" + tcp("port", web)
                    + tcp("other", free_port()))
    done = agent.check("--nagios")
    assert done.returncode == 2
    assert re.fullmatch(
        r"VEDETTE CRITICAL - staging: 1 critical, 1 ok; other: "
        r"connect\.refused [^|\n]*\|"
        r" 'port'=\d+\.\d{3}ms;;5000;0; 'other'=\d+\.\d{3}ms;;5000;0;\n",
        done.stdout)


def test_output_writes_the_report_to_a_file(agent, web):
    """And a summary to standard output."""
    agent.configure(HEAD + PROVEN + "probes:\n" + tcp("port", web))
    path = agent.stage.directory / "report.json"
    done = agent.check("--json", "--output", str(path))
    assert done.returncode == 0
    assert done.stdout == f"staging: 1 ok; report in {path}\n"
    assert json.loads(path.read_text())["counts"]["ok"] == 1
    done = agent.check("--output", "/nowhere/report")
    assert done.returncode == 3
    assert "/nowhere/report" in done.stderr


def on_terminal(command, directory, environment):
    """What a program writes to a terminal, both streams."""
    leader, follower = pty.openpty()
    program = subprocess.Popen(  # pylint: disable=consider-using-with
        command, cwd=directory, stdin=follower, stdout=follower,
        stderr=follower, env=environment)
    os.close(follower)
    seen = b""
    while select.select([leader], [], [], DEADLINE_S)[0]:
        try:
            some = os.read(leader, 65536)
        except OSError:  # the other end is closed
            break
        if not some:
            break
        seen += some
    program.wait(DEADLINE_S)
    os.close(leader)
    return seen.decode()


@pytest.mark.parametrize("extra, coloured", [
    ({"TERM": "xterm"}, True),
    ({"TERM": "xterm", "NO_COLOR": "1"}, False),
    ({"TERM": "dumb"}, False),
])
def test_a_terminal_gets_progress_and_colour(agent, web, extra, coloured):
    """Colour on a terminal only, and not with NO_COLOR."""
    agent.configure(HEAD + PROVEN + "probes:\n" + tcp("port", web))
    environment = {key: value for key, value in os.environ.items()
                   if key != "NO_COLOR"}
    seen = on_terminal([agent.stage.agent, "check", "--config", "agent.yaml"],
                       agent.stage.directory, {**environment, **extra})
    assert "[0/1]" in seen
    assert ("\033[32mok" in seen) == coloured
    piped = agent.check().stdout
    assert "\033" not in piped and "[0/1]" not in piped


def test_a_check_leaves_nothing_behind(agent, web):
    """No key, no spool, no state."""
    agent.configure(HEAD + PROVEN + "state_directory: state\nprobes:\n"
                    + tcp("port", web))
    agent.report()
    assert {path.name for path in agent.stage.directory.iterdir()} == {
        "agent.yaml"}
    assert not list(pathlib.Path("/tmp").glob("vedette-check-*"))


# --- bad input ----------------------------------------------------------------------

TCP = "tcp: {host: h, port: 1}"


@pytest.mark.parametrize("text, complaint", [
    ("probes: [{name: a, intervall: 1s, %s}]\n" % TCP,
     "agent.yaml:3:20: probes[0].intervall: unknown key; did you mean "
     "interval?"),
    ("probes: [{name: a, tcp: {host: h, port: many}}]\n",
     "agent.yaml:3:41: probes[0].tcp.port:"),
    ("probes: [{name: a, %s}, {name: a, %s}]\n" % (TCP, TCP),
     "another probe has this name"),
    ("probes: [{name: a, interval: 2s, timeout: 3s, %s}]\n" % TCP,
     "agent.yaml:3:43: probes[0].timeout: must be less than the interval"),
    ("probes: []\n", "must list at least one probe"),
    ("probes: [{name: a\n", "agent.yaml:"),
])
def test_a_bad_configuration_has_its_place(agent, text, complaint):
    """File, line, column and key; the exit code of each command."""
    agent.configure(HEAD + text)
    for arguments, code in ((["check"], 3), (["config", "check"], 2),
                            (["run"], 2)):
        done = agent.run(*arguments, "--config", "agent.yaml")
        assert done.returncode == code
        assert done.stdout == ""
        assert complaint in done.stderr
        assert done.stderr.startswith("vedette-agent: ")


EVERYTHING = """\
agent: A
environment: e
vantage: moon
heartbeat: 1ms
collectors: ["udp://x:1", "tls+tcp://x:1"]
probes:
  - {name: a, interval: 1s, timeout: 2s, tcp: {host: "", port: 0}}
  - {name: a, dns: {name: "", type: X}}
  - name: b
    env:
      source: {}
      require: [{name: "a b", type: word}]
      must_match: [{name: X, severity: mild}]
  - name: c
    settings:
      sources: [{name: s}]
      register: [{name: t, type: x}, {name: u, declared: {source: z, key: k}}]
      invariants: [{name: i, rule: t < v}]
  - {name: d, icmp: {host: "", count: 99, wait: x}}
  - {name: e, http: {url: "ftp://x", status: [7, 8], max_bytes: 99999999}}
  - {name: f}
"""


def test_all_that_is_wrong_is_told_at_once(agent):
    """By `config check`, a line each, from the top to the end."""
    agent.configure(EVERYTHING)
    done = agent.run("config", "check", "--config", "agent.yaml")
    assert done.returncode == 2
    lines = [int(line.split(":")[2]) for line in done.stderr.splitlines()]
    assert lines == [1, 3, 4, 5, 5, 7, 7, 7, 8, 8, 8, 11, 12, 12, 13, 13, 16,
                     17, 17, 17, 18, 19, 19, 20, 20, 20, 20, 21], \
        done.stderr


def test_secrets_that_others_may_read_are_told_of(agent, tmp_path):
    """A warning: a platform may mount them so."""
    for name, mode in (("open", 0o644), ("shut", 0o400), ("group", 0o640),
                       ("writable", 0o660)):
        (tmp_path / name).write_text("canary-value")
        (tmp_path / name).chmod(mode)
    agent.configure(HEAD + f"""\
probes:
  - {{name: a, postgres: {{host: h, password: "@{tmp_path}/open"}}}}
  - {{name: b, redis: {{host: h, password: "@{tmp_path}/open"}}}}
  - name: c
    http: {{url: "http://h", headers: [{{name: A, value: "@{tmp_path}/shut"}}],
           body: "@{tmp_path}/group"}}
  - {{name: d, exec: {{command: [x],
                     environment: [{{name: A, value: "@{tmp_path}/none"}}]}}}}
  - name: e
    journey: {{variables: [{{name: a, value: "@{tmp_path}/writable"}}],
              steps: [{{name: s, url: "http://h"}}]}}
""")
    done = agent.run("config", "check", "--config", "agent.yaml")
    assert done.returncode == 0
    told = [line.removeprefix("vedette-agent: warning: ")
            for line in done.stderr.splitlines()]
    assert told == [
        f"{tmp_path}/open holds a secret, and others may read it (mode 644); "
        f"if that is not meant: chmod o=,g-w {tmp_path}/open",
        f"{tmp_path}/none, which holds a secret: No such file or directory",
        f"{tmp_path}/writable holds a secret, and others may change it (mode "
        f"660); if that is not meant: chmod o=,g-w {tmp_path}/writable"]
    assert "canary" not in done.stdout + done.stderr


def test_files_of_a_folder_are_all_looked_at(agent, tmp_path):
    """Whichever of them is wrong."""
    (tmp_path / "1.yaml").write_text("agent: a\nprobe: []\n")
    (tmp_path / "2.yaml").write_text("agent: a\n")
    (tmp_path / "3.yaml").write_text("probes: [{nmae: a}]\n")
    done = agent.run("config", "check", "--config", str(tmp_path))
    assert done.returncode == 2
    assert [line.split(f"{tmp_path}/")[1][:8]
            for line in done.stderr.splitlines()] == [
                "1.yaml:1", "1.yaml:2", "2.yaml:1", "3.yaml:1", "3.yaml:1"]


def test_files_that_are_missing_are_named(agent):
    """The configuration: exit code 2; a key in it: 1; of a check: 3."""
    for arguments, code in ((["check"], 3), (["config", "check"], 2),
                            (["run"], 2)):
        done = agent.run(*arguments, "--config", "/nowhere/agent.yaml")
        assert done.returncode == code
        assert "/nowhere/agent.yaml: No such file" in done.stderr
    agent.configure(
        HEAD + 'collectors: ["tls+tcp://localhost:1"]\n'
        "tls: {ca_file: ca.pem, certificate_file: no.pem, "
        "key_file: no.key}\nstate_directory: state\n"
        "probes: [{name: a, %s}]\n" % TCP)
    done = agent.run("run", "--config", "agent.yaml")
    assert done.returncode == 1
    assert "tls.key_file" in done.stderr and "No such file" in done.stderr


@pytest.mark.parametrize("arguments, code, complaint", [
    (["check", "--config", "nowhere.yaml"], 3, "nowhere.yaml: No such file"),
    (["run", "--config", "nowhere.yaml"], 2, "nowhere.yaml: No such file"),
    (["config", "check", "--config", "nowhere.yaml"], 2, "No such file"),
    (["check", "--bogus"], 3, "--bogus: not understood here"),
    (["check", "--quick", "--full"], 3, "exclude each other"),
    (["check", "--json", "--nagios"], 3, "exclude each other"),
    (["check", "--output"], 3, "--output: needs a value"),
    (["check", "--failure-threshold", "none"], 3, "write warning or critical"),
    (["run", "--json"], 2, "--json: not understood here"),
    (["walk"], 2, "walk: no such command"),
    (["config"], 2, "write vedette-agent config check"),
])
def test_a_bad_command_line_is_refused(agent, arguments, code, complaint):
    """With the argument's name, and where to read on."""
    done = agent.run(*arguments)
    assert done.returncode == code
    assert complaint in done.stderr


@pytest.mark.parametrize("arguments, word", [
    ([], "vedette-agent run"), (["--help"], "vedette-agent check"),
    (["run", "--help"], "SIGHUP"), (["check", "--help"], "--env-check"),
    (["config", "check", "--help"], "Exit codes"),
    (["config", "schema", "--help"], "editors"),
    (["config", "--help"], "config schema"),
    (["init", "--help"], "--from-gatus"),
    (["fingerprint", "--help"], "fingerprint rotate"),
    (["fingerprint", "-h"], "fingerprint check NAME"),
    (["fingerprint", "check", "--help"], "Exit codes"),
    (["fingerprint", "rotate", "--help"], "KEY.previous"),
    (["--version"], "vedette-agent "),
])
def test_help_is_help(agent, arguments, word):
    """On standard output, exit code 0, at most 80 columns."""
    done = agent.run(*arguments)
    assert done.returncode == 0
    assert word in done.stdout
    assert max(map(len, done.stdout.splitlines())) <= 80


def test_run_refuses_a_key_that_others_can_read(agent):
    """And says how to mend it."""
    for name in ("ca.pem", "c.pem", "k.pem"):
        (agent.stage.directory / name).write_text("none")
    (agent.stage.directory / "k.pem").chmod(0o644)
    agent.configure(
        HEAD + PROVEN + "collectors: ['tls+tcp://localhost:1']\n"
        "state_directory: state\n"
        "tls: {ca_file: ca.pem, certificate_file: c.pem, key_file: k.pem}\n"
        "probes: [{name: a, %s}]\n" % TCP)
    done = agent.run("run", "--config", "agent.yaml")
    assert done.returncode == 1
    assert "k.pem" in done.stderr and "chmod" in done.stderr


def test_run_needs_a_collector(agent):
    """A check needs none."""
    agent.configure(HEAD + "probes: [{name: a, %s}]\n" % TCP)
    done = agent.run("run", "--config", "agent.yaml")
    assert done.returncode == 2
    assert "collectors: must list at least one" in done.stderr


# --- what is delivered ---------------------------------------------------------------

def test_the_example_of_deploy_is_fit(agent):
    """As it stands, with every kind of probe in it."""
    example = pathlib.Path(__file__).resolve().parents[2] / "deploy/agent.yaml"
    done = agent.run("config", "check", "--config", str(example))
    assert done.stderr == (
        "vedette-agent: warning: "
        f"{example.parent}/secrets/probe.password, which holds a secret: No "
        "such file or directory\n")
    assert done.returncode == 0
    assert "stg-1 in staging, 6 probes" in done.stdout


def test_a_plug_in_has_none_of_the_agents_capabilities(agent):
    script = agent.stage.directory / "plugin"
    script.write_text("#!/bin/sh\ngrep CapAmb /proc/self/status\n")
    script.chmod(0o755)
    agent.configure(HEAD + PROVEN + "probes:\n  - name: p\n    exec: "
                    "{command: [./plugin]}\n")
    done = subprocess.run(
        ["setpriv", "--inh-caps", "+sys_ptrace", "--ambient-caps",
         "+sys_ptrace", agent.stage.agent, "check", "--json", "--config",
         "agent.yaml"], cwd=agent.stage.directory, capture_output=True,
        text=True, timeout=DEADLINE_S, check=False)
    assert json.loads(done.stdout)["findings"][0]["message"] == \
        "CapAmb: 0000000000000000"
