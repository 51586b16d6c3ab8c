//! Messages: news from outside that instances wait for, or that start them.

pub mod list;
pub mod publish;
pub mod signal;
