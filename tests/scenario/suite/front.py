"""front.py - what stands before an application: its names, its proxy."""
import datetime
import os
import pathlib
import signal
import subprocess

from stage import wait_for

from .network import PLACES

HERE = pathlib.Path(__file__).resolve().parent
TTL_S = 1
REFUSER_PORT = 5400
YEARS_S = 365 * 86400

NGINX = """\
daemon off;
pid {folder}/nginx.pid;
error_log {folder}/nginx-error.log warn;
worker_processes 1;
events {{ worker_connections 512; }}
http {{
    access_log {folder}/nginx-access.log;
    client_body_temp_path {folder}/nginx-body;
    proxy_temp_path {folder}/nginx-proxy;
    fastcgi_temp_path {folder}/nginx-fastcgi;
    uwsgi_temp_path {folder}/nginx-uwsgi;
    scgi_temp_path {folder}/nginx-scgi;
    upstream backend {{
        # A user stays with a replica, whose cache is warm for him then.
        # None is given up on: one that is restarted is back soon.
        hash $http_authorization consistent;
{servers}
    }}
    server {{
        listen {address}:443 ssl;
        server_name {name};
        ssl_certificate {folder}/front.pem;
        ssl_certificate_key {folder}/front.key;
        location / {{
{more}
            proxy_pass http://backend;
            proxy_set_header Host $host;
        }}
    }}
}}
"""


class Names:
    """dnsmasq of an environment."""

    def __init__(self, stage, place, address, records):
        self.stage = stage
        self.place = place
        self.address = address
        self.records = dict(records)
        self.known = dict(records)
        self.label = f"dns-{address.rsplit('.', 1)[1]}"
        self.zone = stage.directory / f"{self.label}.hosts"
        self.program = self.refuser = None
        self.is_usual = True
        self.more = ()  # records beside the only one of a name

    def write(self):
        """The zone, in place, as dnsmasq reads it again at SIGHUP."""
        self.zone.write_text("".join(
            f"{address} {name}\n"
            for name, address in (*self.known.items(), *self.more)))

    def start(self, about=None):
        """Until it answers; about: options instead of those of a zone, none
        of which means that it refuses (REFUSED)."""
        self.write()
        self.is_usual = about is None
        if about is None:
            about = self.usual()
        self.program = self.place.popen(
            ["dnsmasq", "--keep-in-foreground", "--conf-file=/dev/null",
             "--user=root", "--pid-file=", "--no-resolv", "--no-hosts",
             f"--local-ttl={TTL_S}", "--bind-interfaces", *about,
             f"--listen-address={self.address}",
             "--except-interface=lo"], name=self.label)
        wait_for(f"dnsmasq on {self.address}",
                 lambda: self.listens(f"{self.address}:53"), self.program)

    def usual(self):
        """It knows its zone, and that there is nothing else in it."""
        return [f"--addn-hosts={self.zone}", "--local=/test/"]

    def listens(self, where):
        """Does somebody, at an address and port?"""
        return f"{where} " in self.place.run("ss -Hlun", check=False).stdout

    def set(self, name, address):
        """An A record; None: no such name."""
        self.known.pop(name, None)
        self.more = [pair for pair in self.more if pair[0] != name]
        if address is not None:
            self.known[name] = address
        self.write()
        self.program.send_signal(signal.SIGHUP)

    def add(self, name, address):
        """One more A record of a name."""
        self.more = [*self.more, (name, address)]
        self.write()
        self.program.send_signal(signal.SIGHUP)

    def kill(self):
        """SIGKILL."""
        self.program.kill()
        self.program.wait()

    def refuse(self, status="REFUSED", name=None):
        """Answers REFUSED, SERVFAIL or NXDOMAIN to everything, or to what is
        asked about one name."""
        self.kill()
        self.end_refuser()
        if status == "REFUSED" and name is None:
            self.start(about=[])
            return
        port = REFUSER_PORT + int(self.address.rsplit(".", 1)[1])
        self.refuser = self.place.popen(
            ["/usr/bin/python3", "-B", HERE / "refuser.py", "127.0.0.1", port,
             status], name=f"refuser-{self.label}")
        wait_for("the refuser", lambda: self.listens(f"127.0.0.1:{port}"),
                 self.refuser)
        where = f"--server=/{name or 'test'}/127.0.0.1#{port}"
        self.start(about=[f"--addn-hosts={self.zone}", where]
                   if name else [where])
        if name:
            self.set(name, None)  # or it would know the answer itself

    def end_refuser(self):
        """Its port is free for the next."""
        if self.refuser is not None:
            self.refuser.kill()
            self.refuser.wait()
            self.refuser = None

    def pause(self):
        """It takes questions and answers none."""
        self.program.send_signal(signal.SIGSTOP)

    def resume(self):
        """It answers again."""
        self.program.send_signal(signal.SIGCONT)

    def reset(self):
        """The records as at the start, and running."""
        self.known, self.more = dict(self.records), []
        self.end_refuser()
        if not self.is_usual:
            self.kill()
        if self.program is None or self.program.poll() is not None:
            self.start()
            return
        self.resume()
        self.write()
        self.program.send_signal(signal.SIGHUP)


