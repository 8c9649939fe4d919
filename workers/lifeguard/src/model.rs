//! The policy's model, assembled from the database at one version.

use std::collections::{BTreeMap, BTreeSet};

use axum::body::Body;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use serde::Deserialize;
use townlake_core::names::{GroupName, TableRef, UserName};
use townlake_core::pii::PiiClass;
use townlake_core::policy::filter::RowFilterError;
use townlake_core::policy::model::{
    ColumnReview, ColumnState, Grant, KnownColumn, KnownTable, Model, PiiSession, Service,
    ServicePrivilege, Settings, Subject, TableKind, TableReview, TableState, UnmaskGrant,
};
use townlake_core::policy::pattern::TablePatternError;
use townlake_core::time::Timestamp;
use townlake_kit::db::{Database, DatabaseError, params};
use townlake_kit::failure::Failure;
use townlake_kit::identity::Caller;
use townlake_kit::json::Json;
use townlake_kit::log;
use townlake_protocol::lifeguard::reviews::ColumnDecision;

use crate::app::App;
use crate::conditional::is_current;
use crate::directory;
use crate::grants::subject;
use crate::input::{boolean_column, json_column, moment_column, optional_moment_column};
use crate::state::{self, Head};

/// Sessions that ended longer ago than this are left out of the model: nobody asks why they are over any more.
const ENDED_SESSION_SECONDS: i64 = 3600;

/// `GET /internal/model`
pub async fn get(
    State(app): State<App>,
    caller: Caller,
    headers: HeaderMap,
) -> Result<Response, Failure> {
    caller.require(&["gateway", "catalog", "skipper", "skimmer"])?;
    let head = directory::current(&app).await?;
    // The model is the same as long as the version is, but for what stale memberships close.
    let etag = etag(&head, head.is_fresh(&app.config, app.clock.now()));
    if is_current(&headers, &etag) {
        let mut response = Response::new(Body::empty());
        *response.status_mut() = StatusCode::NOT_MODIFIED;
        return Ok(with_etag(response, &etag));
    }
    let (model, fresh) = assemble(&app, &head).await?;
    let etag = self::etag(
        &Head {
            version: model.version,
            ..head
        },
        fresh,
    );
    Ok(with_etag(Json(model).into_response(), &etag))
}

fn etag(head: &Head, fresh: bool) -> String {
    format!(
        "\"{}-{}\"",
        head.version,
        if fresh { "fresh" } else { "stale" }
    )
}

fn with_etag(mut response: Response, etag: &str) -> Response {
    if let Ok(etag) = HeaderValue::from_str(etag) {
        response.headers_mut().insert(header::ETAG, etag);
    }
    response
}

/// The model at one version, and whether its memberships count. What changes while it is read is read again.
pub async fn assemble(app: &App, head: &Head) -> Result<(Model, bool), Failure> {
    let mut head = head.clone();
    for _ in 0..state::ATTEMPTS {
        let now = app.clock.now();
        let fresh = head.is_fresh(&app.config, now);
        let model = read(app, &head, fresh, now).await?;
        let after = state::head(&app.db).await?;
        if after.version == head.version {
            return Ok((model, fresh));
        }
        head = after;
    }
    Err(Failure::unavailable(
        "policy",
        "it kept changing while it was read",
    ))
}

async fn read(app: &App, head: &Head, fresh: bool, now: Timestamp) -> Result<Model, DatabaseError> {
    let db = &app.db;
    // While memberships do not count, neither does anyone's standing as an active person.
    let active = if fresh {
        active_people(db).await?
    } else {
        BTreeSet::new()
    };
    let counts = |user: &UserName| user.is_service() || active.contains(user);
    let counts_as_subject = |subject: &Subject| match subject {
        Subject::Group(_) => true,
        Subject::User(user) => counts(user),
    };
    let mut grants = grants(db).await?;
    grants.retain(|grant| counts_as_subject(&grant.subject));
    let mut unmask_grants = unmask_grants(db).await?;
    unmask_grants.retain(|grant| counts_as_subject(&grant.subject));
    let mut pii_sessions = pii_sessions(db, now).await?;
    pii_sessions.retain(|session| counts(&session.user));
    let (tables, reviews) = tables(db).await?;
    Ok(Model {
        version: head.version,
        groups: if fresh {
            groups(db).await?
        } else {
            BTreeMap::new()
        },
        services: services(db).await?,
        tables,
        reviews,
        grants,
        unmask_grants,
        pii_sessions,
        settings: Settings {
            reviewers: Some(app.config.reviewers.clone()),
            admins: Some(app.config.admins.clone()),
            ..Settings::default()
        },
    })
}

