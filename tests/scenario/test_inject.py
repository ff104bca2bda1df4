"""What the injection texts of scenario files mean: text -> steps."""
import pytest

from suite import inject
from suite.perform import Performer, Undone
from suite.session import victim
from suite.steps import NotUnderstood

STG_DB = {"a": "stg-app", "b": "stg-db"}
# text: [(verb, some of its arguments)]
TEXTS = {
    # macros
    "app_restart stg a v1": [
        ("restart", {"env": "stg", "replica": "a", "build": "v1"})],
    "app_restart prd": [("restart", {"env": "prd", "replica": "a",
                                     "build": None}),
                        ("restart", {"env": "prd", "replica": "b"})],
    "app_restart stg a,b v2-ok": [("restart", {"replica": "a"}),
                                  ("restart", {"replica": "b",
                                               "build": "v2-ok"})],
    "app_restart stg b v1 with SECRET_KEY=<other> (replica a untouched)": [
        ("restart", {"replica": "b", "overrides": {
            "SECRET_KEY": "<other>"}})],
    "app_restart stg a with POSTGRES_DB=other POSTGRES_USER=x": [
        ("restart", {"overrides": {"POSTGRES_DB": "other",
                                   "POSTGRES_USER": "x"}})],
    "app_restart stg a without SECRET_KEY": [
        ("restart", {"overrides": {"SECRET_KEY": None}})],
    "deploy stg v2-leak; load stg 5rps": [
        ("deploy", {"env": "stg", "build": "v2-leak"}),
        ("load", {"env": "stg", "low": 5, "shape": "steady"})],
    "deploy prd v2-ok, deploy stg v2-ok": [("deploy", {"env": "prd"}),
                                           ("deploy", {"env": "stg"})],
    "deploy v2-hardcode to stg": [("deploy", {"build": "v2-hardcode"})],
    "rollback stg v1": [("deploy", {"build": "v1", "kind": "rollback"})],
    "deploy stg b v2-ok": [("deploy_replica", {"replica": "b"})],
    "load stg sinusoidal 2-10 rps, p95 stays inside the band": [
        ("load", {"low": 2, "high": 10, "shape": "wave"})],
    "load prd 20 rps": [("load", {"env": "prd", "low": 20})],
    "load stg from 5 to 50 rps": [("load", {"shape": "ramp"})],
    "stop load": [("load_stop", {})],
    # files
    "mv ${PRD}/prod.env ${PRD}/prod.env.off; app_restart prd": [
        ("shell", {"command": "mv ${PRD}/prod.env ${PRD}/prod.env.off"}),
        ("restart", {"env": "prd"}), ("restart", {"env": "prd"})],
    "sed -i 's/^connection_timeout=.*/connection_timeout=8.0/' "
    "${STG}/app.conf; app_restart stg a; app_restart stg b": [
        ("shell", {}), ("restart", {"replica": "a"}),
        ("restart", {"replica": "b"})],
    "sed -i 's|;x|,y|; s/a/b/' ${STG}/app.conf": [("shell", {})],
    "set DATABASE_URL=postgres://app:x@db.prod.test:5432/app in "
    "${STG}/staging.env; app_restart stg": [
        ("edit", {"name": "DATABASE_URL", "file": "staging.env",
                  "value": "postgres://app:x@db.prod.test:5432/app"}),
        ("restart", {}), ("restart", {})],
    "set PAYMENTS_API_KEY in ${PRD}/prod.env": [
        ("edit", {"env": "prd", "name": "PAYMENTS_API_KEY", "value": None})],
    "set SSL_CERT_FILE to /nonexistent/ca.pem in ${STG}/staging.env": [
        ("edit", {"name": "SSL_CERT_FILE", "value": "/nonexistent/ca.pem"})],
    "set SECRET_KEY='${SECRET_KEY}' in ${STG}/staging.env": [
        ("edit", {"name": "SECRET_KEY", "value": "${SECRET_KEY}"})],
    "add LOG_LEVEL=debug to ${STG}/staging.env": [
        ("edit", {"name": "LOG_LEVEL", "value": "debug"})],
    "remove SECRET_KEY from ${STG}/staging.env": [
        ("edit_remove", {"name": "SECRET_KEY"})],
    "unset POSTGRES_HOST, POSTGRES_PORT from ${STG}/staging.env": [
        ("edit_remove", {"name": "POSTGRES_HOST"}),
        ("edit_remove", {"name": "POSTGRES_PORT"})],
    "app.conf: pool_timeout=45.0 -> 44.0; app_restart stg": [
        ("edit", {"name": "pool_timeout", "value": "44.0", "env": "stg"}),
        ("restart", {}), ("restart", {})],
    "append \\r to POSTGRES_PASSWORD in ${STG}/staging.env (CRLF save)": [
        ("mangle", {"name": "POSTGRES_PASSWORD", "how": "line_ends"})],
    "append \\r to SECRET_KEY in ${STG}/staging.env": [
        ("mangle", {"name": "SECRET_KEY", "how": "cr"})],
    "append a space to POSTGRES_USER in ${STG}/staging.env": [
        ("mangle", {"how": "space"})],
    "wrap POSTGRES_PASSWORD in quotes in ${STG}/staging.env": [
        ("mangle", {"how": "quotes"})],
    "append '10.77.2.99 db.staging.test' to the staging app's own "
    "/etc/hosts (bind-mounted per environment)": [
        ("hosts", {"env": "stg", "address": "10.77.2.99",
                   "name": "db.staging.test"})],
    "in ${STG}/staging.env: delete the POSTGRES_* lines, set DATABASE_URL="
    "postgres://...@db.staging.test:6432/<db>": [
        *[("edit_remove", {"name": f"POSTGRES_{end}"}) for end in (
            "HOST", "PORT", "DB", "USER", "PASSWORD")],
        ("edit", {"name": "DATABASE_URL", "file": "staging.env"})],
    "set POSTGRES_HOST=db.prod.test and POSTGRES_PASSWORD=<that of "
    "production> in ${STG}/staging.env": [
        ("edit", {"name": "POSTGRES_HOST", "value": "db.prod.test"}),
        ("edit", {"value": "<that of production>"})],
    "set SECRET_KEY=<other> in ${STG}/staging.env and, in the same step, "
    "deploy stg v2-ambiguous (prd stays)": [("edit", {}), ("deploy", {})],
    "dd a ballast file into the tmpfs that holds ${PGDATA_STG} up to 93%": [
        ("fill", {"what": "database", "percent": 93})],
    "extend the ballast to 100% (fallocate until ENOSPC)": [
        ("fill", {"what": "database"})],
    "as role dba, application_name=psql, on stg-db: BEGIN; LOCK TABLE items "
    "IN ACCESS EXCLUSIVE MODE; (session left open)": [
        ("session", {"role": "dba", "application": "psql",
                     "sql": "BEGIN; LOCK TABLE items IN ACCESS EXCLUSIVE "
                     "MODE"})],
    "in rt: netem loss 25% for stg-app <-> stg-db only": [
        ("shape", {"loss_percent": 25.0, **STG_DB}),
        ("shape", {"loss_percent": 25.0, "a": "stg-db", "b": "stg-app"})],
    "nft forward ip saddr <stg-app> ip daddr <stg-db> numgen random mod 100 "
    "< 25 drop, and the same for the way back": [
        ("filter", {"saddr": "stg-app", "daddr": "stg-db", "percent": 25.0}),
        ("filter", {"saddr": "stg-db", "daddr": "stg-app", "percent": 25.0})],
    "delete the line for db.prod.test from the zone of the production "
    "dnsmasq; HUP": [("record", {"env": "prd", "address": None})],
    "sed -i on the upstream block of ${STG}/nginx.conf: both server lines "
    "get port 8999; nginx -s reload": [
        ("upstream", {"target": "stg-app:8999"}), ("nginx_reload", {})],
    "payments stub: 503 with Retry-After: 30 to every request, TLS as "
    "before": [("payments", {"status": 503})],
    "fake GCP: 401 UNAUTHENTICATED on sql, vpcaccess, run and secretmanager "
    "for the token of agent-stg": [
        ("gcp_status", {"resource": one, "status": 401})
        for one in ("connector", "secret", "run", "sql")],
    "post a human report: 'export fails', path /api/export": [
        ("event", {"kind": "claim"})],
    # PostgreSQL
    "pg_ctl -D ${PGDATA_PRD} -m immediate stop": [
        ("stop_database", {"env": "prd", "mode": "immediate"})],
    "pg_ctl restart -m fast (about 3 s)": [
        ("restart_database", {"env": "stg"})],
    "kill -STOP <postmaster pid>": [("pause", {"env": "stg"})],
    "kill -9 <postmaster pid>": [("stop_database", {"mode": "kill"})],
    "kill -STOP <postmaster pid> for 3 s, every 60 s": [
        ("pause", {}), ("resume", {}), ("pause", {}), ("resume", {}),
        ("pause", {}), ("resume", {})],
    "stop PostgreSQL of stg": [("stop_database", {"env": "stg"})],
    "as role batch: open connections until 53300 "
    "(application_name=batch-export), hold": [
        ("connections", {"role": "batch", "count": None,
                         "application": "batch-export"})],
    "as role batch: open 30 connections (application_name=etl), hold": [
        ("connections", {"count": 30, "application": "etl"})],
    "psql: ALTER ROLE app NOLOGIN": [
        ("sql", {"sql": "ALTER ROLE app NOLOGIN", "env": "stg"})],
    "ALTER ROLE app PASSWORD 'other'; app_restart stg": [
        ("sql", {"sql": "ALTER ROLE app PASSWORD 'other'"}),
        ("restart", {}), ("restart", {})],
    "ALTER ROLE app VALID UNTIL '2020-01-01'": [("sql", {})],
    "in prd-db: psql -c \"REVOKE CONNECT ON DATABASE app FROM app\"": [
        ("sql", {"env": "prd",
                 "sql": "REVOKE CONNECT ON DATABASE app FROM app"})],
    "psql: BEGIN; LOCK TABLE orders IN ACCESS EXCLUSIVE MODE; hold": [
        ("session", {"sql": "BEGIN; LOCK TABLE orders IN ACCESS EXCLUSIVE "
                            "MODE"})],
    "as role batch: BEGIN; UPDATE items SET price = 1; hold for 60 s": [
        ("session", {"role": "batch"}), ("session_end", {})],
    "hold ACCESS EXCLUSIVE lock on items": [
        ("session", {"sql": "BEGIN; LOCK TABLE items IN ACCESS EXCLUSIVE "
                            "MODE"})],
    "ALTER SYSTEM SET default_transaction_read_only = on; SELECT "
    "pg_reload_conf()": [("sql", {}), ("sql", {})],
    "postgresql.conf: default_transaction_read_only=on; reload": [
        ("pg_setting", {"name": "default_transaction_read_only",
                        "value": "on"})],
    "pg_hba.conf: host all app 10.77.1.2/32 reject; reload": [
        ("pg_hba", {"line": "host all app 10.77.1.2/32 reject"})],
    "fill the data volume of stg-db": [("fill", {"what": "database"})],
    "fill ${PGDATA_STG}'s tmpfs": [("fill", {"what": "database"})],
    "DROP INDEX orders_by_item": [("sql", {})],
    "roll back migration 0006 on stg": [
        ("schema", {"version": "0006", "down": True})],
    # names
    "kill the dnsmasq serving stg-app": [("dns_stop", {"env": "stg"})],
    "kill the dnsmasq serving prd-app": [("dns_stop", {"env": "prd"})],
    "zone: db.staging.test -> 10.77.2.99; HUP": [
        ("record", {"env": "stg", "address": "10.77.2.99"})],
    "zone: remove db.staging.test; HUP": [
        ("record", {"name": "db.staging.test", "address": None})],
    "zone: payments.test -> NXDOMAIN; HUP": [("record", {"address": None})],
    "zone: db.prod.test -> 10.77.4.9; HUP": [("record", {"env": "prd"})],
    "the resolver answers only after 4 s": [("dns_delay",
                                             {"delay_ms": 4000})],
    "resolver of stg answers SERVFAIL": [("dns_status",
                                          {"status": "SERVFAIL"})],
    # paths
    "in rt: nft forward drop tcp dport 5432 to stg-db from everywhere": [
        ("filter", {"daddr": "stg-db", "dport": 5432, "verdict": "drop"})],
    "in rt: nft forward drop stg-app -> stg-db": [
        ("filter", {"saddr": "stg-app", "daddr": "stg-db"})],
    "in rt: nft forward drop ip saddr <stg-app> ip daddr <payments> tcp "
    "dport 443": [("filter", {"saddr": "stg-app", "daddr": "svc",
                              "proto": "tcp", "dport": 443})],
    "in rt: nft forward ip saddr <stg-app> tcp dport 5432 reject with tcp "
    "reset": [("filter", {"verdict": "reset", "dport": 5432})],
    "in rt: nft forward ip saddr <stg-app> numgen random mod 100 < 20 drop": [
        ("filter", {"percent": 20, "verdict": "drop"})],
    "in rt: drop 30% of packets stg-app -> stg-db": [
        ("filter", {"percent": 30})],
    "iptables -A FORWARD -s <stg-app> -p tcp --dport 5432 -j DROP": [
        ("filter", {"saddr": "stg-app", "dport": 5432})],
    "iptables -A FORWARD -s <stg-app> -d <stg-db> -m statistic --mode random "
    "--probability 0.25 -j DROP": [("filter", {"percent": 25})],
    "in rt: nft forward drop udp dport 53 from stg-app": [
        ("filter", {"proto": "udp", "dport": 53, "saddr": "stg-app"})],
    "in rt: nft forward drop stg-app -> ops for 30 s": [
        ("filter", {"daddr": "ops"}), ("clear", {})],
    "in rt: ip link set <interface towards stg-app> mtu 576; nft output "
    "chain drops icmp type destination-unreachable (return path)": [
        ("mtu", {"place": "stg-app", "bytes": 576}), ("block_icmp", {})],
    "netem delay 100ms, then 200ms at 40 s, 300ms at 80 s": [
        ("shape", {"delay_ms": 100, **STG_DB}),
        ("shape", {"delay_ms": 200}), ("shape", {"delay_ms": 300})],
    "netem loss 20% on stg-app -> stg-db": [
        ("shape", {"loss_percent": 20, **STG_DB})],
    "in rt: tc qdisc add dev <interface towards stg-db> root tbf rate 64kbit "
    "burst 4kb latency 400ms": [("shape", {"rate_kbit": 64})],
    # proxies, third parties, the cloud
    "nginx upstream -> 10.77.1.2:9999; reload": [
        ("upstream", {"target": "10.77.1.2:9999"})],
    "nginx: proxy_read_timeout 1s; reload": [
        ("nginx_directive", {"name": "proxy_read_timeout", "value": "1s"})],
    "kill nginx": [("nginx_stop", {"env": "stg"})],
    "payments stub answers 503": [("payments", {"status": 503, "share": 1})],
    "payments returns 500 to 30% of requests": [
        ("payments", {"status": 500, "share": 0.3})],
    "payments: delay 20 s": [("payments", {"delay_s": 20})],
    "stop payments": [("payments_stop", {})],
    "fake GCP: state=RUNNABLE, settings.activationPolicy=NEVER; in rt: nft "
    "forward drop tcp dport 5432 to stg-db from everywhere": [
        ("gcp", {"resource": "sql", "fields": {
            "state": "RUNNABLE", "settings.activationPolicy": "NEVER"}}),
        ("filter", {})],
    "fake GCP: connector state=ERROR": [
        ("gcp", {"resource": "connector", "fields": {"state": "ERROR"}})],
    "fake GCP: secret postgres-password version 3 DISABLED": [
        ("gcp", {"resource": "secret", "name": "postgres-password",
                 "fields": {"state": "DISABLED"}})],
    "fake GCP: 401 for every call": [
        ("gcp_status", {"resource": "all", "status": 401})],
    "fake GCP: sql instances.get returns 503": [
        ("gcp_status", {"resource": "sql", "status": 503})],
    "fake GCP: versions:access on postgres-password returns 403 "
    "PERMISSION_DENIED for the staging identity; policy etag changes": [
        ("gcp_status", {"resource": "secret", "status": 403, "env": "stg",
                        "name": "postgres-password"})],
    "certificate on the staging nginx reaches notAfter (issued beforehand "
    "with openssl ca -enddate at the onset second)": [
        ("certificate", {"env": "stg", "where": "nginx",
                         "kind": "expires"})],
    "install a certificate for other.test on the staging nginx; reload": [
        ("certificate", {"kind": "name", "name": "other.test"})],
    # limits, clocks, observers
    "lower the memory limit of the stg-app cgroup below the working set": [
        ("memory_limit", {"env": "stg", "bytes": None})],
    "set the memory limit of the stg-app cgroup to 64M": [
        ("memory_limit", {"bytes": 64 << 20})],
    "run the app under prlimit --as with a lower value and restart it": [
        ("memory_limit", {"method": "prlimit"}), ("restart", {}),
        ("restart", {})],
    "faketime crosses the trigger date in stg-app and prd-app": [
        ("trigger_date", {"envs": ["prd", "stg"]})],
    "agent-stg's clock runs 120 s ahead": [
        ("clock", {"agent": "agent-stg", "offset_s": 120})],
    "agent-stg under faketime -90 s": [("clock", {"offset_s": -90})],
    "kill -9 agent-stg": [("agent_stop", {"agent": "agent-stg"})],
    "kill -STOP agent-prd": [("agent_pause", {"agent": "agent-prd"})],
    "run the agent's env.required and pg.query checks in the dev namespace "
    "with --env staging (no staging.env there); agent-stg stopped": [
        ("workstation", {"env": "stg"}), ("agent_stop", {})],
    "rotate the fleet fingerprint key on all agents": [
        ("rotate_key", {"key": "fleet"})],
    "fill the collector's data volume; free it at 120 s; agents run with "
    "spooling off": [("fill", {"what": "collector"}),
                     ("free", {"what": "collector"}), ("spool_off", {})],
    "a user reports that exports come out empty": [
        ("event", {"kind": "claim", "summary": "exports come out empty"})],
    "post a claim event: it is the network": [
        ("event", {"kind": "claim", "summary": "it is the network"})],
    "the exec plugin of agent-stg sleeps longer than its timeout": [
        ("plugin", {"agent": "agent-stg"})],
    "(no action) first restart about here": [],
    "diagnose staging (time = now)": [],
}


