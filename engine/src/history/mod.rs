//! The record: its rows, its chain, and deciding again.

pub mod transition;
