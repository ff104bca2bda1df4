"""inject.py - what a scenario's injection text says to do.

read(text) turns the prose-like commands of a scenario file into Steps: a verb
of the world and its arguments.  It is a table of patterns, general over
names, numbers, environments and ports.  Pure: perform.py does the steps.  A
clause that no pattern reads is NotUnderstood; no word is dropped quietly.
"""
import re

from suite import inject_paths
from suite.steps import (ENV, ENVIRONMENTS, NotUnderstood, SECONDS, STATEMENT,
                         Step, cut, environment_of, seconds, spread,
                         take_times, without_remarks)

ASSIGNED = r"\w+=(?:<[^>]*>|[^\s,]+)"
FILE = r"(?P<file>\S+\.(?:env|conf)\S*|\S*/etc/hosts)"
NAME = r"(?P<name>[A-Za-z_][\w.]*)"
WORDS = r"(?:the |its |their |both |all |every |of |environment )*"


class Clause:
    """A clause that is read: its words, what the text said before."""

    def __init__(self, text, remark, before):
        self.text, self.remark, self.before = text, remark, before

    def env(self, text=None):
        """The environment this clause, or else an earlier one, names."""
        return environment_of(text or self.text, None) or \
            environment_of(self.before, "stg")

    def step(self, verb, **args):
        """One step of this clause, in a list."""
        return [Step(verb, args, 0, self.text)]


# --- builds, restarts, load ----------------------------------------------------

ASSIGNMENT = r"(\w+)=(\"[^\"]*\"|'[^']*'|<[^>]*>|[^\s,]*)"


def restart(clause, found):
    """app_restart ENV REPLICA BUILD [with NAME=value ...] [without NAME]"""
    env, build, replicas, rest = clause.env(), None, [], found["rest"]
    overrides = {}
    rest, _, given = rest.partition(" with ")
    given, _, removed = (given + " ").partition("without ") \
        if given else ("", "", rest.partition(" without ")[2])
    rest = rest.partition(" without ")[0]
    for name, value in re.findall(ASSIGNMENT, given):
        overrides[name] = value.strip("'\"")
    if given.strip() and not overrides:
        raise NotUnderstood(clause.text)
    for name in re.findall(r"\w+", removed):
        overrides[name] = None
    for word in re.split(r"[\s,]+|\band\b", rest.strip()):
        if word in ENVIRONMENTS:
            env = ENVIRONMENTS[word]
        elif word in ("a", "b"):
            replicas.append(word)
        elif word.startswith("v") and word[1:2].isdigit():
            build = word
        elif word not in ("", "replica", "replicas", "both", "build"):
            raise NotUnderstood(clause.text)
    return [step for replica in replicas or ["a", "b"]
            for step in clause.step("restart", env=env, replica=replica,
                                    build=build, overrides=overrides)]


def deploy(clause, found):
    """deploy ENV [REPLICA] BUILD"""
    if found["replica"]:
        return clause.step("deploy_replica", env=clause.env(),
                           replica=found["replica"], build=found["build"])
    return clause.step("deploy", env=clause.env(), build=found["build"],
                       kind="rollback" if "back" in found["verb"]
                       else "deploy", marker="without" not in clause.text)


def load(clause, found):
    """load ENV RATE, steady, as a wave, or as a ramp"""
    low, high = float(found["low"]), float(found["high"] or found["low"])
    shape = "steady" if low == high else \
        "wave" if "sin" in clause.text or "wave" in clause.text else "ramp"
    return clause.step("load", env=clause.env(), low=low, high=high,
                       shape=shape)


def load_stop(clause, _):
    """stop load"""
    return clause.step("load_stop", env=clause.env())


# --- files -----------------------------------------------------------------------

def file_of(clause, name):
    """(environment, file's name) of a path in a scenario"""
    env = clause.env(name) if environment_of(name, None) else clause.env()
    return {"env": env, "file": name.rstrip(":").rpartition("/")[2] or name}


