"""No secret that anyone gave to Vedette is in any byte it sends or writes.

Canary values are planted in every input that takes one; then every file, log,
answer and byte on the wire is searched for them.
"""
import base64
import hashlib
import json
import os
import secrets
import signal
import subprocess
import urllib.parse

from stage import Authority, answers, free_port, start_postgres, wait_for
from wire import Recorder


def canary(kind):
    """A value that cannot occur by chance, and whose kind is known."""
    return f"canary{kind}{secrets.token_hex(8)}"


def plant(stage):
    """Everything secret that the configuration refers to or contains."""
    kept = {kind: canary(kind) for kind in (
        "password", "reference", "secretkey", "database", "header", "query",
        "own", "file", "wrong", "shape", "debug", "plugin", "output")}
    (stage.directory / "service.env").write_text(
        f"POSTGRES_HOST=127.0.0.1\nPOSTGRES_PORT={stage.postgres_port}\n"
        f"POSTGRES_DB=postgres\nPOSTGRES_USER=app\n"
        f"POSTGRES_PASSWORD={kept['password']}\n"
        f"SECRET_KEY={kept['secretkey']}\nDEBUG={kept['debug']}\n"
        f"SHAPE= '{kept['shape']}' \n")
    secret = stage.directory / "reference.password"
    secret.write_text(kept["reference"] + "\n")
    secret.chmod(0o600)
    plugin = stage.directory / "plugin"
    plugin.write_text(
        "#!/bin/sh\n"
        f"echo \"login password={kept['output']} token=$TOKEN refused\"\n"
        "exit 2\n")
    plugin.chmod(0o755)
    return kept


def key_lines(path):
    """The secret lines of a private key, each a canary of its own."""
    return {f"{path.name}:{number}": line for number, line in enumerate(
        path.read_text().splitlines()) if "-" not in line and len(line) > 40}


def start_secured_agent(stage, port):
    """One more, over TLS; its key and the collector's may not be seen."""
    (stage.directory / "secured.yaml").write_text(f"""\
agent: test-2
environment: test
identity: [{{hostname: "*"}}]
collectors: ["tls+tcp://localhost:{port}"]
tls: {{ca_file: pki/ca.pem, certificate_file: pki/test-2.pem, \
key_file: pki/test-2.key}}
state_directory: {stage.directory}/secured
defaults: {{interval: 1s, timeout: 900ms}}
probes: [{{name: secured, tcp: {{host: 127.0.0.1, port: {port}}}}}]
""")
    return stage.start("secured", [stage.agent, "run", "--config",
                                   "secured.yaml"])


def configure_agent(stage, kept, port):
    """Probes of every kind that takes a secret, right and wrong ones."""
    environment = "file: service.env"
    (stage.directory / "agent.yaml").write_text(f"""\
agent: test-1
environment: test
identity: [{{variable: OWN, equals: {kept['own']}}}]
collectors: ["tcp://127.0.0.1:{port}"]
state_directory: {stage.directory}/state
defaults: {{interval: 1s, timeout: 900ms}}
probes:
  - name: env
    service: backend
    env:
      source: {{{environment}}}
      require:
        - {{name: SECRET_KEY, min_length: 64}}
        - {{name: SHAPE}}
        - {{name: POSTGRES_PASSWORD, type: integer}}
      absent: [DEBUG]
  - name: process
    service: backend
    env:
      source: {{pidfile: service.pid}}
      require: [{{name: SECRET_KEY}}]
  - name: db
    service: backend
    postgres:
      variables: {{{environment}}}
      reference:
        host: 127.0.0.1
        port: {stage.postgres_port}
        database: postgres
        user: app
        password: "@reference.password"
  - name: url
    service: database
    postgres: {{url: "postgres://app:{kept['database']}@127.0.0.1:\
{stage.postgres_port}/postgres"}}
  - name: refused
    service: database
    postgres: {{url: "postgres://app:{kept['wrong']}@127.0.0.1:\
{free_port()}/postgres"}}
  - name: web
    service: backend
    http:
      url: "http://user:{kept['query']}@127.0.0.1:{free_port()}/?token=\
{kept['file']}"
      headers: [{{name: Authorization, value: "Bearer {kept['header']}"}}]
  - name: plugin
    service: backend
    exec:
      command: [{stage.directory}/plugin]
      environment: [{{name: TOKEN, value: {kept['plugin']}}}]
""")
    (stage.directory / "state").mkdir(mode=0o700)


def start_service(stage, kept):
    """A process that has the canaries in its environment."""
    program = stage.start(
        "service", ["sleep", "infinity"],
        environment={"SECRET_KEY": kept["secretkey"], "OTHER": kept["debug"]})
    (stage.directory / "service.pid").write_text(f"{program.pid}\n")


