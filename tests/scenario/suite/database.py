"""database.py - PostgreSQL of an environment, on a volume of fixed size."""
import os
import pathlib
import shutil
import signal
import subprocess

from stage import POSTGRES, Failure, as_postgres, wait_for

from .network import PLACES

HERE = pathlib.Path(__file__).resolve().parent
VOLUME_MIB = 320
PORT = 5432
BLIP_S = 3
USER = "app"  # of the application

SCHEMA = """\
create role {user} login password '{password}';
create role batch login password 'batch-only';
create role vedette_probe login password 'probe-only';
grant pg_monitor to vedette_probe;
-- May use the slots that are kept for superusers: it must still see when
-- nobody else gets in.
create role vedette_monitor login superuser password 'monitor-only';
create database {database} owner {user};
\\c {database}
set role {user};
create table schema_migrations (version int primary key);
insert into schema_migrations select generate_series(1, 6);
create table users (name text primary key, salt text, hash text);
insert into users values ('demo', 'salt', '{hash}');
create table items (id int primary key, name text, price int, note text);
insert into items select i, 'item ' || i, 100 * i,
    repeat('good for many things; ', 4) from generate_series(1, 300) i;
create table orders (id serial primary key, item_id int references items,
    quantity int, customer text, charge text, invoice text,
    created timestamptz default now());
grant select on items to vedette_probe, batch;
grant select on schema_migrations to vedette_probe;
"""

# number: (up, down)
MIGRATIONS = {
    7: ("alter table items add currency text default 'EUR'",
        "alter table items drop currency"),
    6: ("alter table orders add charge text",
        "alter table orders drop charge"),
}


def mount(folder, mebibytes):
    """A tmpfs of fixed size."""
    folder.mkdir(parents=True, exist_ok=True)
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={mebibytes}m",
                    "vedette", folder], check=True)


def fill_part(file, percent):
    """Until so much of the volume is taken."""
    volume = os.statvfs(file.parent)
    used = volume.f_blocks - volume.f_bfree
    blocks = volume.f_blocks * percent // 100 - used
    with open(file, "wb") as out:
        for _ in range(blocks):
            out.write(b"\0" * volume.f_bsize)


def fill(file, percent=100):
    """Until so much of the volume is taken, or it is full, a database's last
    page included."""
    if percent < 100:
        fill_part(file, percent)
        return
    with open(file, "wb", buffering=0) as out:
        for size in (1 << 20, 4096):
            try:
                while out.write(b"\0" * size) == size:
                    pass
            except OSError:
                pass


