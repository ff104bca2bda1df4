"""Injections really happen in a world, and what takes them back does."""
import json
import os
import pathlib
import re
import tempfile
import time

import pytest
from suite import inject
from suite.deeds import Performer, Undone

HERE = pathlib.Path(__file__).resolve().parent
WELL = {step: "ok" for step in range(1, 6)}


@pytest.fixture(name="world", scope="module")
def fixture_world(one_world):
    """One for all; each test leaves it as it was."""
    return one_world


@pytest.fixture(name="performer")
def fixture_performer(world):
    """Who does it."""
    performer = Performer(world, world.pace)
    yield performer
    performer.stop()


def do(performer, text):
    """Every step of a text, at once."""
    for step in inject.read(text):
        performer.do(step)


def test_every_placeholder_is_known(world, performer):
    """Of every text that is read."""
    texts = [line for line in (HERE / "wordings.txt").read_text(
        encoding="utf-8").splitlines() if line[:1] not in ("#", " ")]
    used = {sign for text in texts for sign in re.findall(
        r"<(?:interface towards )?[a-z][\w-]*(?: pid)?>|\$\{[A-Z_]+\}", text)}
    used -= {"<other>", "<new>", "<db>",  # made up, or the environment's own
             "${STAGING_DB_NAME}", "${DB_NAME}", "${SECRET_KEY}"}  # literally
    known = performer.placeholders()
    known |= {f"${{{name}}}": value for name, value in known.items()}
    replicas = {sign for sign in used if re.match(r"<app [ab]", sign)}
    assert used - replicas - set(known) == set()
    assert known["<postmaster pid>"] == str(
        world.env("stg").database.postmaster_pid())


def test_a_command_can_write_to_the_world_alone(world, performer):
    """And one that changes nothing, or fails, has not been done."""
    stg = world.env("stg").folder
    do(performer, "mv ${STG}/export ${STG}/export.off")
    assert (stg / "export.off").exists()
    do(performer, "mv ${STG}/export.off ${STG}/export")
    outside = pathlib.Path(tempfile.gettempdir()) / f"outside-{os.getpid()}"
    for text in (f"touch {outside}", f"echo x > {outside}",
                 f"cp ${{STG}}/app.conf {HERE}/app.conf",
                 "echo 3 > /proc/sys/vm/drop_caches",
                 "mkdir /sys/fs/cgroup/cpu/outside",
                 "test -e /dev/kmsg"):
        with pytest.raises(Undone):
            do(performer, text)
    assert not outside.exists() and not (HERE / "app.conf").exists()
    with pytest.raises(Undone, match="changed nothing"):
        do(performer, "sed -i s/nobody/somebody/ ${STG}/staging.env")
    with pytest.raises(Undone, match="No such file"):
        do(performer, "rm ${STG}/nothing.env")
    with pytest.raises(Undone, match="nobody knows what <unknown thing>"):
        do(performer, "sed -i s/a/<unknown thing>/ ${STG}/staging.env")


def test_a_command_finds_the_programs_of_the_world(world, performer):
    """psql and its database, nginx, the CLI, the names of the place."""
    do(performer, "for i in 1 2; do psql -d app -c \"insert into orders "
       "(customer) values ('looped')\"; done")
    count = world.env("stg").database.sql(
        "select count(*) from orders where customer = 'looped'", "app")
    assert int(count) == 2
    do(performer, "in prd-app: psql -h <prd-db> -U app -d app -c 'SELECT 1' "
       "| grep 1")
    do(performer, "in stg-app: nginx -t || false")
    do(performer, "echo '10.77.2.99 nowhere.test' >> /etc/hosts || false")
    do(performer, "in stg-app: getent hosts db.staging.test | grep 10.77.2.2")
    nginx = str(world.env("stg").nginx.program.pid)
    do(performer, f"in stg-app: pgrep -x nginx | grep {nginx}")
    with pytest.raises(Undone):
        do(performer, "in dns: pgrep -x nginx")
    do(performer, "vedette mark --environment staging --kind scale || false")
    with pytest.raises(Undone):
        do(performer, "for i in 1; do psql -c 'SELECT nothing'; done")
    do(performer, "while true; do sleep 1; done")
    assert [what for what, _ in performer.sessions] == [
        "command while true; do sleep 1; done"]


