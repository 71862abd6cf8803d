//! Where the action depends on the record: what only takes away is another action than what grants something new.

use super::act::{
    CloseEnrollment, LowerQuota, OpenEnrollment, RaiseQuota, RequireReview, SetMode, TentacleSetMode,
    TentacleTighten, TightenMode, WaiveReview,
};
use super::target::OnTentacle;
use super::{Authorized, Change, Changed};
use crate::store::{EnclaveRecord, Enrollment, Quota, Review};
use policy::Mode;
use wire::Failure;
use workflow::{EnclaveName, TentacleName};

/// The right to set one mode.
pub(crate) enum ModeGrant {
    /// It grants something new.
    Set(Authorized<SetMode>),
    /// It only takes away.
    Tighten(Authorized<TightenMode>),
}

/// The right to set one mode of a tentacle.
pub(crate) enum TentacleModeGrant {
    /// It grants something new.
    Set(Authorized<TentacleSetMode>),
    /// It only takes away.
    Tighten(Authorized<TentacleTighten>),
}

impl TentacleModeGrant {
    /// Which tentacle it is for.
    pub(crate) fn target(&self) -> &OnTentacle {
        match self {
            Self::Set(grant) => grant.target(),
            Self::Tighten(grant) => grant.target(),
        }
    }

    /// The proof that the record was changed by right.
    pub(crate) fn changed(&self) -> &dyn Changed {
        match self {
            Self::Set(grant) => grant,
            Self::Tighten(grant) => grant,
        }
    }
}

/// The right to set one size.
pub(crate) enum QuotaGrant {
    /// It is more.
    Raise(Authorized<RaiseQuota>),
    /// It is less, or the same.
    Lower(Authorized<LowerQuota>),
}

/// The right to set one way of enrollment.
pub(crate) enum EnrollmentGrant {
    /// Without approval.
    Open(Authorized<OpenEnrollment>),
    /// With approval.
    Close(Authorized<CloseEnrollment>),
}

/// The right to say what an enclave asks of changes before they run.
pub(crate) enum ReviewGrant {
    /// It asks nothing.
    Waive(Authorized<WaiveReview>),
    /// It asks for a review.
    Require(Authorized<RequireReview>),
}

impl ReviewGrant {
    /// The record that was decided on.
    pub(crate) fn record(&self) -> &EnclaveRecord {
        match self {
            Self::Waive(grant) => &grant.target().record,
            Self::Require(grant) => &grant.target().record,
        }
    }
}

impl Change<'_> {
    /// Asks to set the enclave's mode to `mode`.
    pub(crate) async fn mode(
        self,
        named: Option<&EnclaveName>,
        mode: Mode,
    ) -> Result<(Self, ModeGrant), Failure> {
        let (change, record) = self.meant::<SetMode>(named, None).await?;
        // A record that cannot be read gives no right that could be taken away: setting it anew grants.
        if record.mode.is_some_and(|current| mode.only_tightens(current)) {
            let (change, grant) = change.on::<TightenMode>(record).await?;
            return Ok((change, ModeGrant::Tighten(grant)));
        }
        let (change, grant) = change.on::<SetMode>(record).await?;
        Ok((change, ModeGrant::Set(grant)))
    }

    /// Asks to set a tentacle's mode to `mode`.
    pub(crate) async fn tentacle_mode(
        self,
        named: Option<&EnclaveName>,
        name: &TentacleName,
        mode: Mode,
    ) -> Result<(Self, TentacleModeGrant), Failure> {
        let (change, record) = self.meant::<TentacleSetMode>(named, Some(name.as_str())).await?;
        let current = record.tentacles.get(name).and_then(|tentacle| tentacle.mode);
        if current.is_some_and(|current| mode.only_tightens(current)) {
            let (change, grant) = change.tentacle::<TentacleTighten>(named, name).await?;
            return Ok((change, TentacleModeGrant::Tighten(grant)));
        }
        let (change, grant) = change.tentacle::<TentacleSetMode>(named, name).await?;
        Ok((change, TentacleModeGrant::Set(grant)))
    }

    /// Asks to set the enclave's size to `quota`.
    pub(crate) async fn quota(
        self,
        named: Option<&EnclaveName>,
        quota: Quota,
    ) -> Result<(Self, QuotaGrant), Failure> {
        let (change, record) = self.meant::<RaiseQuota>(named, None).await?;
        if quota <= record.quota {
            let (change, grant) = change.on::<LowerQuota>(record).await?;
            return Ok((change, QuotaGrant::Lower(grant)));
        }
        let (change, grant) = change.on::<RaiseQuota>(record).await?;
        Ok((change, QuotaGrant::Raise(grant)))
    }

    /// Asks to say what the enclave asks of changes before they run.
    pub(crate) async fn review(
        self,
        named: Option<&EnclaveName>,
        review: Review,
    ) -> Result<(Self, ReviewGrant), Failure> {
        match review {
            Review::None => {
                let (change, grant) = self.enclave::<WaiveReview>(named).await?;
                Ok((change, ReviewGrant::Waive(grant)))
            }
            Review::Required => {
                let (change, grant) = self.enclave::<RequireReview>(named).await?;
                Ok((change, ReviewGrant::Require(grant)))
            }
        }
    }

    /// Asks to set how people become members.
    pub(crate) async fn enrollment(
        self,
        named: Option<&EnclaveName>,
        enrollment: Enrollment,
    ) -> Result<(Self, EnrollmentGrant), Failure> {
        match enrollment {
            Enrollment::Open => {
                let (change, grant) = self.enclave::<OpenEnrollment>(named).await?;
                Ok((change, EnrollmentGrant::Open(grant)))
            }
            Enrollment::Approval => {
                let (change, grant) = self.enclave::<CloseEnrollment>(named).await?;
                Ok((change, EnrollmentGrant::Close(grant)))
            }
        }
    }
}
