"""settings probes of processes, files, HTTP answers and PostgreSQL."""
import json

import pytest
from support.postgres import postgres
from support.probing import closed_port, hang, peer, service

CANARY = "canary-5d07"
REGISTER = """
      register:
        - name: connection_timeout
          type: number
          declared: {source: file, key: database.connection_timeout}
          effective: {source: process, key: DB_CONNECTION_TIMEOUT}
          known_good: "35.0"
          guards: [{since: "1263", at_least: "35.0"}]
        - name: initialization_timeout
          type: duration
          effective: {source: process, key: DB_INIT_TIMEOUT}
          guards: [{since: "1263", at_least: 75s}]
      invariants:
        - name: timeouts
          rule: connection_timeout < initialization_timeout < 120
          since: "1263"
"""
SOURCES = """
      sources:
        - {name: file, file: app.yaml}
        - {name: process, variables: {pidfile: backend.pid}}
"""
GOOD = {"DB_CONNECTION_TIMEOUT": "35", "DB_INIT_TIMEOUT": "75s"}


def look(probing, rules=REGISTER, sources=SOURCES, more=""):
    """The result of a settings probe with these rules."""
    return probing.run("  - name: p\n    service: backend\n"
                       f"    {more}\n    settings:{sources}{rules}")["p"]


def answer(body, status="200 OK"):
    """A peer that gives this JSON."""
    def behave(connection):
        connection.recv(65536)
        connection.sendall(f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}"
                           f"\r\n\r\n{body}".encode())
    return behave


@pytest.fixture(name="declared")
def fixture_declared(probing):
    """Writes the file that declares."""
    def write(timeout="35.0"):
        (probing.directory / "app.yaml").write_text(
            f"database: {{connection_timeout: {timeout}}}\n")
    write()
    return write


def guards(result):
    """What became of the guards."""
    return {name.removeprefix("guard/"): value
            for name, value in result["attributes"].items()
            if name.startswith("guard/")}


def test_settings_as_they_should_be_are_ok(probing, declared):
    del declared
    with service(probing, GOOD):
        result = look(probing)
    assert (result["outcome"], result["reason"]) == ("ok", "")
    assert result["message"] == \
        "2 settings as they should be, 3 of 3 guards held"
    assert guards(result) == {"connection_timeout/1263": "HELD",
                              "initialization_timeout/1263": "HELD",
                              "timeouts/1263": "HELD"}
    assert result["facts"]["setting/connection_timeout"] == {
        "value": "35", "fingerprint": None, "source": "process"}
    assert result["facts"]["setting/connection_timeout/declared"] == {
        "value": "35.0", "fingerprint": None, "source": "file"}
    assert set(result["phases"]) == {"read", "check"}


def test_the_process_uses_another_limit_than_the_file_says(probing, declared):
    declared("75")
    with service(probing, GOOD | {"DB_CONNECTION_TIMEOUT": "8"}) as pid:
        result = look(probing)
    assert (result["outcome"], result["reason"]) == (
        "critical", "check.answer")
    assert f"connection_timeout is 8 in process {pid} (sleep), must be at " \
        "least 35.0 (issue 1263)" in result["message"]
    assert "connection_timeout: declared and effective differ: 75 in file " \
        in result["message"]
    assert "known to be good" in result["message"]
    assert result["attributes"]["differing"] == "connection_timeout"
    assert guards(result) == {"connection_timeout/1263": "REGRESSED",
                              "initialization_timeout/1263": "HELD",
                              "timeouts/1263": "HELD"}


def test_an_invariant_over_several_is_broken(probing, declared):
    declared("90")
    with service(probing, GOOD | {"DB_CONNECTION_TIMEOUT": "90"}):
        result = look(probing)
    assert "timeouts: connection_timeout 90 is not < initialization_timeout " \
        "75 (issue 1263)" in result["message"]
    assert guards(result)["timeouts/1263"] == "REGRESSED"
    assert guards(result)["connection_timeout/1263"] == "HELD"


