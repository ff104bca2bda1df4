"""conftest.py - what every whole-program test has: a stage of its own."""
import os
import pathlib
import shutil
import sys
import tempfile

import pytest

WORLD_PACE = 2  # what is limited is so after half of the time
ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "deploy/demo"))

from stage import Stage  # noqa: E402 pylint: disable=wrong-import-position


@pytest.fixture
def stage(request):
    """A directory with a short name (sockets live in it) and its programs,
    stopped and removed afterwards; the logs of a failed test are shown."""
    directory = pathlib.Path(tempfile.mkdtemp(prefix="vedette-"))
    directory.chmod(0o755)
    made = Stage(directory, os.environ["VEDETTE_BUILD"])
    yield made
    made.stop()
    if request.node.stash.get(FAILED, False):
        for log in sorted(directory.glob("*.log")):
            print(f"--- {log.name}\n{log.read_text(errors='replace')[-4000:]}")
    shutil.rmtree(directory, ignore_errors=True)


@pytest.fixture(scope="module")
def one_world():
    """A world for all tests of a file, which leave it as it was; not yet
    well when they begin."""
    from suite.world import Missing, World  # pylint: disable=import-outside-toplevel
    build = os.environ["VEDETTE_BUILD"]
    folder = pathlib.Path(tempfile.mkdtemp(prefix="vw-"))
    world = World(None, folder, build, WORLD_PACE)
    try:
        world.start(well=False)
        yield world
    except Missing as missing:
        pytest.skip(str(missing))
    finally:
        world.stop()
        shutil.rmtree(folder)


FAILED = pytest.StashKey()


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    """Remembers a failure, for the fixture above."""
    outcome = yield
    if call.when == "call" and outcome.get_result().failed:
        item.stash[FAILED] = True
