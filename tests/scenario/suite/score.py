"""score.py - how good the verdicts of a run were.

Pure: records in, points and a table out.  A record is what session.py saw of
one scenario: the verdict at every look and at the end.  docs/diagnosis.md,
"Measured", says what each column means.
"""
import fnmatch
import math
import re
import statistics

CLASSES = ("app", "env", "infra", "net", "blind", "none")
CONFIDENT = 0.70
SECTIONS = ("verdict", "cleared", "responsible", "measurements", "timeline",
            "evidence", "next actions", "impact", "confidence")
GOALS = {"verdicts": 34 / 36, "subjects": 32 / 36, "brier": 0.05,
         "intervals": 3}


# --- names -------------------------------------------------------------------

ENVIRONMENTS = {"staging": "stg", "production": "prd", "prod": "prd"}
# The same object by the name of its service or of its namespace.
ENDS = {"backend": "{}-app", "postgres": "{}-db", "database": "{}-db",
        "svc": "payments"}


def canonical(subject, env="stg"):
    """One spelling of a subject: the scenario files name hosts and short
    environments, the program services and environments as configured."""
    if not subject:
        return ""
    kind, _, rest = subject.partition(":")
    rest = re.sub(r"(?<![\w.-])(staging|production|prod)(?![\w.-])",
                  lambda found: ENVIRONMENTS[found[1]], rest)
    if kind == "net" and "->" in rest:
        a, _, b = rest.partition("->")
        b, *finer = re.split(r"(?=[:#@])", b, maxsplit=1)
        rest = "->".join(ENDS.get(end, end).format(env) for end in (a, b))
        rest += "".join(finer)
    if kind == "cgroup":
        group, slash, file = rest.partition("/")
        rest = ENDS.get(group, group).format(env) + slash + file
    rest = re.sub("@([^/@]+)/", lambda found: "@" + ENDS.get(
        found[1], found[1]).format(env) + "/", rest)
    if kind in ("infra", "dns") and re.fullmatch(
            r"(postgres|redis|resolver)(#.*)?", rest):
        name, sharp, finer = rest.partition("#")
        rest = f"{name}/{env}{sharp}{finer}"
    return f"{kind}:{rest}"


def coarse(subject):
    """Up to '#' or '@'."""
    return re.split("[#@]", subject, maxsplit=1)[0]


def matches(expected, told, env="stg"):
    """1.0: the same; 0.5: the same but for the finer part; 0.0: another.
    Where nothing finer is expected, a finer answer is the same."""
    expected, told = canonical(expected, env), canonical(told, env)
    if expected == told:
        return 1.0
    if coarse(expected) != coarse(told):
        return 0.0
    return 1.0 if coarse(expected) == expected else 0.5


def is_blamed(pattern, told, env="stg"):
    """Does a verdict's subject fall under a must_not_blame?"""
    pattern, told = canonical(pattern, env), canonical(told, env)
    if not told:
        return False
    return fnmatch.fnmatchcase(told, pattern) or \
        fnmatch.fnmatchcase(coarse(told), pattern) or \
        coarse(told) == coarse(pattern)


# --- one verdict -------------------------------------------------------------

def probabilities(verdict):
    """Of each class.  The verdict's own confidence, after gates and caps, is
    what is said of its class; the others share the rest as they stood."""
    given = dict(verdict.get("probabilities") or {
        row["class"]: row["confidence"]
        for row in verdict.get("alternatives", [])})
    blame = verdict["class"]
    rest = {name: given.get(name, 0.0) for name in CLASSES if name != blame}
    if not any(rest.values()):
        rest = dict.fromkeys(rest, 1.0)
    left = 1.0 - verdict["confidence"] if blame in CLASSES else 1.0
    share = left / sum(rest.values())
    told = {name: value * share for name, value in rest.items()}
    if blame in CLASSES:
        told[blame] = verdict["confidence"]
    return told


def brier(given, truth):
    """Multi-class Brier score: 0 best, 2 worst."""
    return sum((given[name] - (name == truth)) ** 2 for name in CLASSES)


