#!/usr/bin/python3
"""bench_probes.py BUILD [--quick] - CPU per probe against blackbox_exporter.

The same nginx on the loopback is probed by vedette-agent (with a collector,
so that storing and sending are in the price), by its runner alone, and by
blackbox_exporter, one after the other; a PostgreSQL by the runner and by psql.
Then 1,000 probes of which 300 never
get an answer, half of them not even to the question for their name, show
whether all keep their intervals.  Prints one JSON object.
"""
import contextlib
import http.client
import json
import os
import pathlib
import resource
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from support.namespaces import own_mounts  # noqa: E402
from support.postgres import BIN, postgres  # noqa: E402
from support.probing import (closed_port, full_port,  # noqa: E402
                             until_listening)

TICKS_PER_S = os.sysconf("SC_CLK_TCK")
PROBES = {"tcp": 1000, "http": 500}  # at 1 s
SESSIONS = 40  # postgres probes at 1 s
MODULE = {"tcp": "tcp_connect", "http": "http_2xx"}


def cpu_s(pid):
    """User and system time so far."""
    text = pathlib.Path(f"/proc/{pid}/stat").read_text()
    fields = text.rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / TICKS_PER_S


def resident_kib(pid):
    """Resident memory."""
    for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1])
    raise KeyError(pid)


@contextlib.contextmanager
def program(*command):
    """A program that ends with the block."""
    with subprocess.Popen(command, stdout=subprocess.DEVNULL,
                          stderr=subprocess.DEVNULL) as running:
        try:
            yield running
        finally:
            running.terminate()


@contextlib.contextmanager
def nginx(folder):
    """A web server; gives its port."""
    port = closed_port()
    (folder / "nginx.conf").write_text(
        f"daemon off; pid {folder}/pid; error_log {folder}/log crit;\n"
        "worker_processes 1; events { worker_connections 4096; }\n"
        f"http {{ access_log off; client_body_temp_path {folder};\n"
        f"proxy_temp_path {folder}; fastcgi_temp_path {folder};\n"
        f"uwsgi_temp_path {folder}; scgi_temp_path {folder};\n"
        f"server {{ listen 127.0.0.1:{port} backlog=4096;\n"
        "location / { return 200 'ready'; } } }\n")
    with program("nginx", "-p", folder, "-c", "nginx.conf") as server:
        until_listening(port, server)
        yield port


@contextlib.contextmanager
def silent_names(folder):
    """A name server that takes questions and never answers; gives the command
    before one for which it is the system's."""
    address = "127.0.0.99"  # port 53 is root's, as is most of a benchmark
    path = folder / "resolv.conf"
    path.write_text(f"nameserver {address}\n")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind((address, 53))
        yield [*own_mounts(), "sh", "-c",
               f'mount --bind {path} /etc/resolv.conf && exec "$@"', "sh"]


def write_configuration(folder, kind, port, dead_port=None):
    """Probes at 1 s; with a dead port, 150 go there and 150 to a name."""
    url = f"ipc://{folder}/collector.sock"
    (folder / "collector.yaml").write_text(
        f"store: {folder}/store.db\nlisten:\n  - url: {url}\n")
    probes = []
    for i in range(PROBES[kind]):
        is_dead = dead_port is not None and i >= 700
        to = dead_port if is_dead and i < 850 else port
        host = f"never-{i}.test" if is_dead and i >= 850 else "127.0.0.1"
        target = (f"{{host: {host}, port: {to}}}" if kind == "tcp" else
                  f"{{url: 'http://127.0.0.1:{to}/', contains: ready}}")
        probes.append(f"  - {{name: p{i:04d}, {kind}: {target}}}\n")
    path = folder / f"{kind}.yaml"
    path.write_text(
        "agent: bench\nenvironment: bench\nvantage: in_service\n"
        f"identity: [{{hostname: '*'}}]\ncollectors: ['{url}']\n"
        f"state_directory: {folder}\nconcurrency: 1000\n"
        "defaults: {interval: 1s, timeout: 900ms}\nprobes:\n" +
        "".join(probes))
    return path


