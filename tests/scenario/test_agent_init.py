"""vedette-agent init: what people have becomes a configuration that runs."""

import pytest
from stage import answers, free_port, start_postgres, wait_for
from test_agent_check import fixture_agent, outcomes

__all__ = ["fixture_agent"]  # a fixture, taken over by name

SCRIPT = """
create role app login password 'canary-of-postgres';
create database app owner app;
"""


def start_nginx(stage):
    """A web server that is ready; gives its port."""
    port = free_port()
    folder = stage.directory
    (folder / "nginx.conf").write_text(
        f"daemon off; pid {folder}/nginx.pid; worker_processes 1;\n"
        f"error_log {folder}/nginx.error crit; events {{ }}\n"
        f"http {{ access_log off; client_body_temp_path {folder};\n"
        f"proxy_temp_path {folder}; fastcgi_temp_path {folder};\n"
        f"uwsgi_temp_path {folder}; scgi_temp_path {folder};\n"
        f"server {{ listen 127.0.0.1:{port};\n"
        "default_type application/json;\n"
        "location /missing { return 404; }\n"
        "location / { return 200 '{\"status\": \"UP\", \"n\": 5}'; } } }\n")
    server = stage.start("nginx", ["nginx", "-p", folder, "-c", "nginx.conf"])
    wait_for("nginx", lambda: answers(port), server)
    return port


def start_redis(stage):
    """A cache with a password; gives its port."""
    port = free_port()
    server = stage.start("redis", [
        "redis-server", "--port", port, "--bind", "127.0.0.1", "--save", "",
        "--requirepass", "canary-of-redis", "--dir", stage.directory])
    wait_for("redis", lambda: answers(port), server)
    return port


def init(agent, *arguments):
    """Runs init into agent.yaml; returns what was written."""
    done = agent.run("init", "--environment", "staging", "--output",
                     "agent.yaml", *arguments)
    assert done.returncode == 0, done.stderr
    return agent.file.read_text()


# --- from the variables of a service ------------------------------------------

def test_a_service_is_watched_at_once_from_its_variables(agent):
    """Database, cache, web server, settings and secrets: all of it is ok,
    and no secret stands in the configuration."""
    stage = agent.stage
    database, cache = free_port(), start_redis(stage)
    start_postgres(stage, database, SCRIPT)
    web = start_nginx(stage)
    (stage.directory / "staging.env").write_text(
        "DATABASE_URL=postgresql+asyncpg://app:canary-of-postgres@127.0.0.1:"
        f"{database}/app\n"
        f"REDIS_URL=redis://:canary-of-redis@127.0.0.1:{cache}/0\n"
        f"BACKEND_URL=http://user:canary-of-web@127.0.0.1:{web}/ready?"
        "key=canary-of-query\n"
        f"QUEUE_HOST=127.0.0.1\nQUEUE_PORT={cache}\n"
        "SECRET_KEY=canary-0123456789-0123456789-0123456789\n"
        "CONNECTION_TIMEOUT=35\nLOG_LEVEL=info\n")
    text = init(agent, "--env-file", "staging.env", "--service", "backend",
                "--agent", "stg-1")
    assert "canary" not in text
    assert agent.run("config", "check", "--config",
                     "agent.yaml").returncode == 0
    report = agent.report()
    assert set(outcomes(report).values()) == {"ok"}, report["findings"]
    kinds = {found["kind"] for found in report["findings"]}
    assert kinds == {"env", "settings", "tcp", "http", "postgres", "redis"}
    assert "BACKEND_URL: user, query" in text


def test_parts_of_a_database_become_the_same(agent):
    """POSTGRES_HOST and its like; the password is read at each run."""
    stage = agent.stage
    port = free_port()
    start_postgres(stage, port, SCRIPT)
    file = stage.directory / "staging.env"
    variables = (f"POSTGRES_HOST=127.0.0.1\nPOSTGRES_PORT={port}\n"
                 "POSTGRES_DB=app\nPOSTGRES_USER=app\nPOSTGRES_PASSWORD=")
    file.write_text(variables + "canary-of-postgres\n")
    assert "canary" not in init(agent, "--env-file", "staging.env")
    assert outcomes(agent.report())["database-postgres"] == "ok"
    file.write_text(variables + "canary-but-wrong\n")
    found = {found["probe"]: found for found in agent.report()["findings"]}
    assert found["database-postgres"]["reason"] == "auth.password"


