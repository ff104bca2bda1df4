"""sentries.py - what the agents of a world look at, as files.

Written as somebody would who knows the product and no outage: every input,
every hop and every dependency, from inside and from outside.
"""
import pathlib

from .cloud import API_PORT, LOCATION, METADATA_PORT, SECRET
from .database import PORT
from .environment import PORTS
from .network import OPS, PLACES

HERE = pathlib.Path(__file__).resolve().parent
COLLECTOR_PORT = 7000
INTERVAL_S, HEARTBEAT_S = 5, 5
TIMEOUT_SHARE = 0.8  # of the interval
OVERLAP_H = 24  # in which old and new fingerprints are both sent
NOWHERE = "10.77.9.1"

COLLECTOR = """\
store: {store}
listen:
  - url: {url}
  - url: tls+tcp://{ops}:{port}
    tls:
      ca_file: {pki}/ca.pem
      certificate_file: {pki}/collector.pem
      key_file: {pki}/collector.key
environments:
  staging: {{compare_with: [production]}}
  production: {{compare_with: [staging]}}
services:
  - {{name: backend, depends_on: [postgres, payments],
      journeys: [golden, golden-inside]}}
  - {{name: postgres, kind: database}}
  - {{name: payments, kind: external}}
owners: {{app: backend-team, env: platform, infra: platform, net: network,
         blind: platform}}
expectations:
  - {{setting: connection_timeout, at_least: 35, issue: "1263",
      services: [backend]}}
  - {{setting: initialization_timeout, at_least: 75, issue: "1263",
      services: [backend]}}
  - {{setting: pool_timeout, at_least: 45, issue: "1263",
      services: [backend], severity: warning}}
  - {{setting: pool_size, must_match: [staging, production],
      services: [backend]}}
  - {{env: POSTGRES_HOST, must_differ: [staging, production],
      services: [backend]}}
  - {{env: POSTGRES_PASSWORD, must_differ: [staging, production],
      services: [backend]}}
  - {{env: SECRET_KEY, must_differ: [staging, production],
      services: [backend]}}
  - {{env: POSTGRES_PORT, must_match: [staging, production],
      services: [backend]}}
  - {{env: PAYMENTS_URL, must_match: [staging, production],
      services: [backend]}}
  - {{env: FLAG_NEW_CHECKOUT, must_match: [staging, production],
      services: [backend], severity: warning}}
"""

AGENT = """\
agent: {agent}
environment: {environment}
vantage: {vantage}
identity:
  - {{address: {stands}/32}}
# By number: the observer must not depend on the names it observes.
collectors: ["tls+tcp://{ops}:{port}"]
tls:
  ca_file: {pki}/ca.pem
  certificate_file: {pki}/{certificate}.pem
  key_file: {pki}/{certificate}.key
state_directory: {state}
fingerprint_fleet_key: {key}
fingerprint_overlap: {overlap}
heartbeat: {heartbeat}
spool: {{max_size: {spool_size}, max_age: {spool_age}}}
defaults: {{interval: {interval}, timeout: {timeout}}}
probes:
"""

JOURNEY = """\
  - name: {name}
    service: backend
    through: nginx
    journey:
      base: https://app.{domain}
      ca_file: {pki}/ca.pem
      variables:
        - {{name: user, value: demo}}
        - {{name: password, value: demo}}
      steps:
        - name: page
          url: /
          contains: shop
        - name: login
          url: /api/login
          body: '{{"user": "${{user}}", "password": "${{password}}"}}'
          capture: [{{name: token, json: token}}]
        - name: items
          url: /api/items
          headers: &in
            - {{name: Authorization, value: "Bearer ${{token}}"}}
          expect: [{{json: items.0.id, equals: "1"}}]
        - name: order
          url: /api/orders
          headers: *in
          body: '{{"item": 7, "quantity": 3}}'
          capture: [{{name: order, json: id}}]
        - name: read
          url: /api/orders/${{order}}
          headers: *in
          expect:
            - {{json: id, equals: "${{order}}"}}
            - {{json: item, equals: "7"}}
            - {{json: quantity, equals: "3"}}
"""

