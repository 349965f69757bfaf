//! The stand-in for a platform: answers LinkedIn's create call, as fast as the machine
//! allows or after a set time, and keeps when each call arrived.
//!
//! It is a process of its own, so that its processor time is nobody else's, and speaks
//! HTTP/1.1 by hand: the sandbox of the program does far more per call, and would be the
//! limit of what is measured.

use std::cell::RefCell;
use std::fmt::Write as _;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::TcpStream as Connection;
use std::process::{Child, Command, Stdio};
use std::rc::Rc;
use std::time::{Duration, SystemTime};

use anyhow::{Context, Result};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// What each post's text begins with; its number follows.
pub const TEXT: &str = "Post ";

/// A call that arrived.
#[derive(Debug, Clone, Copy)]
pub struct Arrival {
    /// Microseconds since 1970, by the machine's clock.
    pub at: i64,
    /// The number in the post's text.
    pub post: u64,
}

/// A running stand-in. Stopped when dropped.
pub struct StandIn {
    child: Child,
    address: String,
}

impl StandIn {
    /// Starts one whose answers take this long.
    pub fn start(latency: Duration) -> Result<Self> {
        let mut child = Command::new(std::env::current_exe()?)
            .args(["stand-in", "--latency-ms", &latency.as_millis().to_string()])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()?;
        let output = child.stdout.take().context("the stand-in has no output")?;
        let mut address = String::new();
        BufReader::new(output).read_line(&mut address)?;
        Ok(Self { child, address: address.trim().to_owned() })
    }

    /// The value of `SOCIALSCHED_PLATFORM_GATEWAY`.
    pub fn gateway(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Where a peer's job sends its call: LinkedIn's create call, as the program does.
    pub fn create_post(&self) -> String {
        format!("{}/api.linkedin.com/rest/posts", self.gateway())
    }

    /// The calls so far, in the order in which they arrived.
    pub fn arrivals(&self) -> Result<Vec<Arrival>> {
        let text = self.get("/arrivals")?;
        let arrival = |line: &str| {
            let (at, post) = line.split_once(' ')?;
            Some(Arrival { at: at.parse().ok()?, post: post.parse().ok()? })
        };
        text.lines().map(|line| arrival(line).context("not an arrival")).collect()
    }

    /// How many calls have arrived.
    pub fn count(&self) -> Result<usize> {
        Ok(self.get("/count")?.parse()?)
    }

    fn get(&self, path: &str) -> Result<String> {
        let mut connection = Connection::connect(&self.address)?;
        write!(connection, "GET {path} HTTP/1.1\r\nconnection: close\r\n\r\n")?;
        let mut answer = String::new();
        connection.read_to_string(&mut answer)?;
        let (_, body) = answer.split_once("\r\n\r\n").context("no answer of the stand-in")?;
        Ok(body.to_owned())
    }
}

impl Drop for StandIn {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// This instant in microseconds since 1970.
pub fn now() -> i64 {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_micros()).unwrap_or(i64::MAX)
}

/// Serves until it is killed. Prints its address first.
pub fn serve(latency: Duration) -> Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let local = tokio::task::LocalSet::new();
    local.block_on(&runtime, async {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        writeln!(io::stdout(), "{}", listener.local_addr()?)?;
        let arrivals = Rc::new(RefCell::new(Vec::new()));
        loop {
            let (stream, _) = listener.accept().await?;
            stream.set_nodelay(true)?;
            let arrivals = Rc::clone(&arrivals);
            tokio::task::spawn_local(async move {
                // A client that goes away ends its connection, and nothing else.
                let _ = converse(stream, latency, &arrivals).await;
            });
        }
    })
}

/// Answers the requests of one connection, one after another.
async fn converse(
    mut stream: TcpStream,
    latency: Duration,
    arrivals: &RefCell<Vec<Arrival>>,
) -> io::Result<()> {
    let mut buffer: Vec<u8> = Vec::with_capacity(4096);
    let mut answer = String::new();
    loop {
        let Some((head, length)) = read_request(&mut stream, &mut buffer).await? else {
            return Ok(());
        };
        let at = now();
        answer.clear();
        let is_call = buffer.starts_with(b"POST ");
        if is_call {
            let post = number(&buffer[head..length]).unwrap_or_default();
            arrivals.borrow_mut().push(Arrival { at, post });
            let id = 7_000_000_000_000_000_000 + arrivals.borrow().len();
            let _ = write!(
                answer,
                "HTTP/1.1 201 Created\r\nx-restli-id: urn:li:share:{id}\r\ncontent-length: 0\r\n\r\n"
            );
        } else {
            let body = report(&buffer[..head], &arrivals.borrow());
            let _ =
                write!(answer, "HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{body}", body.len());
        }
        buffer.drain(..length);
        if is_call && !latency.is_zero() {
            tokio::time::sleep(latency).await;
        }
        stream.write_all(answer.as_bytes()).await?;
        if !is_call {
            return Ok(());
        }
    }
}

/// Reads until the buffer begins with a whole request: how long its head is, and how long
/// it is altogether. `None`: the client has ended the connection.
async fn read_request(
    stream: &mut TcpStream,
    buffer: &mut Vec<u8>,
) -> io::Result<Option<(usize, usize)>> {
    loop {
        if let Some(end) = buffer.windows(4).position(|part| part == b"\r\n\r\n") {
            let head = end + 4;
            let length = head + content_length(&buffer[..head]);
            if buffer.len() >= length {
                return Ok(Some((head, length)));
            }
        }
        if stream.read_buf(buffer).await? == 0 {
            return Ok(None);
        }
    }
}

fn content_length(head: &[u8]) -> usize {
    let head = String::from_utf8_lossy(head);
    let length = head.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse().ok())?
    });
    length.unwrap_or_default()
}

/// The number of the post in a call's body.
fn number(body: &[u8]) -> Option<u64> {
    let text = std::str::from_utf8(body).ok()?;
    let (_, rest) = text.split_once(TEXT)?;
    let end = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
    rest[..end].parse().ok()
}

/// What the bench itself asks.
fn report(head: &[u8], arrivals: &[Arrival]) -> String {
    if head.starts_with(b"GET /count ") {
        return arrivals.len().to_string();
    }
    let mut text = String::new();
    for Arrival { at, post } in arrivals {
        let _ = writeln!(text, "{at} {post}");
    }
    text
}
