"""Results of others over HTTP: pushed with curl, stored once, and by whom."""
import json
import subprocess
import urllib.parse
import xml.etree.ElementTree

import pytest
from stage import Failure, answers, free_port, wait_for
from test_http import check

PUSH, BOTH, READ = "push-" + "p" * 30, "both-" + "b" * 30, "read-" + "r" * 30
CONFIG = """\
store: s.db
listen: [{{url: "{url}"}}]
environments: {{staging: {{}}, production: {{}}}}
services: [{{name: backend}}]
http:
  listen: "127.0.0.1:{port}"
  tokens:
    - {{name: r, scopes: [read], token: "{read}"}}
    - {{name: ci, scopes: [push], token: "{push}", environments: [staging]}}
    - {{name: both, scopes: [push, read], token: "{both}",
       environments: [staging, production], vantage: in_environment}}
"""


class Pushed:
    """A collector that takes pushes, and curl to push with."""

    def __init__(self, stage, more=""):
        self.stage, self.port = stage, free_port()
        (stage.directory / "c.yaml").write_text(CONFIG.format(
            url=stage.url, port=self.port, read=READ, push=PUSH, both=BOTH)
            + more)
        self.program = None
        self.start()

    def start(self):
        """Runs the collector."""
        self.program = self.stage.start("collector", [
            self.stage.collector, "run", "--config", "c.yaml"])
        wait_for("the collector", lambda: answers(self.port), self.program)

    def kill(self):
        """Ends it without a word."""
        self.program.kill()
        self.program.wait()

    def curl(self, path, *options, token=PUSH):
        """Status and body of an answer."""
        done = subprocess.run(
            ["curl", "-sS", "-m", "60", "-w", "\n%{http_code}",
             "-H", f"Authorization: Bearer {token}", *options,
             f"http://127.0.0.1:{self.port}{path}"],
            capture_output=True, text=True, check=True).stdout
        body, _, status = done.rpartition("\n")
        return int(status), body

    def push(self, body, *options, token=PUSH):
        """Pushes what is JSON or text; returns status and answer."""
        text = body if isinstance(body, str) else json.dumps(body)
        status, answer = self.curl("/api/v1/push", "--data-binary", text,
                                   *options, token=token)
        return status, json.loads(answer)

    def history(self, probe):
        """The results of a probe, the newest first."""
        return self.stage.ask("history", "--probe", probe)["results"]


def result(probe="smoke", **more):
    """A result as a pipeline would push it."""
    return {"service": "backend", "probe": probe, "outcome": "ok"} | more


def test_what_is_pushed_is_stored_and_shown(stage):
    """One, several lines, a list; what is left out is the token's."""
    pushed = Pushed(stage)
    status, answer = pushed.push(result(
        duration_ms=1500, message="12 of 12", phases={"login": 900}))
    assert (status, answer) == (
        200, {"results": 1, "facts": 0, "repeated": False})
    row = pushed.history("smoke")[0]
    assert (row["agent"], row["vantage"], row["kind"], row["environment"]) == (
        "push.ci", "external", "push", "staging")
    assert row["duration_ms"] == 1500 and row["message"] == "12 of 12"
    lines = "\n".join(json.dumps(one) for one in (
        result("a"), result("b", outcome="critical", reason="run.exit"),
        {"type": "fact", "service": "backend", "name": "build",
         "value": "v7"}))
    assert pushed.push(lines)[1] == {
        "results": 2, "facts": 1, "repeated": False}
    both = [result("c", environment=name) for name in (
        "staging", "production")]
    assert pushed.push(json.dumps(both, indent=2), token=BOTH)[0] == 200
    assert {(row["environment"], row["vantage"])
            for row in pushed.history("c")} == {
        ("staging", "in_environment"), ("production", "in_environment")}
    cells = {cell["environment"]: cell["state"]
             for cell in stage.ask("status")["cells"]}
    assert cells == {"staging": "critical", "production": "ok"}
    assert pushed.push(result("late", at="2026-01-05T10:00:00Z"))[0] == 200
    assert pushed.history("late")[0]["at"] == "2026-01-05T10:00:00.000Z"


def test_names_from_outside_are_shown_as_text(stage):
    """In a badge, and in the metrics."""
    pushed = Pushed(stage)
    name = """<b onclick="x">&'\\"""
    assert pushed.push(result(service=name))[0] == 200
    path = urllib.parse.quote(name, safe="")
    status, svg = pushed.curl(f"/badge/staging/{path}.svg", token=READ)
    root = xml.etree.ElementTree.fromstring(svg)
    space = "{http://www.w3.org/2000/svg}"
    assert (status, root.get("aria-label"), root.find(f"{space}title").text,
            [text.text for text in root.iter(f"{space}text")]) == (
        200, f"{name}: ok", f"{name}: ok", [name, "ok"])
    metrics = pushed.curl("/metrics", token=READ)[1]
    assert r'service="<b onclick=\"x\">&' in metrics
    done = subprocess.run(["promtool", "check", "metrics"], input=metrics,
                          capture_output=True, check=False, text=True)
    assert (done.returncode, done.stdout + done.stderr) == (0, "")


