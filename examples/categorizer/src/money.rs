//! What three ways to serve cost, on this run's own numbers.

use std::path::Path;

use drift_stats::{Balance, OwnershipConfig, Prices, Workload};
use serde_json::Value;
use stage_files::{Lines, write_json};

use crate::{Fallible, say, serve::Serving};

/// Calls a day at which the page shows the balance.
const CALLS_PER_DAY: f64 = 100_000.0;
/// A machine is not run at its limit all day.
const UTILISATION: f64 = 0.3;

/// Weighs owning the model: tokens a call are those of the log, capacity is what was measured, prices and
/// hours are the library's dated examples.
pub(crate) fn weigh(log: &Path, serving: &Serving, folder: &Path) -> Fallible<Balance> {
    let (mut calls, mut input, mut output) = (0.0, 0.0, 0.0);
    for line in Lines::open(log)?.take(2_000) {
        let Ok(text) = line?.text else { continue };
        let Ok(call) = serde_json::from_str::<Value>(&text) else {
            continue;
        };
        let tokens = |key: &str| call["response"]["usage"][key].as_f64();
        if let (Some(read), Some(written)) = (tokens("prompt_tokens"), tokens("completion_tokens")) {
            (calls, input, output) = (calls + 1.0, input + read, output + written);
        }
    }
    if calls == 0.0 {
        return Err("no call of the log says how many tokens it used".into());
    }
    let workload = Workload {
        calls_per_day: CALLS_PER_DAY,
        input_tokens_per_call: input / calls,
        output_tokens_per_call: output / calls,
    };
    let capacity = serving.rows_per_second * 86_400.0 * UTILISATION;
    let prices = Prices {
        calls_per_machine_per_day: capacity,
        ..Prices::example_november_2026()
    };
    let balance = OwnershipConfig::new(workload, prices).check()?.weigh();
    write_json(&folder.join("money.json"), &balance)?;
    let shown = |calls: Option<f64>| {
        calls.map_or_else(
            || "at no volume".to_owned(),
            |calls| format!("from {calls:.0} calls a day"),
        )
    };
    say(&format!(
        "owning the model pays against the frontier call {}, against a hosted decision model {}",
        shown(balance.frontier.break_even_calls_per_day),
        shown(balance.hosted_decision.break_even_calls_per_day)
    ));
    Ok(balance)
}
