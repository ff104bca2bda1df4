"""redis probes against redis 7, and against what is none."""
import contextlib
import json
import shutil
import socket
import subprocess
import tempfile

import pytest
from support.chain_of import Chain
from support.probing import (DEADLINE_S, closed_port, garbage, hang, peer,
                             reset, service, until_listening)

CANARY = "canary-b91d"
PASSWORD = "pw-" + CANARY


@contextlib.contextmanager
def redis(*options):
    """A running redis-server; its port."""
    folder = tempfile.mkdtemp(prefix="vedette-")
    port = closed_port()
    listen = [] if "--tls-port" in options else ["--port", str(port)]
    options = [str(port) if option == "PORT" else option
               for option in options]
    with subprocess.Popen(
            ["redis-server", "--bind", "127.0.0.1", "--dir", folder, "--save",
             "", *listen, *options],
            stdout=subprocess.DEVNULL) as server:
        try:
            until_listening(port, server)
            yield port
        finally:
            server.terminate()
            server.wait(DEADLINE_S)
            shutil.rmtree(folder)


def say(port, *words, password=None):
    """What the server answers to one command."""
    with socket.create_connection(("127.0.0.1", port), DEADLINE_S) as line:
        file = line.makefile("rwb")
        if password:
            file.write(f"AUTH {password}\r\n".encode())
            file.flush()
            file.readline()
        file.write(" ".join(words).encode() + b"\r\n")
        file.flush()
        return file.readline().decode().strip()


@pytest.fixture(name="port", scope="module")
def fixture_port():
    """A server with a password, and users with less rights."""
    with redis("--requirepass", PASSWORD) as port:
        for user, rights in (("reader", "~* +@read +ping +select +auth"),
                             ("silent", "~* +select +auth"),
                             ("writer", "~* +@all -info")):
            assert say(port, "ACL", "SETUSER", user, "on", ">" + PASSWORD,
                       *rights.split(), password=PASSWORD) == "+OK"
        yield port


def settings(port, password=PASSWORD, more=""):
    """The parts."""
    secret = f", password: '{password}'" if password else ""
    return f"{{host: 127.0.0.1, port: {port}{secret}{more}}}"


def test_a_healthy_server_says_who_it_is(probing, port):
    result = probing.one("redis", settings(port, more=", database: 3"))
    assert (result["outcome"], result["reason"]) == ("ok", "")
    assert list(result["phases"]) == ["inputs", "resolve", "connect", "tls",
                                      "auth", "ping", "write", "server"]
    said, facts = result["attributes"], result["facts"]
    assert said["server"] == f"127.0.0.1:{port}" and said["tls"] == "off"
    assert said["server_version"].startswith("7.")
    assert said["server_role"] == "primary"
    assert said["memory_used_bytes"] > 0 and said["clients"] >= 1
    assert set(facts) == {"redis/p/server_version", "redis/p/server_run",
                          "redis/p/server_role"}
    assert PASSWORD not in json.dumps(result)


@pytest.mark.parametrize("how,outcome,reason,message", [
    ({"password": "wrong"}, "critical", "auth.password", "WRONGPASS"),
    ({"password": None}, "critical", "ping.password", "NOAUTH"),
    ({"more": ", user: nobody"}, "critical", "auth.password", "WRONGPASS"),
    ({"more": ", user: silent"}, "critical", "ping.privilege", "NOPERM"),
    ({"more": ", user: reader"}, "ok", "", ""),
    ({"more": ", user: reader, role: primary"}, "unknown", "server.denied",
     "may not ask for its role"),
    ({"more": ", user: reader, write: v"}, "critical", "write.privilege",
     "NOPERM"),
    ({"more": ", user: writer, write: v"}, "ok", "", ""),
    ({"more": ", database: 99"}, "critical", "auth.database",
     "DB index is out of range"),
    ({"more": ", role: replica"}, "critical", "server.answer",
     "is a primary, and should be a replica"),
])
def test_logins_rights_and_roles(probing, port, how, outcome, reason,
                                 message):
    result = probing.one("redis", settings(port, **how))
    assert (result["outcome"], result["reason"]) == (outcome, reason)
    assert message in result["message"]
    assert PASSWORD not in json.dumps(result)


def test_a_password_nobody_asked_for(probing):
    with redis() as port:
        result = probing.one("redis", settings(port))
    assert (result["outcome"], result["reason"]) == (
        "critical", "auth.password")
    assert "without any password configured" in result["message"]


