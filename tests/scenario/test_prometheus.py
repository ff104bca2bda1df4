"""A real Prometheus scrapes a collector; the dashboard's questions have
answers there."""
import json
import pathlib
import re
import urllib.error
import urllib.parse
import urllib.request

from stage import free_port, wait_for
from test_http import READ, TOKENS, Served, bearer
from test_push import PUSH

ROOT = pathlib.Path(__file__).resolve().parents[2]


class Prometheus:
    """A server that scrapes one target, as docs/http.md says."""

    def __init__(self, stage, port):
        self.port = free_port()
        (stage.directory / "vedette.token").write_text(READ)
        text = (ROOT / "docs/http.md").read_text()
        example = re.search(r"```\n(scrape_configs:.*?)```", text,
                            re.DOTALL).group(1)
        example = example.replace(
            "/etc/prometheus/vedette.token",
            f"{stage.directory}/vedette.token").replace(
                "vedette.example:8080", f"127.0.0.1:{port}")
        (stage.directory / "prometheus.yaml").write_text(
            f"global: {{scrape_interval: 1s, scrape_timeout: 1s}}\n{example}")
        stage.run("promtool", "check", "config", "prometheus.yaml")
        program = stage.start("prometheus", [
            "prometheus", "--config.file=prometheus.yaml",
            f"--web.listen-address=127.0.0.1:{self.port}",
            f"--storage.tsdb.path={stage.directory}/tsdb"])
        wait_for("Prometheus", self.is_ready, program)

    def is_ready(self):
        """Does it answer questions?"""
        try:
            url = f"http://127.0.0.1:{self.port}/-/ready"
            with urllib.request.urlopen(url, timeout=60):
                return True
        except OSError:
            return False

    def ask(self, path, **parameters):
        """The data of an answer of its API."""
        url = (f"http://127.0.0.1:{self.port}/api/v1/{path}?"
               f"{urllib.parse.urlencode(parameters)}")
        with urllib.request.urlopen(url, timeout=60) as answer:
            told = json.load(answer)
        assert told["status"] == "success", told
        return told["data"]

    def query(self, expression):
        """The samples of an expression now."""
        try:
            return self.ask("query", query=expression)["result"]
        except urllib.error.HTTPError as error:
            raise AssertionError((expression, error.read())) from error


def expressions(board):
    """What the panels and the variables of a dashboard ask."""
    for panel in board["panels"]:
        for target in panel["targets"]:
            yield target["expr"].replace("$environment", ".*")


# Whether an agent is silent here is another test's.
MAY_BE_EMPTY = {"vedette_agent_up{environment=~\".*\"} == 0"}


def test_prometheus_scrapes_what_the_dashboard_asks_for(stage):
    """Both formats of /metrics; every metric named in the dashboard exists;
    every question of it has an answer."""
    pusher = (f'{{name: p, scopes: [push], token: "{PUSH}", '
              "environments: [staging]}")
    served = Served(stage, TOKENS.replace("[{", f"[{pusher}, {{", 1))
    assert served.get("/api/v1/push", "POST", json.dumps({
        "service": "backend", "probe": "front", "kind": "tls",
        "outcome": "ok", "attributes": {"not_after": "2199-01-01T00:00:00Z"},
    }), **bearer(PUSH))[0] == 200
    prometheus = Prometheus(stage, served.port)
    wait_for("the first scrape", lambda: [
        target for target in prometheus.ask("targets")["activeTargets"]
        if target["health"] == "up"])
    wait_for("a verdict to be scraped", lambda: prometheus.query(
        "vedette_verdict"))
    board = json.loads((ROOT / "deploy/grafana.json").read_text())
    text = served.get("/metrics", **bearer(READ))[2].decode()
    exist = set(re.findall(r"^([a-z_]+)[ {]", text, re.MULTILINE))
    known = set(re.findall(r"^# TYPE (\S+)", text, re.MULTILINE))
    asked = set()
    for expression in expressions(board):
        asked |= set(re.findall(r"\b(?:vedette|probe)_[a-z_]+", expression))
    assert len(asked) > 20 and asked <= known, asked - known
    assert exist <= known
    for expression in expressions(board):
        if expression in MAY_BE_EMPTY:
            prometheus.query(expression)
            continue
        wait_for(expression, lambda what=expression: prometheus.query(what))
    samples = {sample["metric"]["probe"]: sample["value"][1]
               for sample in prometheus.query(
                   'probe_success{environment="staging",service="backend",'
                   'agent="agent-stg"}')}
    rows = [row["last"] for row in served.json(
        "/api/v1/status?environment=staging&service=backend",
        **bearer(READ))["series"]]
    shown = {row["probe"]: row["outcome"] for row in rows
             if row["agent"] == "agent-stg"}
    assert "critical" in shown.values()
    assert samples == {probe: str(int(outcome in ("ok", "warning")))
                       for probe, outcome in shown.items()}


def test_the_dashboard_is_one_that_grafana_loads():
    """Panels with places that do not overlap, and a data source to choose."""
    board = json.loads((ROOT / "deploy/grafana.json").read_text())
    taken = set()
    for panel in board["panels"]:
        place = panel["gridPos"]
        cells = {(x, y) for x in range(place["x"], place["x"] + place["w"])
                 for y in range(place["y"], place["y"] + place["h"])}
        assert not cells & taken and place["x"] + place["w"] <= 24
        taken |= cells
        assert panel["datasource"]["uid"] == "${datasource}"
    assert len({panel["id"] for panel in board["panels"]}) == len(
        board["panels"])
    assert [one["type"] for one in board["templating"]["list"]] == [
        "datasource", "query"]
