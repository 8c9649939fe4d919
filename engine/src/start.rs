//! From a configuration to a running server.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Instant;

use thiserror::Error;
use tokio::net::TcpListener;

use crate::auth::Authenticator;
use crate::catalog::files::FilesCatalog;
use crate::catalog::lake::LakeCatalog;
use crate::catalog::postgres::PostgresCatalog;
use crate::catalog::tpch::TpchCatalog;
use crate::catalog::{Catalog, Catalogs};
use crate::config::{CatalogConfig, Config, ConfigError, read_secret};
use crate::engine::Engine;
use crate::error::Failure;
use crate::events::Events;
use crate::policy::{MissingSections, PolicyError, PolicyStore, Settings};
use crate::query::Registry;
use crate::server::{App, router};

/// The installation's name, as `/v1/info` tells it.
const ENVIRONMENT: &str = "townlake";

/// What queries may take together; beyond it sorts and joins spill, and what cannot spill fails.
const MEMORY_MEGABYTES: usize = 2048;

/// Why the engine does not start.
#[derive(Debug, Error)]
pub enum StartError {
    /// The configuration is wrong.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The key of the tokens is wrong.
    #[error("`{file}`: {problem}")]
    Key {
        /// The file.
        file: std::path::PathBuf,
        /// What is wrong with it.
        problem: String,
    },
    /// There is no valid policy.
    #[error("no valid policy, and the engine does not start without one: {0}")]
    Policy(#[from] PolicyError),
    /// A catalog cannot be opened.
    #[error("catalog `{name}`: {problem}")]
    Catalog {
        /// Which.
        name: String,
        /// What is wrong.
        problem: String,
    },
    /// The address is taken, or not ours.
    #[error("cannot listen on {address}: {source}")]
    Listen {
        /// Which.
        address: std::net::SocketAddr,
        /// Why.
        source: std::io::Error,
    },
    /// Something else.
    #[error("{0}")]
    Engine(#[from] Failure),
}

/// Opens the catalogs of a configuration.
///
/// # Errors
/// One of them cannot be opened.
pub async fn open_catalogs(config: &Config) -> Result<Catalogs, StartError> {
    let partitions = std::thread::available_parallelism().map_or(2, usize::from);
    let mut catalogs: BTreeMap<String, Arc<dyn Catalog>> = BTreeMap::new();
    for (name, catalog) in &config.catalogs {
        let opened: Arc<dyn Catalog> = match catalog {
            CatalogConfig::Tpch {} => Arc::new(TpchCatalog {
                partitions: i32::try_from(partitions).unwrap_or(2),
            }),
            CatalogConfig::Iceberg { warehouse, catalog } => Arc::new(
                LakeCatalog::open(name, warehouse, catalog)
                    .await
                    .map_err(|failure| refused(name, &failure.message))?,
            ),
            CatalogConfig::Parquet { directory } => Arc::new(FilesCatalog::new(
                directory.clone(),
                crate::engine::scan_state(),
            )),
            CatalogConfig::Postgres { url_file } => Arc::new(
                PostgresCatalog::new(name, &read_secret(url_file)?)
                    .map_err(|failure| refused(name, &failure.message))?,
            ),
        };
        catalogs.insert(name.clone(), opened);
    }
    Ok(Catalogs::new(catalogs))
}

fn refused(name: &str, problem: &str) -> StartError {
    StartError::Catalog {
        name: name.to_owned(),
        problem: problem.to_owned(),
    }
}

/// Serves until the process is told to stop.
///
/// # Errors
/// See [`StartError`].
pub async fn serve(config: Config) -> Result<(), StartError> {
    let key_file = &config.auth.jwt_key_file;
    let auth = Authenticator::new(&read_secret(key_file)?).map_err(|problem| StartError::Key {
        file: key_file.clone(),
        problem,
    })?;
    let settings = Settings {
        url: config.policy.url.to_string(),
        token: read_secret(&config.policy.token_file)?,
        every: std::time::Duration::from_secs(config.policy.refresh_seconds.into()),
        missing_sections: MissingSections::Refused,
    };
    let events = match &config.events {
        Some(events) => Events::to(events.url.to_string(), read_secret(&events.token_file)?),
        None => Events::none(),
    };
    let catalogs = open_catalogs(&config).await?;
    let listener = TcpListener::bind(config.listen)
        .await
        .map_err(|source| StartError::Listen {
            address: config.listen,
            source,
        })?;
    let address = listener.local_addr().map_err(|source| StartError::Listen {
        address: config.listen,
        source,
    })?;
    let policy = PolicyStore::start(settings).await?;
    tokio::spawn(Arc::clone(&policy).keep_fresh());
    let engine = Engine::new(
        catalogs,
        policy,
        events,
        ENVIRONMENT.to_owned(),
        MEMORY_MEGABYTES,
    )?;
    let (work, _guard) = work_runtime()?;
    let app = App {
        registry: Registry::new(engine, work),
        auth: Arc::new(auth),
        started: Instant::now(),
    };
    #[expect(
        clippy::print_stdout,
        reason = "the line that tells the supervisor where we are"
    )]
    {
        println!("townlake-engine listening on http://{address}");
    }
    axum::serve(listener, router(app))
        .with_graceful_shutdown(stop_signal())
        .await
        .map_err(|source| StartError::Listen { address, source })
}

/// Keeps the runtime of the queries alive; dropping it stops them.
pub struct WorkGuard(Option<tokio::runtime::Runtime>);

impl Drop for WorkGuard {
    fn drop(&mut self) {
        if let Some(runtime) = self.0.take() {
            runtime.shutdown_background();
        }
    }
}

/// A runtime of its own for the queries, so that their work never keeps a request waiting.
///
/// # Errors
/// The system gives no threads.
pub fn work_runtime() -> Result<(tokio::runtime::Handle, WorkGuard), StartError> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .thread_name("query")
        // Trees of statements are walked by recursion.
        .thread_stack_size(16 << 20)
        .enable_all()
        .build()
        .map_err(|error| Failure::internal(format!("no threads for queries: {error}")))?;
    Ok((runtime.handle().clone(), WorkGuard(Some(runtime))))
}

async fn stop_signal() {
    let interrupt = tokio::signal::ctrl_c();
    match tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) {
        Ok(mut terminate) => {
            tokio::select! {
                _ = interrupt => {}
                _ = terminate.recv() => {}
            }
        }
        Err(_) => drop(interrupt.await),
    }
    // Clients that poll would keep a graceful stop waiting.
    tokio::spawn(async {
        tokio::time::sleep(std::time::Duration::from_secs(2)).await;
        std::process::exit(0);
    });
}
