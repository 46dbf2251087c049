use super::*;
use crate::{DateOrder, Matching};

fn schema(toml: &str) -> Result<FieldSchema, toml::de::Error> {
    #[derive(Deserialize)]
    struct File {
        fields: FieldSchema,
    }
    toml::from_str::<File>(toml).map(|file| file.fields)
}

#[test]
fn a_key_means_a_field_by_name_alias_or_spelling() {
    let fields = schema(
        r#"fields = [{ name = "total", kind = "money", aliases = ["grand total"] }, { name = "tax_id" }]"#,
    )
    .unwrap();
    for (key, index) in [("total", 0), ("TOTAL ", 0), ("Grand_Total", 0), ("Tax ID", 1)] {
        assert_eq!(fields.resolve(key), Some(index), "{key}");
    }
    assert_eq!(
        (fields.resolve("totals"), fields.index_of("grand total")),
        (None, None)
    );
}

#[test]
fn two_keys_that_fold_alike_count_only_as_written() {
    let fields = schema(r#"fields = [{ name = "tax_id" }, { name = "tax-id" }]"#).unwrap();
    assert_eq!(
        (fields.resolve("tax-id"), fields.resolve("Tax Id")),
        (Some(1), None)
    );
}

#[test]
fn what_is_no_schema_is_refused_and_named() {
    let refused = [
        ("fields = []", "no fields"),
        (r#"fields = [{ name = " " }]"#, "field 1"),
        (
            r#"fields = [{ name = "a" }, { name = "b", aliases = ["a"] }]"#,
            "\"a\"",
        ),
        (r#"fields = [{ name = "a", dates = "month-first" }]"#, "\"dates\""),
        (
            r#"fields = [{ name = "a", kind = "date", tolerance = 1.0 }]"#,
            "\"tolerance\"",
        ),
        (
            r#"fields = [{ name = "a", kind = "number", tolerance = -1.0 }]"#,
            "at least 0",
        ),
        (
            r#"fields = [{ name = "a", kind = "number", tolerance = nan }]"#,
            "at least 0",
        ),
        (
            r#"fields = [{ name = "a", right = { token-f1 = 1.5 } }]"#,
            "at most 1",
        ),
        (
            r#"fields = [{ name = "a", kind = "money", right = { token-f1 = 0.5 } }]"#,
            "money",
        ),
        (r#"fields = [{ name = "a", values = ["x", "x"] }]"#, "\"x\""),
        (r#"fields = [{ name = "a", colour = 1 }]"#, "colour"),
    ];
    for (text, part) in refused {
        let error = schema(text).unwrap_err().to_string();
        assert!(error.contains(part), "{text}: {error}");
    }
}

#[test]
fn a_schema_comes_back_as_it_was_written_and_defaults_are_left_out() {
    let mut date = Field::new("date", FieldKind::Date);
    date.dates = DateOrder::MonthFirst;
    let mut address = Field::new("address", FieldKind::Text);
    address.right = Matching::TokenF1(0.8);
    let schema = FieldSchema::new(vec![date, address]).unwrap();
    let text = serde_json::to_string(&schema).unwrap();
    assert_eq!(
        text,
        r#"[{"name":"date","kind":"date","dates":"month-first"},{"name":"address","kind":"text","right":{"token-f1":0.8}}]"#
    );
    assert_eq!(serde_json::from_str::<FieldSchema>(&text).unwrap(), schema);
}
