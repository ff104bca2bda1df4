"""tls probes against chains made by openssl, and peers that speak none."""
import contextlib
import ssl
import struct

import pytest
from support.chain_of import Chain
from support.postgres import postgres
from support.probing import (closed_port, full_port, garbage, hang, peer,
                             reset)

HOSTS = ["127.0.0.1 web.test", "127.0.0.1 other.test"]


@pytest.fixture(name="chain", scope="module")
def fixture_chain():
    """Certificates of every sort."""
    chain = Chain()
    name = "DNS:web.test,DNS:*.wild.test,IP:127.0.0.1"
    chain.issue("good", name)
    chain.issue("soon", name, days=5)
    chain.issue("expired", name, days=30, at="2020-01-01 00:00:00")
    chain.issue("early", name, at="2090-01-01 00:00:00")
    chain.issue("wrong", "DNS:db.test,DNS:cache.test")
    chain.issue("both", "DNS:db.test", days=30, at="2020-01-01 00:00:00")
    chain.issue("old-authority", by="root", days=30, at="2020-01-01 00:00:00",
                extensions="basicConstraints=critical,CA:TRUE\n")
    chain.issue("below-old", name, by="old-authority")
    yield chain
    chain.remove()


def ask(probing, chain, port, more="", host="web.test"):
    """The result of looking at a port of this host."""
    probing.hosts(*HOSTS)
    trust = f", ca_file: {chain.folder}/root.pem" if chain else ""
    return probing.one("tls", f"{{host: {host}, port: {port}{trust}{more}}}")


def test_a_good_chain_is_ok_and_tells_itself(probing, chain):
    with chain.serve("good") as port:
        result = ask(probing, chain, port)
    assert (result["outcome"], result["reason"]) == ("ok", "")
    assert list(result["phases"]) == ["resolve", "connect", "handshake",
                                      "certificate"]
    said, facts = result["attributes"], result["facts"]
    assert said["tls"] == "TLSv1.3" and said["issuer"] == "between"
    assert 88 < said["days_left"] <= 90
    assert facts["tls/p/not_after"]["value"] == said["not_after"]
    assert set(facts) == {"tls/p/serial", "tls/p/not_after", "tls/p/issuer",
                          "tls/p/sha256"}
    assert facts["tls/p/serial"]["source"] == "server"
    assert len(facts["tls/p/sha256"]["value"]) == 64


def test_the_serial_is_that_of_openssl(probing, chain):
    with chain.serve("good") as port:
        result = ask(probing, chain, port)
    pem = (chain.folder / "good.pem").read_text()
    path = probing.directory / "good.pem"
    path.write_text(pem)
    # pylint: disable-next=protected-access
    serial = ssl._ssl._test_decode_cert(str(path))["serialNumber"]
    assert result["facts"]["tls/p/serial"]["value"] == serial.lower()


BAD = [
    # the certificate, how it is shown, reason, parts of the message
    ("expired", {}, "certificate.expired", ["web.test: expired at 2020-01-31"]),
    ("early", {}, "certificate.expired", ["is not valid before 2090-01-01"]),
    ("wrong", {}, "certificate.wrong_name",
     ["for web.test: it is for db.test, cache.test"]),
    ("both", {}, "certificate.wrong_name",
     ["it is for db.test", "; expired at 2020-01-31"]),
    ("good", {"chain": False}, "certificate.authority",
     ['nobody trusts "between", who signed it']),
    ("below-old", {}, "certificate.expired",
     ['its authority "old-authority" expired at 2020-01-31']),
]


@pytest.mark.parametrize("name,how,reason,parts", BAD)
def test_certificates_that_are_not_acceptable(probing, chain, name, how,
                                              reason, parts):
    with chain.serve(name, **how) as port:
        result = ask(probing, chain, port)
    assert (result["outcome"], result["reason"]) == ("critical", reason)
    for part in parts:
        assert part in result["message"]
    assert result["facts"]["tls/p/serial"]["value"]


def test_an_authority_that_nobody_knows(probing, chain):
    with chain.serve("good") as port:
        result = ask(probing, None, port)
    assert (result["outcome"], result["reason"]) == (
        "critical", "certificate.authority")


def test_a_certificate_signed_by_itself(probing, chain):
    with chain.serve("root", chain=False) as port:
        result = ask(probing, None, port)
    assert result["reason"] == "certificate.authority"
    assert "it is signed by itself; it is for test root" in result["message"]


def test_a_renewal_that_is_due_is_a_warning(probing, chain):
    with chain.serve("soon") as port:
        due = ask(probing, chain, port)
        late = ask(probing, chain, port, ", warn_days: 3")
    assert (due["outcome"], due["reason"]) == (
        "warning", "certificate.threshold")
    assert "expires in 5.0 days; it is to be renewed 14 days before" in \
        due["message"]
    assert late["outcome"] == "ok"


