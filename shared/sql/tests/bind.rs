//! What the binder makes of a statement, case by case: `tests/bound/*.txt`.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod binding {
    pub mod case;
    pub mod check;
    pub mod show;
}

use binding::check::check;
use binding::show::show;
use townlake_sql::{bind, parse};

#[test]
fn statements_are_bound_as_their_cases_say() {
    check("bound", 250, |case| match parse(&case.sql, &case.session) {
        Ok(statement) => show(&bind(&statement, &case.schema, &case.session), &case.sql),
        Err(error) => format!("=> refused: {error}"),
    });
}
