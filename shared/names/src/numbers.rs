use std::fmt;
use std::num::ParseIntError;
use std::str::FromStr;

/// Numbers that name rows of one database: each of a type of its own, so that one cannot stand where another belongs, and no larger
/// than what is kept.
macro_rules! numbers {
    ($($(#[$doc:meta])* $name:ident,)+) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[cfg_attr(feature = "sea-orm", derive(sea_orm::DeriveValueType))]
        pub struct $name(pub i32);

        impl $name {
            /// The one before the first, which is none.
            pub const NONE: Self = Self(0);

            /// The number after it.
            #[must_use]
            pub const fn next(self) -> Self {
                Self(self.0 + 1)
            }
        }

        impl From<$name> for i64 {
            fn from(number: $name) -> Self {
                number.0.into()
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(&self.0, f)
            }
        }

        impl FromStr for $name {
            type Err = ParseIntError;

            fn from_str(text: &str) -> Result<Self, ParseIntError> {
                text.parse().map(Self)
            }
        }
    )+};
}

numbers! {
    /// A payment run: ascending as runs are made.
    RunNo,
    /// A case of payment among its facts; 0 is none.
    CaseNo,
    /// A placement among payment's facts; 0 is none.
    PlacementNo,
    /// An order to pay: ascending as orders are made.
    OrderNo,
    /// A file that was made of a run: ascending as they are made.
    PaymentFileNo,
}