INSIDE = """\
  - name: env
    service: backend
    env:
      source: {{pidfile: {folder}/app-a.pid}}
      file: {env_file}
      require:
        - {{name: SECRET_KEY, min_length: 16}}
        - {{name: PAYMENTS_URL, type: url}}
        - {{name: SSL_CERT_FILE, type: path}}
        - {{name: FLAG_NEW_CHECKOUT, type: boolean, show: true,
            severity: warning}}
        - {{name: POSTGRES_PORT, type: port, show: true, severity: warning}}
      groups:
        - name: database
          alternatives:
            - names: [DATABASE_URL]
            - names: [POSTGRES_HOST, POSTGRES_PORT, POSTGRES_DB,
                      POSTGRES_USER]
      watch: [POSTGRES_PASSWORD_SECRET, SECRET_API, LOG_LEVEL]
      compare: [POSTGRES_HOST, POSTGRES_PASSWORD, SECRET_KEY, PAYMENTS_URL,
                PAYMENTS_API_KEY]
      must_match:
        - {{name: SECRET_KEY, source: &other {{pidfile: {folder}/app-b.pid}}}}
        - {{name: POSTGRES_HOST, source: *other}}
        - {{name: POSTGRES_PASSWORD, source: *other}}
        - {{name: PAYMENTS_URL, source: *other}}
        - {{name: SSL_CERT_FILE, source: *other}}
        - {{name: FLAG_NEW_CHECKOUT, source: *other}}
  - name: env-b
    service: backend
    replica: b
    env:
      source: {{pidfile: {folder}/app-b.pid}}
      require:
        - {{name: SECRET_KEY, min_length: 16}}
        - {{name: PAYMENTS_URL, type: url}}
        - {{name: SSL_CERT_FILE, type: path}}
      watch: [LOG_LEVEL, POSTGRES_DB, POSTGRES_USER]
      compare: [POSTGRES_HOST, POSTGRES_PASSWORD, SECRET_KEY, PAYMENTS_URL,
                PAYMENTS_API_KEY]
  - name: env-file
    service: backend
    env:
      source: {{file: {env_file}}}
      require:
        - {{name: POSTGRES_PORT, type: port, show: true, severity: warning}}
        - {{name: SECRET_KEY, min_length: 16}}
        - {{name: PAYMENTS_URL, type: url}}
      groups:
        - name: database
          alternatives:
            - names: [DATABASE_URL]
            - names: [POSTGRES_HOST, POSTGRES_PORT, POSTGRES_DB,
                      POSTGRES_USER]
  - name: settings
    service: backend
    settings:
      sources:
        - {{name: file, file: {app_conf}, format: env}}
        - {{name: running, url: "http://{app}:{port_a}/version"}}
      register:
        - name: connection_timeout
          type: number
          declared: {{source: file, key: connection_timeout}}
          effective: {{source: running, key: settings.connection_timeout}}
          known_good: 35.0
          guards: [{{since: "1263", at_least: 35.0}}]
        - name: initialization_timeout
          type: number
          declared: {{source: file, key: initialization_timeout}}
          effective: {{source: running, key: settings.initialization_timeout}}
          known_good: 75.0
          guards: [{{since: "1263", at_least: 75.0}}]
        - name: pool_timeout
          type: number
          declared: {{source: file, key: pool_timeout}}
          effective: {{source: running, key: settings.pool_timeout}}
          known_good: 45.0
          severity: warning
          guards: [{{since: "1263", at_least: 45.0}}]
        - name: pool_size
          type: number
          declared: {{source: file, key: pool_size}}
          effective: {{source: running, key: settings.pool_size}}
          known_good: 20
      invariants:
        - {{name: order, rule: connection_timeout <= initialization_timeout}}
  - {{name: dns-postgres, service: backend, dns: {{name: db.{domain}}}}}
  - {{name: dns-payments, service: backend, dns: {{name: payments.test}}}}
  - {{name: tcp-postgres, service: backend,
      tcp: {{host: db.{domain}, port: {db_port}}}}}
  - {{name: tcp-payments, service: backend,
      tcp: {{host: payments.test, port: 443}}}}
  - {{name: path-postgres, service: backend,
      icmp: {{host: {db}, count: 5, spacing: {spacing}, wait: {wait},
             warning_loss: 20, critical_loss: 100}}}}
  - {{name: tls-payments, service: backend,
      tls: {{host: payments.test, ca_file: {pki}/ca.pem}}}}
  - name: db
    service: backend
    postgres:
      variables: {{pidfile: {folder}/app-a.pid}}
      write: true
      sessions: {{blocked_for: {blocked}}}
      reference: &reference
        host: db.{domain}
        port: {db_port}
        database: {database}
        user: vedette_probe
        password: "@{secrets}/probe"
  - name: db-as-filed
    service: backend
    postgres:
      variables: {{file: {env_file}}}
      reference: *reference
  - name: db-address
    service: backend
    postgres:
      host: {db}
      port: {db_port}
      database: {database}
      user: vedette_probe
      password: "@{secrets}/probe"
  - name: db-large
    service: backend
    postgres:
      host: {db}
      port: {db_port}
      database: {database}
      user: vedette_probe
      password: "@{secrets}/probe"
      query: select repeat('x', 8192)
  - name: sessions
    service: postgres
    exec:
      command: [{sessions}, {db}, "{db_port}", {database},
                vedette_monitor]
      environment: [{{name: PGPASSWORD, value: "@{secrets}/monitor"}}]
  - name: payments
    service: backend
    http: {{url: "https://payments.test/health", ca_file: {pki}/ca.pem,
           identity: {{json: service, equals: payments}}}}
  - name: ready-a
    service: backend
    replica: a
    http: {{url: "http://{app}:{port_a}/readyz"}}
  - name: ready-b
    service: backend
    replica: b
    http: {{url: "http://{app}:{port_b}/readyz"}}
  - name: version-a
    service: backend
    http:
      url: http://{app}:{port_a}/version
      identity: {{json: service, equals: backend}}
      facts: [{{name: build, json: build}},
              {{name: build-fingerprint, json: fingerprint}}]
  - name: version-b
    service: backend
    replica: b
    http:
      url: http://{app}:{port_b}/version
      identity: {{json: service, equals: backend}}
      facts: [{{name: build, json: build}}]
  - name: front
    service: backend
    through: nginx
    http: {{url: "https://app.{domain}/healthz", ca_file: {pki}/ca.pem}}
  - name: host
    service: backend
    host: {{disks: [{{path: {folder}}}]}}
  - {{name: log-a, service: backend, log: {{file: {folder}/app-a.log}}}}
  - {{name: log-b, service: backend, log: {{file: {folder}/app-b.log}}}}
  - {{name: log-front, service: backend,
      log: {{file: {folder}/nginx-error.log}}}}
  - name: {environment}-db
    service: postgres
    gcp.sql: {{project: shop-{environment}, instance: {environment}-db,
              {cloud}}}
  - name: {environment}-connector
    service: postgres
    gcp.vpc_connector:
      {{project: shop-{environment}, location: {location},
       connector: {environment}-connector, {cloud}}}
  - name: {secret}
    service: backend
    gcp.secret: {{project: shop-{environment}, secret: {secret},
                 access: {{metadata: "{metadata}"}}, {cloud}}}
"""

