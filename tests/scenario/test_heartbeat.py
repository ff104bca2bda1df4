"""Jobs that call: in time, late, never, with an exit code, from cron."""
import json
import subprocess
import time

import pytest
from stage import Failure, wait_for
from test_push import BOTH, PUSH, READ, Pushed

# What a crontab would run: says when it begins, and with which code it ended.
JOB = """\
#!/bin/sh
# cronjob NAME COMMAND...: runs it, and tells
name=$1; shift
tell() {
	curl -fsS -m 60 --retry 3 --retry-connrefused -H @header \\
		-X POST "http://127.0.0.1:%d/api/v1/heartbeat/staging/$name/$1" \\
		--data-binary "@${2:-/dev/null}" >/dev/null
}
tell start
"$@" >out.$name 2>&1
tell $? out.$name
"""

HEARTBEATS = """\
heartbeats:
  - {name: backup, environment: staging, service: backend, every: 2s,
     grace: 1s}
  - {name: report, environment: staging, service: backend, every: 1h,
     grace: 5m, limit: 1s, severity: warning}
  - {name: elsewhere, environment: production, every: 1h}
"""


class Jobs(Pushed):
    """A collector that expects calls, and cron jobs that call."""

    def __init__(self, stage, heartbeats=HEARTBEATS):
        super().__init__(stage, heartbeats)
        (stage.directory / "header").write_text(
            f"Authorization: Bearer {PUSH}\n")
        self.job = stage.directory / "cronjob"
        self.job.write_text(JOB % self.port)
        self.job.chmod(0o755)

    def run(self, name, *command):
        """What cron does."""
        subprocess.run([self.job, name, *command], check=True,
                       cwd=self.stage.directory)

    def call(self, path, *options, token=PUSH):
        """A call by hand; status and answer."""
        status, body = self.curl(f"/api/v1/heartbeat/{path}", "-X", "POST",
                                 *options, token=token)
        return status, json.loads(body)

    def newest(self, probe):
        """Its newest result, {} before the first."""
        rows = self.history(probe)
        return rows[0] if rows else {}

    def wait_for(self, probe, outcome):
        """The newest result, once it is this."""
        wait_for(f"{probe} to be {outcome}", lambda: self.newest(probe).get(
            "outcome") == outcome, self.program)
        return self.newest(probe)


def test_a_job_is_heard_missed_and_heard_again(stage):
    """Unknown before its first call; critical, and told at once, when it is
    due and does not come; cleared by its next call."""
    jobs = Jobs(stage)
    row = jobs.wait_for("backup", "unknown")
    assert (row["agent"], row["kind"], row["reason"]) == (
        "heartbeats", "heartbeat", "wait.skipped")
    assert "no call yet" in row["message"]
    cell = stage.ask("status", "staging")["cells"][0]
    assert (cell["service"], cell["state"]) == ("backend", "unknown")
    jobs.run("backup", "python3", "-c",
             "import select; select.select([], [], [], 0.3)")
    row = next(row for row in jobs.history("backup")
               if row["outcome"] == "ok")
    assert row["duration_ms"] >= 300
    assert row["phases"][1] == {"name": "run",
                                "duration_ms": row["duration_ms"]}
    row = jobs.wait_for("backup", "critical")
    assert row["reason"] == "wait.missed" and "no call since" in row["message"]
    assert "last_call" in row["attributes"]
    regression = stage.ask("regressions", "--open")["regressions"][0]
    assert (regression["kind"], regression["subject"],
            regression["severity"]) == ("state", "backup", "critical")
    assert "backup" in stage.vedette("status")
    verdict = stage.ask("diagnose", "staging")
    assert verdict["class"] == "undetermined"  # nobody called: not why
    jobs.run("backup", "true")
    wait_for("the regression to be cleared", lambda: not stage.ask(
        "regressions", "--open")["regressions"])
    # Whoever calls when it likes is not missed itself.
    assert not any(agent["silent"]
                   for agent in stage.ask("status")["agents"])


