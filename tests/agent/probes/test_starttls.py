"""tls probes of mail servers that begin in plain text: the real ones."""
import contextlib
import shutil

import pytest
from support.chain_of import Chain
from support.mail import PATHS, dovecot, exim

# (who answers, protocol, what it says when it has no TLS)
SERVERS = [
    ("dovecot", "imap", "a BAD TLS support isn't enabled."),
    ("dovecot", "pop3", "-ERR TLS support isn't enabled."),
    ("dovecot", "smtp", "502 5.5.1 TLS support is not enabled."),
    ("exim", "smtp", "503 STARTTLS command used when not advertised"),
]


@pytest.fixture(name="chain", scope="module")
def fixture_chain():
    """A certificate that is good, and one that was."""
    chain = Chain()
    name = "DNS:mail.test"
    chain.issue("good", name)
    chain.issue("expired", name, days=30, at="2020-01-01 00:00:00")
    yield chain
    chain.remove()


@contextlib.contextmanager
def server(chain, program, protocol, name="good", tls=True):
    """The port of a server of this program."""
    if program == "dovecot":
        with dovecot(chain, name, tls) as ports:
            yield ports[protocol]
    elif shutil.which("exim4", path=PATHS) is None:
        pytest.skip("another mail server is installed here")
    else:
        with exim(chain, name, tls) as port:
            yield port


def ask(probing, chain, port, protocol):
    """The result of looking at it."""
    probing.hosts("127.0.0.1 mail.test")
    return probing.one("tls", f"{{host: mail.test, port: {port}, starttls: "
                       f"{protocol}, ca_file: {chain.folder}/root.pem}}")


@pytest.mark.parametrize("program,protocol,_", SERVERS)
def test_a_mail_server_goes_on_with_tls(probing, chain, program, protocol, _):
    with server(chain, program, protocol) as port:
        result = ask(probing, chain, port, protocol)
    assert (result["outcome"], result["reason"]) == ("ok", "")
    assert result["attributes"]["issuer"] == "between"
    assert result["attributes"]["tls"] == "TLSv1.3"


@pytest.mark.parametrize("program,protocol,_", SERVERS)
def test_its_certificate_is_judged(probing, chain, program, protocol, _):
    with server(chain, program, protocol, "expired") as port:
        result = ask(probing, chain, port, protocol)
    assert (result["outcome"], result["reason"]) == (
        "critical", "certificate.expired")


@pytest.mark.parametrize("program,protocol,words", SERVERS)
def test_one_without_tls_says_so_itself(probing, chain, program, protocol,
                                        words):
    with server(chain, program, protocol, tls=False) as port:
        result = ask(probing, chain, port, protocol)
    assert (result["outcome"], result["reason"]) == (
        "critical", "handshake.handshake")
    assert result["message"] == \
        f"{protocol}: the server does not go on with TLS: {words}"
