"""baselines.py - three simpler judges of the same evidence.

prior: what is usually to blame, whatever is seen.  first layer: the class
that the lowest failing layer alone speaks for.  last change: whatever changed
last before the onset.  Each returns {"class", "confidence", "probabilities"}.
"""
import json

from suite.score import CLASSES, seconds_of

# The first that a fact's name begins with decides.
CHANGES = [
    ("build", "app"), ("image", "app"), ("revision", "app"),
    ("schema", "app"), ("env", "env"), ("file/", "env"), ("hosts", "env"),
    ("setting", "env"), ("config", "env"), ("secret", "env"),
    ("dns", "net"), ("route", "net"), ("firewall", "net"),
    ("network", "net"), ("proxy", "net"), ("gcp", "infra"),
    ("server", "infra"), ("limit", "infra"), ("cgroup", "infra"),
    ("certificate", "infra"), ("tls", "infra"),
]
EVENTS = {"deploy": "app", "rollback": "app", "config_change": "env",
          "secret_change": "env", "scale": "infra"}


def sure_of(blame, confidence=0.95):
    """That class, the rest shared evenly."""
    if blame not in CLASSES:
        return {"class": blame, "confidence": 0.5, "probabilities": {
            name: 1 / len(CLASSES) for name in CLASSES}}
    rest = (1 - confidence) / (len(CLASSES) - 1)
    return {"class": blame, "confidence": confidence, "probabilities": {
        name: confidence if name == blame else rest for name in CLASSES}}


def by_prior(model):
    """The likeliest class before anything was seen."""
    prior = model["prior"]
    best = max(prior, key=prior.get)
    return {"class": best, "confidence": prior[best],
            "probabilities": dict(prior)}


def by_layer(model, verdict):
    """The break's own likelihoods, with the prior."""
    rows = {row["id"]: row["p"] for row in model["tokens"]}
    breaks = [row["token"] for row in
              verdict.get("evidence", []) + verdict.get("against", [])
              if row["token"].startswith("FB_") and row["token"] in rows]
    if not breaks:
        return sure_of("none")
    p = rows[breaks[0]]
    total = sum(p[name] * model["prior"][name] for name in CLASSES)
    given = {name: p[name] * model["prior"][name] / total
             for name in CLASSES}
    best = max(given, key=given.get)
    return {"class": best, "confidence": given[best], "probabilities": given}


def class_of_fact(name):
    """Which class a changed fact speaks for."""
    return next((blame for prefix, blame in CHANGES
                 if name.startswith(prefix)), None)


def changes(lines, environment):
    """[(second, class)] of what changed in an environment."""
    found, known = [], {}
    for text in lines:
        line = json.loads(text)
        if line.get("environment") != environment:
            continue
        if line["type"] == "event":
            if line["kind"] in EVENTS:
                found.append((seconds_of(line["at"]), EVENTS[line["kind"]]))
        elif line["type"] == "fact":
            key = (line.get("service"), line["name"], line.get("source"))
            value = (line.get("value"), line.get("fingerprint"))
            if key in known and known[key] != value and \
                    class_of_fact(line["name"]):
                found.append((seconds_of(line["at"]),
                              class_of_fact(line["name"])))
            known[key] = value
    return sorted(found)


def by_change(verdict, lines, environment, slack_s=10):
    """The last change that was there when it began to fail."""
    if verdict.get("onset") is None:
        return sure_of("none")
    onset = seconds_of(verdict["onset"]["to"]) + slack_s
    before = [blame for second, blame in changes(lines, environment)
              if second <= onset]
    return sure_of(before[-1]) if before else sure_of("undetermined")


def judge(model, verdict, lines, environment):
    """All three."""
    return {"prior only": by_prior(model),
            "first failing layer": by_layer(model, verdict),
            "last change": by_change(verdict, lines, environment)}
