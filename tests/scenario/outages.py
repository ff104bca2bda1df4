"""outages.py - recorded outages, written down as what each probe saw.

A world that is well (staging and production, each a backend on PostgreSQL and
a payments service, watched from inside and from outside), and for every
outage what differs from it.  lines() makes the JSON Lines of an hour before
and three minutes after.
"""
import datetime
import json

EPOCH = datetime.datetime(2026, 1, 5, 10, 0, tzinfo=datetime.timezone.utc)
BEFORE_S, AFTER_S, INTERVAL_S = 900, 180, 15

CONFIG = """\
store: unused.db
listen: [{url: "ipc:///run/unused.sock"}]
environments:
  staging: {compare_with: [production]}
  production: {}
services:
  - {name: backend, depends_on: [postgres, payments], journeys: [golden]}
  - {name: auth, depends_on: [postgres]}
  - {name: postgres, kind: database}
  - {name: payments, kind: external}
owners: {app: backend-team, env: platform, infra: platform, net: network}
"""

IN, OUT, CLOUD = "in_service", "external", "control_plane"
# name: (environment, agent, vantage, service, probe, kind)
WORLD = {
    "env": ("staging", "agent-stg", IN, "backend", "env", "env"),
    "settings": ("staging", "agent-stg", IN, "backend", "settings",
                 "settings"),
    "dns": ("staging", "agent-stg", IN, "backend", "dns-postgres", "dns"),
    "db": ("staging", "agent-stg", IN, "backend", "db", "postgres"),
    "db.reference": ("staging", "agent-stg", IN, "backend", "db.reference",
                     "postgres"),
    "db.address": ("staging", "agent-stg", IN, "backend", "db-address",
                   "postgres"),
    "pay": ("staging", "agent-stg", IN, "backend", "payments", "http"),
    "direct": ("staging", "agent-stg", IN, "backend", "direct", "http"),
    "host": ("staging", "agent-stg", IN, "backend", "host", "host"),
    "sql": ("staging", "agent-stg", CLOUD, "postgres", "staging-db",
            "gcp.sql"),
    "connector": ("staging", "agent-stg", CLOUD, "postgres",
                  "staging-connector", "gcp.vpc_connector"),
    "secret": ("staging", "agent-stg", CLOUD, "backend", "postgres-password",
               "gcp.secret"),
    "golden": ("staging", "agent-ops", OUT, "backend", "golden", "journey"),
    "tls": ("staging", "agent-ops", OUT, "backend", "front-tls", "tls"),
    "pg.ops": ("staging", "agent-ops", OUT, "postgres", "login", "postgres"),
    "pay.ops": ("staging", "agent-ops", OUT, "payments", "health", "http"),
    "p.env": ("production", "agent-prd", IN, "backend", "env", "env"),
    "p.db": ("production", "agent-prd", IN, "backend", "db", "postgres"),
    "p.direct": ("production", "agent-prd", IN, "backend", "direct", "http"),
    "p.pay": ("production", "agent-prd", IN, "backend", "payments", "http"),
    "p.golden": ("production", "agent-ops", OUT, "backend", "golden",
                 "journey"),
}
WORLD |= {
    "dev.env": ("staging", "dev-laptop", "workstation", "backend", "env",
                "env"),
    "dev.db": ("staging", "dev-laptop", "workstation", "backend", "db",
               "postgres"),
}
# Probes that few outages look at are in the world of those alone.
RARE = {"dev.env", "dev.db", "db.address", "host", "sql", "connector", "secret", "settings"}

FACTS = {
    "build": "v1", "env/POSTGRES_HOST": "k1:aa", "env/POSTGRES_PORT": "k1:bb",
    "env/POSTGRES_PASSWORD": "k1:cc", "env/SECRET_KEY": "k1:dd",
    "env/FLAG_NEW_CHECKOUT": "=0", "setting/pool_size": "=20",
    "setting/pool_timeout": "=45", "file/staging.env": "k1:ee",
}
# Production has a database and secrets of its own.
OWN = {"env/POSTGRES_HOST": "k1:a9", "env/POSTGRES_PASSWORD": "k1:c9",
       "env/SECRET_KEY": "k1:d9"}


def bad(reason, message="", phase=None, since=0, outcome="critical",
        **more):
    """What a probe that fails since a moment (seconds) reports."""
    return dict(more, reason=reason, message=message, phase=phase,
                since=since, outcome=outcome)


