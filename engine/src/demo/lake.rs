//! The Iceberg tables: definitions with their comments, and their rows.

use std::sync::Arc;

use chrono::NaiveDate;
use datafusion::arrow::array::{Array, ArrayRef, RecordBatch};
use datafusion::arrow::error::ArrowError;
use datafusion::common::DataFusionError;
use datafusion::execution::SendableRecordBatchStream;
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use townlake_lake::{Column, TableDefinition};

use super::billing::{Allocation, InvoiceLine, allocations, invoice_lines};
use super::calendar::{MINUTE_MICROS, micros};
use super::columns::{
    dates, doubles, flags, integers, longs, moments, money, optional_dates, optional_longs, texts,
};
use super::company::{Company, Customer};
use super::edge::{
    BotScore, Rank, RequestSample, Zone, bot_scores, domain_ranks, request_samples, zones,
};
use super::usage::{PRODUCTS, Series, USAGE_DAYS, all_series, usage_of};

/// How many files the usage rows are written to, side by side.
const USAGE_FILES: u64 = 2;

/// A table to be made and the rows for it, which are made while they are written.
pub struct NewTable {
    pub definition: TableDefinition,
    pub rows: Vec<SendableRecordBatchStream>,
}

type Made = Result<NewTable, ArrowError>;

/// The tables' names, in the order in which `make` makes them.
pub const TABLES: &[(&str, &str)] = &[
    ("billing", "subscriptions"),
    ("billing", "invoices"),
    ("billing", "usage"),
    ("edge", "zones"),
    ("edge", "domain_ranks"),
    ("edge", "bot_scores"),
    ("edge", "request_samples"),
    ("dim", "accounts"),
    ("dim", "customers"),
    ("seed", "product_classification"),
    ("fct", "billings_allocated"),
];

/// Makes one of `TABLES`; `None` for a name that is not among them.
pub fn make(company: &Arc<Company>, namespace: &str, name: &str, samples: usize) -> Option<Made> {
    Some(match (namespace, name) {
        ("billing", "subscriptions") => subscriptions(company),
        ("billing", "invoices") => invoices(company, &invoice_lines(company)),
        ("billing", "usage") => usage(company),
        ("edge", "zones") => zone_table(&zones(company)),
        ("edge", "domain_ranks") => ranks(&domain_ranks(company, &zones(company))),
        ("edge", "bot_scores") => bots(&bot_scores(company)),
        ("edge", "request_samples") => {
            requests(&request_samples(company, &zones(company), samples))
        }
        ("dim", "accounts") => dim_accounts(company),
        ("dim", "customers") => dim_customers(company),
        ("seed", "product_classification") => product_classification(),
        ("fct", "billings_allocated") => {
            let lines = invoice_lines(company);
            billings(company, &allocations(&lines))
        }
        _ => return None,
    })
}

/// A column that is never null.
fn must(name: &str, comment: &str, values: ArrayRef) -> (Column, ArrayRef) {
    let (column, values) = may(name, comment, values);
    (column.required(), values)
}

/// A column that may be null.
fn may(name: &str, comment: &str, values: ArrayRef) -> (Column, ArrayRef) {
    let mut column = Column::new(name, values.data_type().clone());
    if !comment.is_empty() {
        column = column.with_comment(comment);
    }
    (column, values)
}

fn definition(namespace: &str, name: &str, comment: &str, columns: Vec<Column>) -> TableDefinition {
    TableDefinition {
        namespace: namespace.to_owned(),
        name: name.to_owned(),
        columns,
        comment: Some(comment.to_owned()),
        ..TableDefinition::default()
    }
}

fn batch(columns: Vec<(Column, ArrayRef)>) -> Result<(Vec<Column>, RecordBatch), ArrowError> {
    let named = columns
        .iter()
        .map(|(column, values)| (column.field.name().clone(), Arc::clone(values)));
    let batch = RecordBatch::try_from_iter(named)?;
    Ok((
        columns.into_iter().map(|(column, _)| column).collect(),
        batch,
    ))
}

