"""env probes of real processes and files."""
import contextlib
import datetime
import json
import os
import pathlib
import shutil
import subprocess
import tempfile

import pytest
from support.probing import Probing, service

CANARY = "canary-91c2"
GROUP = """
      groups:
        - name: database
          alternatives:
            - names: [DATABASE_URL]
            - names: [POSTGRES_HOST, POSTGRES_PORT, POSTGRES_DB,
                POSTGRES_USER, POSTGRES_PASSWORD]
"""
DATABASE = {"POSTGRES_HOST": "db.test", "POSTGRES_PORT": "5432",
            "POSTGRES_DB": "app", "POSTGRES_USER": "app",
            "POSTGRES_PASSWORD": CANARY}
KEY = {"SECRET_KEY": CANARY + "0123456789"}


def look(probing, rules, source="{pidfile: backend.pid}"):
    """The result of an env probe with these rules."""
    return probing.run("  - name: p\n    service: backend\n    env:\n"
                       f"      source: {source}\n{rules}")["p"]


def test_a_complete_environment_is_ok(probing):
    with service(probing, KEY | DATABASE) as pid:
        result = look(probing, "      require: [{name: SECRET_KEY, "
                      "min_length: 16}]" + GROUP)
    assert (result["outcome"], result["reason"]) == ("ok", "")
    assert result["message"] == f"7 variables looked at in process {pid} " \
        "(sleep)"
    assert result["attributes"]["pid"] == pid
    assert CANARY not in json.dumps(result)


def test_the_original_outage_seen_from_inside(probing):
    with service(probing, {"PATH": "/bin"}) as pid:
        result = look(probing, "      require: [{name: SECRET_KEY}]" + GROUP)
    assert (result["outcome"], result["reason"]) == (
        "critical", "check.missing")
    assert result["message"] == (
        f"6 variables missing in process {pid} (sleep): SECRET_KEY, "
        "POSTGRES_HOST, POSTGRES_PORT, POSTGRES_DB, POSTGRES_USER, "
        "POSTGRES_PASSWORD; group database needs DATABASE_URL, or all of "
        "POSTGRES_HOST POSTGRES_PORT POSTGRES_DB POSTGRES_USER "
        "POSTGRES_PASSWORD")
    assert result["attributes"]["missing_count"] == 6
    assert result["facts"]["env/POSTGRES_HOST"] == {
        "value": None, "fingerprint": None, "source": "process"}


def test_either_alternative_will_do(probing):
    with service(probing, {"DATABASE_URL": "postgres://x/y"}):
        assert look(probing, GROUP)["outcome"] == "ok"
    with service(probing, {"DATABASE_URL": ""} | DATABASE):
        assert look(probing, GROUP)["outcome"] == "ok"


def test_what_is_nearly_complete_is_meant(probing):
    given = dict(DATABASE)
    del given["POSTGRES_PORT"]
    with service(probing, given) as pid:
        result = look(probing, GROUP)
    assert result["message"].startswith(
        f"1 variable missing in process {pid} (sleep): POSTGRES_PORT; ")


def test_shapes_absences_and_severities(probing):
    rules = """
      require:
        - {name: A, severity: warning}
        - {name: B, type: port}
      absent: [DEBUG]
"""
    with service(probing, {"A": " x", "B": "80", "DEBUG": "1"}) as pid:
        result = look(probing, rules)
    assert (result["outcome"], result["reason"]) == (
        "critical", "check.forbidden")
    assert result["message"] == (
        f"in process {pid} (sleep): A has white space around it; DEBUG must "
        "not be set")
    with service(probing, {"B": "80"}):
        result = look(probing, rules)
    assert (result["outcome"], result["reason"]) == (
        "warning", "check.missing")


def test_a_file_that_a_variable_names_must_exist(probing):
    rules = "      require: [{name: SSL_CERT_FILE, type: path}]\n"
    here = str(pathlib.Path(__file__))
    with service(probing, {"SSL_CERT_FILE": here}):
        assert look(probing, rules)["outcome"] == "ok"
    with service(probing, {"SSL_CERT_FILE": here + ".none"}) as pid:
        result = look(probing, rules)
    assert (result["outcome"], result["reason"]) == (
        "critical", "check.shape")
    assert result["message"] == (
        f"in process {pid} (sleep): SSL_CERT_FILE names a file that does not "
        "exist")


