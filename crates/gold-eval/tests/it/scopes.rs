//! Rules against the last shipped model and on chosen categories.

use gold_eval::{
    Against, Baseline, Case, Gate, GateConfig, JudgeError, LadderStep, MeasuredAnswer, Outcome, Predictions,
    Report, Rule, Usage, Verdict, judge,
};

use crate::world::World;

fn gate(rules: &str) -> Gate {
    toml::from_str::<GateConfig>(rules).unwrap().check().unwrap()
}

fn report(
    world: &World,
    baseline: &Baseline,
    shipped: Option<&Predictions>,
    candidate: &Predictions,
    rules: &str,
) -> Report {
    let mut case = Case::new(&world.gold, baseline, candidate, "now");
    case.shipped = shipped;
    judge(&case, &gate(rules)).unwrap()
}

#[test]
fn a_candidate_above_the_frontier_and_below_the_shipped_model_is_held_by_a_rule_against_it() {
    let world = World::new(&[100, 100, 100]);
    let baseline = world.baseline(world.answers(1, |_, _| 0.7));
    let shipped = world.predictions(world.answers(2, |_, _| 0.99));
    let candidate = world.predictions(world.answers(3, |_, _| 0.85));
    let rules = "rules = [{ rule = \"superior\" }, { rule = \"superior\", against = \"shipped\" }, \
                 { rule = \"no_category_regressed\", against = \"shipped\" }, { rule = \"guard\", max_losses = 8, against = \"shipped\" }]";
    let report = report(&world, &baseline, Some(&shipped), &candidate, rules);
    let outcomes: Vec<Outcome> = report.rules.iter().map(|finding| finding.outcome).collect();
    assert_eq!(
        outcomes,
        [Outcome::Pass, Outcome::Fail, Outcome::Fail, Outcome::Fail]
    );
    assert_eq!(report.verdict, Verdict::Hold);
    let against = report.against_shipped.unwrap();
    assert_eq!(report.rules[1].numbers["difference"], against.difference);
    assert_eq!(report.rules[1].rule.title(), "Better than the last shipped model");
}

#[test]
fn without_the_shipped_models_answers_a_rule_against_it_cannot_tell() {
    let world = World::new(&[100, 100]);
    let baseline = world.baseline(world.answers(1, |_, _| 0.7));
    let candidate = world.predictions(world.answers(3, |_, _| 1.0));
    let rules =
        "rules = [{ rule = \"superior\" }, { rule = \"guard\", max_losses = 6, against = \"shipped\" }]";
    let report = report(&world, &baseline, None, &candidate, rules);
    assert_eq!(report.verdict, Verdict::CannotTell);
    assert_eq!(
        report.settlement.in_words(5),
        [
            "Give the last shipped model’s answers to the same gold rows, for “No category loses 6 rows net or more to the \
          last shipped model”."
        ]
    );
}

#[test]
fn the_shipped_model_itself_in_place_of_the_baseline_gives_the_same_findings() {
    let world = World::new(&[40, 30, 12]);
    let (one, two) = (world.answers(1, |_, _| 0.8), world.answers(2, |_, _| 0.9));
    let (baseline, same) = (world.baseline(one.clone()), world.predictions(one));
    let candidate = world.predictions(two);
    let of = |against: Against| {
        let rules = [
            Rule::Superior { against },
            Rule::NotInferior {
                margin: 0.02,
                against,
            },
            Rule::NoCategoryRegressed {
                alpha: 0.05,
                max_suspect_drop: 0.05,
                max_unproven_drop: 0.25,
                against,
                categories: vec!["label-00".to_owned(), "label-02".to_owned()],
            },
            Rule::Guard {
                max_losses: 3,
                max_support: Some(20),
                against,
                categories: Vec::new(),
            },
        ];
        let config = GateConfig {
            ladder: LadderStep::default(),
            name: "both".to_owned(),
            confidence: 0.95,
            rules: rules.into(),
        };
        let case = Case::new(&world.gold, &baseline, &candidate, "now").with_shipped(&same);
        let report = judge(&case, &config.check().unwrap()).unwrap();
        let findings = report.rules.into_iter();
        findings
            .map(|f| (f.outcome, f.evidence, f.numbers, f.settle))
            .collect::<Vec<_>>()
    };
    assert_eq!(of(Against::Baseline), of(Against::Shipped));
}

