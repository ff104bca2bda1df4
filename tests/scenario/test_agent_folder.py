"""A folder as the configuration: every file adds its probes."""
import json

import pytest
from test_agent_check import HEAD, PROVEN, fixture_agent, fixture_web, tcp

__all__ = ["fixture_agent", "fixture_web"]  # taken over by name

ONE = "probes: [{name: %s, tcp: {host: h, port: 1}}]\n"


@pytest.fixture(name="folder")
def fixture_folder(agent):
    """An empty folder beside the program's."""
    folder = agent.stage.directory / "agent.d"
    folder.mkdir()
    return folder


def test_all_files_count_in_order(agent, web, folder):
    """The first says everything; others, and only *.yaml, add probes.  Paths
    are relative to the folder."""
    (folder / "20-b.yaml").write_text("probes:\n" + tcp("b", web, "y"))
    (folder / "10-a.yaml").write_text(
        HEAD + PROVEN + "state_directory: state\nprobes:\n" + tcp("a", web, "x"))
    (folder / "30-c.yaml").write_text(
        "probes:\n  - {name: c, service: z, env: {source: {file: c.env}, "
        "watch: [X]}}\n")
    (folder / "c.env").write_text("X=1\n")
    for other in ("40.yml", ".50.yaml", "60.yaml.bak"):
        (folder / other).write_text("not: [ yaml")
    report = agent.run("check", "--json", "--config", "agent.d")
    assert report.returncode == 0, report.stderr
    assert [found["probe"] for found in
            json.loads(report.stdout)["findings"]] == ["a", "b", "c"]
    assert agent.run("config", "check", "--config",
                     "agent.d/").stdout.endswith("3 probes\n")


@pytest.mark.parametrize("files, complaint", [
    ({"1": HEAD + ONE % "a", "2": ONE % "b", "3": "\n" + ONE % "a"},
     "agent.d/3.yaml:2:17: probes[0].name: another probe has this name, at "
     "agent.d/1.yaml:3:17; choose another"),
    ({"1": HEAD + ONE % "a", "2": "agent: x\n" + ONE % "b"},
     "agent.d/2.yaml:1:1: agent: unknown key"),
    ({"1": HEAD, "2": "probes: [{name: a, tcp: {host: h, port: 0}}]\n"},
     "agent.d/2.yaml:1:41: probes[0].tcp.port"),
    ({"1": HEAD}, "agent.d/1.yaml:1:1: probes: must list at least one"),
    ({"1": ONE % "a"}, "agent.d/1.yaml:1:1: agent: required key is missing"),
    ({}, "agent.d/: holds no file that ends with .yaml"),
])
def test_a_complaint_names_its_file(agent, folder, files, complaint):
    """And, of two probes of one name, both."""
    for name, text in files.items():
        (folder / f"{name}.yaml").write_text(text)
    done = agent.run("config", "check", "--config", "agent.d")
    assert done.returncode == 2
    assert complaint in done.stderr
