"""postgres probes against PostgreSQL 15, and against what is none."""
import contextlib
import json
import re
import struct

import pytest
from support.chain_of import Chain
from support.postgres import (READY, error, message, postgres,
                              receive_startup)
from support.probing import (closed_port, full_port, garbage, hang, peer,
                             reset, service)

CANARY = "canary-d05e"
PASSWORD = "pw-" + CANARY
SCRIPT = f"""
create role app login password '{PASSWORD}';
create role sleeper nologin password '{PASSWORD}';
create role crowd login password '{PASSWORD}' connection limit 0;
create role reader login password '{PASSWORD}';
alter role reader set default_transaction_read_only = on;
create role monitor login password '{PASSWORD}' in role pg_monitor;
create role old login password '{PASSWORD}' in role pg_monitor;
alter role old set search_path = old, pg_catalog;
create role old_reader login password '{PASSWORD}';
alter role old_reader set search_path = old, pg_catalog;
create role banned login password '{PASSWORD}';
create database app owner app;
create database closed;
revoke connect on database closed from public;
"""
# What pg_locks had until version 13, for roles that look there first.
BEFORE_14 = "pid, mode, granted, locktype, database, relation"
HBA = """
host all banned 127.0.0.1/32 reject
host all all 127.0.0.1/32 scram-sha-256
"""


@pytest.fixture(name="server", scope="module")
def fixture_server():
    """A running cluster with roles and databases."""
    with postgres(HBA) as cluster:
        cluster.sql(SCRIPT)
        cluster.sql("create table item (id int); insert into item values (1);"
                    "grant all on item to app, reader;"
                    "create schema old; grant usage on schema old to public;"
                    f"create view old.pg_locks as select {BEFORE_14} from "
                    "pg_catalog.pg_locks; grant select on old.pg_locks to "
                    "public", "app")
        yield cluster


def settings(port, user="app", database="app", password=PASSWORD, more=""):
    """The parts."""
    return (f"{{host: 127.0.0.1, port: {port}, user: {user}, database: "
            f"{database}, password: '{password}'{more}}}")


def test_a_healthy_server_says_who_it_is(probing, server):
    result = probing.one("postgres", settings(server.port))
    assert (result["outcome"], result["reason"]) == ("ok", "")
    assert list(result["phases"]) == ["inputs", "resolve", "connect", "tls",
                                      "auth", "query", "write", "server",
                                      "sessions"]
    said = result["attributes"]
    assert said["server"] == f"127.0.0.1:{server.port}"
    assert said["tls"] == "TLSv1.3"
    assert said["server_version"].startswith("15.")
    assert said["server_role"] == "primary"
    assert 0 < said["query_duration_ms"] <= said["total_duration_ms"] \
        <= result["duration_ms"]
    assert result["facts"]["postgres/p/server_started"]["value"] == \
        said["server_started"]
    assert result["facts"]["postgres/p/server_version"]["source"] == "server"
    assert result["phases"]["auth"] > 0 and result["phases"]["tls"] > 0


@pytest.mark.parametrize("who,reason,state", [
    ({"password": "wrong"}, "auth.password", "28P01"),
    ({"user": "nobody_here"}, "auth.password", "28P01"),
    ({"user": "sleeper"}, "auth.role", "28000"),
    ({"user": "banned"}, "auth.role", "28000"),
    ({"user": "crowd"}, "auth.exhausted", "53300"),
    ({"database": "absent"}, "auth.database", "3D000"),
    ({"database": "closed"}, "auth.privilege", "42501"),
])
def test_logins_that_are_refused(probing, server, who, reason, state):
    result = probing.one("postgres", settings(server.port, **who))
    assert (result["outcome"], result["reason"]) == ("critical", reason)
    assert result["attributes"]["sqlstate"] == state
    assert f"127.0.0.1:{server.port}: {state}: " in result["message"]
    assert PASSWORD not in json.dumps(result)