def asked(world, place, name):
    """What a place's resolver says of a name."""
    script = ("import socket, sys\n"
              "try:\n"
              "    found = socket.getaddrinfo(sys.argv[1], 1, type=1)\n"
              "    print(*sorted({one[4][0] for one in found}))\n"
              "except socket.gaierror as e:\n"
              "    print(e.errno)\n")
    return world.ns(place).run(["/usr/bin/python3", "-c", script,
                                name]).stdout.split()


def test_names_change_and_come_back(world, performer):
    """An address more, an answer that is refused, one that is late."""
    name, right = "db.staging.test", "10.77.2.2"
    assert asked(world, "stg-app", name) == [right]
    do(performer, f"add a second A record 10.77.2.99 for {name}; HUP")
    world.wait("both", lambda: asked(world, "stg-app", name) == [
        right, "10.77.2.99"])
    do(performer, f"zone: {name} -> 10.77.2.98; HUP")
    world.wait("another", lambda: asked(world, "stg-app", name) == [
        "10.77.2.98"])
    again = str(-3)  # EAI_AGAIN
    do(performer, f"dnsmasq of stg answers SERVFAIL for {name}")
    assert asked(world, "stg-app", name) == [again]
    assert asked(world, "stg-app", "payments.test") == ["10.77.5.2"]
    world.env("stg").dns.reset()
    do(performer, "resolver of stg answers SERVFAIL")
    assert asked(world, "stg-app", "payments.test") == [again]
    do(performer, "resolver of stg answers NXDOMAIN")  # instead
    unknown = str(-2)  # EAI_NONAME
    assert asked(world, "stg-app", "payments.test") == [unknown]
    world.env("stg").dns.reset()
    do(performer, "dnsmasq of stg delays answers by 1 s")
    began = time.monotonic()
    assert asked(world, "stg-app", name) in ([right], [again])
    assert time.monotonic() - began >= 1 / world.pace
    performer.do_dns_status_end("stg")
    world.wait("as before", lambda: asked(world, "stg-app", name) == [right])


def echoed(world, count=20):
    """Datagrams that come back from staging's database host to its app."""
    server = world.ns("stg-db").popen(
        ["/usr/bin/python3", "-c", "import socket\n"
         "s = socket.socket(type=socket.SOCK_DGRAM)\n"
         "s.bind(('', 7007))\n"
         "while True:\n"
         "    s.sendto(*s.recvfrom(999))\n"], name="echo")
    client = (
        "import socket, sys\n"
        "s = socket.socket(type=socket.SOCK_DGRAM)\n"
        "s.settimeout(1)\n"
        f"for i in range({count}):\n"
        "    s.sendto(b'x' * 99 + bytes([i]), ('10.77.2.2', 7007))\n"
        "try:\n"
        "    while True:\n"
        "        print(s.recv(999)[-1])\n"
        "except TimeoutError:\n"
        "    pass\n")
    try:
        world.wait("the echo", lambda: ":7007" in world.ns("stg-db").run(
            "ss -Hlun").stdout)
        return world.ns("stg-app").run(
            ["/usr/bin/python3", "-c", client]).stdout.split()
    finally:
        server.kill()
        server.wait()


