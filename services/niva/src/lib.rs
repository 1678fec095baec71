//! One executable: everything in one process by default, or a role by name; and the command line.

pub mod city;
