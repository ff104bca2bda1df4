"""collecting.py - a collector of a test's own, and batches for it."""
import signal
import sqlite3

from publisher import content, now_ms
from stage import answers, free_port, wait_for

ENVIRONMENTS = """\
environments:
  local: {}
  staging: {compare_with: [production]}
  production: {}
services:
  - {name: backend, depends_on: [database]}
  - {name: database, kind: database}
"""


class Collector:
    """A collector of a stage, on TCP and IPC."""

    def __init__(self, stage, more="", store=None, listen="", prefix=()):
        self.stage = stage
        self.prefix = prefix
        self.port = free_port()
        self.path = stage.directory / "collector.yaml"
        self.store = store or stage.directory / "store.db"
        self.path.write_text(
            f"store: {self.store}\nlisten:\n"
            f"  - url: {stage.url}\n"
            f"  - url: tcp://127.0.0.1:{self.port}\n{listen}"
            f"{ENVIRONMENTS}{more}")
        self.start()

    def start(self):
        """Until it accepts connections."""
        self.program = self.stage.start("collector", [
            self.stage.collector, "run", "--config", self.path],
            prefix=self.prefix)
        wait_for("the collector", lambda: answers(self.port), self.program)

    def kill(self):
        """As a power cut of the process."""
        self.program.kill()
        self.program.wait()
        self.stage.programs.remove(self.program)

    def stop(self):
        """As systemd does; returns the exit code."""
        self.program.send_signal(signal.SIGTERM)
        code = self.program.wait(30)
        self.stage.programs.remove(self.program)
        return code

    def stored(self):
        """[(agent, stream, sequence)] of all batches in the store."""
        with sqlite3.connect(f"file:{self.store}?mode=ro", uri=True) as store:
            return store.execute(
                "select agent, stream, sequence from inbox join stream on "
                "stream.id = stream_id").fetchall()

    def regressions(self, *more):
        """Rows of `vedette regressions`."""
        return self.stage.ask("regressions", *more).get("regressions", [])

    def wait_for_log(self, text):
        """Until the log says so."""
        wait_for(repr(text), lambda: text in self.stage.log("collector"),
                 self.program)


LAST = [0]


def new_times(n):
    """n times up to about now, later than all given before."""
    first = max(now_ms() - n, LAST[0] + 1)
    LAST[0] = first + n - 1
    return range(first, first + n)


def run_of(outcome, n, probe="port", end_ms=None, service="backend"):
    """n results of one outcome, the last one now or at end_ms."""
    times = new_times(n) if end_ms is None else range(end_ms - n + 1,
                                                      end_ms + 1)
    message = "" if outcome == "ok" else "connection refused"
    return content([(probe, at_ms, outcome, message) for at_ms in times],
                   service=service)
