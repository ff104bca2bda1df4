"""perform.py - does the steps that inject.py read, in a world.

One method for each verb.  What must be there from the beginning (a
certificate that is to expire, agents without a spool) is prepared before the
baseline by prepare_VERB.  A step that changed nothing is a fault of the
scenario's run, never passed over.
"""
import hashlib
import ipaddress
import os
import pathlib
import re
import signal
import time

from suite.world import Missing


PRLIMIT_BYTES = 96 << 20  # of address space: too little for an interpreter


class Undone(Exception):
    """A step could not be done as it is written."""


class Performer:  # pylint: disable=too-many-public-methods
    """Steps of one scenario in one world."""

    def __init__(self, world, pace):
        self.world, self.pace = world, pace
        self.sessions = []  # programs that hold something until the end
        self.fallbacks = set()

    # --- the frame ------------------------------------------------------------

    def prepare(self, plan, reference):
        """Before the baseline; reference: the instant 0, since 1970."""
        for second, step in plan:
            method = getattr(self, "prepare_" + step.verb, None)
            if method:
                method(reference + second / self.pace, **step.args)

    def do(self, step):
        """One step, now."""
        method = getattr(self, "do_" + step.verb, None)
        if method is None:
            raise Missing(step.verb)
        method(**step.args)

    def filled(self, text):
        """Text with the placeholders of the world in it."""
        for name, value in self.world.placeholders().items():
            sign = name if name.startswith("<") else "${%s}" % name
            text = text.replace(sign, str(value))
        left = re.search(r"<[a-z][\w ./-]*>|\$\{(?:STG|PRD|PG)\w*\}", text)
        if left:
            raise Undone(f"nobody knows what {left[0]} is")
        return text

    def address(self, place):
        """The address of a namespace; addresses stay as they are."""
        try:
            ipaddress.ip_network(place)
            return place
        except ValueError:
            pass
        known = self.world.placeholders()
        sign = f"<{place.strip('<>')}>"
        return str(known[sign]) if sign in known else \
            self.world.ns(place).addr

    # --- builds, restarts, load ---------------------------------------------------

    def do_restart(self, env, replica, build, overrides):
        """app_restart"""
        made = {name: self.made_up(name) if value == "<other>" else value
                for name, value in overrides.items()}
        self.world.env(env).app_restart(replica, build=build, overrides=made)

    @staticmethod
    def made_up(name):
        """A value that nobody had before."""
        word = hashlib.sha256(f"{name}{time.time()}".encode()).hexdigest()
        return "made-up-" + word[:24]

    def do_deploy(self, env, build, kind, marker):
        """deploy"""
        place = self.world.env(env)
        if marker and kind == "deploy":
            place.deploy(build)
            return
        if marker:
            self.world.mark(env, kind, f"build/{build}", f"back to {build}")
        for replica in ("a", "b"):
            place.app_restart(replica, build=build)

    def do_deploy_replica(self, env, replica, build):
        """deploy to one replica"""
        self.world.mark(env, "deploy", f"build/{build}",
                        f"released {build} to {replica}")
        self.world.env(env).app_restart(replica, build=build)

    def do_load(self, env, low, high, shape):
        """load"""
        if shape == "steady":
            self.world.env(env).load(low)
        elif shape == "wave":
            self.world.env(env).load(f"sinusoidal {low:g}-{high:g}")
        else:
            raise Missing("load that rises")

    def do_load_stop(self, env, **_):
        """stop load"""
        self.world.env(env).load_stop()

    # --- files ---------------------------------------------------------------------

    def path(self, env, file):
        """Where a file of an environment is."""
        return pathlib.Path(self.world.env(env).folder) / file

    def given(self, env, name, value):
        """A value with what the text leaves to the environment in it."""
        place = self.world.env(env)
        if value == "<that of production>":
            lines = self.world.env("prd").env_file.read_text(
                encoding="utf-8").splitlines()
            return dict(line.split("=", 1) for line in lines)[name]
        if value.startswith("postgres"):
            value = value.replace("://...@", f"://app:{place.password}@")
            value = value.replace("<db>", place.database_name)
        return value

    def do_edit(self, env, file, name, value):
        """NAME=VALUE in a file"""
        if isinstance(value, str):
            value = self.given(env, name, value)
        value = self.made_up(name) if value in (None, "<other>") else value
        if "$" not in value or "<" in value:
            value = self.filled(value)
        self.rewrite(self.path(env, file), name, lambda _: value, add=True)

    def do_edit_remove(self, env, file, name):
        """NAME out of a file"""
        self.rewrite(self.path(env, file), name, lambda _: None)

    def do_mangle(self, env, file, name, how):
        """the shape of a value"""
        path = self.path(env, file)
        if how == "line_ends":
            body = path.read_bytes()
            path.write_bytes(body.replace(b"\r\n", b"\n").replace(
                b"\n", b"\r\n"))
            return
        shapes = {"cr": "{}\r", "space": "{} ", "quotes": '"{}"',
                  "newline": "{}\\n", "unexpanded": "${{" + name + "}}",
                  "placeholder": "changeme", "empty": ""}
        self.rewrite(path, name, shapes[how].format)

    @staticmethod
    def rewrite(path, name, change, add=False):
        """Changes the line NAME=... of a file in place."""
        with open(path, encoding="utf-8", newline="") as file:
            before = file.read()
        lines, found = [], False
        for line in before.splitlines(keepends=True):
            key, equals, value = line.partition("=")
            if key.strip() != name or not equals:
                lines.append(line)
                continue
            found = True
            changed = change(value.strip("\r\n"))
            if changed is not None:
                lines.append(f"{key}={changed}\n")
        if not found and add:
            lines.append(f"{name}={change('')}\n")
        if "".join(lines) == before:
            raise Undone(f"{path.name}: {name}: nothing to change")
        with open(path, "w", encoding="utf-8", newline="") as file:
            file.write("".join(lines))

    def do_hosts(self, env, address, name):
        """a line of the hosts file"""
        place = self.world.env(env)
        if address is None:
            place.hosts_reset()
        else:
            place.hosts_add(address, name)

    def do_shell(self, command):
        """A command line; it must succeed and change something."""
        places = {name: str(value) for name, value in
                  self.world.placeholders().items()
                  if not name.startswith("<")}
        for name, value in self.world.placeholders().items():
            if name.startswith("<"):
                command = command.replace(name, str(value))
        folders = [pathlib.Path(places[name]) for name in ("STG", "PRD")
                   if name in places]
        before = [listing(folder) for folder in folders]
        done = self.world.ns("ops").run(
            ["env", *(f"{name}={value}" for name, value in places.items()),
             "sh", "-euc", command], check=False)
        if done.returncode != 0:
            raise Undone(f"{command}: {done.stderr.strip()}")
        if "${STG}" in command or "${PRD}" in command:
            if [listing(folder) for folder in folders] == before:
                raise Undone(f"{command}: changed nothing")

    # --- PostgreSQL ------------------------------------------------------------------

    def database(self, env):
        """Of an environment."""
        return self.world.env(env).database

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

    def do_pause(self, env):
        """SIGSTOP"""
        self.database(env).pause()

    def do_resume(self, env):
        """SIGCONT"""
        self.database(env).resume()

    def as_role(self, database, role, sql):
        """The statements by a role; "app" of a scenario is the application's.
        One that is not there yet is somebody who may do everything."""
        if role in (None, "postgres", "superuser"):
            return sql
        if not database.sql("SELECT 1 FROM pg_roles WHERE rolname = "
                            f"'{role}'").strip():
            database.sql(f"CREATE ROLE {role} SUPERUSER LOGIN")
        return f"SET ROLE {role}; {sql}"

    def do_sql(self, env, sql, role, application=None):
        """a statement"""
        database = self.database(env)
        named = f"SET application_name = '{application}'; " \
            if application else ""
        database.sql(named + self.as_role(database, role, self.filled(sql)))

    def do_session(self, env, sql, role, application="manual"):
        """statements whose session stays"""
        database = self.database(env)
        sql = self.as_role(database, role, self.filled(sql))
        program = self.world.ns(f"{env}-db").popen(
            ["sh", "-c",
             "(printf '%s;\\n' \"$1\"; exec sleep 100000) | "
             "PGAPPNAME=\"$5\" setpriv --reuid=postgres --regid=postgres "
             "--clear-groups /usr/lib/postgresql/15/bin/psql -qAt -h \"$2\" "
             "-p \"$3\" -U postgres \"$4\"", "sh", sql,
             str(getattr(database, "socket", database.data)),
             str(database.port), getattr(database, "name", "app"),
             application])
        self.sessions.append(program)

    def do_session_end(self, **_):
        """the newest of them ends"""
        self.database(_.get("env", "stg")).release()
        if self.sessions:
            self.sessions.pop().kill()

    def do_connections(self, env, role, count, application):
        """connections until there are no more"""
        database = self.database(env)
        if count is None:
            database.exhaust(role=role, application=application)
        else:
            for _ in range(count):
                self.do_session(env, f"SET application_name='{application}'",
                                role)

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
        path.write_text(self.filled(line).replace("<stg-app>", "all") + "\n" +
                        text, encoding="utf-8")
        database.sql("SELECT pg_reload_conf()")

    def do_schema(self, env, version, down):
        """migrations by number"""
        self.database(env).migrate(int(version) - bool(down))

    def do_busy(self, env, place, count):
        """processes that burn the processor"""
        for _ in range(count):
            self.sessions.append(self.world.ns(f"{env}-{place}").popen(
                ["sh", "-c", "while :; do :; done"]))

    def do_busy_end(self, **_):
        """and no more"""
        while self.sessions:
            self.sessions.pop().kill()

    def do_fill(self, what, env, percent=100):
        """a volume, wholly or so far"""
        if percent < 100:
            if what != "database":
                raise Missing(f"a {what} volume that is filled in part")
            self.database(env).fill_part(percent)
        elif what == "collector":
            self.world.collector.fill_disk()
        elif what == "database":
            self.database(env).fill_disk()
        else:
            self.world.env(env).fill_disk()

    def do_free(self, what, env):
        """and empty again"""
        if what == "collector":
            self.world.collector.free_disk()
        elif what == "database":
            self.database(env).free_disk()
        else:
            self.world.env(env).free_disk()

    # --- names and paths ---------------------------------------------------------------

    def do_dns_stop(self, env):
        """the resolver is gone"""
        self.world.env(env).dns.kill()

    def do_dns_start(self, env):
        """and back"""
        self.world.env(env).dns.start()

    def do_dns_pause(self, env):
        """the resolver hears and says nothing"""
        self.world.env(env).dns.pause()

    def do_record(self, env, name, address):
        """an answer of the zone"""
        self.world.env(env).dns.set(name, address)

    def do_record_back(self, env, **_):
        """as it was"""
        self.world.env(env).dns.reset()

    def do_resolv_conf(self, env, address):
        """another name server"""
        self.world.ns(f"{env}-app").resolver(address)

    def do_dns_status(self, env, status):
        """the resolver answers, and refuses"""
        if status == "NXDOMAIN":
            raise Missing("a resolver that knows no name")
        self.world.env(env).dns.refuse()

    def do_nginx_directive(self, env, name, value):
        """a line of nginx's configuration"""
        self.world.env(env).nginx.directive(name, value)

    def do_nginx_status(self, env, status):
        """the proxy answers by itself"""
        self.world.env(env).nginx.directive("return", str(status))

    def do_filter(self, verdict, saddr=None, daddr=None, proto=None,
                  dport=None, sport=None, percent=None, rate=None):
        """a rule of the router"""
        words = ["forward"]
        if saddr:
            words += ["ip", "saddr", self.address(saddr)]
        if daddr:
            words += ["ip", "daddr", self.address(daddr)]
        if proto == "icmp":
            words += ["ip", "protocol", "icmp"]
        elif dport or sport:
            words += [proto, "dport" if dport else "sport",
                      str(dport or sport)]
        elif proto:
            words += ["meta", "l4proto", proto]
        if percent is not None:
            words += ["numgen", "random", "mod", "1000", "<",
                      str(round(percent * 10))]
        if rate is not None:
            words += ["limit", "rate", "over", f"{rate:g}/second"]
        if verdict == "reset" and not (dport or sport):
            words += ["meta", "l4proto", "tcp"]
        words += {"drop": ["drop"], "reject": ["reject"],
                  "reset": ["reject", "with", "tcp", "reset"]}[verdict]
        self.world.router.nft(" ".join(words))

    def do_clear(self, **_):
        """the router as it was"""
        self.world.router.clear()

    def do_block_icmp(self, **args):
        """a kind of ICMP that the router does not send"""
        self.world.router.nft(f"output icmp type {args['type']} drop")

    def do_mtu(self, place, **args):
        """of the interface towards a place"""
        self.world.router.mtu(place, args["bytes"])

    def do_shape(self, a, b, **what):
        """delay, loss, rate of a path"""
        router = self.world.router
        if "jitter_ms" in what:
            raise Missing("jitter_ms")
        if "delay_ms" in what:
            router.delay(a, b, what["delay_ms"])
        elif "loss_percent" in what:
            router.loss(a, b, what["loss_percent"])
        elif "rate_kbit" in what:
            router.rate(a, what["rate_kbit"])
        else:
            raise Missing(next(iter(what)))

    def do_blackhole(self, place, target):
        """a route that leads nowhere"""
        self.world.ns(place).run(["ip", "route", "add", "blackhole",
                                  self.address(target)])

    def do_run_in(self, place, command):
        """a command in a namespace"""
        done = self.world.ns(place).run(self.filled(command), check=False)
        if done.returncode != 0:
            raise Undone(f"{command}: {done.stderr.strip()}")

    # --- proxies, third parties, the cloud -----------------------------------------------

    def do_nginx_stop(self, env):
        """the proxy is gone"""
        self.world.env(env).nginx.stop()

    def do_nginx_reload(self, env):
        """what is in its file counts"""
        self.world.env(env).nginx.reload()

    def do_nginx_start(self, env):
        """and back"""
        self.world.env(env).nginx.start()

    def do_upstream(self, env, target):
        """another upstream"""
        host, _, port = target.partition(":")
        self.world.env(env).nginx.upstream(
            f"{self.address(host)}:{port or 8000}")

    def do_payments(self, status=200, delay_s=0.0, share=1.0):
        """how charges are answered"""
        self.world.payments.set(status=status, delay_s=delay_s, share=share)

    def do_payments_stop(self, **_):
        """it is gone"""
        self.world.payments.stop()

    def do_payments_hang(self, **_):
        """it accepts and does not answer"""
        self.world.payments.pause()

    def do_payments_ok(self, **_):
        """it is well"""
        if self.world.payments.program.poll() is not None:
            self.world.payments.start()
        self.world.payments.resume()
        self.world.payments.set()

    RESOURCES = {"sql": "sql/{}-db", "connector": "vpcaccess/{}-connector",
                 "run": "run/{}-backend"}

    def resource(self, env, resource, name=None, access=False):
        """As the fake calls it."""
        if resource == "secret":
            return f"secret/{name or 'postgres-password'}" + \
                ("#access" if access else "")
        return self.RESOURCES[resource].format(
            {"stg": "staging", "prd": "production"}[env])

    def do_gcp(self, env, resource, fields, name=None):
        """fields of a resource"""
        self.world.gcp.set(self.resource(env, resource, name), fields,
                           env=env)

    def do_gcp_status(self, env, resource, status, access, reason=None,
                      name=None):
        """a resource's answer is a refusal"""
        del reason  # the status says it
        every = ["sql", "connector", "run", "secret"] \
            if resource == "all" else [resource]
        for one in every:
            self.world.gcp.set(self.resource(env, one, name, access), status,
                               env=env)

    def do_gcp_back(self, **_):
        """as it was"""
        self.world.gcp.reset()

    def prepare_certificate(self, at, env, where, kind, name):
        """One that will expire is there from the beginning."""
        del name
        if kind != "expires":
            return
        self.front_of(env, where).certificate(not_after=at)

    def front_of(self, env, where):
        """Who shows the certificate."""
        if where == "nginx":
            return self.world.env(env).nginx
        if where == "payments":
            return self.world.payments
        raise Missing(f"certificate of the {where}")

    def do_certificate(self, env, where, kind, name):
        """another certificate"""
        if kind == "expires":
            return  # prepared
        self.front_of(env, where).certificate(
            name="other.test" if kind == "name" and not name else name,
            trusted=kind != "untrusted")

    # --- limits and clocks ------------------------------------------------------------------

    def do_memory_limit(self, env, back, method, **args):
        """of the application's control group"""
        place = self.world.env(env)
        if back:
            place.memory_limit(None)
        elif args["bytes"] is not None:
            place.memory_limit(args["bytes"], method=method)
        elif method == "prlimit":
            place.memory_limit(PRLIMIT_BYTES, method=method)
        else:
            place.memory_squeeze()

    def do_trigger_date(self, envs, method):
        """the date of the defect"""
        if method == "tick":
            raise Missing("tick file")
        for env in envs:
            self.world.env(env).date_trigger()

    def do_clock(self, env, offset_s, agent):
        """a clock that is off"""
        if agent:
            self.world.agents[agent].restart(faketime=f"{offset_s:+g}s")
        else:
            self.world.env(env).clock_ahead(offset_s)

    # --- observers ---------------------------------------------------------------------------

    def the_agent(self, name):
        """By name, or "the stg agent"."""
        word = name.removeprefix("the ")
        if word not in self.world.agents:
            env = word.split()[0].removeprefix("agent-")
            word = "agent-" + {"staging": "stg", "prod": "prd"}.get(env, env)
        if word not in self.world.agents:
            raise Undone(f"there is no {name}")
        return self.world.agents[word]

    def do_agent_stop(self, agent):
        """it is dead"""
        self.the_agent(agent).kill()

    def do_agent_start(self, agent):
        """it lives"""
        self.the_agent(agent).start()

    def do_agent_restart(self, agent):
        """it begins anew"""
        self.the_agent(agent).restart()

    def do_agent_pause(self, agent):
        """SIGSTOP"""
        self.the_agent(agent).pause()

    def do_agent_resume(self, agent):
        """SIGCONT"""
        self.the_agent(agent).resume()

    def do_collector_stop(self):
        """it is gone"""
        self.world.collector.kill()

    def do_collector_start(self):
        """it is back"""
        self.world.collector.start()

    def do_collector_restart(self):
        """it begins anew"""
        self.world.collector.stop()
        self.world.collector.start()

    def do_collector_pause(self):
        """SIGSTOP"""
        os.kill(self.world.collector.program.pid, signal.SIGSTOP)

    def do_collector_resume(self):
        """SIGCONT"""
        os.kill(self.world.collector.program.pid, signal.SIGCONT)

    def prepare_spool_off(self, _):
        """before anything is measured"""
        for agent in self.world.agents.values():
            agent.restart(spool=False)

    def do_spool_off(self):
        """prepared"""

    def do_workstation(self, env):
        """the developer's agent speaks for an environment"""
        if env != "stg":
            raise Missing(f"developer's machine labelled {env}")
        self.world.dev.start()

    def do_rotate_key(self, key, env):
        """another fingerprint key"""
        del key
        if env is None:
            self.world.rotate_keys()
        else:
            self.world.env(env).agent.rotate_key()

    def do_plugin(self, env, agent, how):
        """a check that hangs"""
        del how
        (self.the_agent(agent) if agent else
         self.world.env(env).agent).hang_plugin()

    def do_identity(self, agent):
        """what proved where an agent stands is gone"""
        self.the_agent(agent).disprove()

    def do_event(self, env, kind, subject, summary):
        """what somebody says"""
        if kind == "claim":
            self.world.mark(env, kind, claim=summary)
        else:
            self.world.mark(env, kind, subject, summary)

    def stop(self):
        """Ends what still holds something."""
        while self.sessions:
            self.sessions.pop().kill()


def listing(folder):
    """What is in a folder, by name and content."""
    return sorted(
        (str(path), hashlib.sha256(path.read_bytes()).digest())
        for path in folder.glob("*.*") if path.is_file() and
        path.suffix in (".env", ".conf", ".off", ".pem", ".bak")
        or path.name.startswith(".env"))
