"""words.py - the words of a clause, taken away as they are understood."""
import re

from suite.steps import (ENV, ENVIRONMENTS, NotUnderstood, Step,
                         environment_of)

ADDRESS = r"\d+\.\d+\.\d+\.\d+(?:/\d+)?"
NUMBER = r"\d+(?:\.\d+)?"
NAME = r"[A-Za-z_]\w*"
TAKEN = " \u00a6 "  # where something was taken
# Words that carry nothing once the others are understood.
FILLER = re.compile(
    r"(?<![\w-])(?:an?|the|its?|their|his|this|that|these|those|all|every|"
    r"each|both|any|own|same|whole|entire|of|in|on|onto|into|for|to|from|at|"
    r"with|by|as|and|or|then|so|only|just|is|are|be|being|been|was|were|"
    r"will|has|have|gets?|got|goes|do|does|now|again|there|here|which|"
    r"who|via|over|under|inside|within|side|also|it|them|one|time|"
    r"once|per|environments?|namespaces?|hosts?|machines?|containers?|"
    r"instances?|servers?|serving|running|process(?:es)?|called|named|"
    r"please|simply|suddenly|completely|immediately|directly|permanently|"
    r"manually|afterwards|belonging|used|holds?|holding)(?![\w-])", re.I)

PLACES = {
    "rt": r"rt|(?:the )?router",
    "stg-app": r"(?:stg|staging)[- ]app(?:lication)?(?:'s)?",
    "stg-db": r"(?:stg|staging)[- ](?:db|database)|db\.staging\.test|"
              r"(?:the )?database of (?:stg|staging)",
    "prd-app": r"(?:prd|prod|production)[- ]app(?:lication)?(?:'s)?",
    "prd-db": r"(?:prd|prod|production)[- ](?:db|database)|db\.prod\.test|"
              r"(?:the )?database of (?:prd|prod|production)",
    "svc": r"svc|payments\.test|(?:the )?payments(?: (?:stub|service|API|"
           r"provider|host))?",
    "ops": r"ops|agent-ops|(?:the )?collector",
    "dns": r"dns|(?:the )?(?:dnsmasq|resolvers?|name ?servers?)",
    "dev": r"dev",
}
PLACE = "(?:" + "|".join(PLACES.values()) + ")"


def place_of(word):
    """The namespace that a word names; addresses stay as they are."""
    word = word.strip().strip("<>").removeprefix("the ").strip()
    for place, pattern in PLACES.items():
        if re.fullmatch(pattern, word, re.I):
            return place
    if re.fullmatch(ADDRESS, word):
        return word
    raise NotUnderstood(word)


class Words:
    """What is left of a clause while phrases are taken from it."""

    def __init__(self, text):
        self.text = self.left = text

    def take(self, pattern, flags=re.I):
        """Takes the first phrase of this kind; returns the match or
        None."""
        found = re.search(rf"(?<![\w-])(?:{pattern})(?![\w-])", self.left,
                          flags)
        return self.taken(found)

    def take_raw(self, pattern, flags=re.I):
        """The same without regard to where words end."""
        return self.taken(re.search(pattern, self.left, flags))

    def taken(self, found):
        """Leaves a mark where it was, so that nothing grows together."""
        if found is not None:
            self.left = self.left[:found.start()] + TAKEN + \
                self.left[found.end():]
        return found

    def take_all(self, pattern, flags=re.I):
        """Takes every phrase of this kind; returns the matches."""
        found, one = [], self.take(pattern, flags)
        while one is not None:
            found.append(one)
            one = self.take(pattern, flags)
        return found

    def take_all_raw(self, pattern, flags=0):
        """The same without regard to where words end, nor of their case."""
        found, one = [], self.take_raw(pattern, flags)
        while one is not None:
            found.append(one)
            one = self.take_raw(pattern, flags)
        return found

    def env(self, bare=False):
        """Takes the environments and the places that name them (bare: not
        those); returns them in order."""
        found = []
        places = "" if bare else r"(?:-(?:app|db))?>?"
        for m in self.take_all(rf"<?(?P<env>{ENV}){places}(?:'s)?"):
            env = ENVIRONMENTS[m["env"].lower()]
            found += [] if env in found else [env]
        return found

    def rest(self):
        """What nobody took and what carries something."""
        left = FILLER.sub(" ", self.left)
        return " ".join(re.findall(r"[^\s,.:;'\"()\u00a6-][^\s\u00a6]*",
                                   left))

    def end(self):
        """Everything must be understood."""
        if self.rest():
            raise NotUnderstood(f"{self.text} (what is {self.rest()!r}?)")


