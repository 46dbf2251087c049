//! What earlier looks at a gold set make of a candidate.

use std::fs;

use gold_eval::{
    Case, GateConfig, History, JudgeError, LadderStep, Look, LookDiffers, Outcome, Place, Predictions,
    Preset, Report, RightRows, Rule, Standing, Verdict, judge,
};

use crate::world::World;

/// A thousand rows of ten categories, and a baseline that is right on every row but each tenth.
struct Looked {
    world: World,
    looks: Vec<Look>,
    rules: Vec<Rule>,
    ladder: LadderStep,
}

impl Looked {
    fn new() -> Self {
        Self {
            world: World::new(&[100; 10]),
            looks: Vec::new(),
            rules: vec![Rule::BetterThanBest {}, Rule::MaxCandidates { max: 3 }],
            ladder: LadderStep::default(),
        }
    }

    /// Answers that are wrong on the rows of which this is true.
    fn wrong_where(&self, wrong: impl Fn(usize) -> bool) -> Vec<(String, String)> {
        let mut answers = self.world.answers(0, |_, _| 1.0);
        for (row, (_, answer)) in answers.iter_mut().enumerate() {
            if wrong(row) {
                "nothing of the task".clone_into(answer);
            }
        }
        answers
    }

    fn candidate(&self, wrong: impl Fn(usize) -> bool) -> Predictions {
        self.world.predictions(self.wrong_where(wrong))
    }

    fn history(&self) -> History {
        let path = self.world.path("looks.jsonl");
        let _absent_before = fs::remove_file(&path);
        for look in &self.looks {
            History::append(&path, look).unwrap();
        }
        History::open(&path).unwrap()
    }

    fn judged(&self, candidate: &Predictions) -> Result<Report, JudgeError> {
        let baseline = self.world.baseline(self.wrong_where(|row| row % 10 == 0));
        let config = GateConfig {
            rules: self.rules.clone(),
            ladder: self.ladder,
            ..Preset::ClearTheLine.config()
        };
        let at = format!("day {}", self.looks.len() + 1);
        let (gate, history) = (config.check().unwrap(), self.history());
        judge(
            &Case::new(&self.world.gold, &baseline, candidate, &at).with_history(&history),
            &gate,
        )
    }

    /// Judges a candidate and keeps the look.
    fn look(&mut self, wrong: impl Fn(usize) -> bool) -> Report {
        let report = self.judged(&self.candidate(wrong)).unwrap();
        self.looks.push(report.look());
        report
    }
}

fn standing(report: &Report) -> &Standing {
    report.standing.as_ref().unwrap()
}

fn outcomes(report: &Report) -> Vec<Outcome> {
    report.rules.iter().map(|finding| finding.outcome).collect()
}

#[test]
fn better_by_less_than_the_step_is_no_better_and_the_old_score_is_quoted() {
    let mut looked = Looked::new();
    let first = looked.look(|row| row < 100);
    assert_eq!(
        (standing(&first).place, standing(&first).released),
        (Place::First, 0.9)
    );
    assert_eq!(outcomes(&first), [Outcome::Pass, Outcome::Pass]);

    // Four straight gains, where six would be the first evidence at level 0.05 / 2.
    let more = looked.look(|row| row < 96);
    assert_eq!(more.candidate.score.accuracy.value, 0.904);
    let place = standing(&more);
    assert_eq!(
        (place.place, place.released, place.candidates),
        (Place::NoBetter, 0.9, 2)
    );
    assert_eq!(place.best.as_ref().unwrap().at, "day 1");
    assert!(
        more.summary
            .contains("No better than the best of 2 candidates so far"),
        "{}",
        more.summary
    );
    assert!(
        more.summary.ends_with("the score to quote is 90.0%."),
        "{}",
        more.summary
    );
    assert_eq!(outcomes(&more), [Outcome::CannotTell, Outcome::Pass]);
    // At the same rate 1,375 rows have 5.5 gains, which is rounded to the six that are evidence.
    assert_eq!(more.rules[0].settle[0].need, 1375);
    assert_eq!(more.verdict, Verdict::CannotTell);

    // Compared with the first, which is still the best: now 8 straight gains, where 7 are evidence.
    let better = looked.look(|row| row < 92);
    assert_eq!(
        (standing(&better).place, standing(&better).released),
        (Place::Better, 0.908)
    );
    assert_eq!(outcomes(&better), [Outcome::Pass, Outcome::Pass]);
    assert_eq!(standing(&better).step, Some(0.008));

    // The fourth is one too many for these rows, and shown to be worse than the best.
    let worse = looked.look(|row| row < 150);
    assert_eq!(outcomes(&worse), [Outcome::Fail, Outcome::CannotTell]);
    assert_eq!(worse.verdict, Verdict::Hold);
}

