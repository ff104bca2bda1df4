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

HERE = pathlib.Path(__file__).resolve().parent
VOLUME_MIB = 256
FAKETIME = pathlib.Path(
    "/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1")


def time_namespace(ahead_s):
    """What runs a command whose monotonic clocks are ahead."""
    if not ahead_s:
        return ()
    if not os.path.exists("/proc/self/ns/time"):
        raise Missing("time namespaces")
    return ("unshare", "--time", "--fork", "--kill-child", "--monotonic",
            str(round(ahead_s)), "--boottime", str(round(ahead_s)))


class Agent:
    """An agent as a program: world.agents["agent-stg"], "agent-prd",
    "agent-ops" (staging's outside vantage), "agent-ops-prd"; world.dev is
    the one on the developer's machine, not started."""

    def __init__(self, world, name, write, prefix, release=None):
        """write(agent): the text of its configuration."""
        self.stage = world.stage
        self.name = name
        self.write = write
        self.prefix = prefix
        self.folder = world.folder / f"config-{name}"
        self.state = world.folder / f"state-{name}"
        self.key = self.folder / "fleet.key"
        self.sessions = self.folder / "check_sessions"
        self.release = release  # of the application: a file of probes
        self.spool = self.is_proven = True
        self.program = None
        self.wanted = False  # is it meant to run?

    def configure(self):
        """Its folder of files."""
        self.folder.mkdir(exist_ok=True)
        (self.folder / "10-agent.yaml").write_text(self.write(self))
        link = self.folder / "20-release.yaml"
        if self.release is not None and not link.is_symlink():
            link.symlink_to(self.release)
        if not self.sessions.exists():
            shutil.copy(HERE / "check_sessions", self.sessions)
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

    def start(self, faketime="", spool=True, ahead_s=0):
        """With another clock ("+90s"), with a spool of the least size, which
        is lost with what waits in it when forget() is called, or in a time
        namespace whose monotonic clocks are ahead."""
        self.spool = spool
        self.configure()
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
            prefix=(*self.prefix, *time_namespace(ahead_s)))
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

    def restart(self, faketime="", spool=True, ahead_s=0):
        """stop() and start()."""
        self.stop()
        self.start(faketime, spool, ahead_s)

    def reload(self):
        """SIGHUP, if it runs."""
        if self.is_running():
            self.program.send_signal(signal.SIGHUP)

    def is_running(self):
        """Has it a process?"""
        return self.program is not None and self.program.poll() is None

    def forget(self):
        """Loses what waits for the collector, as without a spool."""
        self.kill()
        for file in self.state.glob("spool.db*"):
            file.unlink()
        self.start(spool=self.spool)

    def disprove(self, gone=True):
        """What proved where it stands is gone; or there again."""
        self.is_proven = not gone
        self.configure()
        self.reload()

    def hang_plugin(self, hangs=True):
        """Its plug-in does not end any more; or does again."""
        self.sessions.unlink(missing_ok=True)
        if hangs:
            self.sessions.write_text("#!/bin/sh\nexec tail -f /dev/null\n")
            self.sessions.chmod(0o755)
        else:
            shutil.copy(HERE / "check_sessions", self.sessions)

    def rotate_key(self, *how):
        """Another key of its environment's fingerprints, as documented;
        how: further options, such as --fleet."""
        self.stage.run(self.stage.agent, "fingerprint", "rotate", *how,
                       "--config", self.folder)
        self.reload()

    def reset(self):
        """As at the start, and running."""
        self.hang_plugin(False)
        changed = not (self.is_proven and self.spool)
        self.is_proven = True
        if self.is_running():
            self.resume()
        if changed or not self.is_running():
            self.restart()


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

    def config_text(self):
        """Its configuration."""
        return sentries.collector(self.world)

    def start(self):
        """Until it takes connections."""
        path = self.world.folder / "collector.yaml"
        path.write_text(self.config_text())
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

    def fill_disk(self, percent=100):
        """Nothing more can be written to the volume of the store; or it is
        filled so far."""
        fill(self.volume / "filling", percent)

    def free_disk(self):
        """It can again; what agents without a spool had for it is lost."""
        for agent in self.world.agents.values():
            if not agent.spool and agent.is_running():
                agent.forget()
        (self.volume / "filling").unlink(missing_ok=True)


def write_key(path):
    """A key of fingerprints."""
    path.unlink(missing_ok=True)
    path.touch(mode=0o600)
    path.write_text(secrets.token_hex(32) + "\n")
