#!/usr/bin/python3
"""supervise.py UNIT - keeps a program running, as a service manager does.

UNIT is JSON: command, environment_file (read at each start; may be missing),
environment (beside it, and stronger; null takes a variable out), pid_file,
log, restart_s.  One that ends by itself is started again; SIGTERM ends both.
"""
import json
import os
import pathlib
import select
import signal
import subprocess
import sys
import time


def read_environment(path):
    """NAME=value lines as they are: a carriage return is part of a value."""
    try:
        lines = path.read_bytes().decode().split("\n")
    except FileNotFoundError:
        return {}
    return dict(line.split("=", 1) for line in lines
                if "=" in line and not line.startswith("#"))


class Unit:
    """The program, and when it was started."""

    def __init__(self, path):
        self.path = path
        self.program = None
        self.ending = False

    def start(self):
        """Reads everything anew, as a restart does; returns restart_s."""
        unit = json.loads(self.path.read_text())
        environment = {"PATH": os.environ["PATH"], "LANG": "C.UTF-8"}
        environment |= read_environment(pathlib.Path(
            unit["environment_file"]))
        environment |= unit["environment"]
        for name in [name for name in environment
                     if environment[name] is None]:
            del environment[name]
        with open(unit["log"], "ab") as log:
            self.program = subprocess.Popen(
                ["setpriv", "--pdeathsig", "KILL", *unit["command"]],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                env=environment)
        pid_file = pathlib.Path(unit["pid_file"])
        new = pid_file.with_suffix(".new")
        try:
            new.write_text(f"{self.program.pid}\n")
            new.rename(pid_file)
        except OSError as trouble:  # a disk that is full
            print(f"{pid_file}: {trouble}", flush=True)
        return unit["restart_s"]

    def end(self, *_):
        """Stops it, and us as soon as it has ended."""
        self.ending = True
        if self.program is None or self.program.returncode is not None:
            sys.exit(0)
        self.program.kill()


def main():
    """Until SIGTERM."""
    unit = Unit(pathlib.Path(sys.argv[1]))
    signal.signal(signal.SIGTERM, unit.end)
    while True:
        began = time.monotonic()
        restart_s = unit.start()
        code = unit.program.wait()
        if unit.ending:
            return
        how = f"exit code {code}" if code >= 0 else \
            f"killed by {signal.Signals(-code).name}"
        print(f"{sys.argv[1]}: {how} after {time.monotonic() - began:.1f} s",
              flush=True)
        select.select([], [], [], restart_s)


if __name__ == "__main__":
    main()
