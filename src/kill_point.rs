//! Places where a test can kill or freeze this program: between any two
//! statements with an effect outside of it.
//!
//! They exist only with the feature `kill-points`, which no release has on;
//! without it a point is no code at all. With it, three variables steer them:
//!
//! - `SOCIALSCHED_KILL_AT=NAME[:N]`: SIGKILL at the Nth passage (1 is the first);
//! - `SOCIALSCHED_STOP_AT=NAME[:N]`: SIGSTOP there, once;
//! - `SOCIALSCHED_KILL_TRACE=FILE`: appends the name of every point passed.
//!
//! Few places have points, and name them themselves: `transaction!` after the
//! function that it is in (`open_gates.before_commit`, `open_gates.committed`),
//! the HTTP clients after the call (`publish/POST/graph.facebook.com/feed` with
//! `.before`, `.sent`, `.read`). New code has points without a word.

/// A place to be killed at; the arguments are those of `format!`.
macro_rules! kill_point {
    ($($name:tt)+) => {
        #[cfg(feature = "kill-points")]
        $crate::kill_point::pass(&format!($($name)+));
    };
}
pub(crate) use kill_point;

/// The name of the function that it is used in.
#[cfg(feature = "kill-points")]
macro_rules! function_name {
    () => {{
        fn here() {}
        $crate::kill_point::function_of(std::any::type_name_of_val(&here))
    }};
}
#[cfg(feature = "kill-points")]
pub(crate) use function_name;

#[cfg(feature = "kill-points")]
pub(crate) use armed::{function_of, pass, until_sent};

#[cfg(feature = "kill-points")]
mod armed {
    use std::collections::HashMap;
    use std::fs::OpenOptions;
    use std::io::Write;
    use std::path::PathBuf;
    use std::pin::Pin;
    use std::sync::{LazyLock, Mutex, PoisonError};
    use std::time::Duration;

    use rustix::process::{Signal, getpid, kill_process};

    /// What the variables ask for.
    struct Orders {
        signals: Vec<(Signal, String, u32)>,
        trace: Option<PathBuf>,
        passages: Mutex<HashMap<String, u32>>,
    }

    static ORDERS: LazyLock<Orders> = LazyLock::new(|| {
        let at = |signal, variable| {
            let text = variable_of(variable)?.into_string().ok()?;
            let (name, nth) = match text.rsplit_once(':') {
                Some((name, nth)) => (name.to_owned(), nth.parse().unwrap_or(1)),
                None => (text, 1),
            };
            Some((signal, name, nth))
        };
        let signals =
            [at(Signal::KILL, "SOCIALSCHED_KILL_AT"), at(Signal::STOP, "SOCIALSCHED_STOP_AT")];
        Orders {
            signals: signals.into_iter().flatten().collect(),
            trace: variable_of("SOCIALSCHED_KILL_TRACE").map(PathBuf::from),
            passages: Mutex::default(),
        }
    });

    #[expect(clippy::disallowed_methods, reason = "no setting of the program: only tests have it")]
    fn variable_of(name: &str) -> Option<std::ffi::OsString> {
        std::env::var_os(name)
    }

    impl Orders {
        fn none(&self) -> bool {
            self.signals.is_empty() && self.trace.is_none()
        }
    }

    /// Passes a point: writes it down, and dies or stands still if that was asked for.
    pub(crate) fn pass(name: &str) {
        if ORDERS.none() {
            return;
        }
        if let Some(path) = &ORDERS.trace {
            // One short write in append mode: lines of threads do not mix.
            let file = OpenOptions::new().create(true).append(true).open(path);
            // A trace with a gap fails the test that reads it.
            let _ = file.and_then(|mut file| file.write_all(format!("{name}\n").as_bytes()));
        }
        let nth = {
            let mut passages = ORDERS.passages.lock().unwrap_or_else(PoisonError::into_inner);
            let nth = passages.entry(name.to_owned()).or_default();
            *nth += 1;
            *nth
        };
        for (signal, _, _) in ORDERS.signals.iter().filter(|(_, at, n)| at == name && *n == nth) {
            if *signal == Signal::STOP && !name.ends_with(".before_commit") {
                // The heartbeat's transaction: frozen, it would hold up everybody else.
                std::thread::sleep(TRANSACTION);
            }
            // Takes effect before the call returns.
            let _ = kill_process(getpid(), *signal);
        }
    }

    /// How long a transaction of another thread takes.
    const TRANSACTION: Duration = Duration::from_millis(50);

    /// How long a request to this machine takes to leave it.
    const SENT_WITHIN: Duration = Duration::from_millis(2);

    /// Waits for an answer; passes the point `NAME.sent` while the request is
    /// on its way: it may have arrived or not, and nothing of an answer was read.
    pub(crate) async fn until_sent<T>(name: &str, answer: impl Future<Output = T>) -> T {
        let mut answer: Pin<Box<_>> = Box::pin(answer);
        let early = tokio::time::timeout(SENT_WITHIN, &mut answer).await;
        pass(&format!("{name}.sent"));
        match early {
            Ok(answer) => answer,
            Err(_) => answer.await,
        }
    }

    /// The function's own name, from the path of an item in it.
    pub(crate) fn function_of(path: &'static str) -> &'static str {
        let is_name = |part: &&str| !part.starts_with('{');
        path.rsplit("::").skip(1).find(is_name).unwrap_or(path)
    }

    #[cfg(test)]
    mod tests {
        #[tokio::test]
        async fn a_block_in_a_function_has_the_functions_name() {
            let inner = async { super::super::function_name!() }.await;
            assert_eq!(inner, "a_block_in_a_function_has_the_functions_name");
        }
    }
}