OUTSIDE = """\
  - {{name: dns-front, service: backend, dns: {{name: app.{domain}}}}}
  - {{name: front-tls, service: backend,
      tls: {{host: app.{domain}, ca_file: {pki}/ca.pem}}}}
  - name: front
    service: backend
    through: nginx
    http: {{url: "https://app.{domain}/healthz", ca_file: {pki}/ca.pem}}
  - name: front-ready
    service: backend
    through: nginx
    http: {{url: "https://app.{domain}/readyz", ca_file: {pki}/ca.pem}}
  - {{name: port, service: postgres,
      tcp: {{host: db.{domain}, port: {db_port}}}}}
  - name: login
    service: postgres
    postgres:
      host: db.{domain}
      port: {db_port}
      database: {database}
      user: vedette_probe
      password: "@{secrets}/probe"
      write: true
  - name: login-large
    service: postgres
    postgres:
      host: db.{domain}
      port: {db_port}
      database: {database}
      user: vedette_probe
      password: "@{secrets}/probe"
      query: select repeat('x', 8192)
  - name: path
    service: postgres
    icmp: {{host: {db}, count: 5, spacing: {spacing}, wait: {wait},
           warning_loss: 20, critical_loss: 100}}
  - {{name: payments-port, service: payments,
      tcp: {{host: payments.test, port: 443}}}}
  - name: payments-health
    service: payments
    http: {{url: "https://payments.test/health", ca_file: {pki}/ca.pem,
           identity: {{json: service, equals: payments}}}}
"""