@pytest.mark.parametrize("path,fault", [
    ("./p.sock", None), ("run/../p.sock", None), ("./", None), ("/", None),
    ("./q.sock", "names a file that does not exist"),
    ("p.sock/q", "names a file that does not exist"),
    pytest.param("./" + "q" * 300, "names a file that does not exist",
                 id="a relative name that is too long"),
    pytest.param("/" + "q" * 300, "names a file that does not exist",
                 id="a name that is too long"),
    pytest.param("/" + "run/" * 1100, "names a file that does not exist",
                 id="a path that is too long"),
    ("file:///etc/passwd", "is not a path"),
])
def test_a_path_begins_where_the_process_is(probing, path, fault):
    folder = probing.directory / "there"
    (folder / "run").mkdir(parents=True)
    (folder / "p.sock").touch()
    with service(probing, {"SOCKET": path}, folder) as pid:
        result = look(probing,
                      "      require: [{name: SOCKET, type: path}]\n")
    if fault is None:
        assert (result["outcome"], result["reason"]) == ("ok", "")
        return
    assert (result["outcome"], result["reason"]) == (
        "critical", "check.shape")
    assert result["message"] == f"in process {pid} (sleep): SOCKET {fault}"


@pytest.mark.parametrize("path,outcome", [
    ("./q.sock", "ok"), ("/nonexistent/q.sock", "critical"),
    ("file:///etc/passwd", "critical"), ("/etc/passwd", "ok"),
])
def test_what_a_file_says_of_paths(probing, path, outcome):
    """Nobody knows where a relative one begins."""
    (probing.directory / "backend.env").write_text(f"SOCKET={path}\n")
    result = look(probing, "      require: [{name: SOCKET, type: path}]\n",
                  "{file: backend.env}")
    assert result["outcome"] == outcome


def test_what_a_replica_has_is_its_own_fact(probing):
    with service(probing, KEY):
        result = probing.run(
            "  - name: p\n    service: backend\n    replica: b\n"
            "    through: nginx\n    env:\n"
            "      source: {pidfile: backend.pid}\n"
            "      require: [{name: SECRET_KEY}]\n")["p"]
    assert result["attributes"]["replica"] == "b"
    assert result["attributes"]["through"] == "nginx"
    assert "env/SECRET_KEY@b" in result["facts"]
    assert "env/SECRET_KEY" not in result["facts"]


def test_only_what_is_declared_harmless_is_shown(probing):
    rules = """
      require:
        - {name: PORT, type: port, show: true}
        - {name: WORKERS, type: integer, show: true}
      watch: [LOG_LEVEL, UNSET]
"""
    with service(probing, {"PORT": "8080", "WORKERS": CANARY,
                           "LOG_LEVEL": CANARY}):
        result = look(probing, rules)
    facts = result["facts"]
    assert facts["env/PORT"]["value"] == "8080"
    assert facts["env/PORT"]["fingerprint"] is None
    assert facts["env/WORKERS"]["value"] is None
    assert facts["env/LOG_LEVEL"]["fingerprint"].startswith("k")
    assert facts["env/UNSET"]["fingerprint"] is None
    assert CANARY not in json.dumps(result)


def test_equal_values_have_equal_fingerprints_wherever_they_are(probing):
    (probing.directory / "backend.env").write_text(f"A='{CANARY}'\n")
    with service(probing, {"A": CANARY}):
        process = look(probing, "      watch: [A]")
    file = look(probing, "      watch: [A]", "{file: backend.env}")
    assert process["facts"]["env/A"]["source"] == "process"
    assert file["facts"]["env/A"]["source"] == "file"
    assert process["facts"]["env/A"]["fingerprint"] == \
        file["facts"]["env/A"]["fingerprint"]


def test_a_process_is_found_by_its_command_line(probing):
    marker = str(probing.directory / "unique-backend")
    os.symlink("/usr/bin/sleep", marker)
    with subprocess.Popen([marker, "600"], env={"A": "b"}) as process:
        result = look(probing, "      require: [{name: A}]",
                      f"{{command: '{marker} *'}}")
        process.kill()
    assert result["outcome"] == "ok"
    assert result["attributes"]["pid"] == process.pid


