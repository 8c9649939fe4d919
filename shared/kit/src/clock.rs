//! What time it is, as a value that tests can set.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use townlake_core::time::Timestamp;

/// The source of the present. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub struct Clock {
    fixed: Option<Arc<AtomicI64>>,
}

impl Clock {
    /// The clock of the machine.
    pub fn system() -> Self {
        Self { fixed: None }
    }

    /// A clock that stands at `moment` until it is set. All clones stand together.
    pub fn fixed(moment: Timestamp) -> Self {
        Self {
            fixed: Some(Arc::new(AtomicI64::new(moment.as_millis()))),
        }
    }

    /// Sets a fixed clock. Does nothing to the machine's.
    pub fn set(&self, moment: Timestamp) {
        if let Some(fixed) = &self.fixed {
            fixed.store(moment.as_millis(), Ordering::SeqCst);
        }
    }

    /// The present moment.
    pub fn now(&self) -> Timestamp {
        match &self.fixed {
            Some(fixed) => Timestamp::from_millis(fixed.load(Ordering::SeqCst)),
            None => Timestamp::from_millis(system_millis()),
        }
    }
}

/// Lets `time` pass, whatever a fixed clock says.
#[cfg(target_arch = "wasm32")]
pub async fn pause(time: Duration) {
    crate::send::SendFuture::new(worker::Delay::from(time)).await;
}

/// Lets `time` pass, whatever a fixed clock says.
#[cfg(not(target_arch = "wasm32"))]
pub async fn pause(time: Duration) {
    tokio::time::sleep(time).await;
}

#[cfg(target_arch = "wasm32")]
fn system_millis() -> i64 {
    // Whole milliseconds; far below 2^53.
    js_sys::Date::now() as i64
}

#[cfg(not(target_arch = "wasm32"))]
fn system_millis() -> i64 {
    #[expect(
        clippy::disallowed_methods,
        reason = "this is the one place that asks the system"
    )]
    let since_epoch = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    since_epoch.map_or(0, |elapsed| {
        i64::try_from(elapsed.as_millis()).unwrap_or(i64::MAX)
    })
}
