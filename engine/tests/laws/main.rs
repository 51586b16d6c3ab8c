//! The laws of execution, on a world in memory: each test is named as the law it shows.

mod asking_in;
mod ballots;
mod blocks;
mod corners;
mod delivery;
mod driver;
mod events;
mod going_back;
mod golden;
mod grammar;
mod inputs;
mod jobs;
mod joins;
mod migration;
mod operations;
mod parts;
mod passing_on;
mod patterns;
mod people;
mod property;
mod racing;
mod reading;
mod returns;
mod telling;
mod time;
mod undo;
