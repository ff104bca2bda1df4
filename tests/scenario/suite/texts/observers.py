"""observers.py - what is said of agents, the collector, and people."""
import re

from suite.steps import ENV, ENVIRONMENTS

AGENT = (rf"(?P<a>agent-\w+)|(?:the )?(?P<b>{ENV}|ops|outside) agent|"
         rf"agent of (?P<c>{ENV})|(?P<d>all|both|every) (?:the )?agents?")
ALL = ["agent-stg", "agent-prd", "agent-ops"]


def agents_of(words):
    """Their names, taken."""
    found = []
    for m in words.take_all(AGENT):
        if m["d"]:
            found += ALL[:2] if m["d"].lower() == "both" else ALL
        elif m["a"]:
            found.append(m["a"].lower())
        else:
            word = (m["b"] or m["c"]).lower()
            found.append("agent-" + {"outside": "ops"}.get(
                word, ENVIRONMENTS.get(word, word)))
    return found


def does(words):
    """(signal, verb) of a process, taken."""
    signal = words.take(r"-(?:SIG)?(?P<s>STOP|CONT|KILL|9|TERM|15)|"
                        r"SIG(?P<s2>STOP|CONT|KILL|TERM)", 0)
    verb = words.take(r"(?:systemctl )?(?:kill(?:s|ed)?|stop(?:s|ped)?|"
                      r"restart(?:s|ed)?|start(?:s|ed)?|pause[sd]?|freez(?:es?"
                      r")|frozen|suspend(?:s|ed)?|resume[sd]?|dies|dead|"
                      r"crash(?:es|ed)?|shut down|down|hangs)")
    name = (signal["s"] or signal["s2"]) if signal else ""
    word = re.sub("^systemctl ", "", verb[0].lower()) if verb else ""
    if name == "CONT" or word.startswith("resum"):
        return "resume"
    if name == "STOP" or re.match("paus|freez|froz|suspend|hang", word):
        return "pause"
    if word.startswith("restart"):
        return "restart"
    if word.startswith("start"):
        return "start"
    return "stop" if name or word else None


def agent(clause):
    """kill, stop, start, pause an agent"""
    words = clause.words()
    named = agents_of(words)
    what = does(words)
    if not named and what and re.fullmatch(
            r"(?:and )?(?:re)?start it(?: again)?", clause.text) and \
            re.search(r"agent-\w+", clause.before):
        named = re.findall(r"agent-\w+", clause.before)[-1:]
        words.take("it")
    if not named or not what:
        return None
    words.take_all(r"kill|process|again|and|down|systemctl|vedette-agent|"
                   r"stop|hard")
    words.end()
    return [step for name in named
            for step in clause.step(f"agent_{what}", agent=name)]


def collector(clause):
    """kill, stop, start, pause the collector"""
    words = clause.words()
    about = words.take(r"(?:vedette-)?collector")
    what = does(words)
    if not about and what and re.fullmatch(
            r"(?:and )?(?:re)?start it(?: again)?", clause.text) and \
            re.search(r"collector", clause.before) and not re.search(
                "agent", clause.before):
        about = words.take("it")
    if not about or not what:
        return None
    words.take_all(r"kill|process|again|down|stop|systemctl|hard")
    words.end()
    return clause.step(f"collector_{what}")


def spooling(clause):
    """agents without a spool, from the beginning"""
    words = clause.words()
    if not words.take(r"spool(?:ing)?"):
        return None
    if not words.take(r"off|disabled?|without|no"):
        return None
    words.take_all(r"agents?|run|have|keep|spool(?:ing)?|turned|switched")
    words.end()
    return clause.step("spool_off")


def workstation(clause):
    """checks of another place under an environment's name"""
    words = clause.words()
    if not words.take(r"dev(?:eloper)?(?:'s)?(?: (?:namespace|laptop|machine|"
                      r"agent|workstation))?|laptop|workstation"):
        return None
    named = words.take(rf"(?:--env|labelled|as|under the name of|environment|"
                       rf"for) (?:environment )?(?P<e>{ENV})")
    if not named or not words.take(r"run(?:s)?|start(?:s|ed)?|come[s]?|results"
                                   r"|checks"):
        return None
    words.take_all(r"dev|agent's|agent|checks?|env\.required|pg\.query|"
                   r"namespace|--env|labelled|run|results?|come|laptop|probes?"
                   r"|developer|machine|environment|staging|vedette-agent|"
                   r"started|tcp\.connect|http\.health|dns\.resolve|local")
    words.env()
    words.end()
    return clause.step("workstation", env=ENVIRONMENTS[named["e"].lower()])


def rotate(clause):
    """another fingerprint key"""
    words = clause.words()
    if not words.take(r"(?P<f>fleet )?(?:fingerprint(?:ing)? |HMAC )?key"):
        return None
    if not words.take(r"rotate[sd]?|replace[sd]?|change[sd]?|new|renew(?:s|"
                      r"ed)?"):
        return None
    fleet = "fleet" in clause.text
    named = agents_of(words)
    envs = words.env()
    words.take_all(r"fleet|fingerprints?|agents?|key|everywhere")
    words.end()
    every = fleet or len(set(named)) > 1 or not (named or envs)
    env = None if every else clause.env(named[0] if named else None)
    return clause.step("rotate_key", env=env)


