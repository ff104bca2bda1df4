#!/usr/bin/python3
"""hold.py HOST PORT DATABASE USER PASSWORD NAME - takes all connections.

Opens sessions of application_name NAME until the server has no more, says
"held N", and takes each one that becomes free until it is stopped.
"""
import select
import sys

import psycopg2

AGAIN_S = 0.05


def main():
    """Until it is told to stop."""
    host, port, database, user, password, name = sys.argv[1:7]
    held, told = [], False
    while True:
        try:
            session = psycopg2.connect(
                host=host, port=port, dbname=database, user=user,
                password=password, application_name=name, connect_timeout=5)
            held.append(session)
        except psycopg2.OperationalError:
            if not told:
                print(f"held {len(held)}", flush=True)
            told = True
            select.select([], [], [], AGAIN_S)


if __name__ == "__main__":
    main()
