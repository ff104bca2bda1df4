"""The page, in a real browser, over a recorded outage and a live agent."""
import json
import os
import pathlib
import shutil
import subprocess

import outages
import test_http
from collecting import Collector, run_of
from publisher import Publisher
from receiving import Receiver, nobody
from stage import answers, free_port, wait_for

HERE = pathlib.Path(__file__).parent / "browser"
CHECKS, ALERT_CHECKS = 11, 7
HOSTILE = '<img src=x onerror="globalThis.hacked=1"><script>hacked=1</script>'


def hostile_lines():
    """A service whose every text means no good."""
    lines = []
    for second in range(-900, 180, 60):
        lines.append({
            "type": "result", "at": outages.stamp(second),
            "environment": "staging", "service": "hostile",
            "agent": "agent-ops", "vantage": "external", "probe": "text",
            "kind": "tcp", "interval_ms": 60000, "outcome": "ok",
            "duration_ms": 1, "limit_ms": 5000, "message": HOSTILE})
    lines.append({
        "type": "fact", "at": outages.stamp(60), "environment": "staging",
        "service": "hostile", "agent": "agent-ops", "name": "build",
        "source": "process", "value": HOSTILE})
    return "".join(json.dumps(line) + "\n" for line in lines)


def install(build):
    """What drives the browser, once for each build."""
    home = pathlib.Path(build) / "browser"
    home.mkdir(exist_ok=True)
    lock = (HERE / "package-lock.json").read_text()
    done = home / "installed"
    if not done.exists() or done.read_text() != lock:
        for name in ("package.json", "package-lock.json"):
            shutil.copy(HERE / name, home)
        subprocess.run(["npm", "ci", "--no-audit", "--no-fund",
                        "--ignore-scripts"], cwd=home, check=True,
                       timeout=300)
        done.write_text(lock)
    return home


def test_people_find_what_they_look_for(stage, monkeypatch):
    """Views, keyboard, phone, dark, hostile text, live and offline."""
    home = install(os.environ["VEDETTE_BUILD"])
    recorded = outages.lines

    def lines(outage):
        both = recorded(outage) + hostile_lines()
        return "".join(sorted(both.splitlines(True), key=lambda line:
                              json.loads(line)["at"]))
    monkeypatch.setattr(outages, "lines", lines)
    served = test_http.Served(stage)
    def on_line(line):
        if line == "ready for live\n":
            test_http.start_agent(stage, free_port())
        if line == "ready to stop\n":
            stage.programs[0].terminate()
    assert drive(home, "page.mjs", served.port, on_line=on_line) == CHECKS


def drive(home, script, port, *arguments, on_line=lambda line: None):
    """How many checks of the script held; all that were begun did."""
    with subprocess.Popen(
            ["node", HERE / script, f"http://127.0.0.1:{port}",
             home / "screenshots", *arguments], cwd=home, text=True,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as browser:
        said = []
        for line in browser.stdout:
            said.append(line)
            on_line(line)
        browser.wait(60)
    assert browser.returncode == 0, "".join(said)
    return sum(line.startswith("ok ") for line in said)


def test_people_see_who_was_told_and_take_it_over(stage):
    """An alert that reaches two services; one receiver is away."""
    home, chat, (held, away) = install(os.environ["VEDETTE_BUILD"]), \
        Receiver(), nobody()
    port = free_port()
    collector = Collector(
        stage, "regressions: {confirm_after: 2, clear_after: 1}\n"
        f"http: {{listen: '127.0.0.1:{port}', {test_http.TOKENS}}}\n"
        "alerts:\n  wait: 0s\n  receivers:\n"
        f"    - {{name: chat, webhook: {{url: '{chat.url}'}}}}\n"
        f"    - {{name: away, webhook: {{url: 'http://127.0.0.1:{away}'}}}}\n"
        "  maintenance:\n"
        "    - {name: nightly, environments: [local], cron: '0 2 30 2 *'}\n"
        "    - {name: move, environments: [local], from: "
        "2020-01-01T00:00:00Z, to: 2120-01-01T00:00:00Z}\n")
    wait_for("HTTP", lambda: answers(port), collector.program)
    agent = Publisher(collector.port)
    for outcome, n in (("ok", 5), ("critical", 3)):
        for service in ("database", "backend"):
            agent.send(run_of(outcome, n, service=service))
    wait_for("both services are in it", lambda: [
        one for one in stage.ask("alerts")["alerts"]
        if len(one["services"]) == 2], collector.program)
    chat.wait(1, collector.program)
    wait_for("away fails", lambda: [
        one for one in stage.ask("alerts")["receivers"]
        if one["state"] == "failing"], collector.program)
    assert drive(home, "alerts.mjs", port, test_http.READ,
                 test_http.ADMIN) == ALERT_CHECKS
    chat.close()
    held.close()
