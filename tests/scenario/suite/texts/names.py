"""names.py - what is said of names: resolvers, zones, resolv.conf."""
import re

from suite.network import PLACES
from suite.steps import ENV, ENVIRONMENTS, SECONDS, environment_of, seconds
from suite.texts.words import ADDRESS, PLACE, place_of

SERVER = (r"(?:dnsmasq|resolvers?|DNS(?: ?servers?)?|name ?servers?)(?:'s)?"
          r"(?: (?:process|pid|instance))?")
HOST = r"(?P<name>(?:[\w-]+\.)+test)"
RELOADED = (r"(?:and |then |, )?(?:HUP|SIGHUP|reload(?:s|ed)?)(?: (?:the )?"
            r"dnsmasq| it)?|ttl:? ?\d+")
GONE = r"NXDOMAIN|nothing|none|removed|deleted|gone|no such name|dropped"


def server(clause):
    """kill, stop, pause or start the resolver of an environment"""
    words = clause.words()
    if not words.take_raw(rf"<?{SERVER}>?(?![\w-])"):
        return None
    signal = words.take(r"(?:-s )?-?(?:SIG)?(?P<s>STOP|CONT|KILL|9|TERM|15)",
                        0)
    verb = words.take(r"kill(?:s|ed)?|stop(?:s|ped)?|start(?:s|ed)?|restart"
                      r"(?:s|ed)?|pause[sd]?|freeze|frozen|suspend(?:s|ed)?|"
                      r"resume[sd]?|continue|down|dies|hangs?|dead|crash(?:es|"
                      r"ed)?|shut down|systemctl (?P<v>stop|start|restart|"
                      r"kill)")
    if not (verb or signal):
        return None
    words.env()
    words.take_all(r"kill|stop|down|process|pid|signal|app|dead|goes|prd|stg"
                   r"|for good|names?")
    words.end()
    word = (verb[0].lower() if verb else "").removeprefix("systemctl ")
    name = signal["s"].upper() if signal else ""
    if name == "CONT" or re.match("resum|contin", word):
        does = "dns_resume"
    elif name == "STOP" or re.match("paus|freez|froz|suspend|hang", word):
        does = "dns_pause"
    elif re.match("restart", word):
        return clause.step("dns_stop", env=clause.env()) + \
            clause.step("dns_start", env=clause.env())
    else:
        does = "dns_start" if word.startswith("start") else "dns_stop"
    return clause.step(does, env=clause.env())


def zone_env(clause, words, name):
    """Whose zone: named, or the one that the name belongs to."""
    named = words.env()
    if named:
        return named[0]
    return environment_of(clause.context.get("env") or "", None) or \
        environment_of(name, None) or clause.env()


def record(clause):
    """an answer of a zone: another address, one more, or none"""
    words = clause.words()
    option = words.take_raw(rf"--(?:address|host-record)=/?{HOST}[/,]"
                            rf"(?P<a>{ADDRESS})")
    if option:
        words.take(SERVER)
        words.env()
        words.take_all("restart|with|for|run|add")
        words.end()
        return clause.step("record", env=clause.env(), name=option["name"],
                           address=option["a"])
    back = words.take_raw(rf"^back to (?P<a>{ADDRESS})$")
    if back and clause.done and clause.done[-1].verb == "record":
        return clause.step("record", **clause.done[-1].args | {
            "address": back["a"]})
    zone = words.take(r"zone(?: file)?|A[- ]records?|records?|DNS|dnsmasq|"
                      r"entry|answers?|line") or \
        "dns" == clause.context.get("place")
    name = words.take(HOST)
    if not name:
        return None
    address = words.take(rf"(?P<a>{ADDRESS}|<[\w-]+>)") or \
        words.take_raw(r"(?P<a><[\w-]+>)")
    gone = words.take(GONE)
    verb = words.take(r"remove[sd]?|delete[sd]?|drop(?:s|ped)?|take[sn]? out|"
                      r"los(?:es|t)|withdraw[n]?") if not address else None
    more = words.take(r"(?:an?|one) (?:second|additional|further|extra|more)"
                      r"|second|additional|two answers|round[- ]robin")
    arrow = words.take_raw(r"->|→|=>|=")
    to = arrow or words.take(r"gets|point(?:s|ed|ing)?|resolves?|answers?|chang"
                             r"(?:es?|ed)|set|now|add(?:s|ed)?|becomes|map|"
                             r"restored?|update[sd]?")
    if not (address or gone or verb) or not (zone or to):
        return None
    env = zone_env(clause, words, name["name"])
    words.take_all(RELOADED + "|dead|,")
    words.take_all(rf"zone(?: file)?|records?|{SERVER}|A|entry|line|answers?|"
                   r"point|add|resolves?|change[sd]?|set|production'?s?|new|"
                   r"old|now|decommissioned|address|host|addn-hosts|on|file|"
                   r"as well|staging'?s?|back|remove|to")
    words.end()
    verb = "record_add" if more else "record"
    return clause.step(verb, env=env, name=name["name"],
                       address=address["a"] if address else None)


