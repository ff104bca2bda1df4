"""frame.py - what every deed needs: the world, its names, what it holds."""
import hashlib
import ipaddress
import itertools
import os
import re
import signal
import time

from suite.world import Missing


class Undone(Exception):
    """A step could not be done as it is written."""


class Frame:
    """A world, and what holds something in it until the end."""

    def __init__(self, world, pace):
        self.world, self.pace = world, pace
        self.sessions = []  # (what for, program)
        self.numbers = itertools.count()  # one for each program's log
        self.kept = {}  # path: its content before the first change
        self.secrets = {}  # "<version 4>": what it is

    def prepare(self, plan, reference):
        """Before the baseline; reference: the instant 0, since 1970."""
        for second, step in plan:
            method = getattr(self, "prepare_" + step.verb, None)
            if method:
                method(reference + second / self.pace, **step.args)

    def do(self, step):
        """One step, now."""
        method = getattr(self, "do_" + step.verb, None)
        if method is None:
            raise Missing(step.verb)
        method(**step.args)

    # --- names and values ----------------------------------------------------

    def placeholders(self):
        """Of the world, and of what was made since."""
        return self.world.placeholders() | self.secrets

    def filled(self, text):
        """Text with the placeholders of the world in it."""
        for name, value in self.placeholders().items():
            sign = name if name.startswith("<") else "${%s}" % name
            text = text.replace(sign, str(value))
        for sign in re.findall(r"<(?:another|new|other|different|wrong|random)"
                               r"(?: \w+)?>|<password of \w+>", text):
            text = text.replace(sign, self.made_up(sign))
        left = re.search(r"<[a-z][\w ./-]*>|\$\{(?:STG|PRD|PG)\w*\}", text)
        if left:
            raise Undone(f"nobody knows what {left[0]} is")
        return text

    def address(self, place):
        """The address of a namespace; addresses stay as they are."""
        try:
            ipaddress.ip_network(place)
            return place
        except ValueError:
            pass
        known = self.placeholders()
        sign = f"<{place.strip('<>')}>"
        return str(known[sign]) if sign in known else \
            self.world.ns(place).addr

    @staticmethod
    def made_up(name):
        """A value that nobody had before."""
        word = hashlib.sha256(f"{name}{time.time()}".encode()).hexdigest()
        return "made-up-" + word[:24]

    # --- what is held --------------------------------------------------------

    def hold(self, what, program):
        """Until the step's own end, or that of the scenario."""
        self.sessions.append((what, program))

    def let_go(self, what, newest=False):
        """Ends what is held for something: all of it, or the newest."""
        mine = [pair for pair in self.sessions if pair[0] == what]
        for pair in mine[-1:] if newest else mine:
            end(pair[1])
            self.sessions.remove(pair)

    def finish(self):
        """Before the last look is judged: a command that ran on must not
        have ended badly in the meantime."""
        for what, program in self.sessions:
            if what.startswith("command") and program.poll() not in (None, 0):
                raise Undone(f"{what}: ended with {program.returncode}")

    def stop(self):
        """Ends what still holds something."""
        while self.sessions:
            end(self.sessions.pop()[1])


def end(program):
    """With all that it started."""
    try:
        os.killpg(program.pid, signal.SIGKILL)
    except ProcessLookupError:
        pass
    program.wait()
