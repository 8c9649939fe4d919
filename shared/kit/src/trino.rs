//! Trino statements over a service binding.
