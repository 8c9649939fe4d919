//! The tables agree with each other, and the sums add up to the cent.

use crate::fixture::{AS_OF, LAKE_TABLES, generate};

#[tokio::test]
async fn every_reference_has_its_row() {
    let demo = generate(AS_OF).await;
    let references = [
        (
            "lake.billing.subscriptions",
            "account_id",
            "lake.dim.accounts",
        ),
        ("lake.billing.invoices", "account_id", "lake.dim.accounts"),
        ("lake.billing.usage", "account_id", "lake.dim.accounts"),
        ("lake.edge.zones", "account_id", "lake.dim.accounts"),
        ("files.support.tickets", "account_id", "lake.dim.accounts"),
        (
            "lake.fct.billings_allocated",
            "account_id",
            "lake.dim.accounts",
        ),
        (
            "lake.fct.billings_allocated",
            "customer_id",
            "lake.dim.customers",
        ),
        ("lake.dim.accounts", "customer_id", "lake.dim.customers"),
        (
            "lake.billing.usage",
            "product",
            "lake.seed.product_classification",
        ),
        (
            "lake.billing.invoices",
            "product",
            "lake.seed.product_classification",
        ),
        (
            "lake.billing.subscriptions",
            "product",
            "lake.seed.product_classification",
        ),
        ("lake.edge.domain_ranks", "zone_id", "lake.edge.zones"),
        ("lake.edge.request_samples", "zone_id", "lake.edge.zones"),
    ];
    for (table, column, parent) in references {
        let orphans = demo
            .number(&format!(
                "SELECT count(*) FROM {table} c LEFT ANTI JOIN {parent} p
                 ON c.{column} = p.{column} WHERE c.{column} IS NOT NULL"
            ))
            .await;
        assert_eq!(orphans, 0, "{table}.{column} -> {parent}");
    }
}

#[tokio::test]
async fn every_key_is_unique() {
    let demo = generate(AS_OF).await;
    let keys = [
        ("lake.dim.accounts", "account_id"),
        ("lake.dim.customers", "customer_id"),
        ("lake.seed.product_classification", "product"),
        ("lake.billing.subscriptions", "subscription_id"),
        ("lake.billing.invoices", "invoice_id, line_number"),
        ("lake.billing.usage", "account_id, product, usage_at"),
        ("lake.edge.zones", "zone_id"),
        ("lake.edge.zones", "domain"),
        ("lake.edge.domain_ranks", "rank_date, rank"),
        ("lake.edge.domain_ranks", "rank_date, domain"),
        ("lake.edge.bot_scores", "hour, asn, country"),
        ("lake.edge.request_samples", "ray_id"),
        (
            "lake.fct.billings_allocated",
            "invoice_id, line_number, billing_month",
        ),
        ("files.support.tickets", "ticket_id"),
    ];
    for (table, key) in keys {
        let repeated = demo
            .rows(&format!(
                "SELECT {key}, count(*) FROM {table} GROUP BY {key} HAVING count(*) > 1 LIMIT 3"
            ))
            .await;
        assert!(repeated.is_empty(), "{table} ({key}): {repeated:?}");
    }
}

#[tokio::test]
async fn what_is_allocated_adds_up_to_what_was_billed() {
    let demo = generate(AS_OF).await;
    let billed = demo
        .rows("SELECT sum(amount_usd) FROM lake.billing.invoices")
        .await;
    let allocated = demo
        .rows("SELECT sum(alloc_amount) FROM lake.fct.billings_allocated")
        .await;
    assert_eq!(billed, allocated);
    let wrong = demo
        .number(
            "SELECT count(*) FROM lake.fct.billings_allocated
             WHERE alloc_amount * CASE billing_cycle WHEN 'annual' THEN 12 ELSE 1 END
                   <> billed_amount",
        )
        .await;
    assert_eq!(wrong, 0);
    let annual = demo
        .number("SELECT count(*) FROM lake.billing.invoices WHERE billing_cycle = 'annual'")
        .await;
    assert!(annual > 20, "{annual}");
}

