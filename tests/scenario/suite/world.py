"""world.py - one machine as a product's two environments, to be broken.

    with World("w1-", folder, build) as world:
        world.env("stg").database.stop()
        world.diagnose("stg")

Network namespaces joined by a router, PostgreSQL, nginx, dnsmasq, a payments
service, a cloud's control plane, an application in two replicas per
environment, and Vedette as users run it.  Times are those of the scenarios
divided by pace.  Needs root.
"""
import contextlib
import datetime
import fcntl
import hashlib
import os
import pathlib
import shutil
import subprocess
import threading
import time

from stage import Authority, Failure, Stage, wait_for

from . import cloud, sentries
from .database import Database
from .environment import Environment
from .front import Front, Names, Notary
from .groups import Group, MemoryGroup
from .network import OPS, PLACES, Missing, Namespace, Router
from .payments import Payments
from .watch import FAKETIME, Agent, Collector, write_key

HERE = pathlib.Path(__file__).resolve().parent
DOMAINS = {"stg": ("staging", "staging.test"), "prd": ("production",
                                                       "prod.test")}
NAMES = {"stg": "10.77.0.53", "prd": "10.77.0.54", "ops": "10.77.0.55"}
WELL_S = 90  # until every probe is ok, at any pace
ASK_EVERY_S = 0.5  # each question is a program
LOCKS = pathlib.Path("/run/lock")
WORLDS_MAX = 100

__all__ = ["Missing", "World"]


class Theatre(Stage):
    """A stage whose time can pass faster than written."""

    def __init__(self, directory, build, pace):
        super().__init__(directory, build)
        self.pace = pace
        self.url = f"ipc://{directory}/collector.sock"
        self.never = threading.Event()

    def pass_time(self, seconds):
        """Waits, for want of an event, so many seconds of the scenario."""
        self.never.wait(seconds / self.pace)