def slow(more_ms):
    """A probe that is well, whose connecting takes longer from 0 on."""
    return {"since": 0, "outcome": "ok", "slow": more_ms}


GOLDEN = bad("steps.status", "step 2 answered 503")
READY = bad("transfer.status", "status 503")


def changed(at, name, after, environment="staging", service="backend"):
    """A fact observed to differ from then on."""
    return {"at": at, "name": name, "after": after,
            "environment": environment, "service": service}


def event(at, kind, subject, summary="", environment="staging"):
    """What a pipeline or a person says."""
    return {"at": at, "kind": kind, "subject": subject, "summary": summary,
            "environment": environment}


def deploy(at, build, environment="staging"):
    """A release: the marker, and the build as it is then seen."""
    return [event(at, "deploy", f"build/{build}", f"released {build}",
                  environment),
            changed(at + 5, "build", build, environment)]


MISSING = ("6 variables missing in process 812: POSTGRES_HOST POSTGRES_PORT "
           "POSTGRES_DB POSTGRES_USER DATABASE_URL SECRET_KEY")
REFUSED = bad("connect.refused", "connection refused", "connect")
TIMEOUT = bad("connect.timeout", "no answer from 10.77.2.2:5432", "connect",
              duration_ms=5000, limit_ms=5000)