DEV = """\
  - name: env
    service: backend
    env:
      source: {{self: true}}
      require: [{{name: SECRET_KEY}}]
      groups:
        - name: database
          alternatives:
            - names: [DATABASE_URL]
            - names: [POSTGRES_HOST, POSTGRES_PORT, POSTGRES_DB,
                      POSTGRES_USER]
  - name: db
    service: backend
    postgres:
      host: {db}
      port: {db_port}
      database: {database}
      user: vedette_probe
      password: "@{secrets}/probe"
"""


def duration(seconds):
    """As the configuration writes it."""
    return f"{round(seconds * 1000)}ms"


def common(world, agent):
    """What every agent's file says alike."""
    pace = world.pace
    interval = INTERVAL_S / pace
    return {
        "ops": OPS, "port": COLLECTOR_PORT, "pki": world.pki,
        "key": agent.key, "overlap": f"{OVERLAP_H}h",
        "state": agent.state, "spacing": duration(0.02),
        "secrets": world.folder / "secrets",
        "heartbeat": duration(max(1, HEARTBEAT_S / pace)),
        "interval": duration(interval), "location": LOCATION,
        "timeout": duration(interval * TIMEOUT_SHARE),
        "wait": duration(interval / 4),
        "spool_size": "64MiB" if agent.spool else "1MiB",
        "spool_age": "1d" if agent.spool else "1m",
        "sessions": agent.sessions, "blocked": duration(INTERVAL_S / pace),
        "db_port": PORT, "secret": SECRET,
        "metadata": f"http://{OPS}:{METADATA_PORT}",
        "cloud": f"credentials: {{metadata: \"http://{OPS}:{METADATA_PORT}\""
                 f"}}, endpoint: \"https://{OPS}:{API_PORT}\", "
                 f"ca_file: {world.pki}/ca.pem"}


def of_environment(env):
    """What an environment's agents are told of it."""
    return {"environment": env.environment, "domain": env.domain,
            "folder": env.folder, "env_file": env.env_file,
            "app_conf": env.app_conf, "database": env.database_name,
            "app": PLACES[f"{env.key}-app"][0][0],
            "db": PLACES[f"{env.key}-db"][0][0],
            "port_a": PORTS["a"], "port_b": PORTS["b"]}


def stands(agent, address):
    """What proves where it stands: an address, unless that is gone."""
    return address if agent.is_proven else NOWHERE


def inside(world, env, agent):
    """The agent beside the application."""
    values = common(world, agent) | of_environment(env) | {
        "agent": f"agent-{env.key}", "vantage": "in_service",
        "certificate": f"agent-{env.key}", "name": "golden-inside",
        "stands": stands(agent, PLACES[f"{env.key}-app"][0][0])}
    return (AGENT + INSIDE + JOURNEY).format(**values)


def outside(world, env, agent):
    """The agent of operations, as users see the environment."""
    values = common(world, agent) | of_environment(env) | {
        "agent": "agent-ops", "vantage": "external", "name": "golden",
        "certificate": f"agent-ops-{env.key}", "stands": stands(agent, OPS)}
    return (AGENT + OUTSIDE + JOURNEY).format(**values)


def laptop(world, env, agent):
    """A developer's copy of the staging agent's file."""
    values = common(world, agent) | of_environment(env) | {
        "agent": "dev-laptop", "vantage": "in_service",
        "certificate": "dev-laptop", "db": "127.0.0.1",
        "stands": PLACES[f"{env.key}-app"][0][0]}
    return (AGENT + DEV).format(**values)


def collector(world):
    """The collector's file."""
    return COLLECTOR.format(
        store=world.store, url=world.stage.url, ops=OPS, port=COLLECTOR_PORT,
        pki=world.pki)
