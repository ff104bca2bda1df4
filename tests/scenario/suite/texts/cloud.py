"""cloud.py - what is said of the cloud's control plane (fake GCP)."""
import re

from suite.steps import NotUnderstood

FAKE = r"(?:the )?fake[- _]?(?:GCP|cloud)(?:'s| API)?|cloud API|GCP(?: API)?"
RESOURCES = [
    ("connector", r"vpc ?access(?:/[\w-]+)?|(?:VPC )?connectors?(?:\.get)?"
                  r"(?: [\w-]+-connector)?|[\w-]+-connector|"
                  r"connectors\.get"),
    ("secret", r"secret ?manager|secrets?|versions(?:\.get|:access)?|"
               r"versions:access"),
    ("run", r"(?:cloud )?run(?: services?)?(?:\.get)?|services\.get|"
            r"[a-z]+-backend|revisions?"),
    ("sql", r"(?:cloud )?sql(?:/[\w-]+)?|instances?(?:\.get)?|(?:staging|"
            r"production)-db"),
]
SECRET = r"(?:secret )?(?P<s>postgres-password|payments-api-key)"
STATES = {
    "sql": "RUNNABLE SUSPENDED PENDING_DELETE PENDING_CREATE MAINTENANCE "
           "FAILED STOPPED UNKNOWN_STATE ONLINE_MAINTENANCE REPAIRING",
    "connector": "READY CREATING DELETING ERROR UPDATING",
    "secret": "ENABLED DISABLED DESTROYED",
    "run": "CONDITION_SUCCEEDED CONDITION_FAILED CONDITION_PENDING "
           "CONDITION_RECONCILING",
}
STATE_WORDS = {word: name for name, text in STATES.items()
               for word in text.split()}
REASONS = {"UNAUTHENTICATED": 401, "PERMISSION_DENIED": 403,
           "NOT_FOUND": 404, "RESOURCE_EXHAUSTED": 429, "UNAVAILABLE": 503,
           "INTERNAL": 500, "DEADLINE_EXCEEDED": 504}
KEYS = {  # what people shorten
    "activationPolicy": "settings.activationPolicy",
    "tier": "settings.tier", "ipv4Enabled":
    "settings.ipConfiguration.ipv4Enabled",
    "availabilityType": "settings.availabilityType",
    "settings.ipv4Enabled": "settings.ipConfiguration.ipv4Enabled",
}
NOISE = (r"metadata|answers?|returns?|responds?|becomes?|goes|gets?|"
         r"state|status|set|"
         r"calls?|methods?|requests?|version|latest|every(?:thing)?|API|token|"
         r"tokens|expired|identity|services?|resources?|now|with|staging'?s?|"
         r"production'?s?|credentials?|access|instance|condition|Ready|False|"
         r"True|policy|etag|changes?|invalid|revoked?|grant|any|calls|IAM|"
         r"own|probes?|agent-\w+|removed?|on|project|permission|enabled|"
         r"disabled|destroyed|refuses|rejects|stays|old|revision|turn(?:s|ed)"
         r"|\d+|previous|new|permissions?|quota|exceeded|times? out|"
         r"time-?out|hangs?|never|body|identity|account|service account")


def resources(words, text):
    """The resources that are meant, in the text's order."""
    places = {}
    for name, pattern in RESOURCES:
        taken = words.take_all(rf"{pattern}(?: of (?:staging|production))?")
        if taken:
            places[name] = text.find(taken[0][0])
    found = sorted(places, key=places.get)
    if not found and re.search(r"settings\.|activationPolicy|ipv4Enabled|"
                               r"RUNNABLE", text):
        found = ["sql"]
    return found


def is_about(clause, words):
    """Is the control plane meant, here or just before?"""
    if words.take(FAKE):
        return True
    return clause.context.get("cloud") or re.search(
        r"fake[- ]?GCP", clause.before) is not None and re.search(
            r"\b(?:secret|connector|instance|version \d|activationPolicy|"
            r"settings\.|state ?=)", clause.text) is not None


def value_of(text):
    """As JSON has it."""
    words = {"true": True, "false": False, "True": True, "False": False,
             "on": True, "off": False}
    return words.get(text, text)


def versions(clause):
    """a secret has a new version, and older ones are taken out of use"""
    words = clause.words()
    if not is_about(clause, words):
        return None
    name = words.take(SECRET)
    words.take(r"secret(?: ?manager)?|secrets")
    new = words.take(r"(?:gets |has |as )?(?:a )?(?:new )?version (?P<n>\d+)"
                     r"(?: is| (?:is )?(?:added|created|becomes latest))?"
                     r"(?: ENABLED)?(?: (?:becomes|is|and) (?:the )?latest| "
                     r"\(latest\)| added| created| latest)")
    if not new:
        new = words.take(r"(?:gets|has|gains|receives) (?:a )?(?:new )?"
                         r"version (?P<n>\d+)|(?:new|latest) version "
                         r"(?P<n2>\d+)|version \d+ ?(?:->|→|to) ?(?:version )?"
                         r"(?P<n3>\d+)|(?:rotated?|moves) to version "
                         r"(?P<n4>\d+)")
    if not new:
        return None
    old = words.take_all(r"versions? (?P<n>\d+) (?:is |becomes |gets )?"
                         r"(?P<s>DISABLED|DESTROYED|ENABLED)")
    words.take_all("ENABLED|latest|and|becomes")
    envs = words.env()
    words.take(r"rotated?|fake")
    words.end()
    number = next(int(group) for group in new.groups() if group)
    return [step for env in clause.envs(envs) for step in clause.step(
        "gcp_version", env=env, name=name["s"] if name
        else "postgres-password", version=number,
        others={int(m["n"]): m["s"].upper() for m in old})]


