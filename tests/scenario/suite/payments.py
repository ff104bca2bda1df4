#!/usr/bin/python3
"""payments.py FOLDER - the third party that is paid through, with TLS.

Serves POST /charge and GET /health on port 443 with FOLDER/payments.pem.
FOLDER/payments.json says how: status, the share of requests that get it,
delay_s.  As a module it writes that.
"""
import http.server
import json
import pathlib
import random
import secrets
import select
import signal
import ssl
import sys

HERE = pathlib.Path(__file__).resolve().parent
USUAL_S = 0.2


class Handler(http.server.BaseHTTPRequestHandler):
    """One connection."""
    protocol_version = "HTTP/1.1"
    folder = None

    def reply(self):
        """Any request."""
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        how = json.loads((self.folder / "payments.json").read_text())
        body, status = {"error": "no such page"}, 404
        if how["status"] != 200 and random.random() < how["share"]:
            body, status = {"error": "unavailable"}, how["status"]
        elif self.path == "/health":
            body, status = {"status": "ok", "service": "payments"}, 200
        elif self.path == "/charge" and self.command == "POST":
            body, status = {"id": secrets.token_hex(8)}, 200
        if self.command == "POST" or how["delay_s"] > USUAL_S:
            select.select([], [], [], how["delay_s"])
        data = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    do_GET = do_POST = reply  # pylint: disable=invalid-name

    def log_message(self, *_args):
        """Nobody reads it."""


class Server(http.server.ThreadingHTTPServer):
    """A client that goes away is no news."""
    daemon_threads = True
    request_queue_size = 64

    def handle_error(self, request, client_address):
        """The log is for what matters."""


def main():
    """Until it is killed."""
    Handler.folder = pathlib.Path(sys.argv[1])
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(Handler.folder / "payments.pem",
                            Handler.folder / "payments.key")
    with Server(("", 443), Handler) as server:
        server.socket = context.wrap_socket(
            server.socket, server_side=True, do_handshake_on_connect=False)
        server.serve_forever()


class Payments:
    """The stub in svc, as a world holds it."""

    def __init__(self, place, folder, pace, certify):
        """certify(path, not_after, name, trusted): writes PATH.pem, .key"""
        self.place = place
        self.folder = folder
        self.pace = pace
        self.certify = certify
        self.program = None
        self.has_other_certificate = False

    def set(self, status=200, delay_s=USUAL_S, share=1.0):
        """How requests are answered: so late (before pace), and this share
        of them with another status than 200."""
        new = self.folder / "payments.new"
        new.write_text(json.dumps({
            "status": status, "share": share,
            "delay_s": delay_s / self.pace}))
        new.rename(self.folder / "payments.json")

    def start(self):
        """It is there."""
        if not (self.folder / "payments.json").exists():
            self.set()
        if self.is_running():
            return
        self.program = self.place.popen(
            ["/usr/bin/python3", "-B", HERE / "payments.py", self.folder],
            name="payments")

    def stop(self):
        """It is gone: connections are refused."""
        self.program.kill()
        self.program.wait()

    def is_running(self):
        """Has it a process?"""
        return self.program is not None and self.program.poll() is None

    def certificate(self, not_after=None, name=None, trusted=True):
        """Another one, as for nginx; it is started again with it."""
        self.certify(self.folder / "payments", name or "payments.test",
                     not_after, trusted)
        self.has_other_certificate = True
        self.stop()
        self.start()

    def reset(self):
        """As at the start."""
        if self.is_running():
            self.resume()
        else:
            self.start()
        if self.has_other_certificate:
            self.certificate()
            self.has_other_certificate = False
        self.set()

    def pause(self):
        """Takes connections and answers none of them."""
        self.program.send_signal(signal.SIGSTOP)

    def resume(self):
        """Goes on."""
        self.program.send_signal(signal.SIGCONT)


if __name__ == "__main__":
    main()
