"""postmaster.py - what is said of PostgreSQL's process, machine and volume."""
import re

from suite.steps import undone
from suite.texts.database import PG
from suite.texts.observers import does


def pg_ctl(clause):
    """pg_ctl [-D DIRECTORY] [-m MODE] ACTION"""
    words = clause.words()
    if not words.take("pg_ctl"):
        return None
    mode = words.take_raw(r"(?:-m ?|--mode[= ])(?P<mode>\w+)")
    words.take_raw(r"-D ?\S+")
    words.take_raw(r"(?:-l|-o) ?\S+|(?<=\s)-[wWst]\b")
    action = words.take("stop|start|restart|reload|promote")
    words.take(r"-[wWst]")
    words.env()
    words.take_all(PG)
    words.take_all(r"mode|fast|immediate|and|recover")
    words.end()
    if not action:
        return None
    return clause.step(action[0].lower() + "_database", env=clause.env(),
                       mode=mode["mode"] if mode else "fast")


NUMBERS = {"one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6,
           "eight": 8, "ten": 10}


def number(word):
    """In digits or as a word."""
    return NUMBERS.get(word.lower()) or int(word)


def busy(clause):
    """processes that burn the processor"""
    words = clause.words()
    stress = words.take_raw(r"stress(?:-ng)? (?:--cpu|-c) (?P<n>\d+)"
                            r"(?: (?:--timeout|-t) (?P<s>\d+)s?)?")
    if stress:
        place = (clause.context.get("place") or "stg-app").rpartition("-")[2]
        words.take_all(PG)
        words.env()
        words.end()
        steps = clause.step(
            "busy", env=clause.env(), count=int(stress["n"]),
            place="db" if re.search(r"-db\b", clause.text) else place)
        return steps if not stress["s"] else steps + [
            undone(step, int(stress["s"])) for step in steps]
    if not words.take(r"CPU|processors?|cores?|busy (?:loops?|processes)|"
                      r"spinning|stress(?:-ng)?"):
        if not words.take_raw(r"[`'\"]?yes\s*>\s*/dev/null[`'\"]?"):
            return None
    words.take_raw(r",? ?(?:at )?nice -?\d+")
    count = words.take(rf"(?P<count>\d+|{'|'.join(NUMBERS)})(?: (?:busy )?"
                       rf"(?:loops?|process(?:es)?|"
                       r"threads?|workers?|cores?|hogs?))?")
    if not words.take(r"burn(?:s|ing)?|busy|loads?|hogs?|saturate[sd]?|stress|"
                      r"keep|spin(?:s|ning)?|run|start|occup(?:y|ied)|max out|"
                      r"eat(?:s)?") and not count:
        return None
    place = "db" if re.search(r"db\b|Postgre|database", clause.text +
                              clause.context.get("place", ""), re.I) else "app"
    words.env()
    words.take_all(rf"{PG}|busy|loops?|process(?:es)?|hogs?|CPU|cores?|shell|"
                   r"endless|processors?|app|burners?")
    words.end()
    return clause.step("busy", env=clause.env(), place=place,
                       count=number(count["count"]) if count else 2)


BALLAST = (r"ballast(?: file)?|fill(?:s|ed|er)?(?: up)?(?: file)?|fallocate|"
           r"dd|(?:is |becomes |goes |runs )?full|exhaust(?:s|ed)?|use(?:s|d)? "
           r"up|run(?:s)? out of (?:space|inodes|disk)|consume[sd]?|no space "
           r"left|extend")
VOLUME = {
    "collector": r"collector(?:'s)?|store",
    "database": r"(?:\$\{)?PGDATA(?:_STG|_PRD)?\}?(?:/[\w.-]+)*|"
                r"PostgreSQL(?:'s)?|Postgres|database|<?(?:stg|prd)-db>?|"
                r"pg_wal|WAL|tablespace|data (?:volume|disk|directory)|"
                r"(?:stg|prd|staging|production) db",
    "app": r"\$\{(?:STG|PRD)\}(?:/[\w.]+)?|app(?:lication)?(?:'s)?|"
           r"<?(?:stg|prd)-app>?|receipts?|log (?:volume|directory)",
}


def volume_of(clause, words):
    """Takes what names a volume; the first that fits, or of earlier."""
    found = None
    for what, pattern in VOLUME.items():
        if words.take_raw(rf"(?<![\w$-])(?:{pattern})(?:'s)?(?![\w-])"):
            found = found or what
            while words.take_raw(rf"(?<![\w$-])(?:{pattern})(?![\w-])"):
                pass
    place = clause.context.get("place") or ""
    if found is None and place.endswith(("-db", "-app")):
        return "database" if place.endswith("-db") else "app"
    filled = [step.args["what"] for step in clause.done
              if step.verb == "fill"]
    if not found and not filled and "ballast" in clause.text:
        return "database"
    return found or (filled[-1] if filled else None)