def test_what_is_not_set_is_missing_and_its_guard_unknown(probing, declared):
    del declared
    with service(probing, {"DB_INIT_TIMEOUT": "75"}) as pid:
        result = look(probing)
    assert (result["outcome"], result["reason"]) == (
        "critical", "check.missing")
    assert f"connection_timeout is not set in process {pid} (sleep)" in \
        result["message"]
    assert guards(result)["connection_timeout/1263"] == "UNKNOWN"
    assert guards(result)["timeouts/1263"] == "UNKNOWN"
    assert result["facts"]["setting/connection_timeout"] == {
        "value": None, "fingerprint": None, "source": "process"}


def test_a_source_that_cannot_be_read_says_nothing(probing, declared):
    del declared
    (probing.directory / "backend.pid").write_text("999999999")
    result = look(probing)
    assert (result["outcome"], result["reason"]) == (
        "unknown", "check.process")
    assert set(guards(result).values()) == {"UNKNOWN"}
    assert "setting/initialization_timeout" not in result["facts"]


@pytest.mark.parametrize("text,outcome,reason,message", [
    (None, "critical", "check.missing", "app.yaml"),
    ("a: [\n", "unknown", "check.shape", "app.yaml: line 2: not YAML"),
])
def test_a_file_that_declares_nothing(probing, text, outcome, reason,
                                      message):
    if text is not None:
        (probing.directory / "app.yaml").write_text(text)
    with service(probing, GOOD):
        result = look(probing)
    assert (result["outcome"], result["reason"]) == (outcome, reason)
    assert message in result["message"]
    assert guards(result)["connection_timeout/1263"] == "HELD"


SECRET = """
      register:
        - name: token
          declared: {source: file, key: database.token}
          effective: {source: process, key: TOKEN}
        - name: pool
          type: integer
          effective: {source: process, key: POOL}
          at_least: "5"
"""


def test_no_value_of_a_secret_is_told(probing):
    (probing.directory / "app.yaml").write_text(
        f"database: {{token: {CANARY}-1}}\n")
    with service(probing, {"TOKEN": CANARY + "-2", "POOL": CANARY}):
        result = look(probing, SECRET)
    assert result["outcome"] == "critical"
    assert "token: declared and effective differ: set (not shown) in file" \
        in result["message"]
    assert "pool is not an integer in process" in result["message"]
    assert CANARY not in json.dumps(result)
    assert result["facts"]["setting/token"]["fingerprint"].startswith("k")
    assert result["facts"]["setting/pool"]["value"] is None


def test_settings_over_http(probing):
    rules = """
      register:
        - name: pool
          type: integer
          effective: {source: health, key: settings.pool.size}
          at_most: "20"
"""
    with peer(answer('{"settings": {"pool": {"size": 40}}}')) as port:
        result = look(probing, rules, "\n      sources: [{name: health, url: "
                      f"'http://127.0.0.1:{port}/c?key={CANARY}'}}]")
    assert result["reason"] == "check.answer"
    assert result["message"] == (
        f"pool is 40 in http://127.0.0.1:{port}/c, must be at most 20")
    assert result["facts"]["setting/pool"]["source"] == "service"


@pytest.mark.parametrize("behave,reason", [
    (answer("{}", "503 x"), "check.status"),
    (answer("<html>"), "check.protocol"),
    (answer(""), "check.protocol"),
    (answer('{"a": "' + "x" * (2 << 20) + '"}'), "check.limit"),
])
def test_an_answer_that_is_none_is_unknown(probing, behave, reason):
    rules = "\n      register: [{name: a, effective: {source: h, key: a}}]\n"
    with peer(behave) as port:
        result = look(probing, rules, "\n      sources: [{name: h, url: "
                      f"'http://127.0.0.1:{port}/'}}]")
    assert (result["outcome"], result["reason"]) == ("unknown", reason)


