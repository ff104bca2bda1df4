#!/usr/bin/python3
"""backend.py PORT BUILD - the small web service that the demonstration watches.

It takes its database from POSTGRES_HOST, _PORT, _DB, _USER and _PASSWORD, as
services do, needs SECRET_KEY, and asks the database for every request:

    GET /readyz    200 {"status": "ready", "build": ...}, or 503 with a reason
    GET /version   200 {"build": ...}
"""
import http.server
import json
import os
import signal
import sys

import psycopg2

NEEDED = ("POSTGRES_HOST", "POSTGRES_PORT", "POSTGRES_DB", "POSTGRES_USER",
          "POSTGRES_PASSWORD", "SECRET_KEY")


def ask_database():
    """Raises when the database does not answer."""
    connection = psycopg2.connect(
        host=os.environ["POSTGRES_HOST"], port=os.environ["POSTGRES_PORT"],
        dbname=os.environ["POSTGRES_DB"], user=os.environ["POSTGRES_USER"],
        password=os.environ["POSTGRES_PASSWORD"], connect_timeout=3)
    try:
        with connection.cursor() as cursor:
            cursor.execute("select count(*) from item")
            return cursor.fetchone()[0]
    finally:
        connection.close()


def readiness():
    """Returns the status code and what to say."""
    if any(name not in os.environ for name in NEEDED):
        return 503, {"status": "not ready", "why": "database not initialised"}
    try:
        return 200, {"status": "ready", "items": ask_database()}
    except psycopg2.Error:
        return 503, {"status": "not ready", "why": "database not initialised"}


class Handler(http.server.BaseHTTPRequestHandler):
    """Answers the two paths; anything else is 404."""

    def do_GET(self):  # pylint: disable=invalid-name
        """The only method."""
        if self.path == "/readyz":
            status, body = readiness()
        elif self.path == "/version":
            status, body = 200, {}
        else:
            status, body = 404, {"why": "no such page"}
        body["build"] = sys.argv[2]
        payload = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(payload)))
        self.end_headers()
        self.wfile.write(payload)

    def log_message(self, *_args):
        """Quiet: the demonstration has its own story to tell."""


def main():
    """Serves until it is told to stop."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    address = ("127.0.0.1", int(sys.argv[1]))
    http.server.ThreadingHTTPServer(address, Handler).serve_forever()


if __name__ == "__main__":
    main()