def edit(clause, found):
    """set NAME=VALUE in FILE; a name alone gets a value made up"""
    found = found.groupdict()
    value = found.get("value")
    value = value.strip("'\"") if value is not None else None
    return clause.step("edit", name=found["name"], value=value,
                       **file_of(clause, found["file"]))


def edit_several(clause, found):
    """set NAME=VALUE and NAME=VALUE in FILE"""
    left = re.sub(rf"(?:,? and |, |^){ASSIGNED}", "", found["pairs"])
    if left.strip():
        raise NotUnderstood(clause.text)
    return [step for name, value in re.findall(ASSIGNMENT, found["pairs"])
            for step in clause.step("edit", name=name, value=value.strip("'\""),
                                    **file_of(clause, found["file"]))]


def gone(clause, found):
    """variables with one beginning go"""
    names = {"POSTGRES": ("HOST", "PORT", "DB", "USER", "PASSWORD")}
    if found["start"] not in names:
        raise NotUnderstood(clause.text)
    return [step for end in names[found["start"]] for step in clause.step(
        "edit_remove", name=f"{found['start']}_{end}",
        **file_of(clause, found["file"]))]


def edit_there(clause, found):
    """set NAME=VALUE, in the file that the text spoke of just before"""
    before = re.findall(FILE, clause.before)
    if not before:
        raise NotUnderstood(clause.text)
    return clause.step("edit", name=found["name"], value=found["value"],
                       **file_of(clause, before[-1]))


def drop(clause, found):
    """remove NAME from FILE"""
    return [step for name in re.split(r"[\s,]+(?:and )?", found["names"])
            for step in clause.step("edit_remove", name=name,
                                    **file_of(clause, found["file"]))]


def mangle(clause, found):
    """The value stays the same but for its shape."""
    how = "line_ends" if "CRLF" in clause.text + clause.remark else \
        next((SHAPES[key] for key in SHAPES if key in clause.text), None)
    if how is None:
        raise NotUnderstood(clause.text)
    return clause.step("mangle", name=found["name"], how=how,
                       **file_of(clause, found["file"]))


SHAPES = {"\\r": "cr", "carriage return": "cr", "CR ": "cr", "space": "space",
          "quote": "quotes", "newline": "newline", "unexpanded": "unexpanded",
          "placeholder": "placeholder", "empty": "empty"}


def hosts(clause, found):
    """append 'ADDRESS NAME' to the hosts file of an environment"""
    return clause.step("hosts", env=clause.env(clause.text[found.end(2):]),
                       address=found[1], name=found[2])


def hosts_back(clause, _):
    """remove the line from the hosts file"""
    return clause.step("hosts", env=clause.env(), address=None, name=None)


def shell(clause, _):
    """A command line as it stands, its ${...} set as variables."""
    return clause.step("shell", command=clause.text)


# --- PostgreSQL ----------------------------------------------------------------

def pg_ctl(clause, found):
    """pg_ctl [-D DIRECTORY] [-m MODE] ACTION"""
    actions = {"stop": "stop_database", "start": "start_database",
               "restart": "restart_database", "reload": "reload_database",
               "promote": "promote_database"}
    action = re.search(r"\b(stop|start|restart|reload|promote)\b",
                       found["rest"])
    if action is None:
        raise NotUnderstood(clause.text)
    left = re.sub(r"-[Dmlow] ?\S+|-[wWst]\b|\b(stop|start|restart|reload|"
                  r"promote)\b", "", found["rest"]).strip()
    if left:
        raise NotUnderstood(clause.text)
    mode = re.search(r"-m ?(\w+)", found["rest"])
    return clause.step(actions[action[1]], env=clause.env(),
                       mode=mode[1] if mode else "fast")


def database(clause, found):
    """stop PostgreSQL [of ENV], in words"""
    return clause.step(found["verb"].lower() + "_database", env=clause.env(),
                       mode="immediate" if "crash" in clause.text else "fast")


