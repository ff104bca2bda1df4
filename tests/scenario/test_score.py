"""How verdicts are scored: names, points, rates, baselines."""
import math
import pathlib
import runpy

import pytest

from suite import baselines, score

REFERENCE = score.seconds_of("2026-01-05T10:00:00Z")


@pytest.mark.parametrize("expected, told, points", [
    ("envvar:SECRET_KEY", "envvar:SECRET_KEY", 1.0),
    ("envvar:SECRET_KEY@stg-app/b", "envvar:SECRET_KEY", 0.5),
    ("envvar:SECRET_KEY", "envvar:SECRET_KEY@stg-app/b", 1.0),
    ("envvar:SECRET_KEY", "envvar:SECRET", 0.0),
    ("infra:postgres/stg", "infra:postgres", 1.0),
    ("infra:postgres/stg", "infra:postgres/staging", 1.0),
    ("infra:postgres/stg", "infra:postgres/production", 0.0),
    ("infra:postgres/stg#max_connections", "infra:postgres#disk", 0.5),
    ("net:stg-app->stg-db:5432", "net:backend->postgres:5432", 1.0),
    ("net:stg-app->stg-db:5432", "net:backend->postgres:5433", 0.0),
    ("net:stg-app->stg-db", "net:backend->postgres#mtu", 1.0),
    ("net:stg-app->payments:443", "net:backend->payments:443", 1.0),
    ("dns:resolver/stg", "dns:resolver/staging", 1.0),
    ("dns:db.staging.test", "dns:db.staging.test", 1.0),
    ("app:backend@v2-sql", "app:backend@v1", 0.5),
    ("vantage:staging", "vantage:staging", 1.0),
    ("cgroup:stg-app/memory.max", "cgroup:backend/memory.max", 1.0),
    ("cgroup:stg-app/memory.max", "limit:memory.max", 0.0),
])
def test_a_subject_matches_up_to_its_finer_part(expected, told, points):
    """Whatever spelling the program's configuration gives it."""
    assert score.matches(expected, told) == points


@pytest.mark.parametrize("pattern, told, blamed", [
    ("envvar:*", "envvar:POSTGRES_HOST", True),
    ("app:backend", "app:backend@v1", True),
    ("infra:postgres/stg", "infra:postgres", True),
    ("infra:postgres/stg", "infra:payments", False),
    ("net:*", "net:backend->postgres", True),
    ("net:*", "lb:nginx", False),
    ("app:backend", "", False),
])
def test_who_must_not_be_blamed(pattern, told, blamed):
    """By the typed name or a pattern of names."""
    assert score.is_blamed(pattern, told) is blamed


def verdict(blame="env", confidence=0.95, **more):
    """A verdict as the program prints it."""
    return {"class": blame, "confidence": confidence, "subject":
            "envvar:SECRET_KEY", "alternatives": [
                {"class": "app", "confidence": 0.03, "subject": "app:x@1"}],
            "trigger": None, "next_actions": [], "severity": "outage",
            "evidence": [], "against": [], "onset": None, **more}


SCENARIO = {
    "id": "X1", "tags": ["t"], "must_not_blame": ["app:backend"],
    "expected": {"verdict": "env", "subject": "envvar:SECRET_KEY",
                 "accept": ["app"], "trigger": {"kind": "env_change",
                                                "at_s": 0},
                 "min_confidence": 0.7, "max_confidence": 0.97,
                 "severity": "outage", "onset_s": 0}}


def record(told, looks=()):
    """What a session saw."""
    return {"verdict": told, "looks": list(looks), "reference": REFERENCE,
            "pace": 1.0}


def look(at_s, blame):
    """One look."""
    return {"at_s": at_s, "class": blame}


def test_a_right_verdict_has_all_points():
    """Class, subject, trigger, range, and the time it took."""
    told = verdict(trigger={"kind": "env_change", "at": {
        "from": "2026-01-05T09:59:58Z", "to": "2026-01-05T10:00:03Z"}})
    row = score.judge(SCENARIO, record(told, [
        look(-5, "none"), look(5, "env"), look(10, "undetermined"),
        look(15, "env"), look(20, "env")]))
    assert row["verdict_correct"] == 1 and row["subject_top1"] == 1
    assert row["trigger_kind"] is True and row["trigger_time"] is True
    assert row["in_range"] and not row["false_confident"]
    assert row["time_to_verdict_s"] == 15
    assert row["brier"] < 0.01


