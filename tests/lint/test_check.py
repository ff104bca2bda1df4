"""The checker itself: each rule finds what it is for, and nothing else."""
import check
import pytest

ROWS = [
    ("agent may not include the collector", "agent/a.c",
     '#include "collector/inbox.h"', "may not include"),
    ("the collector may not include the agent", "collector/a.c",
     '#include "agent/spool.h"', "may not include"),
    ("proto may not include storage", "proto/a.c",
     '#include "storage/store.h"', "may not include"),
    ("only engines see engine.h", "collector/a.c",
     '#include "storage/engine.h"', "may not include"),
    ("detectors see no clock", "collector/detect/a.c",
     "#include <time.h>", "arithmetic"),
    ("sqlite3.h belongs to the engine", "collector/a.c",
     "#include <sqlite3.h>", "belongs to"),
    ("nng belongs to rpc and edge", "agent/uplink.c",
     "#include <nng/nng.h>", "belongs to"),
    ("line comments are found", "agent/a.c", "int a; // b", "comments"),
    ("sleeping is found", "tests/a.py", "time.sleep" "(1)", "sleeps"),
    ("logging in a part is found", "agent/spool.c", 'log_info("x");',
     "log"),
]


@pytest.mark.parametrize("row", ROWS, ids=[row[0] for row in ROWS])
def test_found(row):
    """Each is one complaint."""
    _, name, line, text = row
    complaints = list(check.check_file(name, [line]))
    assert len(complaints) == 1
    assert text in complaints[0][1]


@pytest.mark.parametrize("name, line", [
    ("agent/a.c", '#include "proto/result.h"'),
    ("collector/a.c", '#include "storage/store.h"'),
    ("agent/spool_db.c", "#include <sqlite3.h>"),
    ("agent/a.c", 'url("http://host");'),
    ("agent/agent.c", 'log_info("x");'),
])
def test_quiet(name, line):
    """What is allowed is not complained about."""
    assert not list(check.check_file(name, [line]))


def test_long_function():
    """61 lines are too many, 60 are not."""
    for n, complaints in ((60, 0), (61, 1)):
        lines = ["{"] + ["\tx();"] * n + ["}"]
        assert len(list(check.check_file("agent/a.c", lines))) == complaints