def fill(clause):
    """fill the volume of something, wholly or so far, or its inodes"""
    if re.search(r"^(?:dd|fallocate)\b.*(?:count=|-l ?\d|--length|\|\|)",
                 clause.text):
        return None  # a command that says itself how much
    words = clause.words()
    inodes = words.take(r"inodes?|(?:many|millions of|thousands of) (?:empty "
                        r"|small |tiny )*files?")
    if not words.take(BALLAST) and not inodes:
        return None
    percent = words.take_raw(r"(?P<percent>\d+) ?%")
    words.take_raw(r"if=\S+|(?<=\s)-\w+ ?\S+")
    words.take_raw(r"of=(?=\$)")
    words.take_raw(r"bs=\S+")
    what = volume_of(clause, words)
    if what is None:
        return None
    words.env()
    words.take_all(
        r"ENOSPC|no space (?:is )?left(?: on device)?|nothing (?:more )?fits|"
        r"full|completely|tmpfs|volumes?|disks?|data|directory|file ?systems?|"
        r"partition|ballast(?: file)?|files?|write[sn]?|creates?|put|fill|dd|"
        r"exhaust|100|until|all|rest|up|space|file|fallocate|use up|extend|"
        r"left|device|storage|lives?|hold(?:s|ing)?|containing|where|sits?|"
        r"zeros?|capacity|drop|place|grow|remaining|free|is|no|to the brim|"
        r"last byte|server|big|large|huge|of its size|usage|reaches")
    words.end()
    return clause.step("fill", what=what, env=clause.env(),
                       percent=int(percent["percent"]) if percent else 100,
                       inodes=bool(inodes))


def free(clause):
    """take the ballast away"""
    words = clause.words()
    if not words.take(r"free(?:s|d)?|remove[sd]?|delete[sd]?|rm|take[sn]? away|"
                      r"clear(?:s|ed)?|make room|release[sd]?"):
        return None
    if not words.take(r"(?:disk |its )?space|ballast(?: files?)?|room|volume|"
                      r"filler|filling") and not (
                          re.match(r"free it\b", clause.text) and
                          any(s.verb == "fill" for s in clause.done)):
        return None
    what = volume_of(clause, words)
    words.env()
    words.take_all(r"disk|volume|tmpfs|data|file|space|up|away|files")
    words.end()
    return clause.step("free", what=what, env=clause.env()) if what else None


def server(clause):
    """stop, start, kill, pause PostgreSQL, in words or by a signal"""
    words = clause.words()
    pid = words.take_raw(
        r"<postmaster[^>]*>|\$\((?:head -n? ?1|cat) \S*postmaster\.pid\)|"
        r"`(?:head -n? ?1|cat) \S*postmaster\.pid`")
    signal = re.search(r"-(?:SIG)?(9|KILL|QUIT|INT|TERM|STOP|CONT)\b|SIG(KILL|"
                       r"QUIT|INT|TERM|STOP|CONT)\b", clause.text)
    words.take(r"-(?:SIG)?(?:QUIT|INT)|SIG(?:QUIT|INT)", 0)
    verb = does(words)
    again = clause.done and clause.done[-1].verb in (
        "stop_database", "pause") and words.take("it")
    if not (verb or signal) or not (pid or again or words.take(PG)):
        return None
    if verb == "stop" and re.search(r"hangs|frozen", clause.text):
        verb = "pause"
    mode = words.take(r"(?:-m |mode )?(?P<m>fast|immediate|smart)(?: mode)?")
    hard = words.take(r"hard|crash(?:es|ed)?|immediately")
    words.env()
    words.take_all(rf"{PG}|kill|process|again|stop|pid|systemctl|main|15|"
                   r"service|"
                   r"shut|signal|15-main|unit|down")
    words.end()
    number = (signal[1] or signal[2]) if signal else ""
    env = clause.env()
    if verb == "resume":
        return clause.step("resume", env=env)
    if verb == "pause":
        return clause.step("pause", env=env)
    if verb in ("start", "restart"):
        return clause.step(f"{verb}_database", env=env, mode="fast")
    how = {"9": "kill", "KILL": "kill", "QUIT": "immediate", "INT": "fast",
           "TERM": "smart"}.get(number)
    remark = re.search(r"-m (fast|immediate|smart)", clause.remark)
    how = how or (mode["m"].lower() if mode else remark[1] if remark else
                  "immediate" if hard or "crash" in clause.text else "fast")
    if re.search(r"-9\b|SIGKILL", clause.remark):
        how = "kill"
    if re.match(r"kill(?:s|ed)?\b", clause.text) and not signal and \
            not mode and not remark:
        how = "kill"
    return clause.step("stop_database", env=env, mode=how)


def backend(clause):
    """one session's process dies, and the server recovers"""
    words = clause.words()
    if not words.take(r"(?:one|a|any|some|an? idle|an? arbitrary) (?:backend|"
                      r"session'?s? process|server process)"):
        return None
    if not words.take(r"(?:kill )?-(?:SIG)?(?:9|KILL)|SIGKILL|kill"):
        return None
    words.take("kill")
    words.take(PG)
    words.env()
    words.end()
    return clause.step("kill_backend", env=clause.env())


READERS = [pg_ctl, backend, server, fill, free, busy]
