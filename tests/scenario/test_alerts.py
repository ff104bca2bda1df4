"""Alerts: who is told what, also when receivers misbehave."""
import http.client
import json
import signal
import sqlite3
import subprocess

import pytest
from collecting import Collector, run_of
from publisher import Publisher
from receiving import Receiver
from stage import free_port, wait_for

QUICK = "wait: 0s, resolve_after: 0s"


@pytest.fixture
def chat():
    """An HTTP server to tell."""
    made = Receiver()
    yield made
    made.close()


def webhook(chat, more=""):
    """A receiver of the configuration, named chat."""
    return f"{{name: chat, webhook: {{url: '{chat.url}/hook'}}{more}}}"


def start(stage, *receivers, more="", alerts=QUICK):
    """A collector that tells them, and an agent's connection."""
    made = Collector(stage, "regressions: {confirm_after: 2, clear_after: 1}\n"
                     f"alerts: {{{alerts}, receivers: "
                     f"[{', '.join(receivers)}]{more}}}\n")
    return made, Publisher(made.port)


def events(chat):
    """[(event, alert id)] so far."""
    return [(one["event"], one["alert"]["id"]) for one in chat.told]


def test_a_webhook_is_told_the_beginning_and_the_end(stage, chat):
    """Once each, in our JSON, with a text for chats."""
    collector, agent = start(stage, webhook(chat))
    agent.send(run_of("ok", 5))
    agent.send(run_of("critical", 3))
    first = chat.wait(1, collector.program)[0]
    assert first["event"] == "firing" and first["receiver"] == "chat"
    alert = first["alert"]
    assert alert["environment"] == "staging" and alert["state"] == "firing"
    assert alert["services"] == ["backend"]
    assert alert["cause"]["class"] in ("app", "env", "infra", "net",
                                       "undetermined")
    assert alert["regressions"][0]["subject"] == "port"
    assert "FIRING staging/backend" in first["text"]
    assert "backend/port" in first["text"]
    agent.send(run_of("ok", 3))
    last = chat.wait(2)[1]
    assert last["event"] == "resolved"
    assert last["alert"]["id"] == alert["id"]
    assert last["alert"]["state"] == "resolved"
    assert chat.headers[0]["path"] == "/hook"
    assert chat.headers[0]["Content-Type"] == "application/json"
    assert collector.stop() == 0
    assert events(chat) == [("firing", 1), ("resolved", 1)]


@pytest.mark.parametrize("way", ["kill", "stop"])
def test_a_restart_tells_nothing_twice(stage, chat, way):
    """What is open and told stays told; its end is told by the next life."""
    collector, agent = start(stage, webhook(chat))
    agent.send(run_of("ok", 5))
    agent.send(run_of("critical", 3))
    chat.wait(1, collector.program)
    wait_for("it is written down", lambda: kept(collector, "chat"))
    getattr(collector, way)()
    collector.start()
    agent = Publisher(collector.port, stream=2)
    agent.send(run_of("critical", 3))
    agent.send(run_of("ok", 3))
    chat.wait(2, collector.program)
    assert events(chat) == [("firing", 1), ("resolved", 1)]


def kept(collector, receiver):
    """Does the store know that the receiver was told?"""
    with sqlite3.connect(f"file:{collector.store}?mode=ro", uri=True) as store:
        rows = store.execute("select bytes from state where key like "
                             "'alert/%'").fetchall()
    return any(b'"receiver":"%s"' % receiver.encode() in
               bytes(row[0]).replace(b" ", b"") for row in rows)


def test_killed_between_firing_and_delivery(stage, chat):
    """The next life tells what this one could not."""
    chat.mode = "hang"
    collector, agent = start(stage, webhook(chat))
    agent.send(run_of("ok", 5))
    agent.send(run_of("critical", 3))
    chat.wait_tries(1)
    collector.kill()
    chat.mode = "ok"
    collector.start()
    chat.wait(1, collector.program)
    assert events(chat) == [("firing", 1)]


