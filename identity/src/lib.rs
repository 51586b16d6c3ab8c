//! Who somebody is and what they may do: accounts, roles, passwords and API tokens.
//!
//! | module | for |
//! |---|---|
//! | [`account`] | names of accounts, and what an account is |
//! | [`password`] | argon2id, a few at a time, off the async threads |
//! | [`token`] | secrets of the API, shown once, kept as a digest |
//! | [`command`] | every change, inside a transaction, with its row digests |
//! | [`door`] | the same through the runtime's door, with an actor |
//! | [`directory`] | all accounts and roles in memory, for deciding and for each request |
//! | [`attempts`] | how often a password may be wrong |
//! | [`authenticate`] | a token into a [`Principal`], a password into an assertion for a signature |
//!
//! Deliberately absent: sessions of browsers, delegation and single sign-on.

pub mod account;
pub mod attempts;
pub mod authenticate;
pub mod command;
pub mod directory;
pub mod door;
mod error;
pub mod password;
mod repo;
pub mod role;
pub mod token;

pub use account::{Account, Kind};
pub use authenticate::{Identity, Principal};
pub use directory::Directory;
pub use door::{Accounts, ChangeError};
pub use error::IdentityError;
pub use repo::records;
