//! Every case of a folder, compared with what it says.

use std::fmt::Write;
use std::path::Path;

use super::case::{Case, cases};

/// Compares what `show` makes of each case in `tests/FOLDER/*.txt` with what the case expects. There have to be at least
/// so many.
pub fn check(folder: &str, least: usize, show: impl Fn(&Case) -> String) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests")
        .join(folder);
    let mut files: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    files.sort();
    let mut failures = String::new();
    let mut count = 0;
    for case in files
        .iter()
        .flat_map(|file| cases(&std::fs::read_to_string(file).unwrap()))
    {
        count += 1;
        let actual = show(&case);
        if actual != case.expected {
            let Case {
                rule,
                sql,
                expected,
                ..
            } = &case;
            writeln!(
                failures,
                "# {rule}\n{sql}\n{actual}\nexpected\n{expected}\n"
            )
            .unwrap();
        }
    }
    assert!(count >= least, "only {count} cases were found");
    assert!(failures.is_empty(), "\n{failures}");
}
