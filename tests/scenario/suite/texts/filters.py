"""filters.py - what is said of packets that are dropped or refused."""
import re

from suite.steps import NotUnderstood
from suite.texts.words import ADDRESS, PLACE, place_of

EVERYWHERE = r"any(?:where|one|body|thing)?|every(?:where|one|body|thing)|all"
END = rf"(?:<?(?:{PLACE})>?|{ADDRESS}|{EVERYWHERE})"
VERDICTS = [
    ("reset", r"-j REJECT --reject-with tcp-reset|(?:is |are )?(?:reject|"
              r"refuse|answer)(?:s|ed)?(?: it)? (?:with|by) (?:an? )?tcp[- ]?"
              r"(?:reset|rst)|with (?:an? )?(?:tcp[- ]?)?(?:reset|rst)|"
              r"reset[s]?"),
    ("reject", r"-j REJECT(?: --reject-with icmp[\w-]+)?|(?:is |are )?reject"
               r"(?:s|ed)?(?: with icmpx?(?: type)? [\w-]+)?|refuse[sd]?"),
    ("drop", r"-j DROP|(?:is |are )?drop(?:s|ped)?|(?:is |are )?block(?:s|ed|"
             r"ing)?|swallow(?:s|ed)?|discard(?:s|ed)?|(?:is )?cut(?:s)?"
             r"(?: off)?|filter(?:s|ed)? out|lose[s]?"),
]
TOOLS = (r"nft(?:ables)?|iptables|ip6tables|firewall|(?:add|insert) rule|"
         r"(?:inet|ip) (?:filter|fault)|rule|counter|-t filter")
CHAIN = r"(?:-[AI] )?(?P<chain>FORWARD|OUTPUT|INPUT)(?: chain)?(?: \d)?"
PORT = (r"(?:(?P<proto>tcp|udp)(?: |/|:))?(?:dport |port |--dport |:)?"
        r"(?P<dport>\d{2,5})(?:/(?P<proto2>tcp|udp))?")


def take_ends(words):
    """{"saddr", "daddr", "both"}: between whom."""
    found, end = {}, END
    pair = words.take_raw(rf"(?<![\w-])(?P<a>{end}) ?(?P<way>->|<->|=>|→|↔) ?"
                          rf"(?P<b>{end})(?![\w-])")
    if not pair:
        pair = words.take_raw(rf"(?<![\w-])(?P<way>between) (?P<a>{end}) and "
                              rf"(?P<b>{end})(?![\w-])")
    if not pair:
        pair = words.take_raw(rf"(?<![\w-])(?P<a>{end})(?P<way>) (?:from )?"
                              rf"(?:reaching|talking to|getting to) "
                              rf"(?P<b>{end})(?![\w-])")
    if pair:
        found = {"saddr": pair["a"], "daddr": pair["b"]}
        found["both"] = pair["way"] in ("<->", "↔")
        if words.take(r"(?:and|or) (?:back|the way back|in reverse)|both "
                      r"(?:ways|directions)|in both directions"):
            found["both"] = True
    for name, sign in (("saddr", r"(?:ip )?saddr|-s|--source|from|leaving|"
                                 r"sent by|of"),
                       ("daddr", r"(?:ip )?daddr|-d|--destination|to|towards|"
                                 r"for|at|reaching|destined (?:to|for)")):
        if name in found:
            continue
        one = words.take_raw(rf"(?<![\w-])(?:{sign}) (?:the )?(?P<e>{end})"
                             r"(?![\w-])")
        if one:
            found[name] = one["e"]
    return found


def take_ports(words):
    """{"proto", "dport", "sport"}"""
    found = {}
    sport = words.take(r"(?:(?P<proto>tcp|udp) |-p (?P<p2>tcp|udp)[ ¦]+)?"
                       r"(?:-m (?:tcp|udp) )?(?:source port|sport|--sport) "
                       r"(?P<sport>\d+)")
    if sport:
        found = {"proto": sport["proto"] or sport["p2"] or "tcp",
                 "sport": int(sport["sport"])}
    proto = words.take(r"-p (?P<p>tcp|udp|icmp)(?: -m (?:tcp|udp))?")
    if proto:
        found.setdefault("proto", proto["p"].lower())
    dport = words.take(PORT)
    if dport:
        found["dport"] = int(dport["dport"])
        named = dport["proto"] or dport["proto2"]
        if named:
            found["proto"] = named.lower()
    bare = words.take(r"(?P<p>tcp|udp|icmp)")
    if bare:
        found.setdefault("proto", bare["p"].lower())
    service = words.take(r"(?P<s>DNS|HTTPS|PostgreSQL|database) (?:quer(?:y|"
                         r"ies)|traffic|packets|connections|requests)")
    if service and "dport" not in found:
        word = service["s"].lower()
        found |= {"dns": {"proto": "udp", "dport": 53},
                  "https": {"proto": "tcp", "dport": 443}}.get(
                      word, {"proto": "tcp", "dport": 5432})
    if "dport" in found or "sport" in found:
        found.setdefault("proto", "tcp")
    return found


