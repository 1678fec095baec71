//! The rules of assessment, pure: values in, values out.
