//! Sales orders: what was asked for, what was promised, and what each customer owes for promises.
//!
//! `draft → submitted ⇄ confirmed → in_fulfilment → shipped → closed`; a confirmed order that is changed waits as
//! `change_pending` until it is confirmed again; `rejected | withdrawn | expired | cancelled` end it.
//!
//! | module | for |
//! |---|---|
//! | [`model`] | rows, states, and the pure rules: values, changes |
//! | [`repo`] | the SQL |
//! | [`activities`] | what processes call: `order.review_facts`, `order.confirm`, `order.apply_change` … |

pub mod activities;
pub mod model;
pub mod repo;
