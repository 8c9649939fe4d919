//! Makes what the Workers runtime hands out usable where `Send` is demanded.
//!
//! An isolate has one thread, so nothing ever crosses one. Natively these are plain pass-throughs, so that the
//! compiler still checks the native build.

#[cfg(target_arch = "wasm32")]
pub use worker::send::{SendFuture, SendWrapper};

/// The future itself: natively it must be `Send` by its own making.
#[cfg(not(target_arch = "wasm32"))]
#[derive(Debug)]
pub struct SendFuture;

#[cfg(not(target_arch = "wasm32"))]
impl SendFuture {
    /// Returns the future as it is.
    #[expect(
        clippy::new_ret_no_self,
        reason = "the same call as the wasm type, without its wrapper"
    )]
    pub fn new<F: Future>(future: F) -> F {
        future
    }
}
