"""What reading SQL costs: parsing, binding and lineage against sqlglot, by CPU time, in one run.

    python benches/sql.py TOWNLAKE FOLDER SCHEMA.json [MODULE.wasm]

TOWNLAKE is the command as released (`cargo build --profile command -p townlake-cli`), FOLDER holds TPC-DS, MODULE.wasm is
`benches/sql-wasm` built for wasm32-unknown-unknown. sqlglot is PyPI's `sqlglot[c]`. Prints one JSON object.
"""

import json
import os
import random
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from sqlglot import exp, parse_one
from sqlglot.lineage import to_node
from sqlglot.optimizer.qualify import qualify
from sqlglot.optimizer.scope import build_scope
from sqlglot.schema import MappingSchema

ROUNDS = 5


def cpu_of_child(command):
    """CPU and wall milliseconds of a program."""
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    subprocess.run(command, stdout=subprocess.DEVNULL, check=False)
    wall = time.perf_counter() - start
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return cpu * 1000, wall * 1000


def sqlglot_ms(folder, tables):
    """CPU milliseconds that sqlglot needs for all columns of all statements, and how many columns."""
    texts = [path.read_text() for path in sorted(Path(folder).glob("*.sql"))]
    columns = 0
    start = time.process_time()
    for text in texts:
        tree = parse_one(text, dialect="trino")
        schema = MappingSchema(dialect="trino")
        for table in tree.find_all(exp.Table):
            if table.name.lower() in tables:
                schema.add_table(table.copy(), tables[table.name.lower()], match_depth=False)
        tree = qualify(tree, dialect="trino", schema=schema, validate_qualify_columns=False, identify=False)
        scope = build_scope(tree)
        for index in range(len(tree.selects)):
            to_node(index, scope, "trino", schema=schema)
            columns += 1
    return (time.process_time() - start) * 1000, columns


def write_models(folder, count=1000):
    """Models in four layers, each over two or three of the layer below."""
    choice = random.Random(7)
    layers = [round(count * share) for share in (0.2, 0.4, 0.3, 0.1)]
    below = [f"source_{number}" for number in range(50)]
    number = 0
    for layer in layers:
        made = []
        for _ in range(layer):
            name = f"model_{number}"
            number += 1
            first, second, third = (choice.choice(below) for _ in range(3))
            (Path(folder) / f"{name}.sql").write_text(
                f"""WITH first AS (
  SELECT id, customer_id, amount, status, created_at FROM {first} WHERE status <> 'deleted'
), second AS (
  SELECT id, upper(name) AS name, country, CASE WHEN country IN ('de', 'fr') THEN 'eu' ELSE 'other' END AS region
  FROM {second}
), ranked AS (
  SELECT f.*, row_number() OVER (PARTITION BY customer_id ORDER BY created_at DESC) AS rank FROM first f
)
SELECT r.customer_id AS id, s.name, s.country, s.region, r.customer_id, max(r.status) AS status,
  sum(CASE WHEN r.status = 'paid' THEN r.amount ELSE 0 END) AS amount, max(r.created_at) AS created_at
FROM ranked r JOIN second s ON r.customer_id = s.id LEFT JOIN {third} t ON t.id = r.id
WHERE r.rank = 1 AND t.amount > 0
GROUP BY r.customer_id, s.name, s.country, s.region
"""
            )
            made.append(name)
        below = made


def main(townlake, folder, schema_file, module=None):
    tables = json.loads(Path(schema_file).read_text())
    command = [townlake, "sql", "lineage", "--json", "--schema", schema_file, folder]
    # The tool's own start and the reading of files count; their share is small.
    ours = min(cpu_of_child(command)[0] for _ in range(ROUNDS))
    runs = [sqlglot_ms(folder, tables) for _ in range(2)]
    theirs, columns = min(runs)
    result = {
        "statements": len(list(Path(folder).glob("*.sql"))),
        "columns": columns,
        "townlake_cpu_ms": round(ours, 1),
        "sqlglot_cpu_ms": round(theirs, 1),
        "times_faster": round(theirs / ours, 1),
    }
    with tempfile.TemporaryDirectory() as models:
        write_models(models)
        linked = [cpu_of_child([townlake, "sql", "lineage", "--json", models]) for _ in range(ROUNDS)]
        result["models"] = 1000
        result["models_wall_ms"] = round(min(wall for _, wall in linked), 1)
        result["models_cpu_ms"] = round(min(cpu for cpu, _ in linked), 1)
    if module:
        script = Path(__file__).parent / "sql-wasm" / "run.mjs"
        output = subprocess.run(
            ["node", script, module, schema_file, folder], capture_output=True, text=True, check=True
        ).stdout
        wasm = json.loads(output)
        result["wasm_cpu_ms"] = round(wasm["cpu_ms"], 1)
        result["wasm_times_slower"] = round(wasm["cpu_ms"] / ours, 2)
        result["wasm_gzip_kb"] = wasm["gzip_kb"]
    result["processors"] = os.cpu_count()
    print(json.dumps(result))


if __name__ == "__main__":
    main(*sys.argv[1:])
