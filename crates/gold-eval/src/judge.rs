//! A candidate whose answers are labels before the gate.

use std::collections::BTreeMap;

use task_spec::LabelSet;

use crate::{
    Case, CategoryScore, Comparison, Finding, Gate, GoldSet, JudgeError, Leakage, Metrics, Report, RightRows,
    Score, Settlement, Standing, Usage, Verdict,
    calibration::calibration,
    categories::{Answered, category_table, visible_drops},
    confusion::confusions,
    coverage::coverage_curve,
    evidence::{Evidence, Given},
    nearness::RightByRow,
    part::Part,
    power_plan::power_plan,
    report::{BaselineFacts, CandidateFacts, GoldFacts, REPORT_SCHEMA_VERSION},
    standing::Judged,
    summary,
};

/// Judges answers that are labels: what [`judge`](crate::judge()) does for such a case.
pub(crate) fn judge_labels(case: &Case<'_>, gate: &Gate) -> Result<Report, JudgeError> {
    known_categories(case.gold, gate)?;
    let (gold, confidence) = (case.gold, gate.confidence());
    let (candidate, baseline) = (case.candidate.labels(gold), case.baseline.labels(gold));
    let shipped = case
        .shipped
        .map(|shipped| (shipped.predictor(), shipped.labels(gold)));
    let right = |answers: &[Option<usize>]| RightRows::of_answers(gold.truth(), answers);
    let (ours, theirs) = (right(&candidate), right(&baseline));
    let compared = |name: &str, other: &RightRows| Comparison::new(name, ours.table(other), confidence);
    let score = |name: &str, answers: &[Option<usize>]| Score::new(name, answers, gold, confidence);
    let answered = Answered {
        truth: gold.truth(),
        candidate: &candidate,
        baseline: &baseline,
        shipped: shipped.as_ref().map(|(_, labels)| labels.as_slice()),
    };
    let visible = visible_drops(gold.truth(), gold.labels().len(), gate.category_alpha());
    let categories = category_table(&answered, gold.labels(), confidence, &visible);
    let with_confidence = with_confidence(case, &candidate);
    let teacher = case.baseline.teacher();
    let leakage = Leakage::of(case.training, gold);
    let both = (candidate.as_slice(), baseline.as_slice());
    let ids: Vec<&str> = gold.ids().collect();
    let by_row = RightByRow {
        ids: &ids,
        candidate: &ours,
        baseline: &theirs,
        against: &teacher.model,
        confidence,
    };
    let mut report = Report {
        schema_version: REPORT_SCHEMA_VERSION,
        at: case.at.to_owned(),
        // The verdict and its words follow below from the figures, as does where it stands among earlier ones.
        verdict: Verdict::CannotTell,
        summary: String::new(),
        notes: Vec::new(),
        rules: Vec::new(),
        settlement: Settlement::default(),
        gate: gate.name().to_owned(),
        confidence,
        gold: GoldFacts::of(gold),
        baseline: BaselineFacts {
            teacher: teacher.clone(),
            score: score(&teacher.model, &baseline),
            usage: case.baseline.usage().and_then(Usage::facts),
        },
        candidate: CandidateFacts {
            model_hash: case.candidate.model_hash().cloned(),
            answers_hash: case.candidate.answers_hash().clone(),
            right: ours.clone(),
            score: score(case.candidate.predictor(), &candidate),
            usage: case.usage.and_then(Usage::facts),
        },
        against_baseline: compared(&teacher.model, &theirs),
        against_shipped: (shipped.as_ref()).map(|(name, labels)| compared(name, &right(labels))),
        apart_from_neighbours: by_row.apart(case.near_in_training, &leakage),
        by_nearness: by_row.bands(&leakage),
        leakage,
        looks_before: case.history.map(|history| history.before_version(gold.lock())),
        standing: None,
        calibration: calibration(&with_confidence, confidence),
        coverage: coverage_curve(&with_confidence, gold.lock().rows, confidence),
        confusions: confusions(gold, &candidate, &baseline),
        metrics: Metrics::of(case, both, &with_confidence, confidence),
        power: power_plan(gold, gate),
        categories,
    };
    if let Some(history) = case.history {
        report.standing = Some(Standing::of(history, &judged(&report), gate.ladder())?);
    }
    let against_shipped = against_shipped(&answered, gold.labels(), confidence, &visible);
    report.rules = findings(&report, case, gate, against_shipped.as_deref(), &with_confidence);
    report.settlement = Settlement::of(&report.rules);
    report.verdict = Verdict::of(&report.rules, &report.leakage);
    report.summary = summary::sentence(&report);
    report.notes = summary::notes(&report);
    Ok(report)
}

/// The candidate, as its standing is asked.
fn judged(report: &Report) -> Judged<'_> {
    Judged {
        gold_hash: &report.gold.hash,
        answers_hash: &report.candidate.answers_hash,
        right: &report.candidate.right,
        accuracy: report.candidate.score.accuracy,
        comparison: &report.against_baseline,
        confidence: report.confidence,
    }
}

/// What each rule of the gate makes of the figures and of what the case brings along.
fn findings(
    report: &Report,
    case: &Case<'_>,
    gate: &Gate,
    against_shipped: Option<&[Part]>,
    confident: &[(f64, bool)],
) -> Vec<Finding> {
    let categories = parts(&report.categories);
    let evidence = Evidence {
        given: Given {
            shipped: report.against_shipped.as_ref().zip(against_shipped),
            usage: case.usage,
            baseline_usage: case.baseline.usage(),
            calibration: report.calibration.as_ref(),
            confident,
            outside: Some(report.candidate.score.outside),
        },
        ..Evidence::of(report, &categories)
    };
    gate.rules().iter().map(|rule| evidence.judge(rule)).collect()
}

/// The categories against the last shipped model, for rules on it.
fn against_shipped(
    answered: &Answered<'_>,
    labels: &LabelSet,
    confidence: f64,
    visible: &BTreeMap<u64, Option<f64>>,
) -> Option<Vec<Part>> {
    let answered = Answered {
        baseline: answered.shipped?,
        ..*answered
    };
    Some(parts(&category_table(&answered, labels, confidence, visible)))
}

fn parts(categories: &[CategoryScore]) -> Vec<Part> {
    categories.iter().map(Part::from).collect()
}

/// (confidence, right) of the rows that have a confidence.
fn with_confidence(case: &Case<'_>, candidate: &[Option<usize>]) -> Vec<(f64, bool)> {
    (case.candidate.confidences(case.gold).into_iter())
        .zip(candidate.iter().zip(case.gold.truth()))
        .filter_map(|(confidence, (answer, truth))| Some((confidence?, *answer == Some(*truth))))
        .collect()
}

/// Refuses a rule that names a category of another task: it would watch nothing.
fn known_categories(gold: &GoldSet, gate: &Gate) -> Result<(), JudgeError> {
    let labels = gold.labels();
    match gate.unknown_category(|name| {
        labels
            .index_of(name)
            .is_some_and(|label| labels.name(label) == Some(name))
    }) {
        None => Ok(()),
        Some((rule, name)) => Err(JudgeError::UnknownCategory {
            rule,
            name: name.to_owned(),
            meant: labels
                .resolve(name)
                .and_then(|label| labels.name(label))
                .map(str::to_owned),
        }),
    }
}
