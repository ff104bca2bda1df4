"""http probes against nginx, and against peers that nobody should have."""
import base64
import contextlib
import hashlib
import json
import pathlib
import shutil
import subprocess
import tempfile

import pytest
from support.probing import (closed_port, full_port, garbage, hang, peer,
                             reset, until_listening)

CANARY = "canary-7f3a"


def write_certificate(folder):
    """A certificate for web.test, signed by itself."""
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
         "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj",
         "/CN=web.test", "-addext", "subjectAltName=DNS:web.test",
         "-keyout", folder / "key.pem", "-out", folder / "cert.pem"],
        check=True, capture_output=True)


def write_configuration(folder, ports):
    """What nginx answers."""
    (folder / "nginx.conf").write_text(f"""
daemon off; pid {folder}/pid; error_log {folder}/log; worker_processes 1;
events {{ worker_connections 64; }}
http {{
  access_log off; client_body_temp_path {folder}; proxy_temp_path {folder};
  fastcgi_temp_path {folder}; uwsgi_temp_path {folder};
  scgi_temp_path {folder};
  server {{
    listen 127.0.0.1:{ports[0]}; listen 127.0.0.1:{ports[1]} ssl;
    ssl_certificate {folder}/cert.pem; ssl_certificate_key {folder}/key.pem;
    default_type application/json;
    location /ok {{ add_header X-Build b7; return 200
      '{{"status": "ready", "build": {{"id": "v2", "n": 3, "big": true}}}}'; }}
    location /down {{ return 503 '{{"build": {{"id": "v2"}}}}'; }}
    location /empty {{ return 200 ''; }}
    location /nothing {{ return 204; }}
    location /there {{ return 302 /ok; }}
    location /loop {{ return 302 /loop; }}
    location /ftp {{ return 302 ftp://127.0.0.1/; }}
    location /away {{ return 302 http://127.0.0.1:{ports[2]}/echo; }}
    location /echo {{ return 200 'token=<$http_x_token> $request_method'; }}
    location /lost {{ return 302 http://no-such-name.invalid/; }}
  }}
  server {{ listen 127.0.0.1:{ports[2]};
    location / {{ return 200 'token=<$http_x_token> $request_method'; }} }}
}}""")


@pytest.fixture(name="nginx", scope="module")
def fixture_nginx():
    """A running nginx: (http port, https port, folder)."""
    folder = pathlib.Path(tempfile.mkdtemp(prefix="vedette-"))
    ports = [closed_port() for _ in range(3)]
    folder.chmod(0o755)
    write_certificate(folder)
    write_configuration(folder, ports)
    with subprocess.Popen(["nginx", "-p", folder, "-c", "nginx.conf"],
                          stderr=subprocess.DEVNULL) as server:
        until_listening(ports[2], server)
        yield ports[0], ports[1], folder
        server.terminate()
    shutil.rmtree(folder)


def ask(probing, url, more="", times=""):
    """The result of asking for url."""
    return probing.one("http", f"{{url: '{url}'{more}}}", times)


ANSWERS = [
    # path, more of the configuration, outcome and reason, part of the message
    ("/ok", "", "ok", "", ""),
    ("/ok", ", contains: ready", "ok", "", ""),
    ("/ok", ", contains: steady", "critical", "transfer.answer",
     "does not hold the expected text"),
    ("/ok", ", status: [204]", "critical", "transfer.status", "status 200"),
    ("/down", "", "critical", "transfer.status", "status 503"),
    ("/down", ", status: [503]", "ok", "", ""),
    ("/missing", "", "critical", "transfer.status", "status 404"),
    ("/empty", "", "critical", "transfer.empty", "write method: HEAD"),
    ("/empty", ", method: HEAD", "ok", "", ""),
    ("/nothing", "", "ok", "", ""),
    ("/there", "", "critical", "transfer.status", "follow: true goes there"),
    ("/there", ", status: [302]", "ok", "", ""),
    ("/there", ", follow: true, contains: ready", "ok", "", ""),
    ("/there", ", follow: true, method: HEAD", "ok", "", ""),
    ("/loop", ", follow: true", "critical", "transfer.limit",
     "more than 5 redirects"),
    ("/ftp", ", follow: true", "critical", "transfer.protocol",
     "not http"),
    ("/ok", ", max_bytes: 8", "critical", "transfer.limit",
     "larger than 8 bytes"),
    ("/echo", ", method: POST, contains: ' POST'", "ok", "", ""),
    ("/echo", ", method: PURGE, contains: ' PURGE'", "ok", "", ""),
]