def subjects(verdict):
    """The subject, then those of the alternatives, the best first."""
    return [verdict.get("subject") or ""] + [
        row.get("subject") or "" for row in verdict.get("alternatives", [])]


def class_points(expected, blame):
    """1, 0.5 when it may be said as well, 0."""
    if blame == expected["verdict"]:
        return 1.0
    return 0.5 if blame in expected.get("accept", []) else 0.0


# Kinds of trigger that two vocabularies name differently.
KINDS = {
    "env_file_removed": {"env_file_removed", "env_file_changed"},
    "env_file_changed": {"env_file_changed", "hosts_change", "env_change"},
    "flag_change": {"flag_change", "env_change"},
    "firewall_change": {"firewall_change", "network_change"},
    "platform_limit_change": {"platform_limit_change",
                              "platform_state_change"},
}


def trigger_points(expected, verdict, reference, pace, interval_s):
    """(kind is right, time is right); None where none is expected."""
    wanted = expected.get("trigger")
    if wanted is None:
        return None, None
    told = verdict.get("trigger")
    if wanted["kind"] == "none":
        return told is None, None
    if told is None:
        return False, False
    kinds = KINDS.get(wanted["kind"], {wanted["kind"]})
    at = reference + wanted["at_s"] / pace
    slack = 1.5 * interval_s / pace
    begin, end = (told["at"] or {}).get("from"), (told["at"] or {}).get("to")
    timely = None not in (begin, end) and \
        seconds_of(begin) - slack <= at <= seconds_of(end) + slack
    return told["kind"] in kinds, timely


def seconds_of(text):
    """RFC 3339 in UTC -> seconds since 1970."""
    import datetime  # pylint: disable=import-outside-toplevel
    return datetime.datetime.fromisoformat(
        text.replace("Z", "+00:00")).timestamp()


IMPACTS = ("outage", "partial", "degraded")


def onset_points(expected, verdict, reference, pace, interval_s):
    """Does the told onset hold the moment when impact began, within one and
    a half intervals?  None where there is no impact."""
    if expected.get("onset_s") is None or \
            expected.get("severity") not in IMPACTS:
        return None
    told = verdict.get("onset")
    if told is None or None in (told.get("from"), told.get("to")):
        return False
    at = reference + expected["onset_s"] / pace
    slack = 1.5 * interval_s / pace
    return seconds_of(told["from"]) - slack <= at <= \
        seconds_of(told["to"]) + slack


BESIDE = ("secondary", "masked", "standing", "alternatives", "blind_spots",
          "cleared", "refuted", "claims")


def secondary_points(expected, verdict, env):
    """How many of the findings beside the first are told, as a share; None
    where none is expected that has a subject."""
    wanted = [text.split()[0] for text in expected.get("secondary", [])
              if re.match(r"[a-z]+:\S", text)]
    if not wanted:
        return None
    rows = [row for part in BESIDE for row in verdict.get(part) or []]
    rows.append({"subject": verdict.get("subject")})
    texts = [" ".join(str(value) for value in row.values()) for row in rows]

    def is_told(subject):
        name = re.sub("/(?:stg|prd|staging|production)$", "", coarse(
            subject)).partition(":")[2].rpartition("/")[2]
        return any(row.get("subject") and
                   matches(subject, row["subject"], env) for row in rows) or \
            any(name in text for text in texts)

    return sum(map(is_told, wanted)) / len(wanted)


def time_to_verdict(expected, looks):
    """Seconds of the scenario from onset to the first right look that stays
    right; None when the last is wrong."""
    onset, first = expected.get("onset_s", 0) or 0, None
    for look in looks:
        if look["at_s"] < onset:
            continue
        if class_points(expected, look["class"]) == 1.0:
            first = look["at_s"] if first is None else first
        else:
            first = None
    return None if first is None else max(0.0, first - onset)


