"""probes of Google Cloud's control plane, against one that answers as its
documentation says."""
import json
import select
import subprocess
import time

import pytest
from support.probing import BUILD
from support.fake_gcp import SERVICE_TOKEN, TOKEN, VALUE, fake_gcp

SQL = "/sql/v1beta4/projects/shop/instances/staging-db"
CONNECTOR = "/v1/projects/shop/locations/us-central1/connectors/staging"
RUN = "/v2/projects/shop/locations/us-central1/services/backend"
SECRET = "/v1/projects/shop/secrets/db-url/versions/latest"
KINDS = {
    "gcp.sql": (SQL, "project: shop, instance: staging-db"),
    "gcp.vpc_connector": (CONNECTOR, "project: shop, location: us-central1, "
                          "connector: staging"),
    "gcp.run": (RUN, "project: shop, location: us-central1, service: "
                "backend"),
    "gcp.secret": (SECRET, "project: shop, secret: db-url"),
}


@pytest.fixture(name="running", scope="module")
def fixture_running(tmp_path_factory):
    """A running control plane."""
    with fake_gcp(tmp_path_factory.mktemp("gcp")) as fake:
        yield fake


@pytest.fixture(name="gcp")
def fixture_gcp(running):
    """The same, knowing nothing."""
    running.answers.clear()
    running.asked.clear()
    return running


def look(probing, gcp, kind, more="", times=""):
    """The result of a probe of this kind."""
    own = "" if "credentials" in more else \
        f", credentials: {{metadata: '{gcp.metadata}'}}"
    result = probing.one(kind, f"{{{KINDS[kind][1]}, endpoint: '{gcp.url}', "
                         f"ca_file: {gcp.folder}/gcp.pem{own}{more}}}", times)
    text = json.dumps(result)
    assert "canary" not in text, "a token or a value has left"
    return result


def said(result):
    """Outcome and reason."""
    return result["outcome"], result["reason"]


def sql(state, policy="ALWAYS"):
    """An instance."""
    return 200, {"state": state, "databaseVersion": "POSTGRES_15",
                 "settings": {"activationPolicy": policy,
                              "tier": "db-custom-2-7680",
                              "ipConfiguration": {"ipv4Enabled": False}}}


INSTANCES = [
    (sql("RUNNABLE"), "ok", "", "RUNNABLE, activation policy ALWAYS"),
    (sql("RUNNABLE", "NEVER"), "critical", "check.answer",
     "is stopped by its owner (RUNNABLE, activation policy NEVER)"),
    (sql("SUSPENDED"), "critical", "check.answer", "is SUSPENDED"),
    (sql("FAILED"), "critical", "check.answer", "is FAILED"),
    (sql("MAINTENANCE"), "warning", "check.answer",
     "is down for maintenance"),
    ((200, {}), "unknown", "check.protocol", "has no state"),
]


@pytest.mark.parametrize("answer,outcome,reason,message", INSTANCES)
def test_an_instance_of_cloud_sql(probing, gcp, answer, outcome, reason,
                                  message):
    gcp.answers[SQL] = answer
    result = look(probing, gcp, "gcp.sql")
    assert said(result) == (outcome, reason)
    assert message in result["message"]
    assert "instance shop/staging-db" in result["message"]
    assert gcp.asked == [(SQL, TOKEN)]


def test_settings_of_an_instance_are_facts(probing, gcp):
    gcp.answers[SQL] = sql("RUNNABLE")
    facts = look(probing, gcp, "gcp.sql")["facts"]
    assert facts["gcp/staging-db/activation_policy"] == {
        "value": "ALWAYS", "fingerprint": None, "source": "control_plane"}
    assert facts["gcp/staging-db/public_ip"]["value"] == "false"
    assert facts["gcp/staging-db/private_network"]["value"] is None