@pytest.mark.parametrize("path,more,outcome,reason,message", ANSWERS)
def test_answers_of_nginx(probing, nginx, path, more, outcome, reason,
                          message):
    result = ask(probing, f"http://127.0.0.1:{nginx[0]}{path}", more)
    assert (result["outcome"], result["reason"]) == (outcome, reason)
    assert message in result["message"]
    assert set(result["phases"]) == {"resolve", "connect", "tls",
                                     "first_byte", "transfer"}
    assert sum(result["phases"].values()) <= result["duration_ms"] + 0.01


def test_facts_are_read_from_header_and_body(probing, nginx):
    facts = (", facts: [{name: build, json: build.id}, {name: n, json: "
             "build.n}, {name: big, json: build.big}, {name: head, header: "
             "x-build}, {name: no, json: build.id.x}, {name: o, json: build}]")
    result = ask(probing, f"http://127.0.0.1:{nginx[0]}/ok", facts)
    assert {name: fact["value"] for name, fact in result["facts"].items()} \
        == {"build": "v2", "n": "3", "big": "true", "head": "b7"}
    assert result["facts"]["build"]["source"] == "service"
    assert result["attributes"]["facts_missing"] == "no, o"
    assert result["attributes"]["status"] == 200


def test_a_build_that_fails_tells_which_it_is(probing, nginx):
    result = ask(probing, f"http://127.0.0.1:{nginx[0]}/down",
                 ", facts: [{name: build, json: build.id}]")
    assert result["outcome"] == "critical"
    assert result["facts"]["build"]["value"] == "v2"


def test_secrets_go_to_their_server_only(probing, nginx):
    (probing.directory / "token").write_text(CANARY + "\n")
    header = ", headers: [{name: X-Token, value: '@token'}]"
    here = ask(probing, f"http://127.0.0.1:{nginx[0]}/echo",
               header + f", contains: 'token=<{CANARY}>'")
    away = ask(probing, f"http://127.0.0.1:{nginx[0]}/away",
               header + ", follow: true, contains: 'token=<>'")
    assert (here["outcome"], away["outcome"]) == ("ok", "ok")
    assert away["attributes"]["redirects"] == 1


def test_a_url_is_shown_without_user_and_query(probing):
    result = ask(probing, f"http://u:{CANARY}@127.0.0.1:{closed_port()}/x?k="
                 f"{CANARY}")
    assert result["reason"] == "connect.refused"
    assert "/x: Connection refused" in result["message"]
    assert CANARY not in json.dumps(result)


def test_a_secret_that_is_not_there_says_nothing_of_the_server(probing,
                                                               nginx):
    result = ask(probing, f"http://127.0.0.1:{nginx[0]}/ok",
                 ", headers: [{name: X-Token, value: '@missing'}]")
    assert result["outcome"] == "unknown"
    assert "header X-Token: " in result["message"]


def test_certificates(probing, nginx):
    probing.hosts("127.0.0.1 web.test", "127.0.0.1 other.test")
    ca = f", ca_file: {nginx[2]}/cert.pem"
    good = ask(probing, f"https://web.test:{nginx[1]}/ok", ca)
    other = ask(probing, f"https://other.test:{nginx[1]}/ok", ca)
    unknown = ask(probing, f"https://web.test:{nginx[1]}/ok")
    plain = ask(probing, f"https://web.test:{nginx[0]}/ok", ca)
    assert good["outcome"] == "ok" and good["phases"]["tls"] > 0
    assert other["reason"] == "tls.wrong_name"
    assert unknown["reason"] == "tls.authority"
    assert plain["reason"] == "tls.handshake"
    assert good["attributes"]["server"] == f"127.0.0.1:{nginx[1]}"


