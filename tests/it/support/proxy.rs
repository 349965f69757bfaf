//! A bad connection to the database server: a proxy that knows where the
//! messages of MariaDB's and PostgreSQL's protocols begin, and can cut a
//! connection at any of them, lose the answer to a COMMIT, or take its time.

use std::io::{self, BufReader, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use url::Url;

use super::{Database, Engine};

/// A proxy on a loopback port. Transparent until it is configured otherwise.
pub struct Proxy {
    url: String,
    port: u16,
    shared: Arc<Shared>,
    listener: Option<JoinHandle<()>>,
}

struct Shared {
    engine: Engine,
    server: Server,
    plan: Mutex<Plan>,
    stopped: AtomicBool,
}

/// What is to happen, and what did.
#[derive(Default)]
struct Plan {
    messages: u64,
    commits: u64,
    /// Instead of passing this message on, counted in both directions and on
    /// all connections, its connection is cut.
    cut_at: Option<u64>,
    /// The answer to this COMMIT is lost, and its connection cut.
    lose_commit: Option<u64>,
    /// Once that happened, everything is cut at once.
    then_refuse: bool,
    refuses: bool,
    struck: bool,
    delay: Duration,
    /// What the server calls itself, and what it is to be called instead.
    alias: Option<(Vec<u8>, Vec<u8>)>,
}

enum Server {
    Tcp(String, u16),
    Socket(PathBuf),
}

impl Proxy {
    /// Before the server of this database, which is no SQLite file.
    pub fn before(database: &Database) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let (engine, mut url) = (database.engine(), Url::parse(&database.url()).unwrap());
        let server = Server::of(engine, &url);
        url.set_host(Some("127.0.0.1")).unwrap();
        url.set_port(Some(port)).unwrap();
        // What is encrypted has no messages to be seen.
        let plain = if engine == Engine::MariaDb { "ssl-mode=disabled" } else { "sslmode=disable" };
        url.set_query(Some(plain));
        let plan = Mutex::new(Plan::default());
        let shared = Arc::new(Shared { engine, server, plan, stopped: AtomicBool::new(false) });
        let accepting = Arc::clone(&shared);
        let listener = thread::spawn(move || {
            for client in listener.incoming() {
                if accepting.stopped.load(Ordering::SeqCst) {
                    return;
                }
                accepting.serve(client.unwrap());
            }
        });
        Self { url: url.into(), port, shared, listener: Some(listener) }
    }

    /// The database's URL through the proxy.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Resets the counters and all plans.
    pub fn heal(&self) {
        *self.shared.plan() = Plan::default();
    }

    /// Messages of both directions since the last [`Proxy::heal`].
    pub fn messages(&self) -> u64 {
        self.shared.plan().messages
    }

    /// COMMITs since the last [`Proxy::heal`].
    pub fn commits(&self) -> u64 {
        self.shared.plan().commits
    }

    /// From now on, the connection that carries the n-th message, from 1, is cut instead.
    /// Others continue, and new ones are accepted.
    pub fn cut_at(&self, n: u64) {
        *self.shared.plan() = Plan { cut_at: Some(n), ..Plan::default() };
    }

    /// From now on, the server does the n-th COMMIT, from 1, and its answer is
    /// lost with the connection.
    pub fn lose_commit(&self, n: u64) {
        *self.shared.plan() = Plan { lose_commit: Some(n), ..Plan::default() };
    }

    /// After that nothing comes through until [`Proxy::heal`].
    pub fn then_refuse(&self) {
        self.shared.plan().then_refuse = true;
    }

    /// Delays everything that is sent to the server.
    pub fn delay(&self, delay: Duration) {
        *self.shared.plan() = Plan { delay, ..Plan::default() };
    }

    /// Replaces a string of the server by another of the same length wherever it occurs.
    pub fn rename(&self, from: &str, to: &str) {
        assert_eq!(from.len(), to.len(), "{from} {to}");
        let alias = Some((from.into(), to.into()));
        *self.shared.plan() = Plan { alias, ..Plan::default() };
    }

    /// Whether the planned fault happened.
    pub fn struck(&self) -> bool {
        self.shared.plan().struck
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.shared.stopped.store(true, Ordering::SeqCst);
        let _ = TcpStream::connect(("127.0.0.1", self.port));
        if let Some(listener) = self.listener.take() {
            let _ = listener.join();
        }
    }
}

impl Server {
    fn of(engine: Engine, url: &Url) -> Self {
        let option = |name: &str| {
            url.query_pairs().find(|(key, _)| key == name).map(|(_, value)| PathBuf::from(&*value))
        };
        let socket = match engine {
            Engine::MariaDb => option("socket"),
            _ => option("host").map(|dir| dir.join(".s.PGSQL.5432")),
        };
        let port = if engine == Engine::MariaDb { 3306 } else { 5432 };
        match socket {
            Some(path) => Self::Socket(path),
            None => Self::Tcp(url.host_str().unwrap().to_owned(), url.port().unwrap_or(port)),
        }
    }

