"""Incidents and their reports, from recorded outages."""
import html.parser
import json
import subprocess

import outages
import pytest


def replay(stage, text):
    """A store with this history."""
    (stage.directory / "c.yaml").write_text(outages.CONFIG)
    (stage.directory / "o.jsonl").write_text(text)
    stage.run(stage.collector, "replay", "o.jsonl", "--store", "s.db",
              "--config", "c.yaml")


def ask(stage, *arguments):
    """Runs vedette offline; returns the finished command."""
    return subprocess.run(
        [stage.cli, *arguments, "--store", "s.db", "--config", "c.yaml"],
        cwd=stage.directory, capture_output=True, text=True, check=False)


def shifted(text, seconds):
    """The same lines, so much later."""
    made = []
    for line in map(json.loads, text.splitlines()):
        at = (outages.datetime.datetime.fromisoformat(
            line["at"].replace("Z", "+00:00")) +
            outages.datetime.timedelta(seconds=seconds))
        line["at"] = at.isoformat(timespec="milliseconds").replace(
            "+00:00", "Z")
        made.append(json.dumps(line))
    return "\n".join(made) + "\n"


def test_an_outage_is_one_incident_with_its_verdict(stage):
    """Everything that failed with the database belongs together."""
    replay(stage, outages.lines("S17"))
    listed = json.loads(ask(stage, "incidents", "--json").stdout)["incidents"]
    assert len(listed) == 1
    incident = listed[0]
    assert incident["state"] == "open"
    assert incident["environment"] == "staging"
    assert incident["verdict"]["class"] == "infra"
    assert incident["verdict"]["subject"] == "infra:postgres"
    assert {"db", "direct", "golden", "login"} <= {
        row["subject"] for row in incident["regressions"]}
    assert incident["onset"].startswith("2026-01-05T10:00:0")


def test_what_recovers_closes_and_what_returns_is_a_relapse(stage):
    """Two hours later the same outage again."""
    first = outages.lines("S17")
    replay(stage, first + shifted(first, 7200))
    listed = json.loads(ask(stage, "incidents", "staging", "--json").stdout)
    later, earlier = listed["incidents"]
    assert earlier["state"] == "closed" and later["state"] == "open"
    assert earlier["closed"] > earlier["onset"]
    assert later["relapse_of"] == earlier["id"]
    assert earlier["relapse_of"] is None
    assert f"incident #{earlier['id']}" in ask(stage, "incidents").stdout


SECTIONS = ("Verdict", "What is cleared", "What is held responsible",
            "Measurements", "Timeline", "Evidence for", "Evidence against",
            "Next actions", "Impact", "Escalation and confidence")


@pytest.mark.parametrize("form", ["text", "md", "html"])
def test_a_report_has_every_section_in_order(stage, form):
    """Whatever the format; and the first sentence is the answer."""
    replay(stage, outages.lines("S32"))
    done = ask(stage, "report", "1", "--format", form)
    assert done.returncode == 0 and done.stderr == ""
    at = [done.stdout.index(section) for section in SECTIONS]
    assert at == sorted(at)
    assert "the network" in done.stdout[at[0]:at[1]]


class Tags(html.parser.HTMLParser):
    """Which elements a page has."""

    def __init__(self):
        super().__init__()
        self.seen = set()

    def handle_starttag(self, tag, attrs):
        self.seen.add(tag)


def test_no_text_of_a_result_becomes_markup(stage):
    """A message that tries."""
    evil = "<script>alert(1)</script> | `x` **y** [a](javascript:b)"
    lines = [json.loads(line) for line in outages.lines("S17").splitlines()]
    for line in lines:
        if line.get("message") == "connection refused":
            line["message"] = evil
    replay(stage, "".join(json.dumps(line) + "\n" for line in lines))
    page = Tags()
    page.feed(ask(stage, "report", "1", "--format", "html").stdout)
    assert "script" not in page.seen and "table" in page.seen
    text = ask(stage, "report", "1", "--format", "md").stdout
    assert "<script>" not in text.replace("\\<script\\>", "")
    assert "](javascript" not in text.replace("\\](", "")


def test_an_unknown_incident_is_named_with_the_way_out(stage):
    """No such number, no number at all, a format nobody knows."""
    replay(stage, outages.lines("S54"))
    assert ask(stage, "incidents").stdout == "no incidents\n"
    done = ask(stage, "report", "99")
    assert done.returncode == 3 and "vedette incidents" in done.stderr
    done = ask(stage, "report", "1", "--format", "pdf")
    assert done.returncode == 2 and "text, md, html, json" in done.stderr