def mentions(verdict, wanted):
    """Do the next actions say each of these, in words of their own order?"""
    text = " ".join(" ".join(str(value) for value in action.values())
                    for action in verdict.get("next_actions", [])).lower()
    text = re.sub(r"[^a-z0-9]+", " ", text)
    return all(all(word in text for word in
                   re.sub(r"[^a-z0-9]+", " ", phrase.lower()).split()
                   if word not in ("the", "re"))
               for phrase in wanted)


def judge(scenario, record, interval_s=5):
    """The points of one scenario that was run."""
    expected, verdict = scenario["expected"], record["verdict"]
    env = record.get("env", "stg")
    told = subjects(verdict)
    wanted = expected.get("subject")
    right = class_points(expected, verdict["class"])
    points = [matches(wanted, one, env) for one in told] if wanted else \
        [1.0 if not told[0] else 0.0]
    blamed = [pattern for pattern in scenario.get("must_not_blame", [])
              if is_blamed(pattern, told[0], env)]
    kind, timely = trigger_points(expected, verdict, record["reference"],
                                  record["pace"], interval_s)
    given = probabilities(verdict)
    confidence = verdict.get("confidence", 0.0)
    waited = time_to_verdict(expected, record["looks"])
    report = (record.get("report") or "").lower()
    return {
        "id": scenario["id"], "class": expected["verdict"],
        "tags": scenario.get("tags", []), "state": "run",
        "told": verdict["class"], "subject": told[0],
        "confidence": confidence,
        "verdict_correct": 0.0 if blamed else right,
        "subject_top1": points[0], "subject_top3": max(points[:3]),
        "trigger_kind": kind, "trigger_time": timely,
        "must_not_blame": blamed,
        "onset": onset_points(expected, verdict, record["reference"],
                              record["pace"], interval_s),
        "secondary": secondary_points(expected, verdict, env),
        "in_range": expected.get("min_confidence", 0) - 1e-9 <= confidence <=
        expected.get("max_confidence", 1) + 1e-9,
        "brier": brier(given, expected["verdict"])
        if expected["verdict"] in CLASSES else None,
        "false_confident": right == 0 and confidence >= CONFIDENT and
        verdict["class"] != "undetermined",
        "undetermined": verdict["class"] == "undetermined",
        "time_to_verdict_s": waited,
        "counts_for_time": expected["verdict"] != "none",
        "sections": sum(name in report for name in SECTIONS),
        "actions": mentions(verdict, expected["next_action_must_mention"])
        if expected.get("next_action_must_mention") else None,
        "severity": verdict.get("severity") == expected.get("severity"),
        "baselines": record.get("baselines", {}),
    }


# --- many --------------------------------------------------------------------

