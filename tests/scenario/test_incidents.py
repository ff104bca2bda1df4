"""Incidents and their reports, from recorded outages."""
import html.parser
import json
import shlex
import sqlite3
import subprocess

import outages
import pytest
from stage import wait_for


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


def over(text):
    """An outage, and a quarter of an hour after it in which all is well."""
    before = "".join(
        line + "\n" for line in text.splitlines()
        if json.loads(line)["at"] < "2026-01-05T09:59:50")
    return text + shifted(before, 1080)


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
    first = over(outages.lines("S17"))
    replay(stage, first + shifted(outages.lines("S17"), 7200))
    listed = json.loads(ask(stage, "incidents", "staging", "--json").stdout)
    later, earlier = listed["incidents"]
    assert earlier["state"] == "closed" and later["state"] == "open"
    assert earlier["closed"] > earlier["onset"]
    assert later["relapse_of"] == earlier["id"]
    assert earlier["relapse_of"] is None
    assert f"incident #{earlier['id']}" in ask(stage, "incidents").stdout


def test_what_comes_back_soon_is_the_same_incident(stage):
    """Twenty minutes later the same outage again, and again."""
    first = over(outages.lines("S17"))
    replay(stage, first + shifted(first, 1980) + shifted(first, 3960))
    def incidents(*arguments):
        return json.loads(ask(stage, "incidents", "staging", "--json",
                              *arguments).stdout)["incidents"]
    incident, = incidents()
    assert incident["returns"] == 2
    assert incident["onset"].startswith("2026-01-05T10:00:0")
    # Well again, and yet nobody knows that it is over.
    assert incident["state"] == "open"
    assert all(row["cleared"] for row in incident["regressions"])
    once, = incidents("--to", "2026-01-05T10:15:00Z")
    assert once["state"] == "closed" and once["returns"] == 0


SECTIONS = ("Verdict", "What is cleared", "What is held responsible",
            "Measurements", "Guards of earlier fixes", "What got worse",
            "Timeline", "Evidence for", "Evidence against",
            "How to reproduce", "Next actions", "Repair and verification",
            "Impact", "Status", "Escalation", "Confidence")


@pytest.mark.parametrize("form", ["text", "md", "html"])
def test_a_report_has_every_section_in_order(stage, form):
    """Whatever the format; and the first sentence is the answer."""
    replay(stage, outages.lines("S32"))
    done = ask(stage, "report", "1", "--format", form)
    assert done.returncode == 0 and done.stderr == ""
    at = [done.stdout.index(section) for section in SECTIONS]
    assert at == sorted(at)
    assert "the network" in done.stdout[at[0]:at[1]]


@pytest.mark.parametrize("outage", ["S06", "S17", "S32", "S40"])
def test_every_command_of_a_report_can_be_typed(stage, outage):
    """As it stands there, and each answers; no line of it is too wide."""
    replay(stage, outages.lines(outage))
    text = ask(stage, "report", "1").stdout
    commands = [shlex.split(line.strip()[2:]) for line in text.splitlines()
                if line.startswith("    $ ")]
    assert len(commands) >= 7
    for words in commands:
        if words[:2] == ["vedette", "incident"]:
            continue  # it tells a collector
        assert words[0] == "vedette", words
        done = subprocess.run(
            [stage.cli, *words[1:]], cwd=stage.directory, check=False,
            capture_output=True, text=True)
        assert done.stderr == "" and done.stdout, words
    assert all(len(line) <= 80 for line in text.splitlines()
               if not line.startswith("    $ "))


@pytest.mark.parametrize("outage", ["S01", "S17", "S21", "S40"])
def test_every_piece_of_evidence_can_be_opened(stage, outage):
    """What a verdict refers to, and also what weighs nothing."""
    replay(stage, outages.lines(outage))
    verdict = json.loads(ask(stage, "diagnose", "staging", "--json").stdout)
    named = {row["id"] for row in verdict["evidence"] + verdict["against"]}
    for remarks in ("cleared", "refuted", "entailed", "masked", "secondary"):
        named |= {row["why"] for row in verdict[remarks] if row["why"]}
    assert len(named) > 3
    for name in named:
        done = ask(stage, "diagnose", "staging", "--explain", name)
        assert done.stdout.startswith(f"{name}  "), (name, done.stderr)
        assert "P from    shipped" in done.stdout


