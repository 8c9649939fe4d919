#![doc = include_str!("../README.md")]

pub mod names;
pub mod time;
pub mod identity;
pub mod advice;
pub mod policy;
pub mod pii;
pub mod catalog;
pub mod chart;
