//! The laws of execution, on a world in memory: each test is named as the law it shows.

mod ballots;
mod blocks;
mod delivery;
mod driver;
mod events;
mod golden;
mod grammar;
mod inputs;
mod jobs;
mod joins;
mod parts;
mod patterns;
mod people;
mod property;
mod reading;
mod returns;
mod time;
mod undo;