#[test]
fn the_same_answers_again_are_no_new_candidate_and_stand_where_they_stood() {
    let mut looked = Looked::new();
    looked.look(|row| row < 100);
    let better = looked.look(|row| row < 80);
    let again = looked.look(|row| row < 80);
    assert_eq!(
        (standing(&better).place, standing(&again).place),
        (Place::Better, Place::StillBest)
    );
    assert_eq!(outcomes(&better), outcomes(&again));
    assert_eq!(
        (standing(&again).candidates, standing(&again).judged_before),
        (2, true)
    );
    assert_eq!(again.looks_before.as_ref().unwrap().looks, 2);

    // Who was overtaken is no better, however good it was in its day.
    let overtaken = looked.look(|row| row < 100);
    assert_eq!(
        (standing(&overtaken).place, standing(&overtaken).released),
        (Place::NoBetter, 0.92)
    );
    assert_eq!(standing(&overtaken).after_looks.candidates, 2);
}

#[test]
fn looks_at_another_version_count_apart_and_are_told() {
    let mut looked = Looked::new();
    looked.look(|row| row < 100);
    for look in &mut looked.looks {
        look.gold_hash = stage_files::ContentHash::of_bytes(b"an older version");
    }
    let report = looked.look(|row| row < 99);
    let place = standing(&report);
    assert_eq!(
        (place.place, place.candidates, place.looks_at_others),
        (Place::First, 1, 1)
    );
    assert!(
        report
            .notes
            .iter()
            .any(|note| note.contains("1 look at other versions")),
        "{:?}",
        report.notes
    );
}

#[test]
fn lines_without_rows_are_read_and_counted_and_only_a_fixed_step_compares_them() {
    let mut looked = Looked::new();
    looked.look(|row| row < 100);
    looked.look(|row| row < 98);
    let path = looked.world.path("old.jsonl");
    for look in &mut looked.looks {
        look.right = None;
        History::append(&path, look).unwrap();
    }
    assert!(!fs::read_to_string(&path).unwrap().contains("right"));
    assert_eq!(History::open(&path).unwrap().looks(), looked.looks);

    let candidate = looked.candidate(|row| row < 50);
    let report = looked.judged(&candidate).unwrap();
    let place = standing(&report);
    assert_eq!(
        (place.place, place.candidates, place.compared),
        (Place::First, 3, 1)
    );
    assert!(
        report
            .notes
            .iter()
            .any(|note| note.contains("no rows of 2 earlier candidates")),
        "{:?}",
        report.notes
    );

    looked.ladder = LadderStep::Fixed { size: 0.02 };
    let report = looked.judged(&candidate).unwrap();
    let place = standing(&report);
    assert_eq!((place.place, place.compared), (Place::Better, 3));
    assert!(place.best.as_ref().unwrap().comparison.is_none());

    // Judged again by a version that keeps rows, an old candidate can be compared with; it is no third one.
    looked.ladder = LadderStep::default();
    looked.look(|row| row < 100);
    let report = looked.judged(&candidate).unwrap();
    let place = standing(&report);
    assert_eq!(
        (place.place, place.candidates, place.compared),
        (Place::Better, 3, 2)
    );
}

