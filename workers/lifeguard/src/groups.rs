//! The groups that there are, for whoever grants or asks.

use axum::extract::State;
use serde::Deserialize;
use townlake_core::names::{GroupName, UserName};
use townlake_kit::db::params;
use townlake_kit::failure::Failure;
use townlake_kit::identity::Peer;
use townlake_kit::json::Json;
use townlake_protocol::lifeguard::directory::{DirectoryStatus, GroupEntry, GroupList};

use crate::app::App;
use crate::authorize::standing;
use crate::input::{boolean_column, json_column};
use crate::state;

/// `GET /api/groups`
pub async fn list(State(app): State<App>, peer: Peer) -> Result<Json<GroupList>, Failure> {
    #[derive(Deserialize)]
    struct Row {
        name: GroupName,
        description: String,
        #[serde(deserialize_with = "json_column")]
        members: Vec<UserName>,
        #[serde(deserialize_with = "boolean_column")]
        member: bool,
    }
    let standing = standing(&app, &peer).await?;
    let sql = "SELECT groups.name, groups.description, \
               (SELECT json_group_array(memberships.user) FROM memberships JOIN people USING (user) \
                WHERE group_name = groups.name AND active = 1) AS members, \
               EXISTS (SELECT 1 FROM memberships WHERE group_name = groups.name AND user = ?1) AS member \
               FROM groups ORDER BY groups.name";
    let rows: Vec<Row> = app.db.all(sql, params![standing.user.as_str()]).await?;
    let names = standing.is_reviewer(&app);
    let groups = rows
        .into_iter()
        .map(|row| GroupEntry {
            name: row.name,
            description: row.description,
            size: row.members.len() as u64,
            member: row.member,
            members: names.then_some(row.members),
        })
        .collect();
    let head = state::head(&app.db).await?;
    let directory = DirectoryStatus {
        fresh: head.is_fresh(&app.config, app.clock.now()),
        pulled_at: head.pulled_at,
        failure: head.failure.filter(|_| standing.is_admin(&app)),
    };
    Ok(Json(GroupList { groups, directory }))
}
