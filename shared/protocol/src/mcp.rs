//! The Model Context Protocol over HTTP, both eras on one URL: revision 2026-07-28, where every request carries all
//! that it needs, and the revisions before it, which open with `initialize`.
//!
//! What a request means and which answers have which form is decided here; what tools there are is Skipper's.

pub mod answer;
pub mod message;
pub mod types;

pub use answer::{Cache, Reply};
pub use message::{Era, ErrorObject, Headers, Incoming, Rejection, Request, RequestId, read};

/// The newest revision that is served.
pub const MODERN: &str = "2026-07-28";
/// The revisions that open with `initialize`, newest first.
pub const LEGACY: [&str; 3] = ["2025-11-25", "2025-06-18", "2025-03-26"];
/// The largest request that is read, in bytes: a snippet of 64 KiB and its JSON around it, with room to spare.
pub const MAX_REQUEST_BYTES: usize = 1 << 20;

/// Error codes of JSON-RPC and of the protocol.
pub mod code {
    /// The body is no JSON.
    pub const PARSE_ERROR: i32 = -32700;
    /// It is JSON but no request.
    pub const INVALID_REQUEST: i32 = -32600;
    /// There is no such method.
    pub const METHOD_NOT_FOUND: i32 = -32601;
    /// The method does not take these parameters. Also: there is no such resource (2026-07-28).
    pub const INVALID_PARAMS: i32 = -32602;
    /// Our own fault.
    pub const INTERNAL_ERROR: i32 = -32603;
    /// There is no such resource (before 2026-07-28).
    pub const LEGACY_RESOURCE_NOT_FOUND: i32 = -32002;
    /// Header and body do not say the same.
    pub const HEADER_MISMATCH: i32 = -32020;
    /// The revision is not served.
    pub const UNSUPPORTED_VERSION: i32 = -32022;
}

/// All revisions that are served, newest first.
pub fn supported_versions() -> Vec<&'static str> {
    std::iter::once(MODERN).chain(LEGACY).collect()
}
