"""vedette detect: tables in, flags out."""
import json
import math
import os
import pathlib
import random
import subprocess

import pytest

VEDETTE = pathlib.Path(os.environ["VEDETTE_BUILD"]) / "collector/cli/vedette"
HEADER = "series,index,alarm,kind,before,after"


def detect(*words, given=None):
    """The finished program; given is its standard input."""
    return subprocess.run([VEDETTE, "detect", *map(str, words)], input=given,
                          capture_output=True, text=True, timeout=100,
                          check=False)


def table(values, title="value"):
    """A table of one column."""
    return title + "\n" + "".join(f"{value}\n" for value in values)


def latency(n, change, factor, seed=1):
    """n values around 50 ms, from one on by a factor higher."""
    rng = random.Random(seed)
    return [50 * math.exp(rng.gauss(0, .1)) * (factor if i >= change else 1)
            for i in range(n)]


def flags(text):
    """The rows below the header, split."""
    lines = text.splitlines()
    assert lines[0] == HEADER
    return [line.split(",") for line in lines[1:]]


def test_a_rise_is_one_row_and_nothing_else(tmp_path):
    """The format other programs rely on."""
    path = tmp_path / "checkout p50.csv"
    path.write_text(table(latency(3000, 2000, 1.5)))
    done = detect(path)
    assert done.returncode == 0 and done.stderr == ""
    rows = [row for row in flags(done.stdout) if int(row[2]) >= 2000]
    assert len(rows) == 1
    series, index, alarm, kind, before, after = rows[0]
    assert series == "checkout p50" and kind == "up"
    assert 1997 <= int(index) <= 2002 and 2000 <= int(alarm) <= 2010
    assert 45 < float(before) < 55 < float(after) < 110


def test_standard_input_and_files_are_the_same(tmp_path):
    """'-' reads standard input; its series has that name."""
    path = tmp_path / "a.csv"
    path.write_text(table(latency(3000, 2000, 1.5)))
    by_file, by_pipe = detect(path), detect("-", given=path.read_text())
    assert [row[1:] for row in flags(by_file.stdout)] == \
        [row[1:] for row in flags(by_pipe.stdout)]
    assert {row[0] for row in flags(by_pipe.stdout)} == {"-"}


def test_a_column_tells_series_apart():
    """Rows of several series may alternate; indices count within each."""
    one, two = latency(3000, 2000, 1.5), latency(3000, 9999, 1, seed=2)
    given = "host,ms\n" + "".join(
        f"\"a,1\",{x}\nb,{y}\n" for x, y in zip(one, two))
    done = detect("--series", "host", "--value", "ms", "-", given=given)
    late = [line for line in done.stdout.splitlines()[1:]
            if ",20" in line]
    assert done.returncode == 0
    assert len(late) == 1 and late[0].startswith('"a,1",')


def test_several_values_have_a_column_more():
    """Each value is watched for itself."""
    one, two = latency(3000, 9999, 1), latency(3000, 2000, .5, seed=2)
    given = "t,p50,p99\n" + "".join(
        f"{i},{x},{y}\n" for i, (x, y) in enumerate(zip(one, two)))
    done = detect("--time", "t", "--value", "p50", "--value", "p99", "-",
                  given=given)
    lines = done.stdout.splitlines()
    late = [line.split(",") for line in lines[1:]
            if int(line.split(",")[2]) >= 2000]
    assert lines[0] == HEADER + ",column"
    assert [(row[3], row[6]) for row in late] == [("down", "p99")]


def test_outcomes_are_a_rate():
    """One failure in a hundred, then one in three."""
    rng = random.Random(5)
    given = "at,state\n" + "".join(
        f"{1767607200 + 60 * i},"
        f"{'critical' if rng.random() < (.01 if i < 4000 else .33) else 'ok'}"
        "\n" for i in range(4300))
    done = detect("--outcome", "state", "-", given=given)
    rows = flags(done.stdout)
    assert [row[3] for row in rows] == ["rate"]
    assert 3990 <= int(rows[0][1]) <= 4010
    assert 4000 <= int(rows[0][2]) <= 4030
    assert float(rows[0][4]) < .03 < .1 < float(rows[0][5]) <= 1


def test_json_holds_the_same():
    """--json: one object for all series."""
    given = table(latency(3000, 2000, 1.5))
    rows = flags(detect("-", given=given).stdout)
    found = json.loads(detect("--json", "-", given=given).stdout)
    assert found["per_year"] == 1
    series, = found["series"]
    assert (series["series"], series["column"]) == ("-", "value")
    assert (series["rows"], series["missing"]) == (3000, 0)
    assert [[str(flag["index"]), str(flag["alarm"]), flag["kind"]]
            for flag in series["flags"]] == [row[1:4] for row in rows]


def test_a_chart_fits_its_line():
    """--chart draws, 80 columns wide and ASCII where nothing else is safe."""
    done = detect("--chart", "-", given=table(latency(3000, 2000, 1.5)))
    assert done.returncode == 0
    assert "^" in done.stdout and "row 2000: up" in done.stdout
    assert all(len(line) <= 80 and line.isascii()
               for line in done.stdout.splitlines())


