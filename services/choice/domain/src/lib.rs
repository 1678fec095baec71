//! The rules of choice, pure: values in, values out.
