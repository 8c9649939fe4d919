//! Who may see what: the model, what follows from it, and its form for an engine.

pub mod document;
pub mod evaluate;
pub mod explain;
pub mod filter;
pub mod fingerprint;
pub mod ids;
pub mod interpret;
pub mod mask;
pub mod model;
pub mod pattern;
pub mod render;
pub mod session;
