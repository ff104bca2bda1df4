"""conftest.py - what every test in Python is given."""
import pathlib
import tempfile

import pytest


@pytest.fixture
def tmp_path():
    """A directory with a short name (sockets live in it), removed afterwards;
    pytest's own would keep those of the last three runs."""
    with tempfile.TemporaryDirectory(prefix="vedette-") as directory:
        yield pathlib.Path(directory)