@pytest.mark.parametrize("text", sorted(TEXTS))
def test_a_text_is_read(text):
    """Every verb in order, with the arguments that matter."""
    steps = inject.read(text)
    assert [step.verb for step in steps] == [
        verb for verb, _ in TEXTS[text]], steps
    for step, (_, expected) in zip(steps, TEXTS[text]):
        assert {name: step.args.get(name) for name in expected} == expected


@pytest.mark.parametrize("text, after", [
    ("netem delay 100ms, then 200ms at 40 s, 300ms at 80 s", [0, 40, 80]),
    ("fill the collector's data volume; free it at 120 s", [0, 120]),
    ("kill -STOP <postmaster pid> for 3 s, every 60 s",
     [0, 3, 60, 63, 120, 123]),
    ("after 20 s: pg_ctl -D ${PGDATA_STG} stop", [20]),
])
def test_a_clause_has_times_of_its_own(text, after):
    """Relative to the moment of the text."""
    assert [step.after for step in inject.read(text)] == after


@pytest.mark.parametrize("text", [
    "make everything worse", "deploy stg", "app_restart stg c v1",
    "app_restart stg a v1 quickly", "zone: db.staging.test",
    "in rt: nft forward drop stg-app -> stg-db except on Sundays",
    "in rt: nft forward stg-app -> stg-db", "fake GCP: something else",
    "pg_ctl -D ${PGDATA_STG} dance", "netem wobble",
    "pg_hba.conf: something", "payments stub answers politely",
    "pg_ctl -D ${PGDATA_STG} -m fast stop; and pray",
    "append a trailing blank to SECRET_KEY in ${STG}/staging.env",
])
def test_what_no_pattern_reads_is_refused(text):
    """Nothing is dropped quietly: the clause is named."""
    with pytest.raises(NotUnderstood):
        inject.read(text)


