//! A tentacle's source as it is deployed: read, and kept to finish what was begun.

use crate::backend::Version;
use crate::carrier::Carried;
use crate::gate::Authorized;
use crate::gate::act::Apply;
use crate::git_secrets::GitSecrets;
use crate::store::{StoreError, Tx};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use wire::tools::tentacle::{Metadata, SourceCommit};
use wire::{Failure, FailureCode};
use workflow::{
    Bundle, EnclaveName, Facts, SecretName, TentacleName, Trigger, TriggerKind, Workflow, derive,
};

/// A tentacle's source, read, and everything that is derived from it.
#[derive(Debug)]
pub(crate) struct Source {
    pub(crate) version: Version,
    pub(crate) description: String,
    pub(crate) metadata: Metadata,
    pub(crate) triggers: Vec<Trigger>,
    /// The files as text, as they are kept.
    pub(crate) files: String,
    /// What it takes to finish a deploy, as text.
    pub(crate) payload: String,
    /// The commit that it is from, where it is in git.
    pub(crate) commit: Option<SourceCommit>,
    /// What came with it and was not read, for people.
    pub(crate) ignored: Vec<String>,
}

impl Source {
    /// Reads the files of tentacle `name`.
    ///
    /// # Errors
    /// Says what is wrong with them.
    pub(crate) fn read(
        enclave: &EnclaveName,
        name: &TentacleName,
        files: &BTreeMap<String, String>,
    ) -> Result<Self, Failure> {
        let bundle = Bundle::new(bytes(files)).map_err(|problems| invalid(problems.to_string()))?;
        Self::of(enclave, name, files, bundle)
    }

    /// Reads the files that a client of the original sent, in which keys that nobody knows are left out and named.
    ///
    /// # Errors
    /// As [`Source::read`], for everything else.
    pub(crate) fn of_original(
        enclave: &EnclaveName,
        name: &TentacleName,
        carried: Carried,
    ) -> Result<Self, Failure> {
        let Carried { mut files, mut ignored } = carried;
        let read = Bundle::of_original(bytes(&files));
        let (bundle, left_out) = read.map_err(|problems| invalid(problems.to_string()))?;
        if !left_out.is_empty() {
            // What is kept is what was read, and nobody has to be lenient again.
            let text = String::from_utf8_lossy(bundle.workflow()).into_owned();
            files.insert(Workflow::FILE.to_owned(), text);
        }
        ignored.extend(left_out);
        Ok(Self { ignored, ..Self::of(enclave, name, &files, bundle)? })
    }

    fn of(
        enclave: &EnclaveName,
        name: &TentacleName,
        files: &BTreeMap<String, String>,
        bundle: Bundle,
    ) -> Result<Self, Failure> {
        let text = serde_json::to_string(files).map_err(|error| invalid(error.to_string()))?;
        let workflow = Workflow::of(&bundle).map_err(|problems| invalid(problems.to_string()))?;
        if workflow.name != *name {
            return Err(invalid(format!("the workflow.yaml is of `{}`, not of `{name}`", workflow.name))
                .with_remedy("deploy it under its own name, or change the name in workflow.yaml"));
        }
        let content = bundle.content_hash();
        let facts = Facts { enclave: enclave.clone(), version: content };
        let sandbox = derive(&workflow, &facts)
            .map_err(|problems| Failure::new(FailureCode::NotYet, problems.to_string()))?;
        let (hash, secrets) = (content.to_string(), GitSecrets::default());
        let version = Version { bundle, sandbox, hash, secrets };
        let (description, metadata) =
            (workflow.description.unwrap_or_default(), Metadata::from(workflow.metadata));
        let (triggers, ignored) = (workflow.triggers, Vec::new());
        let (payload, commit) = (text.clone(), None);
        Ok(Self { version, description, metadata, triggers, files: text, payload, commit, ignored })
    }

    /// Reads the files of a commit.
    ///
    /// # Errors
    /// As [`Source::read`].
    pub(crate) fn committed(
        enclave: &EnclaveName,
        name: &TentacleName,
        files: BTreeMap<String, String>,
        commit: SourceCommit,
    ) -> Result<Self, Failure> {
        let read = Self::read(enclave, name, &files)?;
        let kept = Kept { files, commit, secrets: GitSecrets::default() };
        Ok(Self { payload: kept.text()?, commit: Some(kept.commit), ..read })
    }

    /// The same with the secrets that lie beside it in git.
    ///
    /// # Errors
    /// When it cannot be kept.
    pub(crate) fn with_secrets(self, secrets: GitSecrets) -> Result<Self, Failure> {
        let Some(commit) = self.commit.clone().filter(|_| !secrets.is_empty()) else { return Ok(self) };
        let unusable = |_| Failure::new(FailureCode::Invalid, "the source cannot be kept");
        let files = serde_json::from_str(&self.files).map_err(unusable)?;
        let kept = Kept { files, commit, secrets };
        let payload = kept.text()?;
        Ok(Self { payload, version: Version { secrets: kept.secrets, ..self.version }, ..self })
    }

    /// Reads what was kept to finish a deploy.
    ///
    /// # Errors
    /// When it cannot be read any more.
    pub(crate) fn kept(enclave: &EnclaveName, name: &TentacleName, payload: &str) -> Result<Self, Failure> {
        if let Ok(Kept { files, commit, secrets }) = serde_json::from_str(payload) {
            return Self::committed(enclave, name, files, commit)?.with_secrets(secrets);
        }
        let unusable = |_| Failure::new(FailureCode::Invalid, "the source that was kept cannot be read");
        Self::read(enclave, name, &serde_json::from_str(payload).map_err(unusable)?)
    }

    /// Those of its secrets that are neither beside it in git nor set in the enclave.
    pub(crate) async fn missing_secrets(
        &self,
        tx: &mut Tx,
        grant: &Authorized<Apply>,
    ) -> Result<Vec<String>, StoreError> {
        let mut missing = tx.missing_secrets(grant, &self.secrets()).await?;
        // What is in git is taken from there, whatever is set besides.
        let in_git = self.version.secrets.names();
        missing.retain(|name| name.parse().map_or(true, |name| !in_git.contains(&name)));
        Ok(missing)
    }

    /// All secrets that have to be there for it: those that its nodes use, and those that callers of its webhooks sign with.
    pub(crate) fn secrets(&self) -> BTreeSet<SecretName> {
        self.version.sandbox.secrets.iter().chain(self.hook_secrets()).cloned().collect()
    }

    /// The secrets that callers of its webhooks sign with. The sandbox never sees them.
    fn hook_secrets(&self) -> impl Iterator<Item = &SecretName> {
        self.triggers.iter().filter_map(|trigger| match &trigger.kind {
            TriggerKind::Webhook(hook) => Some(&hook.secret),
            _ => None,
        })
    }
}

fn invalid(message: String) -> Failure {
    Failure::new(FailureCode::Invalid, message)
}

fn bytes(files: &BTreeMap<String, String>) -> impl Iterator<Item = (String, Vec<u8>)> {
    files.iter().map(|(path, text)| (path.clone(), text.clone().into_bytes()))
}

/// What it takes to finish a deploy that came from a commit. Without one it is the files alone.
#[derive(Serialize, Deserialize)]
struct Kept {
    files: BTreeMap<String, String>,
    commit: SourceCommit,
    #[serde(default, skip_serializing_if = "GitSecrets::is_empty")]
    secrets: GitSecrets,
}

impl Kept {
    fn text(&self) -> Result<String, Failure> {
        serde_json::to_string(self).map_err(|error| Failure::new(FailureCode::Invalid, error.to_string()))
    }
}
