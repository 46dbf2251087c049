//! Every public type can be sent to and shared between threads.

use drift_stats::{
    Balance, BreakEven, Cell, DriftConfig, DriftPlan, Finding, LiveAccuracy, Monitor, OwnershipConfig,
    OwnershipPlan, Reference, ReferenceBuilder, RelabelConfig, RelabelPlan, RelabelRow, RowShare, Share,
    Statistics, WindowReport,
};

fn is_free<T: Send + Sync + Unpin>() {}

#[test]
fn public_types_are_send_sync_and_unpin() {
    is_free::<(
        Reference,
        ReferenceBuilder,
        Monitor,
        WindowReport,
        Finding,
        Statistics,
    )>();
    is_free::<(
        DriftConfig,
        DriftPlan,
        RelabelConfig,
        RelabelPlan,
        RelabelRow,
        LiveAccuracy,
    )>();
    is_free::<(
        OwnershipConfig,
        OwnershipPlan,
        Balance,
        BreakEven,
        Cell,
        RowShare,
        Share,
    )>();
}
