//! An answer of the IAM, believed in whole or not at all.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use thiserror::Error;
use townlake_core::names::{GroupName, NameError, UserName};
use townlake_protocol::lifeguard::directory::Directory;

/// Why a directory is not believed. The text names the place and the value.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum DirectoryError {
    /// Not JSON of the documented form.
    #[error("the directory is not of the documented form: {0}")]
    Form(String),
    /// A person's address is not a valid user name.
    #[error("`people[{index}].email`: {error}")]
    Person {
        /// Its place in the list, from 0.
        index: usize,
        /// What is wrong with it.
        error: NameError,
    },
    /// A person has a service's name, which would give them the service's rights.
    #[error("`people[{index}].email`: `{user}` is a service's name")]
    ServiceName {
        /// Its place in the list, from 0.
        index: usize,
        /// The name.
        user: UserName,
    },
    /// A group's name is not valid.
    #[error("`groups[{index}].name`: {error}")]
    Group {
        /// Its place in the list, from 0.
        index: usize,
        /// What is wrong with it.
        error: NameError,
    },
    /// A member's address is not a valid user name.
    #[error("`groups[{index}].members`: {error}")]
    Member {
        /// The group's place in the list, from 0.
        index: usize,
        /// What is wrong with it.
        error: NameError,
    },
    /// The same person twice.
    #[error("`people[{index}].email`: `{user}` is there twice")]
    PersonTwice {
        /// Its second place in the list, from 0.
        index: usize,
        /// The person.
        user: UserName,
    },
    /// The same group twice.
    #[error("`groups[{index}].name`: `{group}` is there twice")]
    GroupTwice {
        /// Its second place in the list, from 0.
        index: usize,
        /// The group.
        group: GroupName,
    },
    /// Nobody at all: no company's directory is empty, so the answer is a mistake.
    #[error("the directory has no people")]
    Empty,
}

/// A directory in which every name is valid. In order, so that the same content is the same text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CheckedDirectory {
    /// The people by user name.
    pub people: BTreeMap<UserName, CheckedPerson>,
    /// The groups by name.
    pub groups: BTreeMap<GroupName, CheckedGroup>,
}

/// A person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CheckedPerson {
    /// The name to show.
    pub name: String,
    /// Whether they may sign in.
    pub active: bool,
}

/// A group.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CheckedGroup {
    /// What it is for.
    pub description: String,
    /// Who is in it: of the people only. A member whom the directory does not list as a person cannot sign in
    /// anyway.
    pub members: BTreeSet<UserName>,
}

/// Reads and checks an answer of the IAM. Answers its own name for this state, and the content.
pub fn checked(body: &[u8]) -> Result<(String, CheckedDirectory), DirectoryError> {
    let directory: Directory =
        serde_json::from_slice(body).map_err(|error| DirectoryError::Form(error.to_string()))?;
    let mut people = BTreeMap::new();
    for (index, person) in directory.people.into_iter().enumerate() {
        let user: UserName = person
            .email
            .parse()
            .map_err(|error| DirectoryError::Person { index, error })?;
        if user.is_service() {
            return Err(DirectoryError::ServiceName { index, user });
        }
        let checked = CheckedPerson {
            name: person.name,
            active: person.active,
        };
        if people.insert(user.clone(), checked).is_some() {
            return Err(DirectoryError::PersonTwice { index, user });
        }
    }
    if people.is_empty() {
        return Err(DirectoryError::Empty);
    }
    let mut groups = BTreeMap::new();
    for (index, group) in directory.groups.into_iter().enumerate() {
        let name: GroupName = group
            .name
            .parse()
            .map_err(|error| DirectoryError::Group { index, error })?;
        let mut members = BTreeSet::new();
        for member in group.members {
            let member: UserName = member
                .parse()
                .map_err(|error| DirectoryError::Member { index, error })?;
            if people.contains_key(&member) {
                members.insert(member);
            }
        }
        let checked = CheckedGroup {
            description: group.description,
            members,
        };
        if groups.insert(name.clone(), checked).is_some() {
            return Err(DirectoryError::GroupTwice { index, group: name });
        }
    }
    Ok((directory.version, CheckedDirectory { people, groups }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_directory_is_believed_in_whole_or_not_at_all() {
        let ana = r#"{"email":"ana@corp.example","name":"Ana","active":true}"#;
        for (people, groups, wanted) in [
            (ana, "", ""),
            (
                ana,
                r#"{"name":"analysts","members":["ana@corp.example","gone@corp.example"]}"#,
                "",
            ),
            ("", "", "the directory has no people"),
            (
                r#"{"email":"Ana@Corp.Example","name":"Ana","active":true}"#,
                "",
                "`people[0].email`: `Ana@Corp.Example` is not a user name: use a lower-case e-mail address or `svc-name`",
            ),
            (
                r#"{"email":"svc-skimmer","name":"Eve","active":true}"#,
                "",
                "`people[0].email`: `svc-skimmer` is a service's name",
            ),
            (
                &format!("{ana},{ana}"),
                "",
                "`people[1].email`: `ana@corp.example` is there twice",
            ),
            (
                ana,
                r#"{"name":"a|b","members":[]}"#,
                "`groups[0].name`: `a|b` is not a group name: use lower-case letters, digits, `.`, `_` and `-`",
            ),
            (
                ana,
                r#"{"name":"a","members":["x.*|y@corp.example"]}"#,
                "`groups[0].members`: `x.*|y@corp.example` is not a user name: use a lower-case e-mail address or `svc-name`",
            ),
            (
                ana,
                r#"{"name":"a","members":[]},{"name":"a","members":[]}"#,
                "`groups[1].name`: `a` is there twice",
            ),
            (
                r#"{"email":"ana@corp.example","name":"Ana"}"#,
                "",
                "the directory is not of the documented form: missing field `active` at line 1 column 66",
            ),
        ] {
            let body = format!(r#"{{"version":"1","people":[{people}],"groups":[{groups}]}}"#);
            let found =
                checked(body.as_bytes()).map_or_else(|error| error.to_string(), |_| String::new());
            assert_eq!(found, wanted, "{body}");
        }
    }

    #[test]
    fn a_member_who_is_no_person_is_in_no_group() {
        let body =
            br#"{"version":"1","people":[{"email":"ana@corp.example","name":"Ana","active":true}],
            "groups":[{"name":"analysts","members":["ana@corp.example","gone@corp.example"]}]}"#;
        let (_, directory) = checked(body).unwrap();
        assert_eq!(directory.groups.values().next().unwrap().members.len(), 1);
    }
}
