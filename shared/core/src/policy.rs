//! Who may see what: the model, what follows from it, and its form for an engine.
