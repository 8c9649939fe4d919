//! Whether a statement may go to the engine, and if not, why and what to do about it.
//!
//! The engine enforces the same policy by itself. What is decided here besides: statements that change who asks or
//! pass by the policy, and the words of a refusal.

use std::collections::BTreeSet;

use townlake_core::advice::{Advice, Span};
use townlake_core::names::{TableRef, UserName};
use townlake_core::policy::evaluate::{Asker, Visibility, access, accessible_tables, is_metadata};
use townlake_core::policy::explain::{refusal, write_refusal};
use townlake_core::policy::model::{Model, Privilege};
use townlake_core::time::Timestamp;
use townlake_protocol::trino::ErrorCode;
use townlake_sql::statement::{Show, Write};
use townlake_sql::{Access, ReadError, Reading, Statement, TableUse, nearest};

use super::answer::Refused;

/// Table functions that read nothing but their arguments. All others bring rows from somewhere, by the policy.
const HARMLESS_FUNCTIONS: [&str; 4] = [
    "sequence",
    "exclude_columns",
    "system.builtin.sequence",
    "system.builtin.exclude_columns",
];

/// What is defined under the policy's rule for the table or view that is named. All other definitions are refused.
const GOVERNED_DEFINITIONS: [&str; 10] = [
    "CREATE TABLE",
    "CREATE VIEW",
    "CREATE MATERIALIZED VIEW",
    "DROP TABLE",
    "DROP VIEW",
    "DROP MATERIALIZED VIEW",
    "ALTER TABLE",
    "ALTER VIEW",
    "ALTER MATERIALIZED VIEW",
    "COMMENT",
];

/// Who asks, of which policy, when, and where the links go.
#[derive(Debug, Clone, Copy)]
pub struct Question<'a> {
    /// The policy.
    pub model: &'a Model,
    /// Who asks.
    pub asker: Asker<'a>,
    /// When.
    pub now: Timestamp,
    /// The platform's address.
    pub public_url: &'a str,
}

/// The tables that the statement reads or writes, each once.
///
/// # Errors
/// The first thing in the statement that the caller may not do.
pub fn check(question: Question<'_>, reading: &Reading) -> Result<BTreeSet<TableRef>, Refused> {
    check_statement(reading.statement.innermost(), question.public_url)?;
    for function in &reading.table_functions {
        let name = function.name.join(".");
        if !HARMLESS_FUNCTIONS.contains(&name.as_str()) {
            let advice = Advice::new(
                "table_function_denied",
                format!("the table function `{name}` cannot be used"),
                "it brings rows past the policy's masks and filters",
            )
            .with_hint("select from the tables themselves");
            return Err(denied(advice.at(function.at)));
        }
    }
    let mut tables = BTreeSet::new();
    for used in &reading.tables {
        check_table(question, reading.statement.innermost(), used)?;
        if used.access >= Access::Read && !is_metadata(&used.table) {
            tables.insert(used.table.clone());
        }
    }
    Ok(tables)
}

fn check_statement(statement: &Statement, public_url: &str) -> Result<(), Refused> {
    let advice = match statement {
        Statement::Define { verb } if GOVERNED_DEFINITIONS.contains(&verb.as_str()) => {
            return Ok(());
        }
        Statement::Define { verb } => ungoverned(verb, public_url),
        Statement::Show(Show::GrantsOn(kind)) => {
            ungoverned(&format!("SHOW GRANTS ON {kind}"), public_url)
        }
        Statement::Become => Advice::new(
            "become_denied",
            "a session cannot become another user or role",
            "whose rights apply is decided by the credential alone",
        )
        .with_hint(
            "open a PII session to see what a mask hides, or connect with another credential",
        ),
        Statement::Call { procedure } => Advice::new(
            "procedure_denied",
            format!("the procedure `{procedure}` cannot be called"),
            "procedures of the engine are not governed by the policy",
        )
        .with_hint("ask whoever runs the platform to do it"),
        _ => return Ok(()),
    };
    Err(denied(advice))
}

/// Why something is not defined here that no rule of the policy is about, and what to do instead.
fn ungoverned(verb: &str, public_url: &str) -> Advice {
    let refused = |code, detail| Advice::new(code, format!("{verb} is not allowed"), detail);
    if verb.ends_with("FUNCTION") {
        return refused(
            "function_denied",
            "functions are made and removed by whoever runs the platform",
        )
        .with_hint("ask them, or write the expression where it is used");
    }
    if verb == "SET AUTHORIZATION" {
        return refused(
            "authorization_denied",
            "whose rights apply is decided by the rules in Lifeguard, not by who owns what in the engine",
        )
        .with_hint("ask whoever runs the platform for the privilege that is missing");
    }
    let of_access = ["GRANT", "REVOKE", "DENY", "SHOW GRANTS"];
    if verb.ends_with("ROLE") || of_access.iter().any(|word| verb.starts_with(word)) {
        return refused(
            "grant_denied",
            "who may do what is decided by the rules in Lifeguard, not by grants and roles of the engine",
        )
        .with_link("ask for access", format!("{public_url}/requests/new"));
    }
    let (code, detail) = if verb.ends_with("SCHEMA") {
        (
            "schema_denied",
            "schemas are made and removed by whoever runs the platform",
        )
    } else if verb.ends_with("CATALOG") {
        (
            "catalog_denied",
            "catalogs are connected and removed by whoever runs the platform",
        )
    } else {
        (
            "definition_denied",
            "the policy has no rule for it, so it is left to whoever runs the platform",
        )
    };
    refused(code, detail).with_hint("ask them to do it")
}

