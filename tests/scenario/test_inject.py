"""What the injection texts of scenario files mean: text -> steps."""
import json
import pathlib
import re

import pytest

from suite import inject
from suite.deeds import Performer, Undone
from suite.session import victim
from suite.steps import NotUnderstood, outside, quoted_spans
from suite.texts import remarks

# A text, and below it, indented, each step it asks for: [+AFTER] VERB ARGUMENTS
WORDINGS = pathlib.Path(__file__).with_name("wordings.txt")


def wordings():
    """{text: [(after, verb, arguments)]}"""
    found = {}
    for line in WORDINGS.read_text(encoding="utf-8").splitlines():
        if line.startswith("    "):
            after, verb, arguments = re.fullmatch(
                r" +(?:\+([\d.]+) )?(\w+)(?: (\{.*\}))?", line).groups()
            steps.append((float(after or 0), verb,
                          json.loads(arguments or "{}")))
        elif line and not line.startswith("#"):
            steps = found[line] = []
    return found


READ = wordings()


@pytest.mark.parametrize("text", READ)
def test_a_text_is_read(text):
    """Every verb in order, when, and with every argument."""
    seen = [(step.after, step.verb, json.loads(json.dumps(step.args)))
            for step in inject.read(text)]
    assert seen == READ[text]


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
    "in rt: nft forward drop stg-app -> stg-db unless it is Sunday",
    "kill -9 agent-stg unless it runs", "do not restart stg",
    "deploy stg v2-ok but not replica b", "deploy stg v9-unknown",
    "deploy stg v2-ok for half of the users", "never stop PostgreSQL",
    "stop PostgreSQL of stg after the next deploy", "stop everything",
    "payments stub answers 503 from 12:00", "fill the form",
    "restart agent-stg without its clock", "no agent is stopped",
    "load stg 10rps with 3 connections each", "set memory to zero",
    "pg_ctl -D ${PGDATA_STG} stop is not executed", "rm -rf /",
    "pkill -9 python3", "kill -9 1", "kill -9 12345", "date -s '+1 hour'",
    "kill -9 -1", "killall -9 postgres", "cat /dev/vda > ${STG}/x",
    "mkfs.ext4 /dev/vda", "env kill -9 12345", "timeout 5 kill -s KILL 12345",
    "sh -c 'kill 12345'", "prlimit --pid 1 --nofile=1", "choom -p 1 -n 1000",
    "nsenter -t 1 -n ip link del eth0", "nsenter -t 1 -m touch /tmp/x",
    "touch /proc/1/root/tmp/x", "mount -o remount,rw /usr", "umount -l /tmp",
    "ip route del default", "env file missing", "tail latency rises",
    "route traffic elsewhere", "test switch of the agent",
    "psql on stg-db: SELECT 1; sing",
    "as role batch: BEGIN; LOCK TABLE orders; hold some of it",
    "fake GCP: connector state=RUNNABLE",
    "kill -9 agent-stg; agent-prd stays, stop something else",
    "deploy stg v2-ok, so break production", "nothing but break stg",
])
def test_what_no_pattern_reads_is_refused(text):
    """Nothing is dropped quietly: the clause is named."""
    with pytest.raises(NotUnderstood):
        inject.read(text)


def test_no_word_is_dropped_quietly():
    """One more, wherever it stands, makes a text another one or none."""
    dropped = []
    for text, steps in READ.items():
        spoken = any(verb == "event" for _, verb, _ in steps)
        if not steps or spoken or remarks.label(text) or \
                re.search(r"[(;,]|: .*: |: GET ", text):
            continue  # what people say, and remarks, may be anything
        spans = quoted_spans(text)
        for at in range(len(text) + 1):
            if text[at:at + 1] not in (" ", "") or not outside(spans, at):
                continue
            more = f"{text[:at]} wibble{text[at:]}"
            try:
                found = inject.read(more)
            except NotUnderstood:
                continue
            if "wibble" not in json.dumps([step.args for step in found]):
                dropped.append(more)
    assert dropped == []


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
    ([(0, "kill -9 agent-prd")], "prd"), ([(0, "kill -9 agent-stg")], "stg"),
    ([(0, "kill -9 agent-ops")], "stg"),
])
def test_who_is_asked_about_is_whom_it_happens_to(injected, env):
    """Staging, but where all that happens happens to production."""
    plan = inject.read_scenario({"id": "X1", "inject": [
        {"at_s": second, "do": text} for second, text in injected]})
    assert victim(plan) == env


def test_a_scenario_that_is_not_understood_is_named():
    """With its text, and the clause within it."""
    scenario = {"id": "X1", "inject": [
        {"at_s": 0, "do": "stop load; sing"}]}
    with pytest.raises(NotUnderstood, match="X1: 'stop load; sing'.*: sing"):
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


@pytest.mark.parametrize("do, fallback, needs, verbs", [
    # The fallback says less than the text; a world does it its own way.
    ("netem loss 20% stg-app -> stg-db", "random drops instead of netem",
     ["netns", "netem"], ["shape"]),
    ("netem loss 20% stg-app -> stg-db", None, ["netem"], ["shape"]),
    ("netem loss 20% stg-app -> stg-db", "nft forward ip saddr <stg-app> "
     "numgen random mod 100 < 20 drop", ["tc netem"], ["filter"]),
    ("iptables -A FORWARD -s <stg-app> -j DROP", None, ["iptables"],
     ["filter"]),
    ("kill -9 agent-stg", None, ["something that nobody can try"],
     ["agent_stop"]),
])
def test_what_a_machine_lacks_is_done_another_way(do, fallback, needs, verbs):
    """By the fallback, if it is read; else as the world does it anyway."""
    step = {"at_s": 0, "do": do, "needs": needs}
    if fallback:
        step["fallback"] = fallback
    plan = inject.read_scenario({"id": "X", "inject": [step]},
                                {"netns", "nft"})
    assert [one.verb for _, one in plan] == verbs


def test_every_need_of_the_harness_is_tried():
    """What the machine was not seen to have is never taken for granted."""
    for need in ("tc netem", "faketime", "cgroup_memory", "Time Namespaces"):
        with pytest.raises(inject.Lacking):
            inject.read_scenario({"id": "X", "inject": [
                {"at_s": 0, "do": "kill -9 agent-stg", "needs": [need]}]},
                                 {"netns"})


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


class Ground(Recorder):
    """With what a performer asks a world for before it does something."""

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
    return [(name, *args, more) if more else (name, *args)
            for name, args, more in calls]


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
     [("gcp.set", "vpcaccess/staging-connector", {"state": "ERROR"},
       {"env": "stg"})]),
    ("kill the dnsmasq serving prd-app", [("env", "prd"),
                                          ("env.dns.kill",)]),
    ("kill -9 agent-prd", [("agents[agent-prd].kill",)]),
    ("payments stub answers 503",
     [("payments.set", {"status": 503, "share": 1.0})]),
    ("raise the memory limit of the stg-app cgroup to 512M",
     [("env", "stg"), ("env.memory_limit", 512 << 20, {"method": "cgroup"})]),
    ("rotate the fleet fingerprint key on all agents", [("rotate_keys",)]),
    ("app_restart stg b v1 with SSL_CERT_FILE=${STG}/ca.pem and "
     "SECRET_KEY='${KEY}' without PAYMENTS_URL",
     [("env", "stg"), ("env", "stg"), ("env", "stg"),
      ("env.app_restart", "b", {"build": "v1", "overrides": {
          "SSL_CERT_FILE": "/tmp/none/ca.pem", "SECRET_KEY": "${KEY}",
          "PAYMENTS_URL": None}})]),
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