def late(clause):
    """answers of the resolver come late"""
    words = clause.words()
    if not words.take(SERVER):
        return None
    if not words.take(r"delay(?:s|ed)?|late|slow(?:ly)?|after|sleeps?|takes?|"
                      r"latency|waits?"):
        return None
    amount = words.take_raw(rf"\+?{SECONDS}")
    if not amount:
        return None
    words.env()
    words.take_all(r"answers?|replies|reply|responds?|every|queries|query|"
                   r"delay|before|answering|later?|only|after|each|takes?|"
                   r"slow|latency|lookup|look-ups?|names?")
    words.end()
    return clause.step("dns_delay", env=clause.env(),
                       delay_ms=seconds(amount[1], amount[2]) * 1000)


def refuses(clause):
    """the resolver answers SERVFAIL, REFUSED or NXDOMAIN, or not at all"""
    words = clause.words()
    if not words.take(SERVER):
        return None
    status = words.take(r"(?P<s>SERVFAIL|REFUSED|NXDOMAIN)")
    if not status:
        return None
    name = words.take(HOST)
    words.env()
    words.take_all(r"answers?|returns?|replies|responds?|everything|every|"
                   r"quer(?:y|ies)|names?|all|any|requests?|lookups?|with|"
                   r"from now on|set|make")
    words.end()
    if status["s"].upper() == "NXDOMAIN" and name:
        return clause.step("record", env=clause.env(), name=name["name"],
                           address=None)
    return clause.step("dns_status", env=clause.env(),
                       status=status["s"].upper(),
                       name=name["name"] if name else None)


def resolver(clause):
    """another name server in a place's resolv.conf"""
    words = clause.words()
    file = words.take_raw(r"(?:\S*/)?resolv\.conf")
    server_word = words.take(r"name ?server|resolver")
    if not (file or server_word):
        return None
    address = words.take(rf"(?P<a>{ADDRESS})") or \
        re.search(rf"(?P<a>{ADDRESS})", clause.remark)
    whose = words.take(rf"(?:of |the )*(?P<e>{ENV})(?:'s)?(?= ¦)") \
        if not address or clause.remark else None
    place = words.take(rf"<?(?P<p>{PLACE})>?")
    if not address and whose and place:
        used = PLACES[ENVIRONMENTS[whose["e"].lower()] + "-app"][2]
        address = {"a": used}
    if not address:
        return None
    words.env()
    words.take_all(r"name ?server|resolver|point(?:s|ed)?|set|replace[sd]?|"
                   r"change[sd]?|gets?|write|line|use[sd]?|new|dead|wrong|"
                   r"address|nobody|answers|bind-mounted")
    words.end()
    where = place_of(place["p"]) if place else \
        clause.context.get("place") or f"{clause.env()}-app"
    return clause.step("resolv_conf", place=where, env=clause.env(where),
                       address=address["a"])


READERS = [resolver, refuses, late, record, server]
