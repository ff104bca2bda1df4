#!/usr/bin/python3
"""demonstration.py --build DIR [--keep] [--directory D] - Vedette at work.

Starts a real PostgreSQL with a database for each of three environments, a web
service in each, a collector and three agents that reach it over mutual TLS.
Then it takes staging's environment file away and restarts that service, shows
what Vedette says of it, puts the file back and shows it cleared.  Everything
lives in one directory and is stopped at the end.
"""
import argparse
import json
import os
import pathlib
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

ENVIRONMENTS = ("local", "staging", "production")
BUILD = "v1"
BIN = pathlib.Path("/usr/lib/postgresql/15/bin")
HERE = pathlib.Path(__file__).resolve().parent
DEADLINE_S = 60


class Failure(Exception):
    """The demonstration cannot go on; the text says why."""


def say(text):
    """Tells what happens now."""
    print(f"\n\033[1m{text}\033[0m" if sys.stdout.isatty() else f"\n{text}",
          flush=True)


def free_port():
    """A port nobody listens on at the moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_for(what, condition, program=None):
    """Returns condition()'s first true answer, or fails after a minute."""
    deadline = time.monotonic() + DEADLINE_S
    while time.monotonic() < deadline:
        answer = condition()
        if answer:
            return answer
        if program is not None and program.poll() is not None:
            raise Failure(f"{what}: the program ended by itself")
        select_a_moment()
    raise Failure(f"{what}: not within {DEADLINE_S} s")


def select_a_moment():
    """Lets others run; the loop around it has the deadline."""
    signal.sigtimedwait([], 0.1)


def answers(port):
    """Does something accept connections there?"""
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0