async fn active_people(db: &Database) -> Result<BTreeSet<UserName>, DatabaseError> {
    #[derive(Deserialize)]
    struct Row {
        user: UserName,
    }
    let rows: Vec<Row> = db
        .all("SELECT user FROM people WHERE active = 1", params![])
        .await?;
    Ok(rows.into_iter().map(|row| row.user).collect())
}

async fn groups(db: &Database) -> Result<BTreeMap<GroupName, BTreeSet<UserName>>, DatabaseError> {
    #[derive(Deserialize)]
    struct Row {
        name: GroupName,
        user: Option<UserName>,
    }
    let sql = "SELECT groups.name, people.user FROM groups \
               LEFT JOIN memberships ON memberships.group_name = groups.name \
               LEFT JOIN people ON people.user = memberships.user AND people.active = 1";
    let mut groups: BTreeMap<GroupName, BTreeSet<UserName>> = BTreeMap::new();
    for row in db.all::<Row>(sql, params![]).await? {
        groups.entry(row.name).or_default().extend(row.user);
    }
    Ok(groups)
}

async fn services(db: &Database) -> Result<Vec<Service>, DatabaseError> {
    #[derive(Deserialize)]
    struct Row {
        user: UserName,
        #[serde(deserialize_with = "json_column")]
        privileges: BTreeSet<ServicePrivilege>,
    }
    let rows: Vec<Row> = db
        .all(
            "SELECT user, privileges FROM services ORDER BY user",
            params![],
        )
        .await?;
    Ok(rows
        .into_iter()
        .map(|Row { user, privileges }| Service { user, privileges })
        .collect())
}

/// The grants that were not revoked. One that can no longer be read gives nothing; the others go on.
async fn grants(db: &Database) -> Result<Vec<Grant>, DatabaseError> {
    let sql = "SELECT id, subject_kind, subject, table_pattern, privileges, columns, row_filter, expires_at, reason \
               FROM grants WHERE revoked_at IS NULL ORDER BY id";
    let rows: Vec<GrantRow> = db.all(sql, params![]).await?;
    let mut grants = Vec::with_capacity(rows.len());
    for row in rows {
        let id = row.id.clone();
        match row.read() {
            Ok(grant) => grants.push(grant),
            Err(error) => log::error(
                "a grant cannot be read and gives nothing: revoke it and make it anew",
                &[
                    ("grant.id", id.into()),
                    ("reason", error.to_string().into()),
                ],
            ),
        }
    }
    Ok(grants)
}

#[derive(Deserialize)]
struct GrantRow {
    id: String,
    subject_kind: String,
    subject: String,
    table_pattern: String,
    privileges: String,
    columns: Option<String>,
    row_filter: Option<String>,
    #[serde(deserialize_with = "optional_moment_column")]
    expires_at: Option<Timestamp>,
    reason: String,
}

impl GrantRow {
    fn read(self) -> Result<Grant, DatabaseError> {
        let malformed = |error: &dyn std::fmt::Display| DatabaseError::Shape(error.to_string());
        Ok(Grant {
            id: self.id.into(),
            subject: subject(&self.subject_kind, &self.subject)?,
            table: self
                .table_pattern
                .parse()
                .map_err(|error: TablePatternError| malformed(&error))?,
            privileges: serde_json::from_str(&self.privileges)
                .map_err(|error| malformed(&error))?,
            columns: self
                .columns
                .map(|columns| serde_json::from_str(&columns))
                .transpose()
                .map_err(|error| malformed(&error))?,
            row_filter: self
                .row_filter
                .map(|filter| filter.parse())
                .transpose()
                .map_err(|error: RowFilterError| malformed(&error))?,
            expires_at: self.expires_at,
            reason: self.reason,
        })
    }
}

