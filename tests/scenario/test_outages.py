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


def diagnose_again(stage):
    """The same question once more."""
    done = subprocess.run(
        [stage.cli, "diagnose", "staging", "--store", "s.db", "--config",
         "c.yaml", "--at", outages.stamp(outages.AFTER_S), "--json"],
        cwd=stage.directory, capture_output=True, text=True, check=False)
    return json.loads(done.stdout), done.returncode
