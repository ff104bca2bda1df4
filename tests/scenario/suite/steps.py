"""steps.py - what a scenario's injection text is cut into.

A text is several clauses; a clause says one thing to do, perhaps with a time
of its own ("at 40 s", "for 3 s", "every 20 s").  Nothing here knows what can
be done: that is inject.py's table.
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

# Verbs that a text may begin with after a comma or "and", so that a new
# clause begins there and not a list.
BEGINS = (r"app_restart|deploy|load|restart|reload|stop|start|kill|set|unset|"
          r"remove|append|add|sed|mv|cp|rm|nft|iptables|netem|tbf|in \w+:|"
          r"p\d\d stays|fake GCP|zone|pg_ctl|psql|post|mark|fill|free|run (?:the|a)|agents run|delete the")


class NotUnderstood(Exception):
    """No pattern reads this text: the scenario cannot be run."""


def environment_of(text, default="stg"):
    """The environment a clause speaks of."""
    for sign, env in FILES.items():
        if sign in text:
            return env
    found = re.search(rf"(?<![\w.]){ENV}(?![\w.])", text)
    if found is None:
        found = re.search(
            rf"(?<![\w-])({ENV})(?=-)|(?<=-)({ENV})\b|\.(staging|prod)\.test",
            text)
        if found is None:
            return default
    word = next((one for one in found.groups() if one), found.group(0))
    return ENVIRONMENTS[word]


def quoted_spans(text):
    """Where quotes, parentheses and <...> stand: nothing is cut there."""
    spans, stack, begin, skip = [], [], 0, False
    closing = {"(": ")", "<": ">"}
    for i, c in enumerate(text):
        if skip or c == "\\":
            skip = not skip
        elif stack:
            if c == stack[-1]:
                stack.pop()
                if not stack:
                    spans.append((begin, i + 1))
            elif c in closing and stack[-1] == closing[c]:
                stack.append(closing[c])
        elif c in "'\"" or (c in closing and closing[c] in text[i:]):
            # An apostrophe within a word quotes nothing.
            if c == "'" and i > 0 and text[i - 1].isalnum():
                continue
            if c == "<" and not re.match(r"<[\w ./-]+>", text[i:]):
                continue
            stack.append(closing.get(c, c))
            begin = i
    return spans


def outside(spans, position):
    """Is it outside of all of them?"""
    return all(not begin <= position < end for begin, end in spans)


def cut(text):
    """The clauses of a text, in order."""
    text = re.sub(r",? and,? (?:in|at) the same (?:step|moment|time),? ", "; ",
                  text)
    spans = quoted_spans(text)
    ends = [m for m in re.finditer(
        rf";\s*|,\s*(?:and |then )?(?=(?:{BEGINS})\b)|"
        rf"\s+and\s+(?=(?:{BEGINS})\b)|,?\s+then\s+(?=(?:{BEGINS})\b)", text)
        if outside(spans, m.start())]
    clauses, begin = [], 0
    for end in ends:
        clauses.append(text[begin:end.start()])
        begin = end.end()
    clauses.append(text[begin:])
    return join_sql([re.sub(r"^(?:then|and)\s+", "", clause.strip())
                     for clause in clauses if clause.strip()])


def join_sql(clauses):
    """A transaction is one thing to do, however many statements it has."""
    joined = []
    for clause in clauses:
        opens = joined and re.search(r"\bBEGIN\b", joined[-1]) and \
            not re.search(r"\b(COMMIT|ROLLBACK|hold)\b", joined[-1], re.I)
        if opens and clause.startswith("("):
            joined[-1] += "; hold"  # whatever else is said of the session
        elif opens:
            joined[-1] += "; " + clause
        else:
            joined.append(clause)
    return joined


def without_remarks(clause):
    """The clause without what stands in parentheses; and those words.
    A parenthesis of a call or a statement is none: a word touches it."""
    spans = [span for span in quoted_spans(clause)
             if clause[span[0]] == "(" and
             (span[0] == 0 or clause[span[0] - 1].isspace())]
    if is_statement(clause):
        spans = []
    remarks, kept, begin = [], "", 0
    for start, end in spans:
        kept += clause[begin:start]
        remarks.append(clause[start + 1:end - 1])
        begin = end
    kept += clause[begin:]
    return re.sub(r"\s+", " ", kept).strip() if spans else kept, \
        "; ".join(remarks)


OBJECT = (r"(?:ROLE|USER|SYSTEM|DATABASE|TABLE|INDEX|SCHEMA|SEQUENCE|VIEW|"
          r"FUNCTION|EXTENSION|COLUMN|UNIQUE|TYPE|TRIGGER)")
STATEMENT = (rf"(?:(?:ALTER|CREATE|DROP) {OBJECT}\b|GRANT\s|REVOKE\s|"
             r"UPDATE \w+ SET\b|(?:INSERT INTO|DELETE FROM)\s|TRUNCATE\b|"
             r"VACUUM\b|LOCK TABLE\b|BEGIN\b|SELECT\s|REINDEX\b|DO \$)")


def is_statement(clause):
    """Is there SQL in it?"""
    return re.search(rf"(?:^|: |[\"']){STATEMENT}", clause) is not None


# --- times within a clause ----------------------------------------------------

SECONDS = r"(\d+(?:\.\d+)?)\s*(ms|s|sec|seconds?|min|minutes?)\b"
UNIT = {"ms": 0.001, "s": 1, "sec": 1, "second": 1, "seconds": 1, "min": 60,
        "minute": 60, "minutes": 60}


def seconds(number, unit):
    """A duration in seconds."""
    return float(number) * UNIT[unit]


TIMES = [
    ("after", rf"^(?:at|after) \+?{SECONDS}:?\s*"),
    ("after", rf",?\s+(?:at|after) \+?{SECONDS}$"),
    ("every", rf",?\s+every {SECONDS}"),
    ("lasts", rf",?\s+for {SECONDS}"),
]


def take_times(clause):
    """(the clause without its times, {"after", "lasts", "every"})"""
    times, found = {}, True
    while found:
        found = None
        for name, pattern in TIMES:
            found = re.search(pattern, clause)
            if found and outside(quoted_spans(clause), found.start()):
                times[name] = seconds(*found.groups())
                clause = clause[:found.start()] + clause[found.end():]
                break
            found = None
    return clause.strip(" ,"), times


# What ends a step that only lasts a while.
UNDO = {"pause": "resume", "stop_database": "start_database",
        "filter": "clear", "shape": "clear", "dns_stop": "dns_start",
        "load": "load_stop", "agent_stop": "agent_start",
        "agent_pause": "agent_resume", "nginx_stop": "nginx_start",
        "collector_stop": "collector_start",
        "payments": "payments_ok", "payments_stop": "payments_ok",
        "fill": "free", "record": "record_back", "session": "session_end",
        "connections": "session_end", "gcp": "gcp_back", "busy": "busy_end",
        "block_icmp": "clear", "mtu": "clear"}


def spread(steps, times, until):
    """Applies a clause's own times to its steps."""
    after, lasts = times.get("after", 0), times.get("lasts")
    every = times.get("every")
    starts = [after]
    while every and starts[-1] + every < until:
        starts.append(starts[-1] + every)
    made = []
    for start in starts:
        for step in steps:
            made.append(step._replace(after=step.after + start))
            if lasts is None:
                continue
            if step.verb not in UNDO:
                raise NotUnderstood(
                    f"{step.text!r}: nothing undoes {step.verb} after "
                    f"{lasts:g} s")
            made.append(Step(UNDO[step.verb], dict(step.args),
                             step.after + start + lasts, step.text))
    return made
