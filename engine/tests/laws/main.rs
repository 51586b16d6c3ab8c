//! The laws of execution, on a world in memory: each test is named as the law it shows.

mod alongside;
mod ballots;
mod blocks;
mod conditions;
mod delivery;
mod driver;
mod escalation;
mod events;
mod golden;
mod grammar;
mod inputs;
mod jobs;
mod migration;
mod operations;
mod patterns;
mod people;
mod property;
mod raising;
mod reading;
mod returns;
mod time;
