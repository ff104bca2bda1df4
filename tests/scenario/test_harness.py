"""Every word of the evaluation suite's harness has something behind it.

harness.json is the section of that name of the scenario file: whoever writes
further scenarios for it may use any of its words.
"""
import json
import pathlib
import re

import pytest
from suite import cloud, environment, inject, sentries, steps, visit
from suite.builds import BUILDS
from suite.deeds import Performer
from suite.network import PLACES
from suite.world import DOMAINS

HERE = pathlib.Path(__file__).resolve().parent
HARNESS = json.loads((HERE / "harness.json").read_text(encoding="utf-8"))
ENVIRONMENTS = ("stg", "prd")

# What the harness says a machine can do: texts that ask for it.
WORKS = {
    "network namespaces": ["in stg-app: ip route del default"],
    "veth and bridge": [
        "in rt: ip link set <interface towards stg-app> down",
        "in rt: ip link set <interface towards prd-db> mtu 576"],
    "tc tbf and htb": [
        "in rt: tc qdisc add dev <interface towards stg-app> root tbf rate "
        "64kbit burst 16kb latency 400ms",
        "in rt: tc qdisc add dev <interface towards stg-db> root handle 1: "
        "htb default 10",
        "in rt: htb rate 128kbit towards stg-db"],
    "nft drop, reject with tcp reset, numgen random drop": [
        "in rt: nft forward drop ip saddr <stg-app> tcp dport 5432",
        "in rt: nft forward ip daddr <stg-db> tcp dport 5432 reject with tcp "
        "reset",
        "in rt: nft forward ip saddr <stg-app> numgen random mod 100 < 20 "
        "drop"],
    "iptables DROP, REJECT, statistic": [
        "iptables -A FORWARD -s <stg-app> -p tcp --dport 5432 -j DROP",
        "iptables -A FORWARD -d <stg-db> -j REJECT",
        "iptables -A FORWARD -d <payments> -m statistic --mode random "
        "--probability 0.3 -j DROP"],
    "time namespaces": ["restart agent-stg in a time namespace, boottime "
                        "+300 s"],
    "faketime -f (preload)": [
        "restart agent-stg under faketime -f '-420s'",
        "faketime crosses the trigger date in stg-app and prd-app"],
    "cgroup v1 memory limit": [
        "set memory.limit_in_bytes of the stg-app cgroup to 96M",
        "lower the memory limit of the prd-app cgroup below the working set"],
    "bind mount of hosts per mount namespace": [
        "bind-mount a hosts file with '10.77.2.99 db.staging.test' over "
        "/etc/hosts in stg-app"],
    "tmpfs of fixed size": [
        "fill the tmpfs that holds ${PGDATA_STG}",
        "fill the tmpfs that holds ${STG} to 95%"],
}
OTHERWISE = {  # what it has not, and a world does
    "tc netem (qdisc kind unknown)": [
        "netem delay 100ms 20ms stg-app -> stg-db", "netem loss 20%",
        "netem reorder 25% stg-app -> stg-db",
        "netem duplicate 10% stg-app -> stg-db",
        "netem corrupt 5% stg-app -> stg-db"],
}
NEVER_ASKED = {"tc matchall classifier", "dummy link type"}


def has_deeds(text):
    """Is it read, and can each of its steps be done?"""
    plan = inject.read(text)
    return bool(plan) and all(
        hasattr(Performer, f"do_{step.verb}") for step in plan)


def test_every_namespace_has_its_address():
    """As the harness gives them."""
    assert set(HARNESS["namespaces"]) <= {"rt", *PLACES}
    for name, address in HARNESS["addresses"].items():
        assert PLACES[name][0][0] == address


@pytest.mark.parametrize("place", HARNESS["namespaces"])
def test_a_namespace_can_be_named(place):
    """For a command that is run there."""
    step, = inject.read(f"in {place}: ip route add 10.99.0.0/16 dev lo")
    assert (step.verb, step.args["place"]) == ("shell", place)


def test_every_name_is_served():
    """By the resolvers of the world."""
    served = {"payments.test"} | {
        f"{kind}.{domain}" for _, domain in DOMAINS.values()
        for kind in ("app", "db")}
    assert set(HARNESS["names"]) == served
    for name in HARNESS["names"]:
        assert has_deeds(f"zone: {name} -> 10.77.9.9; HUP")
        assert has_deeds(f"zone: remove {name}")


@pytest.mark.parametrize("path", HARNESS["app"]["endpoints"])
def test_an_endpoint_is_served(path):
    """By one of the two methods."""
    source = (HERE / "suite/app.py").read_text(encoding="utf-8")
    assert any(f'("{method}", "{path}")' in source
               for method in ("GET", "POST"))


@pytest.mark.parametrize("name", [
    word.split()[0].replace("*", "NEW_CHECKOUT")
    for word in HARNESS["app"]["inputs"]])
