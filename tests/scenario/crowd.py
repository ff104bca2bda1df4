"""crowd.py PORT FIRST N - N agents in one process, publishing until it ends.

They speak as publisher.py does, each on a connection and a stream of its own,
all with a request under way at the same time.  Each acknowledgement is a line
on standard output: STREAM SEQUENCE.  Made to be killed.
"""
import os
import struct
import sys

from publisher import OK, Publisher, content, fields, now_ms, number, block


def main():
    """Never returns."""
    port, first, n = map(int, sys.argv[1:])
    crowd = [Publisher(port, agent=f"crowd-{i}", stream=i)
             for i in range(first, first + n)]
    while True:
        for one in crowd:
            one.sequence += 1
            one.request += 1
            body = content([("port", now_ms(), "ok")])
            one.send_frame(struct.pack(">I", one.request) +
                           number(1, one.request) +
                           block(2, "vedette.Publish/Send") +
                           number(3, 30_000) +
                           block(5, one.batch(body, one.sequence)))
        for one in crowd:
            reply = dict(fields(one.receive_frame()[4:]))
            if reply.get(2, OK) == OK:
                os.write(1, f"{one.stream} {one.sequence}\n".encode())
            else:
                one.sequence -= 1


if __name__ == "__main__":
    main()
