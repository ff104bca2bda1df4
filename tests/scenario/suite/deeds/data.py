"""data.py - PostgreSQL: its process, sessions, statements, files, volume."""
import os
import pathlib
import re
import signal
import subprocess

from stage import POSTGRES

from suite.deeds.frame import Frame, Undone

INODES = 100_000
BEGINS_S = 30  # until a session stands
PSQL = ("(printf '%s;\\n' \"$1\"; exec sleep 100000) | "
        f"exec {POSTGRES}/psql -qAtX -v ON_ERROR_STOP=1")
SUPERUSER = (None, "postgres", "superuser")  # as a text names it, or nobody
FULL = "too many clients|remaining connection slots|too many connections"
# Rows of our own kind, for a statement that only says how many.
ROWS = {
    "items": "INSERT INTO items SELECT m + i, 'item ' || i, 100, "
             "repeat('good for many things; ', 4) FROM generate_series(1, {n}) "
             "i, (SELECT coalesce(max(id), 0) m FROM items) t",
    "orders": "INSERT INTO orders (item_id, quantity, customer) SELECT 1, 1, "
              "'demo' FROM generate_series(1, {n})",
}


class Data(Frame):
    """What is done to a database."""

    def database(self, env):
        """Of an environment."""
        return self.world.env(env).database

    # --- its process ---------------------------------------------------------

    def do_stop_database(self, env, mode):
        """pg_ctl stop, or worse"""
        database = self.database(env)
        if mode == "kill":
            os.kill(database.postmaster_pid(), signal.SIGKILL)
        else:
            database.stop(mode)

    def do_start_database(self, env, **_):
        """pg_ctl start"""
        self.database(env).start()

    def do_restart_database(self, env, **_):
        """pg_ctl restart"""
        self.database(env).restart()

    def do_reload_database(self, env, **_):
        """pg_ctl reload"""
        self.database(env).sql("SELECT pg_reload_conf()")

    def do_promote_database(self, env, **_):
        """pg_ctl promote: there is no standby here"""
        raise Undone(f"the database of {env} is no standby")

    def do_pause(self, env):
        """SIGSTOP"""
        self.database(env).pause()

    def do_resume(self, env):
        """SIGCONT"""
        self.database(env).resume()

    def do_kill_backend(self, env):
        """a session's process dies, and the server starts all anew"""
        found = self.database(env).sql(
            "SELECT pid FROM pg_stat_activity WHERE backend_type = "
            "'client backend' AND pid <> pg_backend_pid() "
            "ORDER BY usename = 'app' DESC LIMIT 1").strip()
        if not found:
            raise Undone(f"nobody is connected to the database of {env}")
        os.kill(int(found), signal.SIGKILL)

    # --- statements and sessions ---------------------------------------------

    def as_role(self, database, role, sql):
        """The statements by a role; "app" of a scenario is the application's.
        One that is not there yet is somebody who may do everything."""
        if role in SUPERUSER:
            return sql
        self.make_role(database, role)
        return f"SET ROLE {role}; {sql}"

    @staticmethod
    def make_role(database, role):
        """Unless it is there."""
        if not database.sql("SELECT 1 FROM pg_roles WHERE rolname = "
                            f"'{role}'").strip():
            database.sql(f"CREATE ROLE {role} SUPERUSER LOGIN PASSWORD "
                         f"'{database.password_of(role)}'")

    def login(self, env, role, application):
        """What libpq needs of the environment to be somebody."""
        database = self.database(env)
        who = {"PGPORT": str(database.port), "PGDATABASE": database.name,
               "PGAPPNAME": application}
        if role in SUPERUSER:
            return who | {"PGUSER": "postgres", "PGHOST": str(database.socket)}
        self.make_role(database, role)
        return who | {"PGUSER": role, "PGPASSWORD": database.password_of(role),
                      "PGHOST": self.address(f"{env}-db")}

    def do_sql(self, env, sql, role, application=None):
        """a statement, each of several in a transaction of its own"""
        database = self.database(env)
        named = f"SET application_name = '{application}'; " \
            if application else ""
        text = named + self.as_role(database, role, self.filled(
            self.completed(sql)))
        database.sql(re.sub(r";\s*(?=(?:[^']*'[^']*')*[^']*$)", ";\n", text),
                     database.name)

    @staticmethod
    def completed(sql):
        """A statement that only says how many rows gets those of ours."""
        found = re.match(r"INSERT INTO (items|orders)\b[^;]*generate_series\("
                         r"1, ?(\d+)\)[^;]*$", sql, re.I)
        elided = found and ("..." in sql or re.search(
            r"SELECT \*? ?(?:FROM )?generate_series", sql, re.I))
        return ROWS[found[1].lower()].format(n=found[2]) if elided else sql

    def do_session(self, env, sql, role, application="psql", count=1):
        """statements whose sessions stay"""
        database = self.database(env)
        sql = self.filled(sql)
        environment = dict(os.environ) | self.login(env, role, application)
        label = f"session-{env}-{next(self.numbers)}"
        for _ in range(count):
            self.hold(f"session {env}", self.world.ns(f"{env}-db").popen(
                ["sh", "-c", PSQL, "sh", sql], name=label,
                environment=environment))
        self.world.wait("the session", lambda: self.has_begun(
            database, label, application, count), BEGINS_S)

    def has_begun(self, database, label, application, count):
        """Do the sessions stand?  A statement that is refused is Undone."""
        log = self.world.stage.log(label)
        if re.search(FULL, log):
            return True
        trouble = re.search("(?:ERROR|FATAL): .*", log)
        if trouble:
            raise Undone(f"session: {trouble[0]}")
        return int(database.sql(
            "SELECT count(*) FROM pg_stat_activity WHERE application_name = "
            f"'{application}' AND pid <> pg_backend_pid() AND query <> ''"
        )) >= count

    def do_session_end(self, env="stg", **_):
        """they end"""
        self.database(env).release()
        self.let_go(f"session {env}")

    def do_connections(self, env, role, count, application):
        """connections until there are no more, or so many"""
        database = self.database(env)
        if count is None:
            if role:
                self.make_role(database, role)
            database.exhaust(role=role or "batch", application=application)
        else:
            self.do_session(env, "SELECT 1", role, application, count)

    # --- its files -----------------------------------------------------------

    def do_pg_setting(self, env, name, value):
        """a line of postgresql.conf, and what makes it hold"""
        database = self.database(env)
        database.sql(f"ALTER SYSTEM SET {name} = '{value}'")
        database.sql("SELECT pg_reload_conf()")
        pending = database.sql(
            "SELECT pending_restart FROM pg_settings WHERE name = "
            f"'{name}'").strip()
        if pending == "t":
            database.restart()

    def do_pg_hba(self, env, line):
        """a line that comes first"""
        database = self.database(env)
        path = pathlib.Path(database.data) / "pg_hba.conf"
        text = path.read_text(encoding="utf-8")
        self.kept.setdefault(path, text.encode())
        path.write_text(self.filled(line) + "\n" + text, encoding="utf-8")
        database.sql("SELECT pg_reload_conf()")

    def do_pg_hba_end(self, env, **_):
        """as it was"""
        database = self.database(env)
        path = pathlib.Path(database.data) / "pg_hba.conf"
        path.write_bytes(self.kept.pop(path))
        database.sql("SELECT pg_reload_conf()")

    def do_schema(self, env, version, down):
        """migrations by number"""
        self.database(env).migrate(int(version) - bool(down))

    # --- its machine ---------------------------------------------------------

    def do_busy(self, env, place, count):
        """processes that burn the processor"""
        for _ in range(count):
            self.hold(f"busy {env}-{place}", self.world.ns(
                f"{env}-{place}").popen(
                    ["sh", "-c", "while :; do :; done"], name="busy"))

    def do_busy_end(self, env, place, **_):
        """and no more"""
        self.let_go(f"busy {env}-{place}")

    def volume(self, what, env):
        """Who has it."""
        return self.world.collector if what == "collector" else \
            self.database(env) if what == "database" else self.world.env(env)

    def do_fill(self, what, env, percent=100, inodes=False):
        """a volume, wholly or so far"""
        if inodes:
            limit_inodes(self.volume(what, env).volume)
        else:
            self.volume(what, env).fill_disk(percent)

    def do_free(self, what, env, inodes=False, **_):
        """and empty again"""
        if inodes:
            limit_inodes(self.volume(what, env).volume, INODES)
        else:
            self.volume(what, env).free_disk()


def limit_inodes(folder, more=0):
    """So many files can be made on a volume, beside those it has."""
    about = os.statvfs(folder)
    count = about.f_files - about.f_ffree + more
    subprocess.run(["mount", "-o", f"remount,nr_inodes={count}", folder],
                   check=True)
