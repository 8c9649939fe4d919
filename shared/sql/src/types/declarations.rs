//! Tables of declarations: each line is read when its name is first asked for, and kept.

use std::collections::HashMap;
use std::sync::OnceLock;

use super::signature::{Signature, signature};

/// The declarations of a table, by name.
pub(super) struct Declarations {
    by_name: HashMap<&'static str, Group>,
}

/// The declarations of one name.
#[derive(Default)]
struct Group {
    lines: Vec<&'static str>,
    read: OnceLock<Vec<Signature>>,
}

impl Declarations {
    /// A table: name, arguments, result and notes, with tabs between them.
    pub(super) fn of(table: &'static str) -> Self {
        let mut by_name: HashMap<&'static str, Group> = HashMap::new();
        for line in table.lines().filter(|line| !line.starts_with('#')) {
            if let Some((name, _)) = line.split_once('\t') {
                by_name.entry(name).or_default().lines.push(line);
            }
        }
        Self { by_name }
    }

    /// The declarations of a name.
    pub(super) fn named(&self, name: &str) -> &[Signature] {
        let Some(group) = self.by_name.get(name) else {
            return &[];
        };
        group.read.get_or_init(|| {
            let lines = group.lines.iter();
            lines.filter_map(|line| signature(line)).collect()
        })
    }
}
