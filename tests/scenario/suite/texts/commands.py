"""commands.py - texts that are command lines: taken as they stand.

Most of what people inject is a command.  One that the shell reads and whose
program a world has is run there, in the namespace that is named, instead of
being translated.
"""
import re
import shlex
import subprocess

from suite.steps import NotUnderstood
from suite.texts.words import PLACE, place_of

FILTERS = {"sed", "awk", "perl", "echo", "printf", "tr", "grep", "cut",
           "openssl", "python3", "sh", "bash", "env", "timeout",
           "seq", "xargs", "head", "tail", "cat", "tee", "true", "false",
           "test", "date", "getent", "wc", "ls", "id", "base64", "sort",
           "yes", "nice", "unix2dos"}
FILES = {"mv", "cp", "rm", "chmod", "chown", "chgrp", "touch", "ln",
         "truncate", "install", "mkdir", "rmdir", "dd", "fallocate",
         "unlink", "setfacl", "mkfifo", "shred", "find", "chattr"}
NETWORK = {"ip", "tc", "iptables", "ip6tables", "nft", "sysctl", "ethtool",
           "ss", "conntrack", "arp", "route", "ifconfig"}
SERVERS = {"psql", "pg_ctl", "nginx", "vedette", "vedette-agent", "curl",
           "kill", "pkill", "killall", "pgrep", "pidof",
           "prlimit", "mount", "umount", "createdb", "dropdb",
           "pgbench", "vacuumdb", "reindexdb", "createuser", "dropuser",
           "choom", "sleep"}
PROGRAMS = FILTERS | FILES | NETWORK | SERVERS
# Bare words that no command has among its arguments, but sentences have.
SENTENCE = re.compile(
    r"(?:the|an?|of|its?|their|both|all|every|each|so|and|or|with|without|"
    r"into|is|are|be|up|until|then|also|again|only|serving|towards|between|"
    r"everything|everywhere|on|in|for|as|to|from|by|via|at|that|stays?|"
    r"replicas?|agent-\w+|completely|app|nginx|dnsmasq|payments|collector|"
    r"PostgreSQL|postmaster|resolver|stub|ballast|certificate|forward|"
    r"[^'\"]*[g-z}/][^:]?:|answers?|returns?|GET|POST)")
# What those programs may be given that looks like a sentence elsewhere.
ALLOWED = {"ip": {"to", "via", "from", "up", "all"},
           "tc": {"at", "to", "all"},
           "nft": {"in", "ip", "to", "forward", "all"},
           "for": {"in", "do"}, "env": {"app"}, "psql": {"app"},
           "createdb": {"app"}, "dropdb": {"app"}, "pgbench": {"app"},
           "curl": {"app"}, "dropuser": {"app"}, "createuser": {"app"},
           "echo": {"in"}, "reindexdb": {"app"}, "vacuumdb": {"app"},
           "find": {"or", "and"}, "conntrack": {"all"},
           "ss": {"state", "and", "or"},
           **dict.fromkeys(("pgrep", "pkill", "pidof", "killall"),
                           {"app", "nginx", "dnsmasq", "payments"})}
LOOP = re.compile(r"(?:for \w+ in |while |until |if )")
KEYWORDS = {"do", "done", "then", "else", "fi", "while", "until", "if", "for",
            "in", "!", "{", "}", "[", "]", "[[", "]]", ":", "break", "wait"}
# A command that would reach beyond the world: by a process that only its
# number names, another's mounts, or a volume that is none of the world's.
REFUSED = re.compile(r"\b(?:reboot|shutdown|poweroff|mkfs|modprobe|insmod|"
                     r"swapoff|swapon|hwclock|nsenter)\b|\bkill (?:(?:-s \S+|"
                     r"-(?!s )\S+) -?)?\d|\b(?:prlimit|choom)\b.* (?:--pid[ =]"
                     r"|-p ?)\d|\bdate (?:-s|--set)|/(?:usr/)?bin/(?:pkill|"
                     r"killall|pgrep|pidof)|/dev/(?:vd|sd|nvme|mem)|\brm -\w+ "
                     r"/(?:\s|$)|\bip netns (?:del|add)|/proc/(?:sysrq|(?!self"
                     r"/)[^/\s]+/(?:root|cwd|mem)\b)|(?<![\w/.-])u?mount "
                     r"(?![^;&|]*\$\{)")


def simple_commands(text):
    """[[word ...]] of the commands in a line; raises ValueError."""
    lexer = shlex.shlex(text, posix=False, punctuation_chars=True)
    lexer.whitespace_split = True
    lexer.commenters = ""
    commands, words = [], []
    for word in lexer:
        if re.fullmatch(r"[;&|()]+", word):
            commands.append(words)
            words = []
        else:
            words.append(word)
    return [words for words in [*commands, words] if words]


