//! The TPC-H tables as Trino's `tpch` connector has them: names without prefix, prices as doubles. Rows
//! are generated while they are read.

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use datafusion::arrow::array::{
    ArrayRef, Date32Array, Float64Array, Int32Array, Int64Array, RecordBatch, StringArray,
};
use datafusion::arrow::datatypes::SchemaRef;
use datafusion::catalog::streaming::StreamingTable;
use datafusion::common::{DataFusionError, Result as DataFusionResult};
use datafusion::execution::TaskContext;
use datafusion::physical_plan::SendableRecordBatchStream;
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::streaming::PartitionStream;
use futures::stream;
use townlake_sql::types::Type;
use tpchgen::dates::TPCHDate;
use tpchgen::decimal::TPCHDecimal;
use tpchgen::generators::{
    CustomerGenerator, LineItem, LineItemGenerator, NationGenerator, OrderGenerator, PartGenerator,
    PartSuppGenerator, RegionGenerator, SupplierGenerator,
};

use super::memory::{columns_of, schema_of};
use super::{Catalog, Column, Listed, Table};
use crate::error::Result;

/// Rows made at a time.
const BATCH: usize = 8192;

/// Schemas and their scale factors.
const SCHEMAS: &[(&str, f64)] = &[("sf1", 1.0), ("sf10", 10.0), ("tiny", 0.01)];

const TABLES: &[&str] = &[
    "customer", "lineitem", "nation", "orders", "part", "partsupp", "region", "supplier",
];

/// The catalog: it needs nothing.
pub struct TpchCatalog {
    /// Streams per table, as many as there are processors to run them.
    pub partitions: i32,
}

#[async_trait]
impl Catalog for TpchCatalog {
    async fn schemas(&self) -> Result<Vec<String>> {
        Ok(SCHEMAS.iter().map(|(name, _)| (*name).to_owned()).collect())
    }

    async fn tables(&self, schema: &str) -> Result<Vec<Listed>> {
        if !SCHEMAS.iter().any(|(name, _)| *name == schema) {
            return Ok(Vec::new());
        }
        Ok(TABLES
            .iter()
            .map(|name| Listed {
                name: (*name).to_owned(),
                is_view: false,
            })
            .collect())
    }

    async fn table(&self, schema: &str, table: &str) -> Result<Option<Table>> {
        let Some((_, scale)) = SCHEMAS.iter().find(|(name, _)| *name == schema) else {
            return Ok(None);
        };
        let Some((name, columns)) = TABLES
            .iter()
            .find(|name| **name == table)
            .and_then(|name| Some((*name, columns(name)?)))
        else {
            return Ok(None);
        };
        let schema = schema_of(&columns);
        // Small tables are not worth a split.
        let parts = match name {
            "nation" | "region" => 1,
            _ if *scale < 1.0 => 1,
            _ => self.partitions.max(1),
        };
        let streams = (1..=parts)
            .map(|part| -> Arc<dyn PartitionStream> {
                Arc::new(Part {
                    schema: Arc::clone(&schema),
                    table: name,
                    scale: *scale,
                    part,
                    parts,
                })
            })
            .collect();
        let provider = StreamingTable::try_new(schema, streams)?;
        Ok(Some(Table {
            columns,
            comment: None,
            is_view: false,
            provider: Arc::new(provider),
        }))
    }
}

