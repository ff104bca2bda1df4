"""environment.py - staging or production: the application and what it has."""
import hashlib
import json
import os
import pathlib
import signal

from stage import Failure, wait_for

from .builds import BUILDS
from .cloud import API_PORT, METADATA_PORT, SECRET
from .database import USER, fill, mount
from .groups import MEMORY_BYTES, Group, MemoryGroup
from .network import OPS

HERE = pathlib.Path(__file__).resolve().parent
PORTS = {"a": 8001, "b": 8002}
RESTART_S = 2
START_S = 15  # until a replica answers, or is said not to
WAVE_S = 120  # of a load that swings
DEFECT_AT = 2147483648  # 2038-01-19, when the defect of v1 shows
DAY_S = 86400
VOLUME_MIB = 64
BUILD = "v1"

CONFIG = """\
# what the service allows itself; seconds, and connections
initialization_timeout=75.0
connection_timeout=35.0
pool_timeout=45.0
pool_size=20
"""

FILE = """\
POSTGRES_HOST={database_host}
POSTGRES_PORT=5432
POSTGRES_DB={database}
POSTGRES_USER={user}
POSTGRES_PASSWORD={password}
SECRET_KEY={secret_key}
PAYMENTS_URL=https://payments.test
SSL_CERT_FILE={authority}
FLAG_NEW_CHECKOUT=0
METADATA_URL=http://{ops}:{metadata}
SECRET_API=https://{ops}:{api}
SECRET_API_CA={authority}
POSTGRES_PASSWORD_SECRET=projects/shop-{environment}/secrets/{secret}\
/versions/latest
"""


class Replica:
    """One process of the application, and who restarts it."""

    def __init__(self, env, name):
        self.env = env
        self.name = name
        self.port = PORTS[name]
        self.pid_file = env.folder / f"app-{name}.pid"
        self.log = env.folder / f"app-{name}.log"
        self.unit = env.folder / f"app-{name}.json"
        self.program = None
        self.build = BUILD
        self.confine = []  # before the command, as the environment's
        self.extra = {}  # variables beside the environment's file

    def write(self, overrides):
        """What the service manager goes by."""
        world = self.env.world
        # When memory is short, the service gives way and its sentry stays.
        command = ["choom", "-n", "500", "--", "/usr/bin/python3", "-B",
                   str(HERE / "app.py"), "--build", self.build, "--replica",
                   self.name, "--port", str(self.port), "--config",
                   str(self.env.app_conf), "--clock", str(self.env.clock),
                   "--receipts", str(self.env.folder / "receipts.log"),
                   "--exports", str(self.env.folder / "export"),
                   "--pace", str(world.pace)]
        self.unit.write_text(json.dumps({
            "command": self.env.confine + self.confine + command,
            "environment": self.extra | (overrides or {}),
            "environment_file": str(self.env.env_file),
            "pid_file": str(self.pid_file), "log": str(self.log),
            "restart_s": RESTART_S / world.pace}))

    def start(self, overrides=None):
        """Returns when it listens, or ended by itself."""
        self.write(overrides)
        label = f"supervise-{self.env.key}-{self.name}"
        ended = self.env.stage.log(label).count("exit code")
        self.program = self.env.stage.start(
            label, ["/usr/bin/python3", "-B", HERE / "supervise.py",
                    self.unit], prefix=self.env.inside())
        wait_for(f"replica {self.name} of {self.env.key}", lambda:
                 self.listens() or self.env.stage.log(label).count(
                     "exit code") > ended, self.program, START_S)

    def listens(self):
        """Does it take connections?"""
        return f":{self.port} " in self.env.place.run(
            "ss -Hltn", check=False).stdout

    def stop(self):
        """For good."""
        if self.program is not None and self.program.poll() is None:
            self.program.terminate()
            self.program.wait(30)
        self.pid_file.unlink(missing_ok=True)

    def pid(self):
        """Of the process at the moment."""
        return int(self.pid_file.read_text())


