"""receiving.py - those whom a collector tells: over HTTP, by mail."""
import http.server
import json
import socket
import socketserver
import threading

from stage import wait_for


class Receiver:
    """An HTTP server that keeps what it is told, and misbehaves at will."""

    def __init__(self):
        self.told, self.headers, self.tries = [], [], 0
        self.mode = "ok"  # or "500", "close", "hang"
        self.over = threading.Event()
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            """One request."""

            def do_POST(self):  # pylint: disable=invalid-name
                """Takes it, or does not."""
                body = self.rfile.read(int(self.headers["Content-Length"]))
                outer.tries += 1
                if outer.mode == "hang":
                    outer.over.wait()
                if outer.mode in ("hang", "close"):
                    self.close_connection = True
                    return
                if outer.mode == "500":
                    self.send_error(500, "SECRET-ECHO " + self.path)
                    return
                outer.headers.append({"path": self.path, **self.headers})
                outer.told.append(json.loads(body))
                self.send_response(200)
                self.end_headers()

            def log_message(self, *_):
                """Says nothing."""

        self.server = http.server.ThreadingHTTPServer(
            ("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.port = self.server.server_address[1]
        self.url = f"http://127.0.0.1:{self.port}"
        threading.Thread(target=self.server.serve_forever,
                         daemon=True).start()

    def wait(self, n, program=None):
        """Until there are n, which are returned."""
        wait_for(f"{n} notices", lambda: len(self.told) >= n, program)
        return self.told

    def wait_tries(self, n):
        """Until n were begun."""
        wait_for(f"{n} tries", lambda: self.tries >= n)

    def close(self):
        """For good."""
        self.over.set()
        self.server.shutdown()
        self.server.server_close()


class Mailbox:
    """As much of an SMTP server (RFC 5321) as it takes to keep mails."""

    def __init__(self, context=None, starts_tls=False):
        self.mails, self.logins = [], []
        outer = self

        class Handler(socketserver.StreamRequestHandler):
            """One connection."""

            def say(self, line):
                """A line of an answer."""
                self.wfile.write(line.encode() + b"\r\n")

            def secure(self):
                """From here on TLS."""
                self.request = context.wrap_socket(
                    self.request, server_side=True)
                self.setup()

            def handle(self):
                """Until it quits."""
                mail = {"from": None, "to": [], "text": ""}
                is_secure = context is not None and not starts_tls
                if is_secure:
                    self.secure()
                self.say("220 mailbox")
                while line := self.rfile.readline().decode().rstrip("\r\n"):
                    word = line.split(" ")[0].upper()
                    if word == "EHLO":
                        self.say("250-mailbox")
                        if starts_tls and not is_secure:
                            self.say("250-STARTTLS")
                        self.say("250 AUTH PLAIN")
                    elif word == "STARTTLS":
                        self.say("220 go on")
                        self.secure()
                        is_secure = True
                    elif word == "AUTH":
                        self.say("334 ")
                        outer.logins.append((self.rfile.readline().decode()
                                             .strip(), is_secure))
                        self.say("235 welcome")
                    elif word == "MAIL":
                        mail["from"] = line
                        self.say("250 ok")
                    elif word == "RCPT":
                        mail["to"].append(line)
                        self.say("250 ok")
                    elif word == "DATA":
                        self.say("354 go on")
                        mail["text"] = self.read_text()
                        outer.mails.append(dict(mail))
                        self.say("250 kept")
                    elif word == "QUIT":
                        self.say("221 bye")
                        return
                    else:
                        self.say("250 ok")

            def read_text(self):
                """Up to the single dot."""
                lines = []
                while (line := self.rfile.readline().decode()) != ".\r\n":
                    lines.append(line[1:] if line[0] == "." else line)
                return "".join(lines)

        class Server(socketserver.ThreadingTCPServer):
            """Quiet about clients that go."""
            daemon_threads = True
            allow_reuse_address = True

            def handle_error(self, request, client_address):
                """A client that trusts nobody is no trouble of ours."""

        self.server = Server(("127.0.0.1", 0), Handler)
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever,
                         daemon=True).start()

    def wait(self, n):
        """Until there are n mails, which are returned."""
        wait_for(f"{n} mails", lambda: len(self.mails) >= n)
        return self.mails

    def close(self):
        """For good."""
        self.server.shutdown()
        self.server.server_close()


def nobody():
    """A port where nobody will listen, held as long as the socket is."""
    held = socket.socket()
    held.bind(("127.0.0.1", 0))
    return held, held.getsockname()[1]
