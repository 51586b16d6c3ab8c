//! Messages: news from outside that instances wait for, or that start them.

pub mod publish;
pub mod list;
pub mod signal;
