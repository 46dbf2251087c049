use serde_json::json;

use super::*;

fn shapes(answers: impl Iterator<Item = (String, Value)>) -> BTreeMap<String, FieldKind> {
    let mut tallies = FieldTallies::new(1000);
    for (question, answer) in answers {
        tallies.note(&answer, &normalise(&question));
    }
    let shapes = tallies.shapes(&ShapeLimits::default());
    shapes.into_iter().map(|shape| (shape.path, shape.kind)).collect()
}

#[test]
fn every_field_is_told_by_what_its_values_are() {
    let kinds = shapes((0..600_u64).map(|i| {
        let vendor = format!("Vendor{i} Ltd.");
        let question = format!("Invoice of {vendor}: {i},50 EUR due on the {}th", i % 28 + 1);
        let answer = json!({
            "version": 1,
            "currency": (["EUR", "USD"][i as usize % 2]),
            "paid": i % 3 == 0,
            "vendor": vendor,
            "due": format!("2026-{:02}-{:02}T{i}", i % 12 + 1, i % 28 + 1),
            "cents": i * 977,
            "items": [{"kind": "goods"}, {"kind": (["goods", "work"][i as usize % 2])}],
            "note": format!("A sentence number {i} that was written for this invoice alone, and is long."),
            "nothing": null,
        });
        (question, answer)
    }));
    let expected = [
        ("cents", FieldKind::Number),
        ("currency", FieldKind::Chosen),
        ("due", FieldKind::Short),
        ("items[].kind", FieldKind::Chosen),
        ("note", FieldKind::Free),
        ("paid", FieldKind::Chosen),
        ("vendor", FieldKind::Copied),
        ("version", FieldKind::Constant),
    ];
    assert_eq!(
        kinds,
        BTreeMap::from(expected.map(|(path, kind)| (path.to_owned(), kind)))
    );
}

#[test]
fn a_short_value_is_copied_only_as_a_whole_word() {
    let mut tallies = FieldTallies::new(1000);
    tallies.note(&json!({"n": "5"}), "15 items at 50");
    tallies.note(&json!({"n": "5"}), "5 items");
    assert_eq!(tallies.shapes(&ShapeLimits::default())[0].copied, 0.5);
}

#[test]
fn keys_that_are_data_and_deep_answers_are_bounded() {
    let mut tallies = FieldTallies::new(1000);
    for number in 0..1000 {
        tallies.note(&json!({format!("key {number}"): 1}), "");
    }
    assert!(tallies.is_overfull());
    assert_eq!(tallies.shapes(&ShapeLimits::default()).len(), MOST_FIELDS);
    let deep = (0..100).fold(json!(1), |inner, _| json!({ "a": inner }));
    let mut tallies = FieldTallies::new(1000);
    tallies.note(&deep, "");
    assert_eq!(tallies.shapes(&ShapeLimits::default())[0].path, "a.a.a.a");
}
