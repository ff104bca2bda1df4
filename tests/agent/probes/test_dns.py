"""dns probes, and the look-ups of all others, against dnsmasq and worse."""
import contextlib
import json
import socket
import subprocess
import threading

import pytest
from support.probing import closed_port

RECORDS = ["--host-record=db.test,192.0.2.7", "--host-record=db.test,192.0.2.3",
           "--host-record=six.test,2001:db8::7", "--cname=alias.test,db.test",
           "--mx-host=test,mx.test,10", "--mx-host=test,mx2.test,20",
           "--txt-record=text.test,one,two",
           "--srv-host=_pg._tcp.test,db.test,5432,1,2"]


@pytest.fixture(name="port", scope="module")
def fixture_port():
    """The port of a dnsmasq that knows the zone test."""
    port = closed_port()
    with subprocess.Popen(
            ["dnsmasq", "-d", "--user=root", f"--port={port}", "--no-resolv",
             "--no-hosts", "--listen-address=127.0.0.1", "--bind-interfaces",
             "--local=/test/", *RECORDS], stderr=subprocess.PIPE,
            text=True) as server:
        for line in server.stderr:
            if "started" in line:
                break
        yield port
        server.terminate()


def ask(probing, port, name, more="", limit=""):
    """The result of asking the server at port for name."""
    return probing.one(
        "dns", f"{{name: {name}, server: '127.0.0.1:{port}'{more}}}", limit)


@pytest.mark.parametrize("name,kind,answers", [
    ("db.test", "A", "192.0.2.3, 192.0.2.7"),
    ("alias.test", "A", "192.0.2.3, 192.0.2.7"),
    ("alias.test", "CNAME", "db.test"),
    ("six.test", "AAAA", "2001:db8::7"),
    ("test", "MX", "10 mx.test, 20 mx2.test"),
    ("text.test", "TXT", "onetwo"),
    ("_pg._tcp.test", "SRV", "1 2 5432 db.test"),
])
def test_answers_are_a_set(probing, port, name, kind, answers):
    result = ask(probing, port, name, f", type: {kind}")
    assert (result["outcome"], result["message"]) == ("ok", "")
    assert result["attributes"]["answers"] == answers
    fact = f"dns/{name}" + ("" if kind == "A" else f"/{kind}")
    expected = {fact: {"value": answers, "fingerprint": None,
                       "source": "server"}}
    if kind == "A":  # /etc/hosts does not speak of it
        expected[f"hosts/{name}"] = {"value": None, "fingerprint": None,
                                     "source": "file"}
    assert result["facts"] == expected


@pytest.mark.parametrize("name,more,reason,message", [
    ("absent.test", "", "query.nxdomain", "no such name"),
    ("db.test", ", type: AAAA", "query.no_address",
     "the name exists, without such a record"),
    ("elsewhere.example", "", "query.servfail", "REFUSED"),
    ("db.test", ", expect: [192.0.2.7, 192.0.2.9]", "answer.answer",
     "the answer lacks 192.0.2.9"),
])
def test_answers_that_are_none(probing, port, name, more, reason, message):
    result = ask(probing, port, name, more)
    assert (result["outcome"], result["reason"]) == ("critical", reason)
    assert message in result["message"]


def test_answers_that_are_expected(probing, port):
    result = ask(probing, port, "db.test", ", expect: [192.0.2.7]")
    assert result["outcome"] == "ok"


