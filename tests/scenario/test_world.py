"""The world in which outages are injected stands, breaks and goes away."""
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

import pytest
from suite.world import Missing, World, probe_capabilities

PACE = 2
NOTICED_S = 120


def remains(prefix, folder):
    """What is left of a world on this machine."""
    namespaces = subprocess.run(["ip", "netns", "list"], text=True, check=True,
                                capture_output=True).stdout
    mounts = pathlib.Path("/proc/self/mounts").read_text(encoding="utf-8")
    groups = [str(path) for path in pathlib.Path(
        "/sys/fs/cgroup/memory").glob(f"vedette-{prefix}*")]
    programs = [pid for pid in os.listdir("/proc") if pid.isdigit() and
                str(folder) in command_of(pid)]
    return ([line for line in namespaces.splitlines()
             if line.startswith(prefix)] +
            [line for line in mounts.splitlines() if str(folder) in line] +
            groups + programs)


def command_of(pid):
    """The command line of a process, "" when it has ended."""
    try:
        return pathlib.Path(f"/proc/{pid}/cmdline").read_text(
            encoding="utf-8", errors="replace")
    except OSError:
        return ""


@pytest.fixture(name="world")
def fixture_world():
    """A world of its own; nothing of it is left afterwards."""
    folder = pathlib.Path(tempfile.mkdtemp(prefix="vw-"))
    prefix = f"t{os.getpid()}-"
    world = World(prefix, folder, os.environ["VEDETTE_BUILD"], PACE)
    try:
        world.start()
        yield world
    except Missing as missing:
        pytest.skip(str(missing))
    finally:
        world.stop()
        assert remains(prefix, folder) == []
        shutil.rmtree(folder)


def test_a_world_is_well_and_its_broken_database_is_seen(world):
    """Users pass, nothing is blamed; then PostgreSQL is stopped."""
    assert world.env("stg").golden() == {step: "ok" for step in range(1, 6)}
    assert world.env("prd").golden() == {step: "ok" for step in range(1, 6)}
    assert world.diagnose("stg")["class"] == "none"
    with pytest.raises(Exception, match="prefix"):
        World(world.prefix, world.folder, world.stage.build).start()

    world.env("stg").database.stop()
    assert world.env("stg").golden()[2] != "ok"
    world.wait("the regressions", lambda: {"login", "ready-a", "golden"} <= {
        row["subject"] for row in world.ask(
            "regressions", "staging", "--open").get("regressions", [])},
               NOTICED_S)
    assert world.diagnose("stg")["class"] != "none"
    assert world.diagnose("prd")["class"] == "none"
    lines = world.export().read_text(encoding="utf-8").splitlines()
    assert any('"connect.refused"' in line for line in lines)


def test_worlds_that_begin_at_once_see_the_same_machine():
    """Each tries in a namespace of its own what the machine can do."""
    alone = probe_capabilities()
    asked = [subprocess.Popen(
        [sys.executable, "-B", "-c", "from suite.world import "
         "probe_capabilities as p; print(*sorted(p()))"],
        env=dict(os.environ, PYTHONPATH=os.pathsep.join(sys.path)),
        stdout=subprocess.PIPE, text=True) for _ in range(4)]
    assert [one.communicate()[0].split() for one in asked] == \
        [sorted(alone)] * 4
