"""world.py - one machine as a product's two environments, to be broken.

    with World("w1-", folder, build) as world:
        world.env("stg").database.stop()
        world.diagnose("stg")

Network namespaces joined by a router, PostgreSQL, nginx, dnsmasq, a payments
service, a cloud's control plane, an application in two replicas per
environment, and Vedette as users run it.  Times are those of the scenarios
divided by pace.  Needs root.
"""


class Missing(Exception):
    """What this machine cannot do; .capability names it."""

    def __init__(self, capability):
        super().__init__(f"this machine has no {capability}")
        self.capability = capability


class World:
    """Everything of one world; also a context manager.

    Attributes once started: router, gcp, payments, collector, agents (by
    name), dev.  pace divides every interval and limit: 5 is five times as
    fast as written.  start() and stop() belong into one thread, as the
    programs end with the thread that started them.
    """

    def __init__(self, prefix, folder, build_dir, pace=1.0):
        """prefix: of the names of namespaces, so that several worlds can
        run; folder: where all files are, made when absent and left there;
        build_dir: of CMake."""
        raise NotImplementedError

    def start(self):
        """Cleans up what an earlier run with this prefix left, starts all,
        and returns when every probe was seen and is ok.  Fails with
        stage.Failure, naming the red ones."""
        raise NotImplementedError

    def stop(self):
        """Ends every process, namespace, mount and control group."""
        raise NotImplementedError

    def ns(self, name):
        """The Namespace rt, ops, stg-app, stg-db, prd-app, prd-db, dev, dns
        or svc."""
        raise NotImplementedError

    def env(self, name):
        """The Environment stg or prd ("staging", "production" as well)."""
        raise NotImplementedError

    def placeholders(self):
        """{NAME: value} for ${NAME}: STG, PRD, DEV, PGDATA_STG, PGDATA_PRD,
        PGDATA_DEV; and {"<stg-app>": "10.77.1.2"} for what stands in angle
        brackets: <stg-app> ... <payments>, <interface towards stg-app>,
        <postmaster pid>."""
        raise NotImplementedError

    def capabilities(self):
        """Of netns, nft, netem, tbf, cgroup-memory, faketime, tmpfs: those
        that this machine was seen to have."""
        raise NotImplementedError

    def mark(self, env, kind, subject="", summary="", claim=""):
        """What a pipeline or a person tells the collector."""
        raise NotImplementedError

    def diagnose(self, env, at=None):
        """The verdict of `vedette diagnose --json`; at: seconds since 1970,
        or None for now."""
        raise NotImplementedError

    def ask(self, *arguments):
        """Any question of the CLI as JSON."""
        raise NotImplementedError

    def export(self):
        """Path of the history so far as JSON Lines."""
        raise NotImplementedError

    def now(self):
        """Seconds since 1970, as the collector's host has them."""
        raise NotImplementedError


class Namespace:
    """A network namespace with its own /etc/hosts and resolver."""

    name = addr = ""

    def run(self, command, timeout=30, check=True):
        """Runs argv (a list) or shell text to its end; returns
        subprocess.CompletedProcess with texts."""
        raise NotImplementedError

    def popen(self, command, **more):
        """A program that is stopped with the world at the latest."""
        raise NotImplementedError


class Router:
    """rt, through which everything passes."""

    def nft(self, rule):
        """A rule after `forward` or `output`, as in nft: "forward ip saddr
        10.77.1.2 tcp dport 5432 drop"."""
        raise NotImplementedError

    def mtu(self, towards, size):
        """Of the interface towards a namespace."""
        raise NotImplementedError

    def delay(self, source, target, milliseconds):
        """Delays each segment of TCP from source to the database of target
        by so much (0: no more): by netem, else by a relay in the path."""
        raise NotImplementedError

    def loss(self, source, target, percent):
        """Drops so many packets at random."""
        raise NotImplementedError

    def rate(self, towards, kilobits):
        """Limits what goes towards a namespace (tbf)."""
        raise NotImplementedError

    def clear(self):
        """Takes every injected fault back."""
        raise NotImplementedError