@pytest.mark.parametrize("host,more", [
    ("127.0.0.1", ""),
    ("other.test", ", server_name: web.test"),
    ("other.test", ", server_name: a.wild.test"),
])
def test_names_that_fit(probing, chain, host, more):
    with chain.serve("good") as port:
        assert ask(probing, chain, port, more, host)["outcome"] == "ok"


def test_versions_of_the_past_are_no_handshake(probing, chain):
    with chain.serve("good", maximum_version=ssl.TLSVersion.TLSv1_1,
                     minimum_version=ssl.TLSVersion.TLSv1) as port:
        result = ask(probing, chain, port)
    assert (result["outcome"], result["reason"]) == (
        "critical", "handshake.handshake")


def plain(connection):
    """A server of something else."""
    connection.recv(4096)
    connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")


def close(connection):
    """Reads, and leaves."""
    connection.recv(4096)


def flood(connection):
    """A record of a handshake that never ends, 64 MiB."""
    connection.recv(4096)
    connection.sendall(b"\x16\x03\x03" + struct.pack(">H", 16384) +
                       b"\x02\xff\xff\xff" + bytes(16380))
    for _ in range(4096):
        connection.sendall(b"\x16\x03\x03" + struct.pack(">H", 16384) +
                           bytes(16384))


@pytest.mark.parametrize("behave,reason", [
    (plain, "handshake.handshake"),
    (garbage, "handshake.handshake"),
    (flood, "handshake.handshake"),
    (close, "handshake.reset"),
    (reset, "handshake.reset"),
])
def test_peers_that_speak_no_tls(probing, behave, reason):
    with peer(behave) as port:
        result = ask(probing, None, port)
    assert (result["outcome"], result["reason"]) == ("critical", reason)
    assert result["message"].startswith("web.test: ")


def drip(connection):
    """One byte of a handshake now and then."""
    connection.recv(4096)
    connection.settimeout(0.05)
    for byte in b"\x16\x03\x03\x40\x00\x02" + bytes(10000):
        connection.sendall(bytes([byte]))
        with contextlib.suppress(TimeoutError):
            if connection.recv(1) == b"":
                return


@pytest.mark.parametrize("behave", [hang, drip])
def test_peers_that_take_for_ever_are_censored(probing, behave):
    with peer(behave) as port:
        result = probing.one("tls", f"{{host: 127.0.0.1, port: {port}}}",
                             "timeout: 700ms")
    assert (result["outcome"], result["reason"]) == (
        "critical", "handshake.timeout")
    assert result["censored"]
    assert "did not complete the handshake within 700 ms" in \
        result["message"]


def test_nobody_there(probing):
    result = ask(probing, None, closed_port())
    assert (result["outcome"], result["reason"]) == (
        "critical", "connect.refused")
    with full_port() as port:
        result = probing.one("tls", f"{{host: 127.0.0.1, port: {port}}}",
                             "timeout: 700ms")
    assert result["reason"] == "connect.timeout"


def test_a_missing_file_of_ours_is_no_fault_of_the_server(probing, chain):
    with chain.serve("good") as port:
        result = ask(probing, None, port, ", ca_file: /nonexistent.pem")
    assert (result["outcome"], result["reason"]) == (
        "unknown", "handshake.internal")
    assert "ca_file: /nonexistent.pem: " in result["message"]


@pytest.mark.parametrize("settings,complaint", [
    ("{host: ''}", "5:17: probes[0].tls.host: must be a name or an address, "
     "without scheme and path"),
    ("{host: 'https://web.test'}", "5:17: probes[0].tls.host: must be a name "
     "or an address, without scheme and path"),
    ("{host: h, server_name: ''}", "5:33: probes[0].tls.server_name: must be "
     "a name; or leave it out"),
    ("{host: h, warn_days: 4000}", "5:31: probes[0].tls.warn_days: must be at "
     "most 3650"),
])
def test_a_bad_target_is_a_complaint(probing, settings, complaint):
    assert probing.complaint(
        f"  - name: p\n    tls: {settings}\n") == complaint


# --- what begins in plain text ------------------------------------------------

def talk(*exchanges):
    """A greeting of a server: what it says, and what has to be asked next."""
    def greet(plain):
        file = plain.makefile("rwb", buffering=0)
        for question, answer in exchanges:
            if question is not None:
                assert file.readline() == question
            for part in answer.splitlines(keepends=True):
                file.write(part)
    return greet


SMTP = [(None, b"220-web.test\r\n220 ESMTP ready\r\n"),
        (b"EHLO vedette\r\n", b"250-web.test\r\n250-SIZE 1000\r\n250 STARTTLS"
                              b"\r\n")]