class Database:
    """PostgreSQL of a place: .data (PGDATA), .port, .name, .password."""

    def __init__(self, stage, place, name, password, template):
        self.stage = stage
        self.place = place
        self.label = place.place
        self.name = name
        self.password = password
        self.template = template  # of a cluster, made once for all
        self.port = PORT
        self.home = stage.directory / f"pg-{self.label}"
        self.socket = self.volume = self.home
        self.data = self.home / "data"
        self.server = None
        self.holders = []

    # --- making it -----------------------------------------------------------

    def prefix(self):
        """To be the server's user, at this place."""
        return (*self.place.prefix, *as_postgres(self.home))

    def make(self, password_hash):
        """Creates and starts it."""
        mount(self.home, VOLUME_MIB)
        as_postgres(self.home)
        make_template(self.stage, self.template)
        shutil.copytree(self.template / "data", self.data)
        subprocess.run(["chown", "-R", "postgres:", self.home], check=True)
        self.configure()
        self.start()
        self.sql(SCHEMA.format(user=USER, password=self.password,
                               database=self.name, hash=password_hash))

    def configure(self):
        """The files of the server as they are at the start."""
        (self.data / "pg_hba.conf").write_text(
            "local all postgres trust\n"
            "host all all 10.77.0.0/16 scram-sha-256\n"
            "host all all 127.0.0.1/32 scram-sha-256\n")
        (self.data / "postgresql.auto.conf").write_text(
            "listen_addresses = '*'\nmax_connections = 100\n"
            "superuser_reserved_connections = 3\n"
            f"unix_socket_directories = '{self.home}'\n"
            f"port = {self.port}\nshared_buffers = '16MB'\n"
            "min_wal_size = '32MB'\nmax_wal_size = '64MB'\n"
            "fsync = off\nlog_min_messages = warning\n"
            "logging_collector = off\n")

    # --- what is done to it --------------------------------------------------

    def start(self):
        """Until it accepts connections."""
        dies = ("setpriv", "--pdeathsig", "INT", *as_postgres(self.home)[1:])
        self.server = self.stage.start(
            f"postgres-{self.label}",
            [POSTGRES / "postgres", "-D", self.data],
            prefix=(*self.place.prefix, *dies))
        wait_for(f"PostgreSQL of {self.label}", self.is_up, self.server)

    def is_up(self):
        """Does it take sessions?"""
        return self.place.run(
            [POSTGRES / "pg_isready", "-q", "-h", self.home, "-p", self.port],
            check=False).returncode == 0

    def ctl(self, *arguments):
        """pg_ctl, as who may."""
        done = subprocess.run(
            [*self.prefix(), POSTGRES / "pg_ctl", "-D", self.data,
             *map(str, arguments)], capture_output=True, text=True,
            check=False, cwd=self.home, stdin=subprocess.DEVNULL)
        if done.returncode != 0:
            raise Failure(f"pg_ctl {arguments}: {done.stderr.strip()}")

    def stop(self, mode="fast"):
        """pg_ctl stop."""
        self.ctl("-m", mode, "-w", "stop")
        self.server.wait(30)

    def quit(self):
        """At once, whoever is connected; for the end of a world."""
        if self.is_running():
            self.server.send_signal(signal.SIGCONT)
            self.server.send_signal(signal.SIGQUIT)

    def restart(self, away_s=BLIP_S):
        """pg_ctl restart -m fast; away_s is how long it is gone."""
        self.stop()
        self.stage.pass_time(away_s)
        self.start()

    def reload(self):
        """Reads its files again."""
        self.ctl("reload")

    def postmaster_pid(self):
        """Its process id."""
        return int((self.data / "postmaster.pid").read_text().split()[0])

    def pause(self):
        """SIGSTOP of the postmaster."""
        os.kill(self.postmaster_pid(), signal.SIGSTOP)

    def resume(self):
        """SIGCONT."""
        os.kill(self.postmaster_pid(), signal.SIGCONT)

    def sql(self, text, database=None):
        """As superuser over the socket; returns what psql -qAt prints."""
        return self.stage.run(
            POSTGRES / "psql", "-qAt", "-v", "ON_ERROR_STOP=1", "-h",
            self.home, "-p", self.port, "-U", "postgres", "-d",
            database or "postgres", prefix=as_postgres(self.home), text=text)

    def migrate(self, version=7):
        """The schema to a version: 5, 6 (as at the start) or 7."""
        for number in sorted(MIGRATIONS):
            if number <= version:
                self.step(number, up=True)
        for number in sorted(MIGRATIONS, reverse=True):
            if number > version:
                self.step(number, up=False)

    def version(self):
        """Of the schema."""
        return int(self.sql("select max(version) from schema_migrations",
                            self.name))

    def step(self, number, up):
        """One migration, unless that was done already."""
        if (self.version() < number) != up:
            return
        note = f"insert into schema_migrations values ({number})" if up else \
            f"delete from schema_migrations where version = {number}"
        self.sql(f"set role {USER}; {MIGRATIONS[number][0 if up else 1]}; "
                 f"{note};", self.name)

    def password_of(self, role):
        """Of a role of ours, or of one that a scenario made."""
        return {USER: self.password, "vedette_probe": "probe-only",
                "vedette_monitor": "monitor-only"}.get(role, f"{role}-only")

    def exhaust(self, role="batch", application="batch-export"):
        """Opens connections until there are no more, and holds them; from
        the database's own host, as a batch job there."""
        password = self.password_of(role)
        name = f"hold-{self.label}-{len(self.holders)}"
        holder = self.place.popen(
            ["/usr/bin/python3", "-B", HERE / "hold.py",
             PLACES[self.label][0][0], self.port, self.name, role, password,
             application], name=name)
        self.holders.append(holder)
        wait_for("the connections", lambda: "held" in self.stage.log(name),
                 holder)

    def release(self):
        """Closes them."""
        for holder in self.holders:
            holder.kill()
            holder.wait()
        self.holders.clear()

    def fill_disk(self, percent=100):
        """Fills the volume of the data, wholly or so far."""
        fill(self.home / "filling", percent)

    def free_disk(self):
        """Takes the filling away."""
        (self.home / "filling").unlink(missing_ok=True)

    def is_running(self):
        """Has the server a process?"""
        return self.server is not None and self.server.poll() is None

    def restore(self):
        """Running, with nobody else's sessions, room, and its own files."""
        self.release()
        self.free_disk()
        if self.is_running():
            self.resume()
        self.configure()
        if not self.is_running():
            self.start()
        self.reload()
        self.migrate(6)


def make_template(stage, folder):
    """A cluster as initdb leaves it, to be copied."""
    if (folder / "data").exists():
        return
    folder.mkdir(mode=0o700)
    stage.run(POSTGRES / "initdb", "-D", folder / "data", "-U", "postgres",
              "-A", "trust", "--no-sync", "-E", "UTF8", "--locale=C",
              prefix=as_postgres(folder))
