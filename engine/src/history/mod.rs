//! The record: its rows, its chain, folding and deciding again.

pub mod replay;
pub mod transition;
