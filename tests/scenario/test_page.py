"""The page, in a real browser, over a recorded outage and a live agent."""
import json
import os
import pathlib
import shutil
import subprocess

import outages
import test_http
from stage import free_port

HERE = pathlib.Path(__file__).parent / "browser"
CHECKS = 11
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
    with subprocess.Popen(
            ["node", HERE / "page.mjs", f"http://127.0.0.1:{served.port}",
             home / "screenshots"], cwd=home, text=True,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as browser:
        said = []
        for line in browser.stdout:
            said.append(line)
            if line == "ready for live\n":
                test_http.start_agent(stage, free_port())
            if line == "ready to stop\n":
                stage.programs[0].terminate()
        browser.wait(60)
    assert browser.returncode == 0, "".join(said)
    assert sum(line.startswith("ok ") for line in said) == CHECKS
