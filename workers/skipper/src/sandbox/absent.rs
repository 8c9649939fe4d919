//! Natively there is no sandbox: only the Workers runtime isolates a snippet.

use super::{Execution, Report, SandboxError, Settings};

/// No sandbox.
#[derive(Debug, Clone, Default)]
pub struct Sandbox;

impl Sandbox {
    /// Refuses.
    pub async fn run(
        &self,
        _module: &str,
        _execution: &Execution,
        _settings: &Settings,
    ) -> Result<Report, SandboxError> {
        Err(SandboxError::Unavailable(
            "this process has no Workers runtime".to_owned(),
        ))
    }
}