@pytest.mark.parametrize("state,outcome,message", [
    ("READY", "ok", "is READY"),
    ("ERROR", "critical", "delete it by hand"),
    ("CREATING", "critical", "is CREATING, not READY"),
    ("DELETING", "critical", "is DELETING, not READY"),
    ("UPDATING", "warning", "is being updated"),
])
def test_a_connector(probing, gcp, state, outcome, message):
    gcp.answers[CONNECTOR] = (200, {"state": state, "network": "default",
                                    "ipCidrRange": "10.8.0.0/28"})
    result = look(probing, gcp, "gcp.vpc_connector")
    assert result["outcome"] == outcome
    assert message in result["message"]
    assert result["facts"]["gcp/staging/range"]["value"] == "10.8.0.0/28"


def service(condition="CONDITION_SUCCEEDED", ready="backend-00007",
            created="backend-00007"):
    """A service of Cloud Run."""
    path = "projects/shop/locations/us-central1/services/backend/revisions/"
    return 200, {
        "latestReadyRevision": path + ready if ready else "",
        "latestCreatedRevision": path + created,
        "terminalCondition": {"state": condition, "message":
                              "The user-provided container failed to start"},
        "trafficStatuses": [
            {"type": "TRAFFIC_TARGET_ALLOCATION_TYPE_LATEST",
             "revision": path + created, "percent": 100}]}


REVISION = (200, {
    "containers": [{
        "image": "us-docker.pkg.dev/shop/backend@sha256:77aa",
        "env": [{"name": "POSTGRES_HOST", "value": VALUE},
                {"name": "DATABASE_URL", "valueSource":
                 {"secretKeyRef": {"secret": "db-url"}}}],
        "resources": {"limits": {"cpu": "1", "memory": "512Mi"}}}],
    "vpcAccess": {"connector": "projects/shop/connectors/staging",
                  "egress": "PRIVATE_RANGES_ONLY"}})


def test_settings_of_a_revision_are_facts_and_values_are_none(probing, gcp):
    gcp.answers |= {RUN: service(), RUN + "/revisions/backend-00007":
                    REVISION}
    result = look(probing, gcp, "gcp.run")
    assert said(result) == ("ok", "")
    facts = {name.removeprefix("gcp/backend/"): fact["value"]
             for name, fact in result["facts"].items()}
    assert facts["egress"] == "PRIVATE_RANGES_ONLY"
    assert facts["connector"] == "projects/shop/connectors/staging"
    assert facts["image"].endswith("@sha256:77aa")
    assert facts["variables"] == "DATABASE_URL POSTGRES_HOST"
    assert facts["limit_memory"] == "512Mi"
    assert facts["traffic"] == "backend-00007 100%"
    assert facts["revision"] == "backend-00007"


@pytest.mark.parametrize("answer,outcome,message", [
    (service("CONDITION_FAILED", created="backend-00008"), "critical",
     "revision backend-00008 is not ready: The user-provided container"),
    (service("CONDITION_RECONCILING"), "warning", "CONDITION_RECONCILING"),
    (service(ready=""), "critical", "no revision that is ready"),
    (service(created="backend-00008"), "warning",
     "backend-00007 is the last that is ready"),
])
def test_a_service_that_is_not_ready(probing, gcp, answer, outcome, message):
    gcp.answers |= {RUN: answer, RUN + "/revisions/backend-00007": REVISION,
                    RUN + "/revisions/backend-00008": REVISION}
    result = look(probing, gcp, "gcp.run")
    assert said(result) == (outcome, "check.answer")
    assert message in result["message"]
    assert result["facts"]["gcp/backend/egress"]["value"] == \
        "PRIVATE_RANGES_ONLY"


def test_a_revision_that_may_not_be_read_is_no_pass(probing, gcp):
    gcp.answers |= {RUN: service(), RUN + "/revisions/backend-00007":
                    (403, None)}
    result = look(probing, gcp, "gcp.run")
    assert said(result) == ("unknown", "check.denied")
    assert "what it runs with is not known" in result["message"]