SLIPS = [
    (("diagnose", "staging", "--explain", ""), "--explain: ID is missing"),
    (("diagnose", "--explain", "E1", "--self-check"), "exclude each other"),
    (("report", "1", "--format", ""), "--format: WORD is missing"),
    (("report", "1", "--format", "md", "--json"), "exclude each other"),
    (("report", "abc"), "INCIDENT is a number"),
]


def test_a_slip_of_the_command_line_is_not_passed_over(stage):
    """Another question would be answered than the one that was asked."""
    replay(stage, outages.lines("S17"))
    for words, said in SLIPS:
        done = ask(stage, *words)
        assert (done.returncode, done.stdout) == (2, ""), words
        assert said in done.stderr, words
    assert json.loads(ask(stage, "report", "#1", "--json", "--format",
                          "json").stdout)["incident"]["id"] == 1
    assert ask(stage, "diagnose", "staging", "--explain",
               "e1").stdout.startswith("E1  ")


@pytest.mark.parametrize("words", [
    ("incidents",), ("diagnose",), ("gate",), ("guards",), ("status",),
    ("guard", "list"), ("guard", "check"), ("guard", "proposed"),
    ("mark", "--kind", "deploy"),
    ("guard", "add", "config:a free", "--environment"),
    ("guard", "remove", "config:a free", "--environment")],
    ids=" ".join)
