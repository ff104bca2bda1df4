"""Who may speak for whom, by certificate."""
from collecting import Collector, run_of
from publisher import OK, PERMISSION_DENIED, Publisher, tls_client
from stage import Authority, free_port


def test_a_certificate_speaks_for_its_own_agent_only(stage):
    """And people may ask, while agents may not."""
    authority, port = Authority(stage), free_port()
    authority.issue_server()
    authority.issue_agent("staging", "stg-1")
    authority.issue_user("ada")
    files = "\n".join(
        f"      {key}: pki/{name}" for key, name in (
            ("ca_file", "ca.pem"), ("certificate_file", "collector.pem"),
            ("key_file", "collector.key")))
    collector = Collector(
        stage, listen=f"  - url: tls+tcp://127.0.0.1:{port}\n"
                      f"    tls:\n{files}\n")
    tls = tls_client(authority, "stg-1")
    body = run_of("ok", 1)
    assert Publisher(port, tls=tls).send(body)[0] == OK
    for environment, agent in (("production", "stg-1"), ("staging", "stg-2"),
                               ("staging", "stg-1.x")):
        other = Publisher(port, environment, agent, tls=tls)
        status, message, _ = other.send(body)
        assert status == PERMISSION_DENIED
        assert f"vedette://{environment}/{agent}" in message
    assert len(collector.stored()) == 1
    collector.wait_for_log("vedette://production/stg-1")
    asked = Publisher(port, tls=tls).call("vedette.Query/Status", b"")
    assert asked[2] == PERMISSION_DENIED
    person = Publisher(port, tls=tls_client(authority, "ada"))
    assert person.call("vedette.Query/Status", b"").get(2, OK) == OK
    assert person.send(body)[0] == PERMISSION_DENIED


