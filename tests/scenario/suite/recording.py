"""recording.py - the evidence of a scenario that was played, kept small.

A recording is JSON Lines, compressed: a head (scenario, configuration, pace,
what the live suite was told, what was expected) and the history as
`vedette-collector replay` reads it.  Times are moved so that the instant 0 is
always the same, paths of the machine are taken out, and of what was well
before it began only the newest runs are kept.
"""
import datetime
import json
import lzma
import pathlib
import re
import subprocess

from suite.score import seconds_of

EPOCH = datetime.datetime(2026, 1, 5, 10, 0, tzinfo=datetime.timezone.utc)
KEPT_BEFORE = 24  # runs of each series; a verdict looks back at twenty
WATCHED_S = 90  # seconds of a scenario that are kept after its last step
SUFFIX = ".jsonl.xz"


def stamp(seconds):
    """RFC 3339 of seconds after the instant 0."""
    at = EPOCH + datetime.timedelta(seconds=round(seconds, 3))
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def moved(text, reference):
    """A moment, relative to the instant 0."""
    return stamp(seconds_of(text) - reference)


def shortened(line):
    """Without what compresses badly and tells nothing: microseconds, and of
    a run that was well all but how long it took, and to connect."""
    if line["type"] != "result":
        return line
    line["duration_ms"] = round(line.get("duration_ms", 0), 1)
    if "phases" in line:
        # How many steps a journey has is told by the runs that took all.
        line["phases"] = {
            name: round(value, 1) for name, value in line["phases"].items()
            if line["outcome"] != "ok" or name == "connect" or
            line.get("kind") == "journey"}
    if line["outcome"] == "ok":
        line.pop("attributes", None)
        line.pop("message", None)
    return line


def config_of(text):
    """What a verdict needs of a collector's file: no places, no keys."""
    kept, taken = [], True
    for line in text.splitlines():
        if re.match(r"\S", line):
            taken = line.split(":")[0] in (
                "environments", "services", "owners", "expectations")
        if taken:
            kept.append(line)
    return "\n".join(kept) + "\n"


def news(lines):
    """The lines without facts that say again what was known."""
    known = {}
    for line in lines:
        if line["type"] == "fact":
            key = (line["environment"], line.get("service"), line["name"],
                   line.get("source"))
            value = (line.get("value"), line.get("fingerprint"))
            if key in known and known[key] == value:
                continue
            known[key] = value
        yield line


def newest(lines, windows):
    """The lines up to the end of the last window, of the results between
    windows only the newest of each series before the next one."""
    seen, kept, left = {}, [], sorted(windows)
    for line in reversed(lines):
        at = seconds_of(line["at"])
        if at > max(end for _, end in windows):
            continue
        while left and at < left[-1][0]:
            left.pop()
            seen = {}
        if line["type"] == "result" and not (left and at <= left[-1][1]):
            key = (line["environment"], line.get("agent"),
                   line.get("service"), line["probe"])
            seen[key] = seen.get(key, 0) + 1
            if seen[key] > KEPT_BEFORE:
                continue
        kept.append(line)
    return kept[::-1]


def scrubbed(text, raw):
    """Without the places of who recorded it."""
    return text.replace(raw["folder"], "/srv").replace(
        raw["root"], "/usr/lib/vedette")


def shrink(raw, watched_s):
    """(head, lines) of what session.py kept; watched_s: seconds of the
    scenario after its last step."""
    reference, pace = raw["reference"], raw["pace"]
    due = [0.0] + [step["due_s"] for step in raw["steps"]]
    observe_s = min(raw["observe_s"], max(due) + watched_s)
    lines = newest(list(news(map(json.loads, raw["lines"]))), [
        (reference + second / pace, reference + min(
            second + watched_s, observe_s) / pace) for second in due])
    kept = []
    for line in lines:
        for name in ("at", "last_at"):
            if name in line:
                line[name] = moved(line[name], reference)
        kept.append(scrubbed(json.dumps(
            shortened(line), separators=(",", ":")), raw))
    head = {"type": "recording", "id": raw["id"], "pace": pace,
            "observe_s": int(observe_s), "config": config_of(
                scrubbed(raw["config"], raw)),
            "expected": {name: raw["expected"].get(name) for name in (
                "verdict", "subject", "accept")},
            "told": told_at(raw["looks"], observe_s)}
    return head, kept


def told_at(looks, second):
    """What was told last, up to a second of the scenario."""
    look = [one for one in looks if one["at_s"] <= second + 1][-1]
    return {name: look[name] for name in ("class", "subject", "confidence")}


def write(folder, raw, watched_s=WATCHED_S):
    """FOLDER/ID.jsonl.xz"""
    folder = pathlib.Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    head, lines = shrink(raw, watched_s)
    path = folder / (raw["id"] + SUFFIX)
    with lzma.open(path, "wt", encoding="utf-8", preset=9) as file:
        file.write(json.dumps(head) + "\n" + "\n".join(lines) + "\n")
    return path


def read(path):
    """(head, text of the history)"""
    with lzma.open(path, "rt", encoding="utf-8") as file:
        return json.loads(file.readline()), file.read()


class Replay:
    """A recording in a store of its own, to be asked about any moment."""

    def __init__(self, path, folder, build):
        self.folder, self.build = pathlib.Path(folder), pathlib.Path(build)
        self.head, text = read(path)
        self.text = text
        self.environment = "production" if self.head.get("env") == "prd" \
            else "staging"
        (self.folder / "history.jsonl").write_text(text, encoding="utf-8")
        (self.folder / "collector.yaml").write_text(
            'store: unused.db\nlisten: [{url: "ipc:///run/unused.sock"}]\n' +
            self.head["config"], encoding="utf-8")
        self.call("collector/vedette-collector", "replay", "history.jsonl",
                  "--store", "history.db", "--config", "collector.yaml")

    def call(self, program, *arguments, codes=(0,)):
        """What a program prints."""
        done = subprocess.run(
            [self.build / program, *arguments], cwd=self.folder,
            capture_output=True, text=True, check=False)
        if done.returncode not in codes:
            raise RuntimeError(f"{program}: {done.stderr.strip()}")
        return done.stdout

    def diagnose(self, second):
        """The verdict at a second of the scenario."""
        return json.loads(self.call(
            "collector/cli/vedette", "diagnose", self.environment, "--store",
            "history.db", "--config", "collector.yaml", "--at",
            stamp(second / self.head["pace"]), "--json",
            codes=(0, 10, 11, 12, 13, 14, 15)))

    def record(self, interval_s=5):
        """As session.py makes one of what it plays."""
        observe_s, looks = self.head["observe_s"], []
        for second in range(interval_s, observe_s + 1, interval_s):
            verdict = self.diagnose(second)
            looks.append({"at_s": second, "class": verdict["class"],
                          "subject": verdict["subject"],
                          "confidence": verdict["confidence"]})
        return {"state": "run", "verdict": verdict, "looks": looks,
                "reference": EPOCH.timestamp(), "pace": self.head["pace"],
                "env": self.head.get("env", "stg"), "steps": [],
                "lines": self.text.splitlines()}
