#![doc = include_str!("../README.md")]

mod address;
mod archive;
mod commit;
mod credentials;
mod error;
mod folder;
mod graft;
mod hostile;
mod http;
mod layout;
mod libgit2;
mod line;
mod mirror;
mod names;
mod newest;
mod on_disk;
mod past;
mod place;
mod proposal;
mod publish;
mod read;
mod record;
mod remote;
mod secrets;
mod sign;
mod sops;
mod ssh;
mod template;
mod workspace;

pub use address::{AddressError, RepoAddress};
pub use archive::{Archived, BroughtBack, GivenUp};
pub use commit::{Author, Trailers};
pub use credentials::Credentials;
pub use error::StateError;
pub use hostile::Hostile;
pub use layout::{ARCHIVE, ENCLAVES, Entry, Layout, RECORD};
pub use mirror::{Found, Mirror, Moved};
pub use names::{BranchName, CommitId, NameError};
pub use newest::Newest;
pub use on_disk::SecretOnDisk;
pub use past::PastRecords;
pub use place::{Place, PlaceError};
pub use proposal::{ProposalBranch, Reviewed};
pub use publish::{Base, Change, Conflict, Published, Versions};
pub use read::{AtCommit, Committed};
pub use record::{
    EnclaveRecord, Format, Identity, RecordFault, RecordSignature, RecordedChange, RecordedChannel,
    RecordedDeploy, RecordedMember, RecordedTentacle, RecordedVerdict,
};
pub use remote::RemoteError;
pub use secrets::{Leak, leaks};
pub use sign::{SigningKey, SigningKeyError};
pub use sops::{AgeKey, Recipient, SecretFile, SecretValues, SopsError, SopsRules, seal};
pub use template::{Init, init, init_bare};
pub use workspace::{Staged, WorkingClone, person};
