"""Fingerprints of two keys: compared between environments, and replaced."""
import os
import signal

import pytest
from collecting import Collector
from stage import wait_for

EXPECTATIONS = """\
expectations:
  - {env: SECRET_KEY, must_differ: [staging, production]}
"""

AGENT = """\
agent: {name}
environment: {environment}
vantage: in_service
identity: [{{hostname: "*"}}]
collectors: ["tcp://127.0.0.1:{port}"]
state_directory: {name}
fingerprint_fleet_key: {name}.fleet.key
fingerprint_overlap: {overlap}
defaults: {{interval: 200ms, timeout: 150ms}}
probes:
  - name: env
    service: backend
    env:
      source: {{file: {name}.env}}
      watch: [OWN]
      compare: [SECRET_KEY, TOKEN]
"""

VALUES = {"OWN": "same everywhere", "SECRET_KEY": "shared-by-mistake"}


class Fleet:
    """A collector, and an agent each in staging and production."""

    def __init__(self, stage, overlap="1h"):
        self.stage = stage
        self.overlap = overlap
        self.agents = {}
        self.collector = Collector(stage, EXPECTATIONS)
        self.key("first.key")
        for environment in ("staging", "production"):
            name = environment[:4]
            self.give(environment, TOKEN=f"token-{environment}")
            self.path(f"{name}.fleet.key").write_bytes(
                self.path("first.key").read_bytes())
            self.path(f"{name}.fleet.key").chmod(0o600)
            self.path(f"{name}.yaml").write_text(AGENT.format(
                name=name, environment=environment, overlap=overlap,
                port=self.collector.port))
            self.agents[environment] = stage.start(name, [
                stage.agent, "run", "--config", f"{name}.yaml"])
        for environment in self.agents:
            wait_for(f"facts of {environment}",
                     lambda where=environment: len(self.facts(where)) == 3)

    def path(self, name):
        """A file of the stage."""
        return self.stage.directory / name

    def key(self, name):
        """Makes a key."""
        self.path(name).write_text(os.urandom(32).hex() + "\n")
        self.path(name).chmod(0o600)

    def give(self, environment, **values):
        """Writes the variables of an environment's service."""
        text = "".join(f"{name}={value}\n"
                       for name, value in (VALUES | values).items())
        path = self.path(f"{environment[:4]}.env")
        path.with_suffix(".new").write_text(text)
        path.with_suffix(".new").rename(path)

    def changes(self, environment):
        """All changes of variables there, the newest first."""
        found = self.stage.ask("changes", environment).get("changes", [])
        return [row for row in found if row["name"].startswith("env/")]

    def facts(self, environment):
        """{name: what is shown of it} as it is in force."""
        return {row["name"]: row["new"]
                for row in reversed(self.changes(environment))}

    def regressions(self):
        """[(environment, subject)] of what is open."""
        found = self.stage.ask("regressions", "--open")
        return sorted((row["environment"], row["subject"])
                      for row in found["regressions"])

    def rotate(self, environment, *more):
        """Replaces the fleet's key on a host, and waits until the collector
        has been told."""
        name = environment[:4]
        said = self.stage.run(
            self.stage.agent, "fingerprint", "rotate", "--fleet", *more,
            "--config", f"{name}.yaml")
        assert "SIGHUP" in said
        self.agents[environment].send_signal(signal.SIGHUP)
        wait_for(f"both fingerprints of {environment}",
                 lambda: self.facts(environment)["env/TOKEN"].count(":") >= 2)

    def compare(self):
        """{name: likeness} between the two."""
        return {row["name"]: row["likeness"] for row in self.stage.ask(
            "diff", "staging", "production")["facts"]
            if row["name"].startswith("env/")}


def counts(fleet):
    """How many changes there are, of each environment."""
    return [len(fleet.changes(name)) for name in fleet.agents]


