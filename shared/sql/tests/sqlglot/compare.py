"""Compares the lineage that `townlake sql lineage --json` finds with what sqlglot finds, column by column.

    python compare.py TOWNLAKE SCHEMA.json STATEMENTS [EXPLAINED.txt]

STATEMENTS is a folder of *.sql files, or a file like EXPLAINED.txt, whose statements are then compared. sqlglot (PyPI
`sqlglot[c]`) does not tell a value from the condition that chooses it, so the union of our `values` and `conditions`
is compared. The exit code is 0 if every difference is explained: EXPLAINED.txt says of the same statement, column by
column, what we find and what sqlglot finds. `--write` instead of EXPLAINED.txt prints the differences in its form.
"""

import json
import subprocess
import sys
import tempfile
from pathlib import Path

from sqlglot import exp, parse_one
from sqlglot.lineage import to_node
from sqlglot.optimizer.qualify import qualify
from sqlglot.optimizer.scope import build_scope
from sqlglot.schema import MappingSchema


def columns_of(sql, tables):
    """For each output column the base columns that sqlglot finds for it."""
    tree = parse_one(sql, dialect="trino")
    query = tree if isinstance(tree, exp.Query) else tree.find(exp.Query)
    if query is None:
        return None
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
    for index, _ in enumerate(query.selects):
        node = to_node(index, scope, "trino", schema=schema, trim_selects=False)
        found = set()
        for leaf in node.walk():
            if isinstance(leaf.expression, exp.Table):
                column = leaf.name.split(".")[-1].strip('"').lower()
                found.add(f"{leaf.expression.name.lower()}.{column}")
        result.append(found)
    return result


def short(column):
    """A column with the last part of its table's name."""
    return ".".join(column.split(".")[-2:])


def shown(columns):
    """Columns as the file of explanations has them."""
    return "no such column" if columns is None else ", ".join(sorted(columns)) or "nothing"


def spelled(sql):
    """A statement in one line."""
    return " ".join(sql.strip().rstrip(";").split())


def explanations(path):
    """For each statement of a file its lines `place: ours | sqlglot's`."""
    statements = {}
    for block in path.read_text().split("\n\n"):
        lines = block.strip("\n").splitlines()
        differences = [line[3:] for line in lines if line.startswith("=> ")]
        sql = " ".join(line for line in lines if not line.startswith(("#", "=> ")))
        if differences:
            statements[spelled(sql)] = differences
    return statements


def compare(townlake, schema_file, folder):
    """For each statement its columns where both differ; and how many columns and statements were compared."""
    tables = json.loads(Path(schema_file).read_text())
    command = [townlake, "sql", "lineage", "--json", "--schema", schema_file, str(folder)]
    lines = subprocess.run(command, capture_output=True, text=True, check=False).stdout.splitlines()
    columns = compared = without = refused = 0
    differences = {}
    for report in map(json.loads, lines):
        sql = Path(report["file"]).read_text()
        try:
            theirs = columns_of(sql.rstrip().rstrip(";"), tables)
        except Exception as error:  # sqlglot raises many kinds
            print(f"{Path(report['file']).name}: sqlglot: {str(error).splitlines()[0]}", file=sys.stderr)
            refused += 1
            continue
        if theirs is None:
            without += 1
            continue
        compared += 1
        ours = [set(map(short, one["values"] + one["conditions"])) for one in report.get("outputs", [])]
        places = max(len(ours), len(theirs))
        columns += places
        padded = [side + [None] * (places - len(side)) for side in (ours, theirs)]
        different = [
            f"{place}: {shown(found)} | {shown(wanted)}"
            for place, (found, wanted) in enumerate(zip(*padded), start=1)
            if found != wanted
        ]
        if different:
            differences[spelled(sql)] = different
    print(
        f"{columns} columns of {compared} statements: "
        f"{sum(map(len, differences.values()))} columns of {len(differences)} statements differ; "
        f"{without} statements have no query, sqlglot refused {refused}",
        file=sys.stderr,
    )
    return differences


def main(townlake, schema_file, statements, explained_file=None):
    with tempfile.TemporaryDirectory() as made:
        folder = Path(statements)
        if folder.is_file():
            for number, sql in enumerate(explanations(folder)):
                Path(made, f"{number:04}.sql").write_text(sql)
            folder = Path(made)
        differences = compare(townlake, schema_file, folder)
    if explained_file == "--write":
        for sql, different in differences.items():
            print("\n".join(["#", sql, *(f"=> {line}" for line in different), ""]))
        return 0
    explained = explanations(Path(explained_file)) if explained_file else {}
    wrong = {sql for sql, different in differences.items() if explained.get(sql) != different}
    gone = set(explained) - set(differences)
    for sql in sorted(wrong):
        print("\n".join([sql, *(f"  is now {line}" for line in differences[sql])]))
    for sql in sorted(gone):
        print(f"{sql}\n  is explained, and does not differ, or is not among the statements")
    if wrong or gone:
        return 1
    print("all differences explained" if differences else "no differences")
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
