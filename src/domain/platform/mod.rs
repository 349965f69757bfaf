//! The platforms and post types, as the seed's ENUM columns spell them, and what
//! is known of each platform: one file per platform.

mod facebook;
mod instagram;
pub(crate) mod linkedin;
mod profile;
mod shape;

use serde::{Deserialize, Serialize};

pub use profile::Profile;
pub use shape::{Form, MediaSet, Shape};

/// A value that is not in a closed list.
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

impl Platform {
    /// What is known of it.
    #[must_use]
    pub fn profile(self) -> &'static Profile {
        match self {
            Self::Facebook => &facebook::PROFILE,
            Self::Instagram => &instagram::PROFILE,
            Self::LinkedIn => &linkedin::PROFILE,
        }
    }

    /// All platforms that the same app serves: what limits an app, or retires the
    /// version that it asks for, concerns every one of them.
    #[must_use]
    pub fn of_one_app(self) -> &'static [Self] {
        self.profile().one_app
    }
}

/// The platforms of Meta's apps.
const META: &[Platform] = &[Platform::Facebook, Platform::Instagram];

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

/// How a Facebook Page's posts are published.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PublishMode {
    /// An unpublished post first, then the call that shows it: its id always shows what
    /// became of that call.
    TwoStep,
    /// One call, as most clients do it. Its outcome is looked up in the Page's list.
    Direct,
}

words!(PublishMode { TwoStep = "two-step", Direct = "direct" });

/// How a video gets to a Facebook Page.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum VideoUpload {
    /// In parts, through this program. The video has an id before anything can
    /// be published, and the last call publishes it.
    Chunked,
    /// Facebook fetches it from its URL.
    Hosted,
}

words!(VideoUpload { Chunked = "chunked", Hosted = "hosted" });

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
        for mode in PublishMode::ALL {
            assert_eq!(mode.as_str().parse(), Ok(*mode));
        }
        for upload in VideoUpload::ALL {
            assert_eq!(upload.as_str().parse(), Ok(*upload));
        }
    }

    #[test]
    fn an_app_serves_each_of_its_platforms() {
        for platform in Platform::ALL {
            assert!(platform.of_one_app().contains(platform), "{platform}");
            for other in platform.of_one_app() {
                assert_eq!(other.of_one_app(), platform.of_one_app(), "{platform} {other}");
            }
        }
    }

    #[test]
    fn an_unknown_word_names_the_allowed_ones() {
        let error = "tiktok".parse::<Platform>().unwrap_err();
        assert_eq!(error.to_string(), "\"tiktok\" is not one of facebook, instagram, linkedin");
    }
}
