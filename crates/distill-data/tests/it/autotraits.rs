//! Public types may be sent to and shared between threads.

use distill_data::*;

fn check<T: Send + Sync + Unpin + std::fmt::Debug>() {}

#[test]
fn public_types_are_send_sync_and_debug() {
    check::<AnswerWorth>();
    check::<AskedQuestion<'static>>();
    check::<AuditBetween<std::vec::IntoIter<ReviewRow>>>();
    check::<AuditConfig>();
    check::<AuditCounts>();
    check::<AuditDraw>();
    check::<AuditRecord>();
    check::<DrawnAudit>();
    check::<KeptRows>();
    check::<LabelDoubt>();
    check::<DoubtfulLabel<'static>>();
    check::<SettledCalls>();
    check::<QueuedQuestion>();
    check::<NearTraining>();
    check::<SplitCut>();
    check::<SplitMeasure>();
    check::<SplitTexts>();
    check::<Calibration>();
    check::<CurateConfig>();
    check::<CuratePlan>();
    check::<CurateInput<'static>>();
    check::<Curated>();
    check::<CurateError>();
    check::<FieldPath>();
    check::<GoldRows>();
    check::<JaccardThreshold>();
    check::<LeakageCertificate>();
    check::<LabelIssueError>();
    check::<LabelIssues>();
    check::<LogFile>();
    check::<Probabilities<'static>>();
    check::<SuspectPlan>();
    check::<Manifest>();
    check::<PersonalDataMask>();
    check::<Progress>();
    check::<ShapeConfig>();
    check::<ShapePlan>();
    check::<ShapeReport>();
    check::<Teachers>();
    check::<Split>();
    check::<SplitConfigError>();
    check::<SplitPlan>();
    check::<UnitOrder>();
    check::<UnitSplit<'static>>();
    check::<QueueRecord>();
    check::<ReviewConfig>();
    check::<ReviewRow>();
    check::<ReviewedError>();
    check::<ReviewedRow>();
    check::<ReviewedRows>();
    check::<TrainRow>();
    check::<CallTime>();
}
