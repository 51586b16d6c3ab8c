//! Version 1 of the API: one folder a resource, one file an endpoint.

mod access;
pub mod accounts;
pub mod clock;
pub mod definitions;
pub mod incidents;
pub mod instances;
pub mod jobs;
pub mod messages;
pub mod releases;
mod shape;
mod signature;
mod stream;
pub mod tasks;
