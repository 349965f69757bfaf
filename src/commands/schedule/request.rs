//! What is to be scheduled, as it was asked for: by flags, or by the old
//! scheduler's JSON request.

use std::path::Path;

use serde::Deserialize;

use super::ScheduleArgs;
use crate::commands::input::read_text;
use crate::context::Context;
use crate::domain::{CompanyId, MediaItem, Platform, PostType, Problem, Problems};
use crate::exit::CommandError;

/// The old scheduler's request, field for field.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Body {
    company_id: Option<String>,
    assigned_client_id: Option<i64>,
    social_account_id: String,
    platform: Option<Platform>,
    post_type: Option<PostType>,
    caption: Option<String>,
    #[serde(default)]
    media_urls: Vec<MediaItem>,
    schedule_at: String,
}

/// What was asked for, from flags or from a body.
pub(super) struct Request {
    pub(super) company: CompanyId,
    pub(super) account: Option<String>,
    pub(super) platform: Option<Platform>,
    pub(super) post_type: PostType,
    pub(super) caption: String,
    pub(super) media: Vec<MediaItem>,
    pub(super) link: Option<String>,
    pub(super) first_comment: Option<String>,
    /// `None`: now.
    pub(super) at: Option<String>,
    pub(super) client: Option<i64>,
    /// Problems name JSON fields instead of flags.
    pub(super) from_body: bool,
}

impl ScheduleArgs {
    /// Reads the request. Of flags, what is wrong is added to the problems.
    pub(super) fn request(
        self,
        context: &Context,
        problems: &mut Problems,
    ) -> Result<Request, CommandError> {
        if let Some(path) = &self.body {
            return body(context, path);
        }
        if self.at.is_none() && !self.now {
            problems.push(
                Problem::new("--at", "when?")
                    .hint("pass --at \"tomorrow 9am\", or --now to publish at once"),
            );
        }
        let caption = match (self.caption, &self.caption_file) {
            (Some(caption), _) => caption,
            (None, None) => String::new(),
            (None, Some(path)) => {
                match read_text("--caption-file", path, context.settings.timeout) {
                    // The line end that every editor adds is not part of the text.
                    Ok(text) => text.trim_end_matches(['\r', '\n']).to_owned(),
                    Err(problem) => {
                        problems.push(problem);
                        String::new()
                    }
                }
            }
        };
        Ok(Request {
            company: context.company()?,
            account: self.account,
            platform: self.platform,
            post_type: self.post_type.unwrap_or(PostType::Post),
            caption,
            media: self.media.items(problems),
            link: self.link,
            first_comment: self.first_comment,
            at: self.at,
            client: self.client,
            from_body: false,
        })
    }
}

/// Reads the old scheduler's request.
fn body(context: &Context, path: &Path) -> Result<Request, CommandError> {
    let text = read_text("--body", path, context.settings.timeout).map_err(Problems::from)?;
    let body: Body = serde_json::from_str(&text).map_err(|error| {
        Problems::from(Problem::new("--body", format!("not a request: {error}")).hint(
            "fields: companyId, assignedClientId, socialAccountId, platform, postType, caption, \
             mediaUrls [{url, type}], scheduleAt",
        ))
    })?;
    let named = body.company_id.as_deref().map(|text| {
        text.parse::<CompanyId>().map_err(|error| {
            Problems::from(Problem::new("companyId", error.to_string()).value(text))
        })
    });
    let company = match (named.transpose()?, context.settings.company) {
        (Some(named), Some(chosen)) if named != chosen => {
            return Err(Problems::from(
                Problem::new("companyId", format!("--company says {chosen}"))
                    .value(named.to_string())
                    .hint("leave one of them out"),
            )
            .into());
        }
        (Some(named), _) => named,
        (None, _) => context.company()?,
    };
    Ok(Request {
        company,
        account: Some(body.social_account_id),
        platform: body.platform,
        post_type: body.post_type.unwrap_or(PostType::Post),
        caption: body.caption.unwrap_or_default(),
        media: body.media_urls,
        link: None,
        first_comment: None,
        at: Some(body.schedule_at),
        client: body.assigned_client_id,
        from_body: true,
    })
}

/// Names the JSON fields of a body instead of the flags.
pub(super) fn rename_fields(problems: &mut Problems) {
    for problem in &mut problems.0 {
        problem.field = match problem.field.as_str() {
            "--at" => "scheduleAt",
            "--image" | "--video" | "--media" => "mediaUrls",
            "--type" => "postType",
            "--caption" => "caption",
            "--platform" => "platform",
            "--client" => "assignedClientId",
            other => other,
        }
        .to_owned();
    }
}
