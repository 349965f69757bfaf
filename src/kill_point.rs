//! Places where a test can kill or freeze this program: between any two
//! statements with an effect outside of it.
//!
//! They exist only with the feature `kill-points`, which no release has on;
//! without it a point is no code at all. With it, four variables steer them:
//!
//! - `SOCIALSCHED_KILL_AT=NAME[:N]`: SIGKILL at the Nth passage (1 is the first);
//! - `SOCIALSCHED_STOP_AT=NAME[:N]`: SIGSTOP there, once;
//! - `SOCIALSCHED_KILL_TRACE=FILE`: appends the name of every point passed;
//! - `SOCIALSCHED_KILL_CLOCK=FILE`: the number of milliseconds to add to the
//!   time that really has passed, for example while a process stood still.
//!
//! Few places have points, and name them themselves: `transaction!` after the
//! function that it is in (`open_gates.before_commit`, `open_gates.committed`),
//! the HTTP clients after the call (`publish/POST/graph.facebook.com/feed` with
//! `.before`, `.sent`, `.read`). New code gets its points without further code.
//!
//! A process that stands still keeps the locks of its open transactions, those
//! of its heartbeat too. Only one that stops at `.before_commit` does: at any
//! other point it first lets all of them end.

/// A place to be killed at; the arguments are those of `format!`.
macro_rules! kill_point {
    ($($name:tt)+) => {
        #[cfg(feature = "kill-points")]
        $crate::kill_point::pass(&format!($($name)+));
    };
}
pub(crate) use kill_point;

#[cfg(feature = "kill-points")]
pub(crate) use armed::{OpenTransaction, clock_ahead, pass, until_sent};

#[cfg(feature = "kill-points")]
mod armed {
    use std::collections::HashMap;
    use std::fs::OpenOptions;
    use std::io::Write;
    use std::path::PathBuf;
    use std::pin::Pin;
    use std::sync::atomic::{AtomicU32, Ordering};
    use std::sync::{LazyLock, Mutex, MutexGuard, PoisonError};
    use std::time::{Duration, Instant};

    use rustix::process::{Signal, getpid, kill_process};

    /// What the variables ask for.
    struct Orders {
        signals: Vec<(Signal, String, u32)>,
        trace: Option<PathBuf>,
        clock: Option<PathBuf>,
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
            clock: variable_of("SOCIALSCHED_KILL_CLOCK").map(PathBuf::from),
            passages: Mutex::default(),
        }
    });

    #[expect(clippy::disallowed_methods, reason = "no setting of the program: only tests have it")]
    fn variable_of(name: &str) -> Option<std::ffi::OsString> {
        std::env::var_os(name)
    }

    /// By how much the boot clock is to be ahead.
    pub(crate) fn clock_ahead() -> Duration {
        let text = ORDERS.clock.as_ref().and_then(|path| std::fs::read_to_string(path).ok());
        Duration::from_millis(text.and_then(|ms| ms.trim().parse().ok()).unwrap_or(0))
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
            let mut passages = lock(&ORDERS.passages);
            let nth = passages.entry(name.to_owned()).or_default();
            *nth += 1;
            *nth
        };
        for (signal, _, _) in ORDERS.signals.iter().filter(|(_, at, n)| at == name && *n == nth) {
            let outside = *signal == Signal::STOP && !name.ends_with(".before_commit");
            let _none_open = outside.then(until_none_is_open);
            // A kill takes effect before the call returns; a stop is another thread's to take.
            let _ = kill_process(getpid(), *signal);
            while *signal == Signal::STOP && stop_is_pending() {}
        }
    }

    /// Whether a stop of this process is still pending. If not, this thread has been
    /// stopped, too.
    fn stop_is_pending() -> bool {
        let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
        let pending = status.lines().find_map(|line| line.strip_prefix("ShdPnd:"));
        let pending = pending.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok());
        pending.unwrap_or(0) & (1 << (Signal::STOP.as_raw() - 1)) != 0
    }

    /// Transactions of this process that are open, and the right to begin one.
    static OPEN: AtomicU32 = AtomicU32::new(0);
    static BEGINNING: Mutex<()> = Mutex::new(());

    /// Some wait for locks of other processes, though with a limit.
    const ENDS_WITHIN: Duration = Duration::from_secs(2);

    /// Stands for an open transaction as long as it lives.
    pub(crate) struct OpenTransaction(());

    impl OpenTransaction {
        pub(crate) fn begin() -> Self {
            let _right = lock(&BEGINNING);
            OPEN.fetch_add(1, Ordering::SeqCst);
            Self(())
        }
    }

    impl Drop for OpenTransaction {
        fn drop(&mut self) {
            OPEN.fetch_sub(1, Ordering::SeqCst);
        }
    }

    /// Waits until no transaction is open; none begins while the answer lives.
    fn until_none_is_open() -> MutexGuard<'static, ()> {
        let right = lock(&BEGINNING);
        let began = Instant::now();
        while OPEN.load(Ordering::SeqCst) > 0 && began.elapsed() < ENDS_WITHIN {
            std::thread::sleep(Duration::from_millis(1));
        }
        right
    }

    /// Nothing panics while it holds one of these locks.
    fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
        mutex.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How long a request to this machine takes to leave it.
    const SENT_WITHIN: Duration = Duration::from_millis(2);

    /// Waits for an answer; passes the point `NAME.sent` while the request is on its way:
    /// it may or may not have arrived, and nothing of an answer was read.
    pub(crate) async fn until_sent<T>(name: &str, answer: impl Future<Output = T>) -> T {
        let mut answer: Pin<Box<_>> = Box::pin(answer);
        let early = tokio::time::timeout(SENT_WITHIN, &mut answer).await;
        pass(&format!("{name}.sent"));
        match early {
            Ok(answer) => answer,
            Err(_) => answer.await,
        }
    }
}