#[test]
fn the_evidence_after_looks_is_bonferronis() {
    let mut looked = Looked::new();
    looked.look(|row| row % 9 == 0);
    looked.look(|row| row % 8 == 0);
    let report = looked.look(|row| row % 10 == 0 && row >= 200);
    let after = standing(&report).after_looks;
    let comparison = &report.against_baseline;
    assert_eq!((comparison.counts.gains, comparison.counts.losses), (20, 0));
    assert!(
        (after.p_better - 3.0 * 0.5_f64.powi(21)).abs() < 1e-15,
        "{after:?}"
    );
    assert!(after.interval.low < comparison.interval.low && after.interval.high > comparison.interval.high);
    // sqrt(2 ln 3) standard errors of 920 in 1,000.
    assert!((after.luck - (2.0 * 3.0_f64.ln() * 0.92 * 0.08 / 1000.0).sqrt()).abs() < 1e-12);
    let first = Looked::new().look(|row| row < 100);
    assert_eq!(standing(&first).after_looks.luck, 0.0);
    assert_eq!(
        standing(&first).after_looks.interval,
        first.against_baseline.interval
    );
}

#[test]
fn without_a_history_rules_on_looks_cannot_tell() {
    let looked = Looked::new();
    let baseline = looked.world.baseline(looked.wrong_where(|row| row % 10 == 0));
    let gate = GateConfig {
        rules: looked.rules.clone(),
        ..Preset::ClearTheLine.config()
    };
    let candidate = looked.candidate(|row| row < 50);
    let case = Case::new(&looked.world.gold, &baseline, &candidate, "now");
    let report = judge(&case, &gate.check().unwrap()).unwrap();
    assert_eq!(report.standing, None);
    assert_eq!(outcomes(&report), [Outcome::CannotTell, Outcome::CannotTell]);
}

#[test]
fn a_look_at_another_number_of_rows_is_an_edited_line_and_named() {
    let mut looked = Looked::new();
    looked.look(|row| row < 100);
    looked.looks[0].right = Some(RightRows::new([true; 12]));
    let error = looked.judged(&looked.candidate(|row| row < 99)).unwrap_err();
    assert!(
        matches!(&error, JudgeError::Look(LookDiffers { at, found: 12, expected: 1000, .. }) if at == "day 1"),
        "{error}"
    );
}

#[test]
fn the_report_reads_back_and_says_the_score_to_quote_in_each_form() {
    let mut looked = Looked::new();
    looked.look(|row| row < 100);
    let report = looked.look(|row| row < 96);
    let read: Report = serde_json::from_str(&serde_json::to_string(&report).unwrap()).unwrap();
    assert_eq!(read, report);
    let comment = report.to_markdown();
    assert!(
        comment.contains("\nLadder: No better than the best so far, adapter with 90.0%"),
        "{comment}"
    );
    let page = report.to_html();
    assert!(
        page.contains("Score to quote") && page.contains("no better than the best of 2 candidates so far")
    );
}

#[test]
fn a_gate_in_toml_names_its_step() {
    let config: GateConfig = toml::from_str(
        "[ladder]\nstep = \"fixed\"\nsize = 0.01\n\n[[rules]]\nrule = \"better_than_best\"\n\n\
         [[rules]]\nrule = \"max_candidates\"\nmax = 20\n",
    )
    .unwrap();
    assert_eq!(config.ladder, LadderStep::Fixed { size: 0.01 });
    assert_eq!(config.rules[1], Rule::MaxCandidates { max: 20 });
    let written = toml::to_string(&config).unwrap();
    assert_eq!(
        toml::from_str::<GateConfig>(&written).unwrap(),
        config,
        "{written}"
    );
    assert!(
        toml::from_str::<GateConfig>(
            "[ladder]\nstep = \"fixed\"\nsise = 0.01\n[[rules]]\nrule = \"superior\""
        )
        .is_err()
    );
}
