//! `--image`, `--video`, `--media` and `--alt`: repeated flags whose order
//! among each other counts, which clap's derive does not keep.

use clap::{Arg, ArgAction, ArgMatches, Args, Command, FromArgMatches};

use crate::domain::rules::media_kind_of;
use crate::domain::{MediaItem, MediaKind, Problem, Problems};
use crate::output::{agreeing, counted};

/// The media of a post in the order given.
#[derive(Debug, Clone, Default)]
pub struct MediaArgs {
    /// URL and kind; `None` where the extension decides about the kind.
    given: Vec<(String, Option<MediaKind>)>,
    alts: Vec<String>,
}

const FLAGS: [(&str, Option<MediaKind>, &str); 3] = [
    ("image", Some(MediaKind::Image), "Image URL; repeat for more, the order is kept"),
    ("video", Some(MediaKind::Video), "Video URL"),
    ("media", None, "Image or video URL; its extension says which"),
];

impl Args for MediaArgs {
    fn augment_args(mut command: Command) -> Command {
        for (name, _, help) in FLAGS {
            command = command.arg(
                Arg::new(name).long(name).value_name("URL").help(help).action(ArgAction::Append),
            );
        }
        command.arg(
            Arg::new("alt")
                .long("alt")
                .value_name("TEXT")
                .help("Text for people who cannot see the image; repeat, in the images' order")
                .action(ArgAction::Append),
        )
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

impl FromArgMatches for MediaArgs {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let mut found = Vec::new();
        for (name, kind, _) in FLAGS {
            let urls = matches.get_many::<String>(name).unwrap_or_default();
            let places = matches.indices_of(name).into_iter().flatten();
            found.extend(places.zip(urls).map(|(place, url)| (place, url.clone(), kind)));
        }
        found.sort_by_key(|(place, ..)| *place);
        let alts = matches.get_many::<String>("alt").unwrap_or_default().cloned().collect();
        Ok(Self { given: found.into_iter().map(|(_, url, kind)| (url, kind)).collect(), alts })
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

impl MediaArgs {
    /// The media items, with each text at its image.
    pub(super) fn items(self, problems: &mut Problems) -> Vec<MediaItem> {
        let mut items = Vec::new();
        for (url, kind) in self.given {
            match kind.or_else(|| media_kind_of(&url)) {
                Some(kind) => items.push(MediaItem { url, kind, alt: None }),
                None => problems.push(
                    Problem::new(
                        "--media",
                        "its extension does not say whether it is an image or a video",
                    )
                    .value(url)
                    .hint("use --image or --video"),
                ),
            }
        }
        let texts = self.alts.len();
        let mut images = items.iter_mut().filter(|item| item.kind == MediaKind::Image);
        let mut paired = 0;
        for text in self.alts {
            if let Some(image) = images.next() {
                // An empty text skips an image.
                image.alt = (!text.is_empty()).then_some(text);
                paired += 1;
            }
        }
        if paired < texts {
            problems.push(Problem::new(
                "--alt",
                format!(
                    "given {}, but there {} {}",
                    counted(texts, "time"),
                    agreeing(paired, "is", "are"),
                    counted(paired, "image")
                ),
            ));
        }
        items
    }
}
