#!/usr/bin/python3
"""payments.py FOLDER - the third party that is paid through, with TLS.

Serves POST /charge and GET /health on port 443 with FOLDER/payments.pem.
FOLDER/payments.json says how: status, the share of requests that get it,
delay_s, and body, retry_after_s, how ("reset") where they are given.  As a
module it writes that.
"""
import http.server
import json
import pathlib
import random
import secrets
import select
import signal
import socket
import ssl
import struct
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
        hit = random.random() < how["share"]
        if hit and how.get("how") == "reset":
            # Closed with a linger of no time, it is a reset.
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                                       struct.pack("ii", 1, 0))
            self.close_connection = True
            return
        body, status = {"error": "no such page"}, 404
        if how["status"] != 200 and hit:
            body, status = {"error": "unavailable"}, how["status"]
        elif self.path == "/health":
            body, status = {"status": "ok", "service": "payments"}, 200
        elif self.path == "/charge" and self.command == "POST":
            body, status = {"id": secrets.token_hex(8)}, 200
        if self.command == "POST" or how["delay_s"] > USUAL_S:
            select.select([], [], [], how["delay_s"])
        data = json.dumps(body).encode()
        if hit and status == how["status"] and how.get("body") is not None:
            data = how["body"].encode()
        self.send_response(status)
        if how.get("retry_after_s") and status >= 400:
            self.send_header("Retry-After", str(how["retry_after_s"]))
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
        """certify(path, name, not_after, trusted, not_before): writes
        PATH.pem, .key"""
        self.place = place
        self.folder = folder
        self.pace = pace
        self.certify = certify
        self.program = None
        self.has_other_certificate = False

    def set(self, status=200, delay_s=USUAL_S, share=1.0, **more):
        """How requests are answered: so late (before pace), and this share
        of them with another status than 200, with a body of its own, with
        retry_after_s, or by a reset (how)."""
        new = self.folder / "payments.new"
        new.write_text(json.dumps(more | {
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

    def certificate(self, not_after=None, name=None, trusted=True,
                    not_before=None):
        """Another one, as for nginx; it is started again with it."""
        self.certify(self.folder / "payments", name or "payments.test",
                     not_after, trusted, not_before)
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
