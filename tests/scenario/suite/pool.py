"""pool.py - connections to PostgreSQL, as an application keeps them."""
import threading
import time

from psycopg2 import extensions


class PoolTimeout(Exception):
    """Every connection is in use, and none came back in time."""


class Pool:
    """At most size connections; one that is older than age_s is made anew,
    so that what the application was told of its server counts soon."""

    def __init__(self, size, timeout_s, age_s, connect):
        self.size = size
        self.timeout_s = timeout_s
        self.age_s = age_s
        self.connect = connect
        self.free = threading.Condition()
        self.idle = []  # (connection, made at), the newest last
        self.taken = 0  # in use or being made

    def take(self):
        """Waits for a connection; give() takes it back."""
        deadline = time.monotonic() + self.timeout_s
        with self.free:
            while self.taken >= self.size:
                left_s = deadline - time.monotonic()
                if left_s <= 0:
                    raise PoolTimeout(
                        f"QueuePool limit of size {self.size} reached, "
                        f"connection timed out, timeout {self.timeout_s:.2f}")
                self.free.wait(left_s)
            self.taken += 1
            while self.idle:
                connection, made = self.idle.pop()
                if time.monotonic() - made < self.age_s:
                    return connection, made
                connection.close()
        try:
            return self.connect(), time.monotonic()
        except Exception:
            self.forget()
            raise

    def forget(self):
        """One fewer is in use."""
        with self.free:
            self.taken -= 1
            self.free.notify()

    def give(self, connection, made):
        """Back, unless it broke or is in the middle of something."""
        if connection.closed or connection.get_transaction_status() != \
                extensions.TRANSACTION_STATUS_IDLE:
            connection.close()
        with self.free:
            self.taken -= 1
            if not connection.closed:
                self.idle.append((connection, made))
            self.free.notify()