def test_what_may_be_said_as_well_has_half_a_point():
    """And its subject is looked for among the alternatives."""
    told = verdict("app", subject="app:other@v1", alternatives=[
        {"class": "env", "confidence": 0.1, "subject": "envvar:SECRET_KEY"}])
    row = score.judge(SCENARIO, record(told))
    assert row["verdict_correct"] == 0.5
    assert row["subject_top1"] == 0 and row["subject_top3"] == 1
    assert not row["false_confident"]


def test_a_wrong_and_sure_verdict_is_falsely_confident():
    """An undetermined one is not, and blaming the innocent fails."""
    row = score.judge(SCENARIO, record(verdict("net", 0.8)))
    assert row["false_confident"] and row["verdict_correct"] == 0
    row = score.judge(SCENARIO, record(verdict("undetermined", 0.5)))
    assert row["undetermined"] and not row["false_confident"]
    row = score.judge(SCENARIO, record(verdict(subject="app:backend@v1")))
    assert row["must_not_blame"] == ["app:backend"]
    assert row["verdict_correct"] == 0


@pytest.mark.parametrize("begin, end, is_right", [
    ("2026-01-05T09:59:58Z", "2026-01-05T10:00:03Z", True),
    ("2026-01-05T10:00:06Z", "2026-01-05T10:00:09Z", True),
    ("2026-01-05T09:59:40Z", "2026-01-05T09:59:50Z", False),
    ("2026-01-05T10:00:20Z", "2026-01-05T10:00:30Z", False),
])
def test_an_onset_holds_the_moment(begin, end, is_right):
    """Within one and a half intervals; where there is impact at all."""
    row = score.judge(SCENARIO, record(verdict(onset={"from": begin,
                                                      "to": end})))
    assert row["onset"] is is_right
    assert score.judge(SCENARIO, record(verdict()))["onset"] is False
    well = dict(SCENARIO, expected=dict(SCENARIO["expected"],
                                        severity="none"))
    assert score.judge(well, record(verdict()))["onset"] is None


@pytest.mark.parametrize("wanted, more, points", [
    ([], {}, None), (["access lost 90 s before onset"], {}, None),
    (["agent:agent-stg"], {}, 0), (["agent:agent-stg"], {"blind_spots": [
        {"what": "everything agent-stg sees", "why": "silent"}]}, 1),
    (["infra:postgres/stg", "net:stg-app->stg-db:5432"], {"claims": [
        {"what": "stg is slow", "why": "somebody saw 5432"}]}, 0),
    (["config:pool_timeout drift 45.0 -> 44.0, not causal",
      "app:backend@v2"], {"cleared": [{"subject": "config:pool_timeout"}]},
     .5),
    (["app:backend@v2", "envvar:SECRET_KEY"], {"alternatives": [
        {"subject": "app:backend@v2", "class": "app", "confidence": .4}]}, 1),
])
def test_findings_beside_the_first_are_looked_for(wanted, more, points):
    """Those that have a subject, wherever a verdict tells them."""
    scenario = dict(SCENARIO, expected=dict(SCENARIO["expected"],
                                            secondary=wanted))
    row = score.judge(scenario, record(verdict(**more)))
    assert row["secondary"] == points


def test_confidence_is_compared_with_what_was_right():
    """In four bins; and the Brier score with that of the prior."""
    rows = [score.judge(SCENARIO, record(verdict("env", .95))),
            score.judge(SCENARIO, record(verdict("net", .95))),
            score.judge(SCENARIO, record(verdict("env", .6))),
            score.judge(SCENARIO, record(verdict("undetermined", .5)))]
    assert [(row["n"], row["correct"]) for row in
            score.reliability(rows)] == [(0, 0), (1, 1), (0, 0), (2, 1)]
    assert score.skill(rows) is None
    told = dict.fromkeys(score.CLASSES, 1 / 6)
    rows[0]["baselines"] = {"prior only": {
        "class": "app", "confidence": 1 / 6, "probabilities": told}}
    assert 0.99 < score.skill(rows) < 1