fn table(namespace: &str, name: &str, comment: &str, columns: Vec<(Column, ArrayRef)>) -> Made {
    let (columns, batch) = batch(columns)?;
    Ok(NewTable {
        definition: definition(namespace, name, comment, columns),
        rows: vec![Box::pin(RecordBatchStreamAdapter::new(
            batch.schema(),
            futures::stream::iter([Ok(batch)]),
        ))],
    })
}

fn subscriptions(company: &Company) -> Made {
    let all = &company.subscriptions;
    let account = |index: usize| company.accounts.get(index);
    table(
        "billing",
        "subscriptions",
        "One row per paid plan of an account, ended ones included. [exact, hourly]",
        vec![
            must("subscription_id", "", longs(all.iter().map(|s| s.id))),
            must(
                "account_id",
                "The account in lake.dim.accounts and postgres.crm.accounts.",
                longs(all.iter().map(|s| account(s.account).map_or(0, |a| a.id))),
            ),
            must(
                "product",
                "The plan, as in lake.seed.product_classification.",
                texts(
                    all.iter()
                        .map(|s| account(s.account).map_or("", |a| a.plan.product())),
                ),
            ),
            must(
                "billing_cycle",
                "monthly or annual.",
                texts(all.iter().map(|s| cycle(s.annual))),
            ),
            must(
                "price_usd",
                "The price of one billing cycle: of a year for annual plans.",
                money(all.iter().map(|s| s.price_cents), 2)?,
            ),
            must("started_on", "", dates(all.iter().map(|s| s.started_on))),
            may(
                "ended_on",
                "Empty while it runs.",
                optional_dates(all.iter().map(|s| s.ended_on)),
            ),
        ],
    )
}

fn cycle(annual: bool) -> &'static str {
    if annual { "annual" } else { "monthly" }
}

fn invoices(company: &Company, lines: &[InvoiceLine]) -> Made {
    table(
        "billing",
        "invoices",
        "One row per invoice line: one product for one period. An invoice has several lines. \
         The company's own accounts are billed too. [exact, daily]",
        vec![
            must("invoice_id", "", longs(lines.iter().map(|l| l.invoice_id))),
            must(
                "line_number",
                "Counts from 1 within the invoice.",
                integers(lines.iter().map(|l| l.line_number)),
            ),
            must(
                "account_id",
                "",
                longs(lines.iter().map(|l| account_id(company, l))),
            ),
            must(
                "product",
                "As in lake.seed.product_classification.",
                texts(lines.iter().map(|l| l.product)),
            ),
            must(
                "billing_cycle",
                "monthly or annual; usage is always monthly.",
                texts(lines.iter().map(|l| cycle(l.annual))),
            ),
            must(
                "period_start",
                "First day of the period.",
                dates(lines.iter().map(|l| l.from)),
            ),
            must(
                "period_end",
                "The day after the last of the period.",
                dates(lines.iter().map(|l| l.to)),
            ),
            must(
                "issued_at",
                "UTC.",
                moments(lines.iter().map(|l| l.issued_at_micros)),
            ),
            must(
                "amount_usd",
                "What is billed for the whole period, before taxes.",
                money(lines.iter().map(|l| l.amount_cents), 2)?,
            ),
            must(
                "status",
                "paid, open or overdue.",
                texts(lines.iter().map(|l| l.status)),
            ),
        ],
    )
}

fn account_id(company: &Company, line: &InvoiceLine) -> i64 {
    company.accounts.get(line.account).map_or(0, |a| a.id)
}

const USAGE_COMMENT: &str = "One row per account, product and minute in which usage was metered; \
     minutes without a report have no row. The rows of a day add up to the day's usage, and those \
     of a month to the invoice, whatever the number of rows. 91 days. [exact, 5 minutes]";

