use serde_json::json;

use super::*;

fn llama() -> Map<String, Value> {
    let json = json!({
        "architectures": ["LlamaForCausalLM"],
        "model_type": "llama",
        "vocab_size": 320,
        "hidden_size": 64,
        "num_hidden_layers": 2,
        "num_attention_heads": 4,
        "num_key_value_heads": 2,
        "head_dim": 16,
        "intermediate_size": 160,
        "max_position_embeddings": 512,
        "rms_norm_eps": 1e-6,
        "rope_theta": 10_000.0,
        "tie_word_embeddings": true,
        "hidden_act": "silu",
    });
    json.as_object().unwrap().clone()
}

fn with(mut json: Map<String, Value>, field: &str, value: Value) -> Map<String, Value> {
    json.insert(field.to_owned(), value);
    json
}

#[test]
fn a_field_that_would_change_the_output_is_named() {
    for (field, value) in [
        ("attention_bias", json!("some")),
        ("rope_scaling", json!("dynamic")),
        ("hidden_act", json!("xielu")),
        ("sliding_window", json!(1024)),
        (
            "rope_parameters",
            json!({"rope_type": "longrope", "rope_theta": 1.0}),
        ),
    ] {
        let error = ModelConfig::from_json(&with(llama(), field, value))
            .unwrap_err()
            .to_string();
        let named = if field == "rope_parameters" {
            "rope_type"
        } else {
            field
        };
        assert!(error.contains(named), "{error}");
    }
}

#[test]
fn fields_that_are_unset_or_neutral_are_fine() {
    let json = with(
        with(llama(), "sliding_window", Value::Null),
        "_name_or_path",
        json!("a/b"),
    );
    ModelConfig::from_json(&json).unwrap();
}

#[test]
fn an_unknown_architecture_is_named_with_those_that_are_known() {
    let error = ModelConfig::from_json(&with(llama(), "model_type", json!("mamba"))).unwrap_err();
    let text = error.to_string();
    assert!(text.contains("mamba") && text.contains(KNOWN), "{text}");
}

#[test]
fn impossible_sizes_are_errors() {
    for (field, value) in [
        ("num_key_value_heads", json!(3)),
        ("head_dim", json!(15)),
        ("hidden_size", json!(0)),
        ("vocab_size", json!(-1)),
        ("num_hidden_layers", json!(1e300)),
        ("rms_norm_eps", json!("small")),
    ] {
        assert!(
            ModelConfig::from_json(&with(llama(), field, value)).is_err(),
            "{field}"
        );
    }
}