#[tokio::test]
async fn the_usage_of_a_whole_month_is_what_its_invoice_says() {
    let demo = generate(AS_OF).await;
    let months = "SELECT account_id, product, CAST(sum(cost_usd) AS decimal(18, 2)) AS used
                  FROM lake.billing.usage
                  WHERE usage_at >= timestamp '2026-10-01' AND usage_at < timestamp '2026-11-01'
                  GROUP BY account_id, product HAVING sum(cost_usd) >= 0.005";
    let compared = demo
        .rows(&format!(
            "SELECT count(*), count(i.amount_usd),
                 sum(CASE WHEN i.amount_usd <> u.used THEN 1 ELSE 0 END)
             FROM ({months}) u LEFT JOIN lake.billing.invoices i
               ON i.account_id = u.account_id AND i.product = u.product
              AND i.period_start = date '2026-10-01' AND i.billing_cycle = 'monthly'"
        ))
        .await
        .concat();
    let cells: Vec<&str> = compared.split('|').collect();
    assert_eq!(cells[0], cells[1], "months without an invoice: {compared}");
    assert_eq!(cells[2], "0", "{compared}");
    assert!(cells[0].parse::<i64>().unwrap() > 300, "{compared}");
}

#[tokio::test]
async fn customer_types_follow_the_sales_system() {
    let demo = generate(AS_OF).await;
    let types = demo
        .rows("SELECT DISTINCT customer_type FROM lake.dim.accounts ORDER BY 1")
        .await;
    assert_eq!(types, ["contract", "free", "paygo"]);
    let unknown = {
        let script = std::fs::read_to_string(demo.folder.path().join("demo/crm.sql")).unwrap();
        let accounts = script.split("COPY crm.accounts").nth(1).unwrap();
        let accounts = accounts.split("\\.\n").next().unwrap();
        accounts
            .lines()
            .skip(1)
            .map(|line| line.split('\t').collect::<Vec<_>>())
            .filter(|cells| cells[4] == "\\N")
            .map(|cells| cells[0].to_owned())
            .collect::<Vec<_>>()
    };
    assert!(unknown.len() > 5, "{}", unknown.len());
    let paygo = demo
        .number(&format!(
            "SELECT count(*) FROM lake.dim.accounts
             WHERE customer_type = 'paygo' AND account_id IN ({})",
            unknown.join(", ")
        ))
        .await;
    assert_eq!(usize::try_from(paygo).unwrap(), unknown.len());
    let internal = demo
        .number("SELECT count(*) FROM lake.dim.accounts WHERE is_internal")
        .await;
    assert_eq!(internal, 6);
}

#[tokio::test]
async fn every_table_says_how_exact_and_how_fresh_it_is() {
    let demo = generate(AS_OF).await;
    let home = demo.folder.path();
    let warehouse =
        townlake_lake::Warehouse::open("lake", &home.join("warehouse"), &home.join("lake.db"))
            .await
            .unwrap();
    let bracket = regex::Regex::new(r"\. \[(exact|sampled 1:\d+), [a-z0-9 ]+\]$").unwrap();
    let mut tables = Vec::new();
    for namespace in warehouse.namespaces().await.unwrap() {
        for name in warehouse.tables(&namespace).await.unwrap() {
            let table = warehouse.table(&namespace, &name).await.unwrap().unwrap();
            let comment = table.comment().unwrap();
            assert!(bracket.is_match(comment), "{namespace}.{name}: {comment}");
            let as_of = chrono::DateTime::parse_from_rfc3339(AS_OF).unwrap();
            assert_eq!(table.committed_at_ms(), Some(as_of.timestamp_millis()));
            tables.push(format!("lake.{namespace}.{name}"));
        }
    }
    assert_eq!(tables, LAKE_TABLES);
    let script = std::fs::read_to_string(home.join("demo/crm.sql")).unwrap();
    let commented = script
        .lines()
        .filter(|line| line.starts_with("COMMENT ON TABLE"))
        .filter(|line| line.ends_with(". [exact, live]';"))
        .count();
    assert_eq!(commented, 3);

    use datafusion::parquet::file::reader::{FileReader, SerializedFileReader};
    for file in std::fs::read_dir(home.join("files/support/tickets")).unwrap() {
        let file = std::fs::File::open(file.unwrap().path()).unwrap();
        let reader = SerializedFileReader::new(file).unwrap();
        let footer = reader.metadata().file_metadata().key_value_metadata();
        let comment = footer.unwrap().iter().find(|kv| kv.key == "comment");
        assert!(bracket.is_match(comment.unwrap().value.as_deref().unwrap()));
    }
}