def test_an_unknown_environment_is_refused_alike(collecting, words):
    """Whichever command names it; no answer is not a good one."""
    done = subprocess.run(
        [collecting.cli, "--collector", collecting.url, *words, "nosuch"],
        capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (3, ""), words
    assert "environment nosuch" in done.stderr


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


def closed(at, incident, verdict, subject):
    """A line of history: what somebody said that it was."""
    return json.dumps({
        "type": "event", "at": at, "environment": "staging",
        "kind": "incident_closed", "subject": subject,
        "attributes": {"incident": incident, "verdict": verdict,
                       "by": "ada"}}) + "\n"


def test_verdicts_are_measured_by_what_people_said(stage):
    """The last word counts; the wrong and confident one is named."""
    first = over(outages.lines("S17"))
    replay(stage, first + shifted(first, 7200) +
           closed("2026-01-05T13:00:00.000Z", 1, "app", "") +
           closed("2026-01-05T13:00:01.000Z", 1, "infra", "infra:postgres"))
    listed = json.loads(ask(stage, "incidents", "--json").stdout)["incidents"]
    later, earlier = listed
    assert later["label"] is None
    assert earlier["label"]["class"] == "infra"
    assert earlier["label"]["by"] == "ada"
    assert earlier["label"]["verdict_right"] is True
    assert earlier["label"]["subject_right"] is True
    done = ask(stage, "diagnose", "--self-check", "--json")
    check = json.loads(done.stdout)
    assert done.returncode == 0
    assert (check["incidents"], check["labelled"]) == (2, 1)
    assert check["right"] == check["subject_right"] == 1
    assert 0 < check["brier"] < 0.1 and check["false_confident"] == []
    assert check["brier_prior"] > check["brier"]
    assert 0.8 < check["skill"] < 1
    assert [row["verdicts"] for row in check["reliability"]] == [0, 0, 0, 1]
    assert [row["from"] for row in check["reliability"]] == [0, .5, .7, .9]
    best = check["reliability"][-1]
    assert best["right"] == best["right_to"] == 1
    assert best["right_from"] == 0.2065  # Wilson, one of one
    (stage.directory / "s.db").unlink()
    replay(stage, first + shifted(first, 7200) +
           closed("2026-01-05T13:00:00.000Z", 1, "net", "net:a->b"))
    done = ask(stage, "diagnose", "--self-check")
    assert done.returncode == 1
    assert "CONFIDENT AND WRONG\n#1 staging" in done.stdout
    assert "was net net:a->b" in done.stdout


def test_what_people_said_moves_the_prior_from_then_on(stage):
    """Each moment knows what had been said by then, of what was over."""
    first = over(outages.lines("S17"))
    label = json.loads(closed("2026-01-05T13:00:00.000Z", 1, "infra", ""))
    label["attributes"]["findings"] = "I1 FB_tcp_refused SUB_both_fail"
    replay(stage, first + json.dumps(label) + "\n" + shifted(first, 86400))
    def prior(at):
        done = ask(stage, "diagnose", "staging", "--at", at, "--json")
        assert done.stdout == ask(stage, "diagnose", "staging", "--at", at,
                                  "--json").stdout
        return json.loads(done.stdout)
    before = prior("2026-01-05T10:01:00Z")
    assert before["prior"]["from"] == "shipped"
    assert before["prior"]["probabilities"]["infra"] == 0.31
    assert "I1" in before["findings"]
    assert prior("2026-01-05T13:00:00Z")["prior"]["labelled"] == 0
    after = prior("2026-01-06T10:01:00Z")
    assert after["prior"]["from"] == "shipped + 1 labelled incident"
    assert after["prior"]["with_findings"] == 1
    assert after["prior"]["probabilities"]["infra"] == 0.3429  # 7.2 / 21
    impact = next(row for row in after["evidence"] if row["token"] == "I1")
    assert impact["row"]["infra"] == 0.9111  # (1 + 8 * 0.9) / 9
    assert impact["row_from"] == "shipped + 1 labelled incident"
    said = ask(stage, "diagnose", "staging", "--at", "2026-01-06T10:01:00Z",
               "--explain", "prior").stdout
    assert said.startswith("prior: shipped + 1 labelled incident\n")
    said = ask(stage, "report", "1", "--at", "2026-01-05T10:01:00Z").stdout
    assert "Prior: shipped." in said


def test_verdicts_outlive_the_results_they_stood_on(stage):
    """What was told is measured, where it was kept."""
    first = over(outages.lines("S17"))
    said = json.loads(closed("2026-01-05T13:00:00.000Z", 1, "infra", ""))
    said["attributes"].update({
        "said": "net", "said_subject": "net:a->b", "said_confidence": 0.8,
        "said_app": 0.05, "said_env": 0.05, "said_infra": 0.05,
        "said_net": 0.8, "said_blind": 0.025, "said_none": 0.025})
    bare = closed("2026-01-06T13:00:00.000Z", 6, "infra", "")
    replay(stage, first + json.dumps(said) + "\n" + shifted(first, 86400) +
           bare)
    def check():
        return json.loads(ask(stage, "diagnose", "--self-check", "--json",
                              "--at", "2026-01-07T00:00:00Z").stdout)
    assert (check()["right"], check()["as_told"]) == (1, 0)
    with sqlite3.connect(stage.directory / "s.db") as db:
        db.execute("delete from inbox")
        db.execute("delete from chunk")
    gone = check()
    assert (gone["labelled"], gone["as_told"], gone["evidence_gone"]) == (
        2, 1, 1)
    assert gone["right"] == 0 and 1.5 < gone["brier"] < 1.6
    assert gone["skill"] < -1
    wrong, = gone["false_confident"]
    assert (wrong["class"], wrong["was"]) == ("net", "infra")
    report = ask(stage, "report", "1", "--at", "2026-01-07T00:00:00Z").stdout
    assert "are no longer kept" in report
    assert "the network (0.80)" in " ".join(report.split())
    text = ask(stage, "diagnose", "--self-check",
               "--at", "2026-01-07T00:00:00Z").stdout
    assert "1 as told when they were labelled" in text
    assert "1 not judged" in text and "skill -1." in text


def test_a_relapse_names_the_guard_that_should_have_held(stage):
    """What people said of the first, and what became of its fix."""
    first = over(outages.lines("S06"))
    said = json.loads(closed("2026-01-05T13:00:00.000Z", 1, "env",
                             "config:pool_size"))
    said["summary"] = "somebody saved connections"
    guard = {"type": "event", "at": "2026-01-05T13:01:00.000Z",
             "environment": "staging", "kind": "guard",
             "subject": "config:pool_size >= 20",
             "attributes": {"issue": "77"}}
    replay(stage, first + json.dumps(said) + "\n" + json.dumps(guard) +
           "\n" + shifted(outages.lines("S06"), 86400))
    listed = json.loads(ask(stage, "incidents", "--json").stdout)["incidents"]
    later, earlier = listed
    assert later["relapse_of"] == earlier["id"]
    assert later["relapse_guard"]["state"] == "regressed"
    assert later["relapse_guard"]["issue"] == "77"
    text = " ".join(ask(stage, "incidents").stdout.split())
    assert "setting/pool_size at least 20 (issue 77) is regressed" in text
    report = ask(stage, "report", str(later["id"])).stdout
    assert f"The same fault as incident {earlier['id']}" in report
    assert "somebody saved connections" in report
    assert "REGRESSED" in report and "(issue 77) is regressed" in " ".join(
        report.split())
    assert "REGRESSED 1" in ask(stage, "diagnose", "staging").stdout
    before = ask(stage, "diagnose", "staging", "--at",
                 "2026-01-06T09:59:00Z").stdout
    assert "HELD 20" in before


def test_staging_on_the_database_of_production_is_found(stage):
    """Everything is green, and the host is that of production."""
    well = over(outages.lines("S54"))
    crossed = outages.fact_line(270, "staging", "backend",
                                "env/POSTGRES_HOST",
                                outages.OWN["env/POSTGRES_HOST"])
    replay(stage, well + json.dumps(crossed) + "\n")
    def verdict(environment, *arguments):
        return json.loads(ask(stage, "diagnose", environment, "--json",
                              *arguments).stdout)
    assert verdict("staging", "--at", "2026-01-05T09:59:00Z")["class"] == "none"
    found = verdict("staging")
    assert (found["class"], found["severity"], found["subject"]) == (
        "env", "silent", "envvar:POSTGRES_HOST")
    assert found["trigger"]["kind"] == "env_change"
    assert found["onset"]["to"] == "2026-01-05T10:04:30.000Z"
    assert "PD_equal" in found["findings"]
    assert found["next_actions"][0]["command"] == (
        "vedette changes staging --name env/POSTGRES_HOST")
    assert verdict("production")["class"] == "none"


def told(at, condition):
    """A line of history: a guard, as somebody told it."""
    return json.dumps({"type": "event", "at": at, "environment": "staging",
                       "kind": "guard", "subject": condition}) + "\n"


def test_what_people_confirm_is_enforced_until_they_free_it(stage):
    """A port that is the same in both environments, which none minded."""
    well = over(outages.lines("S37"))
    lines = well + told("2026-01-05T09:50:00.000Z",
                        "envvar:POSTGRES_PORT differs")
    lines += told("2026-01-05T09:55:00.000Z", "envvar:POSTGRES_PORT free")
    replay(stage, "".join(sorted(
        lines.splitlines(True), key=lambda line: json.loads(line)["at"])))
    def verdict(at):
        return json.loads(ask(stage, "diagnose", "staging", "--json", "--at",
                              f"2026-01-05T{at}Z").stdout)
    assert verdict("09:49:00")["class"] == "none"
    found = verdict("09:54:00")
    assert (found["class"], found["severity"], found["subject"]) == (
        "env", "silent", "envvar:POSTGRES_PORT")
    assert verdict("09:56:00")["class"] == "none"
    row, = json.loads(ask(
        stage, "regressions", "staging", "--json", "--to",
        "2026-01-05T09:59:00Z").stdout)["regressions"]
    assert (row["kind"], row["subject"]) == ("guard", "env/POSTGRES_PORT")
    assert "different from other environments" in ask(
        stage, "regressions", "staging").stdout
    assert row["cleared"].startswith("2026-01-05T09:5")
    listed = ask(stage, "guard", "list", "staging").stdout
    assert "env/POSTGRES_PORT: may be anything" in listed


def collect(stage):
    """Starts a collector over the store."""
    places = outages.CONFIG[outages.CONFIG.index("environments:"):]
    (stage.directory / "c.yaml").write_text(
        f"store: {stage.directory}/s.db\nlisten: [{{url: {stage.url}}}]\n" +
        places)
    stage.start("collector", [stage.collector, "run", "--config", "c.yaml"])
    wait_for("the collector", lambda: subprocess.run(
        [stage.cli, "--collector", stage.url, "incidents"], check=False,
        capture_output=True).returncode == 0)
    return stage


@pytest.fixture
def collecting(stage):
    """A collector over the history of two outages."""
    first = over(outages.lines("S17"))
    replay(stage, first + shifted(first, 7200))
    return collect(stage)


def test_what_nobody_can_see_any_more_is_not_kept_as_a_verdict(stage):
    """The class that people say counts, and no verdict on nothing."""
    first = over(outages.lines("S17"))
    replay(stage, first + shifted(first, 7200))
    with sqlite3.connect(stage.directory / "s.db") as db:
        db.execute("delete from inbox")
        db.execute("delete from chunk")
    collect(stage)
    done = subprocess.run(
        [stage.cli, "--collector", stage.url, "incident", "close", "1",
         "--verdict", "infra"], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert "was infra" in done.stdout and "the verdict" not in done.stdout
    line = next(line for line in stage.run(
        stage.collector, "export", "--store", "s.db").splitlines()
                if "incident_closed" in line)
    assert set(json.loads(line)["attributes"]) == {
        "incident", "verdict", "by"}


def test_people_say_what_an_incident_was(collecting):
    """Over the network; what is wrong is said."""
    def vedette(*arguments):
        return subprocess.run(
            [collecting.cli, "--collector", collecting.url, *arguments],
            capture_output=True, text=True, check=False)
    done = vedette("incident", "close", "1", "--verdict", "infra",
                   "--subject", "infra:postgres")
    assert (done.returncode, done.stderr) == (0, "")
    assert "incident #1 of staging was infra infra:postgres" in done.stdout
    report = json.loads(vedette("report", "1", "--json").stdout)
    assert report["label"]["class"] == "infra"
    assert report["label"]["by"].startswith("uid ")
    told = next(json.loads(line) for line in collecting.run(
        collecting.collector, "export", "--store", "s.db").splitlines()
                if "incident_closed" in line)["attributes"]
    assert {"I1", "FB_tcp_refused"} <= set(told["findings"].split())
    assert told["said"] == "infra"
    assert told["said_infra"] == report["verdict"]["probabilities"]["infra"]
    for words, said in [
            (("close", "1"), "--verdict is missing"),
            (("close", "1", "--verdict", "dog"), "not one of app"),
            (("close", "abc", "--verdict", "app"), "is a number"),
            (("open", "1"), "close INCIDENT"),
            (("close",), "close INCIDENT")]:
        done = vedette("incident", *words)
        assert done.returncode == 2 and said in done.stderr, words
    done = vedette("incident", "close", "#1", "--verdict", "infra")
    assert "incident #1 of staging was infra" in done.stdout
    done = vedette("incident", "close", "99", "--verdict", "app")
    assert done.returncode == 3 and "none of this number" in done.stderr


def test_a_report_says_what_people_found(collecting):
    """In every format, beside the verdict; and counts it."""
    def vedette(*arguments):
        done = subprocess.run(
            [collecting.cli, "--collector", collecting.url, *arguments],
            capture_output=True, text=True, check=False)
        assert (done.returncode, done.stderr) == (0, "")
        return " ".join(done.stdout.replace("\\", "").split())
    def verdict_of(report):
        return report[report.index("Verdict"):report.index("What is cleared")]
    before = vedette("report", "1")
    assert "none yet" in before and "People found" not in before
    vedette("incident", "close", "1", "--verdict", "app", "--subject",
            "app:backend", "--summary", "a bad build")
    for words in ((), ("--format", "md"), ("--format", "html")):
        said = vedette("report", "1", *words)
        assert ("People found otherwise: it was application code or "
                "release, subject app:backend (uid ") in verdict_of(said)
        assert "They said: a bad build." in verdict_of(said)
        assert "right in 0 of 1 verdicts that people judged" in said
    document = json.loads(vedette("report", "1", "--json"))
    assert document["label"]["verdict_right"] is False
    assert document["record"] == {"verdicts": 1, "right": 0}
    vedette("incident", "close", "1", "--verdict", "infra", "--subject",
            "infra:redis")
    assert "the same class, but another subject: it was" in verdict_of(
        vedette("report", "1"))
    vedette("incident", "close", "1", "--verdict", "infra", "--subject",
            "infra:postgres")
    said = vedette("report", "1")
    assert "People found the same: it was infrastructure" in verdict_of(said)
    assert "right in 1 of 1 verdicts" in said


def test_people_keep_a_fix_in_force(collecting):
    """A guard is told, listed with what it is about, survives a restart."""
    def vedette(*arguments):
        return subprocess.run(
            [collecting.cli, "--collector", collecting.url, *arguments],
            capture_output=True, text=True, check=False)
    about = ("--environment", "staging", "--issue", "1263")
    done = vedette("guard", "add", "config:no_such >= 35.0", *about)
    assert (done.returncode, done.stderr) == (0, "")
    assert "config:no_such >= 35.0" in done.stdout
    done = vedette("guard", "list", "staging")
    assert done.returncode == 0
    assert "setting/no_such: at least 35.0 (issue 1263)" in done.stdout
    assert vedette("guard", "check", "staging").returncode == 3
    done = vedette("guard", "add", "envvar:A_MODE matches", "--environment",
                   "staging")
    assert (done.returncode, done.stderr) == (0, "")
    assert "env/A_MODE: the same as in other environments" in vedette(
        "guard", "list", "staging").stdout
    assert "nothing is proposed" in vedette(
        "guard", "proposed", "staging").stdout
    done = vedette("guard", "add", "env/A_MODE differs", "--environment",
                   "staging")
    assert "it takes the place of: envvar:A_MODE matches" in done.stdout
    done = vedette("guard", "add", "envvar:A_MODE matches", "--environment",
                   "staging", "--json")
    assert json.loads(done.stdout)["mark"]["attributes"] == {
        "replaced": "env/A_MODE differs"}
    done = vedette("guard", "add", "envvar:A_MODE matches", "--environment",
                   "staging")
    assert "the place of" not in done.stdout
    done = vedette("guard", "remove", "envvar:A_MODE matches",
                   "--environment", "staging")
    assert "no guard any more" in done.stdout
    assert "the place of" not in done.stdout
    there = ("--environment", "staging")
    for words, code, said in [
            (("add", "pool is large", *about), 2, "not a condition"),
            (("add", "envvar:A matches production", *there), 2,
             "matches production is not what may follow a name"),
            (("add", "matches", *there), 2, "nothing behind it"),
            (("remove", "config:no_such >= 35.1", *there), 3,
             "guard config:no_such >= 35.1: nobody added it to staging"),
            (("remove", "config:no_such >= 35.1", *there), 3,
             "vedette guard list staging"),
            (("add", "config:a free", "--environment", "nosuch"), 3,
             "environment nosuch"),
            (("add", "config:a >= 1", "--issue", "1"), 2, "--environment"),
            (("add", "config:a >= 1", "--environment", "staging"), 2,
             "--issue is missing"),
            (("keep", "config:a >= 1"), 2, "add CONDITION")]:
        done = vedette("guard", *words)
        assert done.returncode == code and said in done.stderr, words
    done = vedette("guard", "remove", "config:no_such >= 35.0",
                   "--environment", "staging")
    assert "no guard any more" in done.stdout
    done = vedette("guard", "remove", "config:no_such >= 35.0",
                   "--environment", "staging")
    assert done.returncode == 3 and "nothing to remove" in done.stderr
    listed = vedette("guard", "list", "staging").stdout
    assert "no guards" in listed and "vedette guard add" in listed
    assert listed.endswith("\n")
    assert max(map(len, listed.splitlines())) <= 80
    assert vedette("guard", "check", "staging").returncode == 0
    done = vedette("guard", "add", "build = v1", *about, "--service",
                   "nosuch")
    assert "in staging/nosuch: build = v1" in done.stdout
    assert "unknown   nosuch build: v1 (issue 1263)" in vedette(
        "guard", "list", "staging").stdout


def known(second, name, shown, environment="staging", **more):
    """A line of history: a fact, its value or fingerprint."""
    what = "fingerprint" if shown.startswith("k") else "value"
    return json.dumps({
        "type": "fact", "at": f"2026-01-05T10:00:{second:02}.000Z",
        "environment": environment, "service": "backend", "name": name,
        "source": "process", what: shown} | more) + "\n"


CANNOT_TELL = [
    ("nobody tells it", "config:a >= 1", [], "does a probe of an agent there "
     "read it?"),
    ("it has a longer name", "pool >= 1", [("setting/pool", "5")],
     "setting/pool is told there: is that meant?"),
    ("nobody else tells it", "envvar:A matches", [("env/A", "k1:aa")],
     "nobody tells it of backend in another environment"),
    ("made with different keys", "envvar:A differs",
     [("env/A", "k1:aa"), ("env/A", "k2:aa", "production")],
     "the fingerprints here and in production were made with different "
     "keys: name it under compare"),
    ("a value there", "envvar:A matches",
     [("env/A", "k1:aa"), ("env/A", "5", "production")],
     "told as a fingerprint here, and as a value there"),
    ("a secret has no size", "envvar:A >= 1", [("env/A", "k1:aa")],
     "its value is a fingerprint"),
]


@pytest.mark.parametrize("name,condition,facts,why", CANNOT_TELL,
                         ids=[row[0] for row in CANNOT_TELL])
def test_a_guard_that_cannot_be_judged_says_why(
        stage, name, condition, facts, why):
    """And what to do, within 80 columns; nobody takes it for held."""
    replay(stage, "".join(known(i, *row) for i, row in enumerate(facts)) +
           told("2026-01-05T10:00:30.000Z", condition) +
           known(59, "build", "v1"))
    done = ask(stage, "guard", "check", "staging")
    assert done.returncode == 3, name
    assert why in " ".join(done.stdout.split())
    assert max(map(len, done.stdout.splitlines())) <= 80
    assert ask(stage, "guard", "list", "staging").returncode == 0
    guard, = json.loads(
        ask(stage, "guard", "list", "staging", "--json").stdout)["guards"]
    assert (guard["state"], guard["condition"]) == ("unknown", condition)
    assert why in guard["why"]


def test_a_guard_that_is_told_of_another_service_says_so(stage):
    """A name that was mistyped is told apart from a probe that is missing."""
    line = json.loads(told("2026-01-05T10:00:30.000Z", "config:a >= 1"))
    replay(stage, known(0, "setting/a", "5") +
           json.dumps(line | {"service": "nosuch"}) + "\n" +
           known(59, "build", "v1"))
    done = ask(stage, "guard", "check", "staging")
    assert done.returncode == 3
    assert "unknown   nosuch setting/a: at least 1" in done.stdout
    assert "it is told of backend, not of nosuch" in done.stdout
    assert ask(stage, "guard", "check", "staging", "--service",
               "backend").returncode == 0
