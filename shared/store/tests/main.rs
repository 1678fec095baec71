//! The store on both databases.

mod bulk;
mod database;
mod migrated;
mod request;
mod schema;