fn columns(table: &str) -> Option<Vec<Column>> {
    use Type::{BigInt, Date, Double, Integer};
    let text = |n: u32| Type::Varchar(Some(n));
    let list = match table {
        "nation" => vec![
            ("nationkey", BigInt),
            ("name", text(25)),
            ("regionkey", BigInt),
            ("comment", text(152)),
        ],
        "region" => vec![
            ("regionkey", BigInt),
            ("name", text(25)),
            ("comment", text(152)),
        ],
        "part" => vec![
            ("partkey", BigInt),
            ("name", text(55)),
            ("mfgr", text(25)),
            ("brand", text(10)),
            ("type", text(25)),
            ("size", Integer),
            ("container", text(10)),
            ("retailprice", Double),
            ("comment", text(23)),
        ],
        "supplier" => vec![
            ("suppkey", BigInt),
            ("name", text(25)),
            ("address", text(40)),
            ("nationkey", BigInt),
            ("phone", text(15)),
            ("acctbal", Double),
            ("comment", text(101)),
        ],
        "partsupp" => vec![
            ("partkey", BigInt),
            ("suppkey", BigInt),
            ("availqty", Integer),
            ("supplycost", Double),
            ("comment", text(199)),
        ],
        "customer" => vec![
            ("custkey", BigInt),
            ("name", text(25)),
            ("address", text(40)),
            ("nationkey", BigInt),
            ("phone", text(15)),
            ("acctbal", Double),
            ("mktsegment", text(10)),
            ("comment", text(117)),
        ],
        "orders" => vec![
            ("orderkey", BigInt),
            ("custkey", BigInt),
            ("orderstatus", text(1)),
            ("totalprice", Double),
            ("orderdate", Date),
            ("orderpriority", text(15)),
            ("clerk", text(15)),
            ("shippriority", Integer),
            ("comment", text(79)),
        ],
        "lineitem" => vec![
            ("orderkey", BigInt),
            ("partkey", BigInt),
            ("suppkey", BigInt),
            ("linenumber", Integer),
            ("quantity", Double),
            ("extendedprice", Double),
            ("discount", Double),
            ("tax", Double),
            ("returnflag", text(1)),
            ("linestatus", text(1)),
            ("shipdate", Date),
            ("commitdate", Date),
            ("receiptdate", Date),
            ("shipinstruct", text(25)),
            ("shipmode", text(10)),
            ("comment", text(44)),
        ],
        _ => return None,
    };
    Some(columns_of(&list))
}

/// One part of a table.
struct Part {
    schema: SchemaRef,
    table: &'static str,
    scale: f64,
    part: i32,
    parts: i32,
}

impl fmt::Debug for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "tpch {} {} of {}", self.table, self.part, self.parts)
    }
}

type Batches = Box<dyn Iterator<Item = DataFusionResult<RecordBatch>> + Send>;

impl PartitionStream for Part {
    fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    fn execute(&self, _: Arc<TaskContext>) -> SendableRecordBatchStream {
        let schema = Arc::clone(&self.schema);
        let batches = batches(
            self.table,
            Arc::clone(&schema),
            self.scale,
            self.part,
            self.parts,
        );
        Box::pin(RecordBatchStreamAdapter::new(schema, stream::iter(batches)))
    }
}

fn longs<R>(rows: &[R], get: impl Fn(&R) -> i64) -> ArrayRef {
    Arc::new(Int64Array::from_iter_values(rows.iter().map(get)))
}

fn integers<R>(rows: &[R], get: impl Fn(&R) -> i32) -> ArrayRef {
    Arc::new(Int32Array::from_iter_values(rows.iter().map(get)))
}

fn strings<R, S: AsRef<str>>(rows: &[R], get: impl Fn(&R) -> S) -> ArrayRef {
    Arc::new(StringArray::from_iter_values(rows.iter().map(get)))
}

fn shown<R, S: fmt::Display + ?Sized>(rows: &[R], get: impl Fn(&R) -> &S) -> ArrayRef {
    Arc::new(StringArray::from_iter_values(
        rows.iter().map(|row| get(row).to_string()),
    ))
}

fn money<R>(rows: &[R], get: impl Fn(&R) -> TPCHDecimal) -> ArrayRef {
    Arc::new(Float64Array::from_iter_values(
        rows.iter().map(|row| get(row).as_f64()),
    ))
}

#[expect(clippy::cast_precision_loss, reason = "quantities are below 51")]
fn quantities(rows: &[LineItem<'_>]) -> ArrayRef {
    Arc::new(Float64Array::from_iter_values(
        rows.iter().map(|row| row.l_quantity as f64),
    ))
}

fn days<R>(rows: &[R], get: impl Fn(&R) -> TPCHDate) -> ArrayRef {
    Arc::new(Date32Array::from_iter_values(
        rows.iter().map(|row| get(row).to_unix_epoch()),
    ))
}

/// Batches of so many rows of a generator.
fn chunks<R: Send + 'static>(
    rows: impl Iterator<Item = R> + Send + 'static,
    schema: SchemaRef,
    columns: fn(&[R]) -> Vec<ArrayRef>,
) -> Batches {
    let mut rows = rows;
    Box::new(std::iter::from_fn(move || {
        let chunk: Vec<R> = rows.by_ref().take(BATCH).collect();
        if chunk.is_empty() {
            return None;
        }
        Some(
            RecordBatch::try_new(Arc::clone(&schema), columns(&chunk))
                .map_err(|error| DataFusionError::ArrowError(Box::new(error), None)),
        )
    }))
}

