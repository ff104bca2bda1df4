"""paths.py - what is said of delay, loss, width and routes of paths."""
import re

from suite.steps import SECONDS, seconds, undone
from suite.texts.filters import END
from suite.texts.words import place_of

KBIT = {"k": 1, "m": 1000, "g": 1e6}
TOOLS = (r"tc qdisc (?:add|replace|change)(?: dev)?|tc class (?:add|replace)|"
         r"tc|netem|qdisc|dev|root|handle \d+:|parent \S+")
NOISE = (r"packets?|segments?|traffic|path|latency|delay(?:s|ed)?|line|"
         r"link|round[- ]trips?|way|standing|extra|more|additional|interface|"
         r"bandwidth|width|router|rt|normal distribution|distribution normal|"
         r"random|adds?|grows?|rises?|becomes?|each way|slow|introduce|"
         r"uplink|reaches|set|put|only|part of the baseline|of|during (?:the "
         r"(?:whole )?)?baseline")


def take_path(clause, words):
    """[{"a", "b"}]: the paths that are meant; by default to the
    database."""
    env = clause.env(re.sub(r"\bdev(?= [<\w])", "", clause.text))
    pair = words.take_raw(rf"(?<![\w-])(?:between |from )?(?P<a>{END}) ?"
                          rf"(?P<way>->|<->|→|↔|=>|to|and|towards) ?"
                          rf"(?P<b>{END})(?![\w-])")
    if pair:
        there = {"a": place_of(pair["a"]), "b": place_of(pair["b"])}
        if pair["way"] in ("<->", "↔"):
            return [there, {"a": there["b"], "b": there["a"]}]
        return [there]
    one = words.take_raw(
        rf"(?:<?interface towards (?P<i>{END})>?|(?:on|towards|to|from|of|"
        rf"for) (?:the )?(?P<e>{END})(?![\w-]))")
    if one:
        other = place_of(one["i"] or one["e"])
        if other != f"{env}-app":
            return [{"a": f"{env}-app", "b": other}]
        return [{"a": f"{env}-db", "b": other}]
    return [{"a": f"{env}-app", "b": f"{env}-db"}]


def take_delays(words):
    """[(after seconds, what)] of a delay in one or more stages"""
    found = []
    amount = (r"(?P<n>\d+(?:\.\d+)?) ?(?P<u>ms|us|s|milliseconds|seconds?)")
    jitter = (r"(?: ?(?:\(?(?:with |jitter |±|\+/-)?(?:a )?(?:jitter (?:of )?)?"
              r"(?P<j>\d+) ?ms\)?(?: (?:of )?jitter)?))?")
    when = rf"(?:,? (?:at|after) \+?{SECONDS})?"
    while True:
        m = words.take_raw(rf"(?<![\w.])(?<!for )(?<!every )(?<!about )(?<!at )"
                           rf"(?<!after ){amount}{jitter}(?! ?later){when}")
        if not m:
            return found
        value = float(m["n"]) * {"us": .001, "s": 1000, "second": 1000,
                                 "seconds": 1000}.get(m["u"], 1)
        what = {"delay_ms": value}
        if m["j"]:
            what["jitter_ms"] = float(m["j"])
        groups = m.groups()
        found.append((seconds(groups[-2], groups[-1]) if groups[-2] else 0,
                      what))


PERCENT = r"(?P<p>\d+(?:\.\d+)?) ?%(?: \d+%)?"
STAGE = rf"(?:then )?(?P<p>\d+(?:\.\d+)?) ?% (?:at|after) \+?{SECONDS}"
KINDS = [("loss", r"loss|lost|lose[sd]?"), ("reorder", r"reorder(?:s|ed|ing)?|"
         r"out of order"), ("corrupt", r"corrupt(?:s|ed|ion)?"),
         ("duplicate", r"duplicat(?:e[sd]?|ion)|twice")]


OPENING = (r"(?:new )?(?:connect(?:s|ion)?(?: set-?up| establishment| "
           r"attempts?| opening)?s?|connections?|hand ?shakes?|SYNs?)")


def opening(clause):
    """connections that take their time to open, and are quick then"""
    words = clause.words()
    slow = words.take(rf"(?:delay(?:s|ed|ing)?|slow(?:s|ed)?(?: down)?) "
                      rf"(?:each |every |the |all )*{OPENING}") or \
        words.take(rf"{OPENING} (?:is |are )?(?:delayed|slowed|delay)") or \
        words.take(rf"{OPENING}(?=.* takes? .*\bto (?:open|be accepted))")
    if not slow:
        return None
    words.take_all(r"user-space relay|relay|SYN|packets?|to open|to be "
                   r"accepted|accepts?|first")
    delay = words.take_raw(rf"(?<!for )(?<!every ){SECONDS}")
    paths = take_path(clause, words)
    words.take_all(NOISE)
    words.take_all("by|takes?|to|open|DNAT|in path")
    words.end()
    if not delay:
        return None
    return [step for path in paths for step in clause.step(
        "shape", connect_ms=seconds(delay[1], delay[2]) * 1000, **path)]


