"""variables.py - what is said of variables, settings and their values."""
import re

from suite.steps import ENV, ENVIRONMENTS
from suite.texts.files import ENV_FILE, files_of

SETTINGS = ("initialization_timeout", "connection_timeout", "pool_timeout",
            "pool_size")
VARIABLE = r"(?<![\w${-])[A-Z][A-Z0-9]*_[A-Z0-9_]*[A-Z0-9](?!\w)"
NAME = (rf"(?:{VARIABLE}|(?<![\w-])(?:{'|'.join(SETTINGS)})(?![\w-]))")
ASSIGNED = r"(?<![\w${-])[A-Za-z_]\w*"  # what stands before a "="
# What a value may look like in a text.
VALUE = (r"(?P<value>\"[^\"]*\"|'[^']*'|(?:[^\s,;<'\"()¦]|<[^>]*>)+)")
PRODUCTION = (rf"(?:the |that |what |same )*(?:value |one |password |that |"
              rf"key )?(?:used |set |as )?(?:of|in|from|by) (?P<whose>{ENV})"
              rf"|(?P<whose2>{ENV})'s(?: value| own| password| one| key)?")


def assignments(words):
    """{NAME: value} of each NAME=value, taken."""
    found = {}
    for m in words.take_all(rf"(?:with |using |set |and )?(?P<name>[A-Z]\w+) ?"
                            rf"= ?{VALUE}", 0):
        found[m["name"]] = value_of(m["value"])
    return found


def value_of(word):
    """A value as it is meant: quotes stand around it."""
    word = word.strip().rstrip(",")
    if len(word) > 1 and word[0] == word[-1] and word[0] in "'\"":
        return word[1:-1]
    other = re.fullmatch(r"<(?:an?)?(?:other|different|new|random|wrong|"
                         r"another)(?: value| key| secret| \w+)?>", word)
    if other:
        return "<other>"
    whose = re.fullmatch(rf"<?(?:{PRODUCTION})>?", word)
    if whose:
        env = ENVIRONMENTS[whose["whose"] or whose["whose2"]]
        return f"<value of {env}>"
    return word


def home_of(clause, name, envs):
    """The files that a name belongs to when none is named."""
    file = "app.conf" if name in SETTINGS else None
    if file is None and not name.isupper():
        return []
    return [(env, file or ENV_FILE[env]) for env in clause.envs(envs)
            if env in ENV_FILE]


# --- a name and its value ----------------------------------------------------

SET = (r"set(?:s|ting)?|change[sd]?|add(?:s|ed)?|put|export|lower(?:s|ed)?|"
       r"reduce[sd]?|raise[sd]?|increase[sd]?|write|replace[sd]?|edit(?:ed)?|"
       r"switch(?:es|ed)?|point(?:s|ed)?|define[sd]?|make|update[sd]?|insert|"
       r"introduce[sd]?|append(?:s|ed)?|swap|overwrite|rotate[sd]?|modify|"
       r"mistype[sd]?|misspell(?:ed)?|misspelt|bump|drop|shrink|cut|edit")
NOUN = (r"variables?|values?|settings?|lines?|entry|entries|keys?|feature|"
        r"flags?|config(?:uration)?|both files|files?|harmless|unrelated|new|"
        r"unused|env|file|value|only")
MADE = (r"(?:an?(?:other)? )?(?:other|different|new|random|wrong|bogus|fresh|"
        r"another|made-up|stale)(?: (?:value|one|key|secret|string|password|"
        r"name|host|address))?")
EMPTY = r"(?:an? |the )?(?:empty(?: string| value)?|blank(?: value)?|nothing)"
OLD = r"(?:\"[^\"]*\"|'[^']*'|[^\s,;=¦>]*[\d.:/][^\s,;=¦>]*|\w+)"
SEEN = r"[^\s,;=¦>]*[\d.:/][^\s,;=¦>]*"  # an old value that is no word
STOP = (r"(?:an?|the|its?|their|that|this|to|in|into|for|from|of|with|by|on|"
        r"at|as|and|or|not|no|both|every|all|another|other|new|random|wrong|"
        r"production|staging|something|somebody|someone|some|which|what|only)")
END = r"(?=\s*(?:¦|,|$|in\b|for\b|of\b|on\b))"


