"""machine.py - what is said of limits, processes and clocks."""
import re

from suite.steps import ENV, ENVIRONMENTS, SECONDS, seconds
from suite.texts.app import replicas_of

SCALE = {"": 1, "k": 1 << 10, "m": 1 << 20, "g": 1 << 30}
GROUP = (r"c?group(?:s| v1)?(?:'s)?|control group|container(?:'s)?|limit|"
         r"cgroup v[12]|memory\.(?:limit_in_bytes|max)|cpu\.cfs_quota_us|"
         r"cpu\.max|app(?:lication)?|working set|platform")
NOISE = (r"lower(?:s|ed)?|set|reduce[sd]?|limit(?:s|ed)?|change[sd]?|below|"
         r"its|restore[sd]?|raise[sd]?|lift(?:s|ed)?|remove[sd]?|memory|"
         r"value|run|app|quota|CPU|to|down|cap(?:s|ped)?|restart(?:s|ed)?|"
         r"it|lower|soft|hard|only|back|usual|under|rlimit|ulimit")


def memory(clause):
    """the memory limit of a control group, or of address space"""
    words = clause.words()
    prlimit = words.take_raw(r"prlimit --as(?:=(?P<b>\d+))?")
    if not prlimit and not words.take(r"memory\.limit_in_bytes|memory\."
                                      r"max|memory(?: limit)?"):
        return None
    size = words.take_raw(r"(?P<n>\d+) ?(?P<u>[kmg])i?B?\b", re.I)
    words.take(r"(?:the |its )*working set|what (?:it|the app) needs")
    back = words.take(r"restore[sd]?|raise[sd]?|lift(?:s|ed)?|remove[sd]?")
    if not back and not words.take(r"(?:is )?cut|lower(?:s|ed)?|set|"
                                   r"reduce[sd]?|limit(?:s|"
                                   r"ed)?|cap(?:s|ped)?|run|shrink(?:s)?|"
                                   r"lower") and not prlimit:
        return None
    place = words.take(r"(?:stg|prd)-db|agent-\w+|PostgreSQL|collector")
    if place:
        clause.refuse()
    words.env()
    words.take_all(GROUP)
    words.take_all(NOISE)
    words.end()
    amount = int(size["n"]) * SCALE[size["u"].lower()] if size else \
        int(prlimit["b"]) if prlimit and prlimit["b"] else None
    steps = clause.step("memory_limit", env=clause.env(), back=bool(back),
                        bytes=amount,
                        method="prlimit" if prlimit else "cgroup")
    if prlimit and re.search("restart", clause.text):
        steps += [step for name in ("a", "b") for step in clause.step(
            "restart", env=clause.env(), replica=name, build=None,
            overrides={})]
    return steps


def cpu(clause):
    """a share of the processor for a place"""
    words = clause.words()
    if not words.take(r"CPU(?:s)?(?: (?:quota|limit|share|time))?|"
                      r"processor(?: time)?|cpu\.\w+"):
        return None
    share = words.take_raw(r"(?P<p>\d+(?:\.\d+)?) ?%(?: of (?:one|a) "
                           r"(?:core|CPU))?")
    if not share or not words.take(r"may use|throttle[sd]?|limit(?:s|ed)?|"
                                   r"cap(?:s|"
                                   r"ped)?|restrict(?:s|ed)?|quota|set|"
                                   r"lower(?:s|ed)?|reduce[sd]?"):
        if not re.search(r"\bquota|limit", clause.text):
            return None
    if not share:
        return None
    is_db = words.take(r"(?:stg|prd|staging|production)[- ](?:db|database)|"
                       r"PostgreSQL|database")
    words.env()
    words.take_all(GROUP)
    words.take_all(NOISE)
    words.end()
    place = "db" if is_db or (clause.context.get("place") or "").endswith(
        "-db") else "app"
    env = clause.env(is_db[0] if is_db else None)
    return clause.step("cpu_limit", env=env, place=place,
                       percent=float(share["p"]))


def descriptors(clause):
    """how many files or processes the application may have"""
    words = clause.words()
    found = words.take_raw(r"(?:ulimit -(?P<k>[nu]) ?|prlimit --(?P<k2>nofile|"
                           r"nproc)=?:?)(?P<n>\d+)")
    if not found:
        what = words.take(r"(?:open )?(?P<w>file descriptors?|open files|"
                          r"descriptors|nofile)(?: limit)?|(?:limit of )?"
                          r"(?P<w2>open files)")
        number = words.take(r"(?P<n>\d+)")
        if not what or not number:
            return None
        kind, count = "n", int(number["n"])
    else:
        kind = {"n": "n", "nofile": "n"}.get(found["k"] or found["k2"], "u")
        count = int(found["n"])
    named = replicas_of(words, False)
    words.env()
    words.take_all(GROUP)
    words.take_all(NOISE)
    words.end()
    return clause.step(
        "descriptor_limit" if kind == "n" else "process_limit",
        env=clause.env(), count=count, replicas=named or ["a", "b"])


# --- processes of the application --------------------------------------------

APP = (r"app(?:lication)?(?: process(?:es)?)?|back-?end(?: process)?|"
       r"process(?:es)?|service|pid")


