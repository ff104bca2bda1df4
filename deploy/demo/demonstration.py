#!/usr/bin/python3
"""demonstration.py --build DIR [--keep] [--directory D] - Vedette at work.

Starts a real PostgreSQL with a database for each of three environments, a web
service in each, a collector and three agents that reach it over mutual TLS.
Then it takes staging's environment file away and restarts that service, shows
what Vedette says of it, puts the file back and shows it cleared.  Everything
lives in one directory and is stopped at the end.
"""
import argparse
import os
import pathlib
import shutil
import signal
import sys
import tempfile
import time

from stage import (Authority, Failure, Stage, answers, free_port,
                   start_postgres, wait_for)

ENVIRONMENTS = ("local", "staging", "production")
BUILD = "v1"
SERIES = 6  # of an agent: five probes, one of them with reference inputs
HERE = pathlib.Path(__file__).resolve().parent


def say(text):
    """Tells what happens now."""
    print(f"\n\033[1m{text}\033[0m" if sys.stdout.isatty() else f"\n{text}",
          flush=True)


class Product(Stage):
    """A database, and a service in each of three environments."""

    def __init__(self, directory, build):
        super().__init__(directory, build)
        self.postgres_port = free_port()
        self.collector_port = free_port()
        self.page_port = free_port()
        self.backend_port = {name: free_port() for name in ENVIRONMENTS}
        self.backends = {}
        self.lasting = {}  # programs that run to the end, by name


# --- what the product stands on ---------------------------------------------

def make_databases(stage):
    """A database and a role per environment, and a role for probes."""
    password = stage.directory / "probe.password"
    password.write_text("probe-only\n")
    password.chmod(0o600)
    script = ("create role vedette_probe login password 'probe-only';\n"
              "grant pg_monitor to vedette_probe;\n")
    for name in ENVIRONMENTS:
        script += (f"create role app_{name} login password 'pw-{name}';\n"
                   f"create database app_{name} owner app_{name};\n"
                   f"\\c app_{name}\n"
                   "create table item (id int); insert into item values (1);"
                   f"\nalter table item owner to app_{name};\n")
    start_postgres(stage, stage.postgres_port, script)


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
    authority = Authority(stage)
    authority.issue_server()
    for name in ENVIRONMENTS:
        authority.issue_agent(name, f"{name}-1")


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
http:
  listen: "127.0.0.1:{stage.page_port}"
environments:
  local: {{}}
  staging: {{compare_with: [production]}}
  production: {{}}
services:
  - {{name: backend, depends_on: [database]}}
  - {{name: database, kind: database}}
""")
    program = stage.lasting["collector"] = stage.start("collector", [
        stage.collector, "run", "--config", "collector.yaml"])
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
  certificate_file: pki/{name}-1.pem
  key_file: pki/{name}-1.key
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
            - names: [DATABASE_URL]
            - names: [POSTGRES_HOST, POSTGRES_PORT, POSTGRES_DB,
                      POSTGRES_USER, POSTGRES_PASSWORD]
  - name: db
    service: backend
    postgres:
      variables: {{pidfile: backend-{name}.pid}}
      write: true
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
      sessions: {{}}
  - name: port
    service: database
    tcp: {{host: 127.0.0.1, port: {stage.postgres_port}}}
""")
    (stage.directory / f"state-{name}").mkdir(mode=0o700)
    environment = dict(os.environ, DEPLOYED_IN=name)
    stage.lasting[f"agent-{name}"] = stage.start(f"agent-{name}", [
        stage.agent, "run", "--config",
        f"agent-{name}.yaml"], environment=environment)


def wait_while_all_run(stage, what, condition):
    """As wait_for(), but a program that ends by itself ends the waiting."""
    def check():
        for name, program in stage.lasting.items():
            if program.poll() is not None:
                said = stage.log(name).strip().splitlines()[-1:]
                raise Failure(f"{name} ended by itself: {' '.join(said)}")
        return condition()
    return wait_for(what, check)


# --- the story -----------------------------------------------------------------

def all_green(stage):
    """Has every probe of every environment been seen, and is it ok?"""
    status = stage.ask("status")
    cells, series = status.get("cells", []), status.get("series", [])
    return len(cells) == 2 * len(ENVIRONMENTS) and \
        len(series) == SERIES * len(ENVIRONMENTS) and all(
            row["state"] == "ok" for row in cells + series)


def open_subjects(stage):
    """What is open in staging: {(kind, subject)}."""
    rows = stage.ask("regressions", "staging", "--open")
    return {(row["kind"], row["subject"])
            for row in rows.get("regressions", [])}


def tell(stage):
    """The whole story; stage is stopped by the caller."""
    say("[3/4] starting PostgreSQL, three environments, agents, collector")
    make_certificates(stage)
    make_databases(stage)
    for name in ENVIRONMENTS:
        write_environment_file(stage, name)
        start_backend(stage, name)
    start_collector(stage)
    for name in ENVIRONMENTS:
        start_agent(stage, name)
    wait_while_all_run(stage, "the first results of all environments",
                       lambda: all_green(stage))
    stage.vedette("status", show=True)

    say("[4/4] the outage: staging's environment file is taken away and the "
        "service restarted")
    given = stage.directory / "staging.env"
    given.rename(stage.directory / "staging.env.away")
    began = time.monotonic()
    start_backend(stage, "staging")
    wait_while_all_run(stage, "the regressions of staging", lambda: {
        ("state", "env"), ("state", "db"), ("state", "ready")
    } <= open_subjects(stage))
    print(f"flagged {time.monotonic() - began:.1f} s after the restart\n")
    stage.vedette("status", "staging", show=True)
    print()
    stage.vedette("diagnose", "staging", show=True)

    say("the file is put back and the service restarted")
    (stage.directory / "staging.env.away").rename(given)
    began = time.monotonic()
    start_backend(stage, "staging")
    wait_while_all_run(stage, "all clear", lambda: not open_subjects(stage)
                       and all_green(stage))
    print(f"cleared {time.monotonic() - began:.1f} s after the restart\n")
    stage.vedette("status", show=True)
    print()
    stage.vedette("regressions", show=True)


def stay(stage):
    """Until Ctrl-C."""
    say(f"it goes on until Ctrl-C; the page: http://127.0.0.1:"
        f"{stage.page_port}/; in another terminal:")
    print(f"  export VEDETTE_COLLECTOR={stage.url}\n"
          f"  {stage.cli} watch\n"
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
    stage = Product(directory, options.build.resolve())
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
