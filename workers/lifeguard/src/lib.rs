#![doc = include_str!("../README.md")]

mod app;
mod audit;
mod authorize;
mod conditional;
mod directory;
mod explain;
mod grants;
mod groups;
mod identify;
mod input;
mod model;
mod pii_sessions;
mod policy;
mod requests;
mod reviews;
mod routes;
mod rows;
mod schema;
mod state;
mod tokens;

pub use app::{App, Config};
pub use routes::router;

#[cfg(target_arch = "wasm32")]
mod entry {
    use std::sync::Arc;
    use std::time::Duration;

    use townlake_kit::clock::Clock;
    use townlake_kit::db::Database;
    use townlake_kit::entry::{ConfigError, Routers, serve, variable};
    use townlake_kit::http::Outbound;
    use worker::{Context, Env, HttpRequest, event};

    use crate::{App, Config, router};

    /// How long the IAM may take to begin to answer. The claim on a pull outlasts it.
    const IAM_LIMIT: Duration = Duration::from_secs(3);

    #[event(fetch)]
    async fn fetch(
        request: HttpRequest,
        env: Env,
        context: Context,
    ) -> worker::Result<http::Response<axum::body::Body>> {
        serve(request, context, routers(&env)).await
    }

    fn routers(env: &Env) -> Result<Routers, ConfigError> {
        let db =
            Database::from_env(env, "DB").map_err(|_| ConfigError::Missing("DB".to_owned()))?;
        let config = Config::read(|name| variable(env, name))?;
        let app = App {
            db,
            clock: Clock::system(),
            outbound: Outbound::new(IAM_LIMIT),
            config: Arc::new(config),
        };
        Ok(Routers::internal_only(router(app)))
    }
}
