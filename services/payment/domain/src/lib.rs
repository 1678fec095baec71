//! The rules of payment, pure: values in, values out.