# id: (class, subject's beginning, what differs)
OUTAGES = {
    "S01": ("env", "envfile:staging.env", {
        "env": bad("check.missing", MISSING),
        "db": bad("inputs.missing", "POSTGRES_HOST is not set", "inputs"),
        "direct": READY, "golden": GOLDEN,
        "and": [changed(0, "file/staging.env", None),
                changed(0, "env/POSTGRES_HOST", None),
                changed(0, "env/SECRET_KEY", None)]}),
    "S02": ("env", "envvar:PAYMENTS_API_KEY", {
        "env": bad("check.missing", "1 variable missing in process 900: "
                   "PAYMENTS_API_KEY"),
        "golden": bad("steps.status", "step 4 answered 500"),
        "and": deploy(-120, "v2-needs-key", "production") +
        deploy(0, "v2-needs-key")}),
    "S03": ("env", "envvar:POSTGRES_HOST", {
        "db": bad("resolve.nxdomain", "db.stagging.test: no such name",
                  "resolve"), "direct": READY, "golden": GOLDEN,
        "and": [changed(0, "env/POSTGRES_HOST", "k1:ff")]}),
    "S04": ("env", "envvar:POSTGRES_PORT", {
        "db": REFUSED, "direct": READY, "golden": GOLDEN,
        "and": [changed(0, "env/POSTGRES_PORT", "k1:ff")]}),
    "S06": ("env", "config:pool_size", {
        "settings": bad("check.answer", "pool_size is 1, known good 20"),
        "golden": bad("steps.status", "step 3: 503 pool timeout"),
        "and": [changed(0, "setting/pool_size", "=1")]}),
    "S09": ("env", "envvar:POSTGRES_PASSWORD", {
        "env": bad("check.shape", "POSTGRES_PASSWORD ends with a carriage "
                   "return", outcome="warning"),
        "db": bad("auth.password", "password authentication failed",
                  "auth"), "direct": READY, "golden": GOLDEN,
        "and": [changed(0, "env/POSTGRES_PASSWORD", "k1:ff")]}),
    "S11": ("env", "envvar:SECRET_KEY", {
        "golden": bad("steps.status", "step 3 answered 401", every=2),
        "and": [changed(0, "env/SECRET_KEY", "k1:ff")]}),
    "S13": ("env", "hosts:db.staging.test", {
        "db": TIMEOUT, "direct": READY, "golden": GOLDEN,
        "and": [changed(0, "hosts/db.staging.test", "k1:ff")]}),
    "S14": ("env", "config:flag_new_checkout", {
        "golden": bad("steps.status", "step 4 answered 500"),
        "and": [changed(0, "env/FLAG_NEW_CHECKOUT", "=1")]}),
    "S15": ("env", "gcp:secret/postgres-password", {
        "secret": bad("access.denied", "403 PERMISSION_DENIED", since=-90),
        "direct": REFUSED, "golden": GOLDEN,
        "and": deploy(-60, "v2-ok", "production") + deploy(0, "v2-ok")}),
    "S17": ("infra", "infra:postgres", {
        "db": REFUSED, "db.reference": REFUSED, "pg.ops": REFUSED,
        "direct": READY, "golden": GOLDEN}),
    "S18": ("infra", "infra:postgres", {
        name: bad("auth.timeout", "no authentication request", "auth")
        for name in ("db", "db.reference", "pg.ops")} | {
            "direct": READY, "golden": GOLDEN}),
    "S19": ("infra", "infra:postgres", {
        name: bad("auth.exhausted", "sorry, too many clients already",
                  "auth") for name in ("db", "db.reference", "pg.ops")} | {
            "direct": READY, "golden": GOLDEN}),
    "S21": ("infra", "gcp:sql/staging-db", {
        "db": TIMEOUT, "db.reference": TIMEOUT, "pg.ops": TIMEOUT,
        "sql": bad("state.answer", "RUNNABLE, activationPolicy NEVER: "
                   "stopped by its owner"), "direct": READY,
        "golden": GOLDEN, "and": [changed(0, "gcp/sql/activation_policy",
                                          "=NEVER", service="postgres")]}),
    "S23": ("infra", "gcp:vpcaccess/staging-connector", {
        "db": TIMEOUT, "db.reference": TIMEOUT,
        "connector": bad("state.answer", "connector in state ERROR"),
        "direct": READY, "golden": GOLDEN,
        "and": [changed(0, "gcp/vpc_connector/state", "=ERROR",
                        service="postgres")]}),
    "S24": ("infra", "tls:", {
        "tls": bad("tls.certificate", "certificate has expired", "tls"),
        "golden": bad("tls.certificate", "step 1: certificate has expired"),
        "and": deploy(-60, "v2-ok") + deploy(-60, "v2-ok", "production")}),
    "S26": ("infra", "", {
        "host": bad("memory.limit", "oom_kill counter rises, memory.max "
                    "lowered"),
        "direct": REFUSED, "golden": bad("steps.status", "502"),
        "and": [changed(0, "limit/memory.max", "=64M")]}),
    "S29": ("net", "dns:resolver", {
        "dns": bad("resolve.timeout", "no answer from 10.77.0.53",
                   "resolve"),
        "db": bad("resolve.timeout", "no answer from 10.77.0.53",
                  "resolve"),
        "db.reference": bad("resolve.timeout", "no answer", "resolve"),
        "db.address": None, "direct": READY, "golden": GOLDEN}),
    "S31": ("net", "dns:db.staging.test", {
        "db": TIMEOUT, "db.reference": TIMEOUT, "db.address": None,
        "direct": READY, "golden": GOLDEN,
        "and": [changed(0, "dns/db.staging.test", "=10.77.2.99")]}),
    "S32": ("net", "net:backend->postgres", {
        "db": TIMEOUT, "db.reference": TIMEOUT, "direct": READY,
        "golden": GOLDEN, "and": [changed(-120, "setting/pool_timeout",
                                          "=44"),
                                  changed(0, "firewall/rules", "k1:ff")]}),
    "S35": ("net", "net:backend->postgres", {
        "db": slow(300), "golden": bad("steps.timeout", "step 3 took 5 s",
                                       every=3)}),
    "S37": ("net", "net:backend->payments", {
        "pay": bad("connect.timeout", "no answer from 10.77.5.2:443",
                   "connect"),
        "golden": bad("steps.status", "step 4 answered 504")}),
    "S39": ("app", "app:backend@v2-crash", {
        "direct": REFUSED, "golden": bad("steps.status", "502"),
        "and": deploy(0, "v2-crash")}),
    "S40": ("app", "app:backend@v2-sql", {
        "golden": bad("steps.status",
                      'step 3 answered 500: column "itmes" does not exist'),
        "and": deploy(0, "v2-sql")}),
    "S43": ("app", "app:backend@v2-mem", {
        "direct": bad("connect.refused", "connection refused", "connect",
                      every=3),
        "golden": bad("steps.status", "502", every=3),
        "and": deploy(-150, "v2-mem")}),
    "S45": ("app", "app:backend@v1", {
        "golden": bad("steps.status", "step 3 answered 500"),
        "p.golden": bad("steps.status", "step 3 answered 500")}),
    "S46": ("app", "app:backend@v2-sql", {
        "golden": bad("steps.status",
                      'step 3 answered 500: column "itmes" does not exist'),
        "and": [changed(-30, "env/LOG_LEVEL", "k1:01")] +
        deploy(0, "v2-sql")}),
    "S48": ("app", "app:backend@v2-soft200", {
        "golden": bad("steps.answer", "step 5: not the order of step 4"),
        "and": deploy(0, "v2-soft200")}),
    "S49": ("blind", "agent:agent-stg", {"dead": ("agent-stg", 0)}),
    "S50": ("undetermined", "", {"dead": ("agent-stg", 0),
                                 "golden": bad("steps.status", "503",
                                               since=20)}),
    "S51": ("blind", "vantage:staging", {
        "dead": ("agent-stg", 0), "born": ("dev-laptop", 0), "dev.env": bad("check.missing", MISSING),
        "dev.db": None}),
    "S54": ("none", "", {"and": [
        changed(0, "env/POSTGRES_HOST", "k2:aa"),
        changed(0, "env/SECRET_KEY", "k2:dd")]}),
    "S55": ("blind", "collector:storage", {"dead": ("", 60)}),
    "S59": ("none", "", {"db": slow(1)}),
    "S58": ("none", "", {"golden": bad("steps.status", "503", since=-800,
                                       until=-785)}),
}


