"""files.py - what is said of whole files, and of the hosts file."""
import re

from suite.steps import ENV, ENVIRONMENTS
from suite.texts.words import ADDRESS, PLACE, place_of

FILE = (r"(?P<file>(?:\$\{\w+\}/)?[\w./-]*(?<![\w-])[\w-]*\.(?:env|conf)"
        r"(?:\.(?:off|bak|old|orig|\d+))?)(?:'s)?(?![\w/])")
FILE_WORDS = (rf"(?:the )?(?P<a>{ENV})(?:'s)? (?:app(?:lication)?(?:'s)? )?"
              r"(?P<kind>env(?:ironment)? file|config(?:uration)?(?: file)?)|"
              r"(?:the )?(?P<kind2>env(?:ironment)? file|app(?:lication)?"
              rf"(?:'s)? config(?:uration)?(?: file)?) (?:of|for|in) "
              rf"(?P<b>{ENV})(?:-app)?")
ENV_FILE = {"stg": "staging.env", "prd": "prod.env"}
PATH = rf"(?:{FILE}|(?P<path>\$\{{\w+\}}/[\w./-]*\w))"


def spoken(words):
    """[(environment, file's name)] of those that are called by what they
    are, taken."""
    found = []
    for m in words.take_all(FILE_WORDS):
        env = ENVIRONMENTS[(m["a"] or m["b"]).lower()]
        kind = m["kind"] or m["kind2"]
        found.append((env, ENV_FILE[env] if "env" in kind else "app.conf"))
    return found


def files_of(clause, words):
    """[(environment, file's name)], taken, or of the clause's context."""
    found = []
    for m in words.take_all(FILE, 0):
        found.append((clause.env(m["file"]), m["file"].rpartition("/")[2]))
    found += spoken(words)
    file = clause.context.get("file")
    if not found and file and "pg_hba" not in file:
        found = [(clause.env(file), file.rpartition("/")[2])]
    return found


def whole(clause):
    """A file is renamed, deleted, emptied, exchanged or closed"""
    words = clause.words()
    named = [m["file"] or m["path"]
             for m in words.take_all_raw(rf"(?<!\S){PATH}(?![\w/])")]
    if len(named) < 2:
        named += [f"${{{env.upper()}}}/{file}" for env, file in spoken(words)]
    if not named:
        return None
    remark = re.search(FILE, clause.remark)
    if len(named) == 1 and remark and "/" in remark["file"]:
        named.append(remark["file"])
    named = [path if "/" in path else
             f"${{{clause.env(path).upper()}}}/{path}" for path in named]
    command = whole_command(words, named)
    if command is None:
        return None
    words.take_all(r"director(?:y|ies)|folder|read|chmod|000|0|revoke|"
                   r"files?|copy|contents?|bytes?|away|root|permissions?|mode|"
                   r"place|out|way|name|aside|staging'?s?|nobody|readable|"
                   r"longer|application|app|user|size|length|it")
    words.end()
    return clause.step("shell", command=command, place=None,
                       env=clause.env(named[0]))


def whole_command(words, named):
    """The command that does it, its verb taken; None when there is none."""
    first, *other = named
    if words.take(r"renamed?|moved?"):
        return f"mv {first} {other[0] if other else first + '.off'}"
    if words.take(r"(?:replaced?|overwr(?:ite|itten)|exchanged?)(?: by| with)?"
                  r"|becomes? (?:a copy of )?|is a copy of"):
        words.take(rf"(?:the )?(?:file|one|copy) (?:of|from) (?:{ENV})|"
                   rf"(?P<e>{ENV})'s")
        if not other:
            mine = "STG" if "STG" in first else "PRD"
            theirs = "PRD" if mine == "STG" else "STG"
            if not re.search(ENV, words.text.replace(first, "")):
                return None
            other = [f"${{{theirs}}}/" + (
                ENV_FILE[theirs.lower()] if first.endswith(".env")
                else "app.conf")]
        return f"cp {other[0]} {first}"
    if words.take(r"copy|copied"):
        return f"cp {first} {other[0]}" if other else None
    if not re.search("permission", words.text) and words.take(
            r"(?:delete|remove)[sd]?|unlink|rm(?: -f)?|erased?"):
        return f"rm {first}"
    if words.take(r"(?:truncate[sd]?|empt(?:y|ied)|cut)(?: to)?(?: 0| zero)?"
                  r"(?: bytes?| length)?"):
        return f"truncate -s 0 {first}"
    if words.take(r"(?:(?:revokes?|takes? away|removes?|withdraws?)(?: its|"
                  r" the)? (?:read )?permissions?|(?:make )?unreadable|chmod "
                  r"0*)"):
        return f"chmod 000 {first}"
    moved = words.take(r"hidden?|moved? (?:away|aside|out)|(?:is )?missing|"
                       r"disappears?|vanish(?:es|ed)?|lost")
    return f"mv {first} {first}.off" if moved else None


# --- hosts and commands ------------------------------------------------------

def hosts(clause):
    """a line of the hosts file of an environment or a namespace"""
    words = clause.words()
    if not words.take_raw(r"(?:\S*/etc/)?hosts(?: file| entry)?(?![\w-])"):
        return None
    words.take_raw(r"/etc/hosts(?![\w-])")
    line = words.take(rf"(?P<address>{ADDRESS}|::1) +(?P<name>[\w-]+\.[\w.]+)")
    if not line:
        line = words.take(rf"(?P<name>[\w-]+\.[\w.]+) ?(?:->|→|=|to|at) ?"
                          rf"(?P<address>{ADDRESS})")
    back = words.take(r"removed?|deleted?|restored?|reset")
    places = [place_of(m["place"]) for m in words.take_all(
        rf"<?(?P<place>{PLACE})>?")]
    envs = words.env()
    words.take(r"append(?:ed)?|add(?:ed)?|put|write|pin(?:ned)?|"
               r"insert(?:ed)?|overrid(?:e|es|den)|maps?|mapped|bind-?mount"
               r"(?:ed)?|mount(?:ed)?|point")
    words.take_all(r"lines?|file|entry|over|agent|bind-mounted|bind-mount|"
                   r"app(?:lication)?(?:'s)?|override|name")
    words.end()
    if bool(line) == bool(back):
        return None
    place = places[0] if places else clause.context.get("place") or \
        f"{clause.envs(envs)[0]}-app"
    return clause.step(
        "hosts", place=place, env=clause.env(place),
        address=line["address"] if line else None,
        name=line["name"] if line else None)


READERS = [hosts, whole]