def test_a_source_that_never_answers_ends_at_the_limit(probing, declared):
    del declared
    with service(probing, GOOD), peer(hang) as port:
        result = look(probing, REGISTER, SOURCES + "        - {name: h, url: "
                      f"'http://127.0.0.1:{port}/'}}\n", "timeout: 1s")
    assert (result["outcome"], result["reason"], result["censored"]) == (
        "unknown", "read.timeout", True)
    assert f"http://127.0.0.1:{port}/: not read within 1" in result["message"]
    assert guards(result)["connection_timeout/1263"] == "HELD"


def test_what_is_wrong_elsewhere_is_told_though_a_source_hangs(
        probing, declared):
    del declared
    bad = GOOD | {"DB_CONNECTION_TIMEOUT": "8"}
    with service(probing, bad), peer(hang) as port:
        result = look(probing, REGISTER, SOURCES + "        - {name: h, url: "
                      f"'http://127.0.0.1:{port}/'}}\n", "timeout: 1s")
    assert (result["outcome"], result["reason"], result["censored"]) == (
        "critical", "read.answer", True)
    assert "connection_timeout is 8" in result["message"]
    assert "not read within 1" in result["message"]
    assert guards(result)["connection_timeout/1263"] == "REGRESSED"


SHOW = """
      register:
        - name: statement_timeout
          type: duration
          effective: {source: server, key: statement_timeout}
          at_least: 10s
        - name: max_connections
          type: integer
          effective: {source: server, key: max_connections}
          guards: [{since: "77", at_least: "50"}]
        - name: none
          effective: {source: server, key: no_such.parameter}
          severity: warning
"""


def test_what_a_new_session_of_postgresql_is_given(probing):
    with postgres("host all all 127.0.0.1/32 trust",
                  "max_connections = 30") as server:
        server.sql("create role app login; "
                   "alter role app set statement_timeout = '90s'")
        source = ("\n      sources: [{name: server, postgres: {host: "
                  f"127.0.0.1, port: {server.port}, database: postgres, "
                  "user: app}}]")
        result = look(probing, SHOW, source)
        gone = look(probing, SHOW, source.replace(
            str(server.port), str(closed_port())))
    facts = result["facts"]
    assert facts["setting/statement_timeout"] == {
        "value": "90s", "fingerprint": None, "source": "server"}, \
        "as the role has it, not as the server's file says"
    assert facts["setting/max_connections"]["value"] == "30"
    assert (result["outcome"], result["reason"]) == (
        "critical", "check.answer")
    assert "none is not set in postgres 127.0.0.1" in result["message"]
    assert guards(result) == {"max_connections/77": "REGRESSED"}
    assert (gone["outcome"], gone["reason"]) == ("unknown", "check.refused")


@pytest.mark.parametrize("rules,complaint", [
    ("register: [{name: a, effective: {source: x, key: a}}]",
     "register[0].effective.source: no source has this name"),
    ("register: [{name: a}]",
     "register[0]: is read nowhere: give declared, effective, or both"),
    ("register: [{name: a, effective: {source: s, key: a}, at_least: '5'}]",
     "register[0].at_least: only an integer, number or duration has this "
     "bound; give the type"),
    ("register: [{name: a, type: integer, effective: {source: s, key: a}, "
     "at_least: '5.5'}]", "register[0].at_least: not an integer"),
    ("register: [{name: a, effective: {source: s, key: a}, guards: [{since: "
     "'1'}]}]", "register[0].guards[0]: guards nothing: give at_least, "
     "at_most or equals"),
    ("register: [{name: a, type: number, effective: {source: s, key: a}}], "
     "invariants: [{name: i, rule: a < b}]",
     "invariants[0].rule: b is not in the register"),
    ("register: []", "checks nothing: list settings under register"),
])
def test_a_register_that_says_nothing_is_refused(probing, rules, complaint):
    text = probing.complaint(
        "  - name: p\n    settings: {sources: [{name: s, file: a.env}], "
        f"{rules}}}\n")
    assert text.split("probes[0].settings")[1].lstrip(".: ") == complaint