async fn unmask_grants(db: &Database) -> Result<Vec<UnmaskGrant>, DatabaseError> {
    #[derive(Deserialize)]
    struct Row {
        id: String,
        subject_kind: String,
        subject: String,
        class: PiiClass,
        #[serde(deserialize_with = "optional_moment_column")]
        expires_at: Option<Timestamp>,
        reason: String,
    }
    let sql = "SELECT id, subject_kind, subject, class, expires_at, reason FROM unmask_grants \
               WHERE revoked_at IS NULL ORDER BY id";
    let rows: Vec<Row> = db.all(sql, params![]).await?;
    rows.into_iter()
        .map(|row| {
            Ok(UnmaskGrant {
                id: row.id.into(),
                subject: subject(&row.subject_kind, &row.subject)?,
                class: row.class,
                expires_at: row.expires_at,
                reason: row.reason,
            })
        })
        .collect()
}

async fn pii_sessions(db: &Database, now: Timestamp) -> Result<Vec<PiiSession>, DatabaseError> {
    #[derive(Deserialize)]
    struct Row {
        id: String,
        user: UserName,
        nonce: String,
        #[serde(deserialize_with = "json_column")]
        classes: BTreeSet<PiiClass>,
        reason: String,
        #[serde(deserialize_with = "moment_column")]
        ends_at: Timestamp,
    }
    let sql = "SELECT id, user, nonce, classes, reason, min(expires_at, coalesce(ended_at, expires_at)) AS ends_at \
               FROM pii_sessions WHERE expires_at > ?1 ORDER BY id";
    let rows: Vec<Row> = db
        .all(sql, params![now.plus_seconds(-ENDED_SESSION_SECONDS)])
        .await?;
    Ok(rows
        .into_iter()
        .map(|row| PiiSession {
            id: row.id.into(),
            user: row.user,
            nonce: row.nonce,
            classes: row.classes,
            expires_at: row.ends_at,
            reason: row.reason,
        })
        .collect())
}

type Tables = (
    BTreeMap<TableRef, KnownTable>,
    BTreeMap<TableRef, TableReview>,
);

async fn tables(db: &Database) -> Result<Tables, DatabaseError> {
    #[derive(Deserialize)]
    struct Table {
        name: TableRef,
        kind: TableKind,
        comment: Option<String>,
        #[serde(deserialize_with = "boolean_column")]
        dropped: bool,
        state: TableState,
    }
    #[derive(Deserialize)]
    struct Column {
        table_name: TableRef,
        name: String,
        #[serde(rename = "type")]
        data_type: String,
        comment: Option<String>,
        #[serde(deserialize_with = "boolean_column")]
        dropped: bool,
        state: ColumnDecision,
        class: Option<PiiClass>,
    }
    let mut tables = BTreeMap::new();
    let mut reviews = BTreeMap::new();
    let found: Vec<Table> = db
        .all(
            "SELECT name, kind, comment, dropped, state FROM tables",
            params![],
        )
        .await?;
    for Table {
        name,
        kind,
        comment,
        dropped,
        state,
    } in found
    {
        if state != TableState::Pending {
            reviews.insert(
                name.clone(),
                TableReview {
                    state,
                    columns: BTreeMap::new(),
                },
            );
        }
        tables.insert(
            name,
            KnownTable {
                kind,
                comment,
                dropped,
                columns: Vec::new(),
            },
        );
    }
    let sql = "SELECT table_name, name, type, comment, dropped, state, class FROM columns \
               ORDER BY table_name, ordinal, name";
    for column in db.all::<Column>(sql, params![]).await? {
        let Column {
            table_name,
            name,
            data_type,
            comment,
            dropped,
            state,
            class,
        } = column;
        let state = match (state, class) {
            (ColumnDecision::Clear, _) => ColumnState::Clear,
            (ColumnDecision::Denied, _) => ColumnState::Denied,
            (ColumnDecision::Masked, Some(class)) => ColumnState::Masked { class },
            (ColumnDecision::Masked, None) | (ColumnDecision::Pending, _) => ColumnState::Pending,
        };
        if state != ColumnState::Pending {
            // A changed type has put the row back to pending already, so the type is the reviewed one.
            let review = ColumnReview {
                state,
                reviewed_type: data_type.clone(),
            };
            reviews
                .entry(table_name.clone())
                .or_default()
                .columns
                .insert(name.clone(), review);
        }
        if let Some(table) = tables.get_mut(&table_name) {
            table.columns.push(KnownColumn {
                name,
                data_type,
                dropped,
                comment,
            });
        }
    }
    Ok((tables, reviews))
}
