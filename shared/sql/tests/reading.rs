//! What is read of a statement, case by case: `tests/cases/*.txt`.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

#[path = "binding/case.rs"]
mod case;
#[path = "binding/check.rs"]
mod check;

use std::fmt::Write as _;

use check::check;
use townlake_sql::{Access, ReadError, Reading, Statement, read};

#[test]
fn statements_are_read_as_their_cases_say() {
    check("cases", 470, |case| {
        assert_eq!(
            case.schema.tables().count(),
            0,
            "{}: no table is asked for",
            case.rule
        );
        describe(&read(&case.sql, &case.session))
    });
}

fn describe(result: &Result<Reading, ReadError>) -> String {
    match result {
        Ok(reading) => {
            let mut text = format!("=> {}", name_of(&reading.statement));
            for used in &reading.tables {
                let access = match used.access {
                    Access::Metadata => "shows",
                    Access::Read => "reads",
                    Access::Write => "writes",
                    Access::Define => "defines",
                };
                write!(
                    text,
                    "\n=> {access} {} at {}:{}",
                    used.table, used.at.line, used.at.column
                )
                .unwrap();
            }
            for used in &reading.table_functions {
                write!(
                    text,
                    "\n=> calls {} at {}:{}",
                    used.name.join("."),
                    used.at.line,
                    used.at.column
                )
                .unwrap();
            }
            text
        }
        Err(error) => match error.at() {
            Some(at) => format!("=> refused at {}:{}: {error}", at.line, at.column),
            None => format!("=> refused: {error}"),
        },
    }
}

fn name_of(statement: &Statement) -> String {
    match statement {
        Statement::Explain { analyze, of } => {
            format!(
                "explain{} {}",
                if *analyze { " analyze" } else { "" },
                name_of(of)
            )
        }
        Statement::Prepare { name, of } => format!("prepare {name}: {}", name_of(of)),
        Statement::Execute { name, of } => format!("execute {name}: {}", name_of(of)),
        Statement::ExecuteImmediate { of } => format!("execute immediate: {}", name_of(of)),
        Statement::DescribePrepared { name, of } => {
            format!("describe prepared {name}: {}", name_of(of))
        }
        other => format!("{other:?}"),
    }
}
