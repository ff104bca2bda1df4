#!/usr/bin/python3
"""app.py OPTIONS - a shop.

The small application whose outages are diagnosed: it logs people in, shows
items, takes orders that it has paid for by the payments service, keeps all in
PostgreSQL, receipts in --receipts FILE and exports in the folder --exports.
It is given POSTGRES_HOST, _PORT, _DB, _USER, _PASSWORD or DATABASE_URL,
SECRET_KEY, PAYMENTS_URL, SSL_CERT_FILE, FLAG_...; its four settings are in
--config FILE.  With SECRET_API (trusted by SECRET_API_CA) and
POSTGRES_PASSWORD_SECRET it reads that secret at its start and does not start
without.  SSL_CERT_FILE is OpenSSL's own variable: a file that is not there
means that nobody is trusted, which shows when somebody is asked.  Limits of
time are divided by --pace; its clock is
ahead by the seconds in --clock FILE.
"""
import argparse
import base64
import hashlib
import hmac
import http.server
import json
import logging
import os
import pathlib
import secrets
import signal
import ssl
import sys
import threading
import time
import urllib.error
import urllib.parse
import urllib.request

import psycopg2
from builds import BUILDS
from pool import Pool, PoolTimeout

HERE = pathlib.Path(__file__).resolve().parent
PARTS = ("POSTGRES_HOST", "POSTGRES_PORT", "POSTGRES_DB", "POSTGRES_USER")
CONNECTION_AGE_S = 10
INVOICE_BYTES = 700
READY_S, PAYMENTS_S, STATEMENT_S = 2, 2, 30
WORK_S = {"login": 0.1, "items": 0.3, "orders": 0.1, "order": 0.05}
ROW_S = 0.015  # of a query for one row
CACHE_BYTES = 32 * 1024 * 1024  # the catalogue, once it is warm
WARM_S = 3
TOKEN_S = 3600
SETTINGS = ("initialization_timeout", "connection_timeout", "pool_timeout",
            "pool_size")


class NotConfigured(Exception):
    """Something that it needs was not given to it."""


class Denied(Exception):
    """Who asks is not logged in."""


class PaymentFailed(Exception):
    """The payments service did not do its part."""


def read_settings(path):
    """{name: text}, as written."""
    pairs = (line.split("=", 1) for line in path.read_text().split("\n")
             if "=" in line and not line.startswith("#"))
    found = {name.strip(): value.strip() for name, value in pairs}
    return {name: found[name] for name in SETTINGS}


def fetch_secret(context):
    """The password that the cloud keeps; raises when it is refused."""
    token = json.load(urllib.request.urlopen(urllib.request.Request(
        os.environ["METADATA_URL"] + "/computeMetadata/v1/instance/"
        "service-accounts/default/token",
        headers={"Metadata-Flavor": "Google"}), timeout=5))["access_token"]
    name = os.environ["POSTGRES_PASSWORD_SECRET"]
    try:
        answer = json.load(urllib.request.urlopen(urllib.request.Request(
            f"{os.environ['SECRET_API']}/v1/{name}:access",
            headers={"Authorization": f"Bearer {token}"}), timeout=5,
            context=context))
    except urllib.error.HTTPError as refused:
        word = json.load(refused)["error"]["status"]
        raise RuntimeError(f"{refused.code} {word}: secretmanager access of "
                           f"{name}") from refused
    return base64.b64decode(answer["payload"]["data"]).decode()


def own_transactions(connection):
    """The connection begins none by itself: each costs a way there and
    back."""
    connection.autocommit = True
    return connection


