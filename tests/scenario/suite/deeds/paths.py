"""paths.py - filters, delay, loss and routes."""
from suite.deeds.frame import Frame, Undone


class Paths(Frame):
    """What is done on the router and to routes."""

    def rule(self, verdict, saddr=None, daddr=None, proto=None, dport=None,
             sport=None, percent=None, rate=None, new=False):
        """In the router's words."""
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
        if new:
            words += ["tcp", "flags", "&", "(syn|ack)", "==", "syn"]
        if percent is not None and percent < 100:
            words += ["numgen", "random", "mod", "1000", "<",
                      str(round(percent * 10))]
        if rate is not None:
            words += ["limit", "rate", "over", f"{rate:g}/second"]
        if verdict == "reset" and not (dport or sport):
            words += ["meta", "l4proto", "tcp"]
        words += {"drop": ["drop"], "reject": ["reject"],
                  "reset": ["reject", "with", "tcp", "reset"]}[verdict]
        return " ".join(words)

    def do_filter(self, **what):
        """a rule of the router"""
        self.world.router.nft(self.rule(**what))

    def do_filter_end(self, **what):
        """without it"""
        try:
            self.world.router.lift(self.rule(**what))
        except ValueError:
            raise Undone(f"no such rule: {what}") from None

    def do_clear(self, **_):
        """the router as it was"""
        self.world.router.clear()

    def do_block_icmp(self, **args):
        """a kind of ICMP that the router does not send"""
        self.world.router.nft(f"output icmp type {args['type']} drop")

    def do_mtu(self, place, **args):
        """of the interface towards a place"""
        self.world.router.mtu(place, args["bytes"])

    def do_mtu_end(self, place, **_):
        """the usual one"""
        self.world.router.mtu(place, 1500)

    def do_link(self, place, up):
        """the interface towards a place, up or down"""
        self.world.router.link(place, up)

    def do_link_end(self, place, up):
        """as it was"""
        self.world.router.link(place, not up)

    def do_shape(self, a=None, b=None, towards=None, **what):
        """delay, loss, order, width of a path"""
        router = self.world.router
        if towards:
            router.rate(towards, what["rate_kbit"])
        elif "loss_percent" in what:
            router.nft(self.rule("drop", a, None if b == "any" else b,
                                 percent=what["loss_percent"]))
        else:
            router.shape(a, b, **what)
            if "rate_kbit" in what:  # a line is narrow both ways
                router.shape(b, a, **what)

    def do_shape_end(self, a=None, b=None, towards=None, **what):
        """as it was"""
        router = self.world.router
        if towards:
            router.widen(towards)
        elif "loss_percent" in what:
            router.lift(self.rule("drop", a, None if b == "any" else b,
                                  percent=what["loss_percent"]))
        else:
            router.unshape(a, b)
            if "rate_kbit" in what:
                router.unshape(b, a)

    def do_blackhole(self, place, target, kind="blackhole"):
        """a route that leads nowhere"""
        self.world.ns(place).run(["ip", "route", "replace", kind,
                                  self.address(target)])

    def do_blackhole_end(self, place, target, kind="blackhole"):
        """and away"""
        self.world.ns(place).run(["ip", "route", "del", kind,
                                  self.address(target)])
        if place == "rt":  # it stood instead of the way there
            self.world.router.link(target, True)
