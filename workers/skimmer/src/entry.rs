//! The Worker's entry.

use townlake_kit::ai::Ai;
use townlake_kit::clock::Clock;
use townlake_kit::db::Database;
use townlake_kit::entry::{ConfigError, Routers, serve, variable};
use townlake_kit::http::Service;
use townlake_kit::log;
use townlake_protocol::skimmer::ScanTrigger;
use worker::{Context, Env, HttpRequest, ScheduleContext, ScheduledEvent, event};

use crate::app::{Access, App, Budget};
use crate::model::{LIMIT, Model};
use crate::routes::router;
use crate::scan::{self, Order};

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

#[event(scheduled)]
async fn scheduled(_event: ScheduledEvent, env: Env, _context: ScheduleContext) {
    let app = match app(&env) {
        Ok(app) => app,
        Err(error) => {
            return log::error(
                "no scan: this Worker is not set up",
                &[("error", error.to_string().into())],
            );
        }
    };
    if let Err(failure) = scan::run(
        &app,
        Order {
            trigger: ScanTrigger::Cron,
            requested_by: None,
        },
    )
    .await
    {
        log::error(
            "a scan failed",
            &[("failure", failure.problem().title.clone().into())],
        );
    }
}

fn app(env: &Env) -> Result<App, ConfigError> {
    let missing = |name: &str| ConfigError::Missing(name.to_owned());
    let service = |name: &str| Service::from_env(env, name).map_err(|_| missing(name));
    Ok(App {
        db: Database::from_env(env, "DB").map_err(|_| missing("DB"))?,
        clock: Clock::system(),
        gateway: service("GATEWAY")?,
        lifeguard: service("LIFEGUARD")?,
        catalog: service("CATALOG")?,
        model: model(env)?,
        access: Access {
            reviewers: group(env, "REVIEWERS_GROUP", "reviewers")?,
            admins: group(env, "ADMINS_GROUP", "admins")?,
        },
        budget: Budget::default(),
    })
}

/// The model of `MODEL_URL`, else that of Workers AI where the binding is there, else none.
fn model(env: &Env) -> Result<Option<Model>, ConfigError> {
    let text = |name: &str| variable(env, name).ok().filter(|value| !value.is_empty());
    let name = text("MODEL_NAME").unwrap_or_default();
    if let Some(url) = text("MODEL_URL") {
        let model = Model::endpoint(&url, &name, text("MODEL_KEY"), LIMIT);
        return model.map(Some).map_err(|error| ConfigError::Invalid {
            name: "MODEL_URL".to_owned(),
            expected: format!("usable: {error}"),
        });
    }
    match Ai::from_env(env, "AI") {
        None => Ok(None),
        Some(_) if name.is_empty() => Err(ConfigError::Missing("MODEL_NAME".to_owned())),
        Some(ai) => Ok(Some(Model::workers_ai(ai, &name, LIMIT))),
    }
}

fn group(
    env: &Env,
    name: &str,
    default: &str,
) -> Result<townlake_core::names::GroupName, ConfigError> {
    let value = variable(env, name).unwrap_or_else(|_| default.to_owned());
    value.parse().map_err(|_| ConfigError::Invalid {
        name: name.to_owned(),
        expected: "a group's name".to_owned(),
    })
}
