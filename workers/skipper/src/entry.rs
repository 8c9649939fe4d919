//! The Worker's entry: other Workers come by `Internal`, a snippet by `Tools`; nobody else is answered.

use serde::Deserialize;
use townlake_kit::clock::Clock;
use townlake_kit::db::Database;
use townlake_kit::entry::{ConfigError, Routers, serve, variable};
use townlake_kit::http::Service;
use townlake_kit::policy::PolicyCache;
use worker::{Context, Env, HttpRequest, event};

use crate::query::Queries;
use crate::routes::{App, router};
use crate::sandbox::{Execution, Sandbox};
use crate::tools;

thread_local! {
    /// The model is kept between the requests of an isolate, by its ETag.
    static POLICY: PolicyCache = PolicyCache::default();
}

/// What only the sandbox's binding carries.
#[derive(Deserialize)]
struct SandboxProps {
    execution: String,
}

#[event(fetch)]
async fn fetch(
    request: HttpRequest,
    env: Env,
    context: Context,
) -> worker::Result<http::Response<axum::body::Body>> {
    let sandbox = Sandbox::new(&env, &context);
    let execution = context
        .props::<SandboxProps>()
        .ok()
        .map(|props| props.execution);
    let routers = app(&env, sandbox).and_then(|app| match execution {
        None => Ok(Routers::internal_only(router(app))),
        Some(execution) => {
            let execution: Execution =
                serde_json::from_str(&execution).map_err(|_| ConfigError::Invalid {
                    name: "execution".to_owned(),
                    expected: "what Skipper gave the sandbox".to_owned(),
                })?;
            Ok(Routers::internal_only(tools::router(app, execution)))
        }
    });
    serve(request, context, routers).await
}

fn app(env: &Env, sandbox: Sandbox) -> Result<App, ConfigError> {
    let service = |binding: &str| {
        Service::from_env(env, binding).map_err(|_| ConfigError::Missing(binding.to_owned()))
    };
    let refresh_seconds = match variable(env, "REFRESH_SECONDS") {
        Err(_) => 1,
        Ok(text) => text.parse().map_err(|_| ConfigError::Invalid {
            name: "REFRESH_SECONDS".to_owned(),
            expected: "a whole number of seconds".to_owned(),
        })?,
    };
    Ok(App {
        db: Database::from_env(env, "DB").map_err(|_| ConfigError::Missing("DB".to_owned()))?,
        clock: Clock::system(),
        catalog: service("CATALOG")?,
        lifeguard: service("LIFEGUARD")?,
        policy: POLICY.with(Clone::clone),
        refresh_seconds,
        queries: Queries::from_env(env, "QUERIES")
            .map_err(|_| ConfigError::Missing("QUERIES".to_owned()))?,
        sandbox,
        public_url: variable(env, "PUBLIC_URL")?,
    })
}
