"""watch.py - Vedette in a world: its agents and its collector."""
import os
import pathlib
import secrets
import shutil
import signal

import yaml
from stage import wait_for

from . import sentries
from .database import fill, mount
from .network import Missing

VOLUME_MIB = 256
FAKETIME = pathlib.Path(
    "/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1")


class Agent:
    """An agent as a program: world.agents["agent-stg"], "agent-prd",
    "agent-ops" (staging's outside vantage), "agent-ops-prd"; world.dev is
    the one on the developer's machine, not started."""

    def __init__(self, world, name, write, prefix, state, release=None):
        """write(spool): the text of its configuration."""
        self.stage = world.stage
        self.name = name
        self.write = write
        self.prefix = prefix
        self.state = world.folder / state
        self.folder = world.folder / f"config-{name}"
        self.release = release  # of the application: a file of probes
        self.program = None
        self.wanted = False  # is it meant to run?

    def configure(self, spool=True):
        """Its folder of files."""
        self.folder.mkdir(exist_ok=True)
        (self.folder / "10-agent.yaml").write_text(self.write(spool))
        link = self.folder / "20-release.yaml"
        if self.release is not None and not link.is_symlink():
            link.symlink_to(self.release)
        self.state.mkdir(mode=0o700, exist_ok=True)

    def series(self):
        """Names of the series that its configuration makes."""
        found = set()
        for file in sorted(self.folder.glob("*.yaml")):
            for probe in yaml.safe_load(file.read_text())["probes"]:
                found.add(probe["name"])
                if "reference" in probe.get("postgres", {}):
                    found.add(probe["name"] + ".reference")
        return found

    def start(self, faketime="", spool=True):
        """With another clock ("+90s"), or a spool that holds next to
        nothing."""
        self.configure(spool)
        environment = dict(os.environ)
        if faketime:
            if not FAKETIME.exists():
                raise Missing("faketime")
            environment |= {"LD_PRELOAD": str(FAKETIME),
                            "FAKETIME": faketime,
                            "FAKETIME_DONT_FAKE_MONOTONIC": "1"}
        self.program = self.stage.start(
            self.name, [self.stage.agent, "run", "--config", self.folder],
            environment=environment,
            prefix=self.prefix)
        self.wanted = True

    def stop(self):
        """SIGTERM."""
        self.wanted = False
        if self.is_running():
            self.program.terminate()
            self.program.wait(30)

    def kill(self):
        """SIGKILL."""
        self.wanted = False
        self.program.kill()
        self.program.wait()

    def pause(self):
        """SIGSTOP."""
        self.program.send_signal(signal.SIGSTOP)

    def resume(self):
        """SIGCONT."""
        self.program.send_signal(signal.SIGCONT)

    def restart(self, faketime="", spool=True):
        """stop() and start()."""
        self.stop()
        self.start(faketime, spool)

    def reload(self):
        """SIGHUP, if it runs."""
        if self.is_running():
            self.program.send_signal(signal.SIGHUP)

    def is_running(self):
        """Has it a process?"""
        return self.program is not None and self.program.poll() is None

    def forget(self):
        """A new machine: no spool, nothing known."""
        shutil.rmtree(self.state, ignore_errors=True)


class Collector:
    """The collector: stop(), start(), kill(), and its volume."""

    def __init__(self, world):
        self.world = world
        self.stage = world.stage
        self.volume = world.folder / "collector"
        self.program = None

    def make(self):
        """The volume, and the first start."""
        mount(self.volume, VOLUME_MIB)
        self.start()

    def start(self):
        """Until it takes connections."""
        path = self.world.folder / "collector.yaml"
        path.write_text(sentries.collector(self.world))
        self.program = self.world.ns("ops").popen(
            [self.stage.collector, "run", "--config", path],
            name="collector")
        wait_for("the collector", lambda: self.stage.ask("status"),
                 self.program)

    def stop(self):
        """SIGTERM."""
        if self.program.poll() is None:
            self.program.terminate()
            self.program.wait(30)

    def kill(self):
        """SIGKILL."""
        self.program.kill()
        self.program.wait()

    def fill_disk(self):
        """Nothing more can be written to the volume of the store."""
        fill(self.volume / "filling")

    def free_disk(self):
        """It can again."""
        (self.volume / "filling").unlink(missing_ok=True)


def write_key(path):
    """A key of fingerprints, for all agents alike."""
    path.unlink(missing_ok=True)
    path.touch(mode=0o600)
    path.write_text(secrets.token_hex(32) + "\n")
