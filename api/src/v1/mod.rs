//! Version 1 of the API: one folder a resource, one file an endpoint.

pub mod accounts;