def test_a_redirect_to_nowhere_fails_to_resolve(probing, nginx):
    result = ask(probing, f"http://127.0.0.1:{nginx[0]}/lost",
                 ", follow: true")
    assert result["outcome"] == "critical"
    assert result["reason"].startswith("resolve.")
    assert "no-such-name.invalid" in result["message"]


def drip(connection):
    """A head, and then a byte now and then, for ever."""
    connection.recv(65536)
    connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
    connection.settimeout(0.05)
    while True:
        connection.sendall(b".")
        with contextlib.suppress(TimeoutError):
            if connection.recv(1) == b"":
                return


def flood(connection):
    """64 MiB."""
    connection.recv(65536)
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 67108864\r\n\r\n")
    for _ in range(1024):
        connection.sendall(bytes(65536))


def endless_head(connection):
    """Headers without end."""
    connection.recv(65536)
    connection.sendall(b"HTTP/1.1 200 OK\r\n")
    while True:
        connection.sendall(b"X-A: " + b"b" * 8000 + b"\r\n")


def short_body(connection):
    """Promises more than it says."""
    connection.recv(65536)
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort")


@pytest.mark.parametrize("behave,reasons", [
    (hang, ["first_byte.timeout"]),
    (drip, ["transfer.timeout"]),
    (reset, ["first_byte.reset"]),
    (garbage, ["first_byte.protocol"]),
    (flood, ["transfer.limit"]),
    (endless_head, ["transfer.limit"]),
    (short_body, ["transfer.reset"]),
    (lambda connection: connection.recv(65536), ["first_byte.empty"]),
])
def test_bad_peers(probing, behave, reasons):
    limit = "timeout: 500ms" if "timeout" in reasons[0] else ""
    with peer(behave) as port:
        result = probing.one("http", f"{{url: 'http://127.0.0.1:{port}/'}}",
                             limit)
    assert result["outcome"] == "critical"
    assert result["reason"] in reasons
    assert result["censored"] == ("timeout" in reasons[0])


def test_a_server_that_is_silent_in_tls_is_censored_there(probing):
    with peer(hang) as port:
        result = probing.one("http", f"{{url: 'https://127.0.0.1:{port}/'}}",
                             "timeout: 500ms")
    assert result["reason"] == "tls.timeout" and result["censored"]
    assert result["phases"]["tls"] > result["phases"]["connect"]


def test_a_port_that_does_not_answer_is_censored_in_connect(probing):
    with full_port() as port:
        result = probing.one("http", f"{{url: 'http://127.0.0.1:{port}/'}}",
                             "timeout: 500ms")
    assert result["reason"] == "connect.timeout" and result["censored"]


@pytest.mark.parametrize("settings,complaint", [
    ("{url: 'ftp://h/'}", "5:17: probes[0].http.url: not a url: write "
     "http://HOST/PATH or https://HOST/PATH"),
    ("{url: 'http://h', method: 'G ET'}",
     "5:37: probes[0].http.method: not a method, such as GET"),
    ("{url: 'http://h', status: [20]}",
     "5:38: probes[0].http.status[0]: must be from 100 to 599"),
    ("{url: 'http://h', contains: ''}", "5:39: probes[0].http.contains: "
     "every body holds the empty text; write what it must hold"),
    ("{url: 'http://h', facts: [{name: a}]}",
     "5:37: probes[0].http.facts[0]: must have one of header and json"),
    ("{url: 'http://h', headers: [{name: 'A: b', value: c}]}",
     "5:46: probes[0].http.headers[0].name: not the name of a header"),
])
def test_bad_settings_are_complaints(probing, settings, complaint):
    assert probing.complaint(
        f"  - name: p\n    http: {settings}\n") == complaint