def whole_agent(build, folder, path, kind, seconds):
    """CPU ms per probe of vedette-agent, and its memory."""
    with program(build / "collector/vedette-collector", "run", "--config",
                 folder / "collector.yaml"), \
            program(build / "agent/vedette-agent", "run", "--config",
                    path) as agent:
        pause = threading.Event()
        pause.wait(3)  # start-up is not probing
        before, began = cpu_s(agent.pid), time.monotonic()
        pause.wait(seconds)
        used = cpu_s(agent.pid) - before
        runs = (time.monotonic() - began) * PROBES[kind]
        return 1000 * used / runs, resident_kib(agent.pid)


def runner_alone(build, path, seconds, prefix=()):
    """What tests/bench/bench_probes prints."""
    return json.loads(subprocess.run(
        [*prefix, build / "tests/bench/bench_probes", path, str(seconds)],
        check=True, capture_output=True, text=True).stdout)


def blackbox(kind, port, count):
    """CPU ms per probe of blackbox_exporter."""
    own = closed_port()
    target = f"127.0.0.1:{port}" if kind == "tcp" else \
        f"http://127.0.0.1:{port}/"
    path = f"/probe?module={MODULE[kind]}&target={target}"
    with program("prometheus-blackbox-exporter",
                 f"--web.listen-address=127.0.0.1:{own}", "--log.level=error",
                 "--config.file=/etc/prometheus/blackbox.yml") as exporter:
        until_listening(own, exporter)
        client = http.client.HTTPConnection("127.0.0.1", own)

        def ask(n):
            for _ in range(n):
                client.request("GET", path)
                answer = client.getresponse().read()
                assert b"probe_success 1" in answer, answer.decode()

        ask(20)  # to warm up
        before = cpu_s(exporter.pid)
        ask(count)
        return 1000 * (cpu_s(exporter.pid) - before) / count


def children_s():
    """User and system time of programs that have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def sessions(build, folder, seconds):
    """CPU ms of a postgres probe, with a session of its own, and of psql for
    the same; the server's is not counted."""
    with postgres("host all all 127.0.0.1/32 trust") as server:
        path = folder / "postgres.yaml"
        target = (f"{{host: 127.0.0.1, port: {server.port}, "
                  "user: postgres, database: postgres, sslmode: disable}")
        path.write_text(
            f"agent: bench\nenvironment: bench\nstate_directory: {folder}\n"
            "defaults: {interval: 1s, timeout: 900ms}\nprobes:\n" + "".join(
                f"  - {{name: p{i}, postgres: {target}}}\n"
                for i in range(SESSIONS)))
        ours = runner_alone(build, path, seconds)
        assert ours["ok"] == ours["runs"], ours
        count = 10 * seconds
        before = children_s()
        for _ in range(count):
            subprocess.run(
                [BIN / "psql", "-X", "-q", "-t", "-c", "select 1",
                 f"host=127.0.0.1 port={server.port} user=postgres "
                 "dbname=postgres sslmode=disable"],
                check=True, capture_output=True)
        return {"runner_ms": round(ours["cpu_us_per_run"] / 1000, 4),
                "psql_ms": round(1000 * (children_s() - before) / count, 4)}


def main():
    """Returns the exit code."""
    build = pathlib.Path(sys.argv[1]).resolve()
    seconds = 5 if "--quick" in sys.argv else 15
    found = {}
    folder = pathlib.Path(tempfile.mkdtemp(prefix="vedette-bench-"))
    folder.chmod(0o755)
    try:
        with nginx(folder) as port:
            for kind in PROBES:
                path = write_configuration(folder, kind, port)
                alone = runner_alone(build, path, seconds)
                assert alone["ok"] == alone["runs"], alone
                ours, kib = whole_agent(build, folder, path, kind, seconds)
                found[kind] = {
                    "vedette_ms": round(ours, 4), "resident_kib": kib,
                    "runner_ms": round(alone["cpu_us_per_run"] / 1000, 4),
                    "runner_resident_kib": alone["resident_kib"],
                    "blackbox_ms": round(
                        blackbox(kind, port, 400 * seconds), 4)}
            found["postgres"] = sessions(build, folder, seconds)
            with full_port() as dead, silent_names(folder) as prefix:
                path = write_configuration(folder, "tcp", port, dead)
                found["300 of 1,000 are dead"] = runner_alone(
                    build, path, seconds, prefix)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    print(json.dumps(found))
    return 0


if __name__ == "__main__":
    sys.exit(main())