fn usage(company: &Arc<Company>) -> Made {
    let (columns, empty) = usage_batch(&[], company.calendar.today())?;
    let series: Arc<Vec<Series>> = Arc::new(all_series(company));
    let days: Vec<u64> = (0..USAGE_DAYS).rev().collect();
    let chunk = days.len().div_ceil(USAGE_FILES as usize).max(1);
    let rows = days
        .chunks(chunk)
        .map(|days| {
            let (company, series) = (Arc::clone(company), Arc::clone(&series));
            let days = days.to_vec();
            let batches = days.into_iter().map(move |back| {
                let day = company.calendar.days_ago(back);
                usage_batch(&usage_of(&company, &series, day), day)
                    .map(|(_, batch)| batch)
                    .map_err(DataFusionError::from)
            });
            let stream: SendableRecordBatchStream = Box::pin(RecordBatchStreamAdapter::new(
                empty.schema(),
                futures::stream::iter(batches),
            ));
            stream
        })
        .collect();
    Ok(NewTable {
        definition: definition("billing", "usage", USAGE_COMMENT, columns),
        rows,
    })
}

fn usage_batch(
    rows: &[super::usage::UsageRow],
    day: NaiveDate,
) -> Result<(Vec<Column>, RecordBatch), ArrowError> {
    let midnight = micros(day);
    let product = |index: usize| PRODUCTS.get(index);
    batch(vec![
        must(
            "usage_at",
            "The start of the minute, UTC.",
            moments(rows.iter().map(|r| midnight + r.minute * MINUTE_MICROS)),
        ),
        must("account_id", "", longs(rows.iter().map(|r| r.account_id))),
        must(
            "product",
            "r2_*, workers_* or cdn_*, as in lake.seed.product_classification.",
            texts(
                rows.iter()
                    .map(|r| product(r.product).map_or("", |p| p.key)),
            ),
        ),
        must(
            "unit",
            "What the quantity counts.",
            texts(
                rows.iter()
                    .map(|r| product(r.product).map_or("", |p| p.unit)),
            ),
        ),
        must("quantity", "", doubles(rows.iter().map(|r| r.quantity))),
        must(
            "cost_usd",
            "At list price; 0 on the free plan.",
            money(rows.iter().map(|r| r.cost_micros), 6)?,
        ),
    ])
}

fn zone_table(zones: &[Zone]) -> Made {
    table(
        "edge",
        "zones",
        "One row per domain on the network. [exact, 5 minutes]",
        vec![
            must("zone_id", "", longs(zones.iter().map(|z| z.id))),
            must("account_id", "", longs(zones.iter().map(|z| z.account_id))),
            must("domain", "", texts(zones.iter().map(|z| &z.domain))),
            must("plan", "", texts(zones.iter().map(|z| z.plan))),
            must(
                "signed_up_at",
                "UTC.",
                moments(zones.iter().map(|z| z.signed_up_at_micros)),
            ),
            must(
                "signed_up_on",
                "The day of signed_up_at.",
                dates(zones.iter().map(|z| z.signed_up_on)),
            ),
            must(
                "is_active",
                "False once the account is closed.",
                flags(zones.iter().map(|z| z.active)),
            ),
        ],
    )
}

fn ranks(ranks: &[Rank]) -> Made {
    table(
        "edge",
        "domain_ranks",
        "One row per day and rank: the 1,000 domains with the most traffic of the day. The rows of \
         today are of the day so far. 30 days. [exact, hourly]",
        vec![
            must("rank_date", "UTC.", dates(ranks.iter().map(|r| r.day))),
            must(
                "rank",
                "1 has the most traffic.",
                integers(ranks.iter().map(|r| r.rank)),
            ),
            must("domain", "", texts(ranks.iter().map(|r| &r.domain))),
            may(
                "zone_id",
                "Empty for domains that are not on the network.",
                optional_longs(ranks.iter().map(|r| r.zone_id)),
            ),
            must("requests", "", longs(ranks.iter().map(|r| r.requests))),
        ],
    )
}

