//! Master data: items with their cost and price, customers with their credit, price lists, registrations, locations.
//!
//! | module | for |
//! |---|---|
//! | [`model`] | the tables' rows and the pure rules: prices, margin, credit, markets |
//! | [`repo`] | the SQL |
//! | [`activities`] | what processes call: `customer.credit`, `price.check`, `item.check_market` |

pub mod activities;
pub mod model;
pub mod repo;
