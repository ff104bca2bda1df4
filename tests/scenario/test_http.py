"""The API over HTTP: what it answers, and whom it refuses."""
import gzip
import http.client
import json
import pathlib
import socket
import ssl
import subprocess
import time

import outages
import pytest
from stage import Authority, Failure, answers, free_port, wait_for

ROOT = pathlib.Path(__file__).resolve().parents[2]
MOMENT = outages.stamp(outages.AFTER_S)
READ, ADMIN = "read-" + "r" * 30, "admin-" + "a" * 30
TOKENS = (f'tokens: [{{name: r, scopes: [read], token: "{READ}"}}, '
          f'{{name: a, scopes: [read, admin], token: "{ADMIN}"}}]')


class Served:
    """A collector that serves HTTP, over a recorded outage."""

    def __init__(self, stage, more="", outage="S01", host="127.0.0.1"):
        self.stage, self.port, self.context = stage, free_port(), None
        config = outages.CONFIG.replace(
            "unused.db", "s.db").replace("ipc:///run/unused.sock", stage.url)
        path = stage.directory / "c.yaml"
        path.write_text(config)
        (stage.directory / "o.jsonl").write_text(outages.lines(outage))
        stage.run(stage.collector, "replay", "o.jsonl", "--store", "s.db",
                  "--config", "c.yaml")
        path.write_text(
            f'{config}http: {{listen: "{host}:{self.port}", {more}}}\n')
        program = stage.start("collector", [
            stage.collector, "run", "--config", "c.yaml"])
        wait_for("the collector", lambda: answers(self.port), program)

    def get(self, path, method="GET", body=None, **headers):
        """Status, headers and body of an answer."""
        kind = (http.client.HTTPSConnection if self.context
                else http.client.HTTPConnection)
        more = {"context": self.context} if self.context else {}
        connection = kind("localhost", self.port, timeout=60, **more)
        connection.request(method, path, body, {
            name.replace("_", "-"): value for name, value in headers.items()})
        answer = connection.getresponse()
        result = answer.status, answer.headers, answer.read()
        connection.close()
        return result

    def json(self, path, **headers):
        """The body of a right answer."""
        status, _, body = self.get(path, **headers)
        assert status == 200, body
        return json.loads(body)

    def number(self, name, **headers):
        """A number of /metrics without labels."""
        for line in self.get("/metrics", **headers)[2].decode().splitlines():
            if line.startswith(name + " "):
                return int(line.split()[1])
        raise AssertionError(name)


# --- the description and the answers -------------------------------------------

KINDS = {"string": str, "integer": int, "boolean": bool, "object": dict,
         "array": list, "null": type(None), "number": (int, float)}


def check(spec, schema, value, at):
    """Is value what the schema says, no more and no less?"""
    if "$ref" in schema:
        schema = spec["components"]["schemas"][
            schema["$ref"].rsplit("/", 1)[1]]
    kinds = schema["type"]
    kinds = kinds if isinstance(kinds, list) else [kinds]
    assert any(isinstance(value, KINDS[kind]) and
               (kind == "boolean" or not isinstance(value, bool))
               for kind in kinds), (at, kinds, value)
    if "enum" in schema:
        assert value in schema["enum"], (at, value)
    if isinstance(value, list):
        for number, item in enumerate(value):
            check(spec, schema["items"], item, f"{at}[{number}]")
    if isinstance(value, dict) and "properties" in schema:
        assert set(schema["required"]) <= set(value), (at, sorted(value))
        if not schema.get("additionalProperties", True):
            assert set(value) <= set(schema["properties"]), (at, value)
        for name, inner in schema["properties"].items():
            if name in value:
                check(spec, inner, value[name], f"{at}.{name}")


FILLED = {"environment": "staging", "id": "1", "left": "staging",
          "right": "production", "service": "backend", "at": MOMENT,
          "limit": "3", "by": "hour", "together": "true", "open": "true",
          "results": "false", "probe": "db", "agent": "agent-stg",
          "name": "env/*", "from": outages.stamp(-900), "to": MOMENT,
          "last": "15m", "since": None, "cursor": None}