class App:
    """The application of one build."""

    def __init__(self, options):
        self.options = options
        self.build = BUILDS[options.build]()
        self.pace = options.pace
        self.settings = read_settings(options.config)
        self.environment = os.environ
        self.context = None
        self.password = None
        self.cache = None
        self.kept = []  # of the builds that leak
        self.checking = None
        self.fingerprint = hashlib.sha256(
            (HERE / "app.py").read_bytes() +
            (HERE / "builds.py").read_bytes() +
            options.build.encode()).hexdigest()[:16]
        self.pool = Pool(int(self.settings["pool_size"]),
                         self.limit("pool_timeout"),
                         CONNECTION_AGE_S / self.pace, self.connect)

    def limit(self, name):
        """A setting in seconds of our time."""
        return float(self.settings[name]) / self.pace

    def now(self):
        """Seconds since 1970 by its clock."""
        ahead = self.options.clock
        return time.time() + (float(ahead.read_text()) if ahead else 0)

    # --- what it stands on ---------------------------------------------------

    def start(self):
        """What has to work before anything is served."""
        self.context = ssl.create_default_context()
        if "POSTGRES_PASSWORD_SECRET" in self.environment:
            self.password = fetch_secret(ssl.create_default_context(
                cafile=self.environment.get("SECRET_API_CA")))
        self.build.start(self.environment)
        threading.Thread(target=self.initialise, daemon=True).start()

    def initialise(self):
        """Reaches the database once, and warms the catalogue."""
        deadline = time.monotonic() + self.limit("initialization_timeout")
        pause = threading.Event()
        while True:
            try:
                self.ask("select count(*) from items")
                logging.info("database initialised")
                break
            except (psycopg2.Error, PoolTimeout, NotConfigured) as trouble:
                logging.error("database initialisation: %s",
                              str(trouble).strip())
            if time.monotonic() > deadline:
                logging.critical(
                    "database initialisation timed out after %s s",
                    self.settings["initialization_timeout"])
                return
            pause.wait(5 / self.pace)
        pause.wait(WARM_S / self.pace)
        self.cache = secrets.token_bytes(1024) * (CACHE_BYTES // 1024)

    def connect(self):
        """A session on what it was given."""
        given = self.environment
        more = {
            "connect_timeout": max(2, round(self.limit(
                "connection_timeout"))),
            "tcp_user_timeout": round(1000 * self.limit(
                "connection_timeout")),
            "application_name": f"backend-{self.options.replica}",
            "options": f"-c statement_timeout="
                       f"{round(1000 * STATEMENT_S / self.pace)}"}
        if "DATABASE_URL" in given:
            return own_transactions(psycopg2.connect(
                given["DATABASE_URL"], **more))
        missing = [name for name in PARTS if name not in given]
        if missing:
            raise NotConfigured("database not initialised")
        return own_transactions(psycopg2.connect(
            host=self.build.database_host or given["POSTGRES_HOST"],
            port=given["POSTGRES_PORT"], dbname=given["POSTGRES_DB"],
            user=given["POSTGRES_USER"],
            password=given.get("POSTGRES_PASSWORD", self.password), **more))

    def ask(self, query, *values):
        """Rows of one query in a transaction of its own."""
        with Session(self) as session:
            return session.rows(query, *values)

    # --- answers -------------------------------------------------------------

    def token(self, user):
        """Proof that somebody has logged in."""
        key = self.environment.get("SECRET_KEY")
        if not key:
            raise NotConfigured("SECRET_KEY is not set")
        claims = base64.urlsafe_b64encode(json.dumps({
            "user": user, "at": self.now(),
            "id": secrets.token_hex(8)}).encode()).decode()
        return claims + "." + self.sign(key, claims)

    @staticmethod
    def sign(key, claims):
        """HMAC of the claims."""
        return hmac.new(key.encode(), claims.encode(),
                        hashlib.sha256).hexdigest()

    def user_of(self, headers):
        """Who asks; raises Denied."""
        claims, _, signature = headers.get("Authorization", "").removeprefix(
            "Bearer ").partition(".")
        key = self.environment.get("SECRET_KEY", "")
        if not hmac.compare_digest(self.sign(key, claims), signature):
            raise Denied("invalid token: signature verification failed")
        told = json.loads(base64.urlsafe_b64decode(claims))
        if not 0 <= self.now() - told["at"] + 60 < TOKEN_S:
            raise Denied("token has expired")
        return told["user"]

    def login(self, _headers, body):
        """POST /api/login"""
        wanted = json.loads(body)
        with Session(self) as session:
            rows = session.rows(session.work("login") + "select salt, hash "
                                "from users where name = %s", wanted["user"])
        given = wanted["password"].encode()
        if not rows or hashlib.pbkdf2_hmac(
                "sha256", given, rows[0][0].encode(), 1000).hex() != \
                rows[0][1]:
            raise Denied("wrong name or password")
        return {"token": self.token(wanted["user"])}

    def items(self, headers, _body):
        """GET /api/items"""
        self.user_of(headers)
        with Session(self) as session:
            rows = session.rows(session.work("items") + self.build.items)
            if self.build.per_row:
                for row in rows:
                    session.rows("select price, pg_sleep(%s) from items where "
                                 "id = %s", ROW_S / self.pace, row[0])
        return {"items": [{"id": row[0], "name": row[1], "price": row[2],
                           "note": row[3]} for row in rows]}

    def charge(self, order):
        """Asks the payments service."""
        url = self.environment.get("PAYMENTS_URL")
        if not url:
            raise NotConfigured("PAYMENTS_URL is not set")
        try:
            return json.load(urllib.request.urlopen(urllib.request.Request(
                f"{url}/charge", data=json.dumps(order).encode()),
                timeout=PAYMENTS_S / self.pace, context=self.context))["id"]
        except (OSError, ValueError) as trouble:
            host = urllib.parse.urlsplit(url).netloc
            raise PaymentFailed(f"payments {host}: {trouble}") from trouble

    def orders(self, headers, body):
        """POST /api/orders"""
        user, wanted = self.user_of(headers), json.loads(body)
        self.build.order(self.environment, self.now())
        with Session(self) as session:
            invoice = secrets.token_hex(INVOICE_BYTES)
            row = session.rows(
                "begin; " + session.work("orders") + "insert into orders "
                "(item_id, quantity, customer, invoice) values "
                "(%s, %s, %s, %s) returning id", wanted["item"],
                wanted["quantity"], user, invoice)[0]
            charge = self.charge({"order": row[0], "user": user})
            session.run("update orders set charge = %s where id = %s; commit",
                        charge, row[0])
        with open(self.options.receipts, "a", encoding="utf-8") as receipts:
            receipts.write(f"{row[0]} {charge} {invoice}\n")
        return {"id": row[0], "item": wanted["item"],
                "quantity": wanted["quantity"]}

    def order(self, headers, _body, number):
        """GET /api/orders/NUMBER"""
        user = self.user_of(headers)
        with Session(self) as session:
            rows = session.rows(
                session.work("order") + "select id, item_id, quantity, charge "
                "from orders where id = %s and customer = %s", number, user)
        if not rows:
            raise LookupError(f"no order {number}")
        return dict(zip(("id", "item", "quantity", "charge"), rows[0]))

    def export(self, headers, _body):
        """GET /api/export: rows of some size."""
        self.user_of(headers)
        rows = self.ask("select id, name, repeat(note, 50) from items "
                        "order by id")
        if self.options.exports:
            # What was exported last is kept for who fetches it later.
            with open(self.options.exports / "items.csv", "w",
                      encoding="utf-8") as file:
                file.writelines(f"{row[0]},{row[1]}\n" for row in rows)
        return {"rows": rows}

    def page(self, _headers, _body):
        """GET /"""
        return {"shop": "open", "build": self.options.build}

    def healthz(self, _headers, _body):
        """GET /healthz: the process lives."""
        return {"status": "ok", "build": self.options.build}

    def version(self, _headers, _body):
        """GET /version: what runs, and with which settings."""
        return {"service": "backend", "build": self.options.build,
                "fingerprint": self.fingerprint,
                "replica": self.options.replica,
                "requires": list(self.build.manifest),
                "settings": {name: float(value) for name, value in
                             self.settings.items()}}

    def check(self, found):
        """Puts into found what keeps it from serving."""
        try:
            for name in ("SECRET_KEY", "PAYMENTS_URL"):
                if not self.environment.get(name):
                    raise NotConfigured(f"{name} is not set")
            version = self.ask("select max(version) from "
                               "schema_migrations")[0][0]
            if version < self.build.schema:
                raise NotConfigured(
                    f"migration {self.build.schema:04} is missing: the "
                    f"database is at {version:04}")
            found.append("")
        except (psycopg2.Error, PoolTimeout, NotConfigured) as trouble:
            found.append(str(trouble).strip())

    def readyz(self, _headers, _body):
        """GET /readyz: 503 while it cannot serve; answers in time."""
        running = self.checking
        if running is None or not running[0].is_alive():
            found = []
            thread = threading.Thread(target=self.check, args=(found,),
                                      daemon=True)
            running = self.checking = (thread, found)
            thread.start()
        running[0].join(READY_S / self.pace)
        why = running[1][0] if running[1] else \
            f"database: no answer within {READY_S} s"
        if why:
            return 503, {"status": "not ready", "why": why,
                         "build": self.options.build}
        return {"status": "ready", "build": self.options.build}

    # --- requests ------------------------------------------------------------

    def route(self, method, path):
        """(name, function, more arguments), or None."""
        names = {
            ("GET", "/"): "page", ("GET", "/healthz"): "healthz",
            ("GET", "/readyz"): "readyz", ("GET", "/version"): "version",
            ("POST", "/api/login"): "login", ("GET", "/api/items"): "items",
            ("POST", "/api/orders"): "orders",
            ("GET", "/api/export"): "export"}
        name = names.get((method, path))
        if name is not None:
            return name, getattr(self, name), ()
        head, _, number = path.rpartition("/")
        if (method, head) == ("GET", "/api/orders") and number.isdigit():
            return "order", self.order, (int(number),)
        return None

    def serve(self, route, headers, body):
        """(status, JSON or text); logs what went wrong."""
        name, function, more = route
        try:
            found = function(headers, body, *more)
        except Denied as why:
            return 401, {"error": str(why)}
        except LookupError as why:
            if name == "order":
                return 404, {"error": str(why)}
            logging.exception("%s failed", name)
            return 500, {"error": "internal server error"}
        except PaymentFailed as why:
            logging.exception("%s failed", name)
            return 502, {"error": str(why)}
        except (NotConfigured, PoolTimeout, psycopg2.OperationalError) as why:
            logging.exception("%s failed", name)
            return 503, {"error": str(why).strip()}
        except psycopg2.Error as why:
            logging.exception("%s failed", name)
            return 500, {"error": f"{type(why).__name__}: "
                                  f"{str(why).strip()}"}
        except Exception:  # pylint: disable=broad-exception-caught
            logging.exception("%s failed", name)
            return 500, {"error": "internal server error"}
        return found if isinstance(found, tuple) else (200, found)

    def answer(self, method, path, headers, body):
        """(status, type, bytes)"""
        route = self.route(method, path)
        if route is None:
            return 404, "application/json", b'{"error": "no such page"}\n'
        if path.startswith("/api/") and self.build.leaks_bytes:
            self.kept.append(secrets.token_bytes(1024) *
                             (self.build.leaks_bytes // 1024))
        status, found = self.serve(route, headers, body)
        data = json.dumps(found).encode() + b"\n"
        return self.build.answer(route[0], status, data) or (
            status, "application/json", data)


class Session:
    """A connection for the time of a request, as frameworks do it."""

    def __init__(self, app):
        self.app = app
        self.connection = self.made = None

    def __enter__(self):
        if self.app.build.leaks_session:
            leaked = self.app.connect()
            leaked.cursor().execute("begin; select 1 from items limit 1")
            self.app.kept.append(leaked)
        self.connection, self.made = self.app.pool.take()
        return self

    def __exit__(self, *_):
        self.app.pool.give(self.connection, self.made)

    def run(self, query, *values):
        """Several statements are one message to the server and back."""
        with self.connection.cursor() as cursor:
            cursor.execute(query, values)

    def rows(self, query, *values):
        """What a query, or the last of several, returns."""
        with self.connection.cursor() as cursor:
            cursor.execute(query, values)
            return cursor.fetchall()

    def work(self, what):
        """A statement that stands for heavier queries: it takes time, and no
        processor."""
        return f"select pg_sleep({WORK_S[what] / self.app.pace:.4f}); "


class Handler(http.server.BaseHTTPRequestHandler):
    """One connection of a client."""
    protocol_version = "HTTP/1.1"
    app = None

    def reply(self):
        """Any request."""
        size = int(self.headers.get("Content-Length") or 0)
        path = urllib.parse.urlsplit(self.path).path
        status, kind, data = self.app.answer(
            self.command, path, self.headers, self.rfile.read(size))
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(data)))
        self.send_header("X-Replica", self.app.options.replica)
        self.end_headers()
        self.wfile.write(data)

    do_GET = do_POST = reply  # pylint: disable=invalid-name

    def log_message(self, *_args):
        """The proxy has a log of requests."""


class Server(http.server.ThreadingHTTPServer):
    """Many clients may wait; one that goes away is no news."""
    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, request, client_address):
        if not isinstance(sys.exc_info()[1], ConnectionError):
            logging.exception("connection of %s", client_address[0])


def main():
    """Serves until it is told to stop."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--build", required=True, choices=BUILDS)
    parser.add_argument("--replica", required=True)
    parser.add_argument("--port", required=True, type=int)
    parser.add_argument("--config", required=True, type=pathlib.Path)
    parser.add_argument("--clock", type=pathlib.Path)
    parser.add_argument("--exports", type=pathlib.Path)
    parser.add_argument("--receipts", required=True, type=pathlib.Path)
    parser.add_argument("--pace", default=1.0, type=float)
    logging.basicConfig(format="%(asctime)s %(levelname)s %(message)s",
                        level=logging.INFO, stream=sys.stderr)
    signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
    app = App(parser.parse_args())
    app.start()
    Handler.app = app
    with Server(("", app.options.port), Handler) as server:
        logging.info("build %s listens", app.options.build)
        server.serve_forever()


if __name__ == "__main__":
    main()
