//! Who may see what: the model, what follows from it, and its form for an engine.

pub mod model;
pub mod ids;
pub mod pattern;
pub mod filter;
pub mod session;
pub mod mask;
pub mod evaluate;
pub mod explain;
pub mod fingerprint;
pub mod document;
pub mod render;
pub mod interpret;
