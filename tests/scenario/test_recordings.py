"""Outages that were really injected, replayed from what was recorded."""
import pathlib

import pytest

from suite import recording, score

FOLDER = pathlib.Path(__file__).resolve().parent / "recordings"
RECORDINGS = sorted(FOLDER.glob("*" + recording.SUFFIX))


def points(expected, told):
    """Of the class, then of the subject."""
    return (score.class_points(expected, told["class"]),
            score.matches(expected["subject"], told["subject"])
            if expected["subject"] else float(not told["subject"]))


def test_there_are_recordings():
    """One of each scenario of the evaluation suite."""
    assert len(RECORDINGS) >= 36


@pytest.mark.parametrize(
    "path", RECORDINGS, ids=lambda path: path.name.split(".")[0])
def test_a_recording_is_judged_as_it_was_live(stage, path):
    """The same class and subject as the live suite was told, or better by
    what the scenario expects."""
    replay = recording.Replay(path, stage.directory, stage.build)
    told, expected = replay.head["told"], replay.head["expected"]
    verdict = replay.diagnose(replay.head["observe_s"])
    why = [(row["token"], row["db"], row["text"]) for row in
           verdict["evidence"] + verdict["against"]]
    if points(expected, verdict) <= points(expected, told):
        assert (verdict["class"], verdict["subject"]) == (
            told["class"], told["subject"]), why


def test_no_secret_of_a_machine_is_in_a_recording():
    """Paths of whoever recorded, keys and passwords stay at home."""
    for path in RECORDINGS:
        head, text = recording.read(path)
        for word in ("/tmp/", "/root/", "PRIVATE KEY", "probe-only",
                     "monitor-only"):
            assert word not in text + head["config"], (path.name, word)
