"""Compares the lineage that `townlake sql lineage --json` finds with what sqlglot finds, column by column.

    python lineage_sqlglot.py TOWNLAKE SCHEMA.json FOLDER [DISAGREEMENTS.txt]

sqlglot (PyPI `sqlglot[c]`) does not tell a value from the condition that chooses it, so the union of our `values` and
`conditions` is compared. Disagreements that the last file lists, as `file column: reason`, are explained; any other,
and any listed one that is gone, makes the exit code 1.
"""

import json
import subprocess
import sys
from pathlib import Path

from sqlglot import exp, parse_one
from sqlglot.lineage import to_node
from sqlglot.optimizer.qualify import qualify
from sqlglot.optimizer.scope import build_scope
from sqlglot.schema import MappingSchema


def columns_of(sql, tables):
    """For each output column its name and the base columns that sqlglot finds for it."""
    tree = parse_one(sql, dialect="trino")
    query = tree if isinstance(tree, exp.Query) else tree.find(exp.Query)
    by_last = {table.split(".")[-1].lower(): columns for table, columns in tables.items()}
    schema = MappingSchema(dialect="trino")
    for table in query.find_all(exp.Table):
        if table.name.lower() in by_last:
            # However long its name is in this text.
            schema.add_table(table.copy(), by_last[table.name.lower()], match_depth=False)
    query = qualify(
        query, dialect="trino", schema=schema, validate_qualify_columns=False, identify=False
    )
    scope = build_scope(query)
    result = []
    for index, select in enumerate(query.selects):
        node = to_node(index, scope, "trino", schema=schema, trim_selects=False)
        found = set()
        for leaf in node.walk():
            if isinstance(leaf.expression, exp.Table):
                column = leaf.name.split(".")[-1].strip('"').lower()
                found.add(f"{leaf.expression.name.lower()}.{column}")
        result.append((select.alias_or_name.lower(), found))
    return result


def short(column):
    """A column with the last part of its table's name."""
    return ".".join(column.split(".")[-2:])


def main(townlake, schema_file, folder, explained_file=None):
    tables = json.loads(Path(schema_file).read_text())
    command = [townlake, "sql", "lineage", "--json", "--schema", schema_file, folder]
    lines = subprocess.run(command, capture_output=True, text=True, check=False).stdout.splitlines()
    explained = {}
    if explained_file:
        for line in Path(explained_file).read_text().splitlines():
            if line.strip() and not line.startswith("#"):
                key, reason = line.split(": ", 1)
                explained[key] = reason
    columns = equal = refused = 0
    disagreements = set()
    for report in map(json.loads, lines):
        path = Path(report["file"])
        try:
            theirs = columns_of(path.read_text().rstrip().rstrip(";"), tables)
        except Exception as error:  # sqlglot raises many kinds
            print(f"{path.name}: sqlglot: {str(error).splitlines()[0]}")
            refused += 1
            continue
        ours = report["outputs"]
        if not report["ok"] or len(ours) != len(theirs):
            print(f"{path.name}: {len(ours)} columns instead of {len(theirs)}: {report['error']}")
        for position, (name, wanted) in enumerate(theirs):
            columns += 1
            output = ours[position] if position < len(ours) else None
            found = set(map(short, output["values"] + output["conditions"])) if output else None
            if found == wanted:
                equal += 1
                continue
            key = f"{path.stem} {position + 1} {name}"
            disagreements.add(key)
            if key not in explained:
                more, less = sorted((found or set()) - wanted), sorted(wanted - (found or set()))
                print(f"{key}: only ours {more}, only sqlglot's {less}")
    gone = [key for key in explained if key not in disagreements]
    for key in gone:
        print(f"{key}: is explained, and both agree")
    unexplained = disagreements - set(explained)
    print(
        f"{columns} columns of {len(lines)} files: {equal} equal, "
        f"{len(disagreements)} different of which {len(unexplained)} are not explained; "
        f"sqlglot refused {refused} files"
    )
    return 1 if unexplained or gone else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
