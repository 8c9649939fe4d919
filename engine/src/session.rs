//! What a request says about itself, and what a statement may take from it.

use std::collections::BTreeMap;

use datafusion::common::ScalarValue;
use sqlparser::ast::Ident;
use townlake_core::names::TableRef;
use townlake_protocol::trino::ErrorCode;
use townlake_sql::types::Type;

use crate::bind::Typed;
use crate::convert;
use crate::error::{Failure, Result};
use crate::temporal::DAY_NANOS;
use crate::zone::SessionZone;

/// A client's session, as one statement sees it.
#[derive(Debug, Clone)]
pub struct Session {
    /// Whose rights apply.
    pub user: String,
    /// Who logged in.
    pub original_user: String,
    /// The subject of the credential.
    pub principal: String,
    /// The program that asks.
    pub source: Option<String>,
    /// The catalog of unqualified names.
    pub catalog: Option<String>,
    /// The schema of unqualified names.
    pub schema: Option<String>,
    /// The zone in which times without one are read.
    pub zone: SessionZone,
    /// When the statement came, nanoseconds since 1970: every `now()` in it is this.
    pub start: i128,
    /// Prepared statements by name.
    pub prepared: BTreeMap<String, String>,
    /// Session properties by name.
    pub properties: BTreeMap<String, String>,
    /// Whether the client knows the digits of times.
    pub parametric_datetime: bool,
}

impl Session {
    /// `current_timestamp`
    pub fn now(&self, precision: u8) -> Typed {
        let micros = convert::from_nanos(floor(self.start), precision).unwrap_or(0);
        Typed::literal(
            ScalarValue::TimestampMicrosecond(Some(micros), Some("UTC".into())),
            Type::TimestampTz(precision),
        )
        .shown_in(Some(self.zone))
    }

    /// `localtimestamp`
    pub fn local_now(&self, precision: u8) -> Typed {
        let micros = convert::from_nanos(self.local(), precision).unwrap_or(0);
        Typed::literal(
            ScalarValue::TimestampMicrosecond(Some(micros), None),
            Type::Timestamp(precision),
        )
    }

    /// `current_date`
    pub fn today(&self) -> Typed {
        let days = i32::try_from(self.local().div_euclid(DAY_NANOS)).unwrap_or(0);
        Typed::literal(ScalarValue::Date32(Some(days)), Type::Date)
    }

    fn local(&self) -> i128 {
        let start = floor(self.start);
        start + i128::from(self.zone.offset_seconds_at_instant(start)) * 1_000_000_000
    }
}

/// Whole milliseconds: what Trino's clock gives to three digits.
fn floor(nanos: i128) -> i128 {
    nanos.div_euclid(1_000_000) * 1_000_000
}

/// A table's full name from one to three parts.
///
/// # Errors
/// Parts are missing that the session does not have either.
pub fn resolve_table(parts: &[String], session: &Session) -> Result<TableRef> {
    let catalog = || {
        session.catalog.as_deref().ok_or_else(|| {
            Failure::new(
                ErrorCode::MissingCatalogName,
                "Catalog must be specified when session catalog is not set",
            )
        })
    };
    match parts {
        [table] => {
            let schema = session.schema.as_deref().ok_or_else(|| {
                Failure::new(
                    ErrorCode::MissingSchemaName,
                    "Schema must be specified when session schema is not set",
                )
            })?;
            Ok(TableRef::new(catalog()?, schema, table))
        }
        [schema, table] => Ok(TableRef::new(catalog()?, schema, table)),
        [catalog, schema, table] => Ok(TableRef::new(catalog, schema, table)),
        _ => Err(Failure::new(
            ErrorCode::SyntaxError,
            format!("Too many dots in table name: {}", parts.join(".")),
        )),
    }
}

/// An identifier as text, for names of sessions and statements.
pub fn plain(ident: &Ident) -> String {
    ident.value.clone()
}