def stamp(seconds):
    """RFC 3339 of seconds after the reference instant."""
    at = EPOCH + datetime.timedelta(seconds=seconds)
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def fact_line(at, environment, service, name, value):
    """A fact: "=text" is a value, None is absent, else a fingerprint."""
    line = {"type": "fact", "at": stamp(at), "environment": environment,
            "service": service, "name": name, "source": "process"}
    if value is not None:
        shown = name == "build" or value.startswith("=")
        key = "value" if shown else "fingerprint"
        line[key] = value.lstrip("=") if shown else value.ljust(27, "0")
    return line


def result_line(at, where, seen):
    """One run, ok or as seen says; of several, the last that began."""
    if isinstance(seen, list):
        begun = [one for one in seen if at >= one["since"]]
        seen = begun[-1] if begun else None
    environment, agent, vantage, service, probe, kind = where
    line = {"type": "result", "at": stamp(at), "environment": environment,
            "service": service, "agent": agent, "vantage": vantage,
            "probe": probe, "kind": kind, "outcome": "ok", "duration_ms": 12}
    if kind == "postgres":
        line["phases"] = {"resolve": 1, "connect": 2, "auth": 5, "query": 4}
    if seen is None or at < seen["since"] or at >= seen.get("until", 1e9):
        return line
    if "slow" in seen:
        line.update(duration_ms=12 + seen["slow"],
                    phases={"resolve": 1, "connect": 2 + seen["slow"],
                            "auth": 5, "query": 4})
        return line
    if int(at - seen["since"]) // INTERVAL_S % seen.get("every", 1):
        return line
    line.update(outcome=seen["outcome"], reason=seen["reason"],
                message=seen["message"])
    if seen["phase"]:
        line["phases"] = {seen["phase"]: seen.get("duration_ms", 5)}
    for name in ("duration_ms", "limit_ms"):
        if name in seen:
            line[name] = seen[name]
    return line


def lines(outage):
    """The JSON Lines of an outage, in order."""
    differs = OUTAGES[outage][2]
    dead, dead_at = differs.get("dead", (None, 0))
    born, born_at = differs.get("born", (None, 0))
    made = []
    for environment in ("staging", "production"):
        own = OWN if environment == "production" else {}
        for name, value in (FACTS | own).items():
            made.append((-BEFORE_S, fact_line(
                -BEFORE_S, environment, "backend", name, value)))
    for number, (name, where) in enumerate(WORLD.items()):
        if name in RARE and name not in differs:
            continue
        at = -BEFORE_S + 0.1 * number
        while at < AFTER_S:
            is_dead = at >= dead_at and dead in ("", where[1])
            if not is_dead and (born != where[1] or at >= born_at):
                made.append((at, result_line(at, where, differs.get(name))))
            at += INTERVAL_S
    for what in differs.get("and", []):
        if "kind" in what:
            made.append((what["at"], {
                "type": "event", "at": stamp(what["at"]),
                "environment": what["environment"], "service": "backend",
                "kind": what["kind"], "subject": what["subject"],
                "summary": what["summary"]}))
        else:
            made.append((what["at"], fact_line(
                what["at"], what["environment"], what["service"],
                what["name"], what["after"])))
    made.sort(key=lambda pair: pair[0])
    return "".join(json.dumps(line) + "\n" for _, line in made)
