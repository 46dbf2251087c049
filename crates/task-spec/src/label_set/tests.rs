use super::*;

fn set(names: &[&str]) -> LabelSet {
    LabelSet::from_names(names.iter().copied()).unwrap()
}

#[test]
fn spelling_of_case_and_separators_resolves() {
    let labels = set(&["card_arrival", "Refund_not_showing_up"]);
    assert_eq!(labels.resolve(" Card Arrival\n"), Some(0));
    assert_eq!(labels.resolve("refund-not-showing-up"), Some(1));
    assert_eq!(labels.resolve("card arrivals"), None);
    assert_eq!(labels.resolve(""), None);
}

#[test]
fn names_that_fold_together_need_their_exact_spelling() {
    let labels = set(&["US", "us"]);
    assert_eq!(labels.resolve("US"), Some(0));
    assert_eq!(labels.resolve("us"), Some(1));
    assert_eq!(labels.resolve("Us"), None);
}

#[test]
fn an_alias_is_resolved_but_is_not_a_name() {
    let labels = LabelSet::new(vec![
        Label::new("fuel").with_alias("gas station"),
        Label::new("travel"),
    ])
    .unwrap();
    assert_eq!(labels.resolve("Gas Station"), Some(0));
    assert_eq!(labels.index_of("gas station"), None);
    assert_eq!(labels.index_of("travel"), Some(1));
}

#[test]
fn a_wrong_set_names_what_is_wrong() {
    assert_eq!(
        LabelSet::from_names(["one"]).unwrap_err(),
        LabelSetError::TooFew { found: 1 }
    );
    assert_eq!(
        LabelSet::from_names(["one", " "]).unwrap_err(),
        LabelSetError::Blank { number: 2 }
    );
    let twice = LabelSet::from_names(["a", "b", "a"]).unwrap_err();
    assert!(
        matches!(twice, LabelSetError::Claimed { ref spelling, .. } if spelling == "a"),
        "{twice}"
    );
    let alias = LabelSet::new(vec![Label::new("a").with_alias("b"), Label::new("b")]).unwrap_err();
    assert!(
        matches!(alias, LabelSetError::Claimed { ref second, .. } if second == "b"),
        "{alias}"
    );
}

#[test]
fn serde_round_trip_keeps_the_order_and_checks() {
    let labels = set(&["b", "a", "c"]);
    let json = serde_json::to_string(&labels).unwrap();
    assert_eq!(serde_json::from_str::<LabelSet>(&json).unwrap(), labels);
    let error = serde_json::from_str::<LabelSet>(r#"[{"name":"a"},{"name":"a"}]"#).unwrap_err();
    assert!(error.to_string().contains("claimed by both"), "{error}");
}

proptest::proptest! {
    #[test]
    fn every_name_resolves_to_itself(names in proptest::collection::hash_set("[A-Za-z_ -]{1,12}", 2..20)) {
        let names: Vec<String> = names.into_iter().filter(|n| !n.trim().is_empty()).collect();
        if let Ok(labels) = LabelSet::from_names(names.clone()) {
            for (index, name) in names.iter().enumerate() {
                proptest::prop_assert_eq!(labels.index_of(name), Some(index));
            }
        }
    }
}