@pytest.mark.parametrize("state,outcome", [
    ("ENABLED", "ok"), ("DISABLED", "critical"), ("DESTROYED", "critical")])
def test_a_version_of_a_secret(probing, gcp, state, outcome):
    gcp.answers[SECRET] = (200, {
        "name": "projects/7/secrets/db-url/versions/3", "state": state})
    result = look(probing, gcp, "gcp.secret")
    assert result["outcome"] == outcome
    assert result["facts"]["gcp/db-url/version"]["value"] == "3"
    assert len(gcp.asked) == 1, "the value was not asked for"


ACCESSES = [
    ((200, {"name": "x", "payload": {"data": VALUE, "dataCrc32c": "77"}}),
     "ok", "", "the service may read it"),
    ((200, {"name": "x", "payload": {}}), "critical", "access.empty",
     "has no value"),
    ((403, None), "critical", "access.denied",
     "the service may not read version latest of secret shop/db-url"),
    ((401, None), "unknown", "access.denied", "says nothing of"),
    ((500, None), "unknown", "access.status", "says nothing of"),
]


@pytest.mark.parametrize("answer,outcome,reason,message", ACCESSES)
def test_may_the_service_read_its_secret(probing, gcp, answer, outcome,
                                         reason, message):
    gcp.answers |= {SECRET: (200, {"name": "a/3", "state": "ENABLED"}),
                    SECRET + ":access": answer}
    gcp.write_key(probing.directory / "backend.json")
    result = look(probing, gcp, "gcp.secret",
                  ", access: {key_file: backend.json}")
    assert said(result) == (outcome, reason)
    assert message in result["message"]
    assert gcp.asked == [(SECRET, TOKEN), (SECRET + ":access",
                                           SERVICE_TOKEN)]
    assert gcp.claims["iss"] == "backend@shop.iam.gserviceaccount.com"
    assert gcp.claims["aud"] == f"{gcp.url}/token"
    assert gcp.claims["exp"] - gcp.claims["iat"] == 600


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("answer,outcome,reason", [
    ((401, None), "unknown", "state.denied"),
    ((403, None), "unknown", "state.denied"),
    ((404, None), "critical", "state.missing"),
    ((429, None), "unknown", "state.status"),
    ((500, None), "unknown", "state.status"),
    ((200, b"<html>hello</html>"), "unknown", "state.protocol"),
    ((200, b""), "unknown", "state.protocol"),
    ((200, [1]), "unknown", "state.protocol"),
    ((200, b"x" * (2 << 20)), "unknown", "state.limit"),
    (("hang", None), "unknown", "state.timeout"),
])
def test_what_says_nothing_of_the_resource(probing, gcp, kind, answer,
                                           outcome, reason):
    gcp.answers[KINDS[kind][0]] = answer
    result = look(probing, gcp, kind, times="timeout: 1s" if
                  answer[0] == "hang" else "")
    assert said(result) == (outcome, reason)
    assert not result["facts"]


def test_a_control_plane_that_is_not_there_says_nothing(probing, gcp):
    other = probing.one("gcp.sql", "{project: shop, instance: db, endpoint: "
                        "'https://127.0.0.1:1', credentials: {metadata: "
                        f"'{gcp.metadata}'}}}}")
    assert said(other) == ("unknown", "state.refused")
    untrusted = probing.one("gcp.sql", "{project: shop, instance: db, "
                            f"endpoint: '{gcp.url}', credentials: "
                            f"{{metadata: '{gcp.metadata}'}}}}")
    assert said(untrusted) == ("unknown", "state.authority")
    assert not gcp.asked, "no token went to a stranger"


