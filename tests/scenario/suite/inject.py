"""inject.py - what a scenario's injection text says to do.

read(text) turns the commands and the prose of a scenario file into Steps: a
verb of the world and its arguments.  What can be said of each part of a world
is in texts/; here a text is cut until every piece is read by somebody.  Pure:
deeds/ does the steps.  A piece that nobody reads is NotUnderstood; no word is
dropped quietly.
"""
import re

from suite.steps import (UNDO, NotUnderstood, cut, lasts_of, outside,
                         quoted_spans, soft_cuts, spread, take_times,
                         without_remarks)
from suite.texts import (app, cloud, commands, database, files, filters,
                         front, machine, names, observers, paths,
                         postmaster, remarks, variables)
from suite.texts.words import Clause, context_of, leading_context

READERS = [remarks.nothing, remarks.taken_back, *commands.EARLY,
           *files.READERS, *variables.READERS, *database.READERS,
           *postmaster.READERS, *filters.READERS, *paths.READERS,
           *names.READERS, *front.READERS, *cloud.READERS, *machine.READERS,
           *observers.READERS, *app.READERS, *variables.LATE, *commands.LATE]
DEEPEST = 6  # cuts within one piece


def read_whole(clause):
    """The steps of a clause that somebody reads as it stands."""
    why = None
    for reader in READERS:
        try:
            found = reader(clause)
        except NotUnderstood as e:
            why = why or e
            continue
        if found is not None:
            return found
    raise why or NotUnderstood(clause.text)


def timed(clause, until):
    """The same, with the times that the clause says itself."""
    try:
        return read_whole(clause)
    except NotUnderstood as e:
        why = e
    bare, times = take_times(clause.text)
    if not times:
        raise why
    return spread(read_whole(clause.with_text(bare)), times, until)


def headed(clause):
    """The clause behind "in rt:", "as role batch:", "on stg-db:"; None."""
    spans = quoted_spans(clause.text)
    for colon in re.finditer(r":\s+", clause.text):
        if not outside(spans, colon.start()):
            continue
        context = context_of(clause.text[:colon.start()])
        if context is None:
            return None
        return clause.within(context, clause.text[colon.end():])
    return leading_context(clause)


def halves(clause, until, depth):
    """Two clauses in one: the left is read first, the right in its light."""
    why = None
    for end, begin in soft_cuts(clause.text):
        left = clause.with_text(clause.text[:end])
        try:
            done = pieces(left, until, depth + 1)
            right = clause.after(left.text, done).with_text(
                clause.text[begin:])
            more = pieces(right, until, depth + 1)
        except NotUnderstood as e:
            why = why or e
            continue
        return done + more
    raise why or NotUnderstood(clause.text)


def pieces(clause, until, depth=0):
    """The steps of a clause, whole or cut."""
    why = None
    for reading in (lambda one, u: pieces_of_head(one, u, depth), timed,
                    lambda one, u: halves(one, u, depth)):
        try:
            return reading(clause, until)
        except NotUnderstood as e:
            why = why or e
        if depth >= DEEPEST:
            break
    if clause.done:
        found = remarks.remark(clause)
        if found is not None:
            return found
    raise why


def pieces_of_head(clause, until, depth):
    """What stands behind where and as whom; times may stand before."""
    bare, times = take_times(clause.text, "begin")
    inner = headed(clause.with_text(bare))
    if inner is None and times:
        inner = clause.with_text(bare)
    if inner is None:
        begin = remarks.label(clause.text)
        if begin is None:
            raise NotUnderstood(clause.text)
        inner = clause.with_text(clause.text[begin:])
    return spread(pieces(inner, until, depth + 1), times, until)


def read(text, until=180):
    """The steps that a text asks for, in order; NotUnderstood names the
    piece.  until: how long the scenario is watched, for what repeats."""
    steps, before, context = [], "", {}
    for raw in cut(text):
        plain, remark = without_remarks(raw)
        if remarks.is_nothing(raw) or not plain:
            before += " " + raw
            continue
        clause = Clause(plain, remark, before, context, steps)
        found = pieces(clause, until)
        lasts = lasts_of(remark)
        if lasts and all(step.verb in UNDO for step in found):
            found = spread(found, {"lasts": lasts}, until)
        inner = headed(clause)
        context = inner.context if inner else context
        before += " " + raw
        steps += [step._replace(text=raw) for step in found]
    return steps


# --- a whole scenario --------------------------------------------------------

# Other words for what world.probe_capabilities() tries.
ALSO = {
    "nftables": "nft", "namespaces": "netns", "network-namespaces": "netns",
    "tc-tbf": "tbf", "tc-netem": "netem", "tc-htb": "htb", "cgroup":
    "cgroup-memory", "cgroups": "cgroup-memory", "memory-cgroup":
    "cgroup-memory", "cgroup-v1-memory": "cgroup-memory", "libfaketime":
    "faketime", "iptables-statistic": "iptables", "timens":
    "time-namespace", "time-namespaces": "time-namespace", "time-ns":
    "time-namespace",
}
TRIED = ("netns", "nft", "netem", "tbf", "htb", "iptables", "tun", "tmpfs",
         "cgroup-memory", "faketime", "time-namespace")
# Steps that a world does its own way, whether the machine has it or not.
OTHERWISE = {"netem": {"shape"}, "iptables": {"filter"},
             "faketime": {"trigger_date"}}


def lacking_of(inject, capabilities):
    """What a step needs and this machine was seen not to have.  A need that
    nobody can try is found out when the step is done."""
    if capabilities is None:
        return []
    needs = [need.lower().replace("_", "-").replace(" ", "-")
             for need in inject.get("needs", [])]
    needs = [ALSO.get(need, need) for need in needs]
    return [need for need in needs
            if need in TRIED and need not in capabilities]


def steps_of(inject, lacking, until):
    """The steps of a text, or of its fallback."""
    text = inject["do"]
    if not lacking:
        return read(text, until)
    if inject.get("fallback"):
        try:
            return read(fallback(inject), until)
        except NotUnderstood:
            text = inject["fallback"]
    verbs = set.intersection(*(OTHERWISE.get(need, set())
                               for need in lacking))
    try:
        steps = read(inject["do"], until)
        if {step.verb for step in steps} <= verbs | {"shape_end",
                                                     "filter_end"}:
            return steps
    except NotUnderstood:
        pass
    if not inject.get("fallback"):
        raise Lacking(lacking[0])
    return read(text, until)


def read_scenario(scenario, capabilities=None):
    """[(second, Step)] of a whole scenario, in order.  What this machine
    cannot do goes by its fallback; without one, Lacking names it."""
    plan = []
    for inject in scenario["inject"]:
        lacking = lacking_of(inject, capabilities)
        try:
            steps = steps_of(inject, lacking, scenario.get("observe_s", 180))
        except NotUnderstood as e:
            text = inject["fallback" if lacking else "do"]
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
