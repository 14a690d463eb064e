//! A vault that does not answer in time is no refusal: it is asked again.
//!
//! A lease of a second leaves a vault no more than that second to answer, and a busy machine may need longer.

use std::time::Duration;

use strongroom::{ResourceChange, ResourceHandle, ResourceView};
use strongroom_base::{Outcome as _, OutcomeKind};
use tokio::time::sleep;

use crate::failure::Failure;

/// How often it is asked again.
const TRIES: usize = 40;
/// The pause before each.
const PAUSE: Duration = Duration::from_millis(250);

/// Does something that may be done again, until it is done or fails by more than an outage.
pub(super) async fn patiently<T>(
    mut ask: impl AsyncFnMut() -> Result<T, Failure>,
) -> Result<T, Failure> {
    for _ in 0..TRIES {
        match ask().await {
            Err(failure) if failure.kind() == OutcomeKind::Unavailable => sleep(PAUSE).await,
            answer => return answer,
        }
    }
    ask().await
}

/// Changes a resource; a change that fails on the way is taken back whole, and may be asked for again.
pub(super) async fn change(
    resource: &ResourceHandle,
    change: &ResourceChange,
) -> Result<ResourceView, Failure> {
    patiently(async || Ok(Box::pin(resource.change(change.clone())).await?)).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn an_outage_is_waited_for_and_a_refusal_is_not() {
        let outage = || Failure::ChangedMeanwhile("it".to_owned());
        let mut asked = 0;
        let answer = patiently(async || {
            asked += 1;
            if asked == 1 { Err(outage()) } else { Ok(asked) }
        });
        assert_eq!(answer.await.unwrap(), 2);
        let mut asked = 0;
        let refused = patiently(async || {
            asked += 1;
            Err::<(), _>(strongroom::Error::from(strongroom::Refusal::Absent).into())
        });
        assert!(refused.await.is_err());
        assert_eq!(asked, 1);
    }
}