@contextlib.contextmanager
def name_server(answer):
    """Answers every query with answer(query); gives its port."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind(("127.0.0.1", 0))

        def serve():
            with contextlib.suppress(OSError):
                while True:
                    query, address = server.recvfrom(4096)
                    for reply in answer(query):
                        server.sendto(reply, address)

        threading.Thread(target=serve, daemon=True).start()
        yield server.getsockname()[1]


def question_of(query):
    """The question section of a query."""
    at = 12
    while query[at]:
        at += query[at] + 1
    return query[12:at + 5]


def answer_with(code, records=b"", n=0):
    """A server that answers with this response code and these records."""
    def answer(query):
        return [query[:2] + bytes([0x81, 0x80 | code, 0, 1, 0, n, 0, 0, 0, 0])
                + question_of(query) + records]
    return answer


RECORD = b"\xc0\x0c\x00\x01\x00\x01\x00\x00\x00\x05\x00\x04\x7f\x00\x00\x01"


@pytest.mark.parametrize("answer,reasons", [
    (answer_with(2), {"query.servfail"}),
    (answer_with(4), {"query.servfail"}),
    (answer_with(3), {"query.nxdomain"}),
    (answer_with(0), {"query.no_address"}),
    # a record that is cut, one that points at itself, one too many
    (answer_with(0, RECORD[:-1], 1), {"query.protocol"}),
    (answer_with(0, b"\xc0\x19" + RECORD[2:], 1), {"query.protocol"}),
    (answer_with(0, RECORD, 2), {"query.protocol"}),
    # what is no answer to us is not heard
    (lambda query: [query[:2] + b"\xff" * 40], {"query.timeout"}),
    (lambda query: [], {"query.timeout"}),
    (lambda query: [bytes([query[0] ^ 1]) + answer_with(0, RECORD, 1)(query)[
        0][1:]], {"query.timeout"}),
    (lambda query: [b""], {"query.timeout"}),
])
def test_bad_name_servers(probing, answer, reasons):
    limit = "timeout: 500ms" if "query.timeout" in reasons else ""
    with name_server(answer) as port:
        result = ask(probing, port, "db.test", limit=limit)
    assert result["outcome"] == "critical"
    assert result["reason"] in reasons
    assert result["censored"] == ("query.timeout" in reasons)


def test_a_long_answer_is_kept_short(probing):
    records = b"".join(RECORD[:-1] + bytes([i]) for i in range(30))
    with name_server(answer_with(0, records, 30)) as port:
        result = ask(probing, port, "db.test")
    assert result["outcome"] == "ok"
    assert len(result["attributes"]["answers"]) <= 512


def resolve(probing, host, limit=""):
    """The result of a probe that has to look host up first."""
    return probing.one("tcp", f"{{host: {host}, port: 9}}", limit)


@pytest.mark.parametrize("host,reason", [
    ("absent.test", "resolve.nxdomain"),
    ("mail.test", "resolve.no_address"),
    ("elsewhere.example", "resolve.servfail"),
])
def test_names_of_the_system_are_looked_up(probing, host, reason):
    probing.network("--txt-record=mail.test,x")
    result = resolve(probing, host)
    assert (result["outcome"], result["reason"]) == ("critical", reason)
    assert result["message"].startswith(f"{host}: ")


def test_a_name_with_addresses_goes_on_to_connect(probing):
    probing.network("--host-record=db.test,127.0.0.5,::1")
    result = resolve(probing, "db.test")
    assert result["reason"] == "connect.refused"
    assert result["attributes"]["server"] == "127.0.0.5:9"


def test_a_name_server_that_is_silent_is_censored(probing):
    probing.network()
    probing.name_server("192.0.2.53")  # nobody there, and no route
    result = resolve(probing, "db.test", "timeout: 500ms")
    assert result["outcome"] == "critical"
    assert result["reason"] in ("resolve.timeout", "resolve.servfail")


@pytest.mark.parametrize("server", ["dns.test", "127.0.0.1:0", "::1",
                                    "127.0.0.1:99999", "[::1", "[127.0.0.1]",
                                    "127.0.0.1:", ""])
def test_a_server_is_an_address(probing, server):
    assert probing.complaint(
        f"  - name: p\n    dns: {{name: n, server: '{server}'}}\n").endswith(
            "dns.server: not an address: write 192.0.2.53, 192.0.2.53:5353 "
            "or [2001:db8::53]:53")


def test_a_type_is_one_of_six(probing):
    assert "not a type: write A, AAAA, CNAME" in probing.complaint(
        "  - name: p\n    dns: {name: n, type: ANY}\n")


def test_what_a_record_holds_is_printable(probing):
    text = b"\xc0\x0c\x00\x10\x00\x01\x00\x00\x00\x05\x00\x05\x04\x1b[\x00\xff"
    with name_server(answer_with(0, text, 1)) as port:
        result = ask(probing, port, "db.test", ", type: TXT")
    assert result["outcome"] == "ok"
    assert json.loads(json.dumps(result))["attributes"]["answers"] == "?[??"