@pytest.mark.parametrize("text, is_seen", [
    ("netem duplicate 100% stg-app -> stg-db", lambda got: len(got) == 40),
    ("netem corrupt 100% stg-app -> stg-db", lambda got: not got),
    ("netem loss 100% stg-app -> stg-db", lambda got: not got),
    ("netem delay 20ms 15ms stg-app -> stg-db", lambda got: len(got) == 20),
    ("in rt: nft forward drop stg-app -> stg-db", lambda got: not got),
    ("in stg-db: iptables -A INPUT -s <stg-app> -j DROP",
     lambda got: not got),
    ("in rt: ip link set <interface towards stg-db> down",
     lambda got: not got),
    ("blackhole route for stg-db in stg-app", None),
])
def test_a_path_breaks_and_is_well_again(world, performer, text, is_seen):
    """Each way of breaking it is seen by datagrams that cross it."""
    steps = inject.read(f"{text} for 5 s")
    begin = [step for step in steps if not step.verb.endswith("_end")]
    assert {step.after for step in steps[len(begin):]} == {5}
    try:
        for step in begin:
            performer.do(step)
        if is_seen is None:
            with pytest.raises(Exception, match="exit status"):
                echoed(world)
        else:
            got = echoed(world)
            assert is_seen(got), got
    finally:
        for step in steps[len(begin):]:
            performer.do(step)
    assert sorted(map(int, echoed(world))) == list(range(20))


def charge(world):
    """How payments answer: (status, Retry-After, body), or the trouble."""
    script = (
        "import json, ssl, urllib.request as r, urllib.error\n"
        f"c = ssl.create_default_context(cafile='{world.authority_file}')\n"
        "try:\n"
        "    a = r.urlopen(r.Request('https://payments.test/charge', "
        "data=b'{}'), timeout=5, context=c)\n"
        "except urllib.error.HTTPError as e:\n"
        "    a = e\n"
        "except OSError as e:\n"
        "    print(json.dumps([str(e)])); raise SystemExit\n"
        "print(json.dumps([a.status, a.headers['Retry-After'], "
        "a.read().decode()]))\n")
    return json.loads(world.ns("stg-app").run(
        ["/usr/bin/python3", "-c", script]).stdout)


def test_payments_answer_as_they_are_told(world, performer):
    """A status, a header, a body, a reset, a certificate."""
    do(performer, "payments stub: 503 with Retry-After: 30 to every request")
    assert charge(world)[:2] == [503, "30"]
    do(performer, "payments stub answers 200 with an empty body")
    assert charge(world) == [200, None, ""]
    do(performer, "payments stub resets every connection")
    assert len(charge(world)) == 1
    do(performer, "payments stub presents an expired certificate")
    world.wait("the certificate", lambda: "expired" in charge(world)[0]
               if len(charge(world)) == 1 else False)
    do(performer, "the payments stub is healthy again")
    world.wait("charges", lambda: charge(world)[0] == 200)


def test_a_secret_rotates(world, performer):
    """In the cloud and in the database; who has the old one is out."""
    stg = world.env("stg")
    assert stg.golden() == WELL
    do(performer, "fake GCP: postgres-password version 4 ENABLED becomes "
       "latest, version 3 DISABLED; psql on stg-db: ALTER ROLE app PASSWORD "
       "'<version 4>'; SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
       "WHERE usename='app' (staging.env untouched)")
    answers = json.loads((world.folder / "cloud/answers.json").read_text())
    names = [body["name"] for status, body in answers.values()
             if status == 200 and "shop-staging" in str(body.get("name"))]
    assert {name.rpartition("/")[2] for name in names} == {"3", "4"}
    assert "ok" != stg.golden()[2]
    stg.database.sql(f"ALTER ROLE app PASSWORD '{stg.password}'")
    world.gcp.reset()
    world.wait("logins", lambda: stg.golden() == WELL)


def test_production_gets_its_migration_and_rows(world, performer):
    """Staging stays as it is."""
    do(performer, "psql on prd-db: apply migration 0007; psql on prd-db: "
       "INSERT INTO items SELECT ... FROM generate_series(1,600)")
    prd, stg = (world.env(key).database for key in ("prd", "stg"))
    assert (prd.version(), stg.version()) == (7, 6)
    count = "select count(*) from items"
    assert int(prd.sql(count, "app")) == 600 + int(stg.sql(count, "app"))
    do(performer, "roll the schema of prd-db back to 0006")
    assert prd.version() == 6