def is_program(words):
    """Is it a program that a world has, given what programs are given?"""
    while words and (words[0] in KEYWORDS or
                     re.fullmatch(r"\w+=\S*", words[0])):
        if words[0] == "for":
            return len(words) > 3 and words[2] == "in"
        words = words[1:]
    if not words:
        return True
    program, *rest = words
    program = program.rpartition("/")[2]
    if program not in PROGRAMS:
        return False
    allowed = ALLOWED.get(program, set())
    for word in rest:
        if word in PROGRAMS and program in FILTERS:
            allowed = allowed | ALLOWED.get(word, set())
    return all(word in allowed or not SENTENCE.fullmatch(word)
               for word in rest)


def is_valid(text):
    """Does a shell read it?"""
    return subprocess.run(
        ["sh", "-n", "-c", text],
        capture_output=True, check=False).returncode == 0


def fits(words):
    """Has a command what it cannot do without?"""
    program, rest = words[0], words[1:]
    if program == "kill":
        return all(re.match(r"-|\$|`", word) for word in rest) and \
            any(re.match(r"\$|`", word) for word in rest)
    if program in ("echo", "printf", "cat", "yes"):
        return any(word.startswith(">") for word in rest) or \
            "|" in words[-1]
    if program == "nft":
        return bool(rest) and rest[0] in (
            "add", "insert", "delete", "flush", "replace", "-f", "create",
            "destroy", "list")
    if program == "ip":
        return bool(rest) and rest[0] in (
            "route", "link", "addr", "address", "rule", "neigh", "-4", "-6")
    if program in ("iptables", "ip6tables"):
        return any(re.fullmatch(r"-[AIDFPRNXt]", word) for word in rest)
    if program == "tc":
        return bool(rest) and rest[0] in ("qdisc", "class", "filter", "-s")
    if program == "pg_ctl":
        return bool({"stop", "start", "restart", "reload", "promote",
                     "logrotate", "kill"} & set(rest))
    if program == "dd":
        return any(word.startswith("of=") for word in rest)
    # Plain words alone, "env file missing", are no arguments.
    return program in ("true", "false") or any(
        re.search(r"[-/$.=*<>'\"|\d]", word) for word in rest)


def is_command(text):
    """Is it a command line and no sentence?"""
    text = re.sub(r"<([a-z])[\w ./-]*>", r"$\1", text)
    try:
        commands = simple_commands(text)
    except ValueError:
        return False
    if not commands or not all(is_program(words) for words in commands):
        return False
    if not LOOP.match(text):
        piped = len(commands) > 1 and re.search(r"[|>]|\$\(", text)
        if any(words[0] not in PROGRAMS for words in commands) or \
                not (piped or fits(commands[0])):
            return False
    return is_valid(text)  # last, as it takes a process


NETNS = re.compile(rf"ip netns exec (?P<place>{PLACE}|<{PLACE}>) (?P<rest>.+)",
                   re.S)


def shell(clause):
    """A command line as it stands, in the namespace that is named."""
    text = re.sub(r"^(?:run|execute):? (?=[a-z])", "", clause.text)
    text = re.sub(r"^`(.+)`$", r"\1", text)
    place = clause.context.get("place")
    if not is_command(text):
        tail = re.fullmatch(rf"(?P<c>.+) (?:in|on|inside) (?:the )?"
                            rf"(?P<p>{PLACE})(?: namespace)?", text, re.S)
        if not tail:
            return None
        place, text = place_of(tail["p"]), tail["c"]
    inside = NETNS.match(text)
    if inside:
        place, text = place_of(inside["place"]), inside["rest"]
    if not is_command(text):
        return None
    if REFUSED.search(text):
        raise NotUnderstood(f"{text}: reaches beyond the world")
    program = simple_commands(text)[0][0]
    if program in ("pkill", "killall") and place is None:
        raise NotUnderstood(f"{text}: in which namespace?")
    if program in NETWORK and place is None:
        if not re.search(r"<interface|FORWARD|forward", text):
            raise NotUnderstood(f"{text}: in which namespace?")
        place = "rt"
    if program in ("psql", "pg_ctl") and place is None:
        place = f"{clause.env()}-db"
    if program == "nginx" and place is None:
        place = f"{clause.env()}-app"
    return clause.step("shell", command=text, place=place,
                       env=clause.env(text))


# What the world does in its own words, if somebody reads the whole of it.
TRANSLATED = re.compile(
    r"(?:psql|pg_ctl|nft|iptables|ip6tables|tc|kill|ip|nginx|dd|fallocate|"
    r"vedette|prlimit|sleep|taskset|nice)\b(?!.*(?:\|\||&&|[^|]\|[^|]|;|\s&$))",
    re.S)


def early(clause):
    """Commands that nobody else is asked about."""
    return None if TRANSLATED.match(clause.text) else shell(clause)


EARLY, LATE = [early], [shell]