def refused(clause):
    """answers that are refused, come late, or do not come"""
    words = clause.words()
    if not is_about(clause, words):
        return None
    every = words.take(r"(?:every|each|all|any)(?:thing| "
                       r"(?:API )?(?:APIs|calls?|"
                       r"methods?|requests?|services?|resources?|endpoints?|"
                       r"answers?))?|the (?:whole )?API")
    hang = words.take(r"times? out|time-?outs?|hangs?|never (?:answers?|"
                      r"replies)|does not answer|no answer")
    code = None if hang else words.take(r"(?:HTTP |status )?(?P<c>[45]\d\d)")
    reason = words.take("(?P<r>" + "|".join(REASONS) + ")", 0)
    denied = words.take(r"(?:is )?denied|forbidden")
    lost = words.take(r"(?:expires?|revokes?|invalidates?)(?: the)? (?:"
                      r"token|credentials?)(?: of agent-\w+)?")
    if not (hang or code or reason or lost or denied):
        return None
    access = words.take(r"versions:access|:access|access(?:ing)?")
    name = words.take(SECRET)
    named = ["secret"] if name or access else []
    named += [one for one in resources(words, clause.text)
              if one not in named]
    if lost or not named or every and not named:
        named = ["all"]
    words.env()
    words.take_all(NOISE)
    words.end()
    status = "hang" if hang else int(code["c"]) if code else \
        REASONS[reason["r"]] if reason else 403 if denied else 401
    args = {"name": name["s"]} if name else {}
    return [step for one in named for step in clause.step(
        "gcp_status", env=clause.env(), resource=one, status=status,
        access=bool(access), **args)]


def state_of(words, fields):
    """Takes words that name a state; returns the resource they belong
    to."""
    state = words.take("(?:state )?(?:= ?|is |becomes |goes (?:to )?|-> ?)?"
                       "(?P<s>" + "|".join(STATE_WORDS) + ")", 0) or \
        words.take(r"(?:is |in |into |under )?(?P<s>maintenance|destroyed|"
                   r"disabled|suspended|deleting)")
    if state:
        fields.setdefault("state", state["s"].upper())
        return STATE_WORDS[state["s"].upper()]
    return None


def fields_of(words):
    """{key: value} of what is assigned"""
    fields = {}
    for m in words.take_all(
            r"(?P<k>[a-zA-Z][\w.\[\]]*) ?= ?(?:\w+ ?-> ?)?"
            r"(?P<v>\"[^\"]*\"|'[^']*'|[\w.:/-]+)", 0):
        fields[KEYS.get(m["k"], m["k"])] = value_of(m["v"].strip("'\""))
    for m in words.take_all(
            r"(?P<k>(?:settings\.)?(?:ipConfiguration\.)?(?:activationPolicy|"
            r"ipv4Enabled|tier|availabilityType|machineType)):? ?"
            r"(?:is |changes |turned |becomes |->|→|to |set to )*"
            r"(?P<v>NEVER|ALWAYS|ON_DEMAND|on|off|true|false|"
            r"db-[\w-]+|ZONAL|REGIONAL|e2-\w+)", 0):
        fields[KEYS.get(m["k"], m["k"])] = value_of(m["v"])
    return fields


def changed(clause):
    """fields of a resource"""
    words = clause.words()
    if not is_about(clause, words):
        return None
    if re.search(r"policy etag|etag changes", clause.text) and not \
            re.search(r"=", clause.text):
        return [] if clause.done else None
    fields = fields_of(words)
    if "Ready" in fields and fields.pop("Ready") is False:
        fields["terminalCondition.state"] = "CONDITION_FAILED"
    name = words.take(SECRET)
    about = state_of(words, fields)
    named = ["secret"] if name else []
    named += [one for one in resources(words, clause.text)
              if one not in named]
    words.take(r"(?:latestReadyRevision|latest ready revision) stays")
    if not fields and not about:
        return None
    words.env()
    words.take(r"(?:->|→)")
    words.take_all(NOISE + r"|latestReadyRevision")
    words.end()
    resource = next(iter(named), about or "sql")
    if "state" in fields and resource == "run":
        fields["terminalCondition.state"] = fields.pop("state")
    if "state" in fields and fields["state"] not in STATES[resource].split():
        raise NotUnderstood(f"{clause.text}: no {resource} is ever "
                            f"{fields['state']}")
    args = {"name": name["s"]} if name else {}
    return clause.step("gcp", env=clause.env(), resource=resource,
                       fields=fields, **args)


READERS = [versions, refused, changed]