fn batches(table: &str, schema: SchemaRef, scale: f64, part: i32, parts: i32) -> Batches {
    match table {
        "nation" => chunks(
            NationGenerator::new(scale, part, parts).into_iter(),
            schema,
            |r| {
                vec![
                    longs(r, |r| r.n_nationkey),
                    strings(r, |r| r.n_name),
                    longs(r, |r| r.n_regionkey),
                    strings(r, |r| r.n_comment),
                ]
            },
        ),
        "region" => chunks(
            RegionGenerator::new(scale, part, parts).into_iter(),
            schema,
            |r| {
                vec![
                    longs(r, |r| r.r_regionkey),
                    strings(r, |r| r.r_name),
                    strings(r, |r| r.r_comment),
                ]
            },
        ),
        "part" => chunks(
            PartGenerator::new(scale, part, parts).into_iter(),
            schema,
            |r| {
                vec![
                    longs(r, |r| r.p_partkey),
                    shown(r, |r| &r.p_name),
                    shown(r, |r| &r.p_mfgr),
                    shown(r, |r| &r.p_brand),
                    strings(r, |r| r.p_type),
                    integers(r, |r| r.p_size),
                    strings(r, |r| r.p_container),
                    money(r, |r| r.p_retailprice),
                    strings(r, |r| r.p_comment),
                ]
            },
        ),
        "supplier" => chunks(
            SupplierGenerator::new(scale, part, parts).into_iter(),
            schema,
            |r| {
                vec![
                    longs(r, |r| r.s_suppkey),
                    shown(r, |r| &r.s_name),
                    shown(r, |r| &r.s_address),
                    longs(r, |r| r.s_nationkey),
                    shown(r, |r| &r.s_phone),
                    money(r, |r| r.s_acctbal),
                    shown(r, |r| &r.s_comment),
                ]
            },
        ),
        "partsupp" => chunks(
            PartSuppGenerator::new(scale, part, parts).into_iter(),
            schema,
            |r| {
                vec![
                    longs(r, |r| r.ps_partkey),
                    longs(r, |r| r.ps_suppkey),
                    integers(r, |r| r.ps_availqty),
                    money(r, |r| r.ps_supplycost),
                    strings(r, |r| r.ps_comment),
                ]
            },
        ),
        "customer" => chunks(
            CustomerGenerator::new(scale, part, parts).into_iter(),
            schema,
            |r| {
                vec![
                    longs(r, |r| r.c_custkey),
                    shown(r, |r| &r.c_name),
                    shown(r, |r| &r.c_address),
                    longs(r, |r| r.c_nationkey),
                    shown(r, |r| &r.c_phone),
                    money(r, |r| r.c_acctbal),
                    strings(r, |r| r.c_mktsegment),
                    strings(r, |r| r.c_comment),
                ]
            },
        ),
        "orders" => chunks(
            OrderGenerator::new(scale, part, parts).into_iter(),
            schema,
            |r| {
                vec![
                    longs(r, |r| r.o_orderkey),
                    longs(r, |r| r.o_custkey),
                    shown(r, |r| &r.o_orderstatus),
                    money(r, |r| r.o_totalprice),
                    days(r, |r| r.o_orderdate),
                    strings(r, |r| r.o_orderpriority),
                    shown(r, |r| &r.o_clerk),
                    integers(r, |r| r.o_shippriority),
                    strings(r, |r| r.o_comment),
                ]
            },
        ),
        _ => chunks(
            LineItemGenerator::new(scale, part, parts).into_iter(),
            schema,
            |r| {
                vec![
                    longs(r, |r| r.l_orderkey),
                    longs(r, |r| r.l_partkey),
                    longs(r, |r| r.l_suppkey),
                    integers(r, |r| r.l_linenumber),
                    quantities(r),
                    money(r, |r| r.l_extendedprice),
                    money(r, |r| r.l_discount),
                    money(r, |r| r.l_tax),
                    strings(r, |r| r.l_returnflag),
                    strings(r, |r| r.l_linestatus),
                    days(r, |r| r.l_shipdate),
                    days(r, |r| r.l_commitdate),
                    days(r, |r| r.l_receiptdate),
                    strings(r, |r| r.l_shipinstruct),
                    strings(r, |r| r.l_shipmode),
                    strings(r, |r| r.l_comment),
                ]
            },
        ),
    }
}