def test_sessions_stand_as_who_they_are(world, performer):
    """A lock that is held, idle sessions; a statement that is refused."""
    database = world.env("stg").database
    held = ("SELECT usename, state FROM pg_stat_activity WHERE "
            "application_name = '{}' AND pid <> pg_backend_pid()")
    do(performer, "as role dba, application_name=psql, on stg-db: BEGIN; LOCK "
       "TABLE items IN ACCESS EXCLUSIVE MODE; (session left open, idle in "
       "transaction)")
    world.wait("the lock", lambda: database.sql(held.format("psql")).split()
               == ["dba|idle", "in", "transaction"])
    assert world.env("stg").golden()[3] != "ok"
    performer.do_session_end("stg")
    do(performer, "as role batch: open 5 connections (application_name=etl), "
       "hold")
    assert database.sql(held.format("etl")).split() == ["batch|idle"] * 5
    performer.do_session_end("stg")
    with pytest.raises(Undone, match="nowhere"):
        do(performer, "as role batch: BEGIN; LOCK TABLE nowhere; hold")
    performer.do_session_end("stg")
    do(performer, "as role dba: BEGIN; LOCK TABLE orders; hold")
    performer.do_session_end("stg")
    world.wait("as before", lambda: world.env("stg").golden() == WELL)


def test_exports_need_their_folder(world, performer):
    """And nothing else does."""
    stg = world.env("stg")
    do(performer, "mv ${STG}/export ${STG}/export.off (directory used by "
       "/api/export only): GET /api/export answers 500")
    assert stg.export() == 500 and stg.golden() == WELL
    do(performer, "mv ${STG}/export.off ${STG}/export")
    assert stg.export() == 200


def test_a_replica_without_authorities_cannot_pay(world, performer):
    """It runs all the same: SSL_CERT_FILE is read when somebody is asked."""
    stg = world.env("stg")
    for replica in ("a", "b"):
        do(performer, f"app_restart stg {replica} v1 with "
           "SSL_CERT_FILE=/etc/ssl/certs/none.pem")
    seen = stg.golden()
    assert seen[3] == "ok" and "certificate verify failed" in seen[4], seen
    do(performer, "app_restart stg")
    assert stg.golden() == WELL


def test_limits_hold_and_are_lifted(world, performer):
    """Of the processor, of files, of time."""
    stg = world.env("stg")
    do(performer, "throttle the CPU of stg-app to 10%")
    quota = pathlib.Path("/sys/fs/cgroup/cpu") / (
        f"vedette-{world.prefix}stg-app") / "cpu.cfs_quota_us"
    assert quota.read_text() == "10000\n"
    performer.do_limit_end("stg")
    assert quota.read_text() == "-1\n"
    do(performer, "ulimit -n 30 for replica a of stg, restarted")
    limits = pathlib.Path(f"/proc/{stg.replicas['a'].pid()}/limits")
    assert re.search(r"Max open files +30 +30", limits.read_text())
    performer.do_limit_end("stg")
    state = pathlib.Path(f"/proc/{stg.replicas['a'].pid()}/status")
    do(performer, "kill -STOP replica a of stg")
    world.wait("a stop", lambda: "State:\tT" in state.read_text())
    do(performer, "kill -CONT replica a of stg")
    world.wait("both replicas", lambda: stg.golden() == WELL)
    do(performer, "restart agent-stg in a time namespace offset by 300 s")
    pids = world.agents["agent-stg"].program.pid
    children = pathlib.Path(f"/proc/{pids}/task/{pids}/children")
    world.wait("the namespace", children.read_text)
    child = children.read_text().split()[0]
    assert re.search(r"monotonic +300 ", pathlib.Path(
        f"/proc/{child}/timens_offsets").read_text())


def test_a_proxy_has_one_replica_and_another_certificate(world, performer):
    """One that is not valid, which every user sees."""
    stg = world.env("stg")
    do(performer, "remove replica b from the upstream block of the staging "
       "nginx; reload")
    world.wait("one replica", lambda: stg.golden() == WELL)
    assert "8002" not in (stg.folder / "nginx.conf").read_text()
    do(performer, "install a certificate that is not yet valid on the staging "
       "nginx")
    world.wait("the certificate", lambda: "not yet valid" in
               stg.golden().get(1, ""))
    stg.nginx.reset()
    world.wait("as before", lambda: stg.golden() == WELL)
