"""Each way to tell, against the real thing or as much of it as is told."""
import base64
import email
import email.policy
import json
import shlex
import ssl
import urllib.request

import pytest
from publisher import Publisher
from collecting import Collector, run_of
from receiving import Mailbox, Receiver
from stage import Authority, Failure, answers, free_port, wait_for

QUICK = "wait: 0s, resolve_after: 0s"


def start(stage, receiver, more=""):
    """A collector with one receiver, and an agent's connection."""
    made = Collector(stage, "regressions: {confirm_after: 2, clear_after: 1}\n"
                     f"alerts: {{{QUICK}, url: 'https://vedette.example/', "
                     f"receivers: [{receiver}]{more}}}\n")
    agent = Publisher(made.port)
    agent.send(run_of("ok", 5))
    return made, agent


# --- Alertmanager ---------------------------------------------------------------

class Alertmanager:
    """A real one, alone or in a cluster of two."""

    def __init__(self, stage, number):
        self.port = free_port()
        (stage.directory / "am.yml").write_text(
            "route: {receiver: none}\nreceivers: [{name: none}]\n")
        self.program = stage.start(f"alertmanager{number}", [
            "prometheus-alertmanager", f"--config.file={stage.directory}/am.yml",
            f"--storage.path={stage.directory}/am{number}",
            f"--web.listen-address=127.0.0.1:{self.port}",
            "--cluster.listen-address="])
        wait_for("an Alertmanager", lambda: answers(self.port), self.program)

    def alerts(self):
        """Those that fire there."""
        with urllib.request.urlopen(
                f"http://127.0.0.1:{self.port}/api/v2/alerts?active=true",
                timeout=30) as answer:
            return json.load(answer)


def test_alertmanagers_hold_the_alert_until_it_is_over(stage):
    """All peers; resent, so that it does not run out; resolved."""
    peers = [Alertmanager(stage, number) for number in (1, 2)]
    urls = ", ".join(f"'http://127.0.0.1:{peer.port}'" for peer in peers)
    collector, agent = start(
        stage, f"{{name: am, alertmanager: {{urls: [{urls}], resend: 1s}}}}")
    agent.send(run_of("critical", 3))
    for peer in peers:
        wait_for("it fires there", peer.alerts, collector.program)
    alert = peers[0].alerts()[0]
    labels, notes = alert["labels"], alert["annotations"]
    assert labels["alertname"] == "VedetteIncident"
    assert labels["environment"] == "staging"
    assert labels["service"] == "backend" and labels["incident"] == "1"
    assert "backend/port" in notes["description"]
    assert notes["severity"] == "critical"
    assert alert["generatorURL"] == "https://vedette.example/#/incident/1"
    # It is said again, with a later end, long before the first has come.
    wait_for("it was said again", lambda: peers[0].alerts()[0]["endsAt"] >
             alert["endsAt"], collector.program)
    # One that was away is told when it is back.
    peers[1].program.kill()
    peers[1].program.wait()
    stage.programs.remove(peers[1].program)
    collector.wait_for_log("alerts: am.2: ")
    agent.send(run_of("ok", 3))
    wait_for("it is over there", lambda: not peers[0].alerts(),
             collector.program)


# --- PagerDuty --------------------------------------------------------------------

def test_pagerduty_events_share_a_dedup_key(stage):
    """Trigger, acknowledge, resolve; the routing key is told nobody else."""
    pager = Receiver()
    (stage.directory / "key").write_text("k3y-of-the-pager\n")
    collector, agent = start(
        stage, f"{{name: pd, pagerduty: {{url: '{pager.url}/v2/enqueue', "
        f"routing_key: '@{stage.directory}/key'}}}}")
    agent.send(run_of("critical", 3))
    first = pager.wait(1, collector.program)[0]
    assert first["routing_key"] == "k3y-of-the-pager"
    assert first["event_action"] == "trigger"
    assert first["payload"]["severity"] == "critical"
    assert first["payload"]["source"] == "staging"
    assert "backend" in first["payload"]["summary"]
    assert first["client_url"] == "https://vedette.example/#/incident/1"
    taken = json.loads(stage.vedette("--json", "ack", "1", "--for", "2h",
                                     "--by", "ann"))
    assert taken["id"] == 1 and taken["until"]
    assert pager.wait(2)[1]["event_action"] == "acknowledge"
    agent.send(run_of("ok", 3))
    assert pager.wait(3)[2]["event_action"] == "resolve"
    assert {one["dedup_key"] for one in pager.told} == {"vedette/staging/1"}
    assert "k3y" not in stage.log("collector")
    assert "k3y" not in stage.vedette("--json", "alerts")
    pager.close()


# --- mail -------------------------------------------------------------------------

def read(mail):
    """A mail as a mail program reads it."""
    return email.message_from_string(mail["text"],
                                     policy=email.policy.default)