def test_what_a_job_says_is_believed(stage):
    """Exit codes, its words, how long it may run; by whom it is said."""
    jobs = Jobs(stage)
    jobs.run("report", "sh", "-c", "echo no space left; exit 3")
    row = jobs.newest("report")
    assert (row["outcome"], row["reason"], row["message"].strip(),
            row["attributes"]["exit_code"]) == (
        "warning", "run.exit", "no space left", 3)
    assert jobs.call("staging/report")[1] == {
        "results": 1, "facts": 0, "repeated": False}
    assert jobs.newest("report")["outcome"] == "ok"
    assert jobs.call("staging/report/failure")[0] == 200
    assert jobs.newest("report")["outcome"] == "warning"
    assert jobs.call("staging/report/start")[1]["results"] == 0
    row = wait_for("it to run too long", lambda: next(
        (row for row in jobs.history("report")
         if row["reason"] == "run.timeout"), None))
    assert row["censored"] and row["limit_ms"] == 1000
    key = ("-H", "Idempotency-Key: tonight")
    assert jobs.call("staging/report/success", *key)[1]["repeated"] is False
    assert jobs.call("staging/report/7", *key)[1]["repeated"] is True
    assert {row["reason"] for row in jobs.history("report")} == {
        None, "run.exit", "run.timeout", "run.threshold"}
    for path, status in (
            ("staging/nobody", 404), ("staging", 404),
            ("staging/report/256", 404), ("staging/report/x", 404),
            ("staging/report/start/x", 404), ("production/elsewhere", 403),
            ("staging/..%2f..%2fetc", 404)):
        assert jobs.call(path)[0] == status, path
    assert jobs.call("staging/report", token=READ)[0] == 403
    assert jobs.call("production/elsewhere", token=BOTH)[0] == 200
    path = stage.directory / "c.yaml"
    path.write_text(path.read_text() + "  - {name: new, environment: staging,"
                    " every: 1d}\n")
    jobs.program.send_signal(1)
    wait_for("the reload", lambda: "were read again" in stage.log(
        "collector"))
    assert jobs.call("staging/new")[0] == 200


def test_a_call_that_nobody_could_hear_is_not_missed(stage):
    """While the collector was down it may have come: unknown first; missed
    only when the next one does not come either."""
    jobs = Jobs(stage)
    jobs.run("backup", "true")
    called = time.monotonic()
    jobs.kill()
    wait_for("the call to be overdue",
             lambda: time.monotonic() > called + 3.2)
    jobs.start()
    jobs.wait_for("backup", "critical")
    rows = [(row["outcome"], row["reason"])
            for row in reversed(jobs.history("backup"))]
    heard = rows.index(("ok", None))
    assert rows[heard + 1:heard + 3] == [("unknown", "wait.skipped"),
                                         ("critical", "wait.missed")]
    jobs.kill()
    jobs.start()
    assert jobs.newest("backup")["reason"] == "wait.missed"
    regressions = stage.ask("regressions")["regressions"]
    assert len(regressions) == 1  # a restart tells nothing twice


@pytest.mark.parametrize("heartbeat, complaint", [
    ("name: a, environment: staging", "every: required"),
    ("name: A, environment: staging, every: 1h", "name: not a name"),
    ("name: a, environment: moon, every: 1h", "not one of the collector's"),
    ("name: a, environment: staging, every: 1ms", "must be from 1"),
    ("name: a, environment: staging, every: 1h, severity: bad",
     "not a severity"),
    ("name: a, environment: staging, every: 1h, vantage: moon",
     "not a vantage"),
    ("name: backup, environment: staging, every: 1h", "choose another"),
])
def test_what_is_not_right_is_told(stage, heartbeat, complaint):
    """The check of the configuration says what."""
    (stage.directory / "c.yaml").write_text(
        'store: s.db\nlisten: [{url: "ipc:///run/unused.sock"}]\n'
        "environments: {staging: {}, production: {}}\n"
        f"{HEARTBEATS}  - {{{heartbeat}}}\n")
    with pytest.raises(Failure, match=complaint):
        stage.run(stage.collector, "config", "check", "--config", "c.yaml")