def word_is_scale(verb):
    """Is the number of replicas what changes?"""
    return verb is not None and verb[0].lower().startswith("scale")


def process(clause):
    """a replica is stopped, killed, frozen or comes back"""
    words = clause.words()
    if re.search(r"\bload\b|agent|nginx|collector|dnsmasq|payments|Postgre|"
                 r"postmaster|session", clause.text):
        return None
    signal = words.take(r"-(?:SIG)?(?P<s>STOP|CONT|KILL|9|TERM|15)|"
                        r"SIG(?P<s2>STOP|CONT|KILL|TERM)", 0)
    verb = words.take(r"kill(?:s|ed)?|stop(?:s|ped)?|pause[sd]?|freez(?:es?)|"
                      r"frozen|suspend(?:s|ed)?|scale[sd]?|start(?:s|ed)?|"
                      r"resume[sd]?|shut(?:s)? down|take[sn]? (?:down|out)|"
                      r"crash(?:es|ed)?|hangs?|dies|continue")
    if not (signal or verb):
        return None
    one = words.take_raw(r"<(?:app|replica|backend)[ -](?P<r>[ab])(?: pid)?>")
    named = [one["r"]] if one else replicas_of(words, False)
    count = words.take(r"one replica|(?:down to |to )?(?:1|one)(?: "
                       r"replica)?")
    if count and word_is_scale(verb):
        aside = re.search(r"\b([ab])\b", clause.remark)
        named = named or [aside[1] if aside else "b"]
    if not named and not words.take(r"(?:both |all |the )*(?:app(?:lication)?"
                                    r"|replicas?|backend)(?:s| process(?:es)?"
                                    r")?"):
        return None
    keep = words.take(r"(?:and )?(?:keep (?:it )?from starting again|do not "
                      r"restart(?: it)?|not restarted|for good|stays? down)")
    words.env()
    words.take_all(APP)
    words.take_all("kill|stop|signal|down|replicas?")
    words.end()
    name = (signal["s"] or signal["s2"]) if signal else ""
    word = verb[0].lower() if verb else ""
    if name == "CONT" or re.match("resum|contin", word):
        does = "app_resume"
    elif name == "STOP" or re.match("paus|freez|froz|suspend|hang", word):
        does = "app_pause"
    elif word.startswith("start"):
        does = "app_start"
    elif (name in ("9", "KILL") or re.match("kill|crash|die", word)) and \
            not keep and not count:
        does = "app_kill"
    else:
        does = "app_stop"
    return [step for one in named or ["a", "b"] for step in clause.step(
        does, env=clause.env(), replica=one)]


# --- clocks ------------------------------------------------------------------

def trigger_date(clause):
    """the clocks of applications cross the date of their defect"""
    words = clause.words()
    if not words.take(r"trigger date|date of (?:the|its|their) defect|"
                      r"2038-01-19|tick file"):
        return None
    envs = words.env()
    if words.take("shared by both|both environments"):
        envs = []
    words.take_all(r"faketime|cross(?:es|ed)?|past|clocks?|app|move[sd]?|"
                   r"environment-independent|trigger|reads?|a|advance[sd]?|"
                   r"set|preload|both|beyond|file|through|app reads")
    words.end()
    return clause.step("trigger_date", envs=sorted(envs) or ["prd", "stg"])


BEHIND = r"behind|slow|back|late|in the past|backwards?"
AHEAD = r"ahead|fast|forwards?|in the future|early"


def clock(clause):
    """the clock of an agent or an application is off"""
    words = clause.words()
    if not words.take(r"clock|time namespace|faketime(?: -f)?|time|offset|"
                      r"skew(?:ed)?"):
        return None
    amount = words.take_raw(rf"['\"]?(?P<sign>[+-])?{SECONDS}['\"]?")
    if not amount:
        return None
    way = words.take(rf"(?P<b>{BEHIND})|(?P<a>{AHEAD})")
    agents = [m["n"].lower() for m in words.take_all(
        r"(?P<n>agent-\w+)(?:'s)?")]
    if not agents:
        m = words.take(rf"(?P<e>{ENV})(?:'s)? agent(?:'s)?|agent of "
                       rf"(?P<e2>{ENV})")
        agents = ["agent-" + ENVIRONMENTS[(m["e"] or m["e2"]).lower()]] \
            if m else []
    namespace = words.take("time namespace|boottime|monotonic") or \
        "time namespace" in clause.text
    words.env()
    words.take_all(r"clock|runs?|time|faketime|restart(?:s|ed)?|under|offset|"
                   r"set|host|agent|app(?:lication)?(?:'s)?|move[sd]?|jumps?|"
                   r"shift(?:s|ed)?|skew(?:ed)?|drifts?|boottime|monotonic|"
                   r"LD_PRELOAD|preload|wall|-f|relaunch|start(?:s|ed)?|"
                   r"behind|true|preload|reads?|goes")
    words.end()
    offset = seconds(amount[2], amount[3])
    if amount["sign"] == "-" or way and way["b"]:
        offset = -offset
    more = {"namespace": True} if namespace else {}
    return [step for agent in agents or [None] for step in clause.step(
        "clock", env=clause.env(), offset_s=offset, agent=agent, **more)]


READERS = [memory, cpu, descriptors, trigger_date, clock, process]
