//! Who may call which route. Groups are read from the directory here, at the moment of the call: what a request
//! carries says who asks, never what they may do.

use std::collections::BTreeSet;

use serde::Deserialize;
use townlake_core::identity::{PrincipalKind, Via};
use townlake_core::names::{GroupName, UserName};
use townlake_kit::db::{Database, DatabaseError, params};
use townlake_kit::failure::Failure;
use townlake_kit::identity::Peer;

use crate::app::App;
use crate::directory;
use crate::input::{boolean_column, json_column};

/// A caller with what the directory says of them now.
#[derive(Debug, Clone)]
pub struct Standing {
    /// Who.
    pub user: UserName,
    /// A person or a program.
    pub kind: PrincipalKind,
    /// How they proved it.
    pub via: Via,
    /// Their groups.
    pub groups: BTreeSet<GroupName>,
}

impl Standing {
    /// Whether the caller makes grants.
    pub fn is_admin(&self, app: &App) -> bool {
        self.groups.contains(&app.config.admins)
    }

    /// Whether the caller decides reviews.
    pub fn is_reviewer(&self, app: &App) -> bool {
        self.is_admin(app) || self.groups.contains(&app.config.reviewers)
    }

    /// Refuses all but administrators.
    pub fn require_admin(&self, app: &App, what: &str) -> Result<(), Failure> {
        if self.is_admin(app) {
            return Ok(());
        }
        Err(not_in(what, &[&app.config.admins]))
    }

    /// Refuses all but reviewers and administrators.
    pub fn require_reviewer(&self, app: &App, what: &str) -> Result<(), Failure> {
        if self.is_reviewer(app) {
            return Ok(());
        }
        Err(not_in(what, &[&app.config.reviewers, &app.config.admins]))
    }

    /// Refuses programs.
    pub fn require_person(&self, what: &str) -> Result<(), Failure> {
        match self.kind {
            PrincipalKind::Person => Ok(()),
            PrincipalKind::Service => Err(Failure::forbidden(
                "people_only",
                format!("{what} is for people, not for `{}`", self.user),
            )),
        }
    }
}

/// What the directory says of a person.
#[derive(Debug, Clone, Deserialize)]
pub struct Person {
    /// The name to show.
    pub name: String,
    /// Whether they may sign in.
    #[serde(deserialize_with = "boolean_column")]
    pub active: bool,
    /// Their groups.
    #[serde(deserialize_with = "json_column")]
    pub groups: BTreeSet<GroupName>,
}

/// The person's entry in the directory, however old the directory is.
pub async fn person(db: &Database, user: &UserName) -> Result<Option<Person>, DatabaseError> {
    let sql = "SELECT name, active, \
               (SELECT json_group_array(group_name) FROM memberships WHERE memberships.user = people.user) AS groups \
               FROM people WHERE user = ?1";
    db.first(sql, params![user.as_str()]).await
}

/// The caller's standing now. Refuses people whom the directory does not know or has closed.
pub async fn standing(app: &App, peer: &Peer) -> Result<Standing, Failure> {
    let principal = &peer.principal;
    let user = principal.user.clone();
    if principal.kind == PrincipalKind::Service || user.is_service() {
        let groups = BTreeSet::new();
        return Ok(Standing {
            user,
            kind: PrincipalKind::Service,
            via: principal.via,
            groups,
        });
    }
    let head = directory::current(app).await?;
    if !head.is_fresh(&app.config, app.clock.now()) {
        return Err(stale());
    }
    match person(&app.db, &user).await? {
        Some(person) if person.active => Ok(Standing {
            user,
            kind: PrincipalKind::Person,
            via: principal.via,
            groups: person.groups,
        }),
        _ => Err(unknown(&user)),
    }
}

/// What someone is told whom the directory does not know or has closed.
pub fn unknown(user: &UserName) -> Failure {
    Failure::unauthorized(
        "user_unknown",
        format!("the company's directory has no active person `{user}`"),
    )
    .with_hint("ask whoever keeps the directory to add or reactivate you")
}

/// What everyone is told while the memberships are too old to count.
pub fn stale() -> Failure {
    Failure::unauthorized("directory_stale", "the company's directory has not answered for too long to rely on it")
        .with_hint("everything opens again by itself as soon as the directory answers; tell the administrators")
}

fn not_in(what: &str, groups: &[&GroupName]) -> Failure {
    let names: Vec<String> = groups.iter().map(|group| format!("`{group}`")).collect();
    let names = names.join(" or ");
    Failure::forbidden("group_needed", format!("{what} is for members of {names}")).with_hint(
        format!("ask someone in {names} to do it, or to be added to the group"),
    )
}
