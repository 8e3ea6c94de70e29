//! Requests like those of a small shop, the same each time: mostly reads, some of everything else, and one address that tries
//! passwords.

use std::io::{self, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::thread;
use std::time::Duration;

/// Between two requests where they never end: a service to look at must not take the machine.
const PAUSE: Duration = Duration::from_millis(10);

/// Method, path, and what the service makes of it.
const MIX: [(&str, &str, &str); 24] = [
    ("POST", "/login", ""),
    ("POST", "/token", ""),
    ("GET", "/books/17", ""),
    ("GET", "/books/4", ""),
    ("GET", "/search", ""),
    ("PUT", "/books/4", ""),
    ("GET", "/books/9", "foreign"),
    ("GET", "/books/1", ""),
    ("POST", "/token", "expired"),
    ("GET", "/search", ""),
    ("GET", "/books/2", ""),
    ("POST", "/admin", ""),
    ("GET", "/books/3", ""),
    ("PUT", "/books/5", "invalid"),
    ("GET", "/search", "often"),
    ("POST", "/admin", "override"),
    ("GET", "/books/6", ""),
    ("POST", "/admin", "quota"),
    ("POST", "/admin", "agent"),
    ("POST", "/admin", "scan"),
    ("GET", "/books/7", ""),
    ("POST", "/admin", "patch"),
    ("POST", "/admin", "odd"),
    ("GET", "/nothing", ""),
];

/// Makes so many requests, as fast as they are served, or one after another without end; ends when the service does.
pub(crate) fn run(address: SocketAddr, requests: Option<u64>) -> io::Result<()> {
    for number in 0..requests.unwrap_or(u64::MAX) {
        let at = (number % MIX.len() as u64) as usize;
        let user = format!("u-{}", number % 7);
        let client = format!("198.51.100.{}", number % 11);
        let (method, path, what) = MIX.get(at).copied().unwrap_or(("GET", "/search", ""));
        if ask(address, number, (method, path, what), &user, &client).is_err() {
            return Ok(());
        }
        if number % 500 == 20 {
            for _ in 0..7 {
                let _ = ask(address, number, ("POST", "/login", "wrong"), "admin", "203.0.113.66");
            }
        }
        if number == 400 {
            let _ = ask(address, number, ("POST", "/admin", "incident"), "", "203.0.113.66");
        }
        if requests.is_none() {
            thread::sleep(PAUSE);
        }
    }
    Ok(())
}

fn ask(
    address: SocketAddr,
    number: u64,
    (method, path, what): (&str, &str, &str),
    user: &str,
    client: &str,
) -> io::Result<()> {
    let mut stream = TcpStream::connect(address)?;
    let body = "x".repeat((number % 700) as usize);
    // One in a hundred waits for a slow neighbour.
    let slow = if number % 100 == 99 { 300 } else { 0 };
    write!(
        stream,
        "{method} {path} HTTP/1.1\r\nHost: shop\r\nX-User: {user}\r\nX-Client: {client}\r\nX-What: {what}\r\nX-Number: {number}\r\n\
         X-Slow: {slow}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
        body.len()
    )?;
    stream.read_to_end(&mut Vec::new()).map(drop)
}