def test_every_answer_is_as_openapi_says(stage):
    """Plain and with all parameters; what is wrong is an Error."""
    served = Served(stage)
    spec = served.json("/api/v1/openapi.json")
    asked = 0
    for path, operations in spec["paths"].items():
        if "get" not in operations or path == "/api/v1/events":
            continue
        get = operations["get"]
        for part in ("left", "right", "environment", "service", "id"):
            path = path.replace("{" + part + "}", FILLED[part])
        names = [one["name"] for one in get["parameters"]
                 if one["in"] == "query" and FILLED[one["name"]]]
        if "from" in names and "last" in names:
            names.remove("last")  # they would be two beginnings
        full = "&".join(f"{name}={FILLED[name]}" for name in names)
        for url in (path, f"{path}?{full}"):
            if "/report/" in url and "at=" not in url:
                continue  # the history is older than the days that are kept
            status, headers, body = served.get(url)
            assert status == 200, (url, body)
            kind = headers["Content-Type"].split(";")[0]
            content = get["responses"]["200"]["content"][kind]
            if kind == "application/json":
                check(spec, content["schema"], json.loads(body), url)
            asked += 1
        status, _, body = served.get(f"{path}?nonsense=1")
        assert status == 400
        check(spec, spec["components"]["schemas"]["Error"], json.loads(body),
              path)
    assert asked > 25


def processor_ns(pid):
    """{thread: time on a processor}."""
    return {int(task.name): int((task / "schedstat").read_text().split()[0])
            for task in pathlib.Path(f"/proc/{pid}/task").iterdir()}


def test_questions_are_answered_beside_the_loop(stage):
    """The loop, which takes batches in, hands over and no more: reading,
    writing JSON and packing are the work of other threads."""
    served = Served(stage)
    pid = stage.programs[-1].pid
    before = processor_ns(pid)
    for _ in range(20):
        for kind in ("history", "changes", "regressions"):
            served.json(f"/api/v1/{kind}?limit=10000")
    after = processor_ns(pid)
    loop = after.pop(pid) - before[pid]
    others = sum(spent - before.get(thread, 0)
                 for thread, spent in after.items())
    # What is left to it is HTTP itself, and to copy bytes to a socket.
    assert loop < others, (loop, others)


def test_an_answer_leaves_when_it_is_made(stage):
    """And not when the server looks around the next time, once a second."""
    served = Served(stage)
    end_s = time.monotonic() + 20
    for _ in range(40):
        served.json("/api/v1/history?limit=1")
        assert time.monotonic() < end_s


def test_who_leaves_before_the_answer_leaves_nothing_behind(stage):
    """Connections that end while their questions wait or are answered."""
    served = Served(stage)
    pid = stage.programs[-1].pid
    folder = pathlib.Path(f"/proc/{pid}/fd")
    served.json("/api/v1/history")
    before = len(list(folder.iterdir()))
    for _ in range(3):
        gone = [http.client.HTTPConnection("127.0.0.1", served.port,
                                           timeout=60) for _ in range(60)]
        for connection in gone:
            connection.request("GET", "/api/v1/history?limit=10000")
        for connection in gone:
            connection.close()
    # Those that came later are answered, and handles of the store are few.
    wait_for("an answer", lambda: served.get("/api/v1/history?limit=3")[0] ==
             200, stage.programs[-1])
    wait_for("the descriptors", lambda: len(list(folder.iterdir())) <=
             before + 8, stage.programs[-1])


def test_pages_hold_every_row_once(stage):
    """Also where many rows are of one moment."""
    served = Served(stage)
    for kind, rows in (("history", "results"), ("changes", "changes"),
                       ("regressions", "regressions")):
        for limit in (1, 7) if kind != "history" else (7, 100):
            whole = served.json(f"/api/v1/{kind}?limit=5000")
            assert whole["next"] is None and len(whole[rows]) > 2
            seen, cursor = [], ""
            while cursor is not None:
                page = served.json(f"/api/v1/{kind}?limit={limit}{cursor}")
                assert len(page[rows]) <= limit
                seen += page[rows]
                cursor = page["next"] and f"&cursor={page['next']}"
            assert seen == whole[rows], (kind, limit)