def test_a_weak_secret_is_a_finding(agent):
    """Too short, and a placeholder."""
    (agent.stage.directory / "staging.env").write_text(
        "SECRET_KEY=short\nAPI_TOKEN=changeme\n")
    init(agent, "--env-file", "staging.env")
    found = agent.report()["findings"][0]
    assert found["reason"] == "check.shape"
    assert "SECRET_KEY" in found["message"]
    assert "API_TOKEN" in found["message"]


def test_foreign_words_stay_words(agent):
    """Quotes, braces and comments of a file cannot become keys."""
    (agent.stage.directory / "staging.env").write_text(
        'A"]:_URL=http://127.0.0.1:1/"x: [}\nB{}#=1\n'
        "C_URL=http://[::1]:1/\nD_URL=http://999999:99999/\n"
        "E\u2028agent_URL=amqp://x/\nF\u0085y_URL=amqp://x/\nG\u008c_URL=x:/\n"
        "H\u2028x=1\n", encoding="utf-8")
    init(agent, "--env-file", "staging.env", "--service", "A [b]: #c")
    assert agent.run("config", "check", "--config",
                     "agent.yaml").returncode == 0


# --- from blackbox_exporter -----------------------------------------------------

MODULES = """\
modules:
  web:
    prober: http
    timeout: 4s
    http:
      method: GET
      valid_status_codes: [200, 204]
      headers: {Accept: application/json, Authorization: Bearer canary}
      fail_if_body_not_matches_regexp: ['"status": "UP"']
      fail_if_header_matches: [{header: X-Broken, regexp: '.*'}]
      preferred_ip_protocol: ip4
  absent:
    prober: http
  port:
    prober: tcp
    timeout: 2s
  speech:
    prober: tcp
    tcp: {query_response: [{expect: "^SSH-2.0-"}]}
  call: {prober: grpc}
"""


def test_modules_and_targets_of_blackbox_become_probes(agent):
    """Each target by its module; what is left over is named."""
    web = start_nginx(agent.stage)
    folder = agent.stage.directory
    (folder / "blackbox.yml").write_text(MODULES)
    (folder / "targets.yml").write_text(
        "scrape_configs:\n"
        "  - job_name: shop\n    scrape_interval: 15s\n"
        "    metrics_path: /probe\n    params: {module: [absent]}\n"
        "    static_configs:\n"
        f"      - targets: ['http://127.0.0.1:{web}/',\n"
        f"                  'http://127.0.0.1:{web}/missing']\n"
        "  - job_name: ports\n    params: {module: [port]}\n"
        f"    static_configs: [{{targets: ['127.0.0.1:{web}']}}]\n"
        "  - job_name: more\n    kubernetes_sd_configs: [{role: service}]\n"
        "    static_configs:\n"
        f"      - targets: ['127.0.0.1:{web}']\n"
        "        labels: {__param_module: speech}\n"
        "      - {targets: [x], labels: {module: call}}\n"
        "      - {targets: [y], labels: {module: gone}}\n"
        "      - {targets: [z]}\n")
    text = init(agent, "--from-blackbox", "blackbox.yml", "--targets",
                "targets.yml")
    assert [outcome for _, outcome in sorted(outcomes(agent.report()).items())
            ] == ["ok", "critical", "ok", "ok"]
    for left in ("speech, 127.0.0.1", "query_response", "prober grpc",
                 "kubernetes_sd_configs", "gone, y: there is no such module",
                 "target z: nothing says which module"):
        assert left in text.partition("# Not carried over:")[2]


def test_a_module_is_carried_over_with_its_expectations(agent):
    """Status, text of the body, headers; the value of a header that proves
    who asks is not copied."""
    web = start_nginx(agent.stage)
    folder = agent.stage.directory
    (folder / "blackbox.yml").write_text(MODULES)
    (folder / "targets.yml").write_text(
        f"- targets: ['127.0.0.1:{web}/']\n  labels: {{module: web}}\n")
    text = init(agent, "--from-blackbox", "blackbox.yml", "--targets",
                "targets.yml")
    assert "canary" not in text
    for line in ("timeout: 4000ms", 'contains: "\\"status\\": \\"UP\\""',
                 "- 204", "follow: true", "@secrets/Authorization"):
        assert line in text
    assert "fail_if_header_matches" in text.partition("Not carried over")[2]
    (folder / "secrets").mkdir()
    (folder / "secrets/Authorization").write_text("Bearer canary\n")
    (folder / "secrets/Authorization").chmod(0o600)
    assert list(outcomes(agent.report()).values()) == ["ok"]


