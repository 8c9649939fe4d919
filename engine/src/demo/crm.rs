//! The schema `crm` in Postgres: the sales system's accounts, customers and contacts.

use std::fmt::Write as _;

use futures::SinkExt;
use tokio_postgres::{Client, NoTls};

use super::calendar::{micros, postgres_moment};
use super::company::Company;
use super::people::Contact;

/// Tables, constraints and comments. Types are plain ones that every client maps alike.
const SCHEMA: &str = "
DROP SCHEMA IF EXISTS crm CASCADE;
CREATE SCHEMA crm;
COMMENT ON SCHEMA crm IS 'The sales system.';

CREATE TABLE crm.customers (
    customer_id bigint PRIMARY KEY,
    name text NOT NULL,
    domain text NOT NULL,
    industry text NOT NULL,
    country text NOT NULL,
    region text NOT NULL,
    created_at timestamptz NOT NULL
);
COMMENT ON TABLE crm.customers IS 'One row per customer, the legal entity. [exact, live]';
COMMENT ON COLUMN crm.customers.domain IS 'The customer''s main domain.';
COMMENT ON COLUMN crm.customers.country IS 'ISO 3166 code.';
COMMENT ON COLUMN crm.customers.region IS 'AMER, EMEA or APAC.';

CREATE TABLE crm.accounts (
    account_id bigint PRIMARY KEY,
    customer_id bigint NOT NULL REFERENCES crm.customers,
    name text NOT NULL,
    plan text NOT NULL,
    contract_type text,
    monthly_value_usd numeric(12,2),
    external_ref text NOT NULL,
    is_internal boolean NOT NULL,
    created_at timestamptz NOT NULL
);
CREATE INDEX ON crm.accounts (customer_id);
COMMENT ON TABLE crm.accounts IS 'One row per account as sales sees it. [exact, live]';
COMMENT ON COLUMN crm.accounts.contract_type IS 'contract, paygo or free; empty when nobody entered it.';
COMMENT ON COLUMN crm.accounts.monthly_value_usd IS 'What the subscription comes to in a month, without usage; empty on the free plan.';
COMMENT ON COLUMN crm.accounts.external_ref IS 'The account''s key in the order system.';
COMMENT ON COLUMN crm.accounts.is_internal IS 'The company''s own account.';

CREATE TABLE crm.contacts (
    contact_id bigint PRIMARY KEY,
    account_id bigint NOT NULL REFERENCES crm.accounts,
    full_name text NOT NULL,
    email text NOT NULL UNIQUE,
    phone text,
    role text NOT NULL,
    signup_ip text NOT NULL,
    api_ip text,
    newsletter boolean NOT NULL,
    created_at timestamptz NOT NULL,
    last_login_at timestamptz
);
CREATE INDEX ON crm.contacts (account_id);
COMMENT ON TABLE crm.contacts IS 'One row per person who acts for an account. [exact, live]';
COMMENT ON COLUMN crm.contacts.role IS 'billing, technical, owner, security, procurement or developer.';
COMMENT ON COLUMN crm.contacts.signup_ip IS 'Where the person signed up from.';
COMMENT ON COLUMN crm.contacts.api_ip IS 'Where the person''s scripts call the API from, if they do.';
";

/// A table's rows in the text format of COPY.
pub struct CopyTable {
    /// `crm.contacts`.
    pub name: &'static str,
    /// The COPY statement's columns.
    columns: &'static str,
    /// One line per row.
    pub lines: String,
    pub rows: usize,
}