def test_a_credential_that_is_none(probing, gcp):
    gcp.answers[SQL] = sql("RUNNABLE")
    key = probing.directory / "own.json"
    gcp.write_key(key, "other.key")  # another's signature
    more = ", credentials: {key_file: own.json}"
    assert said(look(probing, gcp, "gcp.sql", more)) == (
        "unknown", "credential.denied")
    gcp.write_key(key)
    assert said(look(probing, gcp, "gcp.sql", more)) == ("ok", "")
    key.chmod(0o644)
    result = look(probing, gcp, "gcp.sql", more)
    assert said(result) == ("unknown", "credential.denied")
    assert "own.json" in result["message"]
    key.write_text("{}")
    key.chmod(0o600)
    assert said(look(probing, gcp, "gcp.sql", more))[0] == "unknown"
    missing = look(probing, gcp, "gcp.sql",
                   ", credentials: {metadata: 'http://127.0.0.1:1'}")
    assert said(missing) == ("unknown", "credential.refused")


@pytest.fixture(name="daemon")
def fixture_daemon(probing, gcp):
    """Starts an agent that looks at an instance again and again."""
    started = []

    def start(credentials):
        path = probing.directory / "agent.yaml"
        path.write_text(
            "agent: a\nenvironment: e\nstate_directory: .\n"
            "collectors: ['tcp://127.0.0.1:1']\n"
            "defaults: {interval: 500ms, timeout: 490ms}\n"
            f"probes: [{{name: p, gcp.sql: {{{KINDS['gcp.sql'][1]}, "
            f"endpoint: '{gcp.url}', ca_file: {gcp.folder}/gcp.pem, "
            f"credentials: {credentials}}}}}]\n")
        with open(probing.directory / "log", "wb") as log:
            started.append(subprocess.Popen(
                [BUILD / "agent/vedette-agent", "run", "--config", path],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log))
        return started[-1]
    yield start
    for program in started:
        program.terminate()
        program.wait(30)


def asked_so_often(gcp, program, times):
    """Waits until the instance was asked for so many times."""
    deadline = time.monotonic() + 60
    while len(gcp.asked) < times:
        assert program.poll() is None and time.monotonic() < deadline
        select.select([], [], [], 0.02)


@pytest.mark.parametrize("credentials", ["metadata", "key"])
def test_a_token_is_got_once_and_again_when_it_is_refused(
        probing, gcp, daemon, credentials):
    gcp.answers[SQL] = sql("RUNNABLE")
    gcp.write_key(probing.directory / "own.json")
    before = gcp.given
    program = daemon(f"{{metadata: '{gcp.metadata}'}}"
                     if credentials == "metadata" else "{key_file: own.json}")
    asked_so_often(gcp, program, 3)
    assert gcp.given == before + 1
    gcp.taken_back = 1
    asked_so_often(gcp, program, len(gcp.asked) + 3)
    assert gcp.given == before + 2


def test_another_key_in_the_file_is_used_at_once(probing, gcp, daemon):
    gcp.answers[SQL] = sql("RUNNABLE")
    key = probing.directory / "own.json"
    gcp.write_key(key)
    before = gcp.given
    program = daemon("{key_file: own.json}")
    asked_so_often(gcp, program, 3)
    gcp.write_key(key.with_suffix(".new"))
    key.with_suffix(".new").rename(key)
    asked_so_often(gcp, program, len(gcp.asked) + 3)
    assert gcp.given == before + 2


@pytest.mark.parametrize("more,complaint", [
    ("project: ../x, instance: a", "project: not a name of Google Cloud's"),
    ("project: x, instance: a, endpoint: 'http://h'",
     "endpoint: must be https://HOST: a token is sent there"),
    ("project: x, instance: a, credentials: {key_file: a, metadata: b}",
     "credentials: must have at most one of key_file and metadata"),
])
def test_what_cannot_be_asked_is_refused(probing, more, complaint):
    text = probing.complaint(f"  - name: p\n    gcp.sql: {{{more}}}\n")
    assert text.endswith(f"probes[0].gcp.sql.{complaint}")
