//! PostgreSQL: it takes a session of the superuser that the URL names.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

use super::variable;

#[test]
fn the_url_opens_a_session() {
    let url = variable("TENTACULAR_TEST_POSTGRES");
    let (user, rest) = url.strip_prefix("postgres://").unwrap().split_once('@').unwrap();
    let (address, database) = rest.split_once('/').unwrap();

    // The start of a session, and the server's answer that no password is asked for: PostgreSQL's documentation,
    // "Message Formats", StartupMessage and AuthenticationOk.
    let parameters = format!("user\0{user}\0database\0{database}\0\0");
    let length = u32::try_from(8 + parameters.len()).unwrap();
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
    stream.write_all(&length.to_be_bytes()).unwrap();
    stream.write_all(&0x0003_0000_u32.to_be_bytes()).unwrap();
    stream.write_all(parameters.as_bytes()).unwrap();
    let mut answer = [0; 9];
    stream.read_exact(&mut answer).unwrap();
    assert_eq!(answer, *b"R\0\0\0\x08\0\0\0\0");
}