@pytest.mark.parametrize("mode", ["500", "close", "hang", "refuse"])
def test_a_receiver_that_fails_is_tried_again(stage, chat, mode):
    """Others are told meanwhile, ingest goes on, and it is shown."""
    other = Receiver()
    chat.mode = mode
    collector, agent = start(
        stage, webhook(chat, ", timeout: 1s"),
        f"{{name: other, webhook: {{url: '{other.url}'}}}}")
    if mode == "refuse":
        chat.server.socket.close()
    agent.send(run_of("ok", 5))
    agent.send(run_of("critical", 3))
    other.wait(1, collector.program)
    collector.wait_for_log("alerts: chat: 127.0.0.1:")
    log = stage.log("collector")
    assert "SECRET" not in log and "/hook" not in log
    for _ in range(20):
        agent.send(run_of("critical", 3))  # answered, as ever
    if mode != "refuse":
        chat.wait_tries(2)
        chat.mode = "ok"
        chat.over.set()
        chat.wait(1)
        collector.wait_for_log("alerts: chat: takes alerts again")
        assert chat.told[0]["event"] == "firing"
    other.close()
    collector.program.send_signal(signal.SIGTERM)
    assert collector.program.wait(30) == 0
    stage.programs.remove(collector.program)


# --- what people do ------------------------------------------------------------

def alert_states(stage):
    """{id: state} as vedette alerts has it."""
    return {one["id"]: one["state"] for one in stage.ask("alerts")["alerts"]}


def test_what_is_silenced_is_told_when_the_silence_ends(stage, chat):
    """Kept over a restart; removed by hand."""
    collector, agent = start(stage, webhook(chat))
    made = json.loads(stage.vedette(
        "--json", "silence", "add", "--environment", "staging", "--for", "2h",
        "--by", "ann", "--why", "the move"))
    agent.send(run_of("ok", 5))
    agent.send(run_of("critical", 3))
    wait_for("the alert", lambda: alert_states(stage), collector.program)
    alert = stage.ask("alerts")["alerts"][0]
    assert alert["silenced"]["by"] == f"silence {made['id']}"
    assert collector.stop() == 0
    collector.start()
    listed = stage.ask("silence", "list")["silences"]
    assert [(one["environment"], one["active"], one["why"])
            for one in listed] == [("staging", True, "the move")]
    assert listed[0]["by"].startswith("ann (uid ")
    assert chat.tries == 0
    text = stage.vedette("alerts")
    assert "silenced" in text and "silence 1 until" in text
    assert "is removed" in stage.vedette("silence", "remove", "1")
    chat.wait(1, collector.program)
    assert events(chat) == [("firing", 1)]


def test_who_takes_an_alert_is_told(stage, chat):
    """And no reminder comes until it is let go."""
    collector, agent = start(stage, webhook(chat),
                             alerts=QUICK + ", remind: 1s")
    agent.send(run_of("ok", 5))
    agent.send(run_of("critical", 3))
    chat.wait(3, collector.program)
    assert {event for event, _ in events(chat)[1:]} == {"reminder"}
    assert "alert #1 is taken" in stage.vedette("ack", "1", "--by", "ann")
    told = wait_for("it is told", lambda: [
        one for one in chat.told if one["event"] == "acknowledged"])[0]
    assert told["alert"]["acknowledged"]["by"].startswith("ann (uid ")
    n = [event for event, _ in events(chat)].count("reminder")
    for _ in range(4):  # as long as four reminders take, by its own clock
        collector_ticks(stage)
    assert [event for event, _ in events(chat)].count("reminder") == n
    assert "FIRING" not in stage.vedette("alerts")
    assert "taken by ann" in stage.vedette("alerts")
    agent.send(run_of("ok", 3))
    wait_for("the end", lambda: chat.told[-1]["event"] == "resolved")


def collector_ticks(stage):
    """Until the collector's clock is a second further."""
    at = stage.ask("status")["at"]
    wait_for("a second", lambda: stage.ask("status")["at"][:19] > at[:19])


@pytest.mark.parametrize("arguments, why", [
    (("ack", "99"), "alert 99: there is none"),
    (("ack", "x"), "not the number of an alert"),
    (("silence", "remove", "7"), "silence 7: there is none"),
    (("silence", "add", "--for", "2h"), "--environment or --service"),
    (("silence", "add", "--environment", "staging"), "--for is missing"),
    (("silence", "add", "--environment", "staging", "--for", "91d"),
     "at most 90 days"),
    (("silence", "later"), "add, list or remove ID"),
])
def test_what_makes_no_sense_is_refused(stage, chat, arguments, why):
    """In words, with an exit code that is not 0."""
    start(stage, webhook(chat))
    done = subprocess.run([stage.cli, "--collector", stage.url, *arguments],
                          capture_output=True, text=True, check=False)
    assert done.returncode != 0 and why in done.stderr


