"""inject_paths.py - the clauses about paths: names, filters, delay, proxies,
third parties and the cloud.  A part of inject.py's table."""
import re

from suite.steps import (ENV, ENVIRONMENTS, NotUnderstood, SECONDS,
                         environment_of, seconds)

PLACES = r"(?:stg|prd|prod)-(?:app|db)|payments|svc|ops|dns|dev|rt"
PLACE = rf"<?(?:the )?(?P<%s>{PLACES})>?"
ADDRESS = r"\d+\.\d+\.\d+\.\d+(?:/\d+)?"


def place(word):
    """A namespace's name; addresses stay as they are."""
    word = word.strip("<>").removeprefix("the ").replace("prod-", "prd-")
    return {"payments": "svc"}.get(word, word)


# --- filters -----------------------------------------------------------------------

END = rf"(<[\w -]+>|{ADDRESS}|{PLACES}|any|everywhere|anywhere|everything)"
# (pattern, what it sets): each word of a rule is taken by one of these.
RULE_WORDS = [
    (rf"{END} ?-> ?{END}(?::(\d+))?", ("saddr", "daddr", "dport")),
    (rf"(?:ip )?saddr {END}", ("saddr",)),
    (rf"(?:ip )?daddr {END}", ("daddr",)),
    (rf"-s {END}", ("saddr",)),
    (rf"-d {END}", ("daddr",)),
    (rf"from {END}", ("saddr",)),
    (rf"to {END}", ("daddr",)),
    (r"(tcp|udp) dport (\d+)", ("proto", "dport")),
    (r"(tcp|udp) sport (\d+)", ("proto", "sport")),
    (r"-p (tcp|udp|icmp)", ("proto",)),
    (r"--dport (\d+)", ("dport",)),
    (r"--sport (\d+)", ("sport",)),
    (r"icmp type ([\w-]+)", ("icmp",)),
    (r"-j REJECT --reject-with tcp-reset", {"verdict": "reset"}),
    (r"reject with tcp reset", {"verdict": "reset"}),
    (r"-j REJECT(?: --reject-with \S+)?", {"verdict": "reject"}),
    (r"-j DROP", {"verdict": "drop"}),
    (r"reject(?: with icmp \S+(?: \S+)?)?", {"verdict": "reject"}),
    (r"(?:numgen random mod 100 ?< ?)(\d+)", ("percent",)),
    (r"numgen random mod 10 ?< ?(\d)\b", ("tenths",)),
    (r"(\d+(?:\.\d+)?) ?%(?: of)?(?: (?:the )?(?:packets|segments))?",
     ("percent",)),
    (r"-m statistic --mode random --probability (\d?\.\d+)",
     ("probability",)),
    (r"(?:limit )?rate (?:over )?(\d+)/second", ("rate",)),
    (r"drops?", {"verdict": "drop"}),
    (r"tcp\b", {"proto": "tcp"}),
    (r"udp\b", {"proto": "udp"}),
    (r"(?:nft|iptables|-A|-I|FORWARD|forward|chain|add|insert|rule|inet|ip|"
     r"filter|counter|port|random|new connections?)\b", {}),
]


def scan(text):
    """The parts of a filter rule; NotUnderstood when a word is left."""
    rule, left = {}, text.strip()
    while left:
        for pattern, sets in RULE_WORDS:
            found = re.match(rf"{pattern}(?=$|[\s,])", left)
            if found:
                break
        else:
            raise NotUnderstood(text)
        if isinstance(sets, dict):
            for name, value in sets.items():
                rule.setdefault(name, value)
        else:
            rule.update({name: value for name, value in
                         zip(sets, found.groups()) if value})
        left = left[found.end():].lstrip(" ,")
    return rule


def rule_filter(clause, found):
    """nft forward ..., or the same by iptables"""
    rule = scan(found["rule"])
    if "icmp" in rule:
        return clause.step("block_icmp", type=rule["icmp"])
    if "verdict" not in rule:
        raise NotUnderstood(clause.text)
    for end in ("saddr", "daddr"):
        word = rule.get(end)
        if word in ("any", "everywhere", "anywhere", "everything"):
            del rule[end]
        elif word:
            rule[end] = place(word)
    for port in ("dport", "sport"):
        if port in rule:
            rule[port] = int(rule[port])
            rule.setdefault("proto", "tcp")
    if "tenths" in rule:
        rule["percent"] = 10 * int(rule.pop("tenths"))
    if "probability" in rule:
        rule["percent"] = 100 * float(rule.pop("probability"))
    for number in ("percent", "rate"):
        if number in rule:
            rule[number] = float(rule[number])
    return clause.step("filter", **rule)


