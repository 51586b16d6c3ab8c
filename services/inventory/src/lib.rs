//! Stock: balances by item, location, lot and status; the ledger they are made of; reservations.
//!
//! The ledger takes INSERT only and is ordered by its sequence, never by its day. A balance is the sum of the
//! ledger, kept beside it in the same transaction. `available = unrestricted and not expired, less hard
//! reservations`. Who changes stock of several items takes them in the order of their codes.
//!
//! | module | for |
//! |---|---|
//! | [`model`] | rows, and the pure rules: which lot is taken first, what is short, what can be promised |
//! | [`repo`] | the SQL |
//! | [`reserve`] | reserving and releasing |
//! | [`activities`] | what processes call: `stock.availability`, `stock.reserve`, `stock.release_reservation`, `stock.receive` |

pub mod activities;
pub mod model;
pub mod repo;
pub mod reserve;
