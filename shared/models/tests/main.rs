//! The shipped models against the published figures, and the loader against bad files.

mod published;
