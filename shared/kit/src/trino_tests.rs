//! A server of the protocol with the traps of the real one, in process.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use axum::Router;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use serde_json::json;

use super::*;

/// What the server has been asked.
#[derive(Clone, Default)]
struct Seen {
    /// Reads that are answered with 503 before one is let through.
    away: Arc<AtomicUsize>,
    cancelled: Arc<AtomicUsize>,
}

fn page_json(token: usize, last: usize, rows: usize) -> Value {
    let data: Vec<_> = (0..rows)
        .map(|row| json!([token * 10 + row, "x"]))
        .collect();
    let mut page = json!({
        "id": "20260501_000000_00000_abcde",
        "infoUri": "https://elsewhere.example/ui/query.html",
        "stats": {"state": "RUNNING"},
        "columns": [{"name": "n", "type": "bigint"}, {"name": "t", "type": "varchar"}],
        "warnings": [],
    });
    if rows > 0 {
        page["data"] = json!(data);
    }
    if token < last {
        // Another host and a prefix, as behind a gateway.
        page["nextUri"] = json!(format!(
            "https://elsewhere.example:8743/t/claims.mac/v1/statement/executing/q/{}",
            token + 1
        ));
    }
    page
}

fn engine(seen: Seen) -> Service {
    let router = Router::new()
        .route(
            "/v1/statement",
            post(async |sql: String| match sql.as_str() {
                "broken" => axum::Json(json!({
                    "id": "q", "infoUri": "http://x/", "stats": {"state": "FAILED"},
                    "error": {"message": "line 1:1: no such thing", "errorCode": 46, "errorName": "TABLE_NOT_FOUND",
                              "errorType": "USER_ERROR"},
                }))
                .into_response(),
                "refused" => crate::failure::Failure::forbidden("no", "not yours").into_response(),
                _ => axum::Json(page_json(0, 3, 0)).into_response(),
            }),
        )
        .route("/t/claims.mac/v1/statement/executing/q/{token}", get(read).delete(give_up_route))
        .with_state(seen);
    Service::router("gateway", router, "skimmer")
}

async fn read(State(seen): State<Seen>, Path(token): Path<usize>) -> Response {
    if seen
        .away
        .fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| {
            left.checked_sub(1)
        })
        .is_ok()
    {
        return StatusCode::SERVICE_UNAVAILABLE.into_response();
    }
    axum::Json(page_json(token, 3, 2)).into_response()
}

async fn give_up_route(State(seen): State<Seen>) -> StatusCode {
    seen.cancelled.fetch_add(1, Ordering::SeqCst);
    StatusCode::NO_CONTENT
}

const WIDE: Limits = Limits {
    rows: 100,
    bytes: 1 << 20,
    time: Duration::from_secs(30),
};

#[tokio::test]
async fn pages_are_followed_by_path_until_there_is_no_next() {
    let rows = query(
        &engine(Seen::default()),
        Statement::of_service("select", "test"),
        WIDE,
    )
    .await
    .unwrap();
    assert_eq!(rows.rows.len(), 6);
    assert_eq!(
        rows.columns
            .iter()
            .map(|column| column.name.as_str())
            .collect::<Vec<_>>(),
        ["n", "t"]
    );
    assert!(!rows.truncated);
}

#[tokio::test]
async fn a_page_is_asked_for_again_while_the_other_side_is_away() {
    let seen = Seen::default();
    seen.away.store(2, Ordering::SeqCst);
    let rows = query(&engine(seen), Statement::of_service("select", "test"), WIDE)
        .await
        .unwrap();
    assert_eq!(rows.rows.len(), 6);
}

#[tokio::test]
async fn more_rows_than_the_limit_are_cut_and_the_query_is_cancelled() {
    let seen = Seen::default();
    let limits = Limits { rows: 3, ..WIDE };
    let rows = query(
        &engine(seen.clone()),
        Statement::of_service("select", "test"),
        limits,
    )
    .await
    .unwrap();
    assert_eq!((rows.rows.len(), rows.truncated), (3, true));
    assert_eq!(seen.cancelled.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn a_late_answer_is_cancelled() {
    let seen = Seen::default();
    seen.away.store(1, Ordering::SeqCst);
    let limits = Limits {
        time: Duration::from_millis(50),
        ..WIDE
    };
    let failure = query(
        &engine(seen.clone()),
        Statement::of_service("select", "test"),
        limits,
    )
    .await
    .unwrap_err();
    assert!(matches!(failure, TrinoFailure::Late { .. }), "{failure}");
    assert_eq!(seen.cancelled.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn an_error_keeps_its_name_and_a_refusal_its_problem() {
    let engine = engine(Seen::default());
    let failure = query(&engine, Statement::of_service("broken", "test"), WIDE)
        .await
        .unwrap_err();
    assert_eq!(failure.name(), Some("TABLE_NOT_FOUND"));
    assert_eq!(failure.to_string(), "line 1:1: no such thing");
    let failure = query(&engine, Statement::of_service("refused", "test"), WIDE)
        .await
        .unwrap_err();
    assert!(
        matches!(failure, TrinoFailure::Http(HttpError::Refused { .. })),
        "{failure}"
    );
}