@pytest.mark.parametrize("query,outcome,reason", [
    ("select count(*) from item", "ok", ""),
    ("select generate_series(1, 9000)", "ok", ""),
    ("select 1 where false", "critical", "query.empty"),
    ("set search_path = public", "critical", "query.empty"),
    ("select * from absent", "critical", "query.schema"),
    ("select nothing from item", "critical", "query.schema"),
    ("select 1 from pg_authid", "critical", "query.privilege"),
    ("select 1/0", "critical", "query.sql"),
    ("selekt 1", "critical", "query.schema"),
    ("select generate_series(1, 100000)", "critical", "query.limit"),
    ("set statement_timeout = 50; select pg_sleep(60)", "critical",
     "query.cancelled"),
    ("select pg_terminate_backend(pg_backend_pid())", "critical",
     "query.starting"),
    ("copy item to stdout", "critical", "query.protocol"),
])
def test_queries(probing, server, query, outcome, reason):
    result = probing.one("postgres", settings(
        server.port, more=f", query: '{query}'"))
    assert (result["outcome"], result["reason"]) == (outcome, reason)


def test_a_write_where_only_reading_is_allowed(probing, server):
    result = probing.one("postgres", settings(
        server.port, user="reader",
        more=", query: 'insert into item values (2) returning id'"))
    assert result["reason"] == "query.read_only"


def test_a_write_leaves_nothing_behind(probing, server):
    result = probing.one("postgres", settings(
        server.port, more=", write: true"))
    assert result["outcome"] == "ok"
    assert result["attributes"]["write_duration_ms"] > 0
    assert server.sql("select count(*) from pg_class where relname = "
                      "'vedette_canary'", "app").strip() == "0"


def test_a_write_canary_where_only_reading_is_allowed(probing, server):
    result = probing.one("postgres", settings(
        server.port, user="reader", more=", write: true"))
    assert (result["outcome"], result["reason"]) == (
        "critical", "write.read_only")
    assert result["attributes"]["sqlstate"] == "25006"
    assert "write_duration_ms" not in result["attributes"]


def test_who_is_connected_and_what_is_set(probing, server):
    with server.session("app", "shop", PASSWORD), \
            server.session("app", "shop", PASSWORD), \
            server.session("reader", "report", PASSWORD):
        result = probing.one("postgres", settings(
            server.port, more=", sessions: {}"))
    said = result["attributes"]
    assert result["outcome"] == "ok"
    assert said["sessions:shop"] == 2
    assert said["sessions:report"] == 1
    assert said["sessions_own"] == 2 and said["sessions"] >= 3
    facts = result["facts"]
    assert facts["postgres/p/max_connections"]["value"] == \
        str(int(said["max_connections"]))
    assert facts["postgres/p/default_transaction_read_only"]["value"] == "off"
    assert facts["postgres/p/blocker"]["value"] is None


def test_too_many_are_connected(probing, server):
    with server.session("app", "shop", PASSWORD):
        warned = probing.one("postgres", settings(
            server.port, more=", sessions: {warning: 1, critical: 99}"))
        failed = probing.one("postgres", settings(
            server.port, more=", sessions: {critical: 1}"))
    assert (warned["outcome"], warned["reason"]) == (
        "warning", "sessions.threshold")
    assert (failed["outcome"], failed["reason"]) == (
        "critical", "sessions.exhausted")
    assert "connections are in use" in failed["message"]


@contextlib.contextmanager
def blocked(server, statement="select count(*) from item;"):
    """shop's statement waits for a table that psql has locked."""
    with server.session("postgres", "psql", None) as holder, \
            server.session("app", "shop", PASSWORD) as waiter:
        holder.run("begin; lock table item in access exclusive mode;")
        waiter.begin(statement)
        server.wait_for_lock()
        yield