@pytest.mark.parametrize("kind", ["smtps", "starttls"])
def test_mail_goes_over_tls(stage, kind):
    """With a login, which nobody sees before."""
    authority = Authority(stage)
    certificate, key = authority.issue_server()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    box = Mailbox(context, starts_tls=kind == "starttls")
    scheme = "smtps" if kind == "smtps" else "smtp"
    (stage.directory / "password").write_text("p4ss-of-the-mail\n")
    collector, agent = start(
        stage, f"{{name: mail, ca_file: pki/ca.pem, smtp: {{url: "
        f"'{scheme}://localhost:{box.port}', from: v@example.org, "
        f"to: [ann@example.org, ops@example.org], user: v, "
        f"password: '@{stage.directory}/password'}}}}")
    agent.send(run_of("critical", 3))
    mail = box.wait(1)[0]
    assert box.logins[0] == (
        base64.b64encode(b"\0v\0p4ss-of-the-mail").decode(), True)
    assert mail["from"].startswith("MAIL FROM:<v@example.org>")
    assert len(mail["to"]) == 2
    message = read(mail)
    assert "FIRING staging/backend" in message["Subject"]
    assert message["To"] == "ann@example.org, ops@example.org"
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["Date"] and message["Message-ID"]
    assert "backend/port" in message.get_content()
    agent.send(run_of("ok", 3))
    last = read(box.wait(2)[1])
    assert "RESOLVED" in last["Subject"]
    assert last["References"] == message["References"]
    assert last["Message-ID"] != message["Message-ID"]
    assert "p4ss" not in stage.log("collector")
    box.close()
    assert collector.program.poll() is None


def test_mail_to_a_stranger_is_not_sent(stage):
    """A certificate of nobody we trust."""
    authority = Authority(stage)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*authority.issue_server())
    box = Mailbox(context)
    collector, agent = start(
        stage, f"{{name: mail, smtp: {{url: 'smtps://localhost:{box.port}', "
        "from: v@example.org, to: [ann@example.org]}}")
    agent.send(run_of("critical", 3))
    collector.wait_for_log("alerts: mail: localhost:")
    assert not box.mails
    box.close()


# --- a program --------------------------------------------------------------------

def test_a_command_reads_json(stage):
    """Arguments as they are, no shell; our JSON on its standard input."""
    out = stage.directory / "out"
    collector, agent = start(
        stage, "{name: script, command: [/bin/sh, -c, "
        f"'cat >> {shlex.quote(str(out))}']}}")
    agent.send(run_of("critical", 3))
    wait_for("it was run", lambda: out.exists() and out.read_text().endswith(
        "\n"), collector.program)
    told = json.loads(out.read_text().splitlines()[0])
    assert told["event"] == "firing" and told["alert"]["id"] == 1


def test_a_command_that_hangs_is_killed(stage):
    """With all that it started; and tried again."""
    collector, agent = start(
        stage, "{name: script, timeout: 1s, command: [/bin/sh, -c, "
        "'sleep 1000 & echo $! > pid; wait']}")
    agent.send(run_of("critical", 3))
    collector.wait_for_log("alerts: script: /bin/sh: did not end within 1 s")
    pid = int((stage.directory / "pid").read_text())

    def is_gone():
        """Of the first run; a later one has another."""
        try:
            with open(f"/proc/{pid}/stat", encoding="ascii") as stat:
                return stat.read().split()[2] == "Z"
        except OSError:
            return True
    wait_for("what it started is gone", is_gone)


@pytest.mark.parametrize("command, why", [
    ("/bin/false", "/bin/false: exit code 1"),
    ("/nowhere/program", "/nowhere/program: no such file"),
])
def test_a_command_that_fails_is_shown(stage, command, why):
    """In the log, and by vedette alerts."""
    collector, agent = start(stage, f"{{name: script, command: [{command}]}}")
    agent.send(run_of("critical", 3))
    collector.wait_for_log(f"alerts: script: {why}")

    def row():
        """Of the receiver."""
        row = stage.ask("alerts")["receivers"][0]
        return row if row["state"] == "failing" else None
    found = wait_for("it is shown", row)
    assert found["waiting"] == 1 and why in found["trouble"]
    assert found["failures"] >= 1


# --- what is not right ------------------------------------------------------------

@pytest.mark.parametrize("receiver, why", [
    ("{name: r, webhook: {url: 'http://chat.example/SECRET'}}",
     "alerts: receiver r: url: beyond the loopback needs https://"),
    ("{name: r, webhook: {url: '${NOT_THERE}'}}",
     "alerts: receiver r: url: the environment variable NOT_THERE"),
    ("{name: r, pagerduty: {routing_key: '@/nowhere/key'}}",
     "alerts: receiver r: routing_key: "),
])
def test_a_secret_that_is_not_there_ends_the_start(stage, receiver, why):
    """It names the receiver, and no secret."""
    with pytest.raises(Failure):
        start(stage, receiver)
    assert why in stage.log("collector")
    assert "SECRET" not in stage.log("collector")
