//! Counts what a client asks of a server: a proxy that reads the two engines' protocols as
//! far as the beginnings of messages. It costs time, so that nothing is timed behind it.

use std::io::{self, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

use anyhow::Result;
use url::Url;

use crate::server::Engine;

/// A proxy for one measurement; it ends with this program.
pub struct Wire {
    url: String,
    counts: Arc<Counts>,
}

#[derive(Default)]
struct Counts {
    statements: AtomicU64,
    round_trips: AtomicU64,
}

/// Where the server listens.
#[derive(Clone)]
enum Upstream {
    Tcp(String),
    Unix(PathBuf),
}

type Halves = (Box<dyn Read + Send>, Box<dyn Write + Send>);

impl Wire {
    /// A proxy before the database of that URL. The way to it must not be encrypted.
    pub fn before(engine: Engine, url: &str) -> Result<Self> {
        let mut url = Url::parse(url)?;
        let upstream = upstream(engine, &url);
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let counts = Arc::new(Counts::default());
        url.set_host(Some("127.0.0.1"))?;
        // Fails only for URLs without a host.
        let _ = url.set_port(Some(listener.local_addr()?.port()));
        let plain = if engine == Engine::MariaDb { "ssl-mode=DISABLED" } else { "sslmode=disable" };
        url.set_query(Some(plain));
        let kept = Arc::clone(&counts);
        thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let (upstream, counts) = (upstream.clone(), Arc::clone(&kept));
                // An error ends this connection, which its client then notices.
                thread::spawn(move || pass(engine, client, &upstream, counts));
            }
        });
        Ok(Self { url: url.into(), counts })
    }

    /// The URL of the same database, through the proxy.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Statements so far, with BEGIN, COMMIT and what pings a server by a statement.
    pub fn statements(&self) -> u64 {
        self.counts.statements.load(Ordering::Relaxed)
    }

    /// How often the client has waited for an answer.
    pub fn round_trips(&self) -> u64 {
        self.counts.round_trips.load(Ordering::Relaxed)
    }
}

fn upstream(engine: Engine, url: &Url) -> Upstream {
    let option = |wanted: &str| {
        url.query_pairs().find(|(name, _)| name == wanted).map(|(_, value)| value.into_owned())
    };
    let port = if engine == Engine::MariaDb { 3306 } else { 5432 };
    let port = url.port().unwrap_or(port);
    if let Some(socket) = option("socket") {
        return Upstream::Unix(socket.into());
    }
    match option("host") {
        Some(dir) if dir.starts_with('/') => {
            Upstream::Unix(PathBuf::from(dir).join(format!(".s.PGSQL.{port}")))
        }
        host => {
            let host = host.or(url.host_str().map(str::to_owned)).unwrap_or_default();
            Upstream::Tcp(format!("{host}:{port}"))
        }
    }
}

impl Upstream {
    fn connect(&self) -> io::Result<Halves> {
        Ok(match self {
            Self::Tcp(address) => {
                let stream = TcpStream::connect(address)?;
                stream.set_nodelay(true)?;
                (Box::new(stream.try_clone()?), Box::new(stream))
            }
            Self::Unix(path) => {
                let stream = UnixStream::connect(path)?;
                (Box::new(stream.try_clone()?), Box::new(stream))
            }
        })
    }
}

fn pass(
    engine: Engine,
    mut client: TcpStream,
    upstream: &Upstream,
    counts: Arc<Counts>,
) -> io::Result<()> {
    client.set_nodelay(true)?;
    let (mut answers, mut server) = upstream.connect()?;
    let mut back = client.try_clone()?;
    thread::spawn(move || {
        let copied = io::copy(&mut answers, &mut back);
        let _ = back.shutdown(std::net::Shutdown::Both);
        copied
    });
    let mut counting = Counting { engine, started: false, pending: Vec::new(), counts };
    let mut part = [0; 16 * 1024];
    loop {
        let read = client.read(&mut part)?;
        if read == 0 {
            // Dropping the server's half is not enough: the other thread holds it, too.
            return Ok(());
        }
        counting.add(&part[..read]);
        server.write_all(&part[..read])?;
    }
}

/// What one client has sent that is no whole message yet.
struct Counting {
    engine: Engine,
    /// PostgreSQL's first message has no type.
    started: bool,
    pending: Vec<u8>,
    counts: Arc<Counts>,
}

impl Counting {
    fn add(&mut self, bytes: &[u8]) {
        self.pending.extend_from_slice(bytes);
        while let Some(length) = self.message() {
            self.pending.drain(..length);
        }
    }

    /// Counts the first message, if it is whole; its length.
    fn message(&mut self) -> Option<usize> {
        let bytes = &self.pending;
        let (length, statement, waits) = if self.engine == Engine::MariaDb {
            let [a, b, c, sequence] = *bytes.first_chunk()?;
            let length = 4 + u32::from_le_bytes([a, b, c, 0]) as usize;
            // COM_QUERY, COM_STMT_EXECUTE; all but COM_QUIT and COM_STMT_CLOSE are answered.
            let command = (sequence == 0).then(|| bytes.get(4).copied()).flatten();
            let statement = matches!(command, Some(0x03 | 0x17));
            (length, statement, command.is_some_and(|command| !matches!(command, 0x01 | 0x19)))
        } else {
            let kind = if self.started { Some(*bytes.first()?) } else { None };
            let at = usize::from(self.started);
            let length: [u8; 4] = *bytes.get(at..)?.first_chunk()?;
            let length = at + u32::from_be_bytes(length) as usize;
            // Query and Execute; the answers come after a Query or a Sync.
            (length, matches!(kind, Some(b'Q' | b'E')), matches!(kind, Some(b'Q' | b'S')))
        };
        if bytes.len() < length {
            return None;
        }
        self.started = true;
        self.counts.statements.fetch_add(u64::from(statement), Ordering::Relaxed);
        self.counts.round_trips.fetch_add(u64::from(waits), Ordering::Relaxed);
        Some(length)
    }
}