class Environment:
    """stg or prd: .folder (${STG}), .env_file, .app_conf, .hosts (files),
    .environment ("staging"), .database, .dns, .nginx, .agent."""

    def app_restart(self, replica, build=None, overrides=None):
        """Stops and starts replica "a" or "b" with the environment's file;
        build: another one; overrides: {variable: value} beside the file.
        Returns when it answers or has proved that it does not."""
        raise NotImplementedError

    def app_stop(self, replica):
        """Stops it for good."""
        raise NotImplementedError

    def deploy(self, build):
        """Posts the deploy marker, then replaces both replicas one after
        the other."""
        raise NotImplementedError

    def load(self, rate):
        """Steady golden-path requests: a number a second, or
        "sinusoidal 2-10"."""
        raise NotImplementedError

    def load_stop(self):
        """No load but the probes."""
        raise NotImplementedError

    def set_variable(self, name, value):
        """In the environment's file; None takes it out."""
        raise NotImplementedError

    def set_config(self, name, value):
        """In app.conf."""
        raise NotImplementedError

    def hosts_add(self, address, name):
        """A line in the /etc/hosts of app and agent (in place, as it is
        mounted there)."""
        raise NotImplementedError

    def hosts_reset(self):
        """As it was."""
        raise NotImplementedError

    def faketime(self, spec):
        """The clock of the app: "" is the real one, "@2038-01-20 00:00:00"
        or "+90d" as libfaketime reads it; without a restart."""
        raise NotImplementedError

    def date_trigger(self):
        """Crosses the date that the defect of v1 waits for."""
        raise NotImplementedError

    def memory_limit(self, size_bytes):
        """Of the app's control group; None: as it was."""
        raise NotImplementedError

    def restore(self):
        """Files, app, limits and clock as at the start."""
        raise NotImplementedError


class Database:
    """PostgreSQL of an environment: .data (PGDATA), .port."""

    def stop(self, mode="fast"):
        """pg_ctl stop."""
        raise NotImplementedError

    def start(self):
        """Until it accepts connections."""
        raise NotImplementedError

    def restart(self):
        """pg_ctl restart -m fast; about 3 s."""
        raise NotImplementedError

    def pause(self):
        """SIGSTOP of the postmaster."""
        raise NotImplementedError

    def resume(self):
        """SIGCONT."""
        raise NotImplementedError

    def sql(self, text, database=None):
        """As superuser over the socket; returns what psql -qAt prints."""
        raise NotImplementedError

    def postmaster_pid(self):
        """Its process id."""
        raise NotImplementedError

    def exhaust(self, role="batch", application="batch-export"):
        """Opens connections until there are no more, and holds them."""
        raise NotImplementedError

    def release(self):
        """Closes them."""
        raise NotImplementedError

    def fill_disk(self):
        """Fills the volume of the data."""
        raise NotImplementedError

    def free_disk(self):
        """Takes the filling away."""
        raise NotImplementedError


class Names:
    """dnsmasq of an environment."""

    def set(self, name, address):
        """An A record; None: no such name."""
        raise NotImplementedError

    def kill(self):
        """SIGKILL."""
        raise NotImplementedError

    def start(self):
        """Until it answers."""
        raise NotImplementedError

    def reset(self):
        """The records as at the start."""
        raise NotImplementedError


class Front:
    """nginx with TLS before the replicas."""

    def stop(self):
        """Quits."""
        raise NotImplementedError

    def start(self):
        """Until it listens."""
        raise NotImplementedError

    def reload(self):
        """Reads its configuration again."""
        raise NotImplementedError

    def upstream(self, *addresses):
        """Other upstreams than the replicas; none: the replicas."""
        raise NotImplementedError

    def certificate(self, not_after=None, name=None):
        """Installs one that ends at a second since 1970 (a year from now
        when None), for this or another name."""
        raise NotImplementedError


class Agent:
    """An agent as a program: world.agents["agent-stg"], "agent-prd",
    "agent-ops" (staging's outside vantage), "agent-ops-prd"; world.dev is
    the one on the developer's machine, not started."""

    def kill(self):
        """SIGKILL."""
        raise NotImplementedError

    def stop(self):
        """SIGTERM."""
        raise NotImplementedError

    def start(self, faketime="", spool=True):
        """With another clock ("+90s"), or a spool that holds next to
        nothing."""
        raise NotImplementedError

    def restart(self, faketime="", spool=True):
        """stop() and start()."""
        raise NotImplementedError

    def rotate_key(self):
        """Another fingerprint key; world.rotate_keys() does all agents."""
        raise NotImplementedError


class Collector:
    """The collector: stop(), start(), kill(), and its volume."""

    def fill_disk(self):
        """Nothing more can be written to the volume of the store."""
        raise NotImplementedError

    def free_disk(self):
        """It can again."""
        raise NotImplementedError


class Cloud:
    """What the control plane answers.  Resources: sql/staging-db,
    vpcaccess/staging-connector, run/staging-backend,
    secret/postgres-password (versions.get), and
    secret/postgres-password#access (versions:access); for production the
    same with "production"; project shop-staging or shop-production."""

    def set(self, resource, answer, env="stg"):
        """A status code, or keys to be changed in the body such as
        {"state": "ERROR"} or {"settings.activationPolicy": "NEVER"}; 403 on
        #access also changes the policy's etag."""
        raise NotImplementedError

    def reset(self):
        """As at the start."""
        raise NotImplementedError


class Payments:
    """The stub in svc."""

    def set(self, status=200, delay_s=0.0):
        """How charges are answered."""
        raise NotImplementedError

    def stop(self):
        """It is gone: connections are refused."""
        raise NotImplementedError

    def start(self):
        """It is there."""
        raise NotImplementedError