def signal_database(clause, found):
    """kill -SIGNAL <postmaster pid>"""
    signal = found["signal"].removeprefix("SIG")
    verb = {"STOP": "pause", "CONT": "resume"}.get(signal)
    if verb:
        return clause.step(verb, env=clause.env())
    mode = {"9": "kill", "KILL": "kill", "QUIT": "immediate", "INT": "fast",
            "TERM": "smart"}.get(signal)
    if mode is None:
        raise NotUnderstood(clause.text)
    return clause.step("stop_database", env=clause.env(), mode=mode)


def sql(clause, found):
    """A statement, as the superuser or a role; "hold" keeps it open."""
    text = found["sql"].strip().strip("\"'") \
        if found["sql"].strip()[:1] in "\"'" else found["sql"].strip()
    hold = re.search(r"[;,]?\s*\b(and )?(hold|keep)( it| open| the \w+)*\s*$",
                     text)
    if hold:
        text = text[:hold.start()].rstrip("; ")
    holds = bool(hold) or bool(re.search(r"\bBEGIN\b", text) and not
                               re.search(r"\b(COMMIT|END|ROLLBACK)\b", text))
    given = found.groupdict()
    more = {"application": given["name"]} if given.get("name") else {}
    return clause.step("session" if holds else "sql", env=clause.env(),
                       sql=text, role=given.get("role"), **more)


def lock(clause, found):
    """hold a lock on a table"""
    mode = re.search(r"(ACCESS EXCLUSIVE|SHARE ROW EXCLUSIVE|EXCLUSIVE|"
                     r"ROW EXCLUSIVE|SHARE)", clause.text, re.I)
    return clause.step(
        "session", env=clause.env(), role=None,
        sql=f"BEGIN; LOCK TABLE {found['table']} IN "
            f"{mode[1].upper() if mode else 'ACCESS EXCLUSIVE'} MODE")


def connections(clause, found):
    """open connections as a role and hold them"""
    name = re.search(r"application_name=(\S+)", clause.text + clause.remark)
    found = found.groupdict()
    return clause.step(
        "connections", env=clause.env(), role=found.get("role"),
        count=int(found["count"]) if found.get("count") else None,
        application=name[1].rstrip(",;") if name else "batch")


def pg_setting(clause, found):
    """postgresql.conf: NAME=VALUE"""
    return clause.step("pg_setting", env=clause.env(), name=found["name"],
                       value=found["value"].strip("'\""))


def pg_hba(clause, found):
    """pg_hba: a line that comes first"""
    line = found["line"].strip("'\"")
    if not re.match(r"(host|local|hostssl|hostnossl)\s", line):
        line = "host all " + ("app" if "all" not in line else "all") + \
            " <stg-app> reject" if "reject" in line else None
    if line is None:
        raise NotUnderstood(clause.text)
    return clause.step("pg_hba", env=clause.env(), line=line)


def schema(clause, found):
    """migrations, up or down"""
    return clause.step("schema", env=clause.env(), version=found["version"],
                       down=bool(re.search(r"roll|revert|down|undo",
                                           clause.text)))


def busy(clause, found):
    """processes that burn the processor"""
    found = found.groupdict()
    return clause.step("busy", env=clause.env(),
                       place="db" if re.search(r"db|Postgre|database",
                                               clause.text) else "app",
                       count=int(found.get("count") or 2))


def fill(clause, found):
    """fill the volume of something"""
    place = found["place"]
    what = "collector" if "collector" in place else \
        "database" if re.search(r"db|Postgre|database|PGDATA|tablespace",
                                place) else "app"
    percent = found.groupdict().get("percent")
    more = {"percent": int(percent)} if percent else {}
    return clause.step("fill", what=what, env=clause.env(), **more)


def fill_rest(clause, _):
    """what an earlier ballast left free, on the database's volume"""
    return clause.step("fill", what="database", env=clause.env())


