"""network.py - namespaces joined by a router, where the network is broken.

Every place has one address and one way out, through rt.  Addresses that
nobody has are swallowed there, as in a network whose hosts are gone: a
connection to them ends by its limit, not by an answer.
"""
import json
import os
import pathlib
import signal
import subprocess

from stage import wait_for

HERE = pathlib.Path(__file__).resolve().parent
# A mount namespace of its own, so that names are looked up as the place says.
ENTER = ('mount --bind "$0/hosts" /etc/hosts && '
         'mount --bind "$0/resolv.conf" /etc/resolv.conf && exec "$@"')

# name: (addresses, gateway, address of its name server)
PLACES = {
    "dns": (("10.77.0.53", "10.77.0.54", "10.77.0.55"), "10.77.0.1", None),
    "ops": (("10.77.0.10",), "10.77.0.1", "10.77.0.55"),
    "stg-app": (("10.77.1.2",), "10.77.1.1", "10.77.0.53"),
    "stg-db": (("10.77.2.2",), "10.77.2.1", "10.77.0.53"),
    "prd-app": (("10.77.3.2",), "10.77.3.1", "10.77.0.54"),
    "prd-db": (("10.77.4.2",), "10.77.4.1", "10.77.0.54"),
    "svc": (("10.77.5.2",), "10.77.5.1", "10.77.0.55"),
    "dev": (("10.77.6.2",), "10.77.6.1", "10.77.0.55"),
}
OPS = PLACES["ops"][0][0]
DELAY_TABLE = 100  # of routes


class Missing(Exception):
    """What this machine cannot do; .capability names it."""

    def __init__(self, capability):
        super().__init__(f"this machine has no {capability}")
        self.capability = capability


