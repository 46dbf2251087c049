use super::*;
use crate::Against;

fn gate(rules: Vec<Rule>) -> GateConfig {
    GateConfig {
        name: custom(),
        confidence: 0.95,
        ladder: LadderStep::default(),
        rules,
    }
}

#[test]
fn presets_pass_their_own_check_and_read_back_by_name_and_from_toml() {
    for preset in Preset::ALL {
        let config = preset.config();
        assert_eq!(config.name.parse::<Preset>().unwrap(), preset);
        let text = toml::to_string(&config).unwrap();
        assert_eq!(toml::from_str::<GateConfig>(&text).unwrap(), config, "{text}");
        config.check().unwrap();
    }
    assert_eq!("clear_the_line".parse::<Preset>().unwrap(), Preset::ClearTheLine);
    assert_eq!("lenient".parse::<Preset>().unwrap_err().name, "lenient");
}

#[test]
fn a_rule_that_is_not_known_or_has_an_unknown_key_is_refused() {
    for rule in [
        "rule = \"vibes\"",
        "rule = \"superior\"\nmargin = 1",
        "rule = \"guard\"\nmax_loses = 3",
    ] {
        let text = format!("[[rules]]\n{rule}");
        assert!(
            toml::from_str::<GateConfig>(&text).is_err(),
            "{rule} was accepted"
        );
    }
}

#[test]
fn nonsense_is_refused_by_name() {
    assert_eq!(gate(vec![]).check().unwrap_err(), GateConfigError::NoRules);
    let guard = |max_losses| Rule::guard(max_losses, None);
    let twice = gate(vec![guard(3), guard(5)]);
    assert_eq!(
        twice.check().unwrap_err(),
        GateConfigError::Twice { rule: "guard" }
    );
    for (rule, key) in [
        (Rule::not_inferior(0.0), "margin"),
        (Rule::not_inferior(f64::NAN), "margin"),
        (Rule::AccuracyFloor { accuracy: 1.0 }, "accuracy"),
        (Rule::category_floor(-0.1), "recall"),
        (
            Rule::CategoryFloor {
                recall: 0.5,
                min_support: 0,
                categories: Vec::new(),
            },
            "min_support",
        ),
        (
            Rule::NoCategoryRegressed {
                alpha: 0.5,
                max_suspect_drop: 0.05,
                max_unproven_drop: 0.25,
                against: Against::Baseline,
                categories: Vec::new(),
            },
            "alpha",
        ),
        (
            Rule::NoCategoryRegressed {
                alpha: 0.05,
                max_suspect_drop: 0.05,
                max_unproven_drop: 1.5,
                against: Against::Baseline,
                categories: Vec::new(),
            },
            "max_unproven_drop",
        ),
        (
            Rule::NoCategoryRegressed {
                alpha: 0.05,
                max_suspect_drop: 0.3,
                max_unproven_drop: 0.2,
                against: Against::Baseline,
                categories: Vec::new(),
            },
            "max_unproven_drop",
        ),
        (guard(0), "max_losses"),
    ] {
        let error = gate(vec![rule]).check().unwrap_err();
        assert!(
            matches!(error, GateConfigError::OutOfRange { key: found, .. } if found == key),
            "{error}"
        );
    }
    let mut config = Preset::Strict.config();
    config.confidence = 1.0;
    assert!(config.check().is_err());
}

#[test]
fn limits_that_make_no_sense_are_refused_by_name() {
    for (rule, key) in [
        (
            Rule::Latency {
                percentile: 100.0,
                max_ms: 50.0,
            },
            "percentile",
        ),
        (
            Rule::Latency {
                percentile: 95.0,
                max_ms: f64::INFINITY,
            },
            "max_ms",
        ),
        (
            Rule::Cost {
                max_usd: 0.0,
                per_answers: 1000,
            },
            "max_usd",
        ),
        (
            Rule::Cost {
                max_usd: 1.0,
                per_answers: 0,
            },
            "per_answers",
        ),
        (Rule::RelativeCost { max_share: -0.1 }, "max_share"),
        (Rule::Calibration { max_error: 1.0 }, "max_error"),
        (
            Rule::Coverage {
                coverage: 1.1,
                accuracy: 0.9,
            },
            "coverage",
        ),
        (Rule::OutsideAnswers { max_share: 0.0 }, "max_share"),
        (Rule::guard(3, Some(0)), "max_support"),
    ] {
        let error = gate(vec![rule]).check().unwrap_err();
        assert!(
            matches!(error, GateConfigError::OutOfRange { key: found, .. } if found == key),
            "{error}"
        );
    }
}

#[test]
fn the_same_rule_against_another_model_or_on_other_categories_is_another_rule() {
    let text = r#"
        rules = [
            { rule = "superior" },
            { rule = "superior", against = "shipped" },
            { rule = "category_floor", recall = 0.5 },
            { rule = "category_floor", recall = 0.9, categories = ["fraud"] },
            { rule = "latency", percentile = 50, max_ms = 20 },
            { rule = "latency", percentile = 99, max_ms = 200 },
        ]
    "#;
    let config: GateConfig = toml::from_str(text).unwrap();
    let again = toml::to_string(&config).unwrap();
    assert_eq!(toml::from_str::<GateConfig>(&again).unwrap(), config, "{again}");
    let gate = config.clone().check().unwrap();
    let unknown = gate.unknown_category(|name| name != "fraud");
    assert_eq!(unknown, Some(("category_floor", "fraud")));
    let twice = GateConfig {
        rules: [config.rules.clone(), vec![config.rules[4].clone()]].concat(),
        ..config
    };
    assert_eq!(
        twice.check().unwrap_err(),
        GateConfigError::Twice { rule: "latency" }
    );
}

#[test]
fn a_category_named_twice_and_a_gate_without_end_are_refused() {
    let named = gate(vec![Rule::CategoryFloor {
        recall: 0.5,
        min_support: 10,
        categories: vec!["fraud".to_owned(), "fraud".to_owned()],
    }]);
    assert_eq!(
        named.check().unwrap_err(),
        GateConfigError::CategoryTwice {
            rule: "category_floor",
            category: "fraud".to_owned()
        }
    );
    let many = (0..=MOST_RULES).map(|i| Rule::Latency {
        percentile: 1.0 + i as f64,
        max_ms: 1.0,
    });
    assert_eq!(
        gate(many.collect()).check().unwrap_err(),
        GateConfigError::TooManyRules {
            found: MOST_RULES + 1
        }
    );
}
