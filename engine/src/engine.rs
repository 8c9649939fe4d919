//! The engine: catalogs, policy, and the queries that run.

use std::sync::Arc;

use datafusion::execution::disk_manager::DiskManagerBuilder;
use datafusion::execution::memory_pool::FairSpillPool;
use datafusion::execution::runtime_env::RuntimeEnvBuilder;
use datafusion::execution::session_state::{SessionState, SessionStateBuilder};
use datafusion::optimizer::Optimizer;
use datafusion::prelude::SessionConfig;

use crate::barrier;
use crate::catalog::Catalogs;
use crate::error::Result;
use crate::events::Events;
use crate::policy::PolicyStore;

/// What every query needs.
#[derive(Clone)]
pub struct Engine {
    /// What there is to read.
    pub catalogs: Catalogs,
    /// Who may read it.
    pub policy: Arc<PolicyStore>,
    /// Where completed queries are reported.
    pub events: Events,
    /// The installation's name.
    pub environment: String,
    state: SessionState,
}

impl Engine {
    /// With so much memory for all queries together.
    ///
    /// # Errors
    /// DataFusion's.
    pub fn new(
        catalogs: Catalogs,
        policy: Arc<PolicyStore>,
        events: Events,
        environment: String,
        memory_megabytes: usize,
    ) -> Result<Self> {
        let runtime = RuntimeEnvBuilder::new()
            .with_memory_pool(Arc::new(FairSpillPool::new(memory_megabytes << 20)))
            .with_disk_manager_builder(DiskManagerBuilder::default())
            .build_arc()?;
        let mut rules = Optimizer::new().rules;
        rules.push(Arc::new(barrier::Pass));
        let state = SessionStateBuilder::new()
            .with_config(session_config())
            .with_runtime_env(runtime)
            .with_default_features()
            .with_optimizer_rules(rules)
            .with_query_planner(Arc::new(barrier::Planner))
            .build();
        Ok(Self {
            catalogs,
            policy,
            events,
            environment,
            state,
        })
    }

    /// DataFusion's state for a query.
    pub fn state(&self) -> SessionState {
        self.state.clone()
    }
}

/// How DataFusion is set.
fn session_config() -> SessionConfig {
    let mut config = SessionConfig::new()
        .with_information_schema(false)
        .with_batch_size(8192)
        .with_target_partitions(std::thread::available_parallelism().map_or(2, Into::into));
    let options = config.options_mut();
    // One kind of string in memory, so that every function knows what it gets.
    options.execution.parquet.schema_force_view_types = false;
    options.execution.parquet.pushdown_filters = true;
    options.execution.parquet.reorder_filters = true;
    options.optimizer.skip_failed_rules = false;
    // A union of a count, which is never null, and a column that may be makes DataFusion's two plans differ in that
    // alone, and it would refuse to aggregate over it.
    options.execution.skip_physical_aggregate_schema_check = true;
    config
}

/// A state for looking at files outside of a query.
pub fn scan_state() -> SessionState {
    SessionStateBuilder::new()
        .with_config(session_config())
        .with_default_features()
        .build()
}
