"""icmp probes in a network of their own, where pinging is allowed."""
import pytest

ALL = "0 0"  # of the only group there is inside
IGNORE = "/proc/sys/net/ipv4/icmp_echo_ignore_all"
# After the first request that has come, none is answered any more.
DEAFEN = (f"(while ! grep -q '^Icmp: [1-9]' /proc/net/snmp; do :; done; "
          f"echo 1 >{IGNORE}) & ")


def network(probing, groups=ALL, more=""):
    """A network with nothing but a loopback."""
    probing.prefix += [
        "unshare", "--map-root-user", "--net", "sh", "-c",
        f"ip link set lo up; echo {groups} "
        f">/proc/sys/net/ipv4/ping_group_range; {more} \"$@\"", "sh"]


@pytest.mark.parametrize("host,server", [("127.0.0.1", "127.0.0.1"),
                                         ("::1", "[::1]"),
                                         ("localhost", "127.0.0.1")])
def test_a_host_that_answers(probing, host, server):
    network(probing)
    result = probing.one("icmp", f"{{host: '{host}', spacing: 10ms}}")
    assert (result["outcome"], result["message"]) == ("ok", "")
    assert list(result["phases"]) == ["resolve", "open", "echo"]
    said = result["attributes"]
    assert (said["sent"], said["lost"], said["loss_percent"]) == (3, 0, 0)
    assert 0 < said["rtt_min_ms"] <= said["rtt_avg_ms"] <= said["rtt_max_ms"]
    assert said["server"] == server


def test_a_host_that_is_silent(probing):
    network(probing, more=f"echo 1 >{IGNORE};")
    result = probing.one("icmp", "{host: 127.0.0.1, spacing: 10ms, wait: "
                         "200ms}")
    assert (result["outcome"], result["reason"]) == ("critical", "echo.loss")
    assert not result["censored"]
    assert result["attributes"]["loss_percent"] == 100
    assert "no reply to any of 3 requests, the last of them 200 ms ago" in \
        result["message"]


def test_a_part_that_is_lost(probing):
    network(probing, more=DEAFEN)
    result = probing.one("icmp", "{host: 127.0.0.1, count: 2, spacing: 2s, "
                         "wait: 200ms}")
    assert (result["outcome"], result["reason"]) == ("warning", "echo.loss")
    assert result["message"] == "127.0.0.1: 1 of 2 requests without a reply"
    assert result["attributes"]["rtt_min_ms"] > 0


def test_how_much_may_be_lost_is_configured(probing):
    network(probing, more=DEAFEN)
    settings = "{host: 127.0.0.1, count: 2, spacing: 2s, wait: 200ms, "
    bad = probing.one("icmp", settings + "critical_loss: 50}")
    good = probing.one("icmp", settings + "warning_loss: 51}")
    assert (bad["outcome"], good["outcome"]) == ("critical", "ok")


# --- several addresses --------------------------------------------------------------

# Two neighbours that nobody is.
SILENT = "ip link add v type veth peer name w; ip link set v up; " \
    "ip link set w up; ip addr add 192.0.2.1/24 dev v; " + "".join(
        f"ip neigh add 192.0.2.{i} lladdr 02:00:00:00:00:0{i} dev v; "
        for i in (8, 9))
FAST = "{host: many.test, spacing: 10ms, wait: 300ms}"


@pytest.mark.parametrize("first", ["192.0.2.9", "203.0.113.1"],
                         ids=["silent", "without a route"])
@pytest.mark.parametrize("second,server", [("127.0.0.1", "127.0.0.1"),
                                           ("::1", "[::1]")])
def test_an_address_that_does_not_answer_is_followed_by_the_next(
        probing, first, second, server):
    probing.hosts(f"{first} many.test", f"{second} many.test")
    network(probing, more=SILENT)
    result = probing.one("icmp", FAST)
    assert (result["outcome"], result["message"]) == ("ok", "")
    assert result["attributes"]["server"] == server
    assert result["attributes"]["lost"] == 0