def test_what_the_client_has_is_not_sent_again(stage):
    """ETag and gzip."""
    served = Served(stage)
    path = f"/api/v1/timeline?at={MOMENT}"
    _, headers, body = served.get(path)
    _, packed, small = served.get(path, Accept_Encoding="gzip")
    assert packed["Content-Encoding"] == "gzip" and len(small) < len(body) / 3
    assert gzip.decompress(small) == body
    status, _, empty = served.get(path, If_None_Match=headers["ETag"])
    assert (status, empty) == (304, b"")
    assert served.get(path, "HEAD")[2] == b""


WRONG = [
    ("/api/v1/status?environment=nowhere", 404),
    ("/api/v1/status?environment=A+B", 404),
    ("/api/v1/status?environment=A%2fB", 400),
    ("/api/v1/history?limit=0", 400), ("/api/v1/history?limit=1e9", 400),
    ("/api/v1/history?from=yesterday", 400),
    ("/api/v1/history?cursor=x", 400), ("/api/v1/trend?by=year", 400),
    ("/api/v1/diff/staging", 404), ("/api/v1/report/0", 404),
    ("/api/v1/diagnose/..%2f..%2fetc", 400),
    ("/../../../../etc/passwd", 404), ("/%2e%2e/%2e%2e/etc/passwd", 404),
    ("/badge/staging/..%2f..%2fx.svg", 404), ("/badge/%22%3e.svg", 404),
    ("/badge/a%0ab.svg", 400),
]


def test_wrong_requests_are_told_what_is_wrong(stage):
    """Each with a status, a word and a sentence; nothing else is served."""
    served = Served(stage)
    for path, expected in WRONG:
        status, headers, body = served.get(path)
        assert status == expected, (path, status, body)
        assert set(json.loads(body)) == {"error", "message"}
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert "default-src 'none'" in headers["Content-Security-Policy"]
    for method, path in (("POST", "/api/v1/status"), ("DELETE", "/"),
                         ("GET", "/-/reload"), ("PUT", "/metrics")):
        status, headers, _ = served.get(path, method, b"x")
        assert status in (403, 405), (method, path)
    assert served.number("vedette_http_wrong_total") >= len(WRONG) + 4
    assert served.get("/api/v1/status", Host="evil.example")[0] == 421
    assert served.get("/-/reload", "POST")[0] == 403


# --- who may ask -------------------------------------------------------------------

def bearer(token):
    """The header."""
    return {"Authorization": f"Bearer {token}"}


def test_tokens_open_what_their_scopes_say(stage):
    """Wrong ones are refused and counted; a reload reads them again."""
    served = Served(stage, TOKENS)
    for token in ("", READ[:-1], READ + "x", READ[:-1] + "R", "x" * 9000):
        assert served.get("/api/v1/status", **bearer(token))[0] in (401, 431)
    status, headers, _ = served.get("/metrics")
    assert (status, headers["WWW-Authenticate"]) == (401, "Bearer")
    assert served.number("vedette_http_unauthenticated_total",
                         **bearer(READ)) >= 5
    assert served.get("/api/v1/status", **bearer(READ))[0] == 200
    assert served.get("/-/healthy")[0] == 200
    assert served.get("/-/reload", "POST", **bearer(READ))[0] == 403
    path = stage.directory / "c.yaml"
    path.write_text(path.read_text().replace(READ, "other-" + "o" * 30))
    assert served.get("/-/reload", "POST", **bearer(ADMIN))[0] == 200
    assert served.get("/api/v1/status", **bearer(READ))[0] == 401
    path.write_text(path.read_text() + "nonsense: 1\n")
    status, _, body = served.get("/-/reload", "POST", **bearer(ADMIN))
    assert status == 500 and b"nonsense" in body
    assert READ not in stage.log("collector")


def test_with_tls_it_is_reached_from_elsewhere(stage):
    """TLS 1.2 at least; plain HTTP gets nothing."""
    authority = Authority(stage)
    authority.issue("web", "serverAuth", "DNS:localhost,IP:127.0.0.1")
    pair = authority.directory / "web"
    served = Served(stage, f"{TOKENS}, tls: {{certificate_file: {pair}.pem, "
                    f"key_file: {pair}.key}}", host="0.0.0.0")
    with pytest.raises((http.client.HTTPException, OSError)):
        served.get("/-/healthy")
    served.context = ssl.create_default_context(
        cafile=authority.directory / "ca.pem")
    assert served.get("/-/healthy")[0] == 200
    assert served.get("/api/v1/status")[0] == 401
    assert served.get("/api/v1/status", **bearer(READ))[0] == 200


