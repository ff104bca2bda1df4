"""fake_gcp.py - Google Cloud's control plane on the loopback, with TLS, as its
public documentation says it answers; and a metadata server."""
import base64
import contextlib
import http.server
import json
import ssl
import subprocess
import tempfile
import threading
import urllib.parse

TOKEN = "ya29.canary-own-token"
SERVICE_TOKEN = "ya29.canary-service-token"
VALUE = "canary-secret-value"
STATUS_WORDS = {401: "UNAUTHENTICATED", 403: "PERMISSION_DENIED",
                404: "NOT_FOUND", 429: "RESOURCE_EXHAUSTED", 500: "INTERNAL"}


def error(status):
    """The body of an error, as all of the APIs give it."""
    return {"error": {"code": status, "message": "see the documentation",
                      "status": STATUS_WORDS.get(status, "UNKNOWN")}}


class Handler(http.server.BaseHTTPRequestHandler):
    """One request; the server's attributes say how it is answered."""
    protocol_version = "HTTP/1.1"

    def log_message(self, format, *args):
        """Nobody reads it."""
        del format, args

    def reply(self, status, body):
        """Sends JSON, or bytes as they are."""
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def do_GET(self):  # pylint: disable=invalid-name
        """A resource, or the token of the metadata server."""
        fake = self.server.fake
        if self.path.startswith("/computeMetadata/"):
            if self.headers["Metadata-Flavor"] != "Google":
                self.reply(403, b"")
                return
            fake.given += 1
            self.reply(200, {"access_token": TOKEN, "expires_in": 3599,
                             "token_type": "Bearer"})
            return
        token = (self.headers["Authorization"] or "").removeprefix("Bearer ")
        fake.asked.append((self.path, token))
        status, body = fake.answers.get(self.path, (404, None))
        if token not in (TOKEN, SERVICE_TOKEN) or fake.taken_back > 0:
            fake.taken_back -= 1
            status, body = 401, None
        if status == "hang":
            fake.released.wait(60)
            return
        self.reply(status, error(status) if body is None else body)

    def do_POST(self):  # pylint: disable=invalid-name
        """A token for the key of a service account."""
        fake = self.server.fake
        form = urllib.parse.parse_qs(self.rfile.read(
            int(self.headers["Content-Length"])).decode())
        jwt = form["assertion"][0]
        signed, signature = jwt.rsplit(".", 1)
        header, claims = [json.loads(base64.urlsafe_b64decode(
            part + "==")) for part in signed.split(".")]
        fake.claims = claims
        good = (form["grant_type"] ==
                ["urn:ietf:params:oauth:grant-type:jwt-bearer"] and
                header["alg"] == "RS256" and fake.verify(
                    signed.encode(), base64.urlsafe_b64decode(
                        signature + "==")))
        fake.given += 1
        self.reply(200 if good else 400,
                   {"access_token": SERVICE_TOKEN, "expires_in": 3599,
                    "token_type": "Bearer"} if good else
                   {"error": "invalid_grant"})


class FakeGcp:
    """What the control plane knows: answers[path] = (status, body)."""

    def __init__(self, folder):
        self.folder = folder
        self.answers = {}
        self.asked = []
        self.given = 0  # tokens
        self.taken_back = 0  # so many requests are refused
        self.claims = None
        self.released = threading.Event()
        self.url = self.metadata = ""

    def write_key(self, path, key="account.key"):
        """The key file of a service account, private."""
        path.write_text(json.dumps({
            "type": "service_account", "private_key_id": "k1",
            "client_email": "backend@shop.iam.gserviceaccount.com",
            "private_key": (self.folder / key).read_text(),
            "token_uri": f"{self.url}/token"}))
        path.chmod(0o600)

    def verify(self, data, signature):
        """Has the service account signed this?  openssl says."""
        with tempfile.TemporaryDirectory() as folder:
            for name, content in (("data", data), ("signature", signature)):
                with open(f"{folder}/{name}", "wb") as file:
                    file.write(content)
            return subprocess.run(
                ["openssl", "dgst", "-sha256", "-verify",
                 self.folder / "account.pub", "-signature",
                 f"{folder}/signature", f"{folder}/data"],
                check=False, capture_output=True).returncode == 0


def make_keys(folder):
    """A certificate for 127.0.0.1, and the key of a service account."""
    for command in (
            ["req", "-x509", "-newkey", "ec", "-pkeyopt",
             "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj",
             "/CN=gcp", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout",
             folder / "gcp.key", "-out", folder / "gcp.pem"],
            ["genrsa", "-out", folder / "account.key", "2048"],
            ["genrsa", "-out", folder / "other.key", "2048"],
            ["rsa", "-in", folder / "account.key", "-pubout", "-out",
             folder / "account.pub"]):
        subprocess.run(["openssl", *command], check=True, capture_output=True)


@contextlib.contextmanager
def fake_gcp(folder):
    """A running one; its certificate is FOLDER/gcp.pem."""
    make_keys(folder)
    fake = FakeGcp(folder)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "gcp.pem", folder / "gcp.key")
    servers = [http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
               for _ in range(2)]
    servers[0].socket = context.wrap_socket(
        servers[0].socket, server_side=True)
    fake.url = f"https://127.0.0.1:{servers[0].server_port}"
    fake.metadata = f"http://127.0.0.1:{servers[1].server_port}"
    threads = []
    for server in servers:
        server.fake = fake
        server.daemon_threads = True
        threads.append(threading.Thread(
            target=server.serve_forever, args=(0.02,)))
        threads[-1].start()
    try:
        yield fake
    finally:
        fake.released.set()
        for server, thread in zip(servers, threads):
            server.shutdown()
            thread.join()
            server.server_close()