def wilson(k, n, z=1.96):
    """95 % interval of a rate."""
    if n == 0:
        return 0.0, 1.0
    p = k / n
    middle = (p + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * math.sqrt(
        p * (1 - p) / n + z * z / (4 * n * n))
    return max(0.0, middle - half), min(1.0, middle + half)


def mean(values):
    """Of those that are known; None of none."""
    known = [value for value in values if value is not None]
    return sum(known) / len(known) if known else None


def summary(rows):
    """The rates of some rows."""
    n = len(rows)
    correct = sum(row["verdict_correct"] for row in rows)
    times = [row["time_to_verdict_s"] for row in rows
             if row["counts_for_time"]]
    known = [value if value is not None else math.inf for value in times]
    median = statistics.median_low(known) if known else None
    return {
        "n": n, "correct": correct, "wilson": wilson(correct, n),
        "subject_top1": sum(row["subject_top1"] > 0 for row in rows),
        "subject_exact": sum(row["subject_top1"] == 1 for row in rows),
        "subject_top3": sum(row["subject_top3"] > 0 for row in rows),
        "trigger_kind": mean([row["trigger_kind"] for row in rows]),
        "trigger_time": mean([row["trigger_time"] for row in rows]),
        "onset": mean([row["onset"] for row in rows]),
        "secondary": mean([row["secondary"] for row in rows]),
        "must_not_blame": sum(len(row["must_not_blame"]) for row in rows),
        "in_range": sum(row["in_range"] for row in rows),
        "brier": mean([row["brier"] for row in rows]),
        "undetermined": sum(row["undetermined"] for row in rows),
        "false_confident": sum(row["false_confident"] for row in rows),
        "median_time_s": None if median in (None, math.inf) else median,
        "sections": mean([row["sections"] for row in rows]),
        "actions": mean([row["actions"] for row in rows]),
        "severity": mean([row["severity"] for row in rows]),
    }


BINS = (0.0, 0.5, 0.7, 0.9, 1.0)


def reliability(rows):
    """What was right of what was said with so much confidence; words that
    blame nobody ("undetermined") promise nothing."""
    said = [row for row in rows if not row["undetermined"]]
    table = []
    for low, high in zip(BINS, BINS[1:]):
        inside = [row for row in said if low <= row["confidence"] < high or
                  row["confidence"] == high == BINS[-1]]
        right = sum(row["verdict_correct"] for row in inside)
        table.append({"from": low, "to": high, "n": len(inside),
                      "confidence": mean([row["confidence"]
                                          for row in inside]),
                      "correct": right, "wilson": wilson(right, len(inside))})
    return table


def baseline_rows(rows, name):
    """What another judge made of the same evidence."""
    made = []
    for row in rows:
        other = row["baselines"].get(name)
        if other is None:
            continue
        right = float(other["class"] == row["class"])
        made.append({"correct": right,
                     "brier": brier(other["probabilities"], row["class"])
                     if row["class"] in CLASSES else None,
                     "false_confident": not right and
                     other["class"] != "undetermined" and
                     other["confidence"] >= CONFIDENT})
    return made


def skill(rows, name="prior only"):
    """How much better than a judge who sees nothing: 1 is perfect, 0 no
    better; None where that judge is not known."""
    own = mean([row["brier"] for row in rows if name in row["baselines"]])
    other = mean([row["brier"] for row in baseline_rows(rows, name)])
    return None if own is None or not other else 1 - own / other


def of_baseline(rows, name):
    """Its rates."""
    made = baseline_rows(rows, name)
    correct = sum(row["correct"] for row in made)
    return {"n": len(made), "correct": correct,
            "wilson": wilson(correct, len(made)),
            "brier": mean([row["brier"] for row in made]),
            "false_confident": sum(row["false_confident"] for row in made)}


def score(rows, not_run, interval_s=5):
    """Everything about a run, for machines.  not_run: [(id, state, why)]"""
    tags = sorted({tag for row in rows for tag in row["tags"]})
    names = sorted({name for row in rows for name in row["baselines"]})
    total = summary(rows)
    return {
        "scenarios": rows,
        "not_run": [{"id": one, "state": state, "why": why}
                    for one, state, why in not_run],
        "classes": {name: summary([row for row in rows
                                   if row["class"] == name])
                    for name in (*CLASSES, "undetermined")
                    if any(row["class"] == name for row in rows)},
        "tags": {tag: summary([row for row in rows if tag in row["tags"]])
                 for tag in tags},
        "all": total,
        "reliability": reliability(rows),
        "skill": skill(rows),
        "baselines": {name: of_baseline(rows, name) for name in names},
        "goals": goals(total, len(rows) + len(not_run), interval_s),
    }


def goals(total, n, interval_s):
    """{goal: it is met}; what was not run counts as missed."""
    median = total["median_time_s"]
    return {
        "verdicts": n > 0 and total["correct"] >= GOALS["verdicts"] * n - 1e-9,
        "subjects": n > 0 and
        total["subject_top1"] >= GOALS["subjects"] * n - 1e-9,
        "must_not_blame": total["must_not_blame"] == 0,
        "false_confident": total["false_confident"] == 0,
        "brier": total["brier"] is not None and
        total["brier"] <= GOALS["brier"],
        "time": median is not None and
        median <= GOALS["intervals"] * interval_s,
    }