EXPECTATIONS = [
    # what must hold, outcome and reason, message
    ("{json: status, equals: ready}", "ok", "", ""),
    ("{json: status, equals: steady}", "critical", "transfer.answer",
     "json status is not what it should be"),
    ("{json: status, contains: ead}", "ok", "", ""),
    ("{json: status, contains: eat}", "critical", "transfer.answer",
     "json status does not hold the expected text"),
    ("{json: build.n, at_least: '3', at_most: '3'}", "ok", "", ""),
    ("{json: build.n, at_least: '3.5'}", "critical", "transfer.answer",
     "json build.n is 3, not at least 3.5"),
    ("{json: build.n, at_most: '2'}", "critical", "transfer.answer",
     "json build.n is 3, not at most 2"),
    ("{json: status, at_least: '1'}", "critical", "transfer.answer",
     "json status is not a number"),
    ("{json: none, equals: x}", "critical", "transfer.answer",
     "json none is not there"),
    ("{header: x-build, equals: b7}", "ok", "", ""),
    ("{header: X-Other, contains: b}", "critical", "transfer.answer",
     "header X-Other is not there"),
]


@pytest.mark.parametrize("expect,outcome,reason,message", EXPECTATIONS)
def test_what_is_expected_of_an_answer(probing, nginx, expect, outcome,
                                       reason, message):
    result = ask(probing, f"http://127.0.0.1:{nginx[0]}/ok",
                 f", expect: [{expect}]")
    assert (result["outcome"], result["reason"]) == (outcome, reason)
    assert result["message"].endswith(message)


IDENTITIES = [
    # path, who must answer, outcome, reason, message
    ("/ok", "{json: build.id, equals: v2}", "ok", "", ""),
    ("/ok", "{header: x-build, equals: b7}", "ok", "", ""),
    ("/ok", "{json: build.id, equals: v3}", "unknown", "transfer.target",
     "wrong target: v2 answers there, not v3"),
    ("/ok", "{json: service, equals: shop}", "unknown", "transfer.target",
     "wrong target: status 200, and it does not say that it is shop"),
    ("/missing", "{json: service, equals: shop}", "unknown",
     "transfer.target",
     "wrong target: status 404, and it does not say that it is shop"),
    # Ours, in trouble, by its own word; and somebody who may be ours.
    ("/down", "{json: build.id, equals: v2}", "critical", "transfer.status",
     "status 503"),
    ("/down", "{json: service, equals: shop}", "critical", "transfer.status",
     "status 503"),
]


@pytest.mark.parametrize("path,identity,outcome,reason,message", IDENTITIES)
def test_somebody_elses_answer_is_no_outage(probing, nginx, path, identity,
                                            outcome, reason, message):
    result = ask(probing, f"http://127.0.0.1:{nginx[0]}{path}",
                 f", identity: {identity}, facts: [{{name: b, json: "
                 "build.id}]")
    assert (result["outcome"], result["reason"]) == (outcome, reason)
    assert result["message"].endswith(message)
    assert bool(result["facts"]) == (outcome != "unknown"), \
        "a property of another service is no fact of ours"


def test_a_body_is_sent_and_is_a_secret(probing):
    seen = []

    def behave(connection):
        text = b""
        while CANARY.encode() not in text:
            text += connection.recv(4096)
        seen.append(text)
        connection.sendall(b"HTTP/1.1 500 x\r\nContent-Length: 14\r\n\r\n"
                           b"canary-7f3a 77")

    (probing.directory / "body").write_text(CANARY)
    with peer(behave) as port:
        result = ask(probing, f"http://127.0.0.1:{port}/",
                     ", method: PUT, body: '@body'")
    assert seen[0].startswith(b"PUT / HTTP/1.1\r\n")
    assert result["reason"] == "transfer.status"
    assert CANARY not in json.dumps(result)


def accept_of(head):
    """What a web socket's server says to this request."""
    key = [line.split(": ")[1] for line in head.decode().splitlines()
           if line.startswith("Sec-WebSocket-Key")][0]
    magic = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
    return base64.b64encode(hashlib.sha1((key + magic).encode()).digest())


