//! The table `sequence`: numbers that business keys are made of.
//!
//! A number is drawn in the transaction of the start that uses it, and given back when that start is refused and nobody has
//! drawn since; so gaps come only of starts that were refused while others drew.

use crate::error::StoreError;
use crate::params;
use crate::tx::Tx;

/// Draws the next number, from 1.
pub async fn draw(tx: &mut Tx, name: &str) -> Result<u64, StoreError> {
    const SQL: &str = "INSERT INTO sequence (name, value) VALUES ($1, 1) \
         ON CONFLICT (name) DO UPDATE SET value = sequence.value + 1 RETURNING value";
    match tx.fetch(SQL, &params![name]).await?.first() {
        Some(row) => row.count(0),
        None => Err(StoreError::corrupt("sequence", "value", name, "an upsert gave no row")),
    }
}

/// Gives a number back, if it is the last that was drawn.
pub async fn give_back(tx: &mut Tx, name: &str, number: u64) -> Result<bool, StoreError> {
    const SQL: &str = "UPDATE sequence SET value = value - 1 WHERE name = $1 AND value = $2";
    Ok(tx.execute(SQL, &params![name, number]).await? == 1)
}
