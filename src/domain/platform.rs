//! The platforms and post types, as the seed's ENUM columns spell them.

use serde::{Deserialize, Serialize};

/// A word that is not in a closed list.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("\"{word}\" is not one of {allowed}")]
pub struct UnknownWord {
    pub word: String,
    pub allowed: String,
}

/// Gives a field-less enum its one spelling for command line, JSON and database.
macro_rules! words {
    ($name:ident { $($variant:ident = $word:literal),+ $(,)? }) => {
        impl $name {
            /// Every value, in the order shown to people.
            pub const ALL: &[Self] = &[$(Self::$variant),+];

            /// The spelling in the database, in JSON and on the command line.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word),+ }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.pad(self.as_str())
            }
        }

        impl std::str::FromStr for $name {
            type Err = $crate::domain::UnknownWord;

            fn from_str(word: &str) -> Result<Self, Self::Err> {
                match word {
                    $($word => Ok(Self::$variant),)+
                    _ => Err($crate::domain::UnknownWord {
                        word: word.to_owned(),
                        allowed: [$($word),+].join(", "),
                    }),
                }
            }
        }
    };
}
pub(crate) use words;

/// A publishing platform.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Platform {
    Facebook,
    Instagram,
    #[serde(rename = "linkedin")]
    LinkedIn,
}

words!(Platform { Facebook = "facebook", Instagram = "instagram", LinkedIn = "linkedin" });

/// What kind of post it is; each platform takes some of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum PostType {
    Post,
    Reel,
    Story,
    Video,
    Carousel,
}

words!(PostType {
    Post = "post",
    Reel = "reel",
    Story = "story",
    Video = "video",
    Carousel = "carousel",
});

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_reads_back_as_itself() {
        for platform in Platform::ALL {
            assert_eq!(platform.as_str().parse(), Ok(*platform));
        }
        for post_type in PostType::ALL {
            assert_eq!(post_type.as_str().parse(), Ok(*post_type));
        }
    }

    #[test]
    fn an_unknown_word_names_the_allowed_ones() {
        let error = "tiktok".parse::<Platform>().unwrap_err();
        assert_eq!(error.to_string(), "\"tiktok\" is not one of facebook, instagram, linkedin");
    }
}