def test_a_key_is_stored_once(stage):
    """Also with another time in it, and after the collector was killed."""
    pushed = Pushed(stage)
    key = ("-H", "Idempotency-Key: pipeline 4711, step smoke")
    assert pushed.push(result(), *key)[1]["repeated"] is False
    assert pushed.push(result(), *key)[1]["repeated"] is True
    pushed.kill()
    pushed.start()
    assert pushed.push(result(outcome="critical"), *key) == (
        200, {"results": 1, "facts": 0, "repeated": True})
    other = ("-H", "Idempotency-Key: pipeline 4712, step smoke")
    assert pushed.push(result(), *other)[1]["repeated"] is False
    assert pushed.push(result(environment="staging"), *key, token=BOTH)[1][
        "repeated"] is False  # somebody else's key
    assert pushed.push(result())[1]["repeated"] is False
    assert len(pushed.history("smoke")) == 4
    pushed.kill()
    stage.run(stage.collector, "compact", "--store", "s.db")
    pushed.start()
    assert pushed.push(result(), *key)[1]["repeated"] is True
    assert len(pushed.history("smoke")) == 4


def test_what_was_acknowledged_outlives_the_process(stage):
    """Durable before the answer, whenever it is killed."""
    pushed = Pushed(stage)
    for number in range(5):
        assert pushed.push([result(f"p{number}-{one}")
                            for one in range(20)])[0] == 200
        pushed.kill()
        pushed.start()
    probes = {row["probe"] for row in stage.ask(
        "history", "--limit", "1000")["results"]}
    assert len(probes) == 100


WRONG = [
    (result(outcome="bad"), 400, 'item 1: field "outcome": "bad" is not'),
    (result(" blank"), 400, 'field "probe"'),
    ({"service": "backend", "outcome": "ok"}, 400, '"probe" is missing'),
    (result(nonsense=1), 400, '"nonsense": unknown'),
    ([result(), result(at="2199-01-01T00:00:00Z")], 400,
     'item 2: field "at" lies in the future'),
    (result(environment="production"), 403, "may not speak for production"),
    (result(agent="stg-1"), 403, "this token speaks as push.ci"),
    (result(vantage="in_service"), 403, "speaks from external"),
    ({"type": "gap"}, 400, "is missing"),
    ("[1, 2]", 400, "item 1: not an object"),
    ('{"probe": ', 400, "item 1: line 1, column"),
    ("", 400, "nothing in it"), ("\0\1\2", 400, "item 1"),
    ("[" * 50000, 400, "item 1"),
    ([result(f"p{number}") for number in range(1001)], 413, "more than 1000"),
    ("x" * 300_000, 413, "more than 256 KiB"),
]


def test_what_is_not_right_is_told_and_not_stored(stage):
    """With item and field; nothing of such a push is stored."""
    pushed = Pushed(stage)
    spec = json.loads(pushed.curl("/api/v1/openapi.json", token=READ)[1])
    for body, expected, words in WRONG:
        text = body if isinstance(body, str) else json.dumps(body)
        (stage.directory / "body").write_text(text)
        status, answer = pushed.push(f"@{stage.directory}/body")
        assert (status, words in answer["message"]) == (expected, True), (
            words, status, answer)
        check(spec, spec["components"]["schemas"]["Error"], answer, words)
    for token, expected in (("x" * 32, 401), (READ, 403)):
        assert pushed.push(result(), token=token)[0] == expected
    assert pushed.push(result(), "-H", "Idempotency-Key: " + "k" * 256)[
        0] == 400
    assert pushed.curl("/api/v1/push")[0] == 405
    assert pushed.curl("/api/v1/status")[0] == 403  # push is not read
    assert not stage.ask("history")["results"]
    assert pushed.push(result())[0] == 200
    metrics = pushed.curl("/metrics", token=READ)[1]
    assert "\nvedette_http_pushes_refused_total 16\n" in metrics
    assert PUSH not in stage.log("collector")


def test_a_store_that_takes_nothing_is_told(stage):
    """503 and Retry-After; the same key comes again and is stored."""
    pushed = Pushed(stage, "store_max_size: 1MiB\n")
    number = 0

    def is_full():
        nonlocal number
        number += 1
        body = [result(f"p{number}", message=f"{one:04d}" * 250)
                for one in range(150)]
        (stage.directory / "body").write_text(json.dumps(body))
        return pushed.push(f"@{stage.directory}/body")[0] == 503
    wait_for("the store to be full", is_full)
    status, head = pushed.curl("/api/v1/push", "-i", "-d",
                               json.dumps(result()))
    assert status == 503 and "retry-after: " in head.lower()


@pytest.mark.parametrize("token, complaint", [
    ("scopes: [push]", "environments: must list those"),
    ("scopes: [read], environments: [staging]", "goes with the scope push"),
    ("scopes: [push], environments: [A/B]", "not a name"),
    ("scopes: [push], environments: [staging], vantage: moon",
     "not a vantage"),
    ("scopes: [read], vantage: external", "goes with the scope push"),
])
def test_a_token_says_for_whom_it_speaks(stage, token, complaint):
    """The check of the configuration says what is wrong."""
    (stage.directory / "c.yaml").write_text(
        'store: s.db\nlisten: [{url: "ipc:///run/unused.sock"}]\nhttp: '
        f'{{listen: "127.0.0.1:1", tokens: [{{name: a, token: {PUSH}, '
        f'{token}}}]}}\n')
    with pytest.raises(Failure, match=complaint):
        stage.run(stage.collector, "config", "check", "--config", "c.yaml")