def free(clause, _):
    """free what an earlier clause filled"""
    about = clause.text + " " + clause.before
    what = "collector" if "collector" in about else \
        "database" if re.search(r"-db\b|Postgre|PGDATA|database", about) \
        else "app"
    return clause.step("free", what=what, env=clause.env())


# --- the cloud, certificates, limits, clocks --------------------------------------

def certificate(clause, found):
    """A certificate that expires at the step's moment, or a wrong one."""
    where = "payments" if "payments" in clause.text else \
        "database" if re.search(r"-db\b|Postgre|database|db\.",
                                clause.text) else "nginx"
    kind = "expires" if re.search(r"notAfter|expire", clause.text) else \
        "name" if re.search(r"(wrong|other|different) (host ?)?name|"
                            r"for \S+\.test", clause.text) else \
        "untrusted" if re.search(r"self-signed|untrusted|unknown|other CA|"
                                 r"another (CA|authority)",
                                 clause.text) else \
        "fresh" if re.search(r"fresh|renew|valid", clause.text) else None
    if kind is None:
        raise NotUnderstood(clause.text)
    name = re.search(r"for (\S+\.test)", clause.text)
    return clause.step("certificate", env=clause.env(), where=where,
                       kind=kind, name=name[1] if name else None)


def memory(clause, found):
    """the memory limit of a cgroup"""
    size = re.search(r"(\d+)\s*([kKmMgG])i?B?\b", clause.text)
    scale = {"k": 1024, "m": 1024 ** 2, "g": 1024 ** 3}
    back = re.search(r"restore|raise|lift|remove", found[0])
    return clause.step(
        "memory_limit", env=clause.env(), back=bool(back),
        bytes=int(size[1]) * scale[size[2].lower()] if size else None,
        method="prlimit" if "prlimit" in clause.text else "cgroup")


def trigger_date(clause, _):
    """the clocks of applications cross the date of their defect"""
    text = clause.text
    envs = sorted({ENVIRONMENTS[word] for word in
                   re.findall(rf"\b({ENV})\b", text)}) or ["prd", "stg"]
    if "shared by both" in text:
        envs = ["prd", "stg"]
    return clause.step("trigger_date", envs=envs,
                       method="tick" if "tick" in text else "faketime")


def clock(clause, found):
    """the clock of an agent or an application is off"""
    amount = seconds(found["number"], found["unit"])
    if re.search(r"-\d|behind|slow|back|late", clause.text):
        amount = -amount
    agent = re.search(r"agent-\w+", clause.text)
    return clause.step("clock", env=clause.env(), offset_s=amount,
                       agent=agent[0] if agent else None)


# --- observers ---------------------------------------------------------------------

def agent(clause, found):
    """kill, stop, start, pause an agent"""
    word = found["verb"].lower().replace("ped", "").replace("ed", "")
    signal = re.search(r"-(?:SIG)?(STOP|CONT)\b", clause.text)
    verb = {"STOP": "agent_pause", "CONT": "agent_resume"}[signal[1]] \
        if signal else {"kill": "agent_stop", "stop": "agent_stop",
                        "start": "agent_start",
                        "restart": "agent_restart"}[word]
    return clause.step(verb, agent=found["agent"])


def collector(clause, found):
    """kill, stop, start, restart the collector"""
    signal = re.search(r"-(?:SIG)?(STOP|CONT)\b", clause.text)
    word = found["verb"].lower()
    verb = {"STOP": "collector_pause", "CONT": "collector_resume"}[
        signal[1]] if signal else "collector_" + {
            "kill": "stop"}.get(word, word)
    return clause.step(verb)


def spooling(clause, _):
    """agents without a spool, from the beginning"""
    return clause.step("spool_off")


