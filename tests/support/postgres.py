"""postgres.py - a PostgreSQL of a test's own, and one that is none."""
import contextlib
import os
import pathlib
import pwd
import shutil
import struct
import subprocess
import tempfile

from support.probing import closed_port, until_listening

BIN = pathlib.Path("/usr/lib/postgresql/15/bin")


def as_postgres(folder):
    """PostgreSQL refuses to run as root: whom to be instead."""
    if os.geteuid() != 0:
        return []
    user = pwd.getpwnam("postgres")
    for path in [folder, *folder.iterdir()]:
        os.chown(path, user.pw_uid, user.pw_gid)
    return ["setpriv", "--reuid=postgres", "--regid=postgres",
            "--clear-groups"]


class Postgres:
    """A running cluster; its superuser comes by the socket."""

    def __init__(self, folder, port):
        self.folder = folder
        self.port = port

    def sql(self, script, database="postgres"):
        """Runs a script as superuser; returns what it prints."""
        return subprocess.run(
            [BIN / "psql", "-qAt", "-X", "-v", "ON_ERROR_STOP=1", "-h",
             self.folder, "-p", str(self.port), "-U", "postgres", database],
            input=script, text=True, check=True, capture_output=True).stdout

    @contextlib.contextmanager
    def session(self, user, application, password=None):
        """A session that is connected; without a password by the socket."""
        host = self.folder if password is None else "127.0.0.1"
        environment = os.environ | {"PGAPPNAME": application,
                                    "PGPASSWORD": password or ""}
        with subprocess.Popen(
                [BIN / "psql", "-qAt", "-X", "-h", host, "-p",
                 str(self.port), "-U", user, "app"], env=environment,
                stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL, text=True) as program:
            session = Session(program)
            session.run("select 1;")
            try:
                yield session
            finally:
                program.kill()

    def wait_for_lock(self):
        """Until somebody waits for one."""
        self.sql("do $$ begin for i in 1..600 loop if exists (select from "
                 "pg_stat_activity where wait_event_type = 'Lock') then "
                 "return; end if; perform pg_sleep(0.1); perform "
                 "pg_stat_clear_snapshot(); end loop; raise 'nobody waits'; "
                 "end $$")


class Session:
    """psql that goes on."""

    def __init__(self, program):
        self.program = program

    def begin(self, script):
        """Runs it, and does not wait for its end."""
        self.program.stdin.write(f"{script}\n")
        self.program.stdin.flush()

    def run(self, script):
        """Runs it to its end."""
        self.begin(f"{script}\n\\echo done")
        for line in self.program.stdout:
            if line.strip() == "done":
                return
        raise AssertionError(f"psql has ended: {script}")


@contextlib.contextmanager
def postgres(hba, settings=""):
    """A cluster with TLS that trusts postgres on its socket, and others as
    the lines of hba say."""
    folder = pathlib.Path(tempfile.mkdtemp(prefix="vedette-"))
    folder.chmod(0o755)
    port = closed_port()
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
         "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj",
         "/CN=db.test", "-addext", "subjectAltName=DNS:db.test", "-keyout",
         folder / "key.pem", "-out", folder / "cert.pem"],
        check=True, capture_output=True)
    prefix = as_postgres(folder)
    data = folder / "data"
    try:
        subprocess.run(
            [*prefix, BIN / "initdb", "-D", data, "-U", "postgres", "-A",
             "trust", "--no-sync", "-E", "UTF8", "--locale=C"],
            check=True, capture_output=True, cwd=folder)
        (data / "pg_hba.conf").write_text(f"local all postgres trust\n{hba}")
        with open(data / "postgresql.conf", "a", encoding="ascii") as conf:
            conf.write(f"port={port}\nunix_socket_directories='{folder}'\n"
                       "listen_addresses='127.0.0.1'\nfsync=off\nssl=on\n"
                       f"ssl_cert_file='{folder}/cert.pem'\n"
                       f"ssl_key_file='{folder}/key.pem'\n{settings}")
        with subprocess.Popen([*prefix, BIN / "postgres", "-D", data],
                              cwd=folder, stderr=subprocess.DEVNULL,
                              stdout=subprocess.DEVNULL) as server:
            try:
                until_listening(port, server)
                until_ready(folder, port)
                yield Postgres(folder, port)
            finally:
                server.terminate()
    finally:
        shutil.rmtree(folder)


def until_ready(folder, port):
    """Returns when it takes queries."""
    subprocess.run(["timeout", "60", "sh", "-c",
                    f"until {BIN}/pg_isready -q -h {folder} -p {port}; do "
                    ":; done"], check=True)


def message(kind, body):
    """A message of the protocol."""
    return kind + struct.pack(">I", len(body) + 4) + body


READY = (message(b"R", struct.pack(">I", 0)) + message(b"Z", b"I"))


def receive_startup(connection):
    """Takes the requests up to the start-up message, without TLS."""
    while True:
        size = int.from_bytes(connection.recv(4), "big")
        body = connection.recv(max(size, 4) - 4)
        if body[:4] != struct.pack(">I", 80877103):
            return  # or the other side has left
        connection.sendall(b"N")


def error(state, text):
    """An ErrorResponse."""
    return message(b"E", b"SFATAL\0VFATAL\0C" + state + b"\0M" + text +
                   b"\0\0")
