"""Runs statements with the official Trino client, the way a person's notebook does.

Reads one JSON object from standard input:
  url, token, user, statements: [text | {"sql": text, "parameters": [...]}]
  session: {name: value}, time_zone, verify (path of a CA file), basic (send the token as a password), catalog, schema
Writes one JSON array: for each statement {"columns": [[name, type]], "rows": [...]} or {"error": {...}}.
All statements run over one connection, so what SET SESSION changes holds for the later ones.
"""

import json
import os
import sys
from urllib.parse import urlsplit

import trino


def connect(task):
    address = urlsplit(task["url"])
    if task.get("verify"):
        # A machine's own setting would win over the connection's (psf/requests#3829).
        os.environ["REQUESTS_CA_BUNDLE"] = task["verify"]
    if task.get("basic"):
        authentication = trino.auth.BasicAuthentication(task["user"], task["token"])
    elif task.get("token") is not None:
        authentication = trino.auth.JWTAuthentication(task["token"])
    else:
        authentication = None
    return trino.dbapi.connect(
        host=address.hostname,
        port=address.port,
        http_scheme=address.scheme,
        user=task.get("user"),
        auth=authentication,
        session_properties=task.get("session"),
        timezone=task.get("time_zone"),
        verify=task.get("verify", True),
        catalog=task.get("catalog"),
        schema=task.get("schema"),
        source="townlake-tests",
        # The client refuses credentials over plain http unless told that this is meant.
        allow_insecure_auth=address.scheme == "http",
    )


def run(connection, statement):
    sql, parameters = (statement, None) if isinstance(statement, str) else (statement["sql"], statement["parameters"])
    try:
        cursor = connection.cursor(legacy_primitive_types=True)
        cursor.execute(sql, parameters)
        rows = cursor.fetchall()
        columns = [[column[0], column[1]] for column in cursor.description or []]
        return {"columns": columns, "rows": rows, "query_id": cursor.query_id}
    except trino.exceptions.TrinoQueryError as error:
        return {"error": {"name": error.error_name, "type": error.error_type, "message": error.message}}
    except Exception as error:  # The test wants to see whatever the client makes of it.
        return {"error": {"name": type(error).__name__, "type": "CLIENT", "message": str(error)}}


def main():
    task = json.load(sys.stdin)
    connection = connect(task)
    json.dump([run(connection, statement) for statement in task["statements"]], sys.stdout, default=str)


main()