def test_a_rotated_key_is_no_change_and_comparison_goes_on(stage):
    """Scenario S54: the fleet's key is replaced on all agents."""
    fleet = Fleet(stage)
    shared = [(name, "env/SECRET_KEY") for name in ("production", "staging")]
    wait_for("the shared secret", lambda: fleet.regressions() == shared)
    expected = {"env/OWN": "not_comparable", "env/SECRET_KEY": "same",
                "env/TOKEN": "differs"}
    assert fleet.compare() == expected
    before = counts(fleet)

    fleet.key("second.key")
    fleet.rotate("staging", "--key", "second.key")
    assert fleet.compare() == expected  # one has both, the other the old one
    fleet.rotate("production", "--key", "second.key")
    assert fleet.compare() == expected
    assert counts(fleet) == before
    assert fleet.regressions() == shared

    fleet.give("staging", TOKEN="token-staging", SECRET_KEY="own")
    wait_for("the change", lambda: counts(fleet) == [before[0] + 1, before[1]])
    wait_for("its regressions", lambda: fleet.regressions() == [])
    assert fleet.compare()["env/SECRET_KEY"] == "differs"


def test_after_the_overlap_only_the_new_key_is_used(stage):
    """What was seen before stays comparable."""
    fleet = Fleet(stage, overlap="2s")
    before = counts(fleet)
    old = fleet.facts("staging")["env/TOKEN"]
    fleet.rotate("staging")
    both = fleet.facts("staging")["env/TOKEN"]
    assert both.endswith(old.split()[-1])
    fleet.give("staging", TOKEN="another")
    wait_for("the change", lambda: counts(fleet) == [before[0] + 1, before[1]])
    wait_for("the new key alone", lambda: (
        fleet.give("staging", TOKEN=os.urandom(8).hex()),
        "k" + old.split()[-1][1:9] not in fleet.facts("staging")["env/TOKEN"]
    )[1])
    assert fleet.facts("staging")["env/TOKEN"].split()[-1][:10] == \
        both.split()[1][:10]


def test_a_restarted_collector_knows_the_keys(stage):
    """Judging again what came after the last checkpoint changes nothing."""
    fleet = Fleet(stage)
    before = counts(fleet)
    fleet.rotate("staging")
    fleet.collector.kill()
    fleet.collector.start()
    wait_for("an answer", lambda: len(fleet.facts("staging")) == 3)
    assert counts(fleet) == before
    assert fleet.facts("staging")["env/TOKEN"].count(":") >= 2
    fleet.give("staging", TOKEN="another")
    wait_for("the change", lambda: counts(fleet) == [before[0] + 1, before[1]])


def check(fleet, name, value, *more):
    """fingerprint check: exit code and what is printed."""
    done = fleet.stage.try_run(
        fleet.stage.agent, "fingerprint", "check", name, *more,
        "--config", "stag.yaml", text=value)
    assert value.strip() not in done.stdout + done.stderr
    return done.returncode, done.stdout


@pytest.mark.parametrize("name, value", [
    ("OWN", VALUES["OWN"]), ("TOKEN", "token-staging\n")])
def test_a_value_is_recognised_on_the_host(stage, name, value):
    """By the environment's key and by the fleet's."""
    fleet = Fleet(stage)
    seen = fleet.facts("staging")[f"env/{name}"]
    for shown in (seen, seen.split()[-1]):
        code, said = check(fleet, name, value, shown)
        assert (code, said) == (0, f"{name}: the value that was seen\n")
    code, said = check(fleet, name, "another value", seen)
    assert (code, said) == (1, f"{name}: not the value that was seen\n")
    code, said = check(fleet, name, value, "k00000000:" + 24 * "0")
    assert code == 3 and "nobody can tell" in said
    code, said = check(fleet, name, value)
    assert code == 0 and seen.split()[-1] in said
    assert len(said.splitlines()) == 2


def test_a_key_is_not_made_by_asking(stage):
    """Whoever asks may not be the one the agent runs as."""
    stage.directory.joinpath("agent.yaml").write_text(
        "agent: a\nenvironment: e\nstate_directory: .\n"
        "probes: [{name: t, tcp: {host: 127.0.0.1, port: 1}}]\n")
    done = stage.try_run(stage.agent, "fingerprint", "check", "A",
                         "--config", "agent.yaml", text="v")
    assert done.returncode == 2
    assert "the agent makes it when it starts" in done.stderr
    assert not stage.directory.joinpath("fingerprint.key").exists()
    done = stage.try_run(stage.agent, "fingerprint", "rotate", "--fleet",
                         "--config", "agent.yaml")
    assert done.returncode == 1 and "fingerprint_fleet_key" in done.stderr
