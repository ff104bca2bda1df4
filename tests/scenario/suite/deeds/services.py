"""services.py - proxies, payments, certificates and the cloud."""
from suite.cloud import ENVIRONMENTS
from suite.deeds.frame import Frame
from suite.world import Missing

DAY_S = 86400


class Services(Frame):
    """What is done to what an application stands beside."""

    def nginx(self, env):
        """Of an environment."""
        return self.world.env(env).nginx

    def do_nginx_stop(self, env):
        """the proxy is gone"""
        self.nginx(env).stop()

    def do_nginx_start(self, env):
        """and back"""
        self.nginx(env).start()

    def do_nginx_pause(self, env):
        """it takes connections and answers none"""
        self.nginx(env).pause()

    def do_nginx_resume(self, env):
        """and goes on"""
        self.nginx(env).resume()

    def do_nginx_reload(self, env):
        """what is in its file counts"""
        self.nginx(env).reload()

    def do_nginx_reset(self, env, **_):
        """its configuration as at the start"""
        self.nginx(env).reset()

    def do_nginx_directive(self, env, name, value):
        """a line of nginx's configuration"""
        self.nginx(env).directive(name, value)

    def do_nginx_status(self, env, status):
        """the proxy answers by itself"""
        self.nginx(env).directive("return", str(status))

    def do_upstream(self, env, target):
        """another upstream, or one replica alone"""
        place = self.world.env(env)
        if target in place.replicas:
            place.nginx.upstream(
                f"{place.place.addr}:{place.replicas[target].port}")
            return
        host, _, port = target.partition(":")
        self.nginx(env).upstream(f"{self.address(host)}:{port}")

    # --- payments ------------------------------------------------------------

    def do_payments(self, **how):
        """how charges are answered"""
        self.world.payments.set(**how)

    def do_payments_stop(self, **_):
        """it is gone"""
        self.world.payments.stop()

    def do_payments_hang(self, **_):
        """it accepts and does not answer"""
        self.world.payments.pause()

    def do_payments_ok(self, **_):
        """it is well"""
        self.world.payments.reset()

    # --- certificates --------------------------------------------------------

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
        now = self.world.now()
        if kind == "expires":
            return  # prepared
        more = {}
        if kind == "expired":
            more["not_after"] = now - DAY_S
        elif kind == "future":
            more["not_before"] = now + DAY_S
        self.front_of(env, where).certificate(
            name="other.test" if kind == "name" and not name else name,
            trusted=kind != "untrusted", **more)

    def do_certificate_end(self, env, where, **_):
        """a good one"""
        self.front_of(env, where).certificate()

    # --- the cloud -----------------------------------------------------------

    RESOURCES = {"sql": "sql/{}-db", "connector": "vpcaccess/{}-connector",
                 "run": "run/{}-backend"}

    def resource(self, env, resource, name=None, access=False):
        """As the fake calls it."""
        if resource == "secret":
            return f"secret/{name or 'postgres-password'}" + \
                ("#access" if access else "")
        return self.RESOURCES[resource].format(ENVIRONMENTS[env])

    def do_gcp(self, env, resource, fields, name=None):
        """fields of a resource"""
        self.world.gcp.set(self.resource(env, resource, name), fields,
                           env=env)

    def do_gcp_status(self, env, resource, status, access, name=None):
        """a resource's answer is a refusal, or none"""
        every = ["sql", "connector", "run", "secret"] \
            if resource == "all" else [resource]
        for one in every:
            self.world.gcp.set(self.resource(env, one, name, access), status,
                               env=env)
        if resource == "all" and not access:
            self.world.gcp.set(self.resource(env, "secret", name, True),
                               status, env=env)

    def do_gcp_version(self, env, name, version, others):
        """a secret's new version; <version N> is what it holds from now
        on"""
        if name != "postgres-password":
            raise Missing(f"secret {name}")
        value = self.secrets.setdefault(f"<version {version}>",
                                        self.made_up(name))
        self.world.gcp.rotate(version, value, others, env=env)

    def do_gcp_back(self, **_):
        """as it was"""
        self.world.gcp.reset()
