//! The one place with `unsafe`: what libgit2 is told once in a process, before anything else is asked of it.

use crate::{http, ssh};
use git2::{ConfigLevel, Error, Remote, transport};
use std::sync::OnceLock;

/// Why libgit2 cannot be used, in its own words.
type Prepared = Result<(), String>;

/// Registers the transports over HTTP and SSH. Every way into this crate that may reach a repository comes through here first.
pub(crate) fn prepare() -> Result<(), Error> {
    static PREPARED: OnceLock<Prepared> = OnceLock::new();
    PREPARED.get_or_init(|| register().map_err(|error| error.message().to_owned())).clone().map_err(told)
}

/// As [`prepare`], and from then on no settings of the machine or of the account are read: they could send a fetch elsewhere.
/// For services; a person's own clone follows their own settings.
pub(crate) fn prepare_alone() -> Result<(), Error> {
    static ALONE: OnceLock<Prepared> = OnceLock::new();
    prepare()?;
    ALONE.get_or_init(|| forget_settings().map_err(|error| error.message().to_owned())).clone().map_err(told)
}

fn told(message: String) -> Error {
    Error::from_str(&message)
}

#[expect(unsafe_code, reason = "the binding offers no other way to speak HTTP and SSH without OpenSSL")]
fn register() -> Result<(), Error> {
    for scheme in ["http", "https"] {
        let made = |remote: &Remote<'_>| transport::Transport::smart(remote, true, http::Asking::new()?);
        // SAFETY: it must not run beside another use of the list of transports. This runs once, and every use of a
        // remote in this process comes after it: they are all in this crate, behind `prepare`.
        unsafe { transport::register(scheme, made) }?;
    }
    // One connection for all of a talk, which is what `false` says.
    let made = |remote: &Remote<'_>| transport::Transport::smart(remote, false, ssh::Asking::new()?);
    // SAFETY: as above.
    unsafe { transport::register("ssh", made) }?;
    Ok(())
}

#[expect(unsafe_code, reason = "the binding offers no other way to leave the machine's settings out")]
fn forget_settings() -> Result<(), Error> {
    for level in [ConfigLevel::System, ConfigLevel::XDG, ConfigLevel::Global, ConfigLevel::ProgramData] {
        // SAFETY: it must not run beside another read of these paths. It runs once, before the service opens its clone.
        unsafe { git2::opts::set_search_path(level, "") }?;
    }
    Ok(())
}
