"""app.py - what is said of the application: restarts, builds, load."""
import re

from suite.builds import BUILDS
from suite.texts.variables import assignments

BUILD = "(?:" + "|".join(sorted(BUILDS, reverse=True)) + ")"
RESTARTS = (r"(?:rolling )?app_restart|(?:rolling |full )?restart(?:s|ed|ing)?|"
            r"bounced?|recycled?")
APP = (r"(?:web ?)?app(?:lication)?s?(?:'s)?|back-?ends?|shop|"
       r"(?:its |their )?replicas?")


def replicas_of(words, is_macro):
    """Takes the replicas; the article "a" is none outside the macro."""
    found = []
    one = words.take(r"(?:both|two|all) (?:app )?replicas?|each replica|"
                     r"replicas a ?(?:and|,|/|&|\+) ?b")
    if one:
        return ["a", "b"]
    for m in words.take_all(r"replica ([ab])(?:(?:,| and|,? then)+ "
                            r"(?:replica )?([ab]))?|\bapp-([ab])"):
        found += [name for name in m.groups() if name]
    if is_macro:
        found += [m[1] for m in words.take_all(r"([ab])", 0)]
    else:
        for m in words.take_all(r"(?:(?<=stg )|(?<=prd )|(?<=staging )|"
                                r"(?<=prod ))([ab])(?:, ?([ab]))?", 0):
            found += [name for name in m.groups() if name]
    return [name.lower() for name in found]


def restart(clause):
    """app_restart ENV REPLICA BUILD [with NAME=value ...] [without NAME]"""
    words = clause.words()
    about = words.take(RESTARTS)
    if about is None:
        return None
    is_macro = "app_restart" in about[0]
    overrides = assignments(words)
    for m in words.take_all(r"(?:with )?(?P<a>[A-Z][A-Z_]+) (?:removed|unset|"
                            r"missing|deleted)|without (?:a |the |its )?"
                            r"(?P<b>[A-Z][A-Z_]+)(?:(?:,| and|,? or) "
                            r"(?P<c>[A-Z][A-Z_]+))?", 0):
        overrides |= {name: None for name in m.groups() if name}
    for m in words.take_all(r"with (?:an? |its |the )*(?:wrong|other|different"
                            r"|new|old|random|stale|previous) "
                            r"(?P<name>[A-Z][A-Z_]+)", 0):
        overrides[m["name"]] = "<other>"
    build = words.take(rf"(?:build |version )?(?P<build>{BUILD})")
    named = replicas_of(words, is_macro)
    envs = words.env()
    what = words.take(APP) or named or envs or is_macro
    if not what and not words.take(r"(?<=¦ )it\b|them"):
        return None
    words.take(r"(?:one after (?:the )?other|in turn|with overrides?|build|"
               r"with the environment(?:'s)? file|variables?|set|first)")
    words.end()
    return [step for env in clause.envs(envs) for name in named or ["a", "b"]
            for step in clause.step(
                "restart", env=env, replica=name,
                build=build["build"] if build else None,
                overrides=overrides)]


def deploy(clause):
    """deploy ENV [REPLICA] BUILD; rollback; or the marker alone"""
    words = clause.words()
    back = words.take(r"roll(?:s|ed)? ?back|revert(?:s|ed)?|rollback|"
                      r"downgraded?")
    if not back:
        back = words.take_raw(r"(?<![\w-])rolls? (?=.*\bback\b)")
        if back:
            words.take("back")
    if not back and not words.take(
            r"(?:re)?deploy(?:s|ed|ment)?|releases?d?|roll(?:s|ed)? ?out|"
            r"roll-?out|ships?|shipped|install(?:s|ed)?|promoted?|upgraded?"):
        return None
    build = words.take(rf"(?:build |version |release )?(?P<build>{BUILD})")
    if build is None:
        return None
    no_marker = words.take(r"without (?:posting )?(?:an?y? |the )?(?:deploy "
                           r")?(?:marker|event)|with no (?:deploy )?marker|"
                           r"no (?:deploy )?marker|silently")
    marker = words.take(r"(?:marker|event)(?: only| alone)?")
    if marker:
        words.take_all(r"post(?:s|ed)?|mark|sends?|only|without (?:actually )?"
                       r"(?:deploying|replacing|changing) (?:anything|it)|"
                       r"nothing is (?:deployed|replaced)")
    named = replicas_of(words, False) or [
        m["r"] for m in words.take_all_raw(
            r"(?<=¦)\s+(?P<r>[ab])(?=\s+(?:only|alone)|\s*¦|\s*$)")]
    envs = words.env()
    words.take(APP)
    words.take(r"good|known good|previous|old|new|canary|gradually|rolling")
    words.take(r"one after the other|in turn")
    words.end()
    steps = []
    for env in clause.envs(envs):
        if marker:
            steps += clause.step("event", env=env, kind="deploy",
                                 subject=f"build/{build['build']}",
                                 summary=f"released {build['build']}")
        elif named and len(named) == 1:
            steps += clause.step("deploy_replica", env=env, replica=named[0],
                                 build=build["build"])
        else:
            steps += clause.step("deploy", env=env, build=build["build"],
                                 kind="rollback" if back else "deploy",
                                 marker=not no_marker)
    return steps


RATE = (r"(?P<low>\d+(?:\.\d+)?)(?: ?rps)?(?: ?(?:-|to|\.\.\.?|–|and) ?"
        r"(?P<high>\d+(?:\.\d+)?))? ?(?:rps|req(?:uest)?s?(?: ?/ ?s(?:ec)?|"
        r" per second| a second)|/s(?:ec)?|per second)")


def load(clause):
    """load ENV RATE, steady, as a wave, or as a ramp; or its end"""
    words = clause.words()
    if not words.take(r"(?:golden[- ]path )?(?:load|traffic|requests)"
                      r"(?: generator)?"):
        return None
    rate = words.take(RATE)
    ends = words.take(r"stop(?:s|ped)?|ends?|off|removed?|cease[sd]?|0")
    envs = words.env()
    shape = words.take(r"sinusoidal(?:ly)?|sine|wave|swinging|oscillating|"
                       r"ramp(?:s|ing|ed)?(?: up)?|ris(?:es?|ing)|grow(?:s|"
                       r"ing)|steady|steadily|constant|flat")
    words.take(r"start|put|run|apply|generate|raise|increase|set|drive|"
               r"add|lower|reduce|change|send|make")
    words.take(r"golden[- ]path|users?|customers?|between|up|down|user|"
               r"against|load|requests|background")
    words.take(r"between|against|load|requests")
    words.end()
    if bool(rate) == bool(ends):
        return None
    if ends:
        return [step for env in clause.envs(envs)
                for step in clause.step("load_stop", env=env)]
    low, high = float(rate["low"]), float(rate["high"] or rate["low"])
    word = shape[0].lower() if shape else "steady"
    kind = "wave" if re.match("sin|wave|swing|osc", word) else "ramp"
    return [step for env in clause.envs(envs) for step in clause.step(
        "load", env=env, low=low, high=high,
        shape="steady" if low == high else kind)]


READERS = [restart, deploy, load]