def read_values(words):
    """[(name, value)]; a value of None is made up.  Takes what it reads."""
    found = []
    for m in words.take_all_raw(
            rf"(?P<name>{NAME})(?:'s value)?"
            rf"(?:(?: ?[=:] ?|,? (?:changes )?from ){OLD}|"
            rf" {SEEN}) ?(?:->|=>|→|to) ?{VALUE}"):
        found.append((m["name"], value_of(m["value"])))
    for m in words.take_all_raw(rf"(?P<name>{ASSIGNED}) ?= ?{VALUE}"):
        found.append((m["name"], value_of(m["value"])))
    of = (rf"(?:value of |the )*(?P<name>{NAME})(?:'s value)?"
          r"(?:\s*(?:in|of)?\s*¦\s*)?")
    arrow = (r"(?:is |gets )?(?:set |changed |switched |pointed )?(?:now )?"
             r"(?:->|=>|→|to|into|with|becomes|by|at)")
    for m in words.take_all_raw(rf"{of},? ?{arrow} ?{EMPTY}{END}"):
        found.append((m["name"], ""))
    for m in words.take_all_raw(rf"(?P<name>DATABASE_URL)(?: to|=| ->) ?(?:the "
                                rf")"
                                rf"?(?P<e>{ENV})(?:'s)? (?:database|one|URL)"):
        found.append((m["name"], f"<url of {ENVIRONMENTS[m['e']]}>"))
    for m in words.take_all_raw(rf"{of},? ?{arrow} (?:{PRODUCTION}){END}"):
        found.append((m["name"], f"<value of {whose(m)}>"))
    for m in words.take_all_raw(rf"{of},? ?{arrow} {MADE}{END}"):
        found.append((m["name"], None))
    for m in words.take_all_raw(
            rf"{of}(?:,|:)? ?(?:{arrow}|gets|is(?: now)?|=) ?(?!{STOP}\b)"
            rf"{VALUE}{END}"):
        found.append((m["name"], value_of(m["value"])))
    return found


def whose(found):
    """The environment whose value is meant."""
    return ENVIRONMENTS[found["whose"] or found["whose2"]]


def edit(clause):
    """NAME=VALUE in a file, in whatever words"""
    words = clause.words()
    files = files_of(clause, words)
    if any(name in ("nginx.conf", "postgresql.conf", "pg_hba.conf")
           for _, name in files):
        return None
    found = read_values(words)
    envs = words.env()
    flag = words.take(r"(?:turn(?:s|ed)?|switch(?:es|ed)?) (?P<how>on|off)|"
                      r"(?P<on>enable[sd]?)|(?P<off>disable[sd]?)")
    verb = words.take(SET)
    if not found:
        bare = words.take_all_raw(rf"(?P<name>{NAME})")
        if not flag and verb and bare and not words.text.startswith(
                ("set", "add", "change", "rotate", "mistype", "misspell",
                 "define", "introduce", "update", "replace")):
            return None
        value = None if not flag else \
            "1" if flag["on"] or flag["how"] == "on" else "0"
        found = [(m["name"], value) for m in bare]
        if not (verb or flag):
            return None
    elif not (verb or files):
        return None
    words.take_all(NOUN)
    words.take(SET)
    words.take(r"literally|typo|wrong|unknown|up|down|plain|twice|"
               r"nonexistent|non-existent|unexpanded")
    words.end()
    steps = [step for name, value in found
             for env, file in files or home_of(clause, name, envs)
             for step in clause.step("edit", env=env, file=file, name=name,
                                     value=value)]
    return steps or None


def of_replica(clause):
    """NAME=VALUE, or no NAME, for one replica alone; it stays so when that
    is started again"""
    words = clause.words()
    one = words.take(r"(?:(?:for|of|on|in|to) )?(?:the )?replica (?P<r>[ab])"
                     r"(?: only| alone)?")
    if not one:
        return None
    words.take_all_raw(r"\$\{\w+\}/\S+\.env")
    gone = words.take(r"unset|removes?|deletes?|takes? away|drops?|without|"
                      r"loses")
    found = [(name, None) for name in (
        m["name"] for m in words.take_all_raw(rf"(?P<name>{NAME})"))] \
        if gone else [(name, "<other>" if value is None else value)
                      for name, value in read_values(words)]
    verb = gone or words.take(SET) or words.take("gets?|gives?|has|given")
    if not found or not verb:
        return None
    words.env()
    words.take_all(NOUN)
    words.end()
    return [step for name, value in found for step in clause.step(
        "replica_variable", env=clause.env(), replica=one["r"].lower(),
        name=name, value=value)]


GROUPS = {"POSTGRES_*": ("POSTGRES_HOST", "POSTGRES_PORT", "POSTGRES_DB",
                         "POSTGRES_USER", "POSTGRES_PASSWORD")}