#[test]
fn a_rule_on_chosen_categories_sees_these_and_corrects_for_these_alone() {
    let world = World::new(&[40; 40]);
    let labels = world.task.labels();
    let next = |label: &str| {
        labels
            .name((labels.index_of(label).unwrap() + 1) % 40)
            .unwrap()
            .to_owned()
    };
    let teacher = world
        .gold
        .rows()
        .iter()
        .map(|row| (row.id.clone(), row.label.clone()));
    // Seven straight losses in one category: evidence when it stands alone, and none among forty.
    let mut lost = 0;
    let answers = world.gold.rows().iter().map(|row| {
        lost += usize::from(row.label == "label-07");
        let is_lost = row.label == "label-07" && lost <= 7;
        (
            row.id.clone(),
            if is_lost {
                next(&row.label)
            } else {
                row.label.clone()
            },
        )
    });
    let (baseline, candidate) = (
        world.baseline(teacher.collect()),
        world.predictions(answers.collect()),
    );
    let outcome = |categories: &str| {
        let rules = format!("rules = [{{ rule = \"no_category_regressed\", categories = {categories} }}]");
        report(&world, &baseline, None, &candidate, &rules)
            .rules
            .remove(0)
    };
    assert_eq!(outcome("[]").outcome, Outcome::CannotTell);
    let named = outcome("[\"label-07\", \"label-08\"]");
    assert_eq!((named.outcome, named.numbers["tested"]), (Outcome::Fail, 2.0));
    assert_eq!(named.broken_by, ["label-07"]);
    assert_eq!(outcome("[\"label-01\", \"label-02\"]").outcome, Outcome::Pass);
}

#[test]
fn a_named_category_without_gold_rows_does_not_pass_unseen() {
    let mut supports = vec![30, 30];
    supports.push(0);
    let world = World::new(&supports);
    let baseline = world.baseline(world.answers(1, |_, _| 1.0));
    let candidate = world.predictions(world.answers(1, |_, _| 1.0));
    for rule in [
        "rule = \"no_category_regressed\"",
        "rule = \"guard\", max_losses = 6",
        "rule = \"category_floor\", recall = 0.5",
    ] {
        let rules = format!("rules = [{{ {rule}, categories = [\"label-00\", \"label-02\"] }}]");
        let report = report(&world, &baseline, None, &candidate, &rules);
        assert_eq!(report.verdict, Verdict::CannotTell, "{rule}");
        assert!(
            report.rules[0].evidence.contains("label-02"),
            "{}",
            report.rules[0].evidence
        );
    }
}

#[test]
fn a_category_of_another_task_is_refused_by_name() {
    let world = World::new(&[5, 5]);
    let baseline = world.baseline(world.answers(1, |_, _| 1.0));
    let candidate = world.predictions(world.answers(1, |_, _| 1.0));
    let case = Case::new(&world.gold, &baseline, &candidate, "now");
    let error = |name: &str| {
        let rules = format!(
            "rules = [{{ rule = \"category_floor\", recall = 0.5, categories = [\"label-00\", \"{name}\"] }}]"
        );
        judge(&case, &gate(&rules)).unwrap_err()
    };
    let unknown = |name: &str, meant: Option<&str>| JudgeError::UnknownCategory {
        rule: "category_floor",
        name: name.to_owned(),
        meant: meant.map(str::to_owned),
    };
    assert_eq!(error("fraud"), unknown("fraud", None));
    assert_eq!(error("Label 01"), unknown("Label 01", Some("label-01")));
    assert!(
        error("Label 01")
            .to_string()
            .ends_with("none of the task's labels, fields or checks: write \"label-01\"")
    );
}

#[test]
fn what_the_teacher_took_is_pinned_with_its_answers_and_does_not_change_the_line() {
    let world = World::new(&[20, 20]);
    let usage = |usd: f64| {
        Usage::new((0..40).map(|i| MeasuredAnswer {
            latency_ms: Some(f64::from(i)),
            cost_usd: Some(usd),
        }))
        .unwrap()
    };
    let plain = world.baseline(world.answers(1, |_, _| 0.9));
    let measured = plain.clone().with_usage(usage(0.01));
    assert_eq!(plain.clone().with_usage(Usage::default()).usage(), None);
    let path = world.path("baseline.json");
    measured.write(&path).unwrap();
    let opened = Baseline::open(&path, &world.gold).unwrap();
    assert_eq!((opened.usage(), opened.rows()), (measured.usage(), plain.rows()));

    let candidate = world.predictions(world.answers(2, |_, _| 0.9));
    let ours = usage(0.0001);
    let case = Case::new(&world.gold, &opened, &candidate, "now").with_usage(&ours);
    let report = judge(
        &case,
        &gate("rules = [{ rule = \"relative_cost\", max_share = 0.02 }]"),
    )
    .unwrap();
    assert_eq!(report.verdict, Verdict::Ship, "{:?}", report.rules);
    assert_eq!(report.baseline.usage.unwrap().mean_usd, Some(0.01));
    assert_eq!(report.candidate.usage.unwrap().p50_ms, Some(19.0));
}