class Stage:
    """The directory and the programs that run in it."""

    def __init__(self, directory, build):
        self.directory = directory
        self.build = build
        self.programs = []
        self.postgres_port = free_port()
        self.collector_port = free_port()
        self.backend_port = {name: free_port() for name in ENVIRONMENTS}
        self.backends = {}
        self.url = f"ipc://{directory}/collector.sock"

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

    def run(self, *command, prefix=(), text=None):
        """Runs a command that must succeed and returns what it prints."""
        done = subprocess.run(
            [*prefix, *map(str, command)], input=text, cwd=self.directory,
            capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise Failure(f"{command[0]}: {done.stderr.strip()}")
        return done.stdout

    def vedette(self, *arguments, show=False):
        """Asks the collector; returns what the CLI prints."""
        command = [self.build / "collector/cli/vedette", "--collector",
                   self.url, *arguments]
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


# --- what the product stands on ---------------------------------------------

def as_postgres(directory):
    """PostgreSQL refuses to run as root: whom to be instead."""
    if os.geteuid() != 0:
        return ()
    user = pwd.getpwnam("postgres")
    os.chown(directory, user.pw_uid, user.pw_gid)
    return ("setpriv", "--reuid=postgres", "--regid=postgres",
            "--clear-groups")


def start_postgres(stage):
    """A cluster of our own with a database and a role per environment."""
    data = stage.directory / "postgres"
    data.mkdir(mode=0o700)
    prefix = as_postgres(data)
    stage.run(BIN / "initdb", "-D", data / "data", "-U", "postgres", "-A",
              "trust", "--no-sync", "-E", "UTF8", "--locale=C", prefix=prefix)
    (data / "data/pg_hba.conf").write_text(
        "local all postgres trust\nhost all all 127.0.0.1/32 scram-sha-256\n")
    server = stage.start(
        "postgres", [BIN / "postgres", "-D", data / "data", "-k", data, "-c",
                     f"port={stage.postgres_port}", "-c", "listen_addresses="
                     "127.0.0.1"],
        prefix=prefix[1:])
    ready = [BIN / "pg_isready", "-q", "-h", data, "-p",
             str(stage.postgres_port)]
    wait_for("PostgreSQL", lambda: subprocess.run(
        ready, check=False).returncode == 0, server)
    (stage.directory / "probe.password").write_text("probe-only\n")
    (stage.directory / "probe.password").chmod(0o600)
    script = "create role vedette_probe login password 'probe-only';\n"
    for name in ENVIRONMENTS:
        script += (f"create role app_{name} login password 'pw-{name}';\n"
                   f"create database app_{name} owner app_{name};\n"
                   f"\\c app_{name}\n"
                   "create table item (id int); insert into item values (1);"
                   f"\nalter table item owner to app_{name};\n")
    stage.run(BIN / "psql", "-q", "-v", "ON_ERROR_STOP=1", "-h", data, "-p",
              stage.postgres_port, "-U", "postgres", prefix=prefix,
              text=script)


def write_environment_file(stage, name):
    """What the service of this environment is given."""
    (stage.directory / f"{name}.env").write_text(
        "POSTGRES_HOST=127.0.0.1\n"
        f"POSTGRES_PORT={stage.postgres_port}\n"
        f"POSTGRES_DB=app_{name}\nPOSTGRES_USER=app_{name}\n"
        f"POSTGRES_PASSWORD=pw-{name}\nSECRET_KEY=key-of-{name}-0123456789\n")


def read_environment_file(path):
    """As a service manager does; a file that is missing gives nothing."""
    if not path.exists():
        return {}
    return dict(line.split("=", 1) for line in path.read_text().splitlines())


def start_backend(stage, name):
    """Starts, or restarts, the service of one environment."""
    old = stage.backends.get(name)
    if old is not None:
        old.terminate()
        old.wait()
    given = read_environment_file(stage.directory / f"{name}.env")
    given["PATH"] = os.environ["PATH"]
    program = stage.start(
        f"backend-{name}",
        ["/usr/bin/python3", HERE / "backend.py", stage.backend_port[name],
         BUILD], environment=given)
    (stage.directory / f"backend-{name}.pid").write_text(f"{program.pid}\n")
    stage.backends[name] = program
    wait_for(f"the backend of {name}",
             lambda: answers(stage.backend_port[name]), program)


# --- Vedette -----------------------------------------------------------------

def make_certificates(stage):
    """A CA, and a certificate for the collector and for each agent."""
    pki = stage.directory / "pki"
    pki.mkdir(mode=0o700)
    key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
    stage.run("openssl", "req", "-x509", *key, "-days", "30", "-subj",
              "/CN=demonstration CA", "-keyout", pki / "ca.key", "-out",
              pki / "ca.pem")
    wanted = {"collector": ("serverAuth", "DNS:localhost,IP:127.0.0.1")}
    for name in ENVIRONMENTS:
        wanted[name] = ("clientAuth", f"URI:vedette://{name}/{name}-1")
    for name, (usage, alternative) in wanted.items():
        (pki / f"{name}.ext").write_text(
            f"extendedKeyUsage={usage}\nsubjectAltName={alternative}\n")
        stage.run("openssl", "req", *key, "-subj", f"/CN={name}", "-keyout",
                  pki / f"{name}.key", "-out", pki / f"{name}.csr")
        stage.run("openssl", "x509", "-req", "-in", pki / f"{name}.csr",
                  "-CA", pki / "ca.pem", "-CAkey", pki / "ca.key",
                  "-CAcreateserial", "-days", "30", "-extfile",
                  pki / f"{name}.ext", "-out", pki / f"{name}.pem")
        (pki / f"{name}.key").chmod(0o600)


def start_collector(stage):
    """One collector, SQLite, TLS for agents and a local socket for people."""
    (stage.directory / "collector.yaml").write_text(f"""\
store: {stage.directory}/store.db
listen:
  - url: {stage.url}
  - url: tls+tcp://127.0.0.1:{stage.collector_port}
    tls:
      ca_file: pki/ca.pem
      certificate_file: pki/collector.pem
      key_file: pki/collector.key
environments:
  local: {{}}
  staging: {{compare_with: [production]}}
  production: {{}}
services:
  - {{name: backend, depends_on: [database]}}
  - {{name: database, kind: database}}
""")
    program = stage.start("collector", [
        stage.build / "collector/vedette-collector", "run", "--config",
        "collector.yaml"])
    wait_for("the collector", lambda: answers(stage.collector_port), program)


def start_agent(stage, name):
    """The sentry of one environment."""
    (stage.directory / f"agent-{name}.yaml").write_text(f"""\
agent: {name}-1
environment: {name}
vantage: in_service
identity:
  - {{variable: DEPLOYED_IN, equals: {name}}}
collectors: ["tls+tcp://localhost:{stage.collector_port}"]
tls:
  ca_file: pki/ca.pem
  certificate_file: pki/{name}.pem
  key_file: pki/{name}.key
state_directory: state-{name}
defaults: {{interval: 1s, timeout: 900ms}}
probes:
  - name: env
    service: backend
    env:
      source: {{pidfile: backend-{name}.pid}}
      require:
        - {{name: SECRET_KEY, min_length: 16}}
      groups:
        - name: database
          alternatives:
            - [DATABASE_URL]
            - [POSTGRES_HOST, POSTGRES_PORT, POSTGRES_DB, POSTGRES_USER,
               POSTGRES_PASSWORD]
  - name: db
    service: backend
    postgres:
      variables: {{pidfile: backend-{name}.pid}}
      reference:
        host: 127.0.0.1
        port: {stage.postgres_port}
        database: app_{name}
        user: vedette_probe
        password: "@{stage.directory}/probe.password"
  - name: ready
    service: backend
    http:
      url: http://127.0.0.1:{stage.backend_port[name]}/readyz
      facts: [{{name: build, json: build}}]
  - name: login
    service: database
    postgres:
      host: 127.0.0.1
      port: {stage.postgres_port}
      database: app_{name}
      user: vedette_probe
      password: "@{stage.directory}/probe.password"
  - name: port
    service: database
    tcp: {{host: 127.0.0.1, port: {stage.postgres_port}}}
""")
    (stage.directory / f"state-{name}").mkdir(mode=0o700)
    environment = dict(os.environ, DEPLOYED_IN=name)
    stage.start(f"agent-{name}", [
        stage.build / "agent/vedette-agent", "run", "--config",
        f"agent-{name}.yaml"], environment=environment)


# --- the story -----------------------------------------------------------------

def all_green(stage):
    """Has every cell of the matrix been seen, and is it ok?"""
    cells = stage.ask("status").get("cells", [])
    return len(cells) == 2 * len(ENVIRONMENTS) and all(
        cell["state"] == "ok" for cell in cells)


def open_subjects(stage):
    """What is open in staging: {(kind, subject)}."""
    rows = stage.ask("regressions", "staging", "--open")
    return {(row["kind"], row["subject"])
            for row in rows.get("regressions", [])}


def tell(stage):
    """The whole story; stage is stopped by the caller."""
    say("[3/4] starting PostgreSQL, three environments, agents, collector")
    make_certificates(stage)
    start_postgres(stage)
    for name in ENVIRONMENTS:
        write_environment_file(stage, name)
        start_backend(stage, name)
    start_collector(stage)
    for name in ENVIRONMENTS:
        start_agent(stage, name)
    wait_for("the first results of all environments",
             lambda: all_green(stage))
    stage.vedette("status", show=True)

    say("[4/4] the outage: staging's environment file is taken away and the "
        "service restarted")
    given = stage.directory / "staging.env"
    given.rename(stage.directory / "staging.env.away")
    began = time.monotonic()
    start_backend(stage, "staging")
    wait_for("the regressions of staging", lambda: {
        ("state", "env"), ("state", "db"), ("state", "ready")
    } <= open_subjects(stage))
    print(f"flagged {time.monotonic() - began:.1f} s after the restart\n")
    stage.vedette("status", "staging", show=True)

    say("the file is put back and the service restarted")
    (stage.directory / "staging.env.away").rename(given)
    began = time.monotonic()
    start_backend(stage, "staging")
    wait_for("all clear", lambda: not open_subjects(stage)
             and all_green(stage))
    print(f"cleared {time.monotonic() - began:.1f} s after the restart\n")
    stage.vedette("status", show=True)
    print()
    stage.vedette("regressions", show=True)


def stay(stage):
    """Until Ctrl-C."""
    say("it goes on until Ctrl-C; in another terminal:")
    print(f"  export VEDETTE_COLLECTOR={stage.url}\n"
          f"  {stage.build}/collector/cli/vedette watch\n"
          f"  mv {stage.directory}/staging.env /tmp/ # and see", flush=True)
    signal.pause()


def main():
    """Returns the exit code."""
    parser = argparse.ArgumentParser(prog="deploy/quickstart")
    parser.add_argument("--build", type=pathlib.Path, required=True)
    parser.add_argument("--keep", action="store_true",
                        help="leave it running until Ctrl-C")
    parser.add_argument("--directory", type=pathlib.Path,
                        help="a new directory for all files; kept")
    options = parser.parse_args()
    if options.directory is None:
        directory = pathlib.Path(tempfile.mkdtemp(prefix="vedette-"))
    else:
        directory = options.directory.resolve()
        directory.mkdir(parents=True)
    directory.chmod(0o755)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    stage = Stage(directory, options.build.resolve())
    code = 0
    try:
        tell(stage)
        if options.keep:
            stay(stage)
    except KeyboardInterrupt:
        code = 130
    except Failure as failure:
        print(f"quickstart: {failure}; logs are in {directory}",
              file=sys.stderr)
        return 1
    finally:
        stage.stop()
    if options.directory is None:
        shutil.rmtree(directory, ignore_errors=True)
    say("stopped; nothing is left running")
    return code


if __name__ == "__main__":
    sys.exit(main())