def workstation(clause, _):
    """checks of another place under an environment's name"""
    named = re.search(r"--env (\w+)|(?:as|labelled) (\w+)$", clause.text)
    return clause.step("workstation", env=ENVIRONMENTS[
        named[1] or named[2]] if named else "stg")


def rotate(clause, found):
    """another fingerprint key"""
    return clause.step("rotate_key", key="fleet" if "fleet" in found[0]
                       else "environment",
                       env=None if "all agents" in clause.text or
                       "fleet" in found[0] else clause.env())


def unenrolled(clause, found):
    """an agent loses, or changes, what proves where it stands"""
    return clause.step("identity", agent=found["agent"])


def plugin(clause, found):
    """a check of an agent that does not end in time"""
    agent_name = re.search(r"agent-\w+", clause.text)
    return clause.step("plugin", env=clause.env(), agent=agent_name[0]
                       if agent_name else None, how="hang")


def claim(clause, found):
    """what a person says"""
    return clause.step("event", env=clause.env(), kind="claim", subject="",
                       summary=found["what"].strip(" \"'"))


def event(clause, found):
    """an event posted to the collector"""
    return clause.step("event", env=clause.env(), kind=found["kind"],
                       subject="", summary=(found["what"] or "")
                       .strip(" \"':"))


def nothing(_clause, _):
    """words that ask for no action"""
    return []


PG = r"(?:the )?(?:PostgreSQL|Postgres|postgres|database(?: server)?|postmaster)"
AGENT = r"(?:the )?(?P<agent>agent-\w+|(?:stg|staging|prd|prod|ops) agent)"

