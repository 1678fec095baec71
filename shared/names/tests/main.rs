//! Keys, ids and the catalogue.

mod bad_files;
mod keys;
mod stockholm;