# --- from Gatus --------------------------------------------------------------------

def test_endpoints_and_conditions_of_gatus_become_probes(agent):
    """Status, body, JSON, time, ports; what is left over is named."""
    web, closed = start_nginx(agent.stage), free_port()
    (agent.stage.directory / "gatus.yaml").write_text(
        "alerting: {slack: {webhook-url: canary}}\n"
        "endpoints:\n"
        f"  - name: front page\n    group: Core\n    interval: 30s\n"
        f"    url: http://127.0.0.1:{web}/\n"
        "    conditions:\n"
        '      - "[STATUS] == any(200, 204)"\n'
        '      - "[BODY].status == UP"\n'
        '      - "[BODY].n >= 5"\n'
        '      - "[BODY] == pat(*status*)"\n'
        '      - "[RESPONSE_TIME] < 9000"\n'
        '      - "len([BODY].status) == 2"\n'
        "    alerts: [{type: slack}]\n"
        f"  - name: wrong\n    url: http://127.0.0.1:{web}/\n"
        '    conditions: ["[STATUS] == 200", "[BODY].status == DOWN"]\n'
        f"  - name: port\n    url: tcp://127.0.0.1:{web}\n"
        '    conditions: ["[CONNECTED] == true"]\n'
        f"  - name: dead\n    url: tcp://127.0.0.1:{closed}\n"
        '    conditions: ["[CONNECTED] == true"]\n'
        "  - {name: off, enabled: false, url: 'tcp://127.0.0.1:1'}\n"
        "  - {name: shell, url: 'ssh://127.0.0.1:1'}\n")
    text = init(agent, "--from-gatus", "gatus.yaml")
    assert "canary" not in text
    assert outcomes(agent.report()) == {
        "front-page-http": "ok", "wrong-http": "critical", "port-tcp": "ok",
        "dead-tcp": "critical"}
    assert "timeout: 9000ms" in text
    assert "service: core" in text
    for left in ("len([BODY].status) == 2", "alerting", "alerts",
                 "off: is not enabled", "shell: ssh://"):
        assert left in text.partition("# Not carried over:")[2]


# --- the command --------------------------------------------------------------------

def test_nothing_is_overwritten(agent):
    """A file that exists stays as it is; without --output it is printed."""
    (agent.stage.directory / "staging.env").write_text("A_URL=http://a.test/\n")
    agent.configure("mine\n")
    done = agent.run("init", "--env-file", "staging.env", "--environment",
                     "staging", "--output", "agent.yaml")
    assert done.returncode == 1
    assert "exists" in done.stderr
    assert agent.file.read_text() == "mine\n"
    done = agent.run("init", "--env-file", "staging.env", "--environment",
                     "staging")
    assert done.returncode == 0
    assert 'url: "http://a.test/"' in done.stdout


@pytest.mark.parametrize("arguments, words", [
    ([], "needs one of"),
    (["--env-file", "x"], "needs --environment"),
    (["--env-file", "x", "--from-gatus", "y", "--environment", "s"],
     "needs one of"),
    (["--from-blackbox", "x", "--environment", "s"], "--targets"),
    (["--env-file", "x", "--environment", "A B"], "not a name"),
])
def test_a_wrong_command_line_is_told(agent, arguments, words):
    """What is missing, and exit code 2."""
    done = agent.run("init", *arguments)
    assert done.returncode == 2
    assert words in done.stderr


@pytest.mark.parametrize("option, text, words", [
    ("--env-file", "no equals\n", "staging:1: not NAME=value"),
    ("--env-file", None, "staging: no such file"),
    ("--from-gatus", "a: [", ": not YAML"),
    ("--from-gatus", "a: 1\n", "has no endpoints"),
    ("--from-gatus", "endpoints: []\n", "nothing in it"),
    ("--from-gatus", "&a [*a]\n", "aliases followed"),
])
def test_a_file_that_is_none_is_told(agent, option, text, words):
    """Object, place and way out; nothing is written."""
    if text is not None:
        (agent.stage.directory / "staging").write_text(text)
    done = agent.run("init", option, "staging", "--environment", "staging",
                     "--output", "agent.yaml")
    assert done.returncode == 1
    assert words in done.stderr
    assert not agent.file.exists()
