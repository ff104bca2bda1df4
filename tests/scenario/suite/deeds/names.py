"""names.py - resolvers and what they answer."""
from suite.deeds.frame import Frame


class Names(Frame):
    """What is done to DNS."""

    def do_dns_stop(self, env):
        """the resolver is gone"""
        self.world.env(env).dns.kill()

    def do_dns_start(self, env):
        """and back"""
        self.world.env(env).dns.start()

    def do_dns_pause(self, env):
        """the resolver hears and says nothing"""
        self.world.env(env).dns.pause()

    def do_dns_resume(self, env):
        """it answers again"""
        self.world.env(env).dns.resume()

    def do_dns_delay(self, env, delay_ms):
        """answers come late: those to the application's host"""
        self.world.router.shape("dns", f"{env}-app", delay_ms=delay_ms)

    def do_dns_status(self, env, status, name=None):
        """the resolver answers, and refuses"""
        self.world.env(env).dns.refuse(status, name)

    def do_dns_status_end(self, env, **_):
        """as at the start"""
        self.world.router.unshape("dns", f"{env}-app")
        self.world.env(env).dns.reset()

    def do_record(self, env, name, address):
        """an answer of the zone"""
        self.world.env(env).dns.set(name, address and self.address(address))

    def do_record_add(self, env, name, address):
        """one more"""
        self.world.env(env).dns.add(name, self.address(address))

    def do_record_back(self, env, **_):
        """as it was"""
        self.world.env(env).dns.reset()

    def do_resolv_conf(self, place, env, address):
        """another name server"""
        del env
        self.world.ns(place).resolver(address)

    def do_resolv_conf_end(self, place, **_):
        """the usual one"""
        self.world.ns(place).resolver()