def test_who_holds_what_others_wait_for_is_named(probing, server):
    with blocked(server):
        result = probing.one("postgres", settings(
            server.port, more=", sessions: {blocked_for: 1ms}"))
        calm = probing.one("postgres", settings(
            server.port, more=", sessions: {blocked_for: 1h}"))
    assert (result["outcome"], result["reason"]) == (
        "critical", "sessions.cancelled")
    assert "that postgres (psql) holds" in result["message"]
    assert "AccessShareLock on item" in result["message"]
    assert result["facts"]["postgres/p/blocker"]["value"] == \
        "postgres (psql)"
    assert calm["outcome"] == "ok"
    assert calm["attributes"]["sessions_waiting"] == 1


def test_a_role_without_rights_sees_who_waits_for_whom(probing, server):
    with blocked(server):
        result = probing.one("postgres", settings(
            server.port, "reader", more=", sessions: {blocked_for: 1ms}"))
        calm = probing.one("postgres", settings(
            server.port, "reader", more=", sessions: {blocked_for: 1h}"))
    assert (result["outcome"], result["reason"]) == (
        "critical", "sessions.cancelled")
    assert "1 session waits for up to " in result["message"]
    assert result["message"].endswith(
        "for a lock that postgres (psql) holds, waited for: AccessShareLock "
        "on item")
    assert calm["outcome"] == "ok"
    assert calm["attributes"]["sessions_waiting"] == 1


def test_a_table_has_its_name_in_its_own_database_only(probing, server):
    """Its number may be that of another one here."""
    with blocked(server):
        result = probing.one("postgres", settings(
            server.port, "reader", "postgres",
            more=", sessions: {blocked_for: 1ms}"))
    assert result["message"].endswith(
        "waited for: AccessShareLock in database app")


def test_a_wait_counts_from_its_own_beginning(probing, server):
    """Not from that of a statement that had done other things before."""
    with blocked(server, "do $$ begin perform pg_sleep(1); lock table item; "
                 "end $$;"):
        result = probing.one("postgres", settings(
            server.port, "monitor", more=", sessions: {blocked_for: 1ms}"))
        began = server.sql("select extract(epoch from now() - "
                           "query_start) from pg_stat_activity where "
                           "application_name = 'shop'")
    waited = re.search(r"for up to ([0-9.]+) (ms|s) ", result["message"])
    waited_s = float(waited[1]) / (1000 if waited[2] == "ms" else 1)
    assert waited_s <= float(began) - 0.9


def test_a_server_that_does_not_know_since_when_somebody_waits(probing,
                                                               server):
    with blocked(server):
        seen, hidden = (probing.one("postgres", settings(
            server.port, user, more=", sessions: {blocked_for: 1ms}"))
            for user in ("old", "old_reader"))
    assert (seen["outcome"], seen["reason"]) == (
        "critical", "sessions.cancelled")
    assert hidden["outcome"] == "ok"
    assert hidden["attributes"]["sessions_waiting"] == 1
    assert "and how long others wait is not known: grant pg_monitor" in \
        hidden["message"]


@pytest.mark.parametrize("user,is_hidden", [("reader", True),
                                            ("monitor", False)])
def test_what_a_role_may_not_see_is_not_none(probing, server, user,
                                             is_hidden):
    with server.session("app", "shop", PASSWORD) as idle:
        idle.run("begin;")
        result = probing.one("postgres", settings(
            server.port, user, more=", sessions: {}"))
    said = result["attributes"]
    assert result["outcome"] == "ok"
    assert ("sessions_hidden" in said) == is_hidden
    assert ("sessions_idle_in_transaction" in said) != is_hidden
    if is_hidden:
        assert 1 <= said["sessions_hidden"] <= said["sessions"]
        assert result["message"] == (
            f"127.0.0.1:{server.port}: what sessions of other roles do is "
            "hidden from this one, so those idle in transaction are not "
            "counted: grant pg_monitor to it")
    else:
        assert said["sessions_idle_in_transaction"] == 1
        assert result["message"] == ""


