//! Queries in this process, for native tests: a task drives each, a map keeps them.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use serde_json::Value;
use townlake_core::names::UserName;
use townlake_kit::clock::Clock;
use townlake_kit::failure::Failure;
use townlake_kit::http::Service;
use townlake_protocol::skipper::ExecuteError;

use super::runner::unknown;
use super::{Keep, Kept, Runner, Start, View};

/// All queries of this process.
#[derive(Debug, Clone)]
pub struct Queries {
    all: Arc<Mutex<HashMap<String, Memory>>>,
    gateway: Service,
    clock: Clock,
}

impl Queries {
    /// Queries that go through this gateway.
    pub fn new(gateway: Service, clock: Clock) -> Self {
        Self {
            all: Arc::default(),
            gateway,
            clock,
        }
    }

    /// Starts a query.
    pub async fn start(&self, start: Start) -> Result<Result<(), ExecuteError>, Failure> {
        let memory = Memory::default();
        let id = start.id.clone();
        let runner = self.runner(memory.clone());
        let started = runner.start(start).await?;
        if started.is_ok() {
            self.all
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .insert(id, memory);
            tokio::spawn(async move { runner.drive().await });
        }
        Ok(started)
    }

    /// Everything but the rows.
    pub async fn describe(&self, id: &str, user: &UserName) -> Result<Option<Kept>, Failure> {
        match self.memory(id) {
            None => Ok(None),
            Some(memory) => self.runner(memory).describe(user),
        }
    }

    /// The first rows.
    pub async fn view(
        &self,
        id: &str,
        user: &UserName,
        fingerprint: &str,
        limit: usize,
    ) -> Result<Result<View, ExecuteError>, Failure> {
        match self.memory(id) {
            None => Ok(Err(unknown())),
            Some(memory) => self.runner(memory).view(user, fingerprint, limit),
        }
    }

    fn memory(&self, id: &str) -> Option<Memory> {
        self.all
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .get(id)
            .cloned()
    }

    fn runner(&self, memory: Memory) -> Runner<Memory> {
        Runner::new(memory, self.gateway.clone(), self.clock.clone())
    }
}

/// What is kept of one query.
#[derive(Debug, Clone, Default)]
pub struct Memory {
    held: Arc<Mutex<Held>>,
}

#[derive(Debug, Default)]
struct Held {
    kept: Option<Kept>,
    rows: Vec<Vec<Value>>,
}

impl Keep for Memory {
    fn load(&self) -> Result<Option<Kept>, Failure> {
        Ok(self
            .held
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .kept
            .clone())
    }

    fn save(&self, kept: &Kept, rows: &[Vec<Value>]) -> Result<(), Failure> {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        held.kept = Some(kept.clone());
        held.rows.extend_from_slice(rows);
        Ok(())
    }

    fn rows(&self, limit: usize) -> Result<Vec<Vec<Value>>, Failure> {
        Ok(self
            .held
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .rows
            .iter()
            .take(limit)
            .cloned()
            .collect())
    }
}
