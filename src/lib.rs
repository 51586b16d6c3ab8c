//! Countersign's command as a library, so that tests and the command share its parts.
//!
//! | module | for |
//! |---|---|
//! | [`bench`] | what the platform does in a second, with what the database itself takes beside it |
//! | [`import`] | reading another system's export |

pub mod bench;
pub mod import;
