"""probing.py - runs probes once against peers of a test's own."""
import contextlib
import json
import os
import pathlib
import signal
import socket
import subprocess
import threading
import time

from support.namespaces import own_mounts

BUILD = pathlib.Path(os.environ.get(
    "VEDETTE_BUILD",
    pathlib.Path(__file__).resolve().parents[2] / "build/release"))
DEADLINE_S = 60


class Probing:
    """A folder with a configuration; what the agent would find out."""

    def __init__(self, directory):
        self.directory = pathlib.Path(directory)
        self.program = BUILD / "tests/support/probe_once"
        self.prefix = []

    def _replace(self, system_file, text):
        """Puts text in the place of a file of the system, for us only."""
        path = self.directory / pathlib.Path(system_file).name
        path.write_text(text)
        self.prefix += [*own_mounts(), "sh", "-c",
                        f"mount --bind {path} {system_file} && exec \"$@\"",
                        "sh"]

    def hosts(self, *lines):
        """What /etc/hosts holds."""
        self._replace("/etc/hosts", "".join(f"{line}\n" for line in lines))

    def name_server(self, address):
        """Which name server /etc/resolv.conf names."""
        self._replace("/etc/resolv.conf", f"nameserver {address}\n")

    def network(self, *records):
        """A network of our own, where dnsmasq knows these records and is the
        name server of the system, as 127.0.0.53."""
        self.name_server("127.0.0.53")
        command = " ".join(["dnsmasq", "-d", "--user=root", "--no-resolv",
                            "--no-hosts", "--listen-address=127.0.0.53",
                            "--bind-interfaces", "--local=/test/", *records])
        self.prefix += [
            "unshare", "--net", "sh", "-c",
            f"ip link set lo up; {command} 2>{self.directory}/dnsmasq.log & "
            "until grep -q started " f"{self.directory}/dnsmasq.log; do "
            "kill -0 $! || exit 9; done 2>&-; \"$@\"; rc=$?; kill $!; "
            "exit $rc", "sh"]

    def run(self, probes, environment=None):
        """Runs every probe of this YAML once: {name: result}."""
        path = self.directory / "agent.yaml"
        path.write_text(
            "agent: test-1\nenvironment: test\nstate_directory: .\n"
            "defaults: {interval: 1h, timeout: 30s, retry_interval: 10ms}\n"
            "probes:\n" + probes)
        done = subprocess.run(
            [*self.prefix, self.program, path],
            env=environment, capture_output=True, text=True, timeout=DEADLINE_S,
            check=False)
        assert done.returncode == 0, done.stderr
        results = [json.loads(line) for line in done.stdout.splitlines()]
        return {result["probe"]: result for result in results}

    def one(self, kind, settings, more="", environment=None):
        """The result of one probe of this kind."""
        name = f"  - name: p\n    {more}\n    {kind}: {settings}\n"
        return self.run(name, environment)["p"]

    def complaint(self, probes):
        """What is wrong with this configuration."""
        path = self.directory / "agent.yaml"
        path.write_text("agent: a\nenvironment: e\nprobes:\n" + probes)
        done = subprocess.run(
            [self.program, path], check=False,
            capture_output=True, text=True, timeout=DEADLINE_S)
        assert done.returncode == 2
        return done.stderr.strip().removeprefix(f"{path}:")


@contextlib.contextmanager
def service(probing, environment, folder=None):
    """A process with this environment, named by backend.pid; gives its id."""
    with subprocess.Popen(["/usr/bin/sleep", "600"], env=environment,
                          stdin=subprocess.DEVNULL, cwd=folder) as process:
        (probing.directory / "backend.pid").write_text(f"{process.pid}\n")
        try:
            yield process.pid
        finally:
            process.kill()


@contextlib.contextmanager
def peer(behave, backlog=16, family=socket.AF_INET):
    """A listener; behave(connection) is called with each that comes.  Gives
    its port, and ends with the block."""
    listener = socket.socket(family)
    listener.bind(("127.0.0.1", 0) if family == socket.AF_INET
                  else ("::1", 0))
    listener.listen(backlog)

    def serve():
        with contextlib.suppress(OSError):
            while True:
                connection = listener.accept()[0]
                threading.Thread(target=attend, args=(connection,),
                                 daemon=True).start()

    def attend(connection):
        with connection, contextlib.suppress(OSError):
            behave(connection)

    threading.Thread(target=serve, daemon=True).start()
    try:
        yield listener.getsockname()[1]
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()


def hang(connection):
    """Takes what comes and says nothing, until the other side leaves."""
    while connection.recv(65536):
        pass


def reset(connection):
    """Waits for the first bytes and answers with a reset."""
    connection.recv(1)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                          b"\1\0\0\0\0\0\0\0")


def garbage(connection):
    """Answers what no protocol says."""
    connection.sendall(bytes(range(256)) * 16)
    hang(connection)


def closed_port():
    """A port nobody listens on at the moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def until_listening(port, program):
    """Returns once somebody accepts connections there."""
    deadline = time.monotonic() + DEADLINE_S
    while time.monotonic() < deadline:
        assert program.poll() is None, "it ended by itself"
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        signal.sigtimedwait([], 0.02)
    raise AssertionError(f"nobody listens on {port}")


@contextlib.contextmanager
def full_port():
    """A port whose queue is full: the kernel drops what comes."""
    with socket.socket() as listener, contextlib.ExitStack() as stack:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        for _ in range(4):
            client = stack.enter_context(socket.socket())
            client.setblocking(False)
            client.connect_ex(listener.getsockname())
        yield listener.getsockname()[1]
