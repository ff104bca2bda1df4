"""vedette gate --for against a real collector: it waits until its window is
over, or something got worse."""
import datetime
import json
import os
import subprocess

import pytest
from collecting import Collector, run_of
from publisher import Publisher, now_ms
from stage import answers, wait_for
from test_cli import Screen

GOOD, REGRESSED, USAGE, CANNOT_TELL = 0, 1, 2, 3
SECONDS = 120


class Deployed:
    """An agent whose probe is well, and a deploy that was just marked."""

    def __init__(self, stage):
        self.stage = stage
        self.collector = Collector(
            stage, "regressions: {confirm_after: 2, clear_after: 2}\n")
        self.publisher = Publisher(self.collector.port)
        self.publish("ok")
        self.mark()

    def publish(self, outcome):
        """Thirty results."""
        assert self.publisher.send(run_of(outcome, 30))[0] == 0

    def mark(self):
        """A deploy, and more than thirty milliseconds since."""
        done = self.stage.try_run(
            self.stage.cli, "--collector", self.stage.url, "mark",
            "staging/backend", "--kind", "deploy", "--subject", "build/v2")
        assert done.returncode == 0, done.stderr
        marked_ms = now_ms()
        wait_for("the first results since",
                 lambda: now_ms() > marked_ms + 40)

    def gate(self, *words):
        """Starts it."""
        program = subprocess.Popen(  # pylint: disable=consider-using-with
            [self.stage.cli, "--collector", self.stage.url, "gate",
             "staging", "--since-deploy", "--json", *words],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.stage.programs.append(program)
        return program

    def restart(self):
        """The collector goes away without a word, and comes again."""
        self.publisher.close()
        self.collector.kill()
        self.collector.start()
        wait_for("the collector", lambda: answers(self.collector.port))
        self.publisher = Publisher(self.collector.port, stream=2)


@pytest.fixture(name="deployed")
def new_deployed(stage):
    """Of each test its own."""
    made = Deployed(stage)
    yield made
    made.publisher.close()


def end_of(program):
    """Its exit code and its document."""
    said, _ = program.communicate(timeout=SECONDS)
    return program.returncode, json.loads(said)


def window_ms(document):
    """How long after the deploy it looked."""
    since, at = (datetime.datetime.fromisoformat(document[key][:-1])
                 for key in ("since", "at"))
    return (at - since) // datetime.timedelta(milliseconds=1)


def test_it_waits_until_the_window_is_over(deployed):
    """Too little is known when it begins; what comes meanwhile counts."""
    program = deployed.gate("--for", "6s")
    deployed.publish("ok")
    code, document = end_of(program)
    assert (code, document["verdict"]) == (GOOD, "good"), document
    assert window_ms(document) == 6000
    assert document["deploy"] == "build/v2"


def test_a_window_that_is_over_is_answered_at_once(deployed):
    """About what was in it, not what came later."""
    deployed.publish("ok")
    code, document = end_of(deployed.gate("--for", "30ms"))
    assert window_ms(document) == 30
    assert code in (GOOD, CANNOT_TELL)
    deployed.publish("critical")
    again, same = end_of(deployed.gate("--for", "30ms"))
    assert (again, same["series"]) == (code, document["series"])


def test_what_gets_worse_ends_it_early(deployed):
    """An hour was asked for."""
    program = deployed.gate("--for", "1h")
    deployed.publish("critical")
    code, document = end_of(program)
    assert (code, document["verdict"]) == (REGRESSED, "regressed"), document
    assert window_ms(document) < 3600000


def test_without_results_it_cannot_tell(deployed):
    """Silence is not good news."""
    code, document = end_of(deployed.gate("--for", "1s"))
    assert (code, document["verdict"]) == (CANNOT_TELL, "cannot_tell")
    assert "too few results" in document["reasons"][0]


def test_a_collector_may_go_away_meanwhile(deployed):
    """It connects again, and hears of what happens then."""
    program = deployed.gate("--for", "1h")
    assert "left, nothing worse so far" in program.stderr.readline()
    deployed.restart()
    deployed.publish("critical")
    code, document = end_of(program)
    assert (code, document["verdict"]) == (REGRESSED, "regressed"), document


def test_without_a_deploy_there_is_nothing_to_wait_for(stage):
    """It says at once what is missing."""
    Collector(stage)
    done = stage.try_run(stage.cli, "--collector", stage.url, "gate",
                         "staging", "--for", "1h")
    assert done.returncode == CANNOT_TELL, done.stderr
    assert "no deploy is known" in done.stdout


def test_each_reason_has_lines_of_its_own(deployed):
    """Within 80 columns, and nothing is since nothing."""
    run = deployed.stage.try_run
    about = [deployed.stage.cli, "--collector", deployed.stage.url, "gate"]
    done = run(*about, "staging")
    first, *reasons = done.stdout.splitlines()
    assert done.stdout.endswith("\n")
    assert first.startswith("cannot tell: staging since build/v2, 20")
    assert reasons[0].startswith("  ") and "too few results" in reasons[0]
    deployed.publish("critical")
    done = run(*about, "staging", "--since", "1h")
    lines = done.stdout.splitlines()
    assert len(lines) > 1 and max(map(len, lines)) <= 80, lines
    assert all(line.startswith("  ") for line in lines[1:])


def test_without_a_deploy_there_is_no_since(stage):
    """The reason says what to do, in a line of its own."""
    Collector(stage)
    done = stage.try_run(stage.cli, "--collector", stage.url, "gate",
                         "staging")
    assert done.stdout == (
        "cannot tell: staging\n"
        "  no deploy is known: tell of it with vedette mark, or give "
        "--since\n")


def test_the_past_is_not_waited_for(stage):
    """Neither a file's nor a given moment's."""
    for words in (["--store", "s.db"], ["--at", "2026-01-05T10:00:00Z"]):
        done = stage.try_run(stage.cli, "gate", "staging", "--for", "1m",
                             *words)
        assert done.returncode == USAGE
        assert "nothing to wait for" in done.stderr


def test_a_terminal_shows_how_far_it_is(deployed):
    """And is left as it was."""
    screen = Screen(deployed.stage, "gate", "staging", "--for", "1h")
    wait_for("the time left", lambda: b"of 1 h 0 m left, nothing worse so far"
             in screen.read(), screen.program)
    deployed.publish("critical")
    assert screen.program.wait(SECONDS) == REGRESSED
    assert b"\r\x1b[K" in screen.read()
    os.close(screen.master)
