//! The contract, and the types generated from it.
