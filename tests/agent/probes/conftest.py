"""What every test of a kind of probe is given."""
import pathlib
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2]))
import support.probing  # pylint: disable=wrong-import-position


@pytest.fixture(name="probing")
def fixture_probing(tmp_path):
    """A folder of its own to probe from."""
    return support.probing.Probing(tmp_path)
