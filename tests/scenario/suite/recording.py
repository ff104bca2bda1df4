"""recording.py - the evidence of a scenario that was played, kept small.

A recording is JSON Lines, compressed: a head (scenario, configuration, the
instant 0, pace, what the live suite was told) and the history as
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


def rounded(line):
    """Microseconds tell nothing, and compress badly."""
    if "duration_ms" in line:
        line["duration_ms"] = round(line["duration_ms"], 1)
    line.get("phases", {}).update({
        name: round(value, 1) for name, value in
        line.get("phases", {}).items()})
    line.get("attributes", {}).update({
        name: round(value, 2) for name, value in
        line.get("attributes", {}).items() if isinstance(value, float)})
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


def newest(lines, begin, end):
    """The lines up to a moment, and of the results before another one only
    the newest of each series."""
    seen, kept = {}, []
    for line in reversed(lines):
        at = seconds_of(line["at"])
        if at > end:
            continue
        if line["type"] == "result" and at < begin:
            key = (line["environment"], line.get("agent"),
                   line.get("service"), line["probe"])
            seen[key] = seen.get(key, 0) + 1
            if seen[key] > KEPT_BEFORE:
                continue
        kept.append(line)
    return kept[::-1]


def shrink(raw, watched_s):
    """(head, lines) of what session.py kept; watched_s: seconds of the
    scenario after its last step."""
    reference, pace = raw["reference"], raw["pace"]
    due = [0.0] + [step["due_s"] for step in raw["steps"]]
    observe_s = min(raw["observe_s"], max(due) + watched_s)
    lines = newest(list(news(map(json.loads, raw["lines"]))), + min(due) / pace,
                   reference + observe_s / pace)
    kept = []
    for line in lines:
        for name in ("at", "last_at"):
            if name in line:
                line[name] = moved(line[name], reference)
        kept.append(json.dumps(rounded(line), separators=(",", ":"))
                    .replace(raw["folder"], "/srv"))
    head = {"type": "recording", "id": raw["id"], "pace": pace,
            "observe_s": int(observe_s), "config": config_of(
                raw["config"].replace(raw["folder"], "/srv")),
            "told": {name: raw["verdict"].get(name) for name in (
                "class", "subject", "confidence")}}
    return head, kept


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
            "collector/cli/vedette", "diagnose", "staging", "--store",
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
                "env": "stg", "steps": [], "lines": self.text.splitlines()}
