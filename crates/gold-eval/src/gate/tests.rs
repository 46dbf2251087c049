use super::*;

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
    let guard = |max_losses| Rule::Guard {
        max_losses,
        max_support: None,
    };
    let twice = gate(vec![guard(3), guard(5)]);
    assert_eq!(
        twice.check().unwrap_err(),
        GateConfigError::Twice { rule: "guard" }
    );
    for (rule, key) in [
        (Rule::NotInferior { margin: 0.0 }, "margin"),
        (Rule::NotInferior { margin: f64::NAN }, "margin"),
        (Rule::AccuracyFloor { accuracy: 1.0 }, "accuracy"),
        (
            Rule::CategoryFloor {
                recall: -0.1,
                min_support: 10,
            },
            "recall",
        ),
        (
            Rule::CategoryFloor {
                recall: 0.5,
                min_support: 0,
            },
            "min_support",
        ),
        (
            Rule::NoCategoryRegressed {
                alpha: 0.5,
                max_suspect_drop: 0.05,
                max_unproven_drop: 0.25,
            },
            "alpha",
        ),
        (
            Rule::NoCategoryRegressed {
                alpha: 0.05,
                max_suspect_drop: 0.05,
                max_unproven_drop: 1.5,
            },
            "max_unproven_drop",
        ),
        (
            Rule::NoCategoryRegressed {
                alpha: 0.05,
                max_suspect_drop: 0.3,
                max_unproven_drop: 0.2,
            },
            "max_unproven_drop",
        ),
        (guard(0), "max_losses"),
        (
            Rule::Guard {
                max_losses: 3,
                max_support: Some(0),
            },
            "max_support",
        ),
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
