#!/usr/bin/python3
"""check.py [ROOT] - checks the source itself: borders, limits, habits.

Prints FILE:LINE: what is wrong, one a line; exit code 1 when there is any.
The rules are those of the project's style: which folder may include which,
which files may see a third-party header, how long a function may be.
"""
import pathlib
import re
import subprocess
import sys

# Longest prefix first: what the files below it may include of the project.
ARROWS = {
    "proto/base/": ("proto/base/",),
    "proto/": ("proto/",),
    "storage/": ("storage/", "proto/"),
    "agent/": ("agent/", "proto/"),
    "collector/detect/": ("collector/detect/",),
    # Arithmetic and rules over the vocabulary; text for people in arenas.
    "collector/diagnose/": ("collector/diagnose/", "proto/result.h",
                            "proto/mark.h", "proto/fingerprints.h",
                            "proto/base/mem.h",
                            "proto/base/text.h"),
    # The page asks as any outsider would: through query, never the store.
    "collector/web/": ("collector/web/", "collector/config/config.h",
                       "proto/"),
    # The CLI runs the detectors over files: arithmetic, no store.
    # A store file is asked in process, by what answers online as well.
    "collector/cli/": ("collector/cli/", "collector/detect/",
                       "collector/ask/offline.h", "collector/ask/sql.h",
                       "proto/"),
    # When maintenance begins is said in cron's words.
    "collector/config/": ("collector/config/", "collector/alert/cron.h",
                          "proto/"),
    # It asks for verdicts as any outsider would, and reads no store.
    "collector/alert/": ("collector/alert/", "collector/config/config.h",
                         "proto/"),
    "collector/pipeline/": ("collector/pipeline/", "collector/config/",
                            "collector/detect/", "storage/store.h", "proto/"),
    "collector/ask/": ("collector/ask/", "collector/alert/",
                       "collector/pipeline/",
                       "collector/config/", "collector/detect/",
                       "collector/diagnose/", "storage/store.h", "proto/"),
    "collector/keep/": ("collector/keep/", "collector/pipeline/",
                        "collector/config/", "collector/diagnose/",
                        "storage/store.h", "proto/"),
    "collector/": ("collector/", "storage/store.h", "proto/"),
}

# Third-party header (a pattern) and the only files that may see it.
OWNERS = {
    r"sqlite3(ext)?\.h": r"storage/sqlite.*|agent/spool_.*|"
                        r"proto/sqlite_code\.c",
    r"nng/.*": r"proto/(rpc|edge|passage).*",
    r"libpq-fe\.h": r"agent/probes/postgres.*|storage/postgres.*",
    r"curl/.*": r"proto/transfer\.c|agent/(main|agent)\.c|"
                r"agent/probes/http.*|collector/web/export\.c|"
                r"collector/alert/courier\.c",
    r"ares.*\.h": r"agent/resolve\.c|agent/probes/dns.*",
    r"(cyaml/cyaml|yaml)\.h":
        r"proto/(conf.*|keyed)\.[ch]|agent/(config|schema).*|"
        r"collector/config/.*|"
        r"agent/probes/settings_file\.c",
    r"jansson\.h": r"proto/(jsonl_(parse|value)|shape).*|"
                    r"agent/((report|foreign|init_|schema_json).*|probes/.*)|"
                    r"collector/(cli/.*|web/(reply|list_json).*|alert/notice_json\.h|"
                    r"ask/incident_json\.h|"
                    r".*_json\.c)",
    r"microhttpd\.h": r"collector/web/http.*",
    # What libmicrohttpd speaks TLS with; a renewed certificate needs it.
    r"gnutls/.*": r"collector/web/(identity|http_call).*",
    r"zlib\.h": r"collector/web/reply\.c",
    r"hiredis/.*": r"agent/probes/redis\.c",
    r"zstd\.h": r"storage/blob\.c",
    # push: a hash of keys from outside, in which nobody finds two alike.
    r"openssl/.*": r"proto/edge.*|agent/fingerprint_key\.c|agent/probes/.*|"
                   r"collector/web/push\.c",
    r"proto/.*\.pb-c\.h": r"proto/[^/]*\.[ch]",
}

