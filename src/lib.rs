//! Countersign's command as a library, so that tests and the command share its parts.
//!
//! | module | for |
//! |---|---|
//! | [`import`] | reading another system's export |

pub mod import;