def test_a_verdict_that_does_not_stay_has_no_time():
    """The last look decides."""
    row = score.judge(SCENARIO, record(verdict(), [
        look(5, "env"), look(10, "net")]))
    assert row["time_to_verdict_s"] is None


def test_next_actions_are_searched_for_words():
    """In whatever order they are written."""
    told = verdict(next_actions=[
        {"command": "systemctl restart vedette-agent", "expect":
         "agent-stg is heard"}, {"command": "vedette diagnose staging",
                                 "expect": "run again"}])
    assert score.mentions(told, ["restart agent-stg"])
    assert not score.mentions(told, ["restart nginx"])


def test_rates_have_wilson_intervals():
    """Those of the textbook."""
    low, high = score.wilson(34, 36)
    assert math.isclose(low, 0.8186, abs_tol=1e-3)
    assert math.isclose(high, 0.9846, abs_tol=1e-3)
    assert score.wilson(0, 0) == (0.0, 1.0)


def test_what_was_not_run_is_never_passed():
    """It counts against the goals and is listed."""
    rows = [score.judge(SCENARIO, record(verdict(), [look(5, "env")]))]
    result = score.score(rows, [])
    assert all(result["goals"].values()), result["goals"]
    result = score.score(rows, [("X2", "skipped", "no netem")])
    assert not result["goals"]["verdicts"]
    assert result["not_run"][0]["why"] == "no netem"


MODEL = {"prior": {"app": .28, "env": .19, "infra": .31, "net": .06,
                   "blind": .08, "none": .08},
         "tokens": [{"id": "FB_dns", "p": {
             "app": .01, "env": .1, "infra": .03, "net": .35, "blind": .01,
             "none": .002}}]}


def test_baselines_judge_the_same_evidence():
    """The prior, the break, and the last change before the onset."""
    told = verdict(evidence=[{"token": "FB_dns"}], onset={
        "from": "2026-01-05T09:59:55Z", "to": "2026-01-05T10:00:00Z"})
    lines = [
        '{"type":"fact","at":"2026-01-05T09:00:00Z","environment":"staging",'
        '"service":"backend","name":"env/HOST","fingerprint":"k1:a"}',
        '{"type":"event","at":"2026-01-05T09:30:00Z","environment":"staging",'
        '"kind":"deploy"}',
        '{"type":"fact","at":"2026-01-05T09:58:00Z","environment":"staging",'
        '"service":"backend","name":"env/HOST","fingerprint":"k1:b"}',
        '{"type":"event","at":"2026-01-05T10:05:00Z","environment":"staging",'
        '"kind":"deploy"}']
    judged = baselines.judge(MODEL, told, lines, "staging")
    assert judged["prior only"]["class"] == "infra"
    assert judged["first failing layer"]["class"] == "net"
    assert judged["last change"]["class"] == "env"
    for one in judged.values():
        assert math.isclose(sum(one["probabilities"].values()), 1.0)


def test_what_the_whole_machine_feels_is_played_alone():
    """Kills for want of memory are counted for all worlds."""
    run = runpy.run_path(str(pathlib.Path(__file__).with_name("run")))
    texts = {"mem": "lower the memory limit of the stg-app cgroup below the "
             "working set", "leak": "deploy stg v2-mem; load stg 5rps",
             "a": "deploy stg v2-ok", "b": "sing"}
    scenarios = {name: {"id": name, "inject": [{"at_s": 0, "do": text}]}
                 for name, text in texts.items()}
    assert [name for name, one in scenarios.items()
            if run["shakes_the_machine"](one)] == ["mem", "leak"]
    crew = run["Crew"](None, None)
    for playing, asked, may in (
            ([], "mem", True), (["a"], "mem", False), (["a"], "b", True),
            (["leak"], "a", False), (["mem"], "leak", False)):
        crew.running = {place: (scenarios[name], None, None)
                        for place, name in enumerate(playing)}
        assert crew.may_start(scenarios[asked]) is may