def test_of_addresses_that_are_all_silent_the_first_is_told(probing):
    probing.hosts("192.0.2.9 many.test", "192.0.2.8 many.test")
    network(probing, more=SILENT)
    result = probing.one("icmp", FAST)
    assert (result["outcome"], result["reason"]) == ("critical", "echo.loss")
    assert result["message"].endswith(
        "ms ago (nor any other of its addresses)")
    assert result["attributes"]["server"] == "192.0.2.9"
    assert result["attributes"]["loss_percent"] == 100


def test_of_addresses_without_a_route_the_first_is_told(probing):
    probing.hosts("203.0.113.1 many.test", "203.0.113.2 many.test")
    network(probing)
    result = probing.one("icmp", FAST)
    assert (result["outcome"], result["reason"]) == (
        "critical", "open.unreachable")
    assert result["message"] == "many.test: Network is unreachable (nor any " \
        "other of its addresses)"
    assert result["attributes"]["server"] == "203.0.113.1"


def test_an_address_for_which_no_time_is_left_is_not_asked(probing):
    probing.hosts("192.0.2.9 many.test", "127.0.0.1 many.test")
    network(probing, more=SILENT)
    result = probing.one("icmp", "{host: many.test, count: 2, spacing: 10ms, "
                         "wait: 2s}", "timeout: 4s")
    assert (result["outcome"], result["reason"]) == ("critical", "echo.loss")
    assert not result["censored"]
    assert result["message"].endswith(
        "(and no time was left for all of its addresses)")


def test_an_address_that_answers_in_part_is_judged_itself(probing):
    probing.hosts("127.0.0.1 many.test", "::1 many.test")
    network(probing, more=DEAFEN)
    result = probing.one("icmp", "{host: many.test, count: 2, spacing: 2s, "
                         "wait: 200ms}")
    assert (result["outcome"], result["reason"]) == ("warning", "echo.loss")
    assert result["attributes"]["server"] == "127.0.0.1"


@pytest.mark.parametrize("host", ["192.0.2.1", "2001:db8::1"])
def test_a_network_without_a_route_is_unreachable(probing, host):
    network(probing)
    result = probing.one("icmp", f"{{host: '{host}'}}")
    assert (result["outcome"], result["reason"]) == (
        "critical", "open.unreachable")


def test_a_router_that_says_no_is_believed(probing):
    # Nobody has this neighbour: after a while the host says so to itself.
    network(probing, more="ip link add d type dummy; ip link set d up; "
            "ip addr add 192.0.2.1/24 dev d; ip link add v type veth peer "
            "name w; ip link set v up; ip link set w up; "
            "ip addr add 198.51.100.1/24 dev v;")
    result = probing.one("icmp", "{host: 198.51.100.9, wait: 5s}")
    assert (result["outcome"], result["reason"]) == (
        "critical", "echo.unreachable")
    assert result["message"] == "198.51.100.9: No route to host"


def test_a_kernel_that_forbids_it_says_nothing_of_the_host(probing):
    network(probing, groups="1 0")
    result = probing.one("icmp", "{host: 127.0.0.1}")
    assert (result["outcome"], result["reason"]) == ("unknown", "open.denied")
    assert 'net.ipv4.ping_group_range is "' in result["message"]
    assert "; widen it: sysctl -w net.ipv4." in result["message"]


@pytest.mark.parametrize("settings,complaint", [
    ("{host: ''}", "5:18: probes[0].icmp.host: must be a name or an address"),
    ("{host: h, count: 101}", "5:28: probes[0].icmp.count: must be from 1 to "
     "100"),
    ("{host: h, spacing: 1ms}", "5:30: probes[0].icmp.spacing: must be at "
     "least 10 ms"),
    ("{host: h, wait: soon}", "5:27: probes[0].icmp.wait: "),
    ("{host: h, warning_loss: 101}", "5:35: probes[0].icmp.warning_loss: must "
     "be from 1 to 100, in percent"),
    ("{host: h, count: 100}", "5:11: probes[0].icmp: needs 20800 ms for 100 "
     "requests and the last reply, more than its timeout; raise that, or "
     "lower count, spacing or wait"),
])
def test_a_bad_target_is_a_complaint(probing, settings, complaint):
    assert probing.complaint(
        f"  - name: p\n    icmp: {settings}\n").startswith(complaint)
