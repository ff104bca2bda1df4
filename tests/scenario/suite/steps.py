"""steps.py - what a scenario's injection text is cut into.

A text is several clauses; a clause says one thing to do, perhaps with a time
of its own ("at 40 s", "for 3 s", "every 20 s").  Nothing here knows what can
be done: that is for the readers in texts/.
"""
import collections
import re

# verb and arguments of something to do; after: seconds after the text's own
# moment, on the scenario's clock; text: the clause it was read from.
Step = collections.namedtuple("Step", "verb args after text")

ENVIRONMENTS = {
    "stg": "stg", "staging": "stg", "prd": "prd", "prod": "prd",
    "production": "prd", "dev": "dev", "development": "dev", "local": "dev",
}
ENV = r"(?:staging|stg|production|prod|prd|development|dev)"
FILES = {"staging.env": "stg", "prod.env": "prd", "production.env": "prd",
         "${STG}": "stg", "${PRD}": "prd", "${PGDATA_STG}": "stg",
         "${PGDATA_PRD}": "prd"}


class NotUnderstood(Exception):
    """Nobody reads this text: the scenario cannot be run."""


def environment_of(text, default="stg"):
    """The environment a clause speaks of."""
    for sign, env in FILES.items():
        if sign in text:
            return env
    text = re.sub(r"\bdev (?=<interface|eth|lo\b)", "", text)
    found = re.search(rf"(?<![\w./-])(?P<env>{ENV})(?![\w./-])", text) or \
        re.search(rf"(?<![\w-])(?P<env>{ENV})(?=-)", text) or \
        re.search(rf"(?<=-)(?P<env>{ENV})\b", text) or \
        re.search(r"\.(?P<env>staging|prod)\.test", text)
    return ENVIRONMENTS[found["env"]] if found else default


# --- statements of SQL --------------------------------------------------------

OBJECT = (r"(?:ROLE|USER|SYSTEM|DATABASE|TABLE|INDEX|SCHEMA|SEQUENCE|VIEW|"
          r"FUNCTION|EXTENSION|COLUMN|UNIQUE|TYPE|TRIGGER|CONSTRAINT|RULE|"
          r"PUBLICATION|SUBSCRIPTION|MATERIALIZED|POLICY|TABLESPACE|OWNED)")
STATEMENT = (rf"(?:(?:ALTER|CREATE|DROP|REASSIGN)(?: OR REPLACE)? {OBJECT}\b|"
             r"GRANT\s.+\sTO\s|REVOKE\s.+\sFROM\s|UPDATE \w+ SET\b|"
             r"(?:INSERT INTO|DELETE FROM)\s|TRUNCATE(?: TABLE)? [a-z_]+"
             r"(?![\w/.]| \$)|VACUUM\b|LOCK TABLE\b|"
             r"BEGIN(?=;|$| TRANSACTION| WORK| ISOLATION)|SELECT\s|"
             r"REINDEX\b|DO \$|SET \w+|RESET \w+|CLUSTER\b|ANALYZE\b|"
             r"CHECKPOINT\b|COMMENT ON\b|COPY \w+|WITH \w+ AS)")


# --- where a text may be cut -------------------------------------------------

CLOSING = {"(": ")", "<": ">", "{": "}", "'": "'", '"': '"', "`": "`"}


def quoted_spans(text):
    """Where quotes, brackets and <...> stand: nothing is cut there."""
    spans, stack, begin, skip = [], [], 0, False
    for i, c in enumerate(text):
        if skip or c == "\\":
            skip = not skip
        elif stack and c == stack[-1]:
            stack.pop()
            if not stack:
                spans.append((begin, i + 1))
        elif stack and (stack[-1] in "'\"`" or c in "'\"`<"):
            continue
        elif opens(text, i):
            begin = begin if stack else i
            stack.append(CLOSING[c])
    return spans


def opens(text, i):
    """Does a quote or bracket begin here?  An apostrophe within a word
    quotes nothing, and a < that is no <name> compares."""
    c = text[i]
    if c not in CLOSING or CLOSING[c] not in text[i + 1:]:
        return False
    if c == "'" and i > 0 and text[i - 1].isalnum():
        return False
    return c != "<" or re.match(r"<[\w ./-]+>", text[i:]) is not None


def outside(spans, position):
    """Is it outside of all of them?"""
    return all(not begin <= position < end for begin, end in spans)


SOMEBODY = (r"^(?:(?:the|an?|some) )?(?:operator|admin(?:istrator)?|dba|"
            r"engineer|somebody|someone|colleague|platform team|provider) "
            r"(?!says|reports|claims|complains|posts|writes|believes|is\b)"
            r"(?=\w+s\b)")


