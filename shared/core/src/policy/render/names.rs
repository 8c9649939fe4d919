//! Names as patterns, and the names of groups.

use std::collections::BTreeSet;

use crate::policy::fingerprint::short_hash;

/// What synthetic groups begin with. Groups of the company's IAM that begin so are left out of the document:
/// one could pass for another.
const SYNTHETIC: &str = "c.";

/// The synthetic group of exactly these members. Its name is a hash of them, so that an engine whose group
/// file lags behind the rules can only deny.
pub fn group_of(members: &BTreeSet<String>) -> String {
    let members: Vec<&str> = members.iter().map(String::as_str).collect();
    format!("{SYNTHETIC}{}", short_hash(&members.join("\n")))
}

/// Whether the group's name is one that [`group_of`] could make.
pub(super) fn is_synthetic(group: &str) -> bool {
    group.starts_with(SYNTHETIC)
}

/// A pattern that matches the name and nothing else. Brackets rather than backslashes wherever they do, as
/// impersonation rules eat backslashes.
pub(super) fn literal(name: &str) -> String {
    let mut pattern = String::with_capacity(name.len() + 8);
    for c in name.chars() {
        match c {
            '.' | '+' | '*' | '?' | '$' | '|' | '(' | ')' | '{' | '}' => {
                pattern.push('[');
                pattern.push(c);
                pattern.push(']');
            }
            '[' | ']' | '^' | '\\' => {
                pattern.push('\\');
                pattern.push(c);
            }
            c => pattern.push(c),
        }
    }
    pattern
}

/// A pattern that matches these names and nothing else.
pub(super) fn alternation<'a>(names: impl IntoIterator<Item = &'a str>) -> String {
    let names: BTreeSet<String> = names.into_iter().map(literal).collect();
    names.into_iter().collect::<Vec<_>>().join("|")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::policy::document::{Groups, Rules, TableRule};
    use crate::policy::interpret::AccessControl;

    proptest! {
        #[test]
        fn a_literal_matches_its_name_only(name in "\\PC{1,12}", other in "\\PC{1,12}") {
            let name = name.to_lowercase();
            let other = other.to_lowercase();
            let rules = Rules {
                tables: Some(vec![TableRule {
                    table: Some(alternation([name.as_str(), "x.y"])),
                    privileges: [crate::policy::document::TablePrivilege::Select].into(),
                    ..TableRule::default()
                }]),
                ..Rules::default()
            };
            let control = AccessControl::with_open_sections(&rules, &Groups::new()).unwrap();
            let ana = control.identity_of("ana");
            let sees = |table: &str| control.sees_table(&ana, &crate::names::TableRef {
                catalog: "a".to_owned(), schema: "b".to_owned(), table: table.to_owned(),
            });
            prop_assert!(sees(&name));
            prop_assert!(sees("x.y"));
            prop_assert!(!sees("xzy"));
            prop_assert_eq!(sees(&other), other == name || other == "x.y");
        }
    }
}