def icmp(clause, _):
    """nft output chain drops icmp ..."""
    found = re.search(r"icmp type ([\w-]+)", clause.text)
    return clause.step("block_icmp", type=found[1])


def clear(clause, _):
    """remove the rules"""
    return clause.step("clear")


def mtu(clause, found):
    """the interface towards a namespace gets another MTU"""
    return clause.step("mtu", place=place(found["place"]),
                       bytes=int(found["bytes"]))


# --- delay, loss, rate ---------------------------------------------------------------

def ends(clause, text):
    """The two ends of a path that is shaped; by default the database's."""
    env = clause.env()
    found = re.search(rf"{END} ?(?:->|to|<->|and|towards) ?{END}", text) or \
        re.search(rf"between {END} and {END}", text)
    if found:
        return {"a": place(found[1]), "b": place(found[2])}
    found = re.search(rf"(?:on|towards|to|from|dev) (?:the )?{END}", text)
    if found:
        other = place(found[1])
        return {"a": f"{env}-app", "b": other} \
            if other != f"{env}-app" else {"a": other, "b": "any"}
    return {"a": f"{env}-app", "b": f"{env}-db"}


def netem(clause, found):
    """netem delay A [, then B at T ...]; netem loss P%"""
    text = found["what"]
    path = ends(clause, text)
    steps, seen = [], ""
    for part in re.finditer(
            rf"(?:(delay|loss|duplicate|corrupt|reorder) )?(\d+(?:\.\d+)?) ?"
            rf"(ms|us|%|s\b)(?: ?\(?(?:jitter )?(\d+)ms\)?)?"
            rf"(?:,? (?:at|after) {SECONDS})?", text):
        kind = part[1] or seen or ("loss" if part[3] == "%" else "delay")
        seen = kind
        value = float(part[2]) * {"us": 0.001, "s": 1000}.get(part[3], 1)
        name = {"delay": "delay_ms"}.get(kind, kind + "_percent")
        args = {name: value} | path
        if part[4]:
            args["jitter_ms"] = float(part[4])
        step = clause.step("shape", **args)[0]
        steps.append(step._replace(
            after=seconds(part[5], part[6]) if part[5] else 0))
    if not steps:
        raise NotUnderstood(clause.text)
    return steps


def slow_line(clause, found):
    """tbf, or the bandwidth of a path in words"""
    units = {"k": 1, "K": 1, "m": 1000, "M": 1000, "g": 1e6, "G": 1e6}
    return clause.step(
        "shape", rate_kbit=float(found["rate"]) * units[found["unit"]],
        **ends(clause, clause.text))


# --- names ---------------------------------------------------------------------------

def name_server(clause, found):
    """kill or start the resolver of an environment"""
    verb = "dns_start" if found["verb"] in ("start", "restart") else \
        "dns_pause" if "STOP" in clause.text else "dns_stop"
    return clause.step(verb, env=clause.env())


def record(clause, found):
    """zone: NAME -> ADDRESS; without one the name is gone"""
    found = found.groupdict()
    name = found["name"]
    env = environment_of(found.get("zone") or "", None) or \
        environment_of(name, None) or clause.env()
    address = found.get("address")
    if address and address.upper() in ("NXDOMAIN", "NONE", "NOTHING",
                                       "REMOVED"):
        address = None
    return clause.step("record", env=env, name=name, address=address)


def dns_slow(clause, found):
    """answers of the resolver come late"""
    return clause.step("dns_delay", env=clause.env(),
                       delay_ms=seconds(found["n"], found["u"]) * 1000)


def dns_refuses(clause, found):
    """the resolver answers SERVFAIL or REFUSED"""
    return clause.step("dns_status", env=clause.env(),
                       status=found["status"])


def resolver(clause, found):
    """resolv.conf: nameserver ADDRESS"""
    return clause.step("resolv_conf", env=clause.env(),
                       address=found["address"])


# --- nginx and payments ------------------------------------------------------------------

def upstream(clause, found):
    """nginx passes on to another place"""
    return clause.step("upstream", env=clause.env(),
                       target=found["target"].strip("'\"<>"))


def upstream_port(clause, found):
    """nginx passes on to another port of the application's host"""
    env = clause.env()
    return clause.step("upstream", env=env,
                       target=f"{env}-app:{found['port']}")


def nginx_reload(clause, _):
    """nginx reads its configuration again"""
    return clause.step("nginx_reload", env=clause.env())


def nginx(clause, found):
    """stop or start nginx"""
    verb = {"kill": "nginx_stop", "stop": "nginx_stop"}.get(
        found["verb"], "nginx_start")
    return clause.step(verb, env=clause.env())


def nginx_directive(clause, found):
    """nginx: DIRECTIVE VALUE"""
    return clause.step("nginx_directive", env=clause.env(),
                       name=found["name"],
                       value=found["value"].strip("'\";"))


