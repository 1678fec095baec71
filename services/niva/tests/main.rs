//! The command line, the shipped city and the files of a city.
#![allow(clippy::unwrap_used, clippy::panic, reason = "helpers of tests fail by panicking")]

mod city_files;
mod command_line;
mod shipped_city;