def test_a_query_that_takes_too_long_is_censored_and_ends(probing, server):
    marker = "pg_sleep(61) /* vedette-7b */"
    result = probing.one("postgres", settings(
        server.port, more=f", query: 'select {marker}'"), "timeout: 700ms")
    assert (result["outcome"], result["reason"]) == (
        "critical", "query.timeout")
    assert result["censored"] and result["duration_ms"] >= 700
    assert result["message"].endswith(
        ": no answer to the query within 700 ms")
    # statement_timeout ends it in the server too; a transaction sees
    # pg_stat_activity as it was at its first look, unless told otherwise
    server.sql("do $$ begin for i in 1..600 loop if not exists (select from "
               "pg_stat_activity where query like '%vedette-7b%' and pid <> "
               "pg_backend_pid() and state = 'active') then return; end if; "
               "perform pg_sleep(0.1); perform pg_stat_clear_snapshot(); end "
               "loop; raise 'it goes on'; end $$")


def test_tls_as_is_asked_for(probing, server):
    probing.hosts("127.0.0.1 db.test", "127.0.0.1 other.test")
    url = f"postgresql://app:{PASSWORD}@{{}}:{server.port}/app?sslmode=" \
        f"verify-full&sslrootcert={server.folder}/cert.pem"
    good = probing.one("postgres", f"{{url: '{url.format('db.test')}'}}")
    bad = probing.one("postgres", f"{{url: '{url.format('other.test')}'}}")
    off = probing.one("postgres", settings(server.port,
                                           more=", sslmode: disable"))
    assert (good["message"], off["outcome"]) == ("", "ok")
    assert off["attributes"]["tls"] == "off"
    assert (bad["outcome"], bad["reason"]) == ("critical", "tls.wrong_name")


def test_what_is_wrong_with_a_certificate_is_told(probing):
    """libpq only says that it was refused, so it is looked at once more."""
    probing.hosts("127.0.0.1 db.test")
    chain, stranger = Chain(), Chain()

    def greet(plain):
        plain.recv(8)
        plain.sendall(b"S")

    def look(port, trust):
        found = probing.one(
            "postgres", f"{{url: 'postgresql://app@db.test:{port}/app?"
            f"sslmode=verify-full&sslrootcert={trust.folder}/root.pem'}}")
        assert found["outcome"] == "critical"
        return found["reason"], found["message"]
    try:
        chain.issue("good", "DNS:db.test")
        chain.issue("old", "DNS:db.test", days=30, at="2020-01-01 00:00:00")
        with chain.serve("good", greet=greet) as port:
            authority = look(port, stranger)
        with chain.serve("old", greet=greet) as port:
            expired = look(port, chain)
    finally:
        chain.remove()
        stranger.remove()
    assert authority[0] == "tls.authority"
    assert "nobody trusts" in authority[1]
    assert expired[0] == "tls.expired"
    assert "expired at 2020-01-31" in expired[1]


def test_a_missing_file_of_ours_is_no_fault_of_the_server(probing, server):
    result = probing.one("postgres", "{url: 'postgresql://app@127.0.0.1:"
                         f"{server.port}/app?sslmode=verify-full&sslrootcert="
                         "/nonexistent.pem'}")
    assert (result["outcome"], result["reason"]) == (
        "unknown", "tls.internal")
    assert "/nonexistent.pem" in result["message"]


def test_several_addresses_are_tried(probing, server):
    probing.hosts("127.0.0.9 db.test", "127.0.0.1 db.test")
    result = probing.one("postgres", settings(server.port).replace(
        "127.0.0.1", "db.test"))
    assert result["outcome"] == "ok"
    assert result["attributes"]["server"] == f"127.0.0.1:{server.port}"


