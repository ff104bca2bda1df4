#!/usr/bin/python3
"""visit.py HOST CA RATE [--once | --export] - goes the golden path.

RATE requests a second, as users would: a number, "sinusoidal:LOW:HIGH:S" (a
wave of S seconds) or "ramp:LOW:HIGH:S" (up within S, then steady).  --once
goes the path once, says what each step gave, and ends with 1 when one of them
failed; --export fetches an export instead and says its status.
"""
import http.client
import json
import math
import secrets
import select
import ssl
import sys
import threading
import time

STEPS = 5
MAX_RUNS = 256  # at a time; more are left out and counted
LIMIT_S = 60


class Visit:
    """One user."""

    def __init__(self, host, authorities):
        self.host = host
        self.context = ssl.create_default_context(cafile=authorities)

    def ask(self, method, path, body=None, token=None):
        """(status, JSON) over a connection of its own."""
        connection = http.client.HTTPSConnection(
            self.host, context=self.context, timeout=LIMIT_S)
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        try:
            connection.request(method, path, headers=headers, body=None if
                               body is None else json.dumps(body))
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()

    def steps(self):
        """Yields (number, None or what was wrong); stops at a failure."""
        token = order = None
        wanted = {"item": 7, "quantity": secrets.randbelow(9) + 1}
        requests = (
            ("GET", "/", None),
            ("POST", "/api/login", {"user": "demo", "password": "demo"}),
            ("GET", "/api/items", None),
            ("POST", "/api/orders", wanted),
            ("GET", "/api/orders/{order}", None))
        for number, (method, path, body) in enumerate(requests, 1):
            try:
                status, data = self.ask(
                    method, path.format(order=order), body, token)
                found = json.loads(data) if status == 200 else {}
                if status != 200:
                    raise ValueError(f"{status} {data[:200]!r}")
                if number == 2:
                    token = found["token"]
                if number == 3 and not found["items"]:
                    raise ValueError("no items")
                if number == 4:
                    order = found["id"]
                if number == 5 and any(found[key] != wanted[key]
                                       for key in wanted):
                    raise ValueError(f"another order: {found}")
            except (OSError, ValueError, KeyError,
                    http.client.HTTPException) as trouble:
                yield number, f"{type(trouble).__name__}: {trouble}"
                return
            yield number, None


def once(visit):
    """Returns the exit code."""
    code = 0
    for number, trouble in visit.steps():
        print(f"step {number}: {trouble or 'ok'}", flush=True)
        code = code or int(trouble is not None)
    return code


def export(visit):
    """Returns the exit code."""
    _, body = visit.ask("POST", "/api/login", {"user": "demo",
                                               "password": "demo"})
    status, _ = visit.ask("GET", "/api/export",
                          token=json.loads(body)["token"])
    print(status, flush=True)
    return int(status != 200)


def rate_of(text, elapsed_s):
    """Requests a second at the moment."""
    if ":" not in text:
        return float(text)
    shape, *numbers = text.split(":")
    low, high, period_s = map(float, numbers)
    if shape == "ramp":
        return low + (high - low) * min(1, elapsed_s / period_s)
    return low + (high - low) * (
        1 - math.cos(2 * math.pi * elapsed_s / period_s)) / 2


def main():
    """Until it is told to stop."""
    visit = Visit(sys.argv[1], sys.argv[2])
    if "--once" in sys.argv:
        return once(visit)
    if "--export" in sys.argv:
        return export(visit)
    began = next_at = time.monotonic()
    running = threading.BoundedSemaphore(MAX_RUNS)

    def run():
        for number, trouble in visit.steps():
            if trouble:
                print(f"step {number}: {trouble}", flush=True)
        running.release()

    while True:
        rate = rate_of(sys.argv[3], next_at - began)
        next_at += STEPS / rate
        select.select([], [], [], max(0, next_at - time.monotonic()))
        if running.acquire(blocking=False):
            threading.Thread(target=run, daemon=True).start()
        else:
            print("left out", flush=True)


if __name__ == "__main__":
    sys.exit(main())