class Front:
    """nginx with TLS before the replicas."""

    def __init__(self, stage, place, folder, name, certify, upstreams, pace):
        """certify(path, name, not_after, trusted, not_before): writes PATH.pem
        and .key."""
        self.stage = stage
        self.place = place
        self.folder = folder
        self.name = name
        self.certify = certify
        self.upstreams = upstreams
        self.pace = pace
        self.program = None
        self.directives = {}  # beyond the usual ones
        self.has_other_certificate = False

    def directive_lines(self):
        """What else is said of everything that is passed on."""
        usual = {"proxy_connect_timeout": f"{round(2000 / self.pace)}ms",
                 "proxy_read_timeout": f"{round(10000 / self.pace)}ms"}
        return "\n".join(
            f"            {name} {value};"
            for name, value in (usual | self.directives).items())

    def configure(self, upstreams):
        """Writes the configuration."""
        servers = "\n".join(f"        server {one} max_fails=0;"
                            for one in upstreams)
        (self.folder / "nginx.conf").write_text(NGINX.format(
            folder=self.folder, servers=servers, name=self.name,
            address=PLACES[self.place.place][0][0],
            more=self.directive_lines()))

    def start(self):
        """Until it listens."""
        if not (self.folder / "nginx.conf").exists():
            self.certificate(reload=False)
            self.configure(self.upstreams)
        self.program = self.place.popen(
            ["nginx", "-p", self.folder, "-e",
             self.folder / "nginx-error.log", "-c",
             self.folder / "nginx.conf"], name=f"nginx-{self.place.place}")
        wait_for("nginx", lambda: ":443 " in self.place.run(
            "ss -Hltn", check=False).stdout, self.program)

    def stop(self):
        """Quits at once."""
        self.program.terminate()
        self.program.wait(30)

    def reload(self):
        """Reads its configuration again, as far as it makes sense."""
        self.program.send_signal(signal.SIGHUP)

    def upstream(self, *addresses):
        """Other upstreams than the replicas ("10.77.1.2:8001"); none: the
        replicas."""
        self.configure(addresses or self.upstreams)
        self.reload()

    def directive(self, name, value):
        """One of nginx's for all that it passes on ("return", "503")."""
        self.directives[name] = value
        self.configure(self.upstreams)
        self.reload()

    def pause(self):
        """Takes connections and answers none of them."""
        for pid in self.pids():
            os.kill(pid, signal.SIGSTOP)

    def resume(self):
        """Goes on."""
        for pid in self.pids():
            os.kill(pid, signal.SIGCONT)

    def pids(self):
        """Of the master and of those that it started."""
        children = pathlib.Path(f"/proc/{self.program.pid}/task/"
                                f"{self.program.pid}/children").read_text()
        return [self.program.pid, *map(int, children.split())]

    def certificate(self, not_after=None, name=None, trusted=True,
                    reload=True, not_before=None):
        """Installs one that ends at a second since 1970 (a year from now
        when None) and begins at another (a week ago), for this or another
        name, by our authority or by one that nobody trusts."""
        self.certify(self.folder / "front", name or self.name, not_after,
                     trusted, not_before)
        self.has_other_certificate = reload
        if reload:
            self.reload()

    def is_running(self):
        """Has it a process?"""
        return self.program is not None and self.program.poll() is None

    def reset(self):
        """Certificate and configuration as at the start, and running."""
        if self.is_running():
            self.resume()
        self.directives.clear()
        if self.has_other_certificate:
            self.certificate(reload=False)
        self.configure(self.upstreams)
        if self.is_running():
            self.reload()
        else:
            self.start()


CA = """\
[ca]
default_ca = own
[own]
database = {folder}/issued.txt
serial = {folder}/serial
new_certs_dir = {folder}
certificate = {folder}/ca.pem
private_key = {folder}/ca.key
default_md = sha256
policy = any
unique_subject = no
copy_extensions = none
[any]
commonName = supplied
"""


def stamp(seconds):
    """YYYYMMDDHHMMSSZ, as `openssl ca` reads it."""
    return datetime.datetime.fromtimestamp(
        int(seconds), datetime.timezone.utc).strftime("%Y%m%d%H%M%SZ")


class Notary:
    """Issues server certificates that end at a given second; `openssl x509`
    of Debian 12 knows only whole days."""

    def __init__(self, authority, now):
        self.folder = authority.directory
        self.now = now
        (self.folder / "ca.conf").write_text(CA.format(folder=self.folder))
        (self.folder / "issued.txt").write_text("")
        (self.folder / "serial").write_text("1000\n")

    def issue(self, path, names, not_after=None, trusted=True,
              not_before=None):
        """PATH.pem and PATH.key for names ("DNS:app.staging.test"), by our
        authority or by the key itself."""
        extensions = path.with_suffix(".ext")
        extensions.write_text("extendedKeyUsage=serverAuth\n"
                              f"subjectAltName={names}\n")
        end = not_after or self.now() + YEARS_S
        key = path.with_suffix(".key")
        if not key.exists():
            self.openssl("genpkey", "-algorithm", "EC", "-pkeyopt",
                         "ec_paramgen_curve:P-256", "-out", key)
            key.chmod(0o600)
        self.openssl("req", "-new", "-key", key, "-subj",
                     f"/CN={path.name}", "-out", path.with_suffix(".csr"))
        own = () if trusted else ("-selfsign", "-keyfile", key)
        self.openssl(
            "ca", "-batch", *own, "-notext", "-config", self.folder / "ca.conf",
            "-startdate", stamp(not_before or self.now() - 7 * 86400),
            "-enddate",
            stamp(end), "-extfile", extensions, "-in",
            path.with_suffix(".csr"), "-out", path.with_suffix(".pem"))

    @staticmethod
    def openssl(*arguments):
        """Runs it."""
        subprocess.run(["openssl", *map(str, arguments)], check=True,
                       capture_output=True, stdin=subprocess.DEVNULL)


