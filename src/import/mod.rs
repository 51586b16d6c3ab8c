//! Reading another system's export: files of rows, through a mapping that a user can edit, into our tables.
//!
//! Every row is loaded or listed with the reason why not. Importing the same files again changes nothing.
//! Rows go in chunks, each in a transaction of its own, so that an import never holds the writer for long.
//!
//! | module | for |
//! |---|---|
//! | [`mapping`] | the mapping file: which column becomes which field, how it is cleaned, what is left out |
//! | [`source`] | the files: a folder, or data within the program |
//! | [`cells`] | one row after cleaning, read as texts, numbers, days |
//! | [`target`] | the tables that rows become |
//! | [`chunk`] | what one transaction writes |
//! | [`door`] | how chunks get into the log |
//! | [`error`] | why an import cannot begin or go on |
//! | [`report`] | what was loaded and what was not, and why |
//! | [`run`] | the whole: [`run::import`] |
//! | [`built_in`] | the mappings and the sample data within the program |

pub mod built_in;
pub mod cells;
pub mod chunk;
pub mod door;
pub mod error;
pub mod mapping;
pub mod report;
pub mod run;
pub mod source;
pub mod target;