# The first pattern that reads the whole clause decides.
PATTERNS = [
    (r"(?:\(?no action\)?|nothing|no change|wait|observe)\b.*", nothing),
    (r"diagnose\b.*", nothing),
    (r"(?:HUP|SIGHUP|reload|hold|p\d\d stays .*|(?:policy )?etag changes?)",
     nothing),
    (r"restart it(?P<rest>)", restart),
    (r"(?:rolling )?app_restart\b(?P<rest>.*)", restart),
    (rf"restart (?:the )?(?:app|backend|replicas?|{ENV})(?P<rest>(?: .*)?)",
     restart),
    (rf"(?P<verb>deploy|redeploy|roll ?back|rollback|release|revert)"
     rf"(?: {ENV})?(?: replica)?(?: (?P<replica>[ab]))?(?: only)?(?: to)?"
     rf" (?P<build>v\d[\w-]*)(?: (?:to|in|on) {ENV})?"
     rf"(?: without (?:a |any )?(?:deploy )?marker)?", deploy),
    (rf"load(?: {ENV})?(?: (?:steady|steadily|sinusoidal|as a (?:wave|ramp)|"
     rf"ramp(?:ing)?|from))* (?P<low>\d+(?:\.\d+)?)(?: ?(?:-|to|\.\.) ?"
     rf"(?P<high>\d+(?:\.\d+)?))? ?(?:rps|requests/s|/s)"
     rf"(?: (?:on|against|to) (?:{ENV}))?", load),
    (rf"(?:stop load(?: {ENV})?|load {ENV} (?:stop|off|0)|"
     rf"load(?: {ENV})? stops)", load_stop),
    # files
    (r"(?:postgresql\.conf|PostgreSQL|postgres): (?P<name>\w+)\s?=\s?"
     r"(?P<value>\S+)", pg_setting),
    (r"pg_hba(?:\.conf)?: (?P<line>.+)", pg_hba),
    (r"append ['\"]?(\d+\.\d+\.\d+\.\d+)\s+([\w.-]+)['\"]? to .*hosts.*",
     hosts),
    (r"add (?:['\"])?(\d+\.\d+\.\d+\.\d+)\s+([\w.-]+)['\"]? to .*hosts.*",
     hosts),
    (r"remove .* from .*hosts.*", hosts_back),
    (rf"(?:append|add) (?:a )?(?:\\r|carriage return|trailing \w+|space|"
     rf"newline) to (?:the )?{NAME}(?: in| of) {FILE}.*", mangle),
    (rf"(?:wrap|put) {NAME} in(?:to)? (?:double |single )?quotes in {FILE}",
     mangle),
    (rf"quote {NAME} in {FILE}", mangle),
    (rf"(?:empty|blank) {NAME} in {FILE}", mangle),
    (rf"save {FILE} with CRLF.*(?P<name>)", mangle),
    (rf"(?:set|add|put|change|export) {NAME}\s?=\s?"
     rf"(?P<value>\"[^\"]*\"|'[^']*'|\S*?) (?:in|to|into) {FILE}", edit),
    (rf"(?:set|change) {NAME} (?:in {FILE} )?to (?P<value>\S+)",
     lambda clause, found: edit_named(clause, found)),
    (rf"(?:set|change) {NAME} to (?P<value>\"[^\"]*\"|'[^']*'|.*?) in {FILE}",
     edit),
    (rf"(?:set|add) {NAME} in {FILE}", edit),
    (rf"(?:set|change) (?P<pairs>{ASSIGNED}(?:,? and |, ){ASSIGNED}.*) in "
     rf"{FILE}", edit_several),
    (rf"in {FILE}: (?:delete|remove) the (?P<start>[A-Z_]+)_\* lines", gone),
    (rf"set {NAME}=(?P<value>\S+)", edit_there),
    (rf"(?:remove|unset|delete|drop|comment out) (?P<names>[A-Z_][\w, ]*?)"
     rf" (?:from|in) {FILE}", drop),
    (rf"{FILE}: {NAME}\s?=\s?(?:\S+) ?(?:->|to) ?(?P<value>.+)", edit),
    (rf"{FILE}: {NAME}\s?(?:=|->)\s?(?P<value>.+)", edit),
    (rf"{FILE}: (?:remove|unset|delete) (?P<names>.+)", drop),
    # PostgreSQL
    (r"pg_ctl (?P<rest>.*)", pg_ctl),
    (r"kill -(?P<signal>\w+) (?:<postmaster[^>]*>|the postmaster|postmaster|"
     r"\$\(head -n? ?1 \S*postmaster\.pid\)|`[^`]*postmaster\.pid`).*",
     signal_database),
    (rf"(?P<verb>stop|start|restart|reload|crash|pause|resume) {PG}"
     rf"(?: (?:of|in|for) {ENV}(?:-db)?)?",
     lambda clause, found: database(clause, found)
     if found["verb"] not in ("pause", "resume", "crash")
     else clause.step({"crash": "stop_database"}.get(
         found["verb"], found["verb"]), env=clause.env())),
    (r"(?:as|by) (?:role |user |tenant )?(?P<role>\w+): open (?:"
     r"(?P<count>\d+) )?connections\b.*", connections),
    (r"(?:open|hold) (?P<count>\d+)? ?connections (?:until 53300 )?"
     r"(?:as|by|from) (?:role |user )?(?P<role>\w+).*", connections),
    (rf"(?:hold|take|keep) (?:an? )?[\w ]*lock on (?:table )?(?P<table>\w+)"
     rf".*", lock),
    (rf"lock (?:table )?(?P<table>\w+).*", lock),
    (rf"(?:in [\w-]+: )?psql(?: [\w-]+)*(?: -\w \S+)*:? (?:-c )?(?P<sql>.+)",
     sql),
    (rf"(?:in [\w-]+: )?(?:as|by) (?:role |user |the )?(?P<role>\w+): "
     rf"(?P<sql>(?i:{STATEMENT}).*)", sql),
    (r"as (?:role |user )?(?P<role>\w+), application_name=(?P<name>\w+), on "
     rf"[\w-]+: (?P<sql>(?i:{STATEMENT}).*)", sql),
    (rf"(?:in [\w-]+: |{PG}: |{ENV}(?:-db)?: |(?:run )?SQL: |sql: )?"
     rf"(?P<sql>(?i:{STATEMENT}).*)", sql),
    (r"(?:set )?(?P<name>default_transaction_read_only|max_connections|"
     r"statement_timeout|idle_in_transaction_session_timeout)\s?(?:=|to| )\s?"
     r"(?P<value>\S+)(?: (?:in|on|for) .*)?", pg_setting),
    (r"(?:prepend|insert|append|add) (?P<line>'[^']+'|\"[^\"]+\") to "
     r"\S*pg_hba(?:\.conf)?.*", pg_hba),
    (r"(?:apply|run|roll back|revert|undo|downgrade)(?: the)? "
     r"(?:migration|schema)(?: to| version)* (?P<version>\d+).*", schema),
    (rf"(?:burn|load|busy)\w* (?:the )?(?:CPU|processor)\b.*?"
     rf"(?:(?P<count>\d+) .*)?", busy),
    (r"(?:fill|exhaust) (?P<place>(?:the |\$).*)", fill),
    (r"dd a ballast file into (?P<place>the tmpfs that holds \S+)(?: up to "
     r"(?P<percent>\d+) ?%)?", fill),
    (r"(?P<place>extend the ballast) to 100 ?%", fill_rest),
    (r"free (?:it|the .*|space.*)", free),
    # the rest of the platform
    (r"(?:the )?(?:front |server )?certificate .*", certificate),
    (r"install (?:an? |the )?.*certificate.*", certificate),
    (r"(?:lower|set|reduce|restore|raise|lift|remove) (?:the )?memory limit"
     r".*", memory),
    (r"run the app under prlimit .*", memory),
    (r"(?:faketime crosses|cross) the trigger date.*", trigger_date),
    (r"(?:environment-independent trigger: )?.*tick file.*", trigger_date),
    (rf"(?=.*(?:clock|faketime|time namespace)).*?[-+ ]"
     rf"{SECONDS.replace('(', '(?P<number>', 1).replace('(ms', '(?P<unit>ms')}"
     rf".*", clock),
    # observers
    (rf"run the agent's .* checks? in the dev namespace.*", workstation),
    (rf"(?P<verb>kill|stop|start|restart)(?: -\w+)? {AGENT}", agent),
    (rf"{AGENT} (?:is )?(?P<verb>stopped|killed|started|restarted)", agent),
    (r"(?P<verb>kill|stop|start|restart)(?: -\w+)? the collector", collector),
    (r"agents run with (?:the )?spool(?:ing)? off", spooling),
    (r"rotate (?:the )?.*fingerprint key.*", rotate),
    (rf"{AGENT} .*(?:not enrolled|identity).*", unenrolled),
    (r"(?:a |the |an )?.*(?:plug-?in|exec (?:probe|check))\b.*(?:hang|sleep|"
     r"time-?out|slow|longer|never).*", plugin),
    (r"(?:an? |the )?(?:person|user|human|operator|support|customer|"
     r"developer)s? (?:reports?|claims?|says?|posts?)(?: that|:)? "
     r"(?P<what>.+)", claim),
    (r"post an? (?:human|user|customer) report: (?P<what>'[^']+'"
     r"(?:, path \S+)?)", claim),
    (r"(?:post|mark|send|add) (?:an? )?(?:human )?(?P<kind>claim|deploy|"
     r"restart|config_change|secret_change|scale|rollback|"
     r"maintenance_start|maintenance_end)(?: event| marker)?"
     r"(?P<what>[: ].*)?", event),
]


