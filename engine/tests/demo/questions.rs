//! The questions that the demo is for have sensible answers, whatever the day.

use crate::fixture::{AS_OF, generate};

/// Days on which dates go wrong, if they do: a new year's first minutes, a leap day, and a usual one.
const DAYS: [&str; 3] = [AS_OF, "2027-01-01T00:03:00Z", "2028-02-29T23:59:00Z"];

#[tokio::test]
async fn the_top_100_customers_by_revenue_last_quarter() {
    for as_of in DAYS {
        let demo = generate(as_of).await;
        let rows = demo
            .rows(&format!(
                "SELECT c.customer_name, sum(b.alloc_amount) AS revenue
                 FROM lake.fct.billings_allocated b
                 JOIN lake.dim.customers c ON c.customer_id = b.customer_id
                 WHERE NOT c.is_internal
                   AND b.billing_month >= date_trunc('quarter', timestamp '{as_of}') - interval '3' month
                   AND b.billing_month < date_trunc('quarter', timestamp '{as_of}')
                 GROUP BY c.customer_id, c.customer_name ORDER BY revenue DESC LIMIT 100"
            ))
            .await;
        assert_eq!(rows.len(), 100, "{as_of}");
        let revenue = |row: &String| row.rsplit('|').next().unwrap().parse::<f64>().unwrap();
        assert!(revenue(&rows[0]) > 10_000.0, "{as_of}: {}", rows[0]);
        assert!(revenue(&rows[99]) > 1.0, "{as_of}: {}", rows[99]);
    }
}

#[tokio::test]
async fn the_domains_that_signed_up_today_and_are_in_the_top_100() {
    for as_of in DAYS {
        let demo = generate(as_of).await;
        let count = demo
            .number(&format!(
                "SELECT count(*) FROM lake.edge.zones z
                 JOIN lake.edge.domain_ranks r ON r.domain = z.domain
                 WHERE z.signed_up_on = date '{as_of}' AND r.rank_date = date '{as_of}'
                   AND r.rank <= 100",
            ))
            .await;
        assert_eq!(count, 4, "{as_of}");
    }
}

#[tokio::test]
async fn the_bot_scores_over_0_9_in_the_last_48_hours_are_of_one_network() {
    for as_of in DAYS {
        let demo = generate(as_of).await;
        let rows = demo
            .rows(&format!(
                "SELECT asn, network, count(*) FROM lake.edge.bot_scores
                 WHERE bot_score > 0.9 AND hour > timestamp '{as_of}' - interval '48' hour
                 GROUP BY asn, network",
            ))
            .await;
        assert_eq!(rows, ["64500|Quiet Harbor Hosting|96"], "{as_of}");
    }
}

#[tokio::test]
async fn the_100_billing_tickets_of_customers_who_spent_over_100_dollars() {
    for as_of in DAYS {
        let demo = generate(as_of).await;
        let rows = demo
            .rows(
                "SELECT t.ticket_id, t.subject FROM files.support.tickets t
                 WHERE t.category = 'billing' AND t.account_id IN (
                     SELECT account_id FROM lake.fct.billings_allocated
                     GROUP BY account_id HAVING sum(alloc_amount) > 100)
                 ORDER BY t.created_at DESC LIMIT 100",
            )
            .await;
        assert_eq!(rows.len(), 100, "{as_of}");
    }
}

#[tokio::test]
async fn the_10_customers_with_the_highest_r2_storage_cost_and_the_change() {
    for as_of in DAYS {
        let demo = generate(as_of).await;
        let rows = demo
            .rows(&format!(
                "WITH windows AS (
                     SELECT a.customer_id,
                         sum(CASE WHEN u.usage_at >= timestamp '{as_of}' - interval '30' day
                             THEN u.cost_usd END) AS now_usd,
                         sum(CASE WHEN u.usage_at < timestamp '{as_of}' - interval '30' day
                             THEN u.cost_usd END) AS before_usd
                     FROM lake.billing.usage u
                     JOIN lake.dim.accounts a ON a.account_id = u.account_id
                     WHERE u.product = 'r2_storage' AND NOT a.is_internal
                       AND u.usage_at >= timestamp '{as_of}' - interval '60' day
                     GROUP BY a.customer_id)
                 SELECT customer_id, CAST(now_usd AS double) AS now_30, CAST(before_usd AS double) AS before_30
                 FROM windows WHERE now_usd IS NOT NULL ORDER BY now_30 DESC LIMIT 10",
            ))
            .await;
        assert_eq!(rows.len(), 10, "{as_of}");
        let mut changes = 0;
        for row in &rows {
            let cells: Vec<f64> = row
                .split('|')
                .map(|cell| cell.parse().unwrap_or(0.0))
                .collect();
            assert!(cells[1] > 1.0, "{as_of}: {row}");
            changes += usize::from((cells[1] / cells[2].max(0.01) - 1.0).abs() > 0.01);
        }
        assert!(changes >= 5, "{as_of}: {rows:?}");
    }
}

#[tokio::test]
async fn no_moment_lies_in_the_future() {
    for as_of in DAYS {
        let demo = generate(as_of).await;
        for (table, column) in [
            ("lake.billing.usage", "usage_at"),
            ("lake.billing.invoices", "issued_at"),
            ("lake.edge.zones", "signed_up_at"),
            ("lake.edge.bot_scores", "hour"),
            ("lake.edge.request_samples", "sampled_at"),
            ("files.support.tickets", "created_at"),
            ("files.support.tickets", "closed_at"),
        ] {
            let late = demo
                .number(&format!(
                    "SELECT count(*) FROM {table} WHERE {column} > timestamp '{as_of}'"
                ))
                .await;
            assert_eq!(late, 0, "{as_of}: {table}.{column}");
        }
    }
}
