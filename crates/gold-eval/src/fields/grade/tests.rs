use proptest::prelude::*;
use task_spec::FieldKind;

use super::*;

fn outcome(field: &Field, gold: Option<&str>, answer: Option<&str>) -> FieldOutcome {
    grade_field(field, gold, answer).outcome
}

#[test]
fn missing_invented_wrong_and_absent_are_told_apart() {
    let field = Field::new("company", FieldKind::Text);
    assert_eq!(
        outcome(&field, Some("ACME"), Some("acme.")),
        FieldOutcome::Correct
    );
    assert_eq!(outcome(&field, Some("ACME"), Some("ACNE")), FieldOutcome::Wrong);
    assert_eq!(outcome(&field, Some("ACME"), None), FieldOutcome::Missing);
    assert_eq!(outcome(&field, None, Some("ACME")), FieldOutcome::Invented);
    assert_eq!(outcome(&field, None, None), FieldOutcome::Absent);
}

#[test]
fn the_field_says_which_comparison_counts() {
    let mut field = Field::new("address", FieldKind::Text);
    let grade = |field: &Field, answer| outcome(field, Some("12 Long Street, York"), Some(answer)).is_right();
    assert!(grade(&field, "12 LONG STREET YORK") && !grade(&field, "12 Long Street"));
    field.right = Matching::Exact;
    assert!(grade(&field, "12 Long Street, York") && !grade(&field, "12 long street, York"));
    // Three of four words: F1 is 6/7.
    field.right = Matching::TokenF1(0.85);
    assert!(grade(&field, "12 Long Street"));
    field.right = Matching::TokenF1(0.86);
    assert!(!grade(&field, "12 Long Street"));
}

#[test]
fn a_value_outside_the_list_is_wrong_and_said_to_be_outside() {
    let mut field = Field::new("method", FieldKind::Text);
    field.values = vec!["cash".to_owned(), "credit-card".to_owned()];
    let grade = grade_field(&field, Some("credit-card"), Some("Credit Card"));
    assert_eq!(
        (grade.outcome, grade.is_of_other_kind),
        (FieldOutcome::Correct, false)
    );
    let grade = grade_field(&field, Some("cash"), Some("cheque"));
    assert_eq!(
        (grade.outcome, grade.is_of_other_kind),
        (FieldOutcome::Wrong, true)
    );
}

#[test]
fn a_gold_value_of_another_kind_equals_the_same_text() {
    let field = Field::new("date", FieldKind::Date);
    assert_eq!(
        outcome(&field, Some("Easter 2018"), Some("EASTER, 2018")),
        FieldOutcome::Correct
    );
    assert_eq!(
        outcome(&field, Some("Easter 2018"), Some("01/04/2018")),
        FieldOutcome::Wrong
    );
}

proptest! {
    #[test]
    fn grading_does_not_depend_on_which_side_is_gold(
        kind in 0..4_usize, a in proptest::option::of("\\PC{0,20}|[0-9/.,$]{1,12}"), b in proptest::option::of("\\PC{0,20}|[0-9/.,$]{1,12}"),
    ) {
        let field = Field::new("f", [FieldKind::Text, FieldKind::Number, FieldKind::Money, FieldKind::Date][kind]);
        let one = grade_field(&field, a.as_deref(), b.as_deref());
        let other = grade_field(&field, b.as_deref(), a.as_deref());
        let mirrored = match one.outcome {
            FieldOutcome::Missing => FieldOutcome::Invented,
            FieldOutcome::Invented => FieldOutcome::Missing,
            same => same,
        };
        prop_assert_eq!(other.outcome, mirrored);
        prop_assert_eq!((one.exact, one.normalised, one.is_ambiguous), (other.exact, other.normalised, other.is_ambiguous));
        prop_assert!((one.token_f1 - other.token_f1).abs() < 1e-15);
        prop_assert!(!one.exact || one.normalised, "exact and not the same value");
    }
}
