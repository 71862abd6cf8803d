//! Where a request goes, and the request as the host gets it.

use crate::permit::Wanted;
use crate::refusal::Refusal;
use hyper::body::Incoming;
use hyper::header::{CONNECTION, HOST, HeaderMap, HeaderValue};
use hyper::http::uri::{Authority, PathAndQuery, Scheme};
use hyper::{Method, Request, Uri, Version};

/// The most bytes of a host's name (RFC 1035, section 2.3.4).
const LONGEST_NAME: usize = 253;

/// Headers that are about one connection and not about what is asked (RFC 9110, section 7.6.1).
const HOP_BY_HOP: [&str; 9] = [
    "connection",
    "keep-alive",
    "proxy-authenticate",
    "proxy-authorization",
    "proxy-connection",
    "te",
    "trailer",
    "upgrade",
    "expect",
];

/// Where a request to a proxy goes: its target and its `Host` say the same, or it is refused.
pub(crate) fn of(request: &Request<Incoming>) -> Result<Wanted, Refusal> {
    let uri = request.uri();
    let default = match (request.method(), uri.scheme()) {
        (&Method::CONNECT, None) => None,
        (&Method::CONNECT, Some(_)) => return Err(Refusal::Malformed("CONNECT names a host and a port")),
        (_, Some(scheme)) if *scheme == Scheme::HTTP => Some(80),
        (_, Some(_)) => return Err(Refusal::Malformed("https goes through CONNECT")),
        (_, None) => return Err(Refusal::Malformed("a request to a proxy names its host in its target")),
    };
    let authority = uri.authority().ok_or(Refusal::Malformed("it names no host"))?;
    let wanted = wanted(authority, default)?;
    agrees(request.headers(), &wanted, default.unwrap_or(wanted.port))?;
    Ok(wanted)
}

/// Whether a request in a tunnel goes to where the tunnel does.
pub(crate) fn within(request: &Request<Incoming>, tunnel: &Wanted) -> Result<(), Refusal> {
    let uri = request.uri();
    if request.method() == Method::CONNECT || uri.scheme().is_some() || uri.authority().is_some() {
        return Err(Refusal::Malformed("a request in a tunnel names a path alone"));
    }
    agrees(request.headers(), tunnel, 80)
}

fn agrees(headers: &HeaderMap, wanted: &Wanted, default: u16) -> Result<(), Refusal> {
    let mut hosts = headers.get_all(HOST).iter();
    let (Some(host), None) = (hosts.next(), hosts.next()) else {
        return Err(Refusal::Malformed("it has no Host header, or several"));
    };
    let said = host.to_str().ok().and_then(|host| host.parse::<Authority>().ok());
    let said = said.ok_or(Refusal::Malformed("its Host header names no host"))?;
    let said = self::wanted(&said, Some(default))?;
    if said == *wanted {
        return Ok(());
    }
    Err(Refusal::TwoHosts { asked: wanted.shown(), said: said.shown() })
}

fn wanted(authority: &Authority, default: Option<u16>) -> Result<Wanted, Refusal> {
    if authority.as_str().contains('@') {
        return Err(Refusal::Malformed("names and passwords do not belong into an address"));
    }
    let port = authority.port_u16().or(default).filter(|port| *port > 0);
    let port = port.ok_or(Refusal::Malformed("it names no port"))?;
    let host = authority.host().to_ascii_lowercase();
    let host = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(&host).to_owned();
    if host.is_empty() || host.len() > LONGEST_NAME {
        return Err(Refusal::Malformed("its host has no name, or one that is too long"));
    }
    Ok(Wanted { host, port })
}

/// The request as the host gets it.
pub(crate) fn inner(request: Request<Incoming>, wanted: &Wanted) -> Result<Request<Incoming>, Refusal> {
    let (mut parts, body) = request.into_parts();
    let path = parts.uri.path_and_query().cloned().unwrap_or_else(|| PathAndQuery::from_static("/"));
    parts.uri = Uri::from(path);
    parts.version = Version::HTTP_11;
    strip(&mut parts.headers);
    let shown = wanted.shown();
    let host = if wanted.port == 80 { shown.strip_suffix(":80").unwrap_or(&shown) } else { &shown };
    let host = HeaderValue::from_str(host).map_err(|_| Refusal::Malformed("its host is no text"))?;
    parts.headers.insert(HOST, host);
    Ok(Request::from_parts(parts, body))
}

/// Takes away what is about one connection, and what the connection says is.
pub(crate) fn strip(headers: &mut HeaderMap) {
    let named: Vec<String> = headers
        .get_all(CONNECTION)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .map(|name| name.trim().to_ascii_lowercase())
        .collect();
    for name in HOP_BY_HOP.into_iter().chain(named.iter().map(String::as_str)) {
        headers.remove(name);
    }
}
