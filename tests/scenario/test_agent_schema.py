"""vedette-agent config schema: what an editor knows of a configuration."""
import copy
import json
import pathlib

import pytest
import yaml
from test_agent_check import fixture_agent

__all__ = ["fixture_agent"]  # a fixture, taken over by name

ROOT = pathlib.Path(__file__).resolve().parents[2]
TYPES = {"object": dict, "array": list, "string": str, "boolean": bool,
         "integer": int, "number": (int, float)}


def has_type(value, name):
    """As JSON Schema means it: true is no number."""
    if isinstance(value, bool):
        return name == "boolean"
    return isinstance(value, TYPES[name])


def complaints(schema, value, place="$"):
    """What is wrong with a value: the words of JSON Schema that the agent's
    schema uses; any other word is a fault of the test."""
    known = {"type", "properties", "required", "additionalProperties",
             "items", "minimum", "maximum", "oneOf", "$schema", "title"}
    assert set(schema) <= known, set(schema) - known
    names = schema.get("type", [])
    names = [names] if isinstance(names, str) else names
    if names and not any(has_type(value, name) for name in names):
        yield f"{place}: is no {' or '.join(names)}"
        return
    if "minimum" in schema and not (
            schema["minimum"] <= value <= schema["maximum"]):
        yield f"{place}: is out of range"
    if isinstance(value, dict):
        for key in schema.get("required", []):
            if key not in value:
                yield f"{place}: lacks {key}"
        for key, below in value.items():
            if key in schema.get("properties", {}):
                yield from complaints(
                    schema["properties"][key], below, f"{place}.{key}")
            elif schema.get("additionalProperties") is False:
                yield f"{place}.{key}: is unknown"
    if isinstance(value, list):
        for i, below in enumerate(value):
            yield from complaints(schema["items"], below, f"{place}[{i}]")
    if "oneOf" in schema:
        fit = sum(not list(complaints(one, value, place))
                  for one in schema["oneOf"])
        if fit != 1:
            yield f"{place}: fits {fit} of oneOf"


@pytest.fixture(name="schema")
def fixture_schema(agent):
    """What the program prints."""
    done = agent.run("config", "schema")
    assert done.returncode == 0
    return json.loads(done.stdout)


@pytest.fixture(name="example")
def fixture_example():
    """The example that is shipped."""
    return yaml.safe_load((ROOT / "deploy/agent.yaml").read_text())


def test_the_example_that_is_shipped_fits(schema, example):
    """And is not empty."""
    assert len(example["probes"]) > 4
    assert not list(complaints(schema, example))


def change(example, path, value):
    """A copy with the value at a path such as probes.0.name; None: without
    it."""
    example = copy.deepcopy(example)
    at = example
    *way, last = [int(part) if part.isdigit() else part
                  for part in path.split(".")]
    for part in way:
        at = at[part]
    if value is None:
        del at[last]
    else:
        at[last] = value
    return example


WRONG = [
    ("agnet", "x", "$.agnet: is unknown"),
    ("agent", None, "$: lacks agent"),
    ("insecure", "yes", "$.insecure: is no boolean"),
    ("concurrency", 65536, "$.concurrency: is out of range"),
    ("concurrency", -1, "$.concurrency: is out of range"),
    ("probes", {}, "$.probes: is no array"),
    ("probes.0.intervall", "1s", "$.probes[0].intervall: is unknown"),
    ("probes.0.name", None, "$.probes[0]: lacks name"),
    ("probes.0.env", None, "$.probes[0]: fits 0 of oneOf"),
    ("probes.0.tcp", {"host": "h", "port": 1},
     "$.probes[0]: fits 2 of oneOf"),
    ("probes.0.env.require.0.min_lenght", 1,
     "$.probes[0].env.require[0].min_lenght: is unknown"),
]


@pytest.mark.parametrize("path, value, complaint", WRONG)
def test_the_schema_refuses_what_the_agent_refuses(
        agent, schema, example, path, value, complaint):
    """Both judge the same file; JSON is YAML as well."""
    example = change(example, path, value)
    assert complaint in list(complaints(schema, example))
    agent.configure(json.dumps(example))
    done = agent.run("config", "check", "--config", "agent.yaml")
    assert done.returncode == 2


def test_a_number_may_stand_where_a_text_is_meant(agent, schema, example):
    """As YAML has it: at_least: 35."""
    example = change(example, "probes.5.http.expect",
                     [{"json": "n", "at_least": 35}])
    assert not list(complaints(schema, example))
    agent.configure(json.dumps(example))
    assert agent.run("config", "check", "--config",
                     "agent.yaml").returncode == 0