def cut(text):
    """What stands between the semicolons of a text; a transaction is one
    thing, however many statements it has."""
    text = re.sub(r",? (?:with)?in the same (?:probe )?(?:interval|minute|"
                  r"step|second|\d+ s(?:econds)?)(?=;|$)", "", text)
    text = re.sub(SOMEBODY, "", text, flags=re.I)
    spans = quoted_spans(text)
    pieces, begin = [], 0
    for end in re.finditer(r";\s*|\n+\s*|(?<=\w{3})\.\s+(?=[A-Za-z])", text):
        if outside(spans, end.start()):
            pieces.append(text[begin:end.start()])
            begin = end.end()
    pieces.append(text[begin:])
    joined = []
    for piece in (piece.strip() for piece in pieces if piece.strip()):
        is_open = joined and re.search(r"\bBEGIN\b|(?:^|: )begin\b",
                                       joined[-1]) and \
            not re.search(r"\b(COMMIT|ROLLBACK|END)\b", joined[-1])
        if joined and is_loop(joined[-1]):
            joined[-1] += "; " + piece
        elif is_open and (re.match(rf"(?i:{STATEMENT})", piece) or re.match(
                r"COMMIT|ROLLBACK|END\b|\(|(?:and |then )?(?:hold|keep|"
                r"leave|never commit|no commit|do not commit)", piece)):
            joined[-1] += ("; " if piece[0] != "(" else " ") + piece
        else:
            joined.append(piece)
    return joined


def is_loop(text):
    """A loop or condition of the shell whose end is still to come?"""
    words = re.findall(r"(?:^|[;&|]\s*|\b(?:do|then|else)\s+)"
                       r"(for|while|until|if|done|fi)(?![\w-])", text)
    return re.match(r"(?:for \w+ in |while |until |if \[)", text) is not \
        None and sum(1 if word in ("for", "while", "until", "if") else -1
                     for word in words) > 0


SOFT = (r",?\s+and,? (?:in|at) the same (?:step|moment|time|second|minute)"
        r"(?: as)?,?\s+(?:also )?|,?\s+(?:and )?(?:only )?(?:then|"
        r"afterwards|after that),?\s+|\s+&&\s+|,\s+(?:and |but )?|"
        r"\s+(?:and|but|while|"
        r"with|plus|so that) |:\s+|\s+(?:-|--)\s+|\.\s+")


def soft_cuts(text):
    """(end of the left part, begin of the right part) of each place where
    one clause may end and another begin, the last first."""
    spans = quoted_spans(text)
    return [(m.start(), m.end())
            for m in reversed(list(re.finditer(SOFT, text)))
            if outside(spans, m.start()) and m.start() > 0]


# --- remarks --------------------------------------------------

def is_statement(clause):
    """Is it SQL, in capitals, perhaps after who says it to whom?"""
    return re.search(rf"(?:^|: |[\"'])(?={STATEMENT})", clause) is not None


def without_remarks(clause):
    """The clause without what stands in parentheses; and those words.
    A parenthesis of a call is none: a word touches it; nor is one within
    SQL, but at its end only people write in words."""
    spans = [span for span in quoted_spans(clause)
             if clause[span[0]] == "(" and
             (span[0] == 0 or clause[span[0] - 1].isspace())]
    if is_statement(clause):
        spans = [span for span in spans if re.match(
            r"$|[,;]? (?:and )?(?:hold|keep|leave)|[,;]", clause[span[1]:]) and
                 "CREATE TABLE" not in clause and re.fullmatch(
                     r"\([A-Za-z][\w'.,/:;=-]*(?: [\w'.,/:;=-]+)+\)|"
                r"\((?:application_name=\S+|unrelated|harmless|standing)\)",
                     clause[span[0]:span[1]])]
    remarks, kept, begin = [], "", 0
    for start, end in spans:
        kept += clause[begin:start]
        remarks.append(clause[start + 1:end - 1])
        begin = end
    kept += clause[begin:]
    if spans:
        kept = re.sub(r"\s+(?=[,.:]|$)", "", re.sub(r"\s+", " ", kept))
    return kept.strip(" ,"), "; ".join(remarks)


# --- times within a clause ---------------------------------------------------

SECONDS = (r"(\d+(?:\.\d+)?)\s*(ms|s|secs?|seconds?|m|mins?|minutes?|h|hours?|"
           r"days?|years?)\b")
UNIT = {"ms": 0.001, "s": 1, "sec": 1, "second": 1, "m": 60, "min": 60,
        "minute": 60,
        "h": 3600, "hour": 3600, "day": 86400, "year": 365 * 86400}


def seconds(number, unit):
    """A duration in seconds."""
    return float(number) * UNIT[unit if unit in UNIT else unit.rstrip("s")]


