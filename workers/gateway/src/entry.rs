//! The Worker's entry.

use std::sync::Arc;
use std::time::Duration;

use townlake_kit::clock::Clock;
use townlake_kit::entry::{ConfigError, Routers, serve, variable};
use townlake_kit::http::{Outbound, Service};
use worker::{Context, Env, HttpRequest, event};

use crate::app::{App, Config, Kept};
use crate::routes;

/// How long Access may take to begin to answer with its keys.
const ACCESS_LIMIT: Duration = Duration::from_secs(5);
/// How long the engine may take to begin to answer. Trino itself answers within a second, with or without news.
const ENGINE_LIMIT: Duration = Duration::from_secs(30);

thread_local! {
    /// What is kept between the requests of an isolate.
    static KEPT: Kept = Kept::default();
}

#[event(fetch)]
async fn fetch(
    request: HttpRequest,
    env: Env,
    context: Context,
) -> worker::Result<http::Response<axum::body::Body>> {
    let routers = app(&env).map(|app| Routers {
        public: routes::public(app.clone()),
        internal: routes::internal(app),
    });
    serve(request, context, routers).await
}

fn app(env: &Env) -> Result<App, ConfigError> {
    let service = |name: &str| {
        Service::from_env(env, name).map_err(|_| ConfigError::Missing(name.to_owned()))
    };
    Ok(App {
        clock: Clock::system(),
        lifeguard: service("LIFEGUARD")?,
        skimmer: service("SKIMMER")?,
        catalog: service("CATALOG")?,
        skipper: service("SKIPPER")?,
        assets: service("ASSETS")?,
        access: Outbound::new(ACCESS_LIMIT),
        engine: Outbound::new(ENGINE_LIMIT),
        config: Arc::new(Config::read(|name| variable(env, name))?),
        kept: KEPT.with(Clone::clone),
    })
}
