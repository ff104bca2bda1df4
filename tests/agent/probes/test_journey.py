"""journey probes through a small shop with TLS, a login and orders."""
import contextlib
import http.server
import json
import ssl
import subprocess
import threading

import pytest
from support.probing import closed_port

PASSWORD = "canary-70fe"
TOKEN = "canary-token-1b"

STEPS = """
      steps:
        - {name: start, url: /, contains: shop}
        - name: login
          url: /api/login
          headers: [{name: Content-Type, value: application/json}]
          body: '{"user": "probe", "password": "${password}"}'
          capture: [{name: token, json: token}, {name: sid, cookie: sid}]
        - name: items
          url: /api/items
          headers: [{name: Authorization, value: "Bearer ${token}"}]
          expect: [{json: 0.name, equals: chair}]
        - name: order
          url: /api/orders
          headers: [{name: Authorization, value: "Bearer ${token}"}]
          body: '{"item": "chair"}'
          status: [201]
          capture: [{name: order, json: id}]
        - name: look
          url: /api/orders/${order}
          expect: [{json: id, equals: "${order}"}, {json: sid, equals:
            "${sid}"}]
"""


class Shop(http.server.BaseHTTPRequestHandler):
    """Answers as a small shop does; the server knows what is broken."""
    protocol_version = "HTTP/1.1"

    def log_message(self, format, *args):
        """Nobody reads it."""
        del format, args

    def reply(self, status, body, *headers):
        """Sends an answer."""
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.send_response(status)
        for name, value in headers:
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def may_enter(self):
        """Does it bring its token?"""
        return self.headers["Authorization"] == f"Bearer {TOKEN}" and \
            self.server.broken != "token"

    def do_GET(self):  # pylint: disable=invalid-name
        """The pages."""
        sid = (self.headers["Cookie"] or "").removeprefix("sid=")
        if self.path == self.server.hangs:
            self.server.released.wait(60)
        if self.path == "/":
            self.reply(200, b"<h1>shop</h1>")
        elif self.path == "/api/items" and self.may_enter():
            name = "table" if self.server.broken == "items" else "chair"
            self.reply(200, [{"name": name}])
        elif self.path == "/api/orders/4711":
            number = 1 if self.server.broken == "content" else 4711
            self.reply(200, {"id": number, "sid": sid})
        else:
            self.reply(401, {"why": "no"})

    def do_POST(self):  # pylint: disable=invalid-name
        """The deeds."""
        body = json.loads(
            self.rfile.read(int(self.headers["Content-Length"])))
        if self.path == "/api/login" and body["password"] == PASSWORD:
            self.reply(200, {"token": TOKEN} if self.server.broken != "login"
                       else {}, ("Set-Cookie", "sid=s-99; Secure; HttpOnly"))
        elif self.path == "/api/orders" and self.may_enter():
            self.reply(201, b"" if self.server.broken == "order"
                       else {"id": 4711})
        else:
            self.reply(401, {})


@contextlib.contextmanager
def shop(folder, broken="", hangs=""):
    """A running shop; gives its URL."""
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
         "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj",
         "/CN=shop", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout",
         folder / "key.pem", "-out", folder / "cert.pem"],
        check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "cert.pem", folder / "key.pem")
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Shop)
    server.daemon_threads = True
    server.socket = context.wrap_socket(server.socket, server_side=True)
    server.broken, server.hangs = broken, hangs
    server.released = threading.Event()
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield f"https://127.0.0.1:{server.server_port}"
    finally:
        server.released.set()
        server.shutdown()
        thread.join()
        server.server_close()


def walk(probing, base, password=PASSWORD, more="", steps=STEPS):
    """The result of the journey."""
    (probing.directory / "password").write_text(password)
    return probing.run(f"""  - name: p
    service: shop
    {more}
    journey:
      base: {base}
      ca_file: cert.pem
      variables: [{{name: password, value: '@password'}}]{steps}""")["p"]


