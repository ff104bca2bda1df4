"""Bad peers of a real collector: each costs its own connection, and no more.

tests/proto/test_edge_hostile.c asks the same of the edge alone, byte by byte;
here everything behind it has to stand as well.
"""
import os
import pathlib
import random
import resource
import socket
import struct

import pytest
from collecting import Collector, run_of
from publisher import OK, SP_REQ, Publisher
from stage import wait_for

SILENT = 2000
CROWDS, EACH = 4, 125  # five hundred agents


@pytest.fixture(name="collector")
def fixture_collector(stage):
    """One that runs; and room for our own connections."""
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return Collector(stage)


def descriptors(collector):
    """How many the collector has open."""
    return len(os.listdir(f"/proc/{collector.program.pid}/fd"))


def connect(collector, first=b""):
    """A connection on which so much was said."""
    peer = socket.create_connection(("127.0.0.1", collector.port), 60)
    peer.sendall(first)
    return peer


def dribble(peers, text, at):
    """One more byte on each, whether the collector still listens or not."""
    for peer in peers:
        try:
            peer.sendall(text[at:at + 1])
        except OSError:
            pass


SESSION = SP_REQ + struct.pack(">Q", 64) + b"\x80\0\0\1" + bytes(60)


@pytest.mark.parametrize("n, first, rest", [
    (SILENT, b"", b""),
    (100, b"", SESSION),
    (100, SESSION[:12], SESSION[12:40]),
    (100, SP_REQ + struct.pack(">Q", 8 << 30), b""),
], ids=["two thousand that say nothing", "byte by byte from the hello",
        "byte by byte within a frame", "eight gigabytes announced"])
def test_others_are_served_meanwhile(collector, n, first, rest):
    """A good agent is acknowledged at once; then all is as it was."""
    good = Publisher(collector.port)
    assert good.send(run_of("ok", 1))[0] == OK
    base = descriptors(collector)
    peers = [connect(collector, first) for _ in range(n)]
    for at in range(max(len(rest), 20)):
        dribble(peers, rest, at)
        assert good.send(run_of("ok", 1))[0] == OK
    newcomer = Publisher(collector.port, agent="stg-2", stream=2)
    assert newcomer.send(run_of("ok", 1))[0] == OK
    newcomer.close()
    for peer in peers:
        peer.close()
    wait_for("the collector to be at rest",
             lambda: descriptors(collector) <= base, collector.program)
    assert good.send(run_of("ok", 1))[0] == OK


def start_crowd(collector, first):
    """A process with EACH agents; its acknowledgements are in a file."""
    here = pathlib.Path(__file__).resolve().parent
    return collector.stage.start(
        f"crowd-{first}", ["/usr/bin/python3", "-B", here / "crowd.py",
                           collector.port, first, EACH])


def acknowledged(collector, first):
    """[(stream, sequence)] of whole lines."""
    lines = collector.stage.log(f"crowd-{first}").split("\n")[:-1]
    return [tuple(map(int, line.split())) for line in lines]


def test_five_hundred_agents_killed_under_load_disturb_nobody(collector):
    """All at once die with a request under way; what they were told is
    stored, once; others go on, and nothing of the dead remains."""
    seed = int(os.environ.get("VEDETTE_SEED", str(random.getrandbits(32))))
    print(f"seed {seed}")
    pick = random.Random(seed)
    good = Publisher(collector.port)
    assert good.send(run_of("ok", 1))[0] == OK
    base = descriptors(collector)
    firsts = [100 + EACH * i for i in range(CROWDS)]
    crowds = [start_crowd(collector, first) for first in firsts]
    for first, crowd in zip(firsts, crowds):
        goal = EACH * pick.randint(2, 4) + pick.randrange(EACH)
        wait_for("the crowd to publish", lambda first=first, goal=goal: len(
            acknowledged(collector, first)) >= goal, crowd)
        assert good.send(run_of("ok", 1))[0] == OK
    assert descriptors(collector) >= base + CROWDS * EACH
    for crowd in crowds:
        crowd.kill()
        assert good.send(run_of("ok", 1))[0] == OK
    for crowd in crowds:
        crowd.wait()
        collector.stage.programs.remove(crowd)
    wait_for("the collector to be at rest",
             lambda: descriptors(collector) <= base, collector.program)
    assert good.send(run_of("ok", 1))[0] == OK
    assert collector.stop() == 0
    rows = [row[1:] for row in collector.stored()]
    assert len(rows) == len(set(rows)), "a batch is stored twice"
    told = [row for first in firsts for row in acknowledged(collector, first)]
    assert set(told) <= set(rows)
    assert len(rows) <= len(told) + good.sequence + CROWDS * EACH