def test_our_own_environment_can_be_looked_at(probing):
    result = look(probing, "      require: [{name: PATH}]", "{self: true}")
    assert result["outcome"] == "ok"


@pytest.mark.parametrize("source,reason,message", [
    ("{pidfile: none.pid}", "read.process", "none.pid"),
    ("{pidfile: dead.pid}", "read.process", "process 999999999 does not"),
    ("{command: '*never so called 77*'}", "read.process",
     "no process has a command line like *never so called 77*"),
    ("{file: none.env}", "read.missing", "none.env"),
    ("{file: bad.env}", "read.shape", "bad.env:2: not NAME=value"),
])
def test_what_is_not_there_is_critical(probing, source, reason, message):
    (probing.directory / "dead.pid").write_text("999999999")
    (probing.directory / "bad.env").write_text(f"A=b\n{CANARY}\n")
    result = look(probing, "      require: [{name: A}]", source)
    assert (result["outcome"], result["reason"]) == ("critical", reason)
    assert message in result["message"]
    assert CANARY not in json.dumps(result)


def test_what_may_not_be_read_is_unknown():
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o777)
        probing = Probing(folder)
        probing.program = shutil.copy(probing.program, folder)
        pid = 1  # somebody else's, when we are not root
        with contextlib.ExitStack() as stack:
            if os.geteuid() == 0:
                probing.prefix = ["setpriv", "--reuid=nobody",
                                  "--regid=nogroup", "--clear-groups"]
                pid = stack.enter_context(service(probing, {"A": "b"}))
            (probing.directory / "backend.pid").write_text(str(pid))
            result = look(probing, "      require: [{name: A}]")
    assert (result["outcome"], result["reason"]) == ("unknown", "read.denied")
    assert f"process {pid} (" in result["message"]
    assert "CAP_SYS_PTRACE" in result["message"]


def test_a_probe_that_checks_nothing_is_refused(probing):
    assert probing.complaint(
        "  - name: p\n    env: {source: {self: true}}\n") == (
            "5:10: probes[0].env: checks nothing: give at least one of "
            "require, groups, absent, watch and compare")


def test_a_process_is_found_by_the_port_it_listens_on(probing):
    server = ("import socket, signal; s = socket.create_server(('127.0.0.1', "
              "0)); print(s.getsockname()[1], flush=True); signal.pause()")
    with subprocess.Popen(["/usr/bin/python3", "-c", server],
                          env={"A": CANARY}, stdout=subprocess.PIPE,
                          text=True) as process:
        port = int(process.stdout.readline())
        result = look(probing, "      require: [{name: A}]",
                      f"{{port: {port}}}")
        process.kill()
    assert result["outcome"] == "ok"
    assert result["attributes"]["pid"] == process.pid
    result = look(probing, "      require: [{name: A}]", f"{{port: {port}}}")
    assert (result["outcome"], result["reason"]) == (
        "critical", "read.process")
    assert f"nothing listens on port {port}" in result["message"]


@contextlib.contextmanager
def control_group(name, pid):
    """Puts a process into a control group of this name."""
    top = pathlib.Path("/sys/fs/cgroup")
    for place in [top / "pids", top / "memory", top]:
        group = place / name
        try:
            group.mkdir()
        except OSError:
            continue
        try:
            (group / "cgroup.procs").write_text(str(pid))
            yield
        finally:
            (place / "cgroup.procs").write_text(str(pid))
            group.rmdir()
        return
    pytest.skip("no control group can be made here")


def test_a_process_is_found_by_its_unit(probing):
    unit = f"vedette-test-{os.getpid()}"
    with service(probing, {"A": "b"}) as pid, \
            control_group(f"{unit}.service", pid):
        for name in (unit, f"{unit}.service"):
            result = look(probing, "      require: [{name: A}]",
                          f"{{unit: {name}}}")
            assert result["outcome"] == "ok"
            assert result["attributes"]["pid"] == pid
        other = look(probing, "      require: [{name: A}]",
                     f"{{unit: {unit[:-1]}}}")
    assert (other["outcome"], other["reason"]) == ("critical", "read.process")


def test_when_a_process_was_started_is_a_fact(probing):
    with service(probing, {"A": "b"}):
        before = datetime.datetime.now(datetime.timezone.utc)
        started = look(probing, "      watch: [A]")["facts"][
            "process/started"]["value"]
    at = datetime.datetime.fromisoformat(started.replace("Z", "+00:00"))
    assert abs((before - at).total_seconds()) < 30