fn bots(scores: &[BotScore]) -> Made {
    table(
        "edge",
        "bot_scores",
        "One row per hour, network (ASN) and country. 14 days. [exact, hourly]",
        vec![
            must(
                "hour",
                "The start of the hour, UTC.",
                moments(scores.iter().map(|s| s.hour_micros)),
            ),
            must(
                "asn",
                "The autonomous system's number.",
                longs(scores.iter().map(|s| s.asn)),
            ),
            must(
                "network",
                "The autonomous system's name.",
                texts(scores.iter().map(|s| s.network)),
            ),
            must(
                "country",
                "ISO 3166 code.",
                texts(scores.iter().map(|s| s.country)),
            ),
            must(
                "bot_score",
                "Mean over the requests: 0 surely human, 1 surely a bot.",
                doubles(scores.iter().map(|s| s.score)),
            ),
            must("requests", "", longs(scores.iter().map(|s| s.requests))),
        ],
    )
}

fn requests(samples: &[RequestSample]) -> Made {
    table(
        "edge",
        "request_samples",
        "One row per sampled HTTP request; multiply counts by sample_interval. 3 days. \
         [sampled 1:100, 5 minutes]",
        vec![
            must(
                "sampled_at",
                "UTC.",
                moments(samples.iter().map(|s| s.at_micros)),
            ),
            must(
                "ray_id",
                "The request's own id, hexadecimal.",
                texts(samples.iter().map(|s| &s.ray_id)),
            ),
            must("zone_id", "", longs(samples.iter().map(|s| s.zone_id))),
            must("host", "", texts(samples.iter().map(|s| &s.host))),
            must("client_ip", "", texts(samples.iter().map(|s| &s.client_ip))),
            must(
                "asn",
                "The client's autonomous system.",
                longs(samples.iter().map(|s| s.asn)),
            ),
            must(
                "country",
                "The client's, ISO 3166.",
                texts(samples.iter().map(|s| s.country)),
            ),
            must("method", "", texts(samples.iter().map(|s| s.method))),
            must(
                "path",
                "Without the query.",
                texts(samples.iter().map(|s| s.path)),
            ),
            must("status", "", integers(samples.iter().map(|s| s.status))),
            must(
                "cache_status",
                "HIT, MISS or DYNAMIC.",
                texts(samples.iter().map(|s| s.cache_status)),
            ),
            must(
                "bytes",
                "Sent to the client.",
                longs(samples.iter().map(|s| s.bytes)),
            ),
            must(
                "bot_score",
                "0 surely human, 1 surely a bot.",
                doubles(samples.iter().map(|s| (s.bot_score * 1e4).round() / 1e4)),
            ),
            must(
                "sample_interval",
                "One of so many requests is kept.",
                integers(samples.iter().map(|_| super::edge::SAMPLE_INTERVAL)),
            ),
        ],
    )
}

fn dim_accounts(company: &Company) -> Made {
    let accounts: Vec<(_, &Customer)> = company
        .accounts
        .iter()
        .filter_map(|account| Some((account, company.customer_of(account)?)))
        .collect();
    let all = || accounts.iter();
    table(
        "dim",
        "accounts",
        "One row per account. Exclude the company's own with is_internal = false when counting \
         customers or revenue. [exact, daily]",
        vec![
            must("account_id", "", longs(all().map(|(a, _)| a.id))),
            must("account_name", "", texts(all().map(|(a, _)| &a.name))),
            must(
                "customer_id",
                "The legal entity in lake.dim.customers.",
                longs(all().map(|(_, c)| c.id)),
            ),
            must(
                "customer_type",
                "contract, paygo or free; paygo when the sales system knows nothing.",
                texts(all().map(|(a, _)| a.terms.customer_type())),
            ),
            must(
                "plan",
                "free, pro, business or enterprise.",
                texts(all().map(|(a, _)| a.plan.name())),
            ),
            must(
                "region",
                "Of the customer: AMER, EMEA or APAC.",
                texts(all().map(|(_, c)| c.country.region)),
            ),
            must(
                "country",
                "Of the customer, ISO 3166.",
                texts(all().map(|(_, c)| c.country.code)),
            ),
            must(
                "is_internal",
                "The company's own account: no customer, no revenue.",
                flags(all().map(|(a, _)| a.internal)),
            ),
            must("created_on", "", dates(all().map(|(a, _)| a.created_on))),
            may(
                "closed_on",
                "Empty while it is open.",
                optional_dates(all().map(|(a, _)| a.closed_on)),
            ),
        ],
    )
}

