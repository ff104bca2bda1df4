"""Recorded outages, replayed and diagnosed offline as a user would."""
import json
import subprocess

import outages
import pytest

CODES = {"none": 0, "app": 10, "env": 11, "infra": 12, "net": 13, "blind": 14,
         "undetermined": 15}


def diagnose(stage, outage, at=outages.AFTER_S):
    """Replays the outage; returns the verdict and the exit code."""
    (stage.directory / "c.yaml").write_text(outages.CONFIG)
    (stage.directory / "o.jsonl").write_text(outages.lines(outage))
    stage.run(stage.collector, "replay", "o.jsonl", "--store", "s.db",
              "--config", "c.yaml")
    done = subprocess.run(
        [stage.cli, "diagnose", "staging", "--store", "s.db", "--config",
         "c.yaml", "--at", outages.stamp(at), "--json"],
        cwd=stage.directory, capture_output=True, text=True, check=False)
    assert done.stderr == ""
    return json.loads(done.stdout), done.returncode


@pytest.mark.parametrize("outage", sorted(outages.OUTAGES))
def test_a_recorded_outage_is_diagnosed(stage, outage):
    """Class and subject, the exit code, and no false confidence."""
    blame, subject, _ = outages.OUTAGES[outage]
    verdict, code = diagnose(stage, outage)
    told = json.dumps({key: verdict[key] for key in (
        "class", "subject", "confidence", "cap", "evidence", "alternatives",
        "secondary")}, indent=1)
    assert verdict["class"] == blame, told
    assert (verdict["subject"] or "").startswith(subject), told
    assert code == CODES[blame]
    assert verdict["confidence"] <= 0.97
    if blame in ("app", "env", "infra", "net", "blind"):
        assert verdict["confidence"] >= 0.7
        assert verdict["evidence"]
    again, _ = diagnose_again(stage)
    assert again == verdict


def without(*fields):
    """Results that leave these fields out."""
    def change(line):
        for field in fields:
            line.pop(field, None)
        return line
    return change


def under_its_own_name(line):
    """Probes of a dependency belong to the dependency's service."""
    if line["type"] == "result" and line["service"] == "backend":
        if line["kind"] in ("postgres", "dns"):
            line["service"] = "postgres"
        if line["probe"] == "payments":
            line["service"] = "payments"
    return line


TELLINGS = {
    "without reasons": (without("reason"), True),
    "without reasons and phases": (without("reason", "phases"), True),
    "by the dependency's name": (under_its_own_name, True),
    "without any configuration": (without(), False),
}


@pytest.mark.parametrize("telling", sorted(TELLINGS))
def test_however_it_is_told_no_verdict_is_falsely_confident(stage, telling):
    """Other recorders leave things out or name them otherwise."""
    change, has_config = TELLINGS[telling]
    rules = ["--config", "c.yaml"] if has_config else []
    (stage.directory / "c.yaml").write_text(outages.CONFIG)
    right = 0
    for outage, (blame, _, _) in sorted(outages.OUTAGES.items()):
        (stage.directory / f"{outage}.jsonl").write_text("".join(
            json.dumps(change(json.loads(line))) + "\n"
            for line in outages.lines(outage).splitlines()))
        stage.run(stage.collector, "replay", f"{outage}.jsonl", "--store",
                  f"{outage}.db", *rules)
        done = subprocess.run(
            [stage.cli, "diagnose", "staging", "--store", f"{outage}.db",
             *rules, "--at", outages.stamp(outages.AFTER_S), "--json"],
            cwd=stage.directory, capture_output=True, text=True, check=False)
        verdict = json.loads(done.stdout)
        right += verdict["class"] == blame
        assert verdict["class"] in (blame, "undetermined"), (
            outage, verdict["class"], verdict["confidence"])
    assert right >= len(outages.OUTAGES) - 2


def story(stage, blame, **differs):
    """Diagnoses an outage that is told here."""
    outages.OUTAGES["story"] = (blame, "", differs)
    try:
        return diagnose(stage, "story")[0]
    finally:
        del outages.OUTAGES["story"]


