"""Runs statements in Postgres itself, to compare with what the platform shows.

Reads {"url", "statements": [text], "copy": [{"table", "rows": [[...]]}]}; writes {"rows": [...]} of the last statement.
"""

import json
import sys

import psycopg


def main():
    task = json.load(sys.stdin)
    rows = []
    with psycopg.connect(task["url"]) as connection, connection.cursor() as cursor:
        for statement in task.get("statements", []):
            cursor.execute(statement)
            rows = cursor.fetchall() if cursor.description else []
        for copy in task.get("copy", []):
            with cursor.copy(f"COPY {copy['table']} FROM STDIN") as stream:
                for row in copy["rows"]:
                    stream.write_row(row)
    json.dump({"rows": rows}, sys.stdout, default=str)


main()