class Environment:
    """stg or prd: .folder (${STG}), .env_file, .app_conf, .hosts (files),
    .environment ("staging"), .database, .dns, .nginx, .agent."""
    database_name = "app"

    def __init__(self, world, key, environment, domain):
        self.world = world
        self.stage = world.stage
        self.key = key
        self.environment = environment
        self.place = world.ns(f"{key}-app")
        self.domain = domain
        self.folder = self.volume = world.folder / key
        self.env_file = self.folder / (
            "staging.env" if key == "stg" else "prod.env")
        self.app_conf = self.folder / "app.conf"
        self.hosts = self.folder / "hosts"
        self.clock = self.folder / "clock"
        self.release = self.folder / "release.yaml"
        self.password = f"pw-{environment}-4711"
        self.group = MemoryGroup(f"{world.prefix}{key}-app")
        self.confine = []  # before the command, where there are no groups
        self.limits = {}  # (controller, place): Group
        self.database = self.dns = self.nginx = self.agent = None
        self.loads = []
        self.replicas = {}

    @property
    def front_name(self):
        """As users call it."""
        return f"app.{self.domain}"

    def make(self):
        """Files, and the control group."""
        mount(self.folder, VOLUME_MIB)
        self.clock_ahead(0)
        (self.folder / "export").mkdir()
        self.write_files()
        if "cgroup-memory" in self.world.capabilities():
            self.group.make()
        self.replicas = {name: Replica(self, name) for name in PORTS}

    def write_files(self):
        """What the application is given, as it is at the start."""
        self.app_conf.write_text(CONFIG)
        self.env_file.write_text(FILE.format(
            database_host=f"db.{self.domain}", database=self.database_name,
            user=USER, password=self.password, environment=self.environment,
            secret_key=hashlib.sha256(
                self.environment.encode()).hexdigest()[:40],
            authority=self.world.authority_file, ops=OPS, secret=SECRET,
            metadata=METADATA_PORT, api=API_PORT))
        self.env_file.chmod(0o600)

    def inside(self):
        """To run beside the application."""
        if "cgroup-memory" in self.world.capabilities():
            return (*self.group.prefix(), *self.place.prefix)
        return self.place.prefix

    # --- the application -----------------------------------------------------

    def app_restart(self, replica, build=None, overrides=None):
        """Stops and starts replica "a" or "b" with the environment's file;
        build: another one; overrides: {variable: value} beside the file.
        Returns when it answers or has proved that it does not."""
        one = self.replicas[replica]
        if build is not None:
            if build not in BUILDS:
                raise ValueError(f"no build {build}; there are "
                                 f"{' '.join(BUILDS)}")
            one.build = build
        one.stop()
        one.start(overrides)

    def app_stop(self, replica):
        """Stops it for good."""
        self.replicas[replica].stop()

    def app_kill(self, replica):
        """SIGKILL: it is started again, as it ended by itself."""
        self.signal(replica, signal.SIGKILL)

    def app_pause(self, replica):
        """SIGSTOP: it takes connections and answers none."""
        self.signal(replica, signal.SIGSTOP)

    def app_resume(self, replica):
        """SIGCONT."""
        self.signal(replica, signal.SIGCONT)

    def signal(self, replica, number):
        """To the process of a replica."""
        os.kill(self.replicas[replica].pid(), number)

    def deploy(self, build):
        """Posts the deploy marker, brings the release's manifest to the
        agent, then replaces both replicas one after the other."""
        if build not in BUILDS:
            raise ValueError(f"no build {build}; there are "
                             f"{' '.join(BUILDS)}")
        self.world.mark(self, "deploy", f"build/{build}",
                        f"backend {build} released")
        self.write_release(build)
        if self.agent is not None:
            self.agent.reload()
        for replica in self.replicas:
            self.app_restart(replica, build)

    def write_release(self, build):
        """The agent's probe of what this release says it needs."""
        names = "\n".join(f"        - {{name: {name}}}"
                          for name in BUILDS[build].manifest)
        self.release.write_text(f"""\
probes:
  - name: release
    service: backend
    env:
      source: {{pidfile: {self.folder}/app-a.pid}}
      require:
{names}
""")

    # --- users ---------------------------------------------------------------

    def load(self, rate):
        """Steady golden-path requests: a number a second ("10rps"), or
        "sinusoidal 2-10", or "ramp 2-10"."""
        text = str(rate).removesuffix("rps").strip()
        shape, _, span = text.rpartition(" ")
        if shape:
            low, high = span.split("-")
            pace = self.world.pace
            text = (f"{shape}:{float(low) * pace}:{float(high) * pace}:"
                    f"{WAVE_S / pace}")
        else:
            text = str(float(text) * self.world.pace)
        self.loads.append(self.visit(text))

    def visit(self, rate):
        """A program that goes the golden path."""
        return self.world.ns("ops").popen(
            ["/usr/bin/python3", "-B", HERE / "visit.py", self.front_name,
             self.world.authority_file, rate], name=f"load-{self.key}")

    def load_stop(self):
        """No load but the probes."""
        for program in self.loads:
            program.kill()
            program.wait()
        self.loads.clear()

    def go(self, how):
        """One visit, to its end."""
        return self.world.ns("ops").run(
            ["/usr/bin/python3", "-B", HERE / "visit.py", self.front_name,
             self.world.authority_file, "0", how], check=False, timeout=90)

    def export(self):
        """The status of an export."""
        return int(self.go("--export").stdout)

    def golden(self):
        """Goes the golden path once: {step: "ok" or what was wrong}."""
        done = self.go("--once")
        lines = (line.split(": ", 1) for line in done.stdout.splitlines())
        return {int(head.split()[1]): text for head, text in lines}

    # --- what it is given ----------------------------------------------------

    @staticmethod
    def edit(path, name, value):
        """NAME=value lines of a file."""
        lines = [line for line in path.read_bytes().decode().split("\n")
                 if line and not line.startswith(f"{name}=")]
        if value is not None:
            lines.append(f"{name}={value}")
        path.write_bytes(("\n".join(lines) + "\n").encode())

    def set_variable(self, name, value):
        """In the environment's file; None takes it out."""
        self.edit(self.env_file, name, value)

    def clock_ahead(self, seconds):
        """How far the application's clock is ahead; 0: it is right.  A file
        that it reads, without a restart: libfaketime makes it need fifteen
        times the processor."""
        new = self.clock.with_suffix(".new")
        new.write_text(f"{seconds}\n")
        new.rename(self.clock)

    def date_trigger(self):
        """Crosses the date that the defect of v1 waits for."""
        self.clock_ahead(round(DEFECT_AT + DAY_S - self.world.now()))

    def working_set(self):
        """Bytes that app and agent need together."""
        return self.group.usage()

    def memory_limit(self, size_bytes=None, method="cgroup"):
        """Of the app's control group; None: as it was.  What is in use
        cannot be taken away from running processes, so they are started
        again in less, as a platform does it.  The other method, prlimit, is
        of address space, for each replica."""
        if method == "prlimit" or self.confine or \
                "cgroup-memory" not in self.world.capabilities():
            self.confine = [] if size_bytes is None else [
                "prlimit", f"--as={size_bytes}"]
            self.restart_all()
            return
        if self.group.limit(size_bytes or MEMORY_BYTES):
            return
        for replica in self.replicas.values():
            replica.stop()
        if not self.group.limit(size_bytes or MEMORY_BYTES):
            raise Failure(f"{size_bytes} bytes are too few for {self.key}")
        for replica in self.replicas.values():
            replica.start()

    def memory_squeeze(self):
        """Lowers the limit below what app and agent need when warm."""
        self.memory_limit(self.working_set() * 6 // 10)

    def limit(self, controller, place, pids, **values):
        """Puts processes into a control group of their own."""
        group = self.limits[controller, place] = Group(
            controller, f"{self.world.prefix}{self.key}-{place}")
        group.make(**values)
        group.add(pids)

    def unlimit(self):
        """No limits but the usual one of memory."""
        for group in self.limits.values():
            group.lift()
        confined = [one for one in self.replicas.values() if one.confine]
        for replica in confined:
            replica.confine = []
            self.app_restart(replica.name)

    def app_pids(self, names=("a", "b")):
        """Of replicas, and of who restarts them."""
        return [pid for name in names for pid in
                (self.replicas[name].program.pid, self.replicas[name].pid())]

    def fill_disk(self, percent=100):
        """Fills the volume of the application, wholly or so far."""
        fill(self.folder / "filling", percent)

    def free_disk(self):
        """Takes the filling away."""
        (self.folder / "filling").unlink(missing_ok=True)

    # --- back ----------------------------------------------------------------

    def restart_all(self):
        """Both replicas with the build they have."""
        for replica in self.replicas:
            self.app_restart(replica)

    def restore(self):
        """Files, app, limits and clock as at the start."""
        self.load_stop()
        for replica in self.replicas.values():
            replica.extra.clear()
        self.unlimit()
        self.free_disk()
        self.place.resolver()
        for away in self.folder.glob("*.env.*"):
            away.unlink()
        self.write_files()
        self.place.hosts_reset()
        self.clock_ahead(0)
        self.database.restore()
        self.dns.reset()
        self.nginx.reset()
        self.memory_limit(None)
        if self.replicas["a"].build != BUILD:
            self.deploy(BUILD)
        else:
            self.restart_all()