def drop(clause):
    """NAME out of a file"""
    words = clause.words()
    files = files_of(clause, words)
    if not words.take(r"remove[sd]?|delete[sd]?|unset|drop(?:s|ped)?|comment"
                      r"(?:ed)? out|take(?:n)? out|strip(?:ped)?|los(?:es?|t)|"
                      r"omit(?:ted)?|erase[sd]?|without|misses|lacks|clear"
                      r"(?:ed)?|cut"):
        return None
    names = [m["name"] for m in words.take_all_raw(
        rf"(?P<name>(?<![\w${{-])[A-Z][A-Z0-9_]+\*(?!\w)|{NAME})")]
    if any("*" in name and name not in GROUPS for name in names):
        clause.refuse()
    names = [one for name in names for one in GROUPS.get(name, (name,))]
    envs = [] if files else words.env()
    if not names:
        return None
    words.take_all(NOUN)
    words.take_all("all|out|six|critical")
    words.env()
    words.end()
    return [step for name in names
            for env, file in files or home_of(clause, name, envs)
            for step in clause.step("edit_remove", name=name, env=env,
                                    file=file)] or None


SHAPES = [
    ("line_ends", r"CRLF(?: line (?:ends|endings))?(?: save)?|(?:windows|dos) "
                  r"line (?:ends|endings)|unix2dos"),
    ("cr", r"\\r|(?:trailing )?carriage return|a trailing CR|CR"),
    ("newline", r"(?:trailing |literal )?(?:newline|line break|\\n)"),
    ("leading", r"leading (?:space|blank|white ?space)"),
    ("space", r"(?:(?:a )?trailing |one |an extra )?(?:space|blank|white ?"
              r"space)(?: character)?(?: at (?:the|its) end)?"),
    ("tab", r"(?:trailing )?tab(?: character)?"),
    ("quotes", r"(?:double |single |literal )?quot(?:es|ed|ation marks)|"
               r"quote"),
    ("bom", r"(?:an? )?(?:UTF-8 )?(?:BOM|byte order mark)"),
    ("unexpanded", r"unexpanded(?: reference| variable)?"),
    ("placeholder", r"placeholder|changeme"),
    ("upper", r"upper ?case|capitals|capital letters"),
    ("half", r"(?:to )?(?:its )?(?:first )?half(?: of)?(?: its value)?|"
             r"truncate[sd]?|cut (?:off|short)"),
    ("empty", r"empty|blank|empties|emptied"),
]


def mangle(clause):
    """The value stays the same but for its shape."""
    words = clause.words()
    files = files_of(clause, words)
    name = words.take_raw(rf"(?P<name>{NAME})(?:'s value)?", 0)
    if words.take_raw(r"(?<!\S)\\r(?!\S)"):
        how = "line_ends" if "CRLF" in clause.remark else "cr"
    else:
        how = next((how for how, pattern in SHAPES
                    if words.take(pattern)), None)
    if how is None or not (files or name):
        return None
    if name is None and how not in ("line_ends", "bom"):
        return None
    envs = [] if files else words.env()
    words.take(r"append(?:s|ed)?|prepend(?:s|ed)?|add(?:s|ed)?|wrap(?:ped)?|"
               r"put|save[sd]?|"
               r"convert(?:ed|s)?|quote[sd]?|write|leave|insert|prefix|"
               r"truncate|cut|ends?|carries|turn|rewrite|change|set|make|"
               r"replace|give")
    words.take_all(r"convert(?:ed|s)?|values?|line|endings?|characters?|"
                   r"end|around|carries|"
                   r"beginning|start|ends?|after|before|editor|windows|up")
    words.end()
    return [step for env, file in files or home_of(clause, name["name"], envs)
            for step in clause.step(
                "mangle", env=env, file=file, how=how,
                name=name["name"] if name else "")] or None


def replace(clause):
    """one text by another in a file; or two values change places"""
    words = clause.words()
    files = files_of(clause, words)
    if not files:
        return None
    both = words.take(rf"(?:swap|exchange)(?: the values of)? (?P<a>{NAME}) "
                      rf"(?:and|with) (?P<b>{NAME})(?: with each other)?", 0)
    if both:
        words.end()
        return [step for env, file in files for step in clause.step(
            "swap", env=env, file=file, first=both["a"], second=both["b"])]
    one = r"(?:'[^']+'|\"[^\"]+\"|[\w.:/-]*[.:/\d][\w.:/-]*)"
    found = words.take_raw(
        rf"(?:replace|change|substitute|rename|mistype|misspell)[sd]? "
        rf"(?P<a>{one}) (?:with|by|to|into|as|->|→) (?P<b>{one})")
    if not found:
        return None
    words.take("everywhere|throughout|globally")
    words.end()
    return [step for env, file in files for step in clause.step(
        "replace", env=env, file=file, old=value_of(found["a"]),
        new=value_of(found["b"]))]


READERS, LATE = [of_replica, mangle, replace, drop], [edit]
