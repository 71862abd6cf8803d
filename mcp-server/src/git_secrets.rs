//! Secrets that lie in git beside a tentacle. They stay as they are there, encrypted, also in the store, and are opened in
//! this server's memory alone, each time that a sandbox is given them.

use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use state_repo::{AgeKey, Layout, SecretFile, SopsError};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use wire::{Failure, FailureCode};
use workflow::{EnclaveName, SecretName, TentacleName};

/// The files of secrets of one version, by service, encrypted.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct GitSecrets(pub(crate) BTreeMap<String, String>);

impl fmt::Debug for GitSecrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("GitSecrets").field(&self.0.keys()).finish()
    }
}

impl GitSecrets {
    /// The files, by service, encrypted.
    #[must_use]
    pub const fn files(&self) -> &BTreeMap<String, String> {
        &self.0
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The services whose files are looked for, for these secrets.
    pub(crate) fn services<'n>(wanted: impl Iterator<Item = &'n SecretName>) -> BTreeSet<String> {
        wanted.map(|name| name.parts().0.to_owned()).collect()
    }

    /// Which secrets there are, without opening them.
    pub(crate) fn names(&self) -> BTreeSet<SecretName> {
        let names = |(service, text): (&String, &String)| {
            let file = SecretFile::read(text).ok();
            let keys = file.iter().flat_map(SecretFile::keys).map(str::to_owned).collect::<Vec<_>>();
            keys.into_iter().filter_map(|key| named(service, &key)).collect::<Vec<_>>()
        };
        self.0.iter().flat_map(names).collect()
    }

    /// The values, by name, for the tentacle beside which the files lie.
    ///
    /// # Errors
    /// Names the service whose file cannot be opened, and says why.
    pub(crate) fn open(
        &self,
        key: &AgeKey,
        enclave: &EnclaveName,
        tentacle: &TentacleName,
    ) -> Result<BTreeMap<SecretName, SecretString>, (String, SopsError)> {
        let mut all = BTreeMap::new();
        for (service, text) in &self.0 {
            let values = SecretFile::read(text).and_then(|file| file.open(key, enclave, tentacle));
            let values = values.map_err(|error| (service.clone(), error))?;
            all.extend(values.into_iter().filter_map(|(key, value)| Some((named(service, &key)?, value))));
        }
        Ok(all)
    }

    /// Whether all of it belongs to this tentacle, can be opened, and is as it was written.
    ///
    /// # Errors
    /// What whoever deploys is told.
    pub(crate) fn check(
        &self,
        enclave: &EnclaveName,
        tentacle: &TentacleName,
        key: Option<&AgeKey>,
    ) -> Result<(), Failure> {
        let Some(first) = self.0.keys().next() else { return Ok(()) };
        let path = |service: &str| Layout::secrets(enclave, tentacle, service);
        let Some(key) = key else {
            let what = format!("`{}` has secrets, and this server has no key that opens them", path(first));
            let remedy = "an operator starts it with `--state-age-key`; or take the file out of git, and the enclave's owner \
                          sets the secrets with `tntc secret set`";
            return Err(Failure::new(FailureCode::Conflict, what).with_remedy(remedy));
        };
        let opened = self.open(key, enclave, tentacle);
        let values = opened.map_err(|(service, error)| refused(&path(&service), &error))?;
        match values.iter().find(|(_, value)| value.expose_secret().contains('\0')) {
            Some((name, _)) => {
                Err(refused(&path(name.parts().0), &SopsError::NotText(name.parts().1.to_owned())))
            }
            None => Ok(()),
        }
    }
}

fn named(service: &str, key: &str) -> Option<SecretName> {
    format!("{service}.{key}").parse().ok()
}

fn refused(path: &str, error: &SopsError) -> Failure {
    let remedy = match error {
        SopsError::NotForUs(_) => {
            "name this server's recipient in the state repo's rules, then `tntc secrets rotate`, commit and push"
        }
        SopsError::Elsewhere(_) => "set the secrets here anew: `tntc secrets set`",
        _ => {
            "`tntc secrets check` in a clone tells more; take the last version that was whole from git, or set the secrets anew"
        }
    };
    Failure::new(FailureCode::Invalid, format!("`{path}` cannot be used: {error}")).with_remedy(remedy)
}
