//! Everything that is done with a statement, done.

use townlake_sql::diagnose::diagnose;
use townlake_sql::diff::diff;
use townlake_sql::lineage::lineage;
use townlake_sql::rewrite::expand_stars;
use townlake_sql::{Others, Schema, Session, analyse, bind, mentioned, parse, shape};

/// The longest expression that lineage may write for a short statement.
const LONGEST: usize = 100_000;

/// Reads a text; what is read is followed. Whether it was.
pub fn follow(text: &str) -> bool {
    let session = Session {
        catalog: Some("c".to_owned()),
        schema: Some("s".to_owned()),
        ..Session::default()
    };
    if mentioned(text, &session).error.is_some() {
        return false;
    }
    let Ok(statement) = parse(text, &session) else {
        return false;
    };
    for others in [Others::Unknown, Others::Missing] {
        let bound = bind(&statement, &Schema::new(others), &session);
        let _ = analyse(&bound);
        let _ = expand_stars(&bound, text);
        let _ = diagnose(&bound, text, &["t".to_owned()]);
        let found = lineage(&bound);
        let longest = LONGEST.max(text.len() * 4);
        for output in &found.outputs {
            assert!(
                output.expression.len() <= longest,
                "an output grew without end"
            );
        }
        assert!(
            found.rows.text.len() <= longest,
            "the rows grew without end"
        );
        assert!(diff(&bound, &bound).is_empty(), "it differs from itself");
    }
    shape(text).is_ok()
}