def test_a_socket_needs_no_look_up(probing, server):
    result = probing.one("postgres", f"{{host: {server.folder}, port: "
                         f"{server.port}, user: postgres, database: app}}")
    assert result["outcome"] == "ok"
    assert result["attributes"]["server"] == str(server.folder)


def given(server, **changes):
    """What the service is given."""
    return {"POSTGRES_HOST": "127.0.0.1", "POSTGRES_PORT": str(server.port),
            "POSTGRES_DB": "app", "POSTGRES_USER": "app",
            "POSTGRES_PASSWORD": PASSWORD} | changes


FROM_SERVICE = "variables: {pidfile: backend.pid}"


@pytest.mark.parametrize("environment", [
    lambda s: given(s),
    lambda s: {name.replace("POSTGRES_DB", "PGDATABASE").replace(
        "POSTGRES_", "PG"): value for name, value in given(s).items()},
    lambda s: {"DATABASE_URL":
               f"postgresql+asyncpg://app:{PASSWORD}@127.0.0.1:{s.port}/app"
               "?pool_size=5&sslmode=prefer&schema=public"},
])
def test_inputs_are_those_of_the_service(probing, server, environment):
    with service(probing, environment(server)):
        result = probing.one("postgres", f"{{{FROM_SERVICE}}}")
    assert (result["outcome"], result["message"]) == ("ok", "")
    assert CANARY not in json.dumps(result)


def test_own_and_reference_inputs_are_told_apart(probing, server):
    with service(probing, given(server, POSTGRES_PASSWORD=CANARY)):
        results = probing.run(
            f"  - name: db\n    postgres: {{{FROM_SERVICE}, reference: "
            f"{settings(server.port)}}}\n")
    assert results["db"]["reason"] == "auth.password"
    assert results["db.reference"]["outcome"] == "ok"
    assert results["db.reference"]["reference_of"] == "db"
    assert results["db.reference"]["facts"] == {}
    assert CANARY not in json.dumps(results)


def test_missing_inputs_are_named(probing, server):
    with service(probing, {"PATH": "/bin"}) as pid:
        results = probing.run(
            f"  - name: db\n    postgres: {{{FROM_SERVICE}, reference: "
            f"{settings(server.port)}}}\n")
    assert results["db"]["reason"] == "inputs.missing"
    assert results["db"]["outcome"] == "critical"
    assert results["db"]["message"] == (
        f"3 variables missing in process {pid} (sleep): POSTGRES_HOST, "
        "POSTGRES_DB, POSTGRES_USER; or DATABASE_URL")
    assert results["db.reference"]["outcome"] == "ok"


@pytest.mark.parametrize("changes", [
    {"POSTGRES_USER": CANARY}, {"POSTGRES_DB": CANARY},
    {"POSTGRES_HOST": CANARY + ".invalid"}, {"POSTGRES_PASSWORD": CANARY},
    {"DATABASE_URL": f"postgresql://{CANARY}@127.0.0.1:99999999/x"},
    {"DATABASE_URL": f"mysql://{CANARY}@127.0.0.1/x"},
    {"POSTGRES_PORT": CANARY},
])
def test_no_value_of_the_service_leaves(probing, server, changes):
    with service(probing, given(server, **changes)):
        result = probing.one("postgres", f"{{{FROM_SERVICE}}}",
                             "timeout: 10s")
    assert result["outcome"] == "critical"
    assert CANARY not in json.dumps(result)


def test_a_service_that_is_not_there_says_nothing_of_the_database(probing):
    result = probing.one("postgres", f"{{{FROM_SERVICE}}}")
    assert (result["outcome"], result["reason"]) == (
        "unknown", "inputs.process")


def flood(connection):
    """Logs anybody in and answers with a row of 64 MiB."""
    receive_startup(connection)
    connection.sendall(READY)
    connection.recv(65536)
    connection.sendall(message(b"T", struct.pack(">H", 1) + b"a\0" + bytes(
        18)))
    connection.sendall(b"D" + struct.pack(">IHI", 10 + (64 << 20), 1,
                                          64 << 20))
    for _ in range(1024):
        connection.sendall(bytes(65536))


