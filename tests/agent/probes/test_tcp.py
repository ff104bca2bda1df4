"""tcp probes against real sockets."""
import socket

import pytest
from support.probing import closed_port, full_port, hang, peer


def target(host, port):
    """The settings of a probe."""
    return f"{{host: '{host}', port: {port}}}"


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_a_listener_is_ok(probing, host):
    with peer(hang) as port:
        result = probing.one("tcp", target(host, port))
        assert (result["outcome"], result["reason"]) == ("ok", "")
        assert set(result["phases"]) == {"resolve", "connect"}
        assert result["attributes"]["server"] == f"127.0.0.1:{port}"
        assert not result["censored"]


def test_ipv6_is_tried_when_ipv4_refuses(probing):
    with peer(hang, family=socket.AF_INET6) as port:
        probing.hosts("127.0.0.1 db.test", "::1 db.test")
        result = probing.one("tcp", target("db.test", port))
        assert result["outcome"] == "ok"
        assert result["attributes"]["server"] == f"[::1]:{port}"


def test_a_port_nobody_listens_on_is_refused(probing):
    port = closed_port()
    result = probing.one("tcp", target("127.0.0.1", port))
    assert (result["outcome"], result["reason"]) == (
        "critical", "connect.refused")
    assert result["message"] == f"127.0.0.1:{port}: Connection refused"


def test_a_port_that_does_not_answer_is_censored(probing):
    with full_port() as port:
        result = probing.one("tcp", target("127.0.0.1", port),
                             "timeout: 1500ms")
    assert (result["outcome"], result["reason"]) == (
        "critical", "connect.timeout")
    assert result["censored"] and result["duration_ms"] >= 1500
    assert result["attributes"]["syn_retransmits"] >= 1
    assert "no answer within 1.5 s" in result["message"]


def test_a_network_without_a_route_is_unreachable(probing):
    # 240.0.0.0/4 is reserved: Linux has no route that it would take, or the
    # address is refused; in no case is it there.
    result = probing.one("tcp", target("255.255.255.255", 9))
    assert (result["outcome"], result["reason"]) == (
        "critical", "connect.unreachable")


def test_a_name_that_does_not_exist_fails_to_resolve(probing):
    result = probing.one("tcp", target("no-such-name.invalid", 1),
                         "timeout: 20s")
    assert result["outcome"] == "critical"
    # Without a network there is nobody to ask, which is not an answer.
    assert result["reason"] in ("resolve.nxdomain", "resolve.servfail",
                                "resolve.timeout")
    assert result["message"].startswith("no-such-name.invalid: ")


def test_all_addresses_of_a_name_are_tried(probing):
    probing.hosts("127.0.0.1 db.test", "127.0.0.2 db.test")
    result = probing.one("tcp", target("db.test", closed_port()))
    assert result["reason"] == "connect.refused"
    assert result["message"].endswith(
        ": Connection refused (nor any other of its addresses)")


def test_a_refused_port_is_tried_again(probing):
    result = probing.one("tcp", target("127.0.0.1", closed_port()),
                         "retries: 2")
    assert result["attempts"] == 3


@pytest.mark.parametrize("settings,complaint", [
    ("{host: '', port: 1}",
     "5:17: probes[0].tcp.host: must be a name or an address"),
    ("{host: h, port: 0}",
     "5:26: probes[0].tcp.port: must be from 1 to 65535"),
])
def test_a_bad_target_is_a_complaint(probing, settings, complaint):
    assert probing.complaint(
        f"  - name: p\n    tcp: {settings}\n") == complaint
