"""Metrics given to an OpenTelemetry collector, by OTLP over HTTP in JSON."""
import contextlib
import http.server
import json
import socket
import ssl
import threading
import time

from stage import Authority, free_port, wait_for
from test_http import READ, TOKENS, Served, bearer, dial


class Receiver(http.server.ThreadingHTTPServer):
    """Takes exports as the specification says, and keeps them."""

    def __init__(self, port, context=None):
        super().__init__(("127.0.0.1", port), Handler)
        self.bodies, self.heads, self.status = [], [], 200
        if context is not None:
            self.socket = context.wrap_socket(self.socket, server_side=True)

    @contextlib.contextmanager
    def running(self):
        """Serves meanwhile."""
        thread = threading.Thread(target=self.serve_forever, daemon=True)
        thread.start()
        yield self
        self.shutdown()
        thread.join()
        self.server_close()


class Handler(http.server.BaseHTTPRequestHandler):
    """One request to a Receiver."""

    def do_POST(self):  # pylint: disable=invalid-name
        """Keeps the body, when it is to be taken."""
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.server.status == 200:
            self.server.heads.append((self.path, dict(self.headers)))
            self.server.bodies.append(json.loads(body))
        self.send_response(self.server.status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"{}")

    def log_message(self, *_):  # pylint: disable=arguments-differ
        """Nobody reads it."""


def points(body):
    """{(metric, labels): value} of an ExportMetricsServiceRequest; every part
    of it is checked."""
    out = {}
    (resource,) = body["resourceMetrics"]
    assert resource["resource"]["attributes"] == [{
        "key": "service.name",
        "value": {"stringValue": "vedette-collector"}}]
    (scope,) = resource["scopeMetrics"]
    assert set(scope["scope"]) == {"name", "version"}
    for metric in scope["metrics"]:
        assert metric["description"]
        assert len({"gauge", "sum"} & set(metric)) == 1
        data = metric.get("gauge") or metric["sum"]
        if "sum" in metric:
            assert data["aggregationTemporality"] == 2 and data["isMonotonic"]
        for point in data["dataPoints"]:
            age_s = time.time() - int(point["timeUnixNano"]) / 1e9
            assert -5 < age_s < 300
            if "sum" in metric:
                assert int(point["startTimeUnixNano"]) <= int(
                    point["timeUnixNano"])
            labels = tuple(sorted((one["key"], one["value"]["stringValue"])
                                  for one in point.get("attributes", ())))
            key = metric["name"], labels
            assert key not in out
            out[key] = float(point["asDouble"])
    return out


def scraped(served):
    """The same of /metrics."""
    out = {}
    text = served.get("/metrics", Accept="application/openmetrics-text",
                      **bearer(READ))[2].decode()
    for line in text.splitlines():
        if line.startswith("#"):
            continue
        name, _, value = line.rpartition(" ")
        name, _, labels = name.partition("{")
        pairs = tuple(sorted(
            (part.partition("=")[0], part.partition("=")[2].strip('"'))
            for part in labels.rstrip("}").split(",") if part))
        out[name.removesuffix("_total"), pairs] = float(value)
    return out


@contextlib.contextmanager
def socket_that_hangs(port):
    """Listens, and takes nobody; gives how many wait."""
    with socket.socket() as server:
        server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        server.bind(("127.0.0.1", port))
        server.listen(16)
        taken = []

        def peers():
            server.settimeout(0.1)
            try:
                taken.append(server.accept()[0])
            except TimeoutError:
                pass
            return taken
        yield peers
        for peer in taken:
            peer.close()


def test_what_is_exported_is_what_is_scraped(stage):
    """The same metrics with the same values, over TLS and with a token."""
    authority, port = Authority(stage), free_port()
    authority.issue("otel", "serverAuth", "DNS:localhost,IP:127.0.0.1")
    pair = authority.directory / "otel"
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(f"{pair}.pem", f"{pair}.key")
    with Receiver(port, context).running() as receiver:
        served = Served(stage, f"{TOKENS}, otlp: {{"
                        f'url: "https://localhost:{port}/v1/metrics", '
                        f"ca_file: {authority.directory}/ca.pem, "
                        f"token: secret-of-otel, every: 1s}}")
        wait_for("a verdict in an export", lambda: any(
            name == "vedette_verdict" for body in receiver.bodies
            for name, _ in points(body)))
        told, shown = points(receiver.bodies[-1]), scraped(served)
        path, head = receiver.heads[0]
    assert (path, head["Authorization"], head["Content-Type"]) == (
        "/v1/metrics", "Bearer secret-of-otel", "application/json")
    assert set(told) == set(shown)
    steady = [key for key in told if key[0].startswith("probe_")]
    assert len(steady) > 40
    assert all(abs(told[key] - shown[key]) < 1e-9 for key in steady)
    assert "secret-of-otel" not in stage.log("collector")


def test_a_receiver_that_is_unwell_delays_nothing(stage):
    """It closes, refuses, or hangs: told once, counted, and over when it is;
    the collector takes in and answers meanwhile."""
    port = free_port()
    served = Served(stage, f"{TOKENS}, otlp: {{"
                    f'url: "http://127.0.0.1:{port}/v1/metrics", '
                    "timeout: 2s, every: 1s}")

    def failed():
        return served.number("vedette_otlp_failed_total", **bearer(READ))
    wait_for("nobody to be there", lambda: failed() > 0)
    with Receiver(port).running() as receiver:
        receiver.status = 500
        before = failed()
        wait_for("it to refuse", lambda: failed() > before + 1)
        receiver.status = 200
        wait_for("an export", lambda: receiver.bodies)
        sent = served.number("vedette_otlp_sent_total", **bearer(READ))
        assert sent >= 1
    wait_for("the log", lambda: "takes metrics again" in stage.log(
        "collector"))
    with socket_that_hangs(port) as peers:
        wait_for("it to hang", lambda: peers())
        before = failed()
        slowest = 0
        for _ in range(50):
            begin = time.monotonic()
            assert served.get("/-/healthy")[0] == 200
            slowest = max(slowest, time.monotonic() - begin)
        assert slowest < 2  # its timeout
        stage.vedette("mark", "staging", "deploy", "--subject", "build/v2")
        wait_for("its timeout", lambda: failed() > before)
    log = stage.log("collector")
    assert 1 < log.count("otlp: ") < 8  # once each, not every second
    assert dial(served)
    stage.programs[0].terminate()
    assert stage.programs[0].wait(60) == 0
