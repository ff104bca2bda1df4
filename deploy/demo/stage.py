"""stage.py - programs in a directory of their own, stopped together.

What a demonstration and a test of whole programs both need: starting and
stopping programs, waiting for an event with a deadline, a PostgreSQL cluster,
certificates.  Standard library only.
"""
import json
import os
import pathlib
import pwd
import select
import socket
import subprocess
import time

POSTGRES = pathlib.Path("/usr/lib/postgresql/15/bin")
DEADLINE_S = 60


class Failure(Exception):
    """It cannot go on; the text says why."""


def free_port():
    """A port nobody listens on at the moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_for(what, condition, program=None, seconds=DEADLINE_S):
    """Returns condition()'s first true answer, or fails at the deadline."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        answer = condition()
        if answer:
            return answer
        if program is not None and program.poll() is not None:
            raise Failure(f"{what}: the program ended by itself")
        select.select([], [], [], 0.05)  # others run; the deadline is ours
    raise Failure(f"{what}: not within {seconds} s")


def answers(port):
    """Does something accept connections there?"""
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0


class Stage:
    """A directory, the programs that run in it, and a collector's address."""

    def __init__(self, directory, build):
        self.directory = pathlib.Path(directory)
        self.build = pathlib.Path(build)
        self.programs = []
        self.url = f"ipc://{directory}/collector.sock"

    @property
    def agent(self):
        """The agent's program."""
        return self.build / "agent/vedette-agent"

    @property
    def collector(self):
        """The collector's program."""
        return self.build / "collector/vedette-collector"

    @property
    def cli(self):
        """The command line program."""
        return self.build / "collector/cli/vedette"

    def start(self, name, command, environment=None, prefix=()):
        """Starts a program that ends with us; its words go to NAME.log."""
        with open(self.directory / f"{name}.log", "ab") as log:
            program = subprocess.Popen(  # pylint: disable=consider-using-with
                ["setpriv", "--pdeathsig", "TERM", *prefix,
                 *map(str, command)],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                cwd=self.directory, start_new_session=True,
                env=os.environ if environment is None else environment)
        self.programs.append(program)
        return program

    def log(self, name):
        """What a program has said so far."""
        path = self.directory / f"{name}.log"
        return path.read_text(errors="replace") if path.exists() else ""

    def stop(self):
        """Stops everything, the last started first."""
        for program in reversed(self.programs):
            program.terminate()
        for program in reversed(self.programs):
            try:
                program.wait(10)
            except subprocess.TimeoutExpired:
                program.kill()
                program.wait()
        self.programs.clear()

    def try_run(self, *command, prefix=(), text=None):
        """Runs a command to its end, however that is."""
        return subprocess.run(
            [*prefix, *map(str, command)], input=text, cwd=self.directory,
            capture_output=True, text=True, check=False)

    def run(self, *command, prefix=(), text=None):
        """Runs a command that must succeed and returns what it prints."""
        done = self.try_run(*command, prefix=prefix, text=text)
        if done.returncode != 0:
            raise Failure(f"{command[0]}: {done.stderr.strip()}")
        return done.stdout

    def vedette(self, *arguments, show=False):
        """Asks the collector; returns what the CLI prints."""
        command = [self.cli, "--collector", self.url, *arguments]
        if show:
            print(f"$ vedette {' '.join(arguments)}", flush=True)
            subprocess.run(command, check=False)
            return ""
        return subprocess.run(command, capture_output=True, text=True,
                              check=False).stdout

    def ask(self, *arguments):
        """The same as JSON; {} while there is no answer."""
        try:
            return json.loads(self.vedette("--json", *arguments))
        except ValueError:
            return {}


# --- what a product stands on ------------------------------------------------

def as_postgres(directory):
    """PostgreSQL refuses to run as root: whom to be instead."""
    if os.geteuid() != 0:
        return ()
    user = pwd.getpwnam("postgres")
    os.chown(directory, user.pw_uid, user.pw_gid)
    return ("setpriv", "--reuid=postgres", "--regid=postgres",
            "--clear-groups")


def start_postgres(stage, port, script, options=()):
    """A cluster of our own on a port of the loopback, with what the SQL
    script makes in it; postgres/data is its directory."""
    home = stage.directory / "postgres"
    home.mkdir(mode=0o700)
    prefix = as_postgres(home)
    stage.run(POSTGRES / "initdb", "-D", home / "data", "-U", "postgres",
              "-A", "trust", "--no-sync", "-E", "UTF8", "--locale=C",
              prefix=prefix)
    (home / "data/pg_hba.conf").write_text(
        "local all postgres trust\nhost all all 127.0.0.1/32 scram-sha-256\n")
    server = stage.start(
        "postgres", [POSTGRES / "postgres", "-D", home / "data", "-k", home,
                     "-c", f"port={port}", "-c", "listen_addresses=127.0.0.1",
                     *options], prefix=prefix[1:])
    ready = [POSTGRES / "pg_isready", "-q", "-h", home, "-p", str(port)]
    wait_for("PostgreSQL", lambda: subprocess.run(
        ready, check=False).returncode == 0, server)
    run_sql(stage, port, script)
    return server


def run_sql(stage, port, script):
    """Runs SQL as the superuser, over the cluster's socket."""
    home = stage.directory / "postgres"
    return stage.run(
        POSTGRES / "psql", "-qAt", "-v", "ON_ERROR_STOP=1", "-h", home, "-p",
        port, "-U", "postgres", prefix=as_postgres(home), text=script)


class Authority:
    """A certificate authority of our own, in a directory."""

    KEY = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes")

    def __init__(self, stage, name="pki"):
        self.stage = stage
        self.directory = stage.directory / name
        self.directory.mkdir(mode=0o700)
        stage.run("openssl", "req", "-x509", *self.KEY, "-days", "30",
                  "-subj", f"/CN=authority {name}", "-keyout",
                  self.directory / "ca.key", "-out", self.directory / "ca.pem")

    def issue(self, name, usage, alternative, days=30):
        """NAME.pem and NAME.key; usage is serverAuth or clientAuth."""
        path = self.directory / name
        extensions = path.with_suffix(".ext")
        extensions.write_text(
            f"extendedKeyUsage={usage}\nsubjectAltName={alternative}\n")
        self.stage.run(
            "openssl", "req", *self.KEY, "-subj", f"/CN={name}", "-keyout",
            path.with_suffix(".key"), "-out", path.with_suffix(".csr"))
        self.stage.run(
            "openssl", "x509", "-req", "-in", path.with_suffix(".csr"), "-CA",
            self.directory / "ca.pem", "-CAkey", self.directory / "ca.key",
            "-CAcreateserial", "-days", days, "-extfile", extensions, "-out",
            path.with_suffix(".pem"))
        path.with_suffix(".key").chmod(0o600)
        return path.with_suffix(".pem"), path.with_suffix(".key")

    def issue_server(self, name="collector"):
        """For a collector on the loopback."""
        return self.issue(name, "serverAuth", "DNS:localhost,IP:127.0.0.1")

    def issue_agent(self, environment, agent):
        """For an agent of an environment; the files are AGENT.*"""
        return self.issue(agent, "clientAuth",
                          f"URI:vedette://{environment}/{agent}")

    def issue_user(self, name):
        """For a person."""
        return self.issue(name, "clientAuth", f"URI:vedette://user/{name}")
