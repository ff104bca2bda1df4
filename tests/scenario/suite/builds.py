"""builds.py - the releases of the application, good and bad.

Each is what a team might really have shipped; app.py asks a build at the few
places where they differ.
"""
import struct

SCHEMA = 6  # of all but v2-migration
MANIFEST = ("SECRET_KEY", "PAYMENTS_URL")  # what every build says it needs


class Build:
    """What is common: nothing wrong."""
    schema = SCHEMA
    manifest = MANIFEST
    items = "select id, name, price, note from items order by id limit 40"
    leaks_session = False
    leaks_bytes = 0  # of memory, per request
    per_row = False  # a query for each row
    database_host = None  # instead of the one it is given

    def start(self, environment):
        """Before it listens."""

    def order(self, environment, now):
        """Before an order is written; now is the application's clock."""

    def answer(self, route, status, body):
        """The last word on an answer: (status, type, bytes), or None."""


class V1(Build):
    """The release of September, with two defects that nobody met yet."""

    def order(self, environment, now):
        if environment.get("FLAG_NEW_CHECKOUT") == "1":
            basket = {"items": [], "total": 0}
            basket["discount"]["percent"]  # pylint: disable=W0104
        struct.pack(">i", int(now))  # for the invoice; until 2038-01-19


class Crash(Build):
    """Ends while it starts."""

    def start(self, environment):
        settings = None
        settings.update(environment)


class Sql(Build):
    """A column is misspelt."""
    items = "select id, nmae, price, note from items order by id limit 40"


class Migration(Build):
    """Was to be released after a migration."""
    schema = 7
    items = ("select id, name, price, note, currency from items order by id "
             "limit 40")


class Leak(Build):
    """A session of its own for each request, and never closed."""
    leaks_session = True


class Memory(Build):
    """Keeps what it was asked."""
    leaks_bytes = 400 * 1024


class PerRow(Build):
    """One query per row."""
    per_row = True


class Hardcode(Build):
    """A developer's address was left in."""
    database_host = "10.77.9.9"


class Soft(Build):
    """An error page with status 200."""

    def answer(self, route, status, body):
        if route != "order":
            return None
        return 200, "text/html", (
            b"<!doctype html><title>Oops</title><p>Something went wrong. "
            b"Please try again later.")


class NeedsKey(Build):
    """Pays with a key of its own, and says so in its manifest."""
    manifest = MANIFEST + ("PAYMENTS_API_KEY",)

    def order(self, environment, now):
        environment["PAYMENTS_API_KEY"]  # pylint: disable=W0104


class Ambiguous(Build):
    """Fails without a word."""

    def answer(self, route, status, body):
        if route in ("page", "healthz", "readyz", "version"):
            return None
        return 500, "text/plain", b""


BUILDS = {
    "v1": V1, "v2-ok": Build, "v2-crash": Crash, "v2-sql": Sql,
    "v2-migration": Migration, "v2-leak": Leak, "v2-mem": Memory,
    "v2-nplus1": PerRow, "v2-hardcode": Hardcode, "v2-soft200": Soft,
    "v2-needs-key": NeedsKey, "v2-ambiguous": Ambiguous,
}