INSTANT = rf"(?:t ?= ?)?(?:about )?\+?{SECONDS}"
TIMES = [
    ("after", rf"^(?:at|after) {INSTANT}:?,?\s*"),
    ("after", rf"^\+{SECONDS}:\s*"),
    ("after", rf"^{SECONDS} later:?,?\s*"),
    ("after", rf",?\s+{SECONDS} later$"),
    ("after", rf",?\s+(?:again )?(?:at|after) {INSTANT}$"),
    ("until", rf",?\s+until {INSTANT}$"),
    ("every", rf"^(?:once )?(?:every|each) {SECONDS}:?,?\s*"),
    ("every", rf",?\s+(?:once |repeated )?(?:every|each) {SECONDS}"),
    ("lasts", rf"^for (?:about )?{SECONDS}:?,?\s*"),
    ("lasts", rf",?\s+(?:for|lasting) (?:about )?{SECONDS}"
              r"(?: each(?: time)?| at a time)?"),
    ("lasts", rf"(?<=hold) {SECONDS}$"),
    ("times", r",?\s+(\d+)() times"),
]


def take_times(clause, where=""):
    """(the clause without its times, {"after", "lasts", "every",
    "times"}); where "begin": only those that it begins with."""
    times, found = {}, True
    while found:
        found = None
        for name, pattern in TIMES:
            if where == "begin" and pattern[0] != "^":
                continue
            found = re.search(pattern, clause)
            if found and outside(quoted_spans(clause), found.start()):
                times[name] = int(found[1]) if name == "times" else \
                    seconds(*found.groups())
                clause = clause[:found.start()] + clause[found.end():]
                break
            found = None
    if "until" in times:
        times["lasts"] = times.pop("until") - times.get("after", 0)
    return clause.strip(" ,"), times


# What ends a step that only lasts a while.
UNDO = {"pause": "resume", "stop_database": "start_database",
        "filter": "filter_end", "shape": "shape_end",
        "dns_stop": "dns_start", "dns_pause": "dns_resume",
        "dns_status": "dns_status_end", "dns_delay": "dns_status_end",
        "load": "load_stop", "agent_stop": "agent_start",
        "agent_pause": "agent_resume", "nginx_stop": "nginx_start",
        "nginx_pause": "nginx_resume", "nginx_status": "nginx_reset",
        "nginx_directive": "nginx_reset", "upstream": "nginx_reset",
        "collector_stop": "collector_start",
        "collector_pause": "collector_resume",
        "payments": "payments_ok", "payments_stop": "payments_ok",
        "payments_hang": "payments_ok", "fill": "free",
        "record": "record_back", "record_add": "record_back",
        "session": "session_end", "connections": "session_end",
        "gcp": "gcp_back", "gcp_status": "gcp_back", "busy": "busy_end",
        "block_icmp": "clear", "mtu": "mtu_end", "link": "link_end",
        "app_stop": "app_start", "app_pause": "app_resume",
        "memory_limit": "limit_end", "cpu_limit": "limit_end",
        "process_limit": "limit_end", "descriptor_limit": "limit_end",
        "blackhole": "blackhole_end", "hosts": "hosts_end",
        "resolv_conf": "resolv_conf_end", "clock": "clock_end",
        "plugin": "plugin_end", "pg_hba": "pg_hba_end",
        "certificate": "certificate_end", "identity": "identity_end",
        "edit": "files_back", "edit_remove": "files_back",
        "mangle": "files_back", "replace": "files_back"}


TAKEN_BACK = (r"(?:and |then )?(?:it is |is |all is )?(?:removed?|lifted|"
              r"restored?|undone|taken back|reverted|back|started|over|ends?)"
              r"(?: it| them)?(?: again)?")


def lasts_of(remark):
    """The seconds after which a remark says that all is taken back; None."""
    found = re.search(rf"(?:^|; ?|, ?)(?:{TAKEN_BACK} (?:after|at) |for )"
                      rf"\+?{SECONDS}(?:$|[;,])", remark)
    return found and seconds(*found.groups()[-2:])


def undone(step, after):
    """What takes a step back, so many seconds later than the text says."""
    if step.verb not in UNDO:
        raise NotUnderstood(f"{step.text!r}: nothing undoes {step.verb}")
    return Step(UNDO[step.verb], dict(step.args), after, step.text)


def spread(steps, times, until):
    """Applies a clause's own times to its steps."""
    after, lasts = times.get("after", 0), times.get("lasts")
    every = times.get("every")
    starts = [after]
    while every and starts[-1] + every < until and \
            len(starts) < times.get("times", until):
        starts.append(starts[-1] + every)
    made = []
    for start in starts:
        made += [step._replace(after=step.after + start) for step in steps]
        if lasts is not None:
            made += [undone(step, step.after + start + lasts)
                     for step in steps]
    return made
