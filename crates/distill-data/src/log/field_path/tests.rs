use proptest::prelude::*;
use serde_json::json;

use super::*;

#[test]
fn pointers_and_dotted_keys_lead_to_the_same_place() {
    let value = json!({"a": [{"b.c": 1, "d": {"e/f": 2}}]});
    for (path, expected) in [("/a/0/b.c", 1), ("a.0.d.e/f", 2), ("/a/0/d/e~1f", 2)] {
        assert_eq!(
            FieldPath::new(path).unwrap().of(&value),
            Some(&json!(expected)),
            "{path}"
        );
    }
    assert_eq!(FieldPath::new("a.1").unwrap().of(&value), None);
    assert_eq!(FieldPath::new("a.x").unwrap().of(&value), None);
}

#[test]
fn a_path_that_leads_nowhere_is_refused() {
    for written in ["", "a..b", ".a", "a."] {
        assert!(FieldPath::new(written).is_err(), "{written:?}");
    }
}

proptest! {
    #[test]
    fn a_key_of_any_characters_survives_being_written(key in any::<String>()) {
        let path = FieldPath::key(&key);
        let text = serde_json::to_string(&path).unwrap();
        let read: FieldPath = serde_json::from_str(&text).unwrap();
        let value = json!({key: 7});
        prop_assert_eq!(read.of(&value), Some(&json!(7)));
    }

    #[test]
    fn the_raw_text_of_a_field_is_that_of_its_value(key in "[a-z~/.é\"]{1,4}", label in any::<String>()) {
        let json = json!({"x": [null, {&key: &label}]}).to_string();
        let path = FieldPath::new(format!("/x/1/{}", key.replace('~', "~0").replace('/', "~1"))).unwrap();
        let raw = path.raw(&json).unwrap();
        prop_assert_eq!(serde_json::from_str::<String>(raw).unwrap(), label);
        let start = raw.as_ptr() as usize - json.as_ptr() as usize;
        prop_assert_eq!(&json[start..start + raw.len()], raw);
    }
}
