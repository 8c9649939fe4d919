#![doc = include_str!("../README.md")]

pub mod advice;
pub mod catalog;
pub mod chart;
pub mod identity;
pub mod names;
pub mod pii;
pub mod policy;
pub mod time;
