#!/usr/bin/python3
"""bench_idle.py BUILD [SECONDS] - an agent with 20 tcp probes at 10 s.

CPU, resident memory and threads of vedette-agent, blackbox_exporter (asked
for the same 20 probes at the same times) and monit (20 port checks, a cycle of
10 s), measured beside each other over the same time.  Prints one JSON object.
"""
import json
import os
import pathlib
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request

PROBES = 20
PERIOD_S = 10
TICKS_PER_S = os.sysconf("SC_CLK_TCK")


def cpu_s(pid):
    """User and system time so far."""
    text = pathlib.Path(f"/proc/{pid}/stat").read_text()
    fields = text.rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / TICKS_PER_S


def status(pid, name):
    """A number of /proc/PID/status."""
    for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith(name + ":"):
            return int(line.split()[1])
    raise KeyError(name)


def target():
    """Accepts and closes, on a port of its own."""
    listener = socket.create_server(("127.0.0.1", 0), backlog=128)

    def serve():
        while True:
            try:
                listener.accept()[0].close()
            except OSError:
                return

    threading.Thread(target=serve, daemon=True).start()
    return listener.getsockname()[1]


def start_vedette(build, directory, port):
    """A collector, not measured, and the agent."""
    url = f"ipc://{directory}/collector.sock"
    (directory / "collector.yaml").write_text(
        f"store: {directory}/store.db\nlisten:\n  - url: {url}\n")
    probes = "".join(
        f"  - {{name: port-{i:02d}, service: bench, interval: {PERIOD_S}s, "
        f"tcp: {{host: 127.0.0.1, port: {port}}}}}\n" for i in range(PROBES))
    (directory / "agent.yaml").write_text(
        "agent: bench\nenvironment: bench\nvantage: in_service\n"
        "identity: [{hostname: '*'}]\n"
        f"collectors: ['{url}']\nstate_directory: {directory}\n"
        f"probes:\n{probes}")
    log = open(directory / "log", "w")  # pylint: disable=R1732
    collector = subprocess.Popen(  # pylint: disable=R1732
        [build / "collector/vedette-collector", "run", "--config",
         directory / "collector.yaml"], stderr=log)
    agent = subprocess.Popen(  # pylint: disable=R1732
        [build / "agent/vedette-agent", "run", "--config",
         directory / "agent.yaml"], stderr=log)
    return collector, agent


def start_blackbox(port):
    """The exporter and a thread that asks it; returns (program, stop)."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        own = probe.getsockname()[1]
    program = subprocess.Popen(  # pylint: disable=R1732
        ["prometheus-blackbox-exporter",
         f"--web.listen-address=127.0.0.1:{own}", "--log.level=error",
         "--config.file=/etc/prometheus/blackbox.yml"],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    stop = threading.Event()
    url = (f"http://127.0.0.1:{own}/probe?module=tcp_connect"
           f"&target=127.0.0.1:{port}")

    def ask():
        while not stop.wait(PERIOD_S / PROBES):
            try:
                urllib.request.urlopen(url).read()  # pylint: disable=R1732
            except OSError:
                pass

    threading.Thread(target=ask, daemon=True).start()
    return program, stop


def start_monit(directory, port):
    """monit in the foreground with 20 port checks."""
    checks = "".join(
        f"check host bench{i:02d} with address 127.0.0.1\n"
        f"  if failed port {port} then alert\n" for i in range(PROBES))
    control = directory / "monitrc"
    control.write_text(
        f"set daemon {PERIOD_S}\nset pidfile {directory}/monit.pid\n"
        f"set idfile {directory}/monit.id\n"
        f"set statefile {directory}/monit.state\n{checks}")
    control.chmod(0o600)
    return subprocess.Popen(  # pylint: disable=R1732
        ["monit", "-I", "-c", control], stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL)


def main():
    """Returns the exit code."""
    build = pathlib.Path(sys.argv[1]).resolve()
    seconds = float(sys.argv[2]) if len(sys.argv) > 2 else 60
    directory = pathlib.Path(tempfile.mkdtemp(prefix="vedette-bench-"))
    port = target()
    collector, agent = start_vedette(build, directory, port)
    blackbox, stop = start_blackbox(port)
    monit = start_monit(directory, port)
    programs = {"vedette-agent": agent, "blackbox_exporter": blackbox,
                "monit": monit}
    pause = threading.Event()
    try:
        pause.wait(PERIOD_S)  # start-up is not idling
        before = {name: cpu_s(program.pid)
                  for name, program in programs.items()}
        began = time.monotonic()
        pause.wait(seconds)
        passed = time.monotonic() - began
        found = {
            name: {
                "cpu_percent": round(100 * (cpu_s(program.pid) -
                                            before[name]) / passed, 3),
                "resident_kib": status(program.pid, "VmRSS"),
                "threads": status(program.pid, "Threads"),
            } for name, program in programs.items()}
    finally:
        stop.set()
        for program in (agent, collector, blackbox, monit):
            program.terminate()
            program.wait()
        shutil.rmtree(directory, ignore_errors=True)
    print(json.dumps(found))
    return 0


if __name__ == "__main__":
    sys.exit(main())
