"""A client made of nothing but stock libnng and the .proto files."""
import os
import pathlib
import time

import pytest
from stage import answers, free_port, wait_for


@pytest.mark.parametrize("way", ["tcp", "ipc"])
def test_a_stock_nng_socket_publishes_and_queries(stage, way):
    """REQ over TCP and IPC: acknowledged once, a repeat told apart, asked
    for, and seen by vedette as anybody's."""
    stranger = pathlib.Path(os.environ["VEDETTE_BUILD"]) / \
        "tests/scenario/stock_nng"
    port = free_port()
    url = {"tcp": f"tcp://127.0.0.1:{port}", "ipc": stage.url}[way]
    (stage.directory / "collector.yaml").write_text(f"""\
store: {stage.directory}/store.db
listen:
  - url: {stage.url}
  - url: tcp://127.0.0.1:{port}
environments: {{test: {{}}}}
""")
    collector = stage.start("collector", [
        stage.collector, "run", "--config", "collector.yaml"])
    wait_for("the collector", lambda: answers(port), collector)
    now_ms = str(time.time_ns() // 1_000_000)
    for repeated in (0, 1):
        assert stage.run(stranger, url, now_ms).splitlines() == [
            "vedette.Publish/Send: status 0 ",
            f"sequence 1, repeated {repeated}",
            "vedette.Query/History: status 0 ",
            "test/web 1234 us: said by a stranger",
        ]
    rows = stage.ask("history", "test")["results"]
    assert [(row["agent"], row["message"]) for row in rows] == [
        ("stranger", "said by a stranger")]
