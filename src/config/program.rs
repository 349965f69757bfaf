//! The beginning of the command lines that this program prints.

use super::DatabaseUrl;
use crate::domain::CompanyId;

/// The flag that names the database.
pub(super) const DATABASE_URL: &str = "--database-url";
const COMPANY: &str = "--company";

/// The program with the global flags that were typed: a command that is printed
/// means the same database and company, and the same times, as the one that
/// prints it.
#[derive(Debug, Clone, Default)]
pub struct Program {
    /// Switches have no value.
    flags: Vec<(&'static str, Option<String>)>,
}

impl Program {
    /// Flags as [`super::typed_flags`] found them; `url` is the database's.
    pub(super) fn new(mut flags: Vec<(&'static str, Option<String>)>, url: &DatabaseUrl) -> Self {
        if url.has_password() {
            let typed = flags.iter_mut().filter(|(flag, _)| *flag == DATABASE_URL);
            // Typed as it is, the command is refused by the same server: without the
            // flag it would meet another database.
            typed.for_each(|(_, value)| *value = Some(url.without_password()));
        }
        Self { flags }
    }

    /// `socialsched`, or `socialsched --database-url 'sqlite:///my file.db'`:
    /// a command and its arguments may follow.
    #[must_use]
    pub fn line(&self) -> String {
        line(self.flags.iter().map(|(flag, value)| (*flag, value.as_deref())))
    }

    /// The same for a company that this run does not have by itself.
    #[must_use]
    pub fn line_for(&self, company: CompanyId) -> String {
        let company = company.to_string();
        let others = self.flags.iter().filter(|(flag, _)| *flag != COMPANY);
        let others = others.map(|(flag, value)| (*flag, value.as_deref()));
        line(others.chain([(COMPANY, Some(company.as_str()))]))
    }
}

fn line<'a>(flags: impl Iterator<Item = (&'a str, Option<&'a str>)>) -> String {
    let words = flags
        .flat_map(|(flag, value)| [Some(flag.to_owned()), value.map(quoted)].into_iter().flatten());
    ["socialsched".to_owned()].into_iter().chain(words).collect::<Vec<_>>().join(" ")
}

/// A word that every shell reads as this text.
fn quoted(word: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "_-./:,@+".contains(c);
    if !word.is_empty() && word.chars().all(is_plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn program(flags: &[(&'static str, &str)], url: &str) -> Program {
        let flags = flags.iter().map(|(flag, value)| (*flag, Some((*value).to_owned())));
        Program::new(flags.collect(), &url.parse().unwrap())
    }

    #[test]
    fn what_was_typed_is_repeated_and_quoted() {
        let url = "postgres://me@db/app?sslmode=require";
        let program = program(&[(DATABASE_URL, url), ("--config", "it's mine.toml")], url);
        let line = program.line();
        assert_eq!(
            line,
            format!(r"socialsched --database-url '{url}' --config 'it'\''s mine.toml'")
        );
        assert_eq!(Program::default().line(), "socialsched");
    }

    #[test]
    fn a_password_is_not_repeated() {
        let url = "postgres://me:canary@db/app";
        let program = program(&[(DATABASE_URL, url), ("--tz", "Europe/Paris")], url);
        let (line, debug) = (program.line(), format!("{program:?}"));
        assert!(!line.contains("canary") && !debug.contains("canary"), "{line} {debug}");
        let shown = "postgres://me:PASSWORD@db/app";
        assert_eq!(line, format!("socialsched --database-url {shown} --tz Europe/Paris"));
    }

    #[test]
    fn other_company_replaces_the_typed_one() {
        let own = CompanyId::generate().to_string();
        let other = CompanyId::generate();
        let program = program(&[(COMPANY, &own), ("--tz", "UTC")], "sqlite://a.db");
        assert_eq!(program.line(), format!("socialsched --company {own} --tz UTC"));
        assert_eq!(program.line_for(other), format!("socialsched --tz UTC --company {other}"));
    }
}
