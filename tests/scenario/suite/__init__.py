"""suite - outages really injected into a world of our own, and judged."""
import pathlib
import sys

ROOT = pathlib.Path(__file__).resolve().parents[3]
for folder in ("deploy/demo", "tests"):
    if str(ROOT / folder) not in sys.path:
        sys.path.insert(0, str(ROOT / folder))
