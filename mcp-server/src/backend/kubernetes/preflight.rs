//! What is missing on the cluster, and the command that brings it.

use super::Kubernetes;
use super::survey::amounts;
use crate::backend::BackendError;
use crate::backend::audit::{Audit, Severity};
use crate::backend::survey::{Check, ResourceUse, Usage, check, warning};
use crate::store::EnclaveRecord;
use k8s_openapi::api::admissionregistration::v1::ValidatingAdmissionPolicyBinding;
use k8s_openapi::api::authorization::v1::{
    ResourceAttributes, SelfSubjectAccessReview, SelfSubjectAccessReviewSpec,
};
use k8s_openapi::api::node::v1::RuntimeClass;
use kube::Api;
use kube::api::PostParams;
use manifest::audit::thousandths;

/// What brings the server's own objects.
const INSTALL: &str = "kubectl apply -k deploy/kubernetes";

/// What bounds the server's account: see `deploy/kubernetes/admission-policy.yaml`.
const ADMISSION: &str = "tentacular-server";

/// A right: the group, the kind, the verb.
type Right = (&'static str, &'static str, &'static str);

/// What the server must be allowed everywhere.
const EVERYWHERE: [Right; 3] = [
    ("", "namespaces", "create"),
    ("rbac.authorization.k8s.io", "rolebindings", "create"),
    ("", "nodes", "list"),
];

/// What it must be allowed in an enclave.
const WITHIN: [Right; 5] = [
    ("apps", "deployments", "create"),
    ("", "secrets", "create"),
    ("", "configmaps", "create"),
    ("networking.k8s.io", "networkpolicies", "create"),
    ("", "resourcequotas", "patch"),
];

impl Kubernetes {
    /// What is missing for everybody.
    pub(super) async fn missing(&self) -> Vec<Check> {
        let reached = self.cluster.client().apiserver_version().await;
        let why = reached.err().map(|error| format!("the API server does not answer: {error}"));
        let reached = why.is_none();
        let mut checks = vec![check("api-reachability", why, "kubectl get --raw /readyz")];
        if !reached {
            return checks;
        }
        for right in EVERYWHERE {
            checks.push(self.right(None, right, INSTALL).await);
        }
        checks.push(self.admission().await);
        checks.push(self.runtime_class().await);
        let site = self.tentacles.site();
        let (image, gateway) = (site.has_image(), site.has_gateway());
        let what = "no image of the engine is configured: tentacles cannot run";
        let remedy = "kubectl -n tentacular-system set env deployment/mcp-server TENTACULAR_ENGINE_IMAGE=<image@sha256:…>";
        checks.push(check("engine-image", (!image).then(|| what.to_owned()), remedy));
        let what = "no egress gateway is configured: tentacles that reach something cannot run";
        let remedy =
            "kubectl -n tentacular-system set env deployment/mcp-server TENTACULAR_GATEWAY=<host:port>";
        checks.push(check("egress-gateway", (!gateway).then(|| what.to_owned()), remedy));
        let behind = self.index.age().is_none();
        let what = "the cluster cannot be watched at the moment".to_owned();
        checks.push(check(
            "index",
            behind.then_some(what),
            "kubectl -n tentacular-system logs deployment/mcp-server",
        ));
        checks
    }

    /// What is missing of an enclave.
    pub(super) async fn missing_of(&self, record: &EnclaveRecord) -> Vec<Check> {
        let name = record.name.as_str();
        let amiss = self.index.amiss(name, &record.id.to_string());
        let mend = format!("tntc enclave deprovision {name} && tntc enclave provision {name}");
        let mut checks = vec![check("namespace-exists", amiss.map(str::to_owned), &mend)];
        let bind = format!("tntc audit -e {name}");
        for right in WITHIN {
            checks.push(self.right(Some(name), right, &bind).await);
        }
        let mut high = Vec::new();
        let spec = self.bare_spec(record);
        for what in Audit::ALL {
            let class = self.tentacles.site().class();
            match super::audit::audit(&self.cluster, (&spec, class), what).await {
                Ok(audited) => {
                    let bad = audited.findings.into_iter().filter(|it| it.severity == Severity::High);
                    // what is amiss with a tentacle is for those who may see it
                    high.extend(bad.filter(|it| it.tentacle.is_none()).map(|it| it.message));
                }
                Err(error) => high.push(error.to_string()),
            }
        }
        checks.push(check("walls", (!high.is_empty()).then(|| high.join("; ")), &bind));
        checks
    }

    /// Whether the server may do something: the cluster itself is asked.
    async fn right(&self, namespace: Option<&str>, (group, kind, verb): Right, remedy: &str) -> Check {
        let review = SelfSubjectAccessReview {
            spec: SelfSubjectAccessReviewSpec {
                resource_attributes: Some(ResourceAttributes {
                    group: Some(group.to_owned()),
                    resource: Some(kind.to_owned()),
                    verb: Some(verb.to_owned()),
                    namespace: namespace.map(str::to_owned),
                    ..ResourceAttributes::default()
                }),
                ..SelfSubjectAccessReviewSpec::default()
            },
            ..SelfSubjectAccessReview::default()
        };
        let reviews: Api<SelfSubjectAccessReview> = Api::all(self.cluster.client());
        let may = reviews.create(&PostParams::default(), &review).await;
        let why = match may.map(|review| review.status.is_some_and(|status| status.allowed)) {
            Ok(true) => None,
            Ok(false) => Some(format!("the server may not {verb} {kind}")),
            Err(error) => Some(format!("whether the server may {verb} {kind} is not known: {error}")),
        };
        check(&format!("rbac-{kind}-{verb}"), why, remedy)
    }

    /// What keeps the server's account within its own namespaces.
    async fn admission(&self) -> Check {
        let bindings: Api<ValidatingAdmissionPolicyBinding> = Api::all(self.cluster.client());
        let why = match bindings.get_opt(ADMISSION).await {
            Ok(Some(_)) => None,
            Ok(None) => Some(
                "the admission policy is not bound: nothing keeps the server's account within its own"
                    .to_owned(),
            ),
            Err(error) => Some(format!("whether the admission policy is bound is not known: {error}")),
        };
        check("admission-policy", why, INSTALL)
    }

    /// What tentacles run behind.
    async fn runtime_class(&self) -> Check {
        let Some(class) = self.tentacles.site().class() else {
            let what = "tentacles run on the nodes' own kernel, as the server is configured".to_owned();
            let remedy =
                "kubectl -n tentacular-system set env deployment/mcp-server TENTACULAR_RUNTIME_CLASS=gvisor";
            return warning("gvisor-runtime", Some(what), remedy);
        };
        let classes: Api<RuntimeClass> = Api::all(self.cluster.client());
        let why = match classes.get_opt(class).await {
            Ok(Some(_)) => None,
            Ok(None) => {
                Some(format!("there is no runtime class `{class}`: the pods of tentacles are not admitted"))
            }
            Err(error) => Some(format!("whether there is a runtime class `{class}` is not known: {error}")),
        };
        let remedy = format!(
            "echo '{{\"apiVersion\":\"node.k8s.io/v1\",\"kind\":\"RuntimeClass\",\"metadata\":{{\"name\":\"{class}\"}},\
             \"handler\":\"runsc\"}}' | kubectl apply -f -"
        );
        check("gvisor-runtime", why, &remedy)
    }

    /// How much of its share an enclave uses, as the cluster counts it.
    pub(super) async fn used(&self, record: &EnclaveRecord) -> Result<Usage, BackendError> {
        let spec = self.bare_spec(record);
        let quota = self.cluster.find(spec.name.as_str(), &manifest::quota(&spec)).await?;
        let status = quota.and_then(|quota| quota.status).unwrap_or_default();
        let range = self.cluster.find(spec.name.as_str(), &manifest::limits(&spec)).await?;
        let items = range.and_then(|range| range.spec).map(|spec| spec.limits).unwrap_or_default();
        let container = items.iter().find(|item| item.type_ == "Container");
        let namespace = self.cluster.namespace(&spec).await?;
        let labels = namespace.and_then(|namespace| namespace.metadata.labels).unwrap_or_default();
        let (hard, used) = (status.hard.unwrap_or_default(), status.used.unwrap_or_default());
        let resources = hard.iter().map(|(name, limit)| {
            let own = used.get(name);
            let part = own.and_then(thousandths).zip(thousandths(limit)).filter(|(_, limit)| *limit > 0.0);
            ResourceUse {
                name: name.clone(),
                used: own.map_or_else(|| "0".to_owned(), |own| own.0.clone()),
                limit: limit.0.clone(),
                percent: part.map_or(0.0, |(own, limit)| (own / limit * 1000.0).round() / 10.0),
            }
        });
        Ok(Usage {
            resources: resources.collect(),
            each: amounts(container.and_then(|item| item.max.as_ref())),
            pod_security: labels.get("pod-security.kubernetes.io/enforce").cloned().unwrap_or_default(),
            measured: "what the pods have set aside, as the cluster counts it against the quota; not what they use this moment",
        })
    }
}
