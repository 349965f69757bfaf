//! Which tokens are good. Any non-empty token is, except those whose prefix
//! says otherwise (listed in the documentation of [`super`]).

/// What is wrong with a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum TokenProblem {
    Missing,
    Invalid,
    Expired,
    Revoked,
    Password,
    WrongPage,
    NoScope,
}

/// Checks a token by its prefix.
pub(super) fn problem(token: Option<&str>) -> Option<TokenProblem> {
    let Some(token) = token else { return Some(TokenProblem::Missing) };
    let known = [
        ("invalid-", TokenProblem::Invalid),
        ("expired-", TokenProblem::Expired),
        ("revoked-", TokenProblem::Revoked),
        ("password-", TokenProblem::Password),
        ("wrongpage-", TokenProblem::WrongPage),
        ("noscope-", TokenProblem::NoScope),
    ];
    known.iter().find(|(prefix, _)| token.starts_with(prefix)).map(|(_, problem)| *problem)
}