def starting(connection):
    """As PostgreSQL does while it recovers."""
    receive_startup(connection)
    connection.sendall(error(b"57P03", b"the database system is starting up"))


def silent(connection):
    """Takes the login and says no more."""
    receive_startup(connection)
    hang(connection)


def drip(connection):
    """Sends a message that never ends, a byte at a time."""
    receive_startup(connection)
    connection.settimeout(0.05)
    while True:
        connection.sendall(b"R")
        with contextlib.suppress(TimeoutError):
            if connection.recv(1) == b"":
                return


@pytest.mark.parametrize("behave,reasons", [
    (hang, {"tls.timeout"}),
    (silent, {"auth.timeout"}),
    (drip, {"auth.timeout", "auth.protocol"}),
    (reset, {"tls.reset"}),
    (garbage, {"tls.protocol"}),
    (flood, {"query.limit"}),
    (starting, {"auth.starting"}),
    (lambda connection: connection.recv(8), {"tls.reset", "auth.reset"}),
])
def test_bad_peers(probing, behave, reasons):
    limit = "timeout: 700ms" if any(
        reason.endswith("timeout") for reason in reasons) else ""
    with peer(behave) as port:
        result = probing.one("postgres", settings(port), limit)
    assert result["outcome"] == "critical"
    assert result["reason"] in reasons
    assert result["censored"] == result["reason"].endswith("timeout")
    assert PASSWORD not in json.dumps(result)


def test_tls_that_is_required_and_not_there(probing):
    with peer(silent) as port:
        result = probing.one("postgres", settings(
            port, more=", sslmode: require"))
    assert result["reason"] == "tls.handshake"


def test_ports_without_a_server(probing):
    refused = probing.one("postgres", settings(closed_port()))
    assert (refused["outcome"], refused["reason"]) == (
        "critical", "connect.refused")
    with full_port() as port:
        dropped = probing.one("postgres", settings(port), "timeout: 700ms")
    assert dropped["reason"] == "connect.timeout" and dropped["censored"]


@pytest.mark.parametrize("what", ["{database: x}",
                                  "{host: h, url: 'postgresql://h'}"])
def test_there_is_one_way_to_reach_it(probing, what):
    assert probing.complaint(f"  - name: p\n    postgres: {what}\n").endswith(
        "probes[0].postgres: must have exactly one of url, host and variables")


@pytest.mark.parametrize("what,place", [
    ("{warning: 120}", ".warning: must be from 1 to 100, percent of "
     "max_connections"),
    ("{critical: 101}", ".critical: must be from 1 to 100, percent of "
     "max_connections"),
    ("{warning: 0}", ".warning: must be from 1 to 100, percent of "
     "max_connections"),
    ("{critical: 0}", ".critical: must be from 1 to 100, percent of "
     "max_connections"),
    ("{warning: 95, critical: 80}", ".warning: must be below critical, which "
     "is 80: it comes first"),
    ("{warning: 80, critical: 80}", ".warning: must be below critical, which "
     "is 80: it comes first"),
    ("{warning: 97}", ".warning: must be below critical, which is 95 when it "
     "is not given: it comes first"),
    ("{blocked_for: 0s}", ".blocked_for: must be at least 1ms: nobody waits "
     "for less; without sessions nobody is looked at"),
    ("{blocked_for: soon}", ".blocked_for: not a duration: write a number "
     "and ms, s, m, h or d, such as 10s"),
])
def test_limits_of_sessions_make_sense(probing, what, place):
    said = probing.complaint(
        f"  - name: p\n    postgres: {{host: h, sessions: {what}}}\n")
    assert said.endswith("probes[0].postgres.sessions" + place)