def nginx_status(clause, found):
    """nginx answers a status by itself"""
    return clause.step("nginx_status", env=clause.env(),
                       status=int(found["status"]))


def payments(clause, found):
    """the payments service answers a status, to all or to some"""
    found = found.groupdict()
    share = re.search(r"(\d+) ?%", clause.text)
    return clause.step("payments", status=int(found["status"]),
                       share=int(share[1]) / 100 if share else 1.0)


def payments_slow(clause, found):
    """the payments service takes its time"""
    return clause.step("payments", delay_s=seconds(found["n"], found["u"]),
                       share=1.0)


def payments_down(clause, found):
    """the payments service is gone, or hangs"""
    how = "hang" if re.search("hang|STOP|silent", clause.text) else "stop"
    if re.search(r"\b(start|restart|recover|restore)", clause.text):
        return clause.step("payments_ok")
    return clause.step("payments_" + how)


# --- the cloud ---------------------------------------------------------------------------

RESOURCES = [
    ("connector", r"connector|vpc"), ("secret", r"secret|versions|version"),
    ("run", r"\brun\b|services?\.get|revision"),
    ("sql", r"\bsql\b|instances?|settings\.|activationPolicy|RUNNABLE|"
            r"database"),
]


def resource_of(text, default="sql"):
    """Which resource of the cloud a clause means."""
    for name, pattern in RESOURCES:
        if re.search(pattern, text):
            return name
    return default


def cloud(clause, found):
    """fake GCP: FIELD=VALUE ..., or an answer that is refused"""
    text = found["what"]
    secret = re.search(r"(?:on|of|secret) (?:secret )?([a-z][\w]*-[\w-]+)",
                       text)
    args = {"env": clause.env(text), "resource": resource_of(text)}
    if secret and args["resource"] == "secret":
        args["name"] = secret[1]
    refused = re.search(
        r"\b(?:returns?|answers?|with|:)?\s*\b([45]\d\d)\b(?: ([A-Z_]{5,}))?",
        text)
    if refused and "=" not in text:
        if re.search(r"\b(all|every|any|everything|API)\b", text) and \
                not secret:
            args["resource"] = "all"
        several = [name for name, pattern in RESOURCES
                   if re.search(pattern, text)]
        if args["resource"] == "all" or " and " not in text:
            several = [args["resource"]]
        return [step for name in several for step in clause.step(
            "gcp_status", status=int(refused[1]), reason=refused[2],
            access="access" in text, **args | {"resource": name})]
    fields = dict(re.findall(r"([\w.\[\]]+)\s?=\s?([\w.:/-]+)", text))
    state = re.search(r"\b(?:is |state |becomes |goes |-> ?)?(DISABLED|"
                      r"DESTROYED|ENABLED|ERROR|READY|SUSPENDED|MAINTENANCE|"
                      r"FAILED|STOPPED|UNKNOWN_STATE|DELETING|RUNNABLE)\b",
                      text)
    if not fields and state:
        fields = {"state": state[1]}
    if not fields:
        raise NotUnderstood(clause.text)
    return clause.step("gcp", fields=fields, **args)


def in_namespace(clause, found):
    """in NS: a real command"""
    return clause.step("run_in", place=place(found["place"]),
                       command=found["command"])


def blackhole(clause, found):
    """a route of a namespace that leads nowhere"""
    return clause.step("blackhole", place=place(found["place"]),
                       target=place(found["target"]))


IN = r"(?:in (?:rt|the router): )?"
DNSMASQ = (r"(?:the )?(?:dnsmasq|resolver|DNS(?: server)?|name server)")
PAY = r"(?:the )?payments(?: (?:stub|service|API))?"

