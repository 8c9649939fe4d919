//! The Worker's entry.

use townlake_kit::clock::Clock;
use townlake_kit::db::Database;
use townlake_kit::entry::{ConfigError, Routers, serve, variable};
use townlake_kit::http::Service;
use townlake_kit::policy::PolicyCache;
use worker::{Context, Env, HttpRequest, event};

use crate::routes::{App, router};

thread_local! {
    /// The model is kept between the requests of an isolate, by its ETag.
    static POLICY: PolicyCache = PolicyCache::default();
}

#[event(fetch)]
async fn fetch(
    request: HttpRequest,
    env: Env,
    context: Context,
) -> worker::Result<http::Response<axum::body::Body>> {
    serve(
        request,
        context,
        app(&env).map(|app| Routers::internal_only(router(app))),
    )
    .await
}

fn app(env: &Env) -> Result<App, ConfigError> {
    let missing = |name: &str| ConfigError::Missing(name.to_owned());
    let refresh_seconds = match variable(env, "REFRESH_SECONDS") {
        Err(_) => 1,
        Ok(text) => text.parse().map_err(|_| ConfigError::Invalid {
            name: "REFRESH_SECONDS".to_owned(),
            expected: "a whole number of seconds".to_owned(),
        })?,
    };
    Ok(App {
        db: Database::from_env(env, "DB").map_err(|_| missing("DB"))?,
        clock: Clock::system(),
        lifeguard: Service::from_env(env, "LIFEGUARD").map_err(|_| missing("LIFEGUARD"))?,
        policy: POLICY.with(Clone::clone),
        refresh_seconds,
    })
}