@pytest.mark.parametrize("injected, env", [
    ([(0, "deploy stg v2-sql")], "stg"),
    ([(0, "deploy prd v2-nplus1")], "prd"),
    ([(0, "delete the line for db.prod.test from the zone of the production "
          "dnsmasq")],
     "prd"),
    ([(-60, "deploy stg v2-ok"), (0, "deploy prd v2-crash")], "prd"),
    ([(0, "deploy stg v2-crash"), (60, "deploy prd v2-ok")], "stg"),
    ([(0, "in rt: nft forward drop prd-app -> prd-db")], "prd"),
    ([(-30, "deploy prd v2-ok")], "stg"),
])
def test_who_is_asked_about_is_whom_it_happens_to(injected, env):
    """Staging, but where all that happens happens to production."""
    plan = inject.read_scenario({"id": "X1", "inject": [
        {"at_s": second, "do": text} for second, text in injected]})
    assert victim(plan) == env


def test_a_scenario_that_is_not_understood_is_named():
    """With its text, and the clause within it."""
    scenario = {"id": "X1", "inject": [{"at_s": 0, "do": "HUP; sing"}]}
    with pytest.raises(NotUnderstood, match="X1: 'HUP; sing'.*: sing"):
        inject.read_scenario(scenario)


def test_what_a_machine_cannot_do_goes_by_its_fallback():
    """Without a fallback the capability is named."""
    do = {"at_s": 0, "do": "in rt: nft forward drop stg-app -> stg-db",
          "needs": ["nft"],
          "fallback": "iptables -A FORWARD -s <stg-app> -j DROP"}
    plan = inject.read_scenario({"id": "X", "inject": [do]}, {"netns"})
    assert plan[0][1].args == {"saddr": "stg-app", "verdict": "drop"}
    del do["fallback"]
    with pytest.raises(inject.Lacking, match="nft"):
        inject.read_scenario({"id": "X", "inject": [do]}, {"netns"})


