//! What sidecars add to a reach.

use super::Contact;
use crate::sandbox::Speaks;
use crate::workflow::Workflow;
use std::collections::BTreeSet;
use std::fmt;

/// The sidecars, who uses them, and what each can connect to besides, given what nodes touch.
///
/// The engine's HTTP proxy takes nobody but runs. A host that speaks a protocol of its own is reached at an address of the
/// sandbox's, by whatever runs in it: that is said of each sidecar.
pub(super) fn contacts(workflow: &Workflow, touched: &BTreeSet<Contact>) -> Vec<Contact> {
    let mut contacts = Vec::new();
    for sidecar in &workflow.sidecars {
        contacts.push(Contact::Sidecar {
            name: sidecar.name.clone(),
            image: sidecar.image.clone(),
            command: sidecar.command.clone(),
            args: sidecar.args.clone(),
            env: sidecar.env.clone(),
        });
        let users = workflow.nodes.keys().filter(|node| workflow.may_use(node).contains(&sidecar.name));
        contacts
            .extend(users.map(|node| Contact::Beside { node: node.clone(), sidecar: sidecar.name.clone() }));
        contacts.extend(touched.iter().filter_map(|contact| match contact {
            Contact::Host { host, port, speaks: Speaks::Raw, .. } => {
                Some(Contact::SidecarHost { sidecar: sidecar.name.clone(), host: host.clone(), port: *port })
            }
            _ => None,
        }));
    }
    contacts
}

/// Words after what they are, each in quotes that would not be one otherwise; nothing where there are none.
pub(super) fn write_words(f: &mut fmt::Formatter<'_>, what: &str, words: &[String]) -> fmt::Result {
    if words.is_empty() {
        return Ok(());
    }
    f.write_str(what)?;
    for word in words {
        match word.is_empty() || word.contains(|c: char| c.is_whitespace() || c == '"') {
            true => write!(f, " {word:?}")?,
            false => write!(f, " {word}")?,
        }
    }
    Ok(())
}