def batch(commands, netns=None):
    """Runs lines of ip(8)."""
    where = ["-n", netns] if netns else []
    done = subprocess.run(
        ["ip", *where, "-batch", "-"], input="\n".join(commands),
        capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise Missing(f"netns ({done.stderr.strip()})")


class Namespace:
    """A network namespace with its own /etc/hosts and resolver."""

    def __init__(self, stage, prefix, name):
        self.stage = stage
        self.place = name
        self.name = prefix + name
        self.addresses = PLACES[name][0] if name in PLACES else ()
        self.addr = self.addresses[0] if self.addresses else ""
        self.folder = stage.directory / "places" / name

    @property
    def prefix(self):
        """What comes before a command to run it here."""
        return ("nsenter", f"--net=/run/netns/{self.name}", "unshare", "-m",
                "sh", "-c", ENTER, str(self.folder))

    def argv(self, command):
        """A list, or a text for the shell, as it is run here."""
        words = ["sh", "-c", command] if isinstance(command, str) else command
        return [*self.prefix, *map(str, words)]

    def run(self, command, timeout=30, check=True):
        """Runs argv (a list) or shell text to its end; returns
        subprocess.CompletedProcess with texts."""
        return subprocess.run(
            self.argv(command), cwd=self.stage.directory, check=check,
            stdin=subprocess.DEVNULL, capture_output=True, text=True,
            timeout=timeout)

    def popen(self, command, name="program", environment=None):
        """A program that is stopped with the world at the latest; its words
        go to NAME.log."""
        words = ["sh", "-c", command] if isinstance(command, str) else command
        return self.stage.start(name, words, environment=environment,
                                prefix=self.prefix)

    def make(self, hosts=None):
        """hosts: the file that is its /etc/hosts."""
        self.folder.mkdir(parents=True, exist_ok=True)
        hosts = hosts or self.folder / "hosts"
        if hosts.parent != self.folder:
            (self.folder / "hosts").symlink_to(hosts)
        self.hosts_reset()
        if self.place in PLACES and PLACES[self.place][2]:
            self.resolver()
        else:
            (self.folder / "resolv.conf").write_text("")
        batch([f"netns add {self.name}"])
        batch(["link set lo up"], self.name)
        self.sysctl("net.ipv4.ping_group_range", "0 2147483647")

    def resolver(self, address=None):
        """Another name server; None: the usual one."""
        (self.folder / "resolv.conf").write_text(
            f"nameserver {address or PLACES[self.place][2]}\n"
            "options timeout:1 attempts:2\n")

    def hosts_add(self, address, name):
        """A line of its hosts file (in place, as it is mounted there)."""
        with open(self.folder / "hosts", "a", encoding="ascii") as hosts:
            hosts.write(f"{address} {name}\n")

    def hosts_reset(self):
        """As it was."""
        (self.folder / "hosts").write_text("127.0.0.1 localhost\n")

    def pids(self):
        """Of what runs here."""
        found = subprocess.run(["ip", "netns", "pids", self.name], text=True,
                               capture_output=True, check=False).stdout
        return [int(pid) for pid in found.split()]

    def sysctl(self, key, value):
        """Of this namespace alone."""
        self.run(["sh", "-c", f"echo {value} > "
                  f"/proc/sys/{key.replace('.', '/')}"])

    def remove(self):
        """Ends what runs in it, and it."""
        for pid in self.pids():
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        subprocess.run(["ip", "netns", "del", self.name],
                       capture_output=True, check=False)


class Router(Namespace):
    """rt, through which everything passes."""

    def __init__(self, stage, prefix):
        super().__init__(stage, prefix, "rt")
        self.relays = {}  # (source, target): (program, file, settings)
        self.held = []  # rules, as nft() was given them
        self.mtus = {}
        self.rates = set()

    def join(self, places):
        """Makes it, and a way from each place through it."""
        self.make()
        self.sysctl("net.ipv4.ip_forward", 1)
        for place in places:
            gateway = PLACES[place.place][1]
            lines = [f"link add name {place.place} type veth peer name eth0 "
                     f"netns {place.name}",
                     f"addr add {gateway}/32 dev {place.place}",
                     f"link set dev {place.place} up"]
            batch(lines + [f"route add {address}/32 dev {place.place}"
                           for address in place.addresses], self.name)
            batch([f"addr add {address}/32 dev eth0"
                   for address in place.addresses] + [
                "link set eth0 up",
                f"route add default via {gateway} dev eth0 onlink"],
                place.name)
            if place.addr != OPS:
                # As through a VPN: what a place reports to the collector
                # passes where the rest of its path has become narrow.
                batch([f"route add {OPS}/32 via {gateway} dev eth0 onlink "
                       "mtu 536 advmss 496"], place.name)
            self.sysctl(f"net.ipv4.conf.{place.place}.rp_filter", 0)
        batch(["route add blackhole 10.77.0.0/16"], self.name)
        self.clear_rules()

    def clear_rules(self):
        """An empty table."""
        self.held = []
        self.rules("add table inet fault\ndelete table inet fault\n"
                   "add table inet fault\n"
                   "add chain inet fault forward "
                   "{ type filter hook forward priority 0 ; }\n"
                   "add chain inet fault output "
                   "{ type filter hook output priority 0 ; }\n")

    def rules(self, text):
        """Lines of nft(8)."""
        try:
            done = subprocess.run(
                self.argv(["nft", "-f", "-"]), input=text, text=True,
                capture_output=True, check=False)
        except FileNotFoundError:
            raise Missing("nft") from None
        if "nft" in done.stderr and "No such file" in done.stderr:
            raise Missing("nft")
        if done.returncode != 0:
            raise ValueError(f"nft: {done.stderr.strip()}")

    def nft(self, rule):
        """A rule after `forward` or `output`, as in nft: "forward ip saddr
        10.77.1.2 tcp dport 5432 drop"."""
        self.rules(f"add rule inet fault {rule}\n")
        self.held.append(rule)
        if "icmp" in rule:
            # What was learnt by ICMP just before, such as the MTU of a path,
            # would hide for ten minutes that nothing is learnt any more.
            for place in PLACES:
                batch(["route flush cache"],
                      self.name.removesuffix("rt") + place)

    def lift(self, rule):
        """Takes one rule back, and leaves the others."""
        left = list(self.held)
        left.remove(rule)
        self.clear_rules()
        for one in left:
            self.nft(one)

    def link(self, towards, is_up):
        """The interface towards a namespace goes down or up; what is routed
        through it comes back with it."""
        batch([f"link set dev {towards} {'up' if is_up else 'down'}"],
              self.name)
        if is_up:
            batch([f"route replace {address}/32 dev {towards}"
                   for address in PLACES[towards][0]], self.name)

    def mtu(self, towards, size):
        """Of the interface towards a namespace."""
        batch([f"link set dev {towards} mtu {size}"], self.name)
        self.mtus[towards] = size

    def rate(self, towards, kilobits):
        """Limits what goes towards a namespace (tbf); before pace."""
        done = self.run(f"tc qdisc replace dev {towards} root tbf rate "
                        f"{round(kilobits * self.stage.pace)}kbit "
                        "burst 16kbit latency 400ms",
                        check=False)
        if done.returncode != 0:
            raise Missing("tbf")
        self.rates.add(towards)

    def widen(self, towards):
        """As wide as at the start."""
        self.run(f"tc qdisc del dev {towards} root", check=False)

    def shape(self, source, target, **what):
        """Treats each packet from source to target (a place or an address):
        delay_ms, jitter_ms, connect_ms (of what opens a connection),
        rate_kbit (before pace), loss_percent, reorder_percent,
        duplicate_percent, corrupt_percent; 0: no more.  A
        program in their path does it, as not every kernel has netem."""
        made = self.relays.get((source, target))
        if made is None:
            made = self.relays[source, target] = self.start_relay(
                source, PLACES[target][0][0] if target in PLACES else target)
        relay, file, settings = made
        settings.update(what)
        pace = self.stage.pace
        new = file.with_suffix(".new")
        new.write_text(json.dumps(settings | {
            name: settings.get(name, 0) / pace
            for name in ("delay_ms", "jitter_ms", "connect_ms")} | {
            "rate_kbit": settings.get("rate_kbit", 0) * pace}))
        new.rename(file)
        relay.send_signal(signal.SIGHUP)

    def unshape(self, source, target):
        """Packets from source to target pass as they did."""
        if (source, target) in self.relays:
            settings = self.relays[source, target][2]
            self.shape(source, target, **dict.fromkeys(settings, 0))

    def start_relay(self, source, address):
        """Puts a relay into the path."""
        if not os.path.exists("/dev/net/tun"):
            raise Missing("tun")
        device = f"d{len(self.relays)}"
        file = self.stage.directory / f"relay-{device}.json"
        file.write_text("{}")
        log = self.stage.directory / f"relay-{device}.log"
        log.write_text("")
        relay = self.popen(["/usr/bin/python3", "-B", HERE / "relay.py",
                            device, file], name=f"relay-{device}")
        wait_for("the relay", lambda: "ready" in log.read_text(), relay)
        self.sysctl(f"net.ipv4.conf.{device}.rp_filter", 0)
        table = DELAY_TABLE + len(self.relays)
        batch([f"link set {device} up",
               f"route add default dev {device} table {table}",
               f"rule add iif {source} to {address} lookup {table}"],
              self.name)
        return relay, file, {}

    def clear(self):
        """Takes every injected fault back."""
        self.clear_rules()
        for towards in self.mtus:
            batch([f"link set dev {towards} mtu 1500"], self.name)
        for towards in self.rates:
            self.widen(towards)
        for source, target in self.relays:
            self.unshape(source, target)
        self.mtus.clear()
        self.rates.clear()
