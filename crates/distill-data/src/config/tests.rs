use super::*;
use crate::SplitPart;

fn refused(change: impl FnOnce(&mut CurateConfig)) -> String {
    let mut config = CurateConfig::default();
    change(&mut config);
    config.check().unwrap_err().to_string()
}

#[test]
fn the_defaults_are_a_plan() {
    assert_eq!(CurateConfig::default().check().unwrap(), CuratePlan::default());
}

#[test]
fn each_field_out_of_range_is_named() {
    assert!(refused(|c| c.max_damaged_share = 1.1).contains("max_damaged_share"));
    assert!(refused(|c| c.near_threshold = 0.3).contains("near_threshold"));
    assert!(refused(|c| c.near_threshold = 1.5).contains("near_threshold"));
    assert!(refused(|c| c.near_threshold = f64::NAN).contains("near_threshold"));
    assert!(refused(|c| c.conflict_majority = 0.5).contains("conflict_majority"));
    assert!(refused(|c| c.min_confidence = f64::NAN).contains("min_confidence"));
    assert!(refused(|c| c.target_precision = Some(1.0)).contains("target_precision"));
    assert!(refused(|c| c.review.words_per_minute = 0.0).contains("review.words_per_minute"));
    assert!(
        refused(|c| c.review.seconds_per_question = f64::INFINITY).contains("review.seconds_per_question")
    );
    assert!(refused(|c| c.review.audit.share = 1.5).contains("review.audit.share"));
    assert!(refused(|c| c.review.audit.most = 20).contains("review.audit.most"));
    let suspects = |change: fn(&mut SuspectConfig)| refused(|c| change(c.suspects.as_mut().unwrap()));
    assert!(suspects(|s| s.folds = 1).contains("suspects.folds"));
    assert!(suspects(|s| s.max_class_share = -0.1).contains("suspects.max_class_share"));
    assert!(suspects(|s| s.repeats = 0).contains("suspects.repeats"));
    assert!(suspects(|s| s.least_suspicion = 0.0).contains("suspects.least_suspicion"));
    assert!(suspects(|s| s.pooled_rows = f64::INFINITY).contains("suspects.pooled_rows"));
    assert!(suspects(|s| s.min_agreement = 2.0).contains("suspects.min_agreement"));
}

#[test]
fn a_file_may_name_some_fields_and_no_unknown_one() {
    let config: CurateConfig = toml::from_str(
        "min_confidence = 0.7\nduplicates = \"merge-exact\"\n[answer]\nkind = \"json\"\nlabel = \"category\"\n",
    )
    .unwrap();
    assert_eq!(
        (config.min_confidence, config.duplicates),
        (0.7, Duplicates::MergeExact)
    );
    assert_eq!(config.near_threshold, 0.8);
    let config: CurateConfig = toml::from_str(
        "[review]\nseconds_per_question = 8\n[review.costs.fuel]\ncoffee = 5\n[review.audit]\nleast = 90\n",
    )
    .unwrap();
    assert_eq!(
        (
            config.review.costs["fuel"]["coffee"],
            config.review.audit.least,
            config.review.audit.most
        ),
        (5.0, 90, 300)
    );
    let error = toml::from_str::<CurateConfig>("min_confidense = 0.7").unwrap_err();
    assert!(error.to_string().contains("min_confidense"), "{error}");
}

#[test]
fn weights_follow_the_number_of_calls_as_told() {
    assert_eq!(WeightByCalls::None.weight(9), 1.0);
    assert_eq!(WeightByCalls::Sqrt.weight(9), 3.0);
    assert_eq!(WeightByCalls::Linear.weight(9), 9.0);
}

#[test]
fn limits_of_parts_and_classes_are_checked() {
    let config = CurateConfig {
        class_cap: Some(0),
        ..CurateConfig::default()
    };
    assert_eq!(config.check(), Err(CurateConfigError::ClassCap));
    let part = |name: &str| SplitPart {
        name: name.into(),
        share: 0.1,
    };
    let config = CurateConfig {
        near_threshold: 0.9,
        split: Some(SplitConfig {
            parts: vec![part("heldout")],
            ..SplitConfig::default()
        }),
        ..CurateConfig::default()
    };
    // Near-duplicates are the same everywhere in a curation.
    let plan = config.clone().check().unwrap();
    assert_eq!(plan.split().unwrap().config().near_threshold.get(), 0.9);
    let split = config.split.map(|split| SplitConfig {
        parts: vec![part("review")],
        ..split
    });
    let config = CurateConfig {
        split,
        ..CurateConfig::default()
    };
    let error = config.check().unwrap_err();
    assert!(error.to_string().contains("review"), "{error}");
}

#[test]
fn a_settings_file_leaves_the_search_for_wrong_labels_out_or_sets_it() {
    let read = |text: &str| toml::from_str::<CurateConfig>(text).map(|config| config.suspects);
    assert_eq!(read("").unwrap(), Some(SuspectConfig::default()));
    assert_eq!(read("suspects = true").unwrap(), Some(SuspectConfig::default()));
    assert_eq!(read("suspects = false").unwrap(), None);
    let folds = SuspectConfig {
        folds: 3,
        ..SuspectConfig::default()
    };
    assert_eq!(read("suspects.folds = 3").unwrap(), Some(folds));
    let error = read("suspects = \"no\"").unwrap_err().to_string();
    assert!(error.contains("or false for none"), "{error}");
    let error = read("[suspects]\nfold = 3").unwrap_err().to_string();
    assert!(error.contains("unknown field `fold`"), "{error}");
    // A manifest writes what it was as JSON.
    for suspects in [None, Some(SuspectConfig::default())] {
        let config = CurateConfig {
            suspects,
            ..CurateConfig::default()
        };
        let json = serde_json::to_string(&config).unwrap();
        assert_eq!(serde_json::from_str::<CurateConfig>(&json).unwrap(), config);
    }
}