class Recorder:
    """A world that only remembers what was asked of it."""

    def __init__(self, calls, name=""):
        self.calls, self.name = calls, name

    def __getattr__(self, name):
        if name == "addr":
            return "10.0.0.1"
        return Recorder(self.calls, f"{self.name}.{name}".lstrip("."))

    def __getitem__(self, name):
        return Recorder(self.calls, f"{self.name}[{name}]")

    def __contains__(self, name):
        return True

    def __call__(self, *args, **more):
        self.calls.append((self.name, args, more))
        return self

    def __mul__(self, _):
        return 100

    def __floordiv__(self, _):
        return 10


class Ground(Recorder):
    """With what a performer asks a world for before it does something."""

    agents = {"agent-stg": None, "agent-prd": None}

    def __init__(self, calls):
        super().__init__(calls)
        self.agents = Recorder(calls, "agents")

    @staticmethod
    def placeholders():
        """As a world has them."""
        return {"STG": "/tmp/none", "PRD": "/tmp/none",
                "PGDATA_STG": "/tmp/none", "<stg-app>": "10.77.1.2",
                "<payments>": "10.77.5.2", "<svc>": "10.77.5.2"}


def performed(text):
    """What is asked of a world for a text."""
    calls = []
    performer = Performer(Ground(calls), 5)
    for step in inject.read(text):
        performer.do(step)
    return [(name, *args) for name, args, _ in calls]