class Clause:
    """One thing to do: its words, what stood in parentheses, what the text
    said before, where and as whom (context), and the steps so far."""

    def __init__(self, text, remark="", before="", context=None, done=()):
        self.text, self.remark, self.before = text, remark, before
        self.context = context or {}
        self.done = done

    def with_text(self, text):
        """The same, saying something else."""
        return Clause(text.strip(), self.remark, self.before, self.context,
                      self.done)

    def within(self, context, text):
        """What follows where and as whom."""
        return Clause(text.strip(), self.remark, self.before,
                      self.context | context, self.done)

    def after(self, text, steps):
        """What follows something that was read."""
        return Clause(self.text, self.remark, f"{self.before} {text}",
                      self.context, [*self.done, *steps])

    def words(self):
        """All of them, nothing taken yet."""
        return Words(self.text)

    def about(self):
        """With what is said in parentheses."""
        return f"{self.text} ({self.remark})" if self.remark else self.text

    def env(self, text=None):
        """The environment this clause, or else an earlier one, names."""
        for said in (self.text if text is None else text,
                     self.context.get("place") or "",
                     self.context.get("file") or "",
                     self.context.get("env") or "", self.remark):
            found = environment_of(said, None)
            if found:
                return found
        return environment_of(self.before, "stg")

    def envs(self, found):
        """Those that were named, or the one this clause is about."""
        return found or [self.env()]

    def step(self, verb, **args):
        """One step of this clause, in a list."""
        return [Step(verb, args, 0, self.text)]

    def refuse(self):
        """For what looks right and is not."""
        raise NotUnderstood(self.text)


# --- where and as whom -------------------------------------------------------

def context_of(head):
    """{"place", "role", "application", "file", "env"} of words such as "as
    role dba, application_name=psql, on stg-db"; None when they say more."""
    words, found = Words(head), {}
    name = words.take_raw(r"application_name ?=? ?['\"]?([\w.-]+)['\"]?")
    if name:
        found["application"] = name[1]
    words.take_raw(r"\bpsql\b(?: -(?!U)\w+(?: ?[\w./$}{]+)?(?= |$))*")
    role = words.take(r"(?:as|by|with|-U) (?:the )?(?:(?:database )?(?:role|"
                      r"user|tenant|login) )?['\"]?(?P<role>(?!the\b)\w+)"
                      r"['\"]?(?: role| user)?")
    if role:
        if role["role"].lower() in ENVIRONMENTS:
            return None
        found["role"] = role["role"]
    agent = words.take(r"agent-(?P<e>stg|prd)")
    if agent:
        found["place"] = f"{agent['e'].lower()}-app"
    file = words.take_raw(r"(?:\$\{\w+\}/)?[\w./-]*(?:\.env|\.conf|\bpg_hba)"
                          r"(?![\w/])")
    if file:
        found["file"] = file[0]
    place = words.take(rf"<?(?P<place>{PLACE})>?(?: namespace)?")
    if place:
        found["place"] = place_of(place["place"])
    envs = words.env()
    if envs:
        found["env"] = envs[0]
    words.take(r"PostgreSQL|postgres|SQL|psql|session|connected|connection|"
               r"run|execute|issue|shell|file|superuser|app(?:lication)?|"
               r"database app|(?:another|second|first) session")
    if words.rest() or not found and words.left == head:
        return None
    return found


LEADING = re.compile(
    rf"(?:in|on|at|inside|within|from) (?:the )?(?:<?{PLACE}>?|"
    rf"(?:\$\{{\w+\}}/)?[\w./-]*\.(?:env|conf)|{ENV})"
    r"(?: namespace)?,? (?=[a-zA-Z])", re.I)


def leading_context(clause):
    """The clause behind "in rt ..." without a colon; None."""
    head = LEADING.match(clause.text)
    context = context_of(head[0].rstrip(", ")) if head else None
    if context is None:
        return None
    return clause.within(context, clause.text[head.end():])