def test_a_server_without_memory_refuses_to_write(probing):
    with redis("--maxmemory", "1") as port:
        reads = probing.one("redis", settings(port, None))
        writes = probing.one("redis", settings(port, None, ", write: v"))
    assert reads["outcome"] == "ok"
    assert (writes["outcome"], writes["reason"]) == (
        "critical", "write.exhausted")
    assert "OOM" in writes["message"]


def test_a_replica_is_read_only_and_may_lose_its_primary(probing):
    with redis("--replicaof", "127.0.0.1", str(closed_port())) as port:
        lost = probing.one("redis", settings(port, None))
        wanted = probing.one("redis", settings(
            port, None, ", role: primary"))
        writes = probing.one("redis", settings(port, None, ", write: v"))
    assert (lost["outcome"], lost["reason"]) == ("warning", "server.stale")
    assert "lost its primary" in lost["message"]
    assert wanted["reason"] == "server.answer"
    assert (writes["outcome"], writes["reason"]) == (
        "critical", "write.read_only")


def test_too_many_clients(probing):
    with redis("--maxclients", "1") as port, contextlib.ExitStack() as stack:
        answer = b""
        while answer != b"+PONG\r\n":  # who came before may not be gone yet
            one = stack.enter_context(
                socket.create_connection(("127.0.0.1", port), DEADLINE_S))
            one.sendall(b"PING\r\n")
            answer = one.recv(100)
        result = probing.one("redis", settings(port, None))
    assert (result["outcome"], result["reason"]) == (
        "critical", "ping.exhausted")
    assert "max number of clients" in result["message"]


def test_a_server_that_loads_is_starting(probing):
    with peer(saying(b"-LOADING Redis is loading the dataset in memory\r\n")) \
            as port:
        result = probing.one("redis", settings(port, None))
    assert (result["outcome"], result["reason"]) == (
        "critical", "ping.starting")


@pytest.mark.parametrize("url", [
    "redis://:{password}@127.0.0.1:{port}",
    "redis://reader:{password}@127.0.0.1:{port}/2",
    "redis://default:{password}@localhost:{port}/0?timeout=5",
])
def test_urls(probing, port, url):
    url = url.format(password=PASSWORD, port=port)
    result = probing.one("redis", f"{{url: '{url}'}}")
    assert (result["outcome"], result["message"]) == ("ok", "")


@pytest.mark.parametrize("given,outcome,reason,message", [
    ({"REDIS_URL": "redis://:{password}@127.0.0.1:{port}/1"}, "ok", "", ""),
    ({"REDIS_HOST": "127.0.0.1", "REDIS_PORT": "{port}",
      "REDIS_PASSWORD": "{password}", "REDIS_DB": "2"}, "ok", "", ""),
    ({"REDIS_HOST": "localhost", "REDIS_PORT": "{port}"}, "critical",
     "ping.password", "NOAUTH"),
    ({}, "critical", "inputs.missing", "REDIS_URL is missing in process "),
    ({"REDIS_URL": "http://x/"}, "critical", "inputs.shape",
     "REDIS_URL in process "),
    ({"REDIS_HOST": "h", "REDIS_PORT": "many"}, "critical", "inputs.shape",
     "REDIS_PORT is not a port"),
    ({"REDIS_HOST": "h", "REDIS_DB": "x"}, "critical", "inputs.shape",
     "REDIS_DB is not"),
])
def test_what_a_service_is_given(probing, port, given, outcome, reason,
                                 message):
    given = {name: value.format(port=port, password=PASSWORD)
             for name, value in given.items()}
    with service(probing, given):
        result = probing.one(
            "redis", "{variables: {pidfile: backend.pid}}")
    assert (result["outcome"], result["reason"]) == (outcome, reason)
    assert message in result["message"]
    text = json.dumps(result)
    assert PASSWORD not in text and "localhost" not in text


def test_a_process_that_is_not_there_says_nothing_of_the_server(probing):
    result = probing.one("redis", "{variables: {pidfile: missing.pid}}")
    assert (result["outcome"], result["reason"]) == (
        "unknown", "inputs.process")


def test_a_reference_run_separates_inputs_from_server(probing, port):
    (probing.directory / "url").write_text(
        f"redis://:{PASSWORD}@127.0.0.1:{port}\n")
    results = probing.run(
        f"  - name: p\n    redis: {{host: 127.0.0.1, port: {port}, password: "
        "wrong, reference: {url: '@url'}}\n")
    assert results["p"]["reason"] == "auth.password"
    assert results["p.reference"]["outcome"] == "ok"
    assert results["p.reference"]["reference_of"] == "p"
    assert results["p.reference"]["facts"] == {}


