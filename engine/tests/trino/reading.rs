//! What `shared/sql` says a statement reads, held against what the engine's plan scans: over generated statements, every
//! table and column that the plan touches is in the analysis. A miss would be a column that the gateway lets through
//! without having checked it.
//!
//! `TOWNLAKE_STATEMENTS=100000 cargo test --workspace --test trino reading` takes more of them.

mod generate;
mod spy;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use townlake_core::names::TableRef;
use townlake_engine::catalog::Catalog;
use townlake_engine::policy::MissingSections;
use townlake_sql::analysis::analyse;
use townlake_sql::bound::Known;
use townlake_sql::types::parse_type;
use townlake_sql::{Others, Schema, SchemaColumn, Session, bind, parse};

use crate::client::{Answer, Client};
use crate::server::Server;
use generate::Generator;
use spy::{Scans, SpyCatalog, TABLES};

/// How many statements are generated.
const STATEMENTS: u64 = 5_000;

/// The engine refuses some constructs; if it refused most, little would be compared.
const LEAST_PLANNED: f64 = 0.8;

#[tokio::test(flavor = "multi_thread")]
async fn whatever_the_plan_touches_is_in_the_analysis() {
    let scans = Scans::default();
    let catalog: Arc<dyn Catalog> = Arc::new(SpyCatalog::new(scans.clone()));
    let catalogs = BTreeMap::from([("m".to_owned(), catalog)]);
    let server = Server::start(catalogs, MissingSections::Refused).await;
    let client = Client::new(&server.url);
    let session = Session {
        catalog: Some("m".to_owned()),
        schema: Some("s".to_owned()),
        ..Session::default()
    };
    let schema = schema();
    let count =
        std::env::var("TOWNLAKE_STATEMENTS").map_or(STATEMENTS, |text| text.parse().unwrap());
    let (mut planned, mut touched) = (0_u32, 0_usize);
    let mut refusals: BTreeMap<String, (u32, String)> = BTreeMap::new();
    for seed in 0..count {
        let sql = Generator::new(seed).statement();
        let headers = [("x-trino-catalog", "m"), ("x-trino-schema", "s")];
        let answer = client
            .run(&format!("EXPLAIN {sql}"), "gateway", &headers)
            .await;
        let scanned = scans.take();
        if let Answer::Failed { name, message } = answer {
            let entry = refusals
                .entry(name)
                .or_insert((0, format!("{message}\n{sql}")));
            entry.0 += 1;
            continue;
        }
        planned += 1;
        let statement = parse(&sql, &session).unwrap_or_else(|error| panic!("{error}\n{sql}"));
        let bound = bind(&statement, &schema, &session);
        assert!(
            bound.problems.is_empty(),
            "the engine plans what the binder refuses: {:?}\n{sql}",
            bound.problems
        );
        let analysis = analyse(&bound);
        let tables: BTreeSet<&str> = analysis
            .reads
            .iter()
            .filter_map(|read| read.table.name.as_ref())
            .map(|name| name.table.as_str())
            .collect();
        let columns: BTreeSet<(&str, &str)> = analysis
            .columns
            .iter()
            .filter_map(|mention| {
                let read = analysis.reads.get(mention.table?)?;
                Some((
                    read.table.name.as_ref()?.table.as_str(),
                    mention.column.as_str(),
                ))
            })
            .collect();
        for (table, scanned) in &scanned {
            assert!(tables.contains(table.as_str()), "{table} is missing\n{sql}");
            for column in scanned {
                touched += 1;
                assert!(
                    columns.contains(&(table.as_str(), column.as_str())),
                    "{table}.{column} is missing\n{sql}"
                );
            }
        }
    }
    for (name, (count, example)) in &refusals {
        println!("{count} {name}: {example}");
    }
    println!("{planned} of {count} statements were planned, {touched} columns scanned");
    assert!(f64::from(planned) >= LEAST_PLANNED * count as f64);
    assert!(touched > planned as usize);
}

fn schema() -> Schema {
    let mut schema = Schema::new(Others::Missing);
    for (table, columns) in TABLES {
        let columns = columns
            .iter()
            .map(|(name, ty)| SchemaColumn::new(name, Known::Known(parse_type(ty).unwrap())))
            .collect();
        schema.insert(TableRef::new("m", "s", table), columns);
    }
    schema
}