def edit_named(clause, found):
    """set NAME to VALUE: the file is the one the name belongs to"""
    if found["file"]:
        return edit(clause, found)
    name = found["name"]
    if name in ("default_transaction_read_only", "max_connections",
                "statement_timeout"):
        return pg_setting(clause, found)
    kind = "conf" if name.islower() else "env"
    env = clause.env()
    file = "app.conf" if kind == "conf" else \
        {"stg": "staging.env", "prd": "prod.env"}.get(env, "staging.env")
    return clause.step("edit", env=env, file=file, name=name,
                       value=found["value"].strip("'\""))


# A command line that is taken as it stands.
# (times in it are its own)
COMMANDS = (r"(?:mv|cp|rm|sed|chmod|chown|touch|ln|truncate|printf|echo|cat|"
            r"install|mkdir|rmdir|tr|awk|openssl)\s.*")
OWN_TIMES = (rf"{COMMANDS}|.*\b(?:netem|(?:delay|loss) \d|pg_sleep|clock|faketime|"
             r"offset)|(?:the )?(?:payments|resolver|dnsmasq|DNS)\b.*"
             r"\b(?:delay|after|sleep|slow|late)")


BOTH_WAYS = re.compile(r"(?:,? and the same)? (?:for|on) the way back$|<->|"
                       r" both (?:ways|directions)$")