/// Why the schema could not be loaded.
#[derive(Debug, thiserror::Error)]
pub enum CrmError {
    /// The server refused something. The URL, which holds a password, is never part of the text.
    #[error("postgres: {0}")]
    Postgres(#[from] tokio_postgres::Error),
}

/// The rows of all tables, in an order that satisfies the foreign keys.
pub fn tables(company: &Company, contacts: &[Contact]) -> Vec<CopyTable> {
    vec![customers(company), accounts(company), people(contacts)]
}

/// Drops and loads the schema in one transaction: others see the old one or the new one.
pub async fn load(url: &str, tables: &[CopyTable]) -> Result<(), CrmError> {
    let (mut client, connection) = tokio_postgres::connect(url, NoTls).await?;
    // It ends by itself when the client is dropped; what goes wrong in it fails the client's calls.
    let connection = tokio::spawn(connection);
    load_with(&mut client, tables).await?;
    drop(client);
    let _ended = connection.await;
    Ok(())
}

async fn load_with(client: &mut Client, tables: &[CopyTable]) -> Result<(), CrmError> {
    let transaction = client.transaction().await?;
    transaction.batch_execute(SCHEMA).await?;
    for table in tables {
        let statement = format!("COPY {} ({}) FROM STDIN", table.name, table.columns);
        let sink = transaction.copy_in::<str, bytes::Bytes>(&statement).await?;
        let mut sink = std::pin::pin!(sink);
        sink.send(bytes::Bytes::from(table.lines.clone())).await?;
        sink.finish().await?;
    }
    transaction
        .batch_execute("ANALYZE crm.customers, crm.accounts, crm.contacts")
        .await?;
    transaction.commit().await?;
    Ok(())
}

/// Whether the schema is there with that many contacts.
pub async fn is_loaded(url: &str, contacts: u64) -> Result<bool, CrmError> {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await?;
    let connection = tokio::spawn(connection);
    let there: bool = client
        .query_one("SELECT to_regclass('crm.contacts') IS NOT NULL", &[])
        .await?
        .try_get(0)?;
    let complete = if there {
        let count: i64 = client
            .query_one("SELECT count(*) FROM crm.contacts", &[])
            .await?
            .try_get(0)?;
        u64::try_from(count) == Ok(contacts)
    } else {
        false
    };
    drop(client);
    let _ended = connection.await;
    Ok(complete)
}

/// The whole load as a script for `psql`.
pub fn script(tables: &[CopyTable]) -> String {
    let mut script = format!("BEGIN;\n{SCHEMA}");
    for table in tables {
        let (name, columns) = (table.name, table.columns);
        // Writing to a string cannot fail.
        let _ = write!(
            script,
            "\nCOPY {name} ({columns}) FROM stdin;\n{}\\.\n",
            table.lines
        );
    }
    script.push_str("COMMIT;\n");
    script
}

fn customers(company: &Company) -> CopyTable {
    let mut lines = Lines::default();
    for customer in &company.customers {
        lines.row(&[
            Some(&customer.id.to_string()),
            Some(&customer.name),
            Some(&customer.domain),
            Some(customer.industry),
            Some(customer.country.code),
            Some(customer.country.region),
            Some(&postgres_moment(micros(customer.created_on))),
        ]);
    }
    lines.into_table(
        "crm.customers",
        "customer_id, name, domain, industry, country, region, created_at",
    )
}

fn accounts(company: &Company) -> CopyTable {
    let mut value = vec![None; company.accounts.len()];
    for subscription in &company.subscriptions {
        if let Some(value) = value.get_mut(subscription.account) {
            let months = if subscription.annual { 12 } else { 1 };
            *value = Some(subscription.price_cents / months);
        }
    }
    let mut lines = Lines::default();
    for (index, (account, value)) in company.accounts.iter().zip(value).enumerate() {
        let Some(customer) = company.customer_of(account) else {
            continue;
        };
        let reference = company.seed.cell(&[6, index as u64]);
        lines.row(&[
            Some(&account.id.to_string()),
            Some(&customer.id.to_string()),
            Some(&account.name),
            Some(account.plan.name()),
            account.terms.known(),
            value
                .map(|cents| format!("{}.{:02}", cents / 100, cents % 100))
                .as_deref(),
            Some(&format!("ORD-{reference:016X}")),
            Some(if account.internal { "t" } else { "f" }),
            Some(&postgres_moment(micros(account.created_on))),
        ]);
    }
    lines.into_table(
        "crm.accounts",
        "account_id, customer_id, name, plan, contract_type, monthly_value_usd, external_ref, \
         is_internal, created_at",
    )
}

fn people(contacts: &[Contact]) -> CopyTable {
    let mut lines = Lines::default();
    for contact in contacts {
        lines.row(&[
            Some(&contact.id.to_string()),
            Some(&contact.account_id.to_string()),
            Some(&contact.full_name),
            Some(&contact.email),
            contact.phone.as_deref(),
            Some(contact.role),
            Some(&contact.signup_ip),
            contact.api_ip.as_deref(),
            Some(if contact.newsletter { "t" } else { "f" }),
            Some(&postgres_moment(contact.created_at_micros)),
            contact.last_login_at_micros.map(postgres_moment).as_deref(),
        ]);
    }
    lines.into_table(
        "crm.contacts",
        "contact_id, account_id, full_name, email, phone, role, signup_ip, api_ip, newsletter, \
         created_at, last_login_at",
    )
}

/// Rows in the text format of COPY: tabs between, `\N` for null, backslashes before specials.
#[derive(Default)]
struct Lines {
    text: String,
    rows: usize,
}

impl Lines {
    fn row(&mut self, values: &[Option<&str>]) {
        for (index, value) in values.iter().enumerate() {
            if index > 0 {
                self.text.push('\t');
            }
            match value {
                None => self.text.push_str("\\N"),
                Some(value) => {
                    for c in value.chars() {
                        match c {
                            '\\' => self.text.push_str("\\\\"),
                            '\t' => self.text.push_str("\\t"),
                            '\n' => self.text.push_str("\\n"),
                            '\r' => self.text.push_str("\\r"),
                            other => self.text.push(other),
                        }
                    }
                }
            }
        }
        self.text.push('\n');
        self.rows += 1;
    }

    fn into_table(self, name: &'static str, columns: &'static str) -> CopyTable {
        CopyTable {
            name,
            columns,
            lines: self.text,
            rows: self.rows,
        }
    }
}
