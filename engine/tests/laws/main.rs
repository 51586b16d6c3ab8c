//! The laws of execution, on a world in memory: each test is named as the law it shows.

mod ballots;
mod blocks;
mod driver;
mod events;
mod golden;
mod jobs;
mod people;
mod property;
mod returns;
mod time;