PATTERNS = [
    (rf"{IN}nft (?:output|input|forward) chain drops? icmp type \S+.*", icmp),
    (rf"{IN}(?P<rule>(?:nft|iptables) .*)", rule_filter),
    (rf"{IN}(?P<rule>(?:drop|reject) .*)", rule_filter),
    (rf"{IN}(?:(?:remove|delete|flush) (?:the )?(?:rules?|filter|route)s?|"
     rf"nft flush .*)", clear),
    (rf"{IN}ip link set <interface towards (?P<place>[\w-]+)> mtu "
     rf"(?P<bytes>\d+)", mtu),
    (rf"{IN}(?:set )?(?:the )?mtu (?:towards|of|to) (?P<place>[\w-]+) "
     rf"(?:to )?(?P<bytes>\d+)", mtu),
    (rf"{IN}(?:tc )?(?:qdisc add )?netem (?P<what>.*)", netem),
    (rf"{IN}(?P<what>(?:delay|loss) \d.*)", netem),
    (rf"{IN}(?:tc .*)?tbf rate (?P<rate>[\d.]+) ?(?P<unit>[kKmMgG])bit.*",
     slow_line),
    (rf"{IN}(?:limit|cap|throttle) .*?(?:to|at) (?P<rate>[\d.]+) ?"
     rf"(?P<unit>[kKmMgG])bit.*", slow_line),
    (rf"{IN}(?:blackhole route|route add blackhole) (?:in |from )?"
     rf"(?P<place>[\w-]+) (?:to|for) (?P<target>\S+)", blackhole),
    # names
    (rf"(?P<verb>kill|stop|start|restart|pause)(?: -\w+)? {DNSMASQ}"
     rf"(?: (?:serving|of|for|in) (?:{ENV})(?:-app)?)?", name_server),
    (rf"(?P<zone>(?:{ENV} )?zone(?: {ENV})?): (?P<name>[\w.-]+) ?"
     rf"(?:->|=|to) ?(?P<address>[\w.:]+)", record),
    (rf"(?P<zone>(?:{ENV} )?zone(?: {ENV})?): (?:remove|delete|drop) "
     rf"(?P<name>[\w.-]+)", record),
    (rf"(?P<zone>(?:{ENV} )?zone(?: {ENV})?): (?P<name>[\w.-]+) "
     rf"(?:removed|deleted|gone)", record),
    (rf"(?:{DNSMASQ} answers? .*after|delay {DNSMASQ}.* by|{DNSMASQ}.* "
     rf"(?:slow|late).*?) "
     + SECONDS.replace("(", "(?P<n>", 1).replace("(ms", "(?P<u>ms") +
     r".*", dns_slow),
    (rf"{DNSMASQ}.* (?:answers|returns) (?P<status>SERVFAIL|REFUSED|"
     rf"NXDOMAIN).*", dns_refuses),
    (rf"(?:\S*resolv\.conf.*: ?)?nameserver (?P<address>{ADDRESS})(?: .*)?",
     resolver),
    (r"(?:delete|remove|drop) (?:the )?(?:line|record|entry|name) (?:for |of )?"
     r"(?P<name>[\w-]+\.[\w.]+) (?:from|in) "
     rf"(?P<zone>the (?:{ENV} )?zone(?: of (?:the )?{ENV}(?: dnsmasq)?)?)",
     record),
    # nginx, payments
    (r"(?:sed -i )?(?:on|in) the upstream block of \S*nginx\.conf: (?:both|all) "
     r"server lines (?:get|have) port (?P<port>\d+)", upstream_port),
    (r"nginx -s reload", nginx_reload),
    (rf"{PAY}: (?P<status>[1-5]\d\d)(?: with Retry-After: \d+)?"
     r"(?: (?:to|for|on) (?:every|all|each) requests?)?(?:, TLS as before)?",
     payments),
    (rf"(?:point |set )?(?:the )?(?:{ENV} )?nginx(?: {ENV})?:? "
     rf"(?:proxy_pass|upstream)(?: \w+)? ?(?:->|=|to|:)? ?(?P<target>\S+)",
     upstream),
    (rf"(?P<verb>kill|stop|start|restart)(?: -\w+)? (?:the )?(?:{ENV} )?"
     rf"nginx(?: (?:of|in) {ENV}(?:-app)?)?", nginx),
    (rf"(?:the )?(?:{ENV} )?nginx(?: {ENV})? (?:answers|returns) "
     rf"(?P<status>\d+).*", nginx_status),
    (rf"(?:the )?(?:{ENV} )?nginx(?:\.conf)?(?: {ENV})?: (?P<name>\w+)"
     rf"(?: |=|\s?->\s?)(?P<value>\S+)", nginx_directive),
    (rf"{PAY}(?:: | )(?:status ?=? ?|answers? |returns? |responds? (?:with )?)"
     rf"(?P<status>\d+).*", payments),
    (rf"{PAY}(?:: | )(?:delays? |answers after |sleeps? |latency |slow,? )"
     + SECONDS.replace("(", "(?P<n>", 1).replace("(ms", "(?P<u>ms") +
     r".*", payments_slow),
    (rf"(?:kill|stop|start|restart|pause)(?: -\w+)? {PAY}", payments_down),
    (rf"{PAY} (?:hangs?|stops?|is (?:stopped|killed|down))(?: .*)?",
     payments_down),
    # the cloud
    (r"(?:the )?fake GCP:? (?P<what>.+)", cloud),
    (rf"in (?P<place>{PLACES}): (?P<command>(?:ip|tc|nft|iptables|kill|"
     rf"sh|ss|sysctl) .+)", in_namespace),
]
__all__ = ["PATTERNS", "place", "scan", "ENVIRONMENTS"]