def test_the_golden_path_is_gone_to_its_end(probing):
    with shop(probing.directory) as base:
        result = walk(probing, base)
    assert (result["outcome"], result["reason"]) == ("ok", "")
    assert result["message"] == "all 5 steps"
    assert list(result["phases"]) == ["start", "login", "items", "order",
                                      "look"]
    assert sum(result["phases"].values()) <= result["duration_ms"] + 0.01
    assert result["attributes"]["step"] == 5


BREAKS = [
    # what is broken, step, reason, end of the message
    ("token", 3, "items.status", "step 3 items: status 401 from "),
    ("items", 3, "items.answer",
     "step 3 items: json 0.name is not what it should be, from "),
    ("login", 2, "login.answer",
     "step 2 login: the answer holds no token, from "),
    ("order", 4, "order.empty",
     "step 4 order: status 201 with an empty body from "),
    ("content", 5, "look.answer",
     "step 5 look: json id is not what it should be, from "),
]


@pytest.mark.parametrize("broken,step,reason,message", BREAKS)
def test_the_step_that_fails_is_named(probing, broken, step, reason,
                                      message):
    with shop(probing.directory, broken) as base:
        result = walk(probing, base)
    assert (result["outcome"], result["reason"]) == ("critical", reason)
    assert result["message"].startswith(message + base)
    assert result["attributes"]["step"] == step
    assert len(result["phases"]) == step
    assert PASSWORD not in json.dumps(result)
    assert TOKEN not in json.dumps(result)


def test_a_wrong_password_ends_at_the_login(probing):
    with shop(probing.directory) as base:
        result = walk(probing, base, "canary-wrong")
    assert result["reason"] == "login.status"
    assert "canary" not in json.dumps(result)


def test_a_step_without_an_answer_ends_at_the_limit(probing):
    with shop(probing.directory, hangs="/api/items") as base:
        result = walk(probing, base, more="timeout: 2s")
    assert (result["outcome"], result["reason"], result["censored"]) == (
        "critical", "items.timeout", True)
    assert result["message"].startswith(
        f"step 3 items: {base}/api/items: first_byte: not done within 2")


def test_a_shop_that_is_closed_is_refused_at_the_first_step(probing):
    with shop(probing.directory):
        result = walk(probing, f"https://127.0.0.1:{closed_port()}")
    assert result["reason"] == "start.refused"
    assert result["message"].startswith("step 1 start: https://127.0.0.1:")


def test_a_certificate_for_another_name_is_refused(probing):
    with shop(probing.directory) as base:
        result = walk(probing, base.replace("127.0.0.1", "localhost"))
    assert result["reason"] == "start.wrong_name"


def test_a_page_larger_than_allowed_is_refused(probing):
    with shop(probing.directory) as base:
        result = walk(probing, base, steps=STEPS.replace(
            "steps:", "max_bytes: 5\n      steps:"))
    assert result["reason"] == "start.limit"


@pytest.mark.parametrize("steps,complaint", [
    ("[]", ": goes nowhere: list its steps"),
    ("[{name: a, url: /x}]", ".steps[0].url: not a url: write "
     "http://HOST/PATH or https://HOST/PATH, or /PATH and the key base"),
    ("[{name: a, url: 'http://h/${b}', capture: [{name: b, json: b}]}]",
     ".steps[0].url: ${b} is neither a variable nor captured in a step "
     "before"),
    ("[{name: a, url: 'http://h/', capture: [{name: b}]}]",
     ".steps[0].capture[0]: must have one of json, header and cookie"),
    ("[{name: a, url: 'http://h/'}, {name: a, url: 'http://h/'}]",
     ".steps[1].name: another step has this name; choose another"),
    ("[{name: a, url: 'http://h/', expect: [{json: x}]}]",
     ".steps[0].expect[0]: expects nothing: give equals, contains, at_least "
     "or at_most"),
])
def test_a_way_that_cannot_be_gone_is_refused(probing, steps, complaint):
    text = probing.complaint(
        f"  - name: p\n    journey: {{steps: {steps}}}\n")
    assert text.endswith("probes[0].journey" + complaint)