@pytest.mark.parametrize("text, calls", [
    ("deploy stg v2-sql", [("env", "stg"), ("env.deploy", "v2-sql")]),
    ("in rt: nft forward drop ip saddr <stg-app> tcp dport 5432",
     [("router.nft", "forward ip saddr 10.77.1.2 tcp dport 5432 drop")]),
    ("in rt: nft forward ip saddr <stg-app> ip daddr <payments> tcp dport "
     "443 reject with tcp reset",
     [("router.nft", "forward ip saddr 10.77.1.2 ip daddr 10.77.5.2 tcp "
       "dport 443 reject with tcp reset")]),
    ("iptables -A FORWARD -s <stg-app> -m statistic --mode random "
     "--probability 0.25 -j DROP",
     [("router.nft", "forward ip saddr 10.77.1.2 numgen random mod 1000 < "
       "250 drop")]),
    ("fake GCP: connector state=ERROR",
     [("gcp.set", "vpcaccess/staging-connector", {"state": "ERROR"})]),
    ("kill the dnsmasq serving prd-app", [("env", "prd"),
                                          ("env.dns.kill",)]),
    ("kill -9 agent-prd", [("agents[agent-prd].kill",)]),
    ("payments stub answers 503", [("payments.set",)]),
    ("rotate the fleet fingerprint key on all agents", [("rotate_keys",)]),
])
def test_a_step_is_done_by_the_world(text, calls):
    """In the words of the world."""
    assert performed(text) == calls


@pytest.mark.parametrize("line, how, after", [
    ("A=x\nB=y\n", "cr", "A=x\nB=y\r\n"),
    ("A=x\nB=y\n", "quotes", 'A=x\nB="y"\n'),
    ("A=x\nB=y\n", "line_ends", "A=x\r\nB=y\r\n"),
    ("A=x\nB=y\n", "empty", "A=x\nB=\n"),
    ("A=x\nB=y\n", "unexpanded", "A=x\nB=${B}\n"),
])
def test_a_value_loses_its_shape(tmp_path, line, how, after):
    """And nothing else in the file changes."""
    class Place:  # pylint: disable=too-few-public-methods
        """An environment whose files are here."""
        folder = tmp_path

    class One:  # pylint: disable=too-few-public-methods
        """A world of one environment."""
        @staticmethod
        def env(_):
            """The only one."""
            return Place
    (tmp_path / "f.env").write_text(line)
    performer = Performer(One, 1)
    performer.do_mangle("stg", "f.env", "B", how)
    assert (tmp_path / "f.env").read_bytes().decode() == after
    with pytest.raises(Undone, match="nothing to change"):
        performer.do_edit_remove("stg", "f.env", "C")