fn check_table(
    question: Question<'_>,
    statement: &Statement,
    used: &TableUse,
) -> Result<(), Refused> {
    let Question {
        model, asker, now, ..
    } = question;
    let TableUse {
        table,
        access: wanted,
        at,
    } = used;
    // A program that reads everything also reads what the last snapshot does not have yet.
    if model.may_scan(asker.user) && is_metadata(table) {
        return Ok(());
    }
    let found = access(model, asker, table, now);
    if found.visibility == Visibility::Absent {
        return Err(unknown(question, table, *at));
    }
    let missing = match wanted {
        // The engine shows of a definition what its reader may see.
        Access::Metadata => None,
        Access::Read => refusal(model, asker, table, &[], now),
        Access::Write => privileges(statement)
            .iter()
            .find_map(|privilege| write_refusal(model, asker, table, *privilege, now)),
        Access::Define => write_refusal(model, asker, table, Privilege::Own, now),
    };
    match missing {
        None => Ok(()),
        Some(missing) => Err(denied(missing.to_advice(question.public_url).at(*at))),
    }
}

/// What it takes to write in this way.
const fn privileges(statement: &Statement) -> &'static [Privilege] {
    match statement {
        Statement::Write(Write::Insert | Write::Analyze) => &[Privilege::Insert],
        Statement::Write(Write::Update) => &[Privilege::Update],
        Statement::Write(Write::Delete | Write::Truncate) => &[Privilege::Delete],
        Statement::Write(Write::Merge) => {
            &[Privilege::Insert, Privilege::Update, Privilege::Delete]
        }
        _ => &[Privilege::Own],
    }
}

/// A table that is not there, or must look so. Only names that the caller may know of anyway are suggested.
fn unknown(question: Question<'_>, table: &TableRef, at: Span) -> Refused {
    let Question {
        model, asker, now, ..
    } = question;
    let visible: Vec<TableRef> = accessible_tables(model, asker, now)
        .into_iter()
        .map(|found| found.table)
        .collect();
    let catalogs: BTreeSet<&str> = visible.iter().map(|table| table.catalog.as_str()).collect();
    let schemas: BTreeSet<&str> = visible
        .iter()
        .filter(|known| known.catalog == table.catalog)
        .map(|table| table.schema.as_str())
        .collect();
    let (code, what, name, known) =
        if !catalogs.contains(table.catalog.as_str()) && table.catalog != "system" {
            (
                ErrorCode::CatalogNotFound,
                "catalog",
                table.catalog.clone(),
                catalogs.into_iter().map(str::to_owned).collect(),
            )
        } else if !schemas.contains(table.schema.as_str()) && table.schema != "information_schema" {
            let known = schemas
                .into_iter()
                .map(|schema| format!("{}.{schema}", table.catalog))
                .collect();
            (
                ErrorCode::SchemaNotFound,
                "schema",
                format!("{}.{}", table.catalog, table.schema),
                known,
            )
        } else {
            let known = visible.iter().map(ToString::to_string).collect::<Vec<_>>();
            (ErrorCode::TableNotFound, "table", table.to_string(), known)
        };
    let advice = Advice::new(
        &format!("{what}_not_found"),
        format!("{what} `{name}` does not exist"),
        format!("there is no {what} of that name that you may know of"),
    );
    let known: Vec<String> = known;
    let advice = match nearest(&name, known.iter().map(String::as_str)).first() {
        Some(near) => advice.with_hint(format!("did you mean `{near}`?")),
        None => advice.with_hint("`SHOW TABLES` lists what there is"),
    };
    Refused::new(code, advice.at(at))
}

/// Why a text was not read.
pub fn unreadable(error: &ReadError) -> Refused {
    let (code, advice_code) = match error {
        ReadError::MissingCatalog { .. } => (ErrorCode::MissingCatalogName, "catalog_missing"),
        ReadError::MissingSchema { .. } => (ErrorCode::MissingSchemaName, "schema_missing"),
        ReadError::TooLong { .. } => (ErrorCode::QueryTextTooLarge, "statement_too_long"),
        ReadError::NotPrepared { .. } => (ErrorCode::NotFound, "statement_not_prepared"),
        ReadError::NotUnderstood { .. } => (ErrorCode::NotSupported, "statement_not_understood"),
        ReadError::Empty
        | ReadError::Syntax { .. }
        | ReadError::Several { .. }
        | ReadError::TooDeep { .. } => (ErrorCode::SyntaxError, "syntax_error"),
    };
    let detail = match error {
        ReadError::NotUnderstood { .. } => {
            "what the gateway cannot read to its end, it does not let through"
        }
        _ => "nothing was run",
    };
    let mut advice = Advice::new(advice_code, error.to_string(), detail);
    advice.span = error.at();
    Refused::new(code, advice)
}

/// Who has no PII session of that name, or no longer.
pub fn no_session(id: &str, user: &UserName, model: &Model, public_url: &str) -> Refused {
    let own = model
        .pii_session(&id.into())
        .filter(|session| &session.user == user);
    let advice = match own {
        Some(session) => Advice::new(
            "pii_session_over",
            format!("the PII session `{id}` is over"),
            format!(
                "it ended at {}, or the permission behind it did",
                session.expires_at
            ),
        ),
        // Of other people's sessions nothing is told, not even that they exist.
        None => Advice::new(
            "pii_session_unknown",
            format!("there is no PII session `{id}` of yours"),
            "it never was, or it has been over for a while",
        ),
    }
    .with_hint("`RESET SESSION pii_session` goes on with masks")
    .with_link("open a new one", format!("{public_url}/"));
    Refused::new(ErrorCode::InvalidSessionProperty, advice)
}

fn denied(advice: Advice) -> Refused {
    Refused::new(ErrorCode::PermissionDenied, advice)
}
