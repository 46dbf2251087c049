use super::*;
use crate::TaskType;

fn slots(paths: &[&str]) -> Vec<Slot> {
    let slot = |path: &&str| Slot {
        path: (*path).to_owned(),
        kind: match path {
            path if path.ends_with("norm") => ModuleKind::Norm,
            path if path.ends_with("embed_tokens") => ModuleKind::Embedding,
            _ => ModuleKind::Linear,
        },
        d_input: 4,
        d_output: 4,
        is_in_base: true,
    };
    paths.iter().map(slot).collect()
}

const PATHS: &[&str] = &[
    "model.embed_tokens",
    "model.layers.0.self_attn.q_proj",
    "model.layers.0.mlp.up_proj",
    "model.layers.0.input_norm",
    "model.layers.1.self_attn.q_proj",
    "model.layers.1.mlp.up_proj",
    "model.layers.1.mlp.experts.2.gate_w",
    "model.norm",
    "lm_head",
];

/// The paths in a role, by the rules of a config.
fn in_role(role: Role, config: &AdapterConfig, is_strict: bool) -> Result<Vec<&'static str>, AdapterError> {
    let slots = slots(PATHS);
    let paths: Vec<String> = PATHS.iter().map(|path| (*path).to_owned()).collect();
    let roles = config.roles(&slots, &paths, is_strict)?;
    let chosen = PATHS.iter().zip(roles).filter(|(_, found)| *found == role);
    Ok(chosen.map(|(path, _)| *path).collect())
}

fn config(targets: Targets) -> AdapterConfig {
    AdapterConfig {
        target_modules: targets,
        ..AdapterConfig::new("base", TaskType::CausalLm)
    }
}

fn names(names: &[&str]) -> Targets {
    Targets::Names(names.iter().map(|&name| name.to_owned()).collect())
}

fn targets_of(config: &AdapterConfig) -> Vec<&'static str> {
    in_role(Role::Target, config, false).unwrap()
}

#[test]
fn all_linear_leaves_the_output_head_and_tables_alone() {
    assert_eq!(
        targets_of(&config(Targets::AllLinear)),
        [PATHS[1], PATHS[2], PATHS[4], PATHS[5], PATHS[6]]
    );
    assert_eq!(
        targets_of(&config(names(&["lm_head", "embed_tokens"]))),
        ["model.embed_tokens", "lm_head"]
    );
}

#[test]
fn a_pattern_is_of_the_whole_path_and_a_name_of_its_last_parts() {
    let pattern = |text: &str| config(Targets::Pattern(text.to_owned()));
    assert_eq!(targets_of(&pattern(r".*\.1\..*_proj")), [PATHS[4], PATHS[5]]);
    assert_eq!(
        targets_of(&pattern(r".*(?<!self_attn)\.(q|up)_proj")),
        [PATHS[2], PATHS[5]]
    );
    assert!(in_role(Role::Target, &pattern("q_proj"), false).is_err());
    assert_eq!(targets_of(&config(names(&["mlp.up_proj"]))), [PATHS[2], PATHS[5]]);
    assert!(in_role(Role::Target, &config(names(&["proj"])), false).is_err());
}

#[test]
fn layers_are_counted_by_the_first_list_or_by_the_one_that_is_named() {
    let mut config = config(Targets::AllLinear);
    config.layers_to_transform = Some(vec![1]);
    assert_eq!(targets_of(&config), [PATHS[4], PATHS[5], PATHS[6]]);
    config.layers_pattern = vec!["experts".to_owned()];
    config.layers_to_transform = Some(vec![2]);
    assert_eq!(targets_of(&config), [PATHS[6]]);
}

#[test]
fn what_is_excluded_or_saved_whole_is_no_target() {
    let mut config = config(names(&["q_proj", "up_proj"]));
    config.exclude_modules = Some(names(&["layers.0.mlp.up_proj"]));
    config.modules_to_save = vec!["1.self_attn".to_owned()];
    assert_eq!(targets_of(&config), [PATHS[1], PATHS[5]]);
    assert_eq!(in_role(Role::Saved, &config, false).unwrap(), [PATHS[4]]);
    // A name stands for every module whose path ends in it.
    config.modules_to_save = vec!["norm".to_owned()];
    assert_eq!(
        in_role(Role::Saved, &config, false).unwrap(),
        [PATHS[3], PATHS[7]]
    );
    config.modules_to_save = vec!["gate".to_owned()];
    assert!(
        matches!(in_role(Role::Saved, &config, false), Err(AdapterError::NoTarget { pattern }) if pattern == "gate")
    );
}

#[test]
fn a_name_that_holds_in_some_layers_is_named_when_an_adapter_is_made() {
    let partial = config(names(&["q_proj", "gate_w"]));
    assert_eq!(
        targets_of(&partial),
        [PATHS[1], PATHS[4]]
            .into_iter()
            .chain([PATHS[6]])
            .collect::<Vec<_>>()
    );
    let error = in_role(Role::Target, &partial, true).unwrap_err();
    assert!(error.to_string().contains("2 layers"), "{error}");
    // Digits mean that layers were chosen.
    assert!(in_role(Role::Target, &config(names(&["experts.2.gate_w"])), true).is_ok());
}

#[test]
fn a_norm_has_no_low_rank_change() {
    let error = in_role(Role::Target, &config(names(&["input_norm"])), false).unwrap_err();
    assert!(matches!(error, AdapterError::NoTarget { .. }), "{error}");
}