def take_share(words):
    """{"percent"} or {"rate"}: which packets."""
    found = words.take_raw(r"numgen random mod (?P<mod>\d+) ?< ?(?P<n>\d+)")
    if found:
        return {"percent": 100 * int(found["n"]) / int(found["mod"])}
    found = words.take_raw(r"-m statistic --mode random --probability "
                           r"(?P<p>[\d.]+)")
    if found:
        return {"percent": 100 * float(found["p"])}
    found = words.take_raw(r"-m statistic --mode nth --every (?P<n>\d+)"
                           r"(?: --packet \d+)?")
    if found:
        return {"percent": 100 / int(found["n"])}
    words.take_raw(r"numgen random(?= \d)")
    found = words.take_raw(r"(?P<p>\d+(?:\.\d+)?) ?%(?: of)?")
    if found:
        return {"percent": float(found["p"])}
    found = words.take(r"(?P<w>a quarter|a third|half|a tenth)(?: of)?")
    if found:
        return {"percent": {"a quarter": 25.0, "a third": 100 / 3,
                            "half": 50.0, "a tenth": 10.0}[
                                found["w"].lower()]}
    found = words.take_raw(r"(?:limit )?rate over (?P<n>\d+)/second")
    return {"rate": float(found["n"])} if found else {}


NEW = (r"(?:ct |-m conntrack --ct|-m state --)?state (?:new|NEW)|"
       r"--ctstate NEW|--syn|new connections?|(?:tcp )?SYNs?")
NOISE = (r"packets?|segments?|traffic|connections?|random(?:"
         r"ly)?|router|rt|ports?|datagrams?|silently|anything|"
         r"everything|way back|the way|requests|chain|return path|"
         r"quer(?:y|ies)|hook|it|any|at random|ip|all|filter|rules?|traffic")


def icmp(clause, words, rule):
    """The router sends no ICMP of a kind."""
    kind = words.take(r"icmp type (?P<t>[\w-]+)|icmp (?P<t2>destination-"
                      r"unreachable|fragmentation-needed|frag-needed|echo-"
                      r"request|time-exceeded)|(?P<t3>fragmentation[- ]needed|"
                      r"frag[- ]needed)(?: icmp)?(?: messages?)?")
    if not kind:
        return None
    words.take("icmp")
    words.take_all(NOISE)
    words.end()
    name = (kind["t"] or kind["t2"] or kind["t3"]).lower()
    if "frag" in name:
        name = "destination-unreachable"
    if rule != "drop":
        clause.refuse()
    return clause.step("block_icmp", type=name)


def standing(clause, rule, chain):
    """A chain of a place itself means packets from or to that place."""
    place = clause.context.get("place")
    if place in (None, "rt") or chain == "FORWARD":
        return rule
    if chain is None:
        raise NotUnderstood(clause.text)
    return rule | {"saddr" if chain == "OUTPUT" else "daddr": place}


def rule_of(clause):
    """A rule of the router, in nft's words, in those of iptables or in
    prose"""
    words = clause.words()
    tools = words.take_all(TOOLS)
    verdict = next((name for name, pattern in VERDICTS
                    if words.take(pattern)), None)
    if verdict is None:
        return None
    chain = words.take(CHAIN)
    found = icmp(clause, words, verdict)
    if found is not None:
        return found
    share = take_share(words)
    ends = take_ends(words)
    ports = take_ports(words)
    if words.take(NEW):
        ports |= {"proto": "tcp", "new": True}
    if not (tools or ends or ports or chain):
        return None
    words.take(r"(?:both (?:ways|directions)|in both directions)")
    words.take_all(NOISE)
    words.env(bare=True)
    words.end()
    rule = standing(clause, ends, chain["chain"].upper() if chain else None)
    both = rule.pop("both", False)
    for name in ("saddr", "daddr"):
        if name not in rule:
            continue
        if re.fullmatch(EVERYWHERE, rule[name], re.I):
            del rule[name]
        else:
            rule[name] = place_of(rule[name])
    if not (rule or ports):
        clause.refuse()
    steps = clause.step("filter", verdict=verdict, **rule, **ports, **share)
    if both:
        steps += clause.step("filter", verdict=verdict, **ports, **share, **{
            {"saddr": "daddr", "daddr": "saddr"}[name]: place
            for name, place in rule.items()})
    return steps


BACK = re.compile(r"(?:,? and the same)? (?:for|on) the way back$|,? (?:and )?"
                  r"(?:in )?both (?:ways|directions)$")


def both_ways(clause):
    """A rule, and the same for the way back"""
    text = BACK.sub("", clause.text)
    if text == clause.text:
        return None
    there = rule_of(clause.with_text(text))
    if there is None:
        return None
    turned = {"saddr": "daddr", "daddr": "saddr"}
    if any(not {"saddr", "daddr"} <= set(step.args) for step in there):
        clause.refuse()
    return there + [step._replace(args={
        turned.get(key, key): value for key, value in step.args.items()})
                    for step in there]


def clear(clause):
    """the router as it was"""
    words = clause.words()
    if not words.take(r"remove[sd]?|delete[sd]?|flush(?:es|ed)?|lift(?:s|ed)?"
                      r"|clear(?:s|ed)?|take[sn]? (?:away|back|out)|restore"):
        return None
    if not words.take(r"(?:firewall |nft |iptables |filter |drop )?(?:rules?|"
                      r"filters?)(?: set)?|delay|loss|netem|qdisc"):
        return None
    words.take_all(r"away|back|out|rt|router|nft|ruleset|iptables|rules?")
    words.end()
    return clause.step("clear")


READERS = [both_ways, rule_of, clear]