def test_a_renewed_certificate_needs_no_restart(stage):
    """A reload shows it to who comes; who is there goes on; a pair that is
    none changes nothing."""
    authority = Authority(stage)
    for name in ("web", "new"):
        authority.issue(name, "serverAuth", f"DNS:localhost,DNS:{name}.test")
    pair = authority.directory / "web"
    served = Served(stage, f"{TOKENS}, tls: {{certificate_file: {pair}.pem, "
                    f"key_file: {pair}.key}}")
    served.context = ssl.create_default_context(
        cafile=authority.directory / "ca.pem")

    def shown():
        with served.context.wrap_socket(dial(served),
                                        server_hostname="localhost") as peer:
            return [value for _, value in
                    peer.getpeercert()["subjectAltName"]][1]
    assert shown() == "web.test"
    stays = http.client.HTTPSConnection("localhost", served.port, timeout=60,
                                        context=served.context)
    stays.request("GET", "/-/healthy")
    assert stays.getresponse().read() == b"healthy\n"
    pair.with_suffix(".pem").write_bytes(
        (authority.directory / "new.pem").read_bytes())
    status, _, body = served.get("/-/reload", "POST", **bearer(ADMIN))
    assert status == 500 and b"are not a pair" in body
    assert shown() == "web.test"
    pair.with_suffix(".key").write_bytes(
        (authority.directory / "new.key").read_bytes())
    stage.programs[0].send_signal(1)
    wait_for("the new certificate", lambda: shown() == "new.test")
    stays.request("GET", "/-/healthy")
    assert stays.getresponse().read() == b"healthy\n"
    stays.close()


@pytest.mark.parametrize("more, complaint", [
    ('listen: "0.0.0.0:8080"', "needs at least one of http.tokens"),
    (f'listen: "0.0.0.0:8080", {TOKENS}', "needs http.tls, or behind_proxy"),
    ('listen: "example.org:80"', "not an address"),
    ('listen: "127.0.0.1:8080", tokens: [{name: a, token: abc}]',
     "must list some of read, push, admin"),
    ('listen: "127.0.0.1:8080", tokens: [{name: a, scopes: [all], '
     'token: abc}]', "not a scope"),
])
def test_what_is_not_safe_is_not_started(stage, more, complaint):
    """The check of the configuration says what is missing."""
    (stage.directory / "c.yaml").write_text(
        outages.CONFIG + f"http: {{{more}}}\n")
    with pytest.raises(Failure, match=complaint):
        stage.run(stage.collector, "config", "check", "--config", "c.yaml")


# --- those who mean no good --------------------------------------------------------

def dial(served):
    """A connection that says nothing yet."""
    peer = socket.create_connection(("127.0.0.1", served.port), 60)
    peer.settimeout(60)
    return peer


def test_large_heads_and_bodies_are_refused(stage):
    """Before they are read."""
    served = Served(stage)
    peer = dial(served)
    peer.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\nX: ")
    try:
        for _ in range(64):
            peer.sendall(b"x" * 16384)
        peer.sendall(b"\r\n\r\n")
        assert peer.recv(64).split()[1] in (b"431", b"413", b"400")
    except OSError:
        pass  # it hung up in the midst of it, as it may
    peer.close()
    peer = dial(served)
    peer.sendall(b"POST /-/reload HTTP/1.1\r\nHost: localhost\r\n"
                 b"Content-Length: 99999999999\r\n\r\n")
    assert peer.recv(64).split()[1] == b"413"
    peer.close()
    for junk in (b"\x16\x03\x01\x02\x00", b"GET\r\n\r\n", b"\0" * 5000):
        peer = dial(served)
        peer.sendall(junk + b"\r\n\r\n")
        peer.close()
    assert served.json("/api/v1/status")["cells"]
    assert served.number("vedette_http_oversize_total") >= 1
    wait_for("the junk to be counted", lambda: served.number(
        "vedette_http_unasked_total") >= 3)


