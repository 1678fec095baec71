/// A name that is none of the names it could be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{name}` is not a {kind}: one of {known}")]
pub struct UnknownName {
    /// What was looked for, in words.
    pub kind: &'static str,
    /// What was given.
    pub name: String,
    /// What could have been given.
    pub known: String,
}

/// Declares an enum whose values have names, the same in contract, table, file and page: `ALL`, `as_str`, `Display`,
/// `FromStr` and serde.
#[macro_export]
macro_rules! named {
    ($(#[$meta:meta])* $vis:vis enum $name:ident: $kind:literal {
        $($(#[$doc:meta])* $variant:ident = $text:literal,)+
    }) => {
        $(#[$meta])*
        #[derive(
            Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash,
            $crate::serde::Serialize, $crate::serde::Deserialize,
        )]
        #[serde(crate = "niva_names::serde")]
        #[repr(u8)]
        $vis enum $name { $($(#[$doc])* #[serde(rename = $text)] $variant,)+ }

        impl $name {
            /// All of them, in order.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The name in contract, table, file and page.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text,)+ }
            }
        }

        impl ::std::fmt::Display for $name {
            fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                f.pad(self.as_str())
            }
        }

        impl ::std::str::FromStr for $name {
            type Err = $crate::UnknownName;

            fn from_str(text: &str) -> ::std::result::Result<Self, Self::Err> {
                Self::ALL.iter().copied().find(|v| v.as_str() == text).ok_or_else(|| $crate::UnknownName {
                    kind: $kind,
                    name: text.to_owned(),
                    known: [$($text),+].join(", "),
                })
            }
        }
    };
}