RELATIONS = """
      must_match:
        - {name: WRITE_URL, with: READ_URL}
        - {name: LEVEL, source: {file: template.env}, severity: warning}
      must_differ:
        - {name: SECRET_KEY, source: {file: production.env}}
"""


def test_values_that_must_be_the_same_or_must_not(probing):
    (probing.directory / "template.env").write_text("LEVEL=info\n")
    (probing.directory / "production.env").write_text(
        f"SECRET_KEY={CANARY}\n")
    good = {"WRITE_URL": "u", "READ_URL": "u", "LEVEL": "info",
            "SECRET_KEY": "other"}
    with service(probing, good):
        assert look(probing, RELATIONS)["outcome"] == "ok"
    with service(probing, good | {"LEVEL": "debug"}) as pid:
        result = look(probing, RELATIONS)
    assert (result["outcome"], result["reason"]) == (
        "warning", "check.answer")
    assert result["message"].startswith(
        f"in process {pid} (sleep): LEVEL must be the same as LEVEL in file ")
    with service(probing, good | {"SECRET_KEY": CANARY, "READ_URL": "v"}):
        result = look(probing, RELATIONS)
    assert (result["outcome"], result["reason"]) == (
        "critical", "check.answer")
    assert "WRITE_URL must be the same as READ_URL; SECRET_KEY must not be " \
        "the same as SECRET_KEY in file " in result["message"]
    assert CANARY not in json.dumps(result)
    (probing.directory / "template.env").unlink()
    with service(probing, good):
        result = look(probing, RELATIONS)
    assert (result["outcome"], result["reason"]) == (
        "unknown", "check.answer")


def test_an_edit_that_the_process_has_not_loaded(probing):
    file = probing.directory / "backend.env"
    rules = "      watch: [A, B]\n      file: backend.env\n"
    file.write_text(f"A={CANARY}-1\nB=2\n")
    with service(probing, {"A": f"{CANARY}-1", "B": "2"}) as pid:
        same = look(probing, rules)
        file.write_text(f"A={CANARY}-2\nB=2\n")
        edited = look(probing, rules)
        file.unlink()
        gone = look(probing, rules)
    assert same["outcome"] == "ok"
    assert (edited["outcome"], edited["reason"]) == (
        "warning", "check.answer")
    assert edited["message"] == (f"in process {pid} (sleep): not loaded yet: "
                                 f"A differs in file {file}")
    assert edited["attributes"]["not_loaded"] == "A"
    assert CANARY not in json.dumps([same, edited, gone])
    prints = [result["facts"]["file/backend.env"]["fingerprint"]
              for result in (same, edited, gone)]
    assert prints[0] != prints[1] and prints[2] is None
    assert gone["outcome"] == "warning"
    assert "would not start again" in gone["message"]


def test_other_and_older_names_of_a_variable(probing):
    rules = ("      require: [{name: DATABASE_URL, aliases: [DB_URL], legacy: "
             "[PG_URL]}]")
    with service(probing, {"DB_URL": "x://y"}):
        assert look(probing, rules)["outcome"] == "ok"
    with service(probing, {"PG_URL": "x://y"}):
        result = look(probing, rules)
    assert (result["outcome"], result["reason"]) == (
        "warning", "check.forbidden")
    assert result["message"].endswith("PG_URL is an old name of DATABASE_URL")
    with service(probing, {"DB_URL": " "}):
        result = look(probing, rules)
    assert result["message"].endswith("DB_URL is nothing but white space")
    with service(probing, {"OTHER": "x"}):
        result = look(probing, rules)
    assert result["reason"] == "check.missing"


def test_what_must_be_absent(probing):
    with service(probing, {"DEBUG": "1"}):
        result = look(probing, "      must_be_absent: [DEBUG]")
    assert (result["outcome"], result["reason"]) == (
        "critical", "check.forbidden")


def test_a_variable_is_not_compared_with_itself(probing):
    text = probing.complaint("  - name: p\n    env: {source: {self: true}, "
                             "must_match: [{name: A}]}\n")
    assert text.endswith("must_match[0]: compares a variable with itself: "
                         "give with, or another source")
