"""remarks.py - words that ask for nothing: what stays, what follows, labels.

They are taken for such only beside something that was read, and never with
an order among them.
"""
import re

from suite.steps import TAKEN_BACK, UNDO, undone

NOTHING = (r"(?:\(?no (?:further )?(?:action|injection|change)s?\b.*|nothing"
           r"(?: (?:is |at all|else|happens|more).*)?|none|(?:just |only )?"
           r"(?:observ(?:e|ation)|watch|wait)\b.*|control (?:scenario|run)\b.*|"
           r"diagnose\b.*|(?:ask|run) .*diagnose\b.*|baseline(?: only)?|-)")
EFFECT = (r"(?:(?:GET|POST|HTTP|reads?|writes?|orders?|logins?|payments "
          r"(?:fail|keep)|users?|customers?|clients?|impact|symptom|step \d|"
          r"p\d\d|latency|golden path|existing|running|new connections?|"
          r"in-flight|established|that is|i\.e\.|e\.g\.|so|because|as if|"
          r"measured|healthy|no deploy marker|no marker|no restart|"
          r"no other|nobody|nothing|no probe|everything (?:is |else )?"
          r"(?:healthy|well|green|fine|untouched))\b.*)")
STAYS = (r"(?!(?:and |but )?(?:keep|leave|hold)\b)[^,:;]*\b(?:stays?|remains?|"
         r"keeps|kept|untouched|unchanged|unaffected|as before|as (?:it )?was|"
         r"not "
         r"restarted|not touched|not changed|not updated|not reloaded|"
         r"not applied|not run|"
         r"without (?:a |any )?"
         r"(?:restart|deploy marker|marker|redeploy|reload|deploying|"
         r"notice)|still|unaware|no restart|is not affected|are not "
         r"affected|(?:policy )?etag changes?|has another|is the same)"
         r"\b[^,:;]*")
# What is wrong then, said before how it is done.
SYMPTOM = (r"[\w' -]*\b(?:cannot|can no longer|loses|lost|unreachable|"
           r"partition(?:ed)?|black ?hole|outage|off from (?:everything|all))"
           r"\b[\w' -]*")
LABEL = (rf"(?P<label>{SYMPTOM}|flap(?:ping)?|step \d|first(?:ly)?|"
         r"second(?:ly)?|finally|next)")
ORDER = re.compile(
    r"\b(?:kill|stop|start|restart|set|unset|add|append|prepend|insert|remove|"
    r"delete|drop|deploy|load (?:stg|prd|staging)|fill|free|revoke|grant|"
    r"rotate|replace|install|edit|move|rename|mv|cp|rm|sed|chmod|echo|post|"
    r"mark|pause|freeze|resume|terminate|apply|revert|swap|truncate|wipe|"
    r"reload|block|reject|cut|lower|raise|throttle|app_restart|pg_ctl|psql|"
    r"nft|iptables|tc|disable|enable|unplug|crash|break|shoot|burn|promote)\b",
    re.I)
# Those words where they do not ask for anything.
NO_ORDER = re.compile(
    r"\b(?:no|not|nor|without|never|any|a|the|each|every|after|before|by) "
    r"(?:a |any |the )?(?:restart|reload|deploy(?: marker)?|start|stop|drop|"
    r"load|reject|block|mark|post|move|set|cut|kill|crash|break)\b", re.I)


def nothing(clause):
    """No action is asked for; said so, it is a scenario's whole text."""
    if re.fullmatch(NOTHING, clause.text, re.I | re.S) and \
            not has_order(clause.text):
        return []
    if re.fullmatch(r"(?:and )?(?:HUP|SIGHUP|reload(?: it)?|hold|reload "
                    r"dnsmasq|SIGHUP (?:the )?dnsmasq|HUP (?:the )?dnsmasq|"
                    r"kill -HUP (?:the )?dnsmasq)(?: it)?", clause.text, re.I):
        return [] if clause.done else None
    if clause.text == "restart" and clause.done and \
            clause.done[-1].verb == "pg_setting":
        return []  # which restarts the server where that is needed
    return None


def taken_back(clause):
    """what was just done is undone"""
    last = clause.done[-1] if clause.done else None
    if last is None or last.verb not in UNDO:
        return None
    signal = {"pause", "app_pause", "dns_pause", "agent_pause",
              "nginx_pause", "collector_pause", "payments_hang"}
    if not re.fullmatch(TAKEN_BACK, clause.text, re.I) and not (
            last.verb in signal and re.fullmatch(r"kill -(?:SIG)?CONT|SIGCONT",
                                                 clause.text)):
        return None
    return [undone(step, 0) for step in clause.done
            if step.text == last.text and step.verb in UNDO]


def is_nothing(text):
    """A text that says at its beginning that nothing is done."""
    return re.match(r"\(no(?: further)? (?:action|injection|change)s?\)",
                    text) is not None


def has_order(text):
    """Is something asked for in it?"""
    return ORDER.search(NO_ORDER.sub("", text)) is not None


def label(text):
    """Where the text goes on behind a label or a symptom; None."""
    found = re.match(rf"{LABEL}:\s*", text, re.I)
    if not found or has_order(re.sub("^cut (?=.* off from )", "",
                                     found["label"])):
        return None
    return found.end()


def remark(clause):
    """Words that only explain what an earlier clause does."""
    if has_order(clause.text):
        return None
    for pattern in (STAYS, EFFECT, LABEL):
        if re.fullmatch(pattern, clause.text, re.I | re.S):
            return []
    return None