def test_ten_thousand_idle_clients_keep_nobody_out(stage):
    """More than there is room for: the longest idle one goes."""
    served = Served(stage)
    crowd = []
    for number in range(10_000):
        crowd.append(dial(served))
        if number % 50 == 0:  # some have begun to ask
            crowd[-1].sendall(b"GET / HTTP/1.1\r\nHost: ")
        if number % 2000 == 0:
            assert served.get("/-/healthy")[0] == 200
    assert served.get("/-/healthy")[0] == 200
    assert served.number("vedette_http_evicted_total") > 8000
    assert served.number("vedette_http_connections") <= 1100
    assert stage.ask("status")["cells"]
    for peer in crowd:
        peer.close()
    wait_for("them to be forgotten",
             lambda: served.number("vedette_http_connections") < 10)


def test_slow_clients_are_hung_up_on(stage):
    """Who sends a head, or a body, in drops."""
    served = Served(stage, TOKENS)
    slow = []
    for head in (b"GET / HTTP/1.1\r\nX-Drip: ",
                 b"POST /api/v1/push HTTP/1.1\r\nHost: localhost\r\n"
                 b"Content-Length: 60000\r\n\r\n"):
        for _ in range(100):
            slow.append(dial(served))
            slow[-1].sendall(head)

    def drip(peer):
        peer.settimeout(0)
        try:
            peer.sendall(b"x")
            return peer.recv(64) == b""
        except BlockingIOError:
            return False
        except OSError:
            return True

    def are_gone():
        slow[:] = [peer for peer in slow if not drip(peer)]
        return not slow
    wait_for("the slow ones to be hung up on", are_gone)
    assert served.number("vedette_http_late_total", **bearer(READ)) >= 200


# --- events and metrics ------------------------------------------------------------

def start_agent(stage, port):
    """An agent whose probe looks at a port of ours, twice a second."""
    (stage.directory / "agent.yaml").write_text(f"""\
agent: live-1
environment: staging
identity: [{{hostname: "*"}}]
collectors: ["{stage.url}"]
state_directory: {stage.directory}/state
heartbeat: 1s
defaults: {{interval: 500ms, timeout: 400ms}}
probes:
  - {{name: port, service: backend, tcp: {{host: 127.0.0.1, port: {port}}}}}
""")
    (stage.directory / "state").mkdir(mode=0o700)
    return stage.start("agent", [stage.agent, "run", "--config",
                                 "agent.yaml"])


def test_events_come_as_they_happen(stage):
    """Every result for who wants it, else what changed; then the end."""
    served = Served(stage)
    streams = []
    for query in ("?environment=staging", "?results=true"):
        connection = http.client.HTTPConnection("localhost", served.port,
                                                timeout=60)
        connection.request("GET", f"/api/v1/events{query}")
        answer = connection.getresponse()
        assert answer.headers["Content-Type"] == "text/event-stream"
        streams.append(answer)
    start_agent(stage, free_port())

    def next_event(stream, wanted):
        while True:
            line = stream.readline()
            assert line, "the stream ended"
            if line.startswith(b"data: "):
                event = json.loads(line[6:])
                if wanted(event):
                    return event
    event = next_event(streams[1], lambda event: event["event"] == "result")
    assert event["result"]["agent"] == "live-1"
    seen = []
    event = next_event(streams[0], lambda event: seen.append(event["event"])
                       or event.get("regression", {}).get("agent") == "live-1")
    assert event["regression"]["subject"] == "port"
    assert "result" not in seen
    assert served.number("vedette_http_streams") == 2
    stage.programs[0].terminate()
    assert stage.programs[0].wait(60) == 0


def test_prometheus_understands_the_metrics(stage):
    """promtool finds nothing to complain about; every text is escaped."""
    served = Served(stage)
    _, headers, body = served.get("/metrics")
    assert headers["Content-Type"].startswith("text/plain; version=0.0.4")
    done = subprocess.run(["promtool", "check", "metrics"], input=body,
                          capture_output=True, check=False)
    assert (done.returncode, done.stdout + done.stderr) == (0, b"")
    text = body.decode()
    wait_for("the first verdict", lambda: b'vedette_verdict{environment='
             b'"staging",class="' in served.get("/metrics")[2])
    assert 'probe_success{environment="staging",service="backend",' in text
    _, headers, body = served.get(
        "/metrics", Accept="application/openmetrics-text; version=1.0.0")
    assert headers["Content-Type"].startswith("application/openmetrics-text")
    assert body.endswith(b"# EOF\n")
