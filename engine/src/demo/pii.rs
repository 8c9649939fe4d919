//! Where the demo holds personal data: the key to score Skimmer with.

use serde::Serialize;

/// A column with personal data.
#[derive(Debug, Clone, Copy, Serialize, PartialEq, Eq)]
pub struct Placement {
    /// `catalog.schema.table`.
    pub table: &'static str,
    /// The column's name.
    pub column: &'static str,
    /// The class, as Skimmer calls it.
    pub class: &'static str,
}

const fn placement(table: &'static str, column: &'static str, class: &'static str) -> Placement {
    Placement {
        table,
        column,
        class,
    }
}

/// Every column that holds personal data; all others hold none.
pub const PLACEMENTS: &[Placement] = &[
    placement("postgres.crm.contacts", "full_name", "person_name"),
    placement("postgres.crm.contacts", "email", "email"),
    placement("postgres.crm.contacts", "phone", "phone"),
    placement("postgres.crm.contacts", "signup_ip", "ipv4"),
    placement("postgres.crm.contacts", "api_ip", "ipv6"),
    placement("files.support.tickets", "body", "free_text"),
    placement("lake.edge.request_samples", "client_ip", "ipv4"),
];

/// The tables that analysts may read from the start, once their columns are reviewed.
pub const MARTS: &[&str] = &[
    "lake.dim.accounts",
    "lake.dim.customers",
    "lake.seed.product_classification",
    "lake.fct.billings_allocated",
];
