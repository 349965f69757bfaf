//! Posts from `schedule` to the platforms.
