//! Closed lists of words, each with its meaning.

/// Defines an enum of words with their meaning, the list of all of them, and how they are written.
/// With `and Kind: list` it has the words of another list, too.
macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[doc = $about:literal])+ $word:ident,)+ } $(and $more:ident: $list:expr)?) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $name {
            $($(#[doc = $about])+ $word,)+
            $(#[doc = "A word of another list."] $more($more),)?
        }

        impl $name {
            /// Its own words, in the order of the documentation.
            pub const ALL: &'static [Self] = &[$(Self::$word),+];

            /// All of its words, in the order of the documentation.
            pub fn all() -> impl Iterator<Item = Self> {
                Self::ALL.iter().copied()$(.chain($list.map(Self::$more)))?
            }

            /// The word as it stands in a status.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$word => stringify!($word),)+
                    $(Self::$more(word) => { let word: $more = word; word.as_str() })?
                }
            }

            /// What it means and what to do about it.
            #[must_use]
            pub fn about(self) -> &'static str {
                match self {
                    $(Self::$word => concat!($($about),+).trim_start(),)+
                    $(Self::$more(word) => { let word: $more = word; word.about() })?
                }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }
    };
}

pub(super) use words;
