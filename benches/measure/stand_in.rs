//! The stand-in for a platform: answers LinkedIn's create call, as fast as the machine
//! allows or after a set time, and keeps when each call arrived. Besides it is a media host
//! that hardly sends, and an Instagram whose containers are never ready.
//!
//! It is a process of its own, so that its processor time is not the worker's, and speaks
//! HTTP/1.1 by hand: the sandbox of the program does far more per call, and would be the
//! limit of what is measured.

use std::cell::RefCell;
use std::fmt::Write as _;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, Shutdown, TcpStream as Connection};
use std::process::{Child, Command, Stdio};
use std::rc::Rc;
use std::time::{Duration, SystemTime};

use anyhow::{Context, Result};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// What each post's text begins with; its number follows.
pub const TEXT: &str = "Post ";

/// Where posts are made.
const CREATE_POST: &str = "/api.linkedin.com/rest/posts";
/// How the paths of media begin that hardly comes.
const SLOW: &str = "/slow/";
/// How many addresses of this machine are media hosts.
pub const MEDIA_HOSTS: u8 = 5;

/// The address of a media host; the port is the stand-in's.
fn media_host(number: u8) -> Ipv4Addr {
    Ipv4Addr::new(127, 0, 0, 2 + number)
}

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
        format!("{}{CREATE_POST}", self.gateway())
    }

    /// An image on a media host that sends a byte a second.
    pub fn slow_image(&self, host: u8) -> String {
        let (_, port) = self.address.rsplit_once(':').unwrap_or_default();
        format!("http://{}:{port}{SLOW}1.jpg", media_host(host))
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
        write!(connection, "GET {path} HTTP/1.1\r\n\r\n")?;
        // It answers request after request: this one was the last.
        connection.shutdown(Shutdown::Write)?;
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
        let address = listener.local_addr()?;
        let arrivals = Arrivals::default();
        for host in 0..MEDIA_HOSTS {
            let other = TcpListener::bind((media_host(host), address.port())).await?;
            tokio::task::spawn_local(listen(other, latency, Rc::clone(&arrivals)));
        }
        writeln!(io::stdout(), "{address}")?;
        listen(listener, latency, arrivals).await
    })
}

type Arrivals = Rc<RefCell<Vec<Arrival>>>;

async fn listen(listener: TcpListener, latency: Duration, arrivals: Arrivals) -> Result<()> {
    loop {
        let (stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        let arrivals = Rc::clone(&arrivals);
        tokio::task::spawn_local(async move {
            // A client that goes away ends its connection, and nothing else.
            let _ = converse(stream, latency, &arrivals).await;
        });
    }
}

/// Answers the requests of one connection, one after another.
async fn converse(
    mut stream: TcpStream,
    latency: Duration,
    arrivals: &RefCell<Vec<Arrival>>,
) -> io::Result<()> {
    let mut buffer: Vec<u8> = Vec::with_capacity(4096);
    loop {
        let Some((head, length)) = read_request(&mut stream, &mut buffer).await? else {
            return Ok(());
        };
        let line = buffer.split(|byte| *byte == b'\r').next().unwrap_or_default();
        let line = String::from_utf8_lossy(line);
        let (method, rest) = line.split_once(' ').unwrap_or_default();
        let (path, query) = rest.split_once([' ', '?']).unwrap_or((rest, ""));
        let answer = match (method, path) {
            ("POST", CREATE_POST) => {
                let post = number(&buffer[head..length]).unwrap_or_default();
                arrivals.borrow_mut().push(Arrival { at: now(), post });
                let id = 7_000_000_000_000_000_000 + arrivals.borrow().len();
                if !latency.is_zero() {
                    tokio::time::sleep(latency).await;
                }
                format!(
                    "HTTP/1.1 201 Created\r\nx-restli-id: urn:li:share:{id}\r\n\
                     content-length: 0\r\n\r\n"
                )
            }
            ("POST", "/api.linkedin.com/rest/images") => {
                let upload = "https://www.linkedin.com/dms-uploads/1";
                let value = json!({ "uploadUrl": upload, "image": "urn:li:image:C4D10AQ" });
                json_answer(&json!({ "value": value }))
            }
            ("POST", path) if path.ends_with("/media") => json_answer(&json!({ "id": "17900" })),
            ("GET", "/arrivals" | "/count") => text_answer(&report(path, &arrivals.borrow())),
            ("GET", path) if path.starts_with(SLOW) => return trickle(stream).await,
            // Whatever Instagram is asked about a container.
            ("GET", _) if query.contains("status_code") => {
                json_answer(&json!({ "id": "17900", "status_code": "IN_PROGRESS" }))
            }
            _ => "HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n".to_owned(),
        };
        buffer.drain(..length);
        stream.write_all(answer.as_bytes()).await?;
    }
}

fn text_answer(body: &str) -> String {
    format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{body}", body.len())
}

fn json_answer(body: &Value) -> String {
    let (kind, body) = ("application/json", body.to_string());
    let length = body.len();
    format!("HTTP/1.1 200 OK\r\ncontent-type: {kind}\r\ncontent-length: {length}\r\n\r\n{body}")
}

/// An image of which one byte comes in a second.
async fn trickle(mut stream: TcpStream) -> io::Result<()> {
    let head = "HTTP/1.1 200 OK\r\ncontent-type: image/jpeg\r\ncontent-length: 100000\r\n\r\n";
    stream.write_all(head.as_bytes()).await?;
    loop {
        stream.write_all(&[0xff]).await?;
        tokio::time::sleep(Duration::from_secs(1)).await;
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
fn report(path: &str, arrivals: &[Arrival]) -> String {
    if path == "/count" {
        return arrivals.len().to_string();
    }
    let mut text = String::new();
    for Arrival { at, post } in arrivals {
        // Writing to a String never fails.
        let _ = writeln!(text, "{at} {post}");
    }
    text
}