def test_a_second_fault_under_the_same_symptom_masks_the_first(stage):
    """The network fails; then a build that lacks a package hides it."""
    net = outages.bad("transfer.status", "status 503: dial tcp "
                      "10.77.2.2:5432: i/o timeout", since=-300)
    app = outages.bad("transfer.status", "status 503: ModuleNotFoundError: "
                      "No module named 'redis'", since=0)
    verdict = story(stage, "app", direct=[net, app],
                    golden=outages.bad("steps.status", "503", since=-300),
                    **{"and": outages.deploy(0, "v3")})
    assert verdict["class"] == "app", verdict["evidence"]
    assert verdict["subject"] == "app:backend@v3"
    masked = [row["text"] for row in verdict["masked"]]
    assert any("10.77.2.2:5432" in text and "not mended" in text
               for text in masked), verdict["masked"]


def test_failures_that_follow_the_limit_withhold_its_raise(stage):
    """8 s, then 20 s, then 75 s: whatever limit is set is reached."""
    def limit(seconds, since):
        return outages.bad("connect.timeout", "no answer", "connect", since,
                           duration_ms=seconds * 1000,
                           limit_ms=seconds * 1000)
    slow = [limit(8, -600), limit(20, -300), limit(75, 0)]
    verdict = story(stage, "net", db=slow, **{
        "db.reference": slow, "direct": outages.READY,
        "golden": outages.GOLDEN})
    withheld = verdict["advice_withheld"]
    assert withheld[0]["advice"] == "raise the timeout"
    assert "8 s" in withheld[0]["why"] and "75 s" in withheld[0]["why"]


def test_claims_are_checked_and_never_set_a_verdict(stage):
    """Somebody says it is fixed, somebody says it is the code."""
    verdict = story(stage, "infra", **outages.OUTAGES["S17"][2], **{"and": [
        outages.event(60, "claim", "", "the database was restarted, it is "
                      "fixed"),
        outages.event(70, "claim", "", "it is a bug in the code")]})
    assert verdict["class"] == "infra"
    assert [row["checked"] for row in verdict["claims"]] == [
        "contradicted", "contradicted"]


def test_two_independent_faults_are_both_told(stage):
    """Payments cannot be reached, and the certificate has expired."""
    verdict = story(stage, "net", **{
        "pay": outages.OUTAGES["S37"][2]["pay"],
        "tls": outages.OUTAGES["S24"][2]["tls"],
        "golden": outages.GOLDEN})
    told = {verdict["subject"]} | {
        row["subject"] for row in verdict["secondary"]}
    assert len(told) == 2, verdict["secondary"]
    assert any(subject.startswith("tls:") for subject in told)


def test_what_was_red_for_days_is_kept_apart(stage):
    """A probe that failed for two days is no part of today's outage."""
    old = ("staging", "agent-stg", outages.IN, "backend", "legacy", "tcp")
    lines = outages.lines("S17")
    more = "".join(json.dumps(outages.result_line(
        at, old, outages.bad("connect.refused", "connection refused",
                             "connect", since=-200_000))) + "\n"
        for at in range(-172_800, outages.AFTER_S, 60))
    (stage.directory / "c.yaml").write_text(outages.CONFIG)
    (stage.directory / "o.jsonl").write_text(more + lines)
    merged = sorted((more + lines).splitlines(),
                    key=lambda line: json.loads(line)["at"])
    (stage.directory / "o.jsonl").write_text("\n".join(merged) + "\n")
    stage.run(stage.collector, "replay", "o.jsonl", "--store", "s.db",
              "--config", "c.yaml")
    verdict, _ = diagnose_again(stage)
    assert verdict["class"] == "infra"
    assert verdict["subject"] == "infra:postgres"
    assert "legacy" in json.dumps(verdict["standing"])
    assert "legacy" not in json.dumps(verdict["secondary"])


def diagnose_again(stage):
    """The same question once more."""
    done = subprocess.run(
        [stage.cli, "diagnose", "staging", "--store", "s.db", "--config",
         "c.yaml", "--at", outages.stamp(outages.AFTER_S), "--json"],
        cwd=stage.directory, capture_output=True, text=True, check=False)
    return json.loads(done.stdout), done.returncode
