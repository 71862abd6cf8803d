//! What is in an enclave's namespace, asked of the cluster itself: the index knows only what the server made.

use super::objects::Cluster;
use crate::backend::BackendError;
use crate::backend::apart::Apart;
use crate::backend::audit::{Audit, Audited};
use crate::gate::target::OnTentacle;
use k8s_openapi::NamespaceResourceScope;
use k8s_openapi::api::apps::v1::{DaemonSet, Deployment, ReplicaSet, StatefulSet};
use k8s_openapi::api::batch::v1::{CronJob, Job};
use k8s_openapi::api::core::v1::Pod;
use kube::api::ListParams;
use kube::core::Resource;
use kube::{Api, Error};
use manifest::EnclaveSpec;
use manifest::audit::{Finding, Found, Severity, Template, limits, network, pod_security, rights};
use serde::de::DeserializeOwned;
use std::fmt;
use std::time::Duration;
use tokio::time::timeout;

/// How many objects are asked for at once, and how many are looked at of each kind.
const PAGE: u32 = 250;
const MOST: usize = 2_000;

/// How long all of it may take.
const WITHIN: Duration = Duration::from_secs(20);

/// Looks at an enclave whose tentacles are to be behind this runtime class.
pub(super) async fn audit(
    cluster: &Cluster,
    (spec, behind): (&EnclaveSpec, Option<&str>),
    what: Audit,
) -> Result<Audited, BackendError> {
    let late =
        || BackendError::Unreachable(format!("the cluster did not answer within {} s", WITHIN.as_secs()));
    let found = Found { behind: behind.map(str::to_owned), ..Found::default() };
    let mut look = Look { cluster, spec, found, audited: Audited::default() };
    timeout(WITHIN, look.take(what)).await.map_err(|_| late())??;
    let Look { found, mut audited, .. } = look;
    let (judge, beyond): (fn(&EnclaveSpec, &Found) -> _, _) = match what {
        Audit::Network => (
            network,
            "whether the cluster's network plugin enforces policies, and policies of kinds of its own",
        ),
        Audit::PodSecurity => (pod_security, "what a node's kernel and container runtime really do"),
        Audit::Rights => {
            (rights, "what the roles of the whole cluster are made of, and tokens that are kept in Secrets")
        }
        Audit::Limits => (limits, "how much is really used"),
    };
    audited.findings = judge(spec, &found);
    audited.beyond.push(beyond.to_owned());
    Ok(audited)
}

/// What of a tentacle is not as it was made, as a finding.
pub(super) fn by_hand(of: &OnTentacle, apart: &Apart) -> Finding {
    let (name, enclave) = (&of.name, &of.record.name);
    let (rule, severity, object, message) = match apart {
        Apart::Gone { object } => {
            ("object-missing", Severity::High, object, format!("{object}, a part of `{name}`, is gone"))
        }
        Apart::Changed { object, field, by } => {
            let by = by.as_ref().map_or_else(String::new, |by| format!(", by `{by}`"));
            let message = format!("{object}, a part of `{name}`, was changed past the server: {field}{by}");
            ("changed-by-hand", Severity::Medium, object, message)
        }
    };
    let (object, remedy) = (object.replacen(' ', "/", 1), format!("tntc state repair {name} -e {enclave}"));
    Finding { rule, severity, object, tentacle: Some(name.to_string()), message, remedy }
}

/// One look.
struct Look<'a> {
    cluster: &'a Cluster,
    spec: &'a EnclaveSpec,
    found: Found,
    audited: Audited,
}

impl Look<'_> {
    async fn take(&mut self, what: Audit) -> Result<(), BackendError> {
        match what {
            Audit::Network => {
                self.found.policies = self.list().await?;
                self.found.services = self.list().await?;
                self.found.ingresses = self.list().await?;
                self.templates().await
            }
            Audit::PodSecurity => {
                self.found.namespace = self.cluster.namespace(self.spec).await?;
                self.found.accounts = self.list().await?;
                self.templates().await
            }
            Audit::Rights => {
                self.found.roles = self.list().await?;
                self.found.role_bindings = self.list().await?;
                self.found.accounts = self.list().await?;
                let everywhere = Api::all(self.cluster.client());
                self.found.cluster_role_bindings = self.read(everywhere).await?;
                self.own_rights().await
            }
            Audit::Limits => {
                self.found.quotas = self.list().await?;
                self.found.limits = self.list().await?;
                self.templates().await
            }
        }
    }

    /// The server may always ask for its own binding, also where it has no other right any more.
    async fn own_rights(&mut self) -> Result<(), BackendError> {
        let own = manifest::role_binding(self.spec);
        let there = self.cluster.find(self.spec.name.as_str(), &own).await?;
        self.found.role_bindings.retain(|binding| binding.metadata.name != own.metadata.name);
        self.found.role_bindings.extend(there);
        Ok(())
    }

    async fn templates(&mut self) -> Result<(), BackendError> {
        self.add::<Deployment>().await?;
        self.add::<StatefulSet>().await?;
        self.add::<DaemonSet>().await?;
        self.add::<ReplicaSet>().await?;
        self.add::<CronJob>().await?;
        self.add::<Job>().await?;
        self.add::<Pod>().await
    }

    async fn add<K>(&mut self) -> Result<(), BackendError>
    where
        K: Resource<Scope = NamespaceResourceScope, DynamicType = ()> + DeserializeOwned + Clone + fmt::Debug,
        for<'a> Template: From<&'a K>,
    {
        let all = self.list::<K>().await?;
        self.found.templates.extend(all.iter().map(Template::from));
        Ok(())
    }

    async fn list<K>(&mut self) -> Result<Vec<K>, BackendError>
    where
        K: Resource<Scope = NamespaceResourceScope, DynamicType = ()> + DeserializeOwned + Clone + fmt::Debug,
    {
        let objects = Api::namespaced(self.cluster.client(), self.spec.name.as_str());
        self.read(objects).await
    }

    /// All of a kind, page by page. What the server may not see, and what is too much, is told.
    async fn read<K>(&mut self, objects: Api<K>) -> Result<Vec<K>, BackendError>
    where
        K: Resource<DynamicType = ()> + DeserializeOwned + Clone + fmt::Debug,
    {
        let kinds = K::plural(&());
        let (mut all, mut params) = (Vec::new(), ListParams::default().limit(PAGE));
        loop {
            match objects.list(&params).await {
                Ok(page) => {
                    let next = page.metadata.continue_.clone().filter(|next| !next.is_empty());
                    all.extend(page.items);
                    let Some(next) = next else { break };
                    if all.len() >= MOST {
                        self.audited.unseen.push(format!("{kinds}: there are more than {MOST}"));
                        break;
                    }
                    params.continue_token = Some(next);
                }
                Err(Error::Api(status)) if status.code == 403 => {
                    self.audited.unseen.push(format!("{kinds}: the server may not list them"));
                    return Ok(all);
                }
                Err(error) => return Err(super::objects::failed(error)),
            }
        }
        self.audited.looked_at.push(format!("{} {kinds}", all.len()));
        Ok(all)
    }
}
