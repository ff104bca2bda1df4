"""Every build of the world's application shows the defect it is made for."""
import pytest

# build: the first step of the golden path that fails, and what it says
DEFECTS = {
    "v1": (None, ""),
    "v2-ok": (None, ""),
    "v2-crash": (1, "502"),
    "v2-sql": (3, 'column \\\\"nmae\\\\" does not exist'),
    "v2-migration": (3, 'column \\\\"currency\\\\" does not exist'),
    "v2-nplus1": (None, ""),
    "v2-hardcode": (2, "504"),
    "v2-soft200": (5, "JSONDecodeError"),
    "v2-needs-key": (4, "internal server error"),
    "v2-ambiguous": (2, "500 b''"),
}
WELL = {step: "ok" for step in range(1, 6)}


@pytest.fixture(name="world", scope="module")
def fixture_world(one_world):
    """One for all."""
    return one_world


@pytest.mark.parametrize("build", DEFECTS)
def test_a_build_fails_where_its_defect_is(world, build):
    step, text = DEFECTS[build]
    env = world.env("stg")
    env.deploy(build)
    seen = env.golden()
    failed = [number for number, what in seen.items() if what != "ok"]
    assert failed == ([] if step is None else [step]), seen
    assert step is None or text in seen[step]


def test_what_a_build_lacks_can_be_given(world):
    """A migration, a variable."""
    env = world.env("stg")
    env.deploy("v2-migration")
    env.database.migrate(7)
    assert env.golden() == WELL
    env.database.migrate(6)
    env.set_variable("PAYMENTS_API_KEY", "given")
    env.deploy("v2-needs-key")
    assert env.golden() == WELL


def test_builds_that_leak_use_up_what_they_are_given(world):
    """Sessions until there are none, memory until it is taken away."""
    env = world.env("stg")
    env.deploy("v2-leak")
    world.wait("no more connections", lambda: "reserved" in
               env.golden().get(2, ""))
    env.deploy("v2-mem")
    before = env.working_set()
    for _ in range(4):
        env.golden()
    assert env.working_set() > before


def test_a_variable_is_given_as_it_is_written(world):
    """A carriage return is part of a password, as for a service manager."""
    env = world.env("stg")
    env.deploy("v1")
    env.set_variable("POSTGRES_PASSWORD", env.password + "\r")
    env.restart_all()
    assert "password authentication failed" in env.golden()[2]
    env.write_files()
    env.restart_all()
    assert env.golden() == WELL


@pytest.mark.parametrize("cause", ["flag", "date", "key"])
def test_defects_of_v1_wait_for_their_cause(world, cause):
    """A flag, a date; and replicas that do not trust each other."""
    env = world.env("stg")
    env.deploy("v1")
    assert env.golden() == WELL
    if cause == "flag":
        env.set_variable("FLAG_NEW_CHECKOUT", "1")
        env.restart_all()
    elif cause == "date":
        env.date_trigger()
    else:
        env.app_restart("b", overrides={"SECRET_KEY": "another" * 4})
    step, text = (3, "401") if cause == "key" else (4, "500")
    world.wait("the defect", lambda: text in env.golden().get(step, ""))
    env.clock_ahead(0)
    env.write_files()
    env.restart_all()
    assert env.golden() == WELL
