//! As much of HTTP as the example needs: one request a connection.

use std::collections::HashMap;
use std::io::{self, BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::time::Duration;

pub(crate) struct Request {
    pub(crate) method: String,
    pub(crate) path: String,
    headers: HashMap<String, String>,
    pub(crate) body: Vec<u8>,
}

pub(crate) struct Answer {
    status: u16,
    kind: &'static str,
    body: String,
}

/// Whoever is silent for so long is gone.
const PATIENCE: Duration = Duration::from_secs(5);

/// A request is no longer than this.
const LONGEST: u64 = 64 * 1024;

/// Answers one connection after the other, until `answer` has none.
pub(crate) fn run(listener: &TcpListener, mut answer: impl FnMut(&Request) -> Option<Answer>) -> io::Result<()> {
    for stream in listener.incoming() {
        let mut stream = stream?;
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.set_write_timeout(Some(PATIENCE))?;
        let Some(request) = read(&stream) else { continue };
        let answered = answer(&request);
        let over = answered.is_none();
        let said = answered.unwrap_or_else(|| Answer::text(200, "ending\n".into()));
        // A client that has left does not end the service.
        let _ = said.write(&mut stream);
        if over {
            return Ok(());
        }
    }
    Ok(())
}

fn read(stream: &TcpStream) -> Option<Request> {
    let mut reader = BufReader::new(stream.take(LONGEST));
    let mut line = String::new();
    reader.read_line(&mut line).ok()?;
    let mut words = line.split(' ');
    let (method, path) = (words.next()?.to_owned(), words.next()?.to_owned());
    let mut headers = HashMap::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok()?;
        let Some((name, value)) = line.trim_end().split_once(':') else {
            break;
        };
        headers.insert(name.to_ascii_lowercase(), value.trim().to_owned());
    }
    let len = headers
        .get("content-length")
        .and_then(|len| len.parse().ok())
        .unwrap_or(0);
    let mut body = vec![0; len];
    reader.read_exact(&mut body).ok()?;
    Some(Request {
        method,
        path,
        headers,
        body,
    })
}

impl Request {
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", String::as_str)
    }

    pub(crate) fn number(&self, name: &str) -> u64 {
        self.header(name).parse().unwrap_or(0)
    }
}

impl Answer {
    pub(crate) fn text(status: u16, body: String) -> Answer {
        Answer {
            status,
            kind: "text/plain; version=0.0.4",
            body,
        }
    }

    pub(crate) fn json(status: u16, body: String) -> Answer {
        Answer {
            status,
            kind: "application/json",
            body,
        }
    }

    fn write(&self, stream: &mut TcpStream) -> io::Result<()> {
        let Answer { status, kind, body } = self;
        let len = body.len();
        write!(
            stream,
            "HTTP/1.1 {status} \r\nContent-Type: {kind}\r\nContent-Length: {len}\r\nConnection: close\r\n\r\n{body}"
        )
    }
}