class World:
    """Everything of one world; also a context manager.

    Attributes once started: router, gcp, payments, collector, agents (by
    name), dev.  pace divides every interval and limit: 5 is five times as
    fast as written.  start() and stop() belong into one thread, as the
    programs end with the thread that started them.
    """

    def __init__(self, prefix, folder, build_dir, pace=1.0):
        """prefix: of the names of namespaces, so that several worlds can
        run (None: the first of vd0-, vd1- ... that is free); folder: where
        all files are, made when absent and left there (short, as sockets
        live in it); build_dir: of CMake."""
        self.prefix = prefix
        self.folder = pathlib.Path(folder).resolve()
        self.pace = float(pace)
        self.stage = Theatre(self.folder, build_dir, self.pace)
        self.places = {}
        self.environments = {}
        self.router = self.gcp = self.payments = self.collector = None
        self.names = {}  # name servers by key: stg, prd, ops
        self.agents, self.dev, self.local = {}, None, None
        self.pki = self.folder / "pki"
        self.authority_file = self.pki / "ca.pem"
        self.store = self.folder / "collector/store.db"
        self.lock = self.notary = None
        self.known_capabilities = None

    def __enter__(self):
        try:
            self.start()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, *_):
        self.stop()

    # --- beginning and end ---------------------------------------------------

    def start(self, well=True):
        """Cleans up what an earlier run with this prefix left, starts all,
        and returns when every probe was seen and is ok (well).  Fails with
        stage.Failure, naming the red ones."""
        if os.geteuid() != 0 or "netns" not in self.capabilities():
            raise Missing("netns")
        self.take_lock()
        self.clean()
        self.folder.mkdir(parents=True, exist_ok=True)
        self.folder.chmod(0o755)
        self.make_network()
        self.make_certificates()
        self.start_services()
        for env in self.environments.values():
            for replica in env.replicas.values():
                replica.start()
        self.collector = Collector(self)
        self.collector.make()
        self.make_agents()
        for agent in self.agents.values():
            agent.start()
        if well:
            self.wait_well()

    def stop(self):
        """Ends every process, namespace, mount and control group."""
        if self.lock is None:
            return
        for database in self.databases():
            database.quit()
        self.stage.stop()
        self.clean()
        self.lock.close()
        self.lock = None

    def take_lock(self):
        """Two worlds of one prefix would tear each other down."""
        wanted = [f"vd{n}-" for n in range(WORLDS_MAX)] \
            if self.prefix is None else [self.prefix]
        for prefix in wanted:
            path = LOCKS / f"vedette-world-{prefix or 'plain'}"
            lock = open(path, "a+", encoding="ascii")  # pylint: disable=R1732
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                lock.close()
                continue
            self.prefix, self.lock = prefix, lock
            return
        raise Failure(f"a world with the prefix {wanted[-1]!r} runs; "
                      "choose another one")

    def clean(self):
        """Takes away what bears our names, whoever left it."""
        for name in ("rt", *PLACES):
            Namespace(self.stage, self.prefix, name).remove()
        for key in DOMAINS:
            MemoryGroup(f"{self.prefix}{key}-app").remove()
            Group.remove_all(f"{self.prefix}{key}-")
        mounts = pathlib.Path("/proc/self/mounts").read_text(
            encoding="utf-8").splitlines()
        for line in reversed(mounts):
            where = pathlib.Path(line.split()[1])
            if self.folder in where.parents:
                subprocess.run(["umount", "-l", where], check=False)
        for name in ("config-*", "state-*", "stg", "prd", "pg-*", "pki",
                     "secrets", "template", "collector", "cloud", "places",
                     "tools"):
            for path in self.folder.glob(name):
                shutil.rmtree(path, ignore_errors=True)

    def make_network(self):
        """Namespaces, the router, files of the environments."""
        self.router = Router(self.stage, self.prefix)
        self.places = {"rt": self.router} | {
            name: Namespace(self.stage, self.prefix, name)
            for name in PLACES}
        for key, (environment, domain) in DOMAINS.items():
            env = Environment(self, key, environment, domain)
            self.environments[key] = env
            env.make()
        for name in PLACES:
            key = name.removesuffix("-app")
            self.places[name].make(self.environments[key].hosts
                                   if key in DOMAINS else None)
        self.router.join([self.places[name] for name in PLACES])

    def make_certificates(self):
        """One authority for the product and for Vedette."""
        authority = Authority(self.stage)
        authority.issue("collector", "serverAuth", f"IP:{OPS}")
        for agent, environment, name in (
                ("agent-stg", "staging", "agent-stg"),
                ("agent-prd", "production", "agent-prd"),
                ("agent-ops-stg", "staging", "agent-ops"),
                ("agent-ops-prd", "production", "agent-ops"),
                ("dev-laptop", "staging", "dev-laptop")):
            authority.issue(agent, "clientAuth",
                            f"URI:vedette://{environment}/{name}")
        self.pki.chmod(0o755)
        notary = self.notary = Notary(authority, self.now)
        (self.folder / "cloud").mkdir()
        notary.issue(self.folder / "cloud/cloud", f"IP:{OPS}")
        notary.issue(self.folder / "cloud/payments", "DNS:payments.test")
        secrets = self.folder / "secrets"
        secrets.mkdir(mode=0o700)
        for name in ("probe", "monitor"):
            (secrets / name).write_text(f"{name}-only\n")
            (secrets / name).chmod(0o600)

    def start_services(self):
        """Names, databases, the cloud, payments, proxies."""
        records = {"payments.test": PLACES["svc"][0][0]}
        for key, (_, domain) in DOMAINS.items():
            records[f"app.{domain}"] = PLACES[f"{key}-app"][0][0]
            records[f"db.{domain}"] = PLACES[f"{key}-db"][0][0]
        for key, address in NAMES.items():
            self.names[key] = Names(self.stage, self.ns("dns"), address,
                                    records)
            self.names[key].start()
        digest = hashlib.pbkdf2_hmac("sha256", b"demo", b"salt", 1000).hex()
        template = self.folder / "template"
        for env in self.environments.values():
            env.database = Database(
                self.stage, self.ns(f"{env.key}-db"), env.database_name,
                env.password, template)
            env.database.make(digest)
            env.dns = self.names[env.key]
            env.nginx = Front(
                self.stage, env.place, env.folder, env.front_name,
                self.certify, [f"{env.place.addr}:{one.port}"
                               for one in env.replicas.values()], self.pace)
            env.nginx.start()
            env.write_release("v1")
        self.local = Database(self.stage, self.ns("dev"), "app", "dev-only",
                              template)
        self.local.make(digest)
        self.gcp = cloud.Cloud(self.folder / "cloud", {
            env.environment: env.password
            for env in self.environments.values()})
        self.ns("ops").popen(["/usr/bin/python3", "-B", HERE / "cloud.py",
                              self.folder / "cloud", OPS], name="cloud")
        self.payments = Payments(self.ns("svc"), self.folder / "cloud",
                                 self.pace, self.certify)
        self.payments.start()
        for place, port in (("ops", cloud.API_PORT), ("svc", 443)):
            wait_for(f"port {port} of {place}", lambda p=place, n=port:
                     f":{n} " in self.ns(p).run("ss -Hltn").stdout)

    def certify(self, path, name, not_after, trusted, not_before=None):
        """A server's certificate."""
        self.notary.issue(path, f"DNS:{name}", not_after, trusted, not_before)

    def withdraw(self, agent):
        """The collector accepts an agent's certificate no more."""
        name = "agent-ops-stg" if agent == "agent-ops" else agent
        environment, identity = self.identity(agent)
        self.notary.issue(self.pki / name,
                          f"URI:vedette://{environment}/{identity}",
                          trusted=False)
        self.agents[agent].restart()

    def make_agents(self):
        """Two inside, two outside, and one that nobody started."""
        for env in self.environments.values():
            key = env.key
            env.agent = self.agents[f"agent-{key}"] = Agent(
                self, f"agent-{key}",
                lambda agent, e=env: sentries.inside(self, e, agent),
                env.inside(), env.release)
            name = "agent-ops" if key == "stg" else f"agent-ops-{key}"
            self.agents[name] = Agent(
                self, name,
                lambda agent, e=env: sentries.outside(self, e, agent),
                self.ns("ops").prefix)
        self.dev = Agent(
            self, "dev-laptop",
            lambda agent: sentries.laptop(self, self.env("stg"), agent),
            self.ns("dev").prefix)
        key = self.folder / "fleet.key"
        write_key(key)
        for agent in (*self.agents.values(), self.dev):
            agent.configure()
            shutil.copy(key, agent.key)
        key.unlink()

    # --- parts ---------------------------------------------------------------

    def ns(self, name):
        """The Namespace rt, ops, stg-app, stg-db, prd-app, prd-db, dev, dns
        or svc."""
        return self.places[name]

    def env(self, name):
        """The Environment stg or prd ("staging", "production" as well)."""
        for env in self.environments.values():
            if name in (env.key, env.environment):
                return env
        raise KeyError(f"no environment {name}; there are stg and prd")

    def placeholders(self):
        """{NAME: value} for ${NAME}: STG, PRD, DEV, PGDATA_STG, PGDATA_PRD,
        PGDATA_DEV; and {"<stg-app>": "10.77.1.2"} for what stands in angle
        brackets: <stg-app> ... <payments>, <interface towards stg-app>, and
        <postmaster pid>, <nginx pid> ... of what runs."""
        stg, prd = self.env("stg"), self.env("prd")
        found = {
            "STG": str(stg.folder), "PRD": str(prd.folder),
            "DEV": str(self.folder / "dev"),
            "PGDATA_STG": str(stg.database.data),
            "PGDATA_PRD": str(prd.database.data),
            "PGDATA_DEV": str(self.local.data)}
        for name, (addresses, _, _) in PLACES.items():
            found[f"<{name}>"] = addresses[0]
            found[f"<interface towards {name}>"] = name
        found["<payments>"] = PLACES["svc"][0][0]
        found["<interface towards payments>"] = "svc"
        if stg.database.is_running():
            found["<postmaster pid>"] = str(stg.database.postmaster_pid())
        found |= {f"<{name} pid>": str(program.pid)
                  for name, program in self.programs() if program is not None}
        return found

    def programs(self):
        """[(what a scenario calls it, its process)]"""
        stg = self.env("stg")
        return [("nginx", stg.nginx.program), ("dnsmasq", stg.dns.program),
                ("resolver", stg.dns.program),
                ("payments", self.payments.program),
                ("collector", self.collector and self.collector.program),
                *((name, agent.program)
                  for name, agent in self.agents.items())]

    def capabilities(self):
        """Of netns, nft, iptables, tun, delay, netem, tbf, htb, faketime,
        cgroup-memory, time-namespace, tmpfs: those that this machine was
        seen to have."""
        if self.known_capabilities is None:
            self.known_capabilities = probe_capabilities()
        return self.known_capabilities

    def databases(self):
        """Those of the environments, and the developer's."""
        made = [env.database for env in self.environments.values()]
        return [one for one in (*made, self.local) if one is not None]

    def rotate_keys(self):
        """Another key of the fleet, made on one host and brought to the
        others; and of each agent's own."""
        first, *others = self.agents.values()
        first.rotate_key("--fleet")
        for agent in others:
            agent.rotate_key("--fleet", "--key", first.key)
        for agent in self.agents.values():
            agent.rotate_key()

    # --- Vedette -------------------------------------------------------------

    def mark(self, env, kind, subject="", summary="", claim=""):
        """What a pipeline or a person tells the collector; returns what the
        CLI says."""
        if not isinstance(env, Environment):
            env = self.env(env)
        words = ["mark", "--environment", env.environment]
        if claim:
            words += ["--claim", claim]
        else:
            words += ["--kind", kind, "--service", "backend"]
            words += ["--subject", subject] if subject else []
            words += ["--summary", summary] if summary else []
        return self.stage.vedette(*words)

    def diagnose(self, env, at=None):
        """The verdict of `vedette diagnose --json`; at: seconds since 1970,
        or None for now.  {} while there is no answer."""
        more = [] if at is None else ["--at", rfc3339(at)]
        return self.ask("diagnose", self.env(env).environment, *more)

    def ask(self, *arguments):
        """Any question of the CLI as JSON; {} while there is no answer."""
        return self.stage.ask(*arguments)

    def text(self, *arguments):
        """Any question as people read the answer."""
        return self.stage.vedette(*arguments)

    def export(self, path=None):
        """Path of the history so far as JSON Lines."""
        copy = self.folder / "export.db"
        path = path or self.folder / "export.jsonl"
        copy.unlink(missing_ok=True)
        self.stage.run(self.stage.collector, "backup", "--store", self.store,
                       copy)
        self.stage.run(self.stage.collector, "export", "--store", copy,
                       "--output", path)
        copy.unlink()
        return path

    @staticmethod
    def now():
        """Seconds since 1970, as the collector's host has them."""
        return time.time()

    def red(self):
        """What keeps the world from being well: ["agent/probe: why"]."""
        status = self.ask("status")
        found, missing = [], {
            (identity, probe) for name, agent in self.agents.items()
            if agent.wanted for identity in [self.identity(name)]
            for probe in agent.series()}
        for row in status.get("series", []):
            last = row["last"]
            missing.discard(((last["environment"], last["agent"]),
                             last["probe"]))
            if row["state"] != "ok":
                found.append(f"{last['environment']}/{last['agent']}/"
                             f"{last['probe']}: {row['state']} "
                             f"{last['message']}")
        return found + [f"{'/'.join(identity)}/{probe}: not seen"
                        for identity, probe in sorted(missing)]

    @staticmethod
    def identity(name):
        """(environment, agent) as in results."""
        if name.endswith("prd"):
            return "production", name.removesuffix("-prd") \
                if name.startswith("agent-ops") else name
        return "staging", name

    def wait(self, what, condition, seconds=WELL_S):
        """Returns condition()'s first true answer, as wait_for() does, for
        what asks the collector."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            answer = condition()
            if answer:
                return answer
            self.stage.never.wait(ASK_EVERY_S)
        raise Failure(f"{what}: not within {seconds} s")

    def wait_well(self, seconds=WELL_S):
        """Until every probe of every agent is ok, and no regression open."""
        try:
            self.wait("all green", lambda: not self.red() and not
                      self.ask("regressions", "--open").get("regressions"),
                      seconds)
        except Failure:
            regressions = [
                f"{row['environment']} {row['kind']} {row['subject']}: "
                f"{row['message']}" for row in self.ask(
                    "regressions", "--open").get("regressions", [])]
            raise Failure("not well: " + "; ".join(
                self.red() + regressions)) from None

    def restore(self):
        """Everything as at the start; the history goes on."""
        self.router.clear()
        self.gcp.reset()
        for names in self.names.values():
            names.reset()
        self.collector.free_disk()
        self.dev.stop()
        self.payments.reset()
        for env in self.environments.values():
            env.restore()
        for agent in self.agents.values():
            agent.reset()


def rfc3339(seconds):
    """For the CLI."""
    at = datetime.datetime.fromtimestamp(seconds, datetime.timezone.utc)
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def probe_capabilities():
    """Tries each thing for real, in a namespace of its own: others may try at
    the same time."""
    name = f"probe{os.getpid()}"
    found = set()

    def works(*command):
        with contextlib.suppress(FileNotFoundError):
            return subprocess.run(command, capture_output=True, text=True,
                                  check=False).returncode == 0
        return False

    if not works("ip", "netns", "add", name):
        return found
    inside = ("ip", "netns", "exec", name)
    tries = {
        "netns": (*inside, "ip", "link", "add", "one", "type", "veth", "peer",
                  "name", "two"),
        "nft": (*inside, "nft", "add table inet t; add chain inet t c { type "
                "filter hook forward priority 0 ; }; add rule inet t c "
                "numgen random mod 10 < 1 drop"),
        "netem": (*inside, "tc", "qdisc", "replace", "dev", "lo", "root",
                  "netem", "delay", "1ms"),
        "tbf": (*inside, "tc", "qdisc", "replace", "dev", "lo", "root",
                "tbf", "rate", "1mbit", "burst", "16kbit", "latency", "1ms"),
        "htb": (*inside, "tc", "qdisc", "replace", "dev", "lo", "root",
                "handle", "1:", "htb"),
        "iptables": (*inside, "iptables", "-A", "FORWARD", "-p", "tcp", "-m",
                     "statistic", "--mode", "random", "--probability", "0.5",
                     "-j", "DROP"),
        "time-namespace": ("unshare", "--time", "--fork", "--monotonic", "1",
                           "true"),
        "tun": (*inside, "ip", "tuntap", "add", "dev", "t0", "mode", "tun"),
        "tmpfs": ("unshare", "-m", "mount", "-t", "tmpfs", "none", "/mnt"),
    }
    for capability, command in tries.items():
        if works(*command):
            found.add(capability)
    works("ip", "netns", "del", name)
    if "tun" in found:
        found.add("delay")
    if MemoryGroup.is_possible():
        found.add("cgroup-memory")
    if FAKETIME.exists():
        found.add("faketime")
    return found