def identity(clause):
    """an agent loses what proves where it stands, or its certificate"""
    words = clause.words()
    named = agents_of(words)
    if not named:
        return None
    if words.take(r"certificate|cert"):
        if not words.take(r"revoke[sd]?|expires?|expired|withdraw(?:n|s)?"):
            return None
        words.end()
        return clause.step("agent_revoked", agent=named[0])
    if not words.take(r"not enrolled|identity|unenrolled|enrolment"):
        return None
    words.take_all(r"los(?:es|t)|remove[sd]?|changes?|another|no longer|"
                   r"proof|proves?|wrong|gone|removed from|its|withdraw|is|"
                   r"any more|longer|no|enrolled|list")
    words.end()
    return clause.step("identity", agent=named[0])


def plugin(clause):
    """a check of an agent that does not end in time"""
    words = clause.words()
    if not words.take(r"plug-?ins?(?: check| probe)?|exec (?:plug-?in|probe|"
                      r"check)|check_\w+"):
        return None
    if not words.take(r"hangs?|sleeps?|times? out|time-?outs?|slow|never "
                      r"(?:ends|returns|exits|answers)|does not end|longer "
                      r"than its "
                      r"time-?out|blocks|too long"):
        return None
    named = agents_of(words)
    words.take_all(r"replace[sd]?|swap|stop|exec check|returns|ends|exits|"
                   r"that|sleeps?|longer|than|timeout|time-?out|check|probe|"
                   r"its|"
                   r"plug-?in|exec|long|runs?|script|forever|interval")
    words.take_all(r"\d+ ?s")
    words.env()
    words.end()
    return clause.step("plugin", env=clause.env(),
                       agent=named[0] if named else None)


# --- people ------------------------------------------------------------------

WHO = (r"(?:an? |the |one |some )?(?:person|people|user|human|operator|support|"
       r"customer|developer|colleague|somebody|someone|engineer|manager|"
       r"on-?call|dba|client)(?: \w+)?s?(?: in (?:the )?(?:chat|ticket))?")
SAYS = (r"(?:reports?|claims?|says?|posts?|complains?|insists?|is (?:sure|"
        r"convinced)|believes?|writes?)(?: in (?:the )?(?:chat|ticket|channel)"
        r")?")


def quoted(text):
    """What was said, without the quotes around it."""
    found = re.match(r"(['\"])(.*)\1(?:,? (?:path |on |for )?(\S+))?$",
                     text.strip(), re.S)
    if found:
        return found[2] + (f" ({found[3]})" if found[3] else "")
    return text.strip(" '\"")


def claim(clause):
    """what a person says"""
    text = clause.text
    for pattern in (
            rf"{WHO} {SAYS}(?: that|:|,)? (?P<what>.+)",
            r"(?:vedette )?mark (?:--environment \S+ )?--claim[= ]"
            r"(?P<what>'[^']+'|"
            r"\"[^\"]+\")(?: --environment \S+)?",
            r"(?:post|mark|send|add|file|open|record)s?:? (?:an? )?(?:human |"
            r"user |customer |person's )?(?:report|claim|ticket|complaint)"
            r"(?: event)?(?: (?:by|from|of) (?:the |a )?\w+)?(?::| that|,)? "
            r"(?P<what>.+)",
            r"(?:an? )?(?:human |user |customer |support )?(?:report|claim|"
            r"ticket|complaint)(?: (?:by|from|of) (?:an? |the )?\w+)?: "
            r"(?P<what>.+)",
            r"mark: (?P<what>['\"].+['\"])"):
        found = re.fullmatch(pattern, text, re.I | re.S)
        if found:
            what = quoted(found["what"])
            if re.search(r"/\w", clause.remark) and "/" not in what:
                what += f" ({clause.remark})"
            return clause.step("event", env=clause.env(), kind="claim",
                               subject="", summary=what)
    return None


KINDS = (r"deploy|restart|config_change|secret_change|scale|rollback|"
         r"maintenance_start|maintenance_end")


def event(clause):
    """a marker without the deed, a maintenance window"""
    words = clause.words()
    window = words.take(r"maintenance(?: (?:window|mode))?(?![\w_])")
    if window:
        begins = words.take(r"opens?|posts?|starts?|begins?|announces?|"
                            r"enters?|maintenance_start")
        words.take("maintenance_start")
        ends = None if begins else words.take(
            r"closes?|ends?|finish(?:es)?|over|maintenance_end|leaves?")
        words.take_all(r"maintenance|event|marker|window|collector|"
                       r"maintenance_start|maintenance_end")
        words.env()
        words.end()
        if not (begins or ends):
            return None
        kind = "maintenance_start" if begins else "maintenance_end"
        return clause.step("event", env=clause.env(), kind=kind, subject="",
                           summary="maintenance")
    found = re.fullmatch(
        rf"(?:post|mark|send|add|vedette mark)(?: an?)?(?: --kind)? "
        rf"(?P<kind>{KINDS})(?: event| marker)?(?: (?:for|in|on) {ENV})?"
        r"(?P<what>: .*|)", clause.text, re.S)
    if not found:
        return None
    return clause.step("event", env=clause.env(), kind=found["kind"],
                       subject="", summary=found["what"].strip(" :\"'"))


READERS = [claim, event, workstation, spooling, rotate, plugin, identity,
           agent, collector]