def test_an_input_is_read_and_can_be_changed(name):
    """By the application, or by a build of it."""
    source = "".join((HERE / "suite" / file).read_text(encoding="utf-8")
                     for file in ("app.py", "builds.py"))
    assert f'"{name}"' in source or name == "SSL_CERT_FILE"
    for text in (f"set {name}=x in ${{STG}}/staging.env",
                 f"unset {name} in ${{PRD}}/prod.env",
                 f"app_restart stg b v1 with {name}=x",
                 f"app_restart stg b v1 without {name}"):
        assert has_deeds(text)


def test_settings_and_guards_are_those_of_the_harness():
    """In the file, and as expectations of the collector."""
    for name, value in HARNESS["app"]["config"].items():
        assert f"{name}={value}\n" in environment.CONFIG
        assert has_deeds(f"app.conf: {name}={value} -> 1; app_restart stg")
        assert has_deeds(f"sed -i 's/^{name}=.*/{name}=1/' ${{STG}}/app.conf")
    for guard in HARNESS["app"]["guards"]:
        name, least = guard.split(">=")
        assert re.search(rf"setting: {name}, at_least: {float(least):g}",
                         sentries.COLLECTOR)


def test_every_build_is_there_and_can_be_released():
    """And none is asked for that is not."""
    assert set(BUILDS) == set(HARNESS["app"]["builds"])
    for build in BUILDS:
        for env in ENVIRONMENTS:
            assert inject.read(f"deploy {env} {build}")[0].args == {
                "env": env, "build": build, "kind": "deploy", "marker": True}


def test_the_golden_path_has_its_steps():
    """In their order."""
    assert visit.STEPS == len(HARNESS["golden_path"])
    source = (HERE / "suite/visit.py").read_text(encoding="utf-8")
    paths = re.findall(r"(?:GET|POST) (/[\w/]*)",
                       " ".join(HARNESS["golden_path"]))
    at = [source.index(f'"{path}') for path in paths]
    assert at == sorted(at)


@pytest.mark.parametrize("method, resource", [
    ("sql instances.get", "sql/staging-db"),
    ("vpcaccess connectors.get", "vpcaccess/staging-connector"),
    ("run services.get", "run/staging-backend"),
    ("secretmanager versions.get", "secret/postgres-password"),
    ("versions:access", "secret/postgres-password#access"),
])
def test_a_method_of_the_cloud_can_be_scripted(tmp_path, method, resource):
    """Each that the harness names, and only its answer changes."""
    assert method in HARNESS["fake_gcp"]
    gcp = cloud.Cloud(tmp_path, {"staging": "x", "production": "y"})
    before = json.loads((tmp_path / "answers.json").read_text())

    class World:  # pylint: disable=too-few-public-methods
        """Of a cloud alone."""

    World.gcp = gcp
    for step in inject.read(f"fake GCP: {method} returns 403"):
        Performer(World, 1).do(step)
    after = json.loads((tmp_path / "answers.json").read_text())
    path = cloud.paths("staging")[resource]
    assert after[path][0] == 403
    changed = {one for one in before if before[one] != after[one]}
    assert changed - {cloud.paths("staging")[
        "secret/postgres-password#policy"]} == {path}


def test_intervals_are_those_of_the_harness():
    """And an agent is silent after three of them."""
    intervals = HARNESS["intervals"]
    assert sentries.INTERVAL_S == intervals["probe_s"]
    assert sentries.HEARTBEAT_S == intervals["heartbeat_s"]
    assert intervals["silent_after_s"] == 3 * sentries.HEARTBEAT_S


@pytest.mark.parametrize("macro", HARNESS["macros"])
def test_a_macro_is_read_for_every_value(macro):
    """Of each of its words."""
    values = {"ENV": ENVIRONMENTS, "REPLICA": ("a", "b"), "BUILD": BUILDS,
              "RATE": ("5rps", "10rps", "0.5rps", "2-10 rps")}
    texts = [macro]
    for word, some in values.items():
        texts = [text.replace(word, one) for text in texts
                 for one in (some if word in text else [""])]
    assert len(texts) > 1
    for text in texts:
        assert has_deeds(text)


def test_every_ability_of_a_machine_is_known():
    """What it was seen to have, and what it lacks."""
    measured = HARNESS["measured_on_a_linux_machine"]
    assert set(measured["works"]) == set(WORKS)
    assert set(measured["missing"]) == set(OTHERWISE) | NEVER_ASKED


@pytest.mark.parametrize("text", [
    text for texts in (WORKS | OTHERWISE).values() for text in texts])
def test_what_a_machine_can_do_can_be_asked_for(text):
    """And what the measured one could not is done another way."""
    assert has_deeds(text)


def test_whatever_is_read_can_be_done():
    """Each verb of every text that is known, and what takes it back."""
    verbs = {line.split()[1 if line.split()[0][0] == "+" else 0]
             for line in (HERE / "wordings.txt").read_text(
                 encoding="utf-8").splitlines() if line.startswith("    ")}
    verbs |= set(steps.UNDO) | set(steps.UNDO.values())
    assert [verb for verb in sorted(verbs)
            if not hasattr(Performer, f"do_{verb}")] == []
