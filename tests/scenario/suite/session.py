"""session.py - one scenario in a world of its own, watched as it happens.

The steps are done by the thread that started the world, at their times; a
second thread asks for the verdict at every probe interval.  Returns a record
for score.py, or says why there is none.
"""
import os
import pathlib
import threading
import time
import traceback

from suite import baselines, inject, recording
from suite.deeds import Performer, Undone
from suite.steps import NotUnderstood
from suite.world import Missing, World

ROOT = pathlib.Path(__file__).resolve().parents[3]


def victim(plan):
    """The environment that is asked about: that to which everything happens
    from the instant 0 on; staging, where it is not one alone."""
    named = {str(value).removeprefix("agent-")[:3]
             for second, step in plan if second >= 0
             for key, value in step.args.items()
             if key in ("env", "place", "a", "b", "saddr", "daddr", "agent")}
    return "prd" if named & {"stg", "prd"} == {"prd"} else "stg"


class Looks(threading.Thread):
    """Asks for the verdict at every interval after the instant 0."""

    def __init__(self, world, env, reference, pace, interval_s):
        super().__init__(daemon=True)
        self.env = env
        self.world, self.reference, self.pace = world, reference, pace
        self.interval_s = interval_s
        self.looks, self.ended = [], threading.Event()

    def run(self):
        k = 0
        while True:
            k = max(k, int(self.second() // self.interval_s)) + 1
            due = self.reference + k * self.interval_s / self.pace
            if self.ended.wait(max(0, due - time.time())):
                return
            self.look()

    def second(self):
        """On the scenario's clock."""
        return (time.time() - self.reference) * self.pace

    def look(self):
        """One verdict, as short as it can be remembered."""
        at_s = self.second()
        try:
            verdict = self.world.diagnose(self.env) or {
                "class": "no answer", "confidence": 0}
            self.looks.append({
                "at_s": round(at_s, 1), "class": verdict["class"],
                "subject": verdict.get("subject"),
                "confidence": verdict["confidence"]})
        except Exception as e:  # pylint: disable=broad-exception-caught
            # A collector that cannot answer gives no verdict: that is a
            # look, too.
            self.looks.append({"at_s": round(at_s, 1), "class": "no answer",
                               "subject": str(e)[:200], "confidence": 0})

    def stop(self):
        """Returns the looks."""
        self.ended.set()
        self.join(60)
        return self.looks


def wait_until(instant, say, what):
    """Waits for a moment of the wall clock; tells that it does."""
    left = instant - time.time()
    if left > 1:
        say(f"{what} in {left:.0f} s")
    if left > 0:
        threading.Event().wait(left)


def report_of(world, env):
    """The report of the newest incident, as people read it; "" without."""
    try:
        incidents = world.ask("incidents", world.env(env).environment)
        rows = incidents.get("incidents", incidents) \
            if isinstance(incidents, dict) else incidents
        newest = max(row.get("id", row.get("incident", 0)) for row in rows)
        return world.stage.vedette("report", str(newest), "--format", "md")
    except Exception:  # pylint: disable=broad-exception-caught
        return ""


def history(world):
    """The lines of the store."""
    return pathlib.Path(world.export()).read_text(
        encoding="utf-8").splitlines()


class Session:
    """One scenario."""

    def __init__(self, suite, scenario, options, say):
        self.suite, self.scenario, self.options = suite, scenario, options
        self.say, self.pace = say, options["pace"]
        intervals = suite.get("harness", {}).get("intervals", {})
        self.interval_s = intervals.get("probe_s", 5)
        self.world = World(None, options["folder"], options["build"],
                           pace=self.pace)
        self.performer = Performer(self.world, self.pace)
        self.reference = 0

    def run(self):
        """{"state": "run", ...} or {"state": "skipped" | "not run",
        "why"}"""
        try:
            plan = inject.read_scenario(self.scenario,
                                        self.world.capabilities())
        except NotUnderstood as e:
            return {"state": "not run", "why": str(e)}
        except inject.Lacking as e:
            return {"state": "skipped", "why": f"this machine has no {e}"}
        try:
            self.say("starting a world")
            self.world.start()
            return self.play(plan)
        except Missing as e:
            return {"state": "skipped", "why": str(e)}
        except Undone as e:
            return {"state": "not run",
                    "why": f"{self.scenario['id']}: {e}"}
        except Exception as e:  # pylint: disable=broad-exception-caught
            return {"state": "not run", "why": f"{type(e).__name__}: {e}"[:300],
                    "trace": traceback.format_exc()}
        finally:
            self.performer.stop()
            self.world.stop()

    def play(self, plan):
        """Baseline, steps, the end."""
        baseline_s = self.scenario.get("baseline_s", 300)
        self.reference = time.time() + baseline_s / self.pace
        self.performer.prepare(plan, self.reference)
        env = victim(plan)
        looks = Looks(self.world, env, self.reference, self.pace,
                      self.interval_s)
        looks.start()
        done = []
        try:
            for second, step in plan:
                wait_until(self.reference + second / self.pace, self.say,
                           step.text)
                self.say(f"{second:+.0f} s: {step.verb}")
                began = looks.second()
                self.performer.do(step)
                done.append({"verb": step.verb, "due_s": second,
                             "began_s": round(began, 1),
                             "ended_s": round(looks.second(), 1)})
            wait_until(self.reference +
                       self.scenario.get("observe_s", 180) / self.pace,
                       self.say, "the last look")
            looks.look()
            self.performer.finish()
        finally:
            seen = looks.stop()
        return self.record(env, seen, done)

    def record(self, env, looks, done):
        """What is to be judged."""
        verdict = self.world.diagnose(env)
        lines = history(self.world)
        if self.options.get("record"):
            self.keep(env, lines, looks, done)
        model = self.suite.get("evidence_model")
        return {
            "state": "run", "verdict": verdict, "looks": sorted(
                looks, key=lambda look: look["at_s"]), "steps": done,
            "reference": self.reference, "pace": self.pace, "env": env,
            "report": report_of(self.world, env),
            "baselines": baselines.judge(
                model, verdict, lines, self.world.env(env).environment)
            if model else {},
        }

    def keep(self, env, lines, looks, steps):
        """For another day."""
        recording.write(self.options["record"], {
            "id": self.scenario["id"], "env": env, "reference": self.reference,
            "pace": self.pace, "looks": looks, "lines": lines,
            "steps": steps, "expected": self.scenario["expected"],
            "folder": str(self.world.folder), "root": str(ROOT),
            "observe_s": self.scenario.get("observe_s", 180),
            "config": (self.world.folder / "collector.yaml").read_text(
                encoding="utf-8")})


def go_first():
    """Clocks run on while others compute: what is measured is a product, not
    a machine that has something else to do."""
    os.nice(-10)