GREETINGS = [
    ("smtp", talk(*SMTP, (b"STARTTLS\r\n", b"220 go ahead\r\n"))),
    ("imap", talk((None, b"* OK [CAPABILITY IMAP4rev1] ready\r\n"),
                  (b"a STARTTLS\r\n", b"* CAPABILITY IMAP4rev1\r\n"
                                      b"a OK begin\r\n"))),
    ("pop3", talk((None, b"+OK ready\r\n"), (b"STLS\r\n", b"+OK begin\r\n"))),
]


@pytest.mark.parametrize("protocol,greet", GREETINGS)
def test_a_server_that_begins_in_plain_text(probing, chain, protocol, greet):
    with chain.serve("good", greet=greet) as port:
        result = ask(probing, chain, port, f", starttls: {protocol}")
    assert (result["outcome"], result["reason"]) == ("ok", "")
    assert result["attributes"]["issuer"] == "between"
    with chain.serve("expired", greet=greet) as port:
        result = ask(probing, chain, port, f", starttls: {protocol}")
    assert result["reason"] == "certificate.expired"


@pytest.mark.parametrize("protocol,greet,part", [
    ("smtp", talk(*SMTP, (b"STARTTLS\r\n", b"454 4.7.0 not now\r\n")),
     "the server does not go on with TLS: 454 4.7.0 not now"),
    ("smtp", talk((None, b"554 no service\r\n")), "554 no service"),
    ("imap", talk((None, b"* OK ready\r\n"),
                  (b"a STARTTLS\r\n", b"a BAD unknown\r\n")), "a BAD unknown"),
    ("pop3", talk((None, b"-ERR busy\r\n")), "-ERR busy"),
    ("postgres", lambda plain: plain.sendall(b"N"),
     "postgres: the server does not speak TLS"),
])
def test_a_server_that_does_not_go_on_with_tls(probing, chain, protocol,
                                               greet, part):
    with chain.serve("good", greet=greet) as port:
        result = ask(probing, chain, port, f", starttls: {protocol}")
    assert (result["outcome"], result["reason"]) == (
        "critical", "handshake.handshake")
    assert part in result["message"]


@pytest.mark.parametrize("behave,reason", [
    (hang, "handshake.timeout"), (reset, "handshake.reset"),
    (garbage, "handshake.limit")])
@pytest.mark.parametrize("protocol", ["smtp", "imap"])
def test_a_peer_that_speaks_nothing_of_it(probing, behave, reason, protocol):
    with peer(behave) as port:
        result = probing.one(
            "tls", f"{{host: 127.0.0.1, port: {port}, starttls: {protocol}}}",
            "timeout: 1s")
    assert result["outcome"] == "critical"
    assert result["reason"] in (reason, "handshake.timeout")


def test_the_certificate_of_postgresql(probing):
    probing.hosts("127.0.0.1 db.test", "127.0.0.1 other.test")
    with postgres("host all all 127.0.0.1/32 trust") as server:
        trust = f"starttls: postgres, ca_file: {server.folder}/cert.pem"
        more = "warn_days: 1"
        good = probing.one("tls", f"{{host: db.test, port: {server.port}, "
                           f"{trust}, {more}}}")
        other = probing.one("tls", f"{{host: other.test, port: {server.port}, "
                            f"{trust}, {more}}}")
    assert (good["outcome"], good["reason"]) == ("ok", "")
    assert good["facts"]["tls/p/serial"]["value"]
    assert other["reason"] == "certificate.wrong_name"


# --- a certificate of our own ---------------------------------------------------

def test_our_own_certificate_is_shown_and_judged(probing, chain):
    chain.issue("client", "DNS:client.test")
    own = (f", certificate_file: {chain.folder}/client.chain, "
           f"key_file: {chain.folder}/client.key")
    (chain.folder / "client.key").chmod(0o600)
    with chain.serve("good", verify_mode=ssl.CERT_REQUIRED) as port:
        known = ask(probing, chain, port, own)
    assert (known["outcome"], known["reason"]) == ("ok", "")
    stranger = Chain()
    try:
        stranger.issue("client", "DNS:client.test")
        (stranger.folder / "client.key").chmod(0o600)
        with chain.serve("good", verify_mode=ssl.CERT_REQUIRED) as port:
            other = ask(probing, chain, port, own.replace(
                str(chain.folder), str(stranger.folder)))
    finally:
        stranger.remove()
    assert (other["outcome"], other["reason"]) == (
        "critical", "handshake.handshake")
    assert "our certificate is not accepted" in other["message"]


@pytest.mark.parametrize("more,complaint", [
    ("starttls: ftp", "starttls: not a protocol that is known: write "
     "postgres, smtp, imap or pop3"),
    ("certificate_file: a.pem", "certificate_file: certificate_file and key_file go "
     "together; write both"),
])
def test_what_cannot_be_asked_for_is_refused(probing, more, complaint):
    text = probing.complaint(f"  - name: p\n    tls: {{host: h, {more}}}\n")
    assert complaint in text