QUIET = [
    ("no rows at all", []),
    ("one point", [5]),
    ("two points", [5, 6]),
    ("equal values", [5] * 3000),
    ("nothing but missing values", ["", "NaN", "NA", "null"] * 100),
    ("zeros", [0] * 1000),
    ("huge equal values", [1e308] * 500),
    ("infinity is missing", ["inf", "-inf"] * 300),
]


@pytest.mark.parametrize("values", [row[1] for row in QUIET],
                         ids=[row[0] for row in QUIET])
def test_quiet(values):
    """None of these is a regression, or a crash."""
    given = "value,x\n" + "".join(f"{value},\n" for value in values)
    done = detect("--value", "value", "-", given=given)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == HEADER + "\n"


EXTREMES = [
    ("a step from nothing to the largest", [0] * 200 + [1e308] * 200),
    ("both ends of the numbers", [-1e308, 1e308] * 300),
    ("the smallest numbers", [5e-324] * 200 + [1e-300] * 200),
    ("one value in an ocean of equal ones", [3] * 1000 + [4] + [3] * 1000),
]


@pytest.mark.parametrize("values", [row[1] for row in EXTREMES],
                         ids=[row[0] for row in EXTREMES])
def test_extremes_are_survived(values):
    """Whatever is said of them, it is said in numbers."""
    done = detect("-", given=table(values))
    assert (done.returncode, done.stderr) == (0, "")
    for row in flags(done.stdout):
        assert 0 <= int(row[1]) <= int(row[2]) < len(values)


def test_holes_change_no_numbers():
    """A missing value is a row all the same."""
    values = latency(3000, 2000, 1.5)
    values[500:520] = [""] * 20
    rows = flags(detect("-", given=table(values)).stdout)
    assert [1997 <= int(row[1]) <= 2002 for row in rows
            if int(row[2]) >= 2000] == [True]


TIMES = [
    ("as they come", lambda i: 1767607200 + 60 * i),
    ("repeated", lambda i: 1767607200 + 60 * (i // 2)),
    ("unsorted", lambda i: 1767607200 + 60 * (i ^ 3)),
    ("all the same", lambda i: 1767607200),
    ("backwards", lambda i: 1767607200 - 60 * i),
    ("missing", lambda i: ""),
    ("missing here and there", lambda i: 1767607200 + 60 * i
     if i % 5 else "")]


@pytest.mark.parametrize("when", [row[1] for row in TIMES],
                         ids=[row[0] for row in TIMES])
def test_times(when):
    """Rows are taken in the order of the file, whatever their times say."""
    given = "time,value\n" + "".join(
        f"{when(i)},{x}\n" for i, x in enumerate(latency(3000, 2000, 1.5)))
    done = detect("-", given=given)
    assert (done.returncode, done.stderr) == (0, "")
    assert [row[3] for row in flags(done.stdout)
            if int(row[2]) >= 2000] == ["up"]


REFUSALS = [
    ("an empty file", "", [], "standard input: empty; a first line"),
    ("no such column", "a,b\n", ["--value", "c"],
     ":1:1: no column c; there are: a, b"),
    ("which column", "a,b\n", [], ":1:1: which column holds the values?"),
    ("not a number", "value\n1\n2x\n", [], ":3:1: not a number: 2x"),
    ("not a time", "at,value\nsoon,1\n", [], ":2:1: not a time: soon"),
    ("not an outcome", "s\nmaybe\n", ["--outcome", "s"],
     ":2:1: not an outcome: maybe"),
    ("a field too many", "value,b\n1,2\n3,4,5\n", [],
     ":3:5: 3 fields in this row, 2 in the first"),
    ("a quote not closed", "value\n\"1\n", [], ":2:1: this quote is never"),
    ("a rate that is none", "value\n", ["--per-year", "0"],
     "--per-year: not a number from 0.001 to 100000"),
]


@pytest.mark.parametrize("given,words,expect",
                         [row[1:] for row in REFUSALS],
                         ids=[row[0] for row in REFUSALS])
def test_refusals_name_the_place(given, words, expect):
    """Line and column, and what to do."""
    done = detect(*words, "-", given=given)
    assert done.returncode == 2
    assert expect in done.stderr


def test_a_missing_file_and_no_file():
    """Named, or asked for."""
    done = detect("/nonexistent/a.csv")
    assert done.returncode == 2
    assert "/nonexistent/a.csv: No such file" in done.stderr
    assert "which file?" in detect().stderr


def test_memory_does_not_grow(tmp_path):
    """A million rows take what a thousand take."""
    def resident(rows):
        path = tmp_path / "big.csv"
        with open(path, "w", encoding="ascii") as out:
            out.write("value\n")
            for start in range(0, rows, 1000):
                out.write("".join(f"{50 + (start + i) * 7919 % 101}\n"
                                  for i in range(1000)))
        with subprocess.Popen([VEDETTE, "detect", path],
                              stdout=subprocess.DEVNULL) as program:
            _, status, usage = os.wait4(program.pid, 0)
            program.returncode = os.waitstatus_to_exitcode(status)
        assert program.returncode == 0
        return usage.ru_maxrss
    assert resident(1_000_000) < resident(1000) + 1024