fn dim_customers(company: &Company) -> Made {
    let mut accounts = vec![0_i64; company.customers.len()];
    for account in &company.accounts {
        if let Some(count) = accounts.get_mut(account.customer) {
            *count += 1;
        }
    }
    let all = || company.customers.iter();
    table(
        "dim",
        "customers",
        "One row per customer, the legal entity behind one or more accounts. [exact, daily]",
        vec![
            must("customer_id", "", longs(all().map(|c| c.id))),
            must(
                "customer_name",
                "The company's name.",
                texts(all().map(|c| &c.name)),
            ),
            must("industry", "", texts(all().map(|c| c.industry))),
            must(
                "country",
                "ISO 3166 code.",
                texts(all().map(|c| c.country.code)),
            ),
            must(
                "region",
                "AMER, EMEA or APAC.",
                texts(all().map(|c| c.country.region)),
            ),
            must("account_count", "", longs(accounts.iter().copied())),
            must(
                "is_internal",
                "The company itself.",
                flags(all().map(|c| c.internal)),
            ),
            must("customer_since", "", dates(all().map(|c| c.created_on))),
        ],
    )
}

fn product_classification() -> Made {
    let all = || PRODUCTS.iter();
    table(
        "seed",
        "product_classification",
        "One row per product: which family it belongs to and how it is billed. [exact, monthly]",
        vec![
            must(
                "product",
                "The key that all billing tables use.",
                texts(all().map(|p| p.key)),
            ),
            must("product_name", "", texts(all().map(|p| p.name))),
            must(
                "product_family",
                "Storage, Compute, Delivery or Plans.",
                texts(all().map(|p| p.family)),
            ),
            must(
                "is_usage_based",
                "False for plans.",
                flags(all().map(super::usage::Product::is_metered)),
            ),
            may(
                "unit",
                "What the quantity counts; empty for plans.",
                super::columns::optional_texts(
                    all().map(|p| (!p.unit.is_empty()).then_some(p.unit)),
                ),
            ),
            must(
                "list_price_usd",
                "Of one unit, for plans of one month.",
                money(all().map(|p| (p.price * 1e6).round() as i64), 6)?,
            ),
        ],
    )
}

fn billings(company: &Company, parts: &[Allocation<'_>]) -> Made {
    let account = |part: &Allocation<'_>| company.accounts.get(part.line.account);
    table(
        "fct",
        "billings_allocated",
        "One row per invoice line and month that it is for: monthly lines as they are, annual ones \
         in twelve parts, of which some lie in months to come. Revenue of a period is the sum of \
         alloc_amount. The company's own accounts are in it: join lake.dim.accounts and keep \
         is_internal = false. [exact, daily]",
        vec![
            must(
                "billing_month",
                "First day of the month.",
                dates(parts.iter().map(|p| p.month)),
            ),
            must(
                "account_id",
                "",
                longs(parts.iter().map(|p| account(p).map_or(0, |a| a.id))),
            ),
            must(
                "customer_id",
                "",
                longs(parts.iter().map(|p| {
                    account(p)
                        .and_then(|a| company.customer_of(a))
                        .map_or(0, |c| c.id)
                })),
            ),
            must(
                "invoice_id",
                "",
                longs(parts.iter().map(|p| p.line.invoice_id)),
            ),
            must(
                "line_number",
                "",
                integers(parts.iter().map(|p| p.line.line_number)),
            ),
            must(
                "product",
                "As in lake.seed.product_classification.",
                texts(parts.iter().map(|p| p.line.product)),
            ),
            must(
                "billing_cycle",
                "monthly or annual.",
                texts(parts.iter().map(|p| cycle(p.line.annual))),
            ),
            must(
                "billed_amount",
                "Dollars on the invoice line, for its whole period.",
                money(parts.iter().map(|p| p.line.amount_cents), 2)?,
            ),
            must(
                "alloc_amount",
                "Dollars of this month: the billed amount, divided by 12 for annual plans.",
                money(parts.iter().map(|p| p.cents), 2)?,
            ),
        ],
    )
}