def shape(clause):
    """netem in its own words, or in prose: delay, loss, order"""
    words = clause.words()
    kind = next((name for name, pattern in KINDS if words.take(pattern)),
                None)
    is_delay = re.search(r"\b(?:delay(?:s|ed)?|latency|slower|later|netem|"
                         r"round[- ]trip)\b", clause.text, re.I)
    if kind is None and not is_delay:
        return None
    if re.search(r"\b(?:dnsmasq|resolver|DNS|answers?|every answer|payments "
                 r"(?:stub )?(?:delay|answer)|stub)\b", clause.text, re.I):
        return None
    tools = words.take_all(TOOLS)
    share = words.take_raw(PERCENT) if kind else None
    stages = [] if not share else [(seconds(m[2], m[3]), float(m["p"]))
                                   for m in words.take_all_raw(STAGE)]
    paths = take_path(clause, words)
    delays = take_delays(words)
    words.take_all(NOISE)
    words.take_all("by|jitter|then|gap \\d+")
    words.env()
    words.end()
    if kind and not share or not (kind or delays):
        return None
    if not tools and not kind and not re.search(
            r"->|<->|between|path|netem|latency|packets|segments|to\b",
            clause.text):
        return None
    made = [] if not kind else [
        step for path in paths for step in clause.step(
            "shape", **{f"{kind}_percent": float(share["p"])}, **path)]
    for after, percent in stages:  # one takes the place of the other
        made += [undone(step, after) for step in made[-len(paths):]] + [
            clause.step("shape", **{f"{kind}_percent": percent},
                        **path)[0]._replace(after=after) for path in paths]
    for after, what in delays:
        made += [clause.step("shape", **what, **path)[0]._replace(
            after=after) for path in paths]
    return made


def narrow(clause):
    """tbf or htb, or the width of a path in words"""
    words = clause.words()
    rate = words.take_raw(r"(?:rate )?(?P<n>[\d.]+) ?(?P<u>[kmg])(?:bits?|"
                          r"bps)(?:/s|ps| per second)?")
    if not rate:
        return None
    tools = words.take_all(TOOLS + r"|tbf|htb|default \d+|classid \S+|"
                           r"burst \S+|latency \S+|limit \S+|ceil \S+|"
                           r"(?:max )?queue \S+")
    if not tools and not words.take_all(
            r"limit(?:s|ed)?|cap(?:s|ped)?|throttle[sd]?|narrow(?:s|ed)?|"
            r"reduce[sd]?|shrink[s]?|slow(?:s|ed)?(?: down)?|bandwidth|"
            r"width"):
        return None
    towards = words.take_raw(rf"(?:on (?:the )?)?<?(?:interface|uplink|link) "
                             rf"(?:towards|of|to) "
                             rf"(?:the )?(?P<p>{END})>?")
    if towards:
        paths = [{"towards": place_of(towards["p"])}]
    else:
        paths = take_path(clause, words)
    words.take_all(NOISE)
    words.take("down")
    words.env()
    words.end()
    return [step for path in paths for step in clause.step(
        "shape", rate_kbit=float(rate["n"]) * KBIT[rate["u"].lower()],
        **path)]


def mtu(clause):
    """the interface towards a place gets another MTU"""
    words = clause.words()
    size = words.take_raw(r"\bmtu(?P<a> of)?(?P<rest>[^¦]*?)(?P<n>\d{2,5})"
                          r"(?: bytes)?", re.I)
    if not size:
        return None
    words.left = words.left.replace(" ¦ ", f" ¦ {size['rest']} ", 1)
    words.take(r"ip link set|set|lower(?:s|ed)?|reduce[sd]?|change[sd]?")
    place = words.take_raw(rf"<?(?:interface )?(?:towards|of|to|on|dev) "
                           rf"(?:the )?(?:interface (?:towards|of|to) )?<?"
                           rf"(?P<p>{END})>?")
    words.take_all(r"interface|router|rt|dev|link|path|to")
    words.end()
    if not place:
        clause.refuse()
    return clause.step("mtu", place=place_of(place["p"]),
                       bytes=int(size["n"]))


def link(clause):
    """the interface towards a place goes down or up"""
    words = clause.words()
    if not words.take(r"ip link set(?: dev)?|take|bring|interface|link|"
                      r"unplug|cable|pull"):
        return None
    place = words.take_raw(rf"<?(?:interface |cable |link )?(?:towards|of|to) "
                           rf"(?:the )?<?(?P<p>{END})>?(?![\w-])")
    way = words.take(r"(?P<w>up|down)") or words.take(r"(?P<w>unplug|pull)"
                                                     r"(?:ged|led)?")
    words.take_all(r"interface|link|router|rt|set|dev|goes|cable|veth")
    words.end()
    if not place or not (way or re.match("unplug|pull", clause.text)):
        return None
    return clause.step("link", place=place_of(place["p"]),
                       up=bool(way) and way["w"].lower() == "up")


def route(clause):
    """a route of a place that leads nowhere, or its default that is gone"""
    words = clause.words()
    if not words.take(r"(?:ip )?routes?(?: (?P<v>add|del|replace))?"):
        return None
    kind = words.take(r"blackhole|unreachable|prohibit")
    default = words.take("default")
    gone = words.take(r"del|removed?|deleted?|gone|loses?")
    pair = words.take_raw(rf"(?<![\w-])(?:in|from|of|on) (?:the )?<?"
                          rf"(?P<p>{END})>?(?![\w-])")
    target = None if default else words.take_raw(
        rf"(?<![\w-])(?:(?:to|for|towards) )?(?:the )?(?P<t>{END})(?![\w-])")
    words.take_all(r"add(?:ed)?|route|default|gateway|routing table|table|"
                   r"way out|replace")
    words.end()
    place = place_of(pair["p"]) if pair else clause.context.get("place")
    if place is None:
        clause.refuse()
    if default and gone:
        return clause.step("shell", command="ip route del default",
                           place=place, env=clause.env())
    if not kind or not target:
        return None
    return clause.step("blackhole", place=place, kind=kind[0].lower(),
                       target=place_of(target["t"]))


READERS = [mtu, narrow, opening, shape, link, route]