LOGGERS = r"(agent/(main|agent)|collector/(main|collector))\.c|proto/base/.*"
FUNCTION_LINES = 60
FILE_LINES = 600
TO_SPLIT = set()  # known to hold two nouns
DETECT_HEADERS = {"assert.h", "float.h", "limits.h", "math.h", "stdbool.h",
                  "stdarg.h", "stddef.h", "stdint.h", "stdio.h", "string.h"}


def tracked(root):
    """The files of the project that git knows or would add."""
    # Whoever runs the tests need not be the one who cloned.
    out = subprocess.run(
        ["git", "-c", "safe.directory=*", "ls-files", "-co",
         "--exclude-standard"], cwd=root, check=True, capture_output=True,
        text=True).stdout
    return [name for name in out.splitlines() if (root / name).is_file()]


def arrow_rule(name):
    """What a file may include, or None for those outside the rules."""
    for prefix in sorted(ARROWS, key=len, reverse=True):
        if name.startswith(prefix):
            return ARROWS[prefix]
    return None


def check_includes(name, lines):
    """Borders between folders, and owners of third-party headers."""
    allowed = arrow_rule(name)
    for number, line in enumerate(lines, 1):
        match = re.match(r'\s*#\s*include\s+([<"])([^>"]+)[>"]', line)
        if match is None or allowed is None:
            continue
        quoted, header = match.group(1) == '"', match.group(2)
        if quoted and not header.startswith(allowed):
            yield number, f"may not include {header}"
        if name.startswith(("collector/detect/", "collector/diagnose/")) \
                and not quoted and header not in DETECT_HEADERS:
            yield number, f"arithmetic may not include <{header}>"
        for pattern, owners in OWNERS.items():
            if re.fullmatch(pattern, header) and \
                    not re.fullmatch(owners, name):
                yield number, f"{header} belongs to {owners}"


def check_functions(lines):
    """Functions end at a brace in the first column; none is too long."""
    start = None
    for number, line in enumerate(lines, 1):
        if line.startswith("{"):
            start = number
        elif line.startswith("}") and start is not None:
            if number - start - 1 > FUNCTION_LINES:
                yield start, f"a function of {number - start - 1} lines"
            start = None


def check_habits(name, lines):
    """Comments, sleeping, logging, unfinished work."""
    source = name.endswith((".c", ".h"))
    for number, line in enumerate(lines, 1):
        code = re.sub(r'"(\\.|[^"\\])*"', '""', line)
        if source and re.search(r"(^|[\s;{}])//", code):
            yield number, "comments are /* */"
        if re.search(r"\b(TODO|FIXME|XXX)\b", line) and "lint" not in name:
            yield number, "unfinished work"
        if re.search(r"\b(u?sleep|nanosleep|time\.sleep)\s*\(", code) and \
                "lint" not in name:
            yield number, "nobody sleeps: wait for an event"
        if source and re.search(r"\blog_(error|warning|info|debug)\(", code) \
                and not name.startswith("tests/") \
                and not re.fullmatch(LOGGERS, name):
            yield number, "only main, agent and collector log"


def check_guard(name, lines):
    """A header's guard is its path."""
    wanted = re.sub(r"[^A-Za-z0-9]", "_", name).upper()
    if not any(line.strip() == f"#ifndef {wanted}" for line in lines):
        yield 1, f"the include guard is {wanted}"


def check_file(name, lines):
    """All rules for one file."""
    yield from check_habits(name, lines)
    if not name.endswith((".c", ".h")):
        return
    yield from check_includes(name, lines)
    yield from check_functions(lines)
    if name.endswith(".h"):
        yield from check_guard(name, lines)
    if len(lines) > FILE_LINES and name not in TO_SPLIT and \
            not name.startswith("tests/"):
        yield len(lines), f"{len(lines)} lines hold a second noun"


def main():
    """Returns the exit code."""
    root = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else ".").resolve()
    found = files = 0
    for name in tracked(root):
        if not name.endswith((".c", ".h", ".py", ".sh")):
            continue
        files += 1
        lines = (root / name).read_text().splitlines()
        for number, text in check_file(name, lines):
            print(f"{name}:{number}: {text}")
            found += 1
    print(f"{files} files, {found} complaints")
    return 1 if found or not files else 0


if __name__ == "__main__":
    sys.exit(main())
