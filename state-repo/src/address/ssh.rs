//! An address by SSH: `ssh://user@host:port/path`, or `user@host:path` as git itself writes it.

/// A repository that is reached by SSH.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct OverSsh {
    /// As it was written.
    text: String,
    pub(crate) user: String,
    /// Without the brackets of an IPv6 address.
    pub(crate) host: String,
    pub(crate) port: u16,
    path: String,
}

/// Why an address by SSH is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wrong {
    Password,
    Because(&'static str),
}

/// Who repositories are kept under where the address names nobody.
const USER: &str = "git";
const PORT: u16 = 22;
const LONGEST: usize = 1024;

impl OverSsh {
    /// Reads an address; `None` where it is none by SSH.
    pub(super) fn read(text: &str) -> Option<Result<Self, Wrong>> {
        if let Some(rest) = text.strip_prefix("ssh://") {
            let Some((at, _)) = rest.split_once('/') else {
                return Some(Err(Wrong::Because("it names no path on that host")));
            };
            // The path goes on as it was written, but that `~` begins one in somebody's folder, as git takes it.
            let path = rest.get(at.len()..).unwrap_or_default();
            let path = if path.starts_with("/~") { path.trim_start_matches('/') } else { path };
            return Some(Self::of(text, at, path));
        }
        let (at, path) = text.split_once(':')?;
        let written_short = !at.contains('/') && at.contains('@') && !path.starts_with("//");
        // A port would be a part of the path here.
        written_short.then(|| Self::of(text, at, path)).map(|read| match read {
            Ok(read) if read.port != PORT => Err(Wrong::Because("a port needs `ssh://host:port/path`")),
            read => read,
        })
    }

    fn of(text: &str, at: &str, path: &str) -> Result<Self, Wrong> {
        let (user, place) = at.split_once('@').unwrap_or((USER, at));
        if user.contains(':') {
            return Err(Wrong::Password);
        }
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
        let named = |name: &str| !name.is_empty() && !name.starts_with('-') && name.chars().all(plain);
        if !named(user) {
            return Err(Wrong::Because("its user has a character that no user has"));
        }
        let (host, port) = host_and_port(place).ok_or(Wrong::Because("its port is none"))?;
        let address_of_six = host.contains(':') && host.parse::<std::net::Ipv6Addr>().is_ok();
        if !named(host) && !address_of_six {
            return Err(Wrong::Because("its host has a character that no host has"));
        }
        if let Some(why) = wrong_path(path) {
            return Err(Wrong::Because(why));
        }
        let host = host.to_ascii_lowercase();
        Ok(Self { text: text.to_owned(), user: user.to_owned(), host, port, path: path.to_owned() })
    }

    pub(super) fn as_str(&self) -> &str {
        &self.text
    }

    /// The path on the host.
    pub(crate) fn path(&self) -> &str {
        &self.path
    }

    /// What the host is asked to run.
    ///
    /// INVARIANT: nothing in the path ends the quotes, and the program does not take it for an option: `wrong_path` has refused
    /// what could.
    pub(crate) fn command(&self, service: &str) -> String {
        format!("{service} '{}'", self.path)
    }

    /// The host's name in a file of known hosts.
    pub(crate) fn known_as(&self) -> String {
        if self.port == PORT { self.host.clone() } else { format!("[{}]:{}", self.host, self.port) }
    }
}

fn host_and_port(place: &str) -> Option<(&str, u16)> {
    let port = |text: &str| text.parse().ok().filter(|port| *port != 0);
    if let Some(rest) = place.strip_prefix('[') {
        let (host, after) = rest.split_once(']')?;
        return match after.strip_prefix(':') {
            Some(text) => Some((host, port(text)?)),
            None => after.is_empty().then_some((host, PORT)),
        };
    }
    match place.split_once(':') {
        Some((host, text)) => Some((host, port(text)?)),
        None => Some((place, PORT)),
    }
}

/// Why a path is not asked for. What has a meaning in quotes anywhere is refused rather than quoted: what reads the command at
/// the other end is a shell, or something that takes itself for one.
fn wrong_path(path: &str) -> Option<&'static str> {
    match path {
        _ if path.trim_matches('/').is_empty() => Some("it names no path on that host"),
        _ if path.len() > LONGEST => Some("its path is too long"),
        _ if path.starts_with('-') => Some("its path begins with `-`, which would be an option"),
        _ if path.contains(|c: char| c.is_control() || matches!(c, '\'' | '"' | '\\' | '!' | '`' | '$')) => {
            Some("its path has a quote, or another character that a shell reads")
        }
        _ if path.contains(['%', '?', '#']) => Some("its path has `%`, `?` or `#`: write it as it is"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_ways_to_write_it_say_whom_and_what_is_asked() {
        let cases = [
            ("ssh://git@git.example/team/s.git", "git", "git.example", "git-upload-pack '/team/s.git'"),
            ("ssh://Git.Example:2222/s.git", "git", "[git.example]:2222", "git-upload-pack '/s.git'"),
            ("ssh://ana@git.example/~ana/s.git", "ana", "git.example", "git-upload-pack '~ana/s.git'"),
            ("ssh://git@[::1]:2222/a b.git", "git", "[::1]:2222", "git-upload-pack '/a b.git'"),
            ("git@git.example:team/s.git", "git", "git.example", "git-upload-pack 'team/s.git'"),
            ("git@git.example:/srv/s.git", "git", "git.example", "git-upload-pack '/srv/s.git'"),
        ];
        for (text, user, known, command) in cases {
            let read = OverSsh::read(text).unwrap().unwrap();
            assert_eq!((read.user.as_str(), read.known_as().as_str()), (user, known), "{text}");
            assert_eq!(read.command("git-upload-pack"), command);
        }
        assert!(OverSsh::read("https://git.example/a:b@c").is_none());
        assert!(OverSsh::read("file:///srv/a@b:c").is_none());
    }
}