    fn connect(&self) -> io::Result<Stream> {
        Ok(match self {
            Self::Tcp(host, port) => {
                let stream = TcpStream::connect((host.as_str(), *port))?;
                stream.set_nodelay(true)?;
                Stream::Tcp(stream)
            }
            Self::Socket(path) => Stream::Unix(UnixStream::connect(path)?),
        })
    }
}

impl Shared {
    fn plan(&self) -> MutexGuard<'_, Plan> {
        self.plan.lock().unwrap()
    }

    fn serve(self: &Arc<Self>, client: TcpStream) {
        if self.plan().refuses {
            return;
        }
        let Ok(server) = self.server.connect() else { return };
        // Messages pass one by one, and must not wait for each other's receipts.
        let _ = client.set_nodelay(true);
        let (client, answer_lost) = (Stream::Tcp(client), Arc::new(AtomicBool::new(false)));
        for to_server in [true, false] {
            let (from, to) = if to_server { (&client, &server) } else { (&server, &client) };
            let (from, to) = (from.another(), to.another());
            let (shared, answer_lost) = (Arc::clone(self), Arc::clone(&answer_lost));
            thread::spawn(move || {
                let (one, other) = (from.another(), to.another());
                // An error is the end of the connection, from either side.
                let _ = shared.pass_on(from, to, to_server, &answer_lost);
                one.cut();
                other.cut();
            });
        }
    }

    /// Passes one direction of a connection on until it ends or is cut.
    fn pass_on(
        &self,
        from: Stream,
        mut to: Stream,
        to_server: bool,
        answer_lost: &AtomicBool,
    ) -> io::Result<()> {
        let mut from = BufReader::new(from);
        let mut is_first = to_server && self.engine == Engine::Postgres;
        loop {
            let waits = from.buffer().is_empty();
            let mut message = self.read(&mut from, is_first)?;
            is_first = false;
            let delay = {
                let mut plan = self.plan();
                plan.messages += 1;
                let is_commit = to_server && is_commit(&message);
                plan.commits += u64::from(is_commit);
                if plan.refuses {
                    return Ok(());
                }
                if plan.cut_at == Some(plan.messages) || answer_lost.load(Ordering::SeqCst) {
                    plan.struck = true;
                    plan.refuses = plan.then_refuse;
                    return Ok(());
                }
                if is_commit && plan.lose_commit == Some(plan.commits) {
                    answer_lost.store(true, Ordering::SeqCst);
                }
                if let Some((from, to)) = plan.alias.as_ref().filter(|_| !to_server) {
                    let found = message.windows(from.len()).position(|part| part == from);
                    if let Some(at) = found {
                        message[at..at + to.len()].copy_from_slice(to);
                    }
                }
                plan.delay
            };
            if to_server && waits {
                thread::sleep(delay);
            }
            to.write_all(&message)?;
        }
    }

    /// One whole message with its head.
    fn read(&self, from: &mut impl Read, is_first: bool) -> io::Result<Vec<u8>> {
        let mut head = vec![0; if self.engine == Engine::MariaDb || is_first { 4 } else { 5 }];
        from.read_exact(&mut head)?;
        let number = |bytes: &[u8]| bytes.iter().fold(0, |sum, byte| sum << 8 | usize::from(*byte));
        let body = match self.engine {
            // Three bytes of length, lowest first, and a sequence number.
            Engine::MariaDb => number(&[head[2], head[1], head[0]]),
            // Four bytes of length, themselves included, after a type's byte
            // that only the first message lacks.
            _ => number(&head[head.len() - 4..]) - 4,
        };
        let mut message = head;
        let start = message.len();
        message.resize(start + body, 0);
        from.read_exact(&mut message[start..])?;
        Ok(message)
    }
}

/// Whether it is this statement alone: a session may also ask to read what is
/// COMMITted.
fn is_commit(message: &[u8]) -> bool {
    // After a head and a letter, on PostgreSQL before a zero.
    message.strip_suffix(b"\0").unwrap_or(message).get(5..) == Some(b"COMMIT")
}

enum Stream {
    Tcp(TcpStream),
    Unix(UnixStream),
}

impl Stream {
    fn another(&self) -> Self {
        match self {
            Self::Tcp(stream) => Self::Tcp(stream.try_clone().unwrap()),
            Self::Unix(stream) => Self::Unix(stream.try_clone().unwrap()),
        }
    }

    fn cut(&self) {
        // It may be cut already.
        let _ = match self {
            Self::Tcp(stream) => stream.shutdown(Shutdown::Both),
            Self::Unix(stream) => stream.shutdown(Shutdown::Both),
        };
    }
}

impl Read for Stream {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Tcp(stream) => stream.read(buffer),
            Self::Unix(stream) => stream.read(buffer),
        }
    }
}

impl Write for Stream {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Tcp(stream) => stream.write(bytes),
            Self::Unix(stream) => stream.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