def test_routes_and_dependents(stage, chat):
    """Who is not meant is not told; a dependent is no alert of its own."""
    other = Receiver()
    collector, agent = start(
        stage, webhook(chat),
        f"{{name: other, webhook: {{url: '{other.url}'}}}}",
        more=", routes: [{environments: [production], receivers: [other]}, "
        "{receivers: [chat]}]")
    agent.send(run_of("ok", 5))
    agent.send(run_of("ok", 5, "http"))
    agent.send(run_of("critical", 3))
    chat.wait(1, collector.program)
    agent.send(run_of("critical", 3, "http"))
    wait_for("both are of one alert", lambda: [
        one for one in stage.ask("alerts")["alerts"]
        if len(one["regressions"]) == 2], collector.program)
    assert len(alert_states(stage)) == 1
    agent.send(run_of("ok", 3))
    agent.send(run_of("ok", 3, "http"))
    wait_for("the end", lambda: chat.told[-1]["event"] == "resolved")
    assert not other.told
    other.close()


def test_a_reload_tells_nothing_again(stage, chat):
    """And a wrong one changes nothing."""
    collector, agent = start(stage, webhook(chat))
    agent.send(run_of("ok", 5))
    agent.send(run_of("critical", 3))
    chat.wait(1, collector.program)
    text = collector.path.read_text()
    collector.path.write_text(text.replace(chat.url + "/hook",
                                           "@/nowhere/url"))
    collector.program.send_signal(signal.SIGHUP)
    collector.wait_for_log("the old configuration stays")
    collector.path.write_text(text)
    collector.program.send_signal(signal.SIGHUP)
    collector.wait_for_log("were read again")
    agent.send(run_of("ok", 3))
    chat.wait(2)
    assert events(chat) == [("firing", 1), ("resolved", 1)]


# --- over HTTP -----------------------------------------------------------------

def test_the_api_silences_and_acknowledges(stage, chat):
    """With the scope admin only; numbers in /metrics."""
    port = free_port()
    tokens = {"read": "r" * 20, "admin": "a" * 20}
    chat.mode = "500"
    collector = Collector(
        stage, "regressions: {confirm_after: 2, clear_after: 1}\n"
        f"alerts: {{{QUICK}, receivers: [{webhook(chat)}]}}\n"
        f"http: {{listen: '127.0.0.1:{port}', tokens: ["
        f"{{name: r, scopes: [read], token: {tokens['read']}}}, "
        f"{{name: a, scopes: [read, admin], token: {tokens['admin']}}}]}}\n")
    agent = Publisher(collector.port)
    agent.send(run_of("ok", 5))
    agent.send(run_of("critical", 3))

    def call(path, method="GET", scope="admin"):
        """Status and body."""
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        connection.request(method, path, headers={
            "Authorization": f"Bearer {tokens[scope]}"})
        answer = connection.getresponse()
        body = answer.read().decode()
        connection.close()
        return answer.status, body

    wait_for("it fails", lambda: 'alert_receiver_up{receiver="chat"} 0' in
             call("/metrics")[1], collector.program)
    assert "vedette_alerts_open 1" in call("/metrics")[1]
    row = json.loads(call("/api/v1/alerts")[1])["receivers"][0]
    assert row["state"] == "failing" and row["waiting"] == 1
    for path in ("silences?environment=staging&for=2h", "acknowledge/1",
                 "unsilence/1", "release/1"):
        assert call(f"/api/v1/{path}", "POST", "read")[0] == 403, path
    assert call("/api/v1/silences?environment=staging", "POST")[0] == 400
    status, body = call("/api/v1/silences?environment=staging&for=2h&who=ann",
                        "POST")
    assert status == 200 and json.loads(body)["id"] == 1
    silences = json.loads(call("/api/v1/silences", scope="read")[1])
    assert silences["silences"][0]["by"] == "ann"
    assert call("/api/v1/acknowledge/1?for=1h", "POST")[0] == 200
    alert = json.loads(call("/api/v1/alerts?environment=staging")[1])
    assert alert["alerts"][0]["acknowledged"]["by"] == "http"
    assert call("/api/v1/release/1", "POST")[0] == 200
    assert call("/api/v1/unsilence/1", "POST")[0] == 200
    assert call("/api/v1/unsilence/1", "POST")[0] == 404
    assert call("/api/v1/unsilence/x", "POST")[0] == 404
    assert json.loads(call("/api/v1/silences")[1])["silences"] == []
