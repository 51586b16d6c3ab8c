//! The loops that move instances: writers, jobs, timers, messages, leases.

pub mod activity;