def test_tls(probing):
    chain = Chain().issue("good", "DNS:cache.test").issue(
        "other", "DNS:other.test")
    probing.hosts("127.0.0.1 cache.test")
    trust = f", ca_file: {chain.folder}/root.pem}}"
    tls = ["--port", "0", "--tls-port", "PORT", "--tls-auth-clients", "no",
           "--tls-ca-cert-file", f"{chain.folder}/root.pem"]

    def shown(name):
        return tls + ["--tls-cert-file", f"{chain.folder}/{name}.chain",
                      "--tls-key-file", f"{chain.folder}/{name}.key"]

    with redis(*shown("good")) as port:
        url = f"{{url: 'rediss://cache.test:{port}'"
        good = probing.one("redis", url + trust)
        unknown = probing.one("redis", url + "}")
        plain = probing.one("redis", f"{{host: 127.0.0.1, port: {port}}}")
    with redis(*shown("other")) as port:
        other = probing.one(
            "redis", f"{{host: cache.test, port: {port}, tls: true" + trust)
    chain.remove()
    assert (good["outcome"], good["message"]) == ("ok", "")
    assert good["attributes"]["tls"] == "TLSv1.3"
    assert unknown["reason"] == "tls.authority"
    assert other["reason"] == "tls.wrong_name"
    assert plain["outcome"] == "critical"
    assert plain["reason"] in ("ping.reset", "ping.protocol")


def saying(answer):
    """A peer that answers so, whatever it is asked."""
    def behave(connection):
        connection.recv(4096)
        connection.sendall(answer)
        hang(connection)
    return behave


def close(connection):
    """Reads, and leaves."""
    connection.recv(4096)


def flood(connection):
    """64 MiB of a text."""
    connection.recv(4096)
    connection.sendall(b"$67108864\r\n")
    for _ in range(1024):
        connection.sendall(bytes(65536))


@pytest.mark.parametrize("behave,reason", [
    (saying(b"+OK\r\n"), "ping.answer"),
    (saying(b":1\r\n"), "ping.answer"),
    (saying(b"$-1\r\n"), "ping.answer"),
    (saying(b"+PONG\r\n+PONG\r\n"), "ping.protocol"),
    (saying(b"*1000000000\r\n"), "ping.protocol"),
    (saying(b"$x\r\n"), "ping.protocol"),
    (saying(b"HTTP/1.1 400 Bad Request\r\n\r\n"), "ping.protocol"),
    (garbage, "ping.protocol"),
    (flood, "ping.limit"),
    (close, "ping.reset"),
    (reset, "ping.reset"),
])
def test_peers_that_are_no_redis(probing, behave, reason):
    with peer(behave) as port:
        result = probing.one("redis", settings(port, None))
    assert (result["outcome"], result["reason"]) == ("critical", reason)


def drip(connection):
    """A status that never ends, a byte now and then."""
    connection.recv(4096)
    connection.settimeout(0.05)
    while True:
        connection.sendall(b"+")
        with contextlib.suppress(TimeoutError):
            if connection.recv(1) == b"":
                return


@pytest.mark.parametrize("behave", [hang, drip])
def test_peers_that_take_for_ever_are_censored(probing, behave):
    with peer(behave) as port:
        result = probing.one("redis", settings(port, None),
                             "timeout: 700ms")
    assert (result["outcome"], result["reason"]) == (
        "critical", "ping.timeout")
    assert result["censored"]
    assert result["message"].endswith("no answer to PING within 700 ms")


def test_nobody_there(probing):
    result = probing.one("redis", settings(closed_port()))
    assert (result["outcome"], result["reason"]) == (
        "critical", "connect.refused")


@pytest.mark.parametrize("given,complaint", [
    ("{}", "5:12: probes[0].redis: must have exactly one of url, host and "
     "variables"),
    ("{host: h, user: u}", "5:12: probes[0].redis: a user needs a password"),
    ("{host: h, role: master}", "5:28: probes[0].redis.role: must be primary "
     "or replica"),
    ("{host: h, reference: {}}", "5:33: probes[0].redis.reference: must have "
     "exactly one of url, host and variables"),
    ("{variables: {}}", "5:24: probes[0].redis.variables: must name exactly "
     "one of pidfile, command, unit, port, file, self: true"),
])
def test_a_bad_target_is_a_complaint(probing, given, complaint):
    assert probing.complaint(
        f"  - name: p\n    redis: {given}\n") == complaint