def everything_written(stage):
    """(path, bytes) of each file but those the canaries were planted in."""
    planted = {"service.env", "agent.yaml", "reference.password", "plugin",
               "fingerprint.key"}
    for folder, folders, names in os.walk(stage.directory):
        folders[:] = [name for name in folders
                      if name not in ("postgres", "pki")]
        for name in names:
            path = os.path.join(folder, name)
            if name in planted or not os.path.isfile(path):
                continue
            with open(path, "rb") as file:
                yield path, file.read()


def test_canaries_appear_nowhere(stage):
    """Runs agent and collector with canaries in every input."""
    stage.postgres_port = free_port()
    kept = plant(stage)
    start_postgres(stage, stage.postgres_port, (
        f"create role app login password '{kept['password']}';\n"))
    authority = Authority(stage)
    keys = [authority.issue_server()[1], authority.issue_agent(
        "test", "test-2")[1]]
    port, secured_port = free_port(), free_port()
    (stage.directory / "collector.yaml").write_text(f"""\
store: {stage.directory}/store.db
listen:
  - url: {stage.url}
  - url: tcp://127.0.0.1:{port}
  - url: tls+tcp://127.0.0.1:{secured_port}
    tls: {{ca_file: pki/ca.pem, certificate_file: pki/collector.pem, \
key_file: pki/collector.key}}
environments: {{test: {{}}}}
""")
    collector = stage.start("collector", [
        stage.collector, "run", "--config", "collector.yaml"])
    wait_for("the collector", lambda: answers(port), collector)
    recorder = Recorder(port)
    configure_agent(stage, kept, recorder.port)
    start_service(stage, kept)
    agent = stage.start("agent", [stage.agent, "run", "--config",
                                  "agent.yaml"],
                        environment=dict(os.environ, OWN=kept["own"]))
    secured = start_secured_agent(stage, secured_port)
    probes = {"env", "process", "db", "db.reference", "url", "refused", "web",
              "plugin", "secured"}
    wait_for("results of all probes", lambda: probes <= {
        row["probe"] for row in stage.ask("history", "test").get(
            "results", [])}, agent)
    people_quote_what_they_saw(stage, kept)
    said = [("check --json", check(stage, kept, "--json")),
            ("check", check(stage, kept, "--full")),
            ("check --nagios", check(stage, kept, "--nagios"))]
    for command in ("status", "history", "changes", "regressions",
                    "diagnose test"):
        words = command.split()
        said.append((command, stage.vedette(*words)))
        said.append((command + " --json", stage.vedette("--json", *words)))
    for running in (agent, secured, collector):
        running.send_signal(signal.SIGTERM)
        assert running.wait(30) == 0
        stage.programs.remove(running)
    said.append(("the wire", recorder.bytes_seen()))
    recorder.close()
    said.extend(everything_written(stage))
    for key in keys:
        kept.update(key_lines(key))
    for state in ("state", "secured"):
        path = stage.directory / state / "fingerprint.key"
        kept[f"fingerprint key of {state}"] = path.read_text().strip()
    search(said, kept)


def people_quote_what_they_saw(stage, kept):
    """A claim with the connection string in it is told, without it."""
    stage.vedette(
        "mark", "test", "--claim",
        f"postgres://app:{kept['password']}@db/app says no; "
        f"password={kept['password']}")
    wait_for("the claim", lambda: "says no" in stage.vedette(
        "changes", "test"))


def check(stage, kept, option):
    """What the command prints, on both of its outputs."""
    done = subprocess.run(
        [stage.agent, "check", "--config", "agent.yaml", option],
        cwd=stage.directory, capture_output=True, check=False,
        env=dict(os.environ, OWN=kept["own"]))
    assert done.returncode in (1, 2, 3), done.stderr
    return done.stdout + done.stderr


def disguises(value):
    """The forms in which a value travels, or could be guessed from."""
    raw = value.encode()
    digest = hashlib.sha256(raw)  # a hash without a key is as good as it
    yield raw
    yield urllib.parse.quote(value, safe="").encode()
    yield raw.hex().encode()
    yield digest.digest()
    yield digest.hexdigest().encode()
    # Base64 of it from any of three positions within something longer.
    for ahead in range(3):
        yield base64.b64encode(bytes(ahead) + raw)[4:-4]


def search(said, kept):
    """Fails with the names of the canaries found, and where."""
    assert any(len(text) > 1000 for _, text in said)
    found = []
    for where, text in said:
        text = text.encode() if isinstance(text, str) else text
        found += [f"{kind} in {where}" for kind, value in kept.items()
                  if any(form in text for form in disguises(value))]
    assert not found, json.dumps(found, indent=1)