def web_socket(accept):
    """A peer that switches to a web socket, with accept(request)'s word."""
    def behave(connection):
        head = b""
        while b"\r\n\r\n" not in head:
            head += connection.recv(4096)
        connection.sendall(
            b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
            b"Connection: Upgrade\r\nSec-WebSocket-Accept: " + accept(head) +
            b"\r\n\r\n\x81\x02hi")
        hang(connection)
    return behave


def test_a_web_socket_is_opened(probing, nginx):
    with peer(web_socket(accept_of)) as port:
        result = ask(probing, f"http://127.0.0.1:{port}/", ", websocket: true")
    assert (result["outcome"], result["attributes"]["status"]) == ("ok", 101)
    assert not result["censored"]
    with peer(web_socket(lambda head: b"c29tZXRoaW5nIGVsc2UhISE=")) as port:
        result = ask(probing, f"http://127.0.0.1:{port}/", ", websocket: true")
    assert (result["outcome"], result["reason"]) == (
        "critical", "transfer.protocol")
    result = ask(probing, f"http://127.0.0.1:{nginx[0]}/ok",
                 ", websocket: true")
    assert (result["outcome"], result["reason"]) == (
        "critical", "transfer.status")
    with peer(web_socket(lambda head: b"eA==")) as port:
        result = ask(probing, f"http://127.0.0.1:{port}/", ", status: [101]",
                     "timeout: 2s")
    assert result["outcome"] != "ok", "101 to a question that was not asked"


def test_a_client_shows_its_certificate(probing, nginx):
    """An nginx that wants one: 400 without, 200 with."""
    folder, port = nginx[2], closed_port()
    (folder / "client.conf").write_text(f"""
daemon off; pid {folder}/client.pid; error_log {folder}/log;
worker_processes 1; events {{ worker_connections 64; }}
http {{ access_log off; client_body_temp_path {folder};
  proxy_temp_path {folder}; fastcgi_temp_path {folder};
  uwsgi_temp_path {folder}; scgi_temp_path {folder};
  server {{ listen 127.0.0.1:{port} ssl; ssl_certificate {folder}/cert.pem;
    ssl_certificate_key {folder}/key.pem; ssl_verify_client on;
    ssl_client_certificate {folder}/cert.pem;
    location / {{ return 200 'hello $ssl_client_s_dn'; }} }} }}""")
    probing.hosts("127.0.0.1 web.test")
    ours = (f", ca_file: {folder}/cert.pem, certificate_file: "
            f"{folder}/cert.pem, key_file: {folder}/key.pem")
    with subprocess.Popen(["nginx", "-p", folder, "-c", "client.conf"],
                          stderr=subprocess.DEVNULL) as server:
        until_listening(port, server)
        url = f"https://web.test:{port}/"
        with_one = ask(probing, url, ours + ", contains: CN=web.test")
        without = ask(probing, url, f", ca_file: {folder}/cert.pem")
        server.terminate()
    assert with_one["outcome"] == "ok", with_one["message"]
    assert (without["outcome"], without["reason"]) == (
        "critical", "transfer.status")


@pytest.mark.parametrize("more,complaint", [
    (", expect: [{json: a}]", "expect[0]: expects nothing: give equals, "
     "contains, at_least or at_most"),
    (", expect: [{equals: a}]", "expect[0]: must have one of header and json"),
    (", expect: [{json: a, at_least: x}]",
     "expect[0]: not a number, such as 0.5"),
    (", identity: {equals: a}", "identity: must have one of header and json"),
    (", certificate_file: a", "certificate_file: certificate_file and "
     "key_file go together; write both"),
    (", websocket: true, status: [200]", "websocket: a web socket is asked "
     "for with GET, and 101 is what counts: leave method and status out"),
])
def test_an_expectation_that_cannot_fail_is_refused(probing, more, complaint):
    text = probing.complaint(
        f"  - name: p\n    http: {{url: 'http://h/'{more}}}\n")
    assert text.endswith(f"probes[0].http.{complaint}")