BACK = {"a": "b", "b": "a", "saddr": "daddr", "daddr": "saddr"}


def read_path(clause):
    """The steps of one clause; what holds both ways is done twice."""
    both = BOTH_WAYS.search(clause.text)
    if not both or not re.search(r"\b(?:loss|delay|nft|iptables)\b",
                                 clause.text):
        return read_clause(clause)
    there = read_clause(Clause(re.sub(
        BOTH_WAYS, lambda found: "->" if found[0] == "<->" else "",
        clause.text), clause.remark, clause.before))
    if any(not {"a", "b"} <= set(step.args) and
           not {"saddr", "daddr"} <= set(step.args) for step in there):
        raise NotUnderstood(clause.text)
    return there + [step._replace(args={
        BACK.get(key, key): value for key, value in step.args.items()})
                    for step in there]


def read_clause(clause):
    """The steps of one clause, without its times."""
    for pattern, reader in PATTERNS + inject_paths.PATTERNS:
        found = re.fullmatch(pattern, clause.text, re.S)
        if found:
            return reader(clause, found)
    if re.fullmatch(COMMANDS, clause.text, re.S):
        return shell(clause, None)
    raise NotUnderstood(clause.text)


def read(text, until=180):
    """The steps that a text asks for, in order; NotUnderstood names the
    clause.  until: how long the scenario is watched, for what repeats."""
    steps, before = [], ""
    for raw in cut(text):
        plain, remark = without_remarks(raw)
        if not plain or raw.startswith("(no action)"):
            continue
        if re.match(OWN_TIMES, plain):
            timed, times = raw, {}
        else:
            timed, times = take_times(plain)
        found = read_path(Clause(timed, remark, before))
        before += " " + raw
        steps += spread([step._replace(text=raw) for step in found], times,
                        until)
    return steps


def read_scenario(scenario, capabilities=None):
    """[(second, Step)] of a whole scenario, in order.  What this machine
    cannot do goes by its fallback; without one, Missing names it."""
    plan = []
    for inject in scenario["inject"]:
        text = inject["do"]
        lacking = [] if capabilities is None else [
            need for need in inject.get("needs", [])
            if need not in capabilities]
        if lacking:
            if not inject.get("fallback"):
                raise Lacking(lacking[0])
            text = fallback(inject)
        try:
            steps = read(text, scenario.get("observe_s", 180))
        except NotUnderstood as e:
            raise NotUnderstood(f"{scenario['id']}: {text!r}: not understood:"
                                f" {e}") from None
        plan += [(inject["at_s"] + step.after, step) for step in steps]
    return sorted(plan, key=lambda planned: planned[0])


def fallback(inject):
    """The text that does the same another way.  One that says only how
    (a relay, a chain) is the first text's steps by that way."""
    text = inject["fallback"]
    for sign in ("user-space relay", "FORWARD ... -j"):
        if sign in text:
            return inject["do"]
    return text


class Lacking(Exception):
    """This machine cannot do it, and there is no other way."""
