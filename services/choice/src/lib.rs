//! The choice service.
