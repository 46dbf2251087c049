//! `gate power`: what a gold set can show, before any model is judged.

use std::{collections::BTreeMap, error::Error};

use clap::Args;
use gold_eval::{GoldSet, PowerPlan, PowerPlanConfig, figures::counted};
use stage_files::{read_json_lines, read_toml, write_json};
use task_spec::{GoldRow, Task};

use crate::{GoldFiles, say};

#[derive(Args)]
pub(crate) struct PowerFiles {
    #[command(flatten)]
    gold: GoldFiles,
    /// The net drop that every category is to show, in percentage points.
    #[arg(long, value_name = "POINTS", default_value_t = 10.0)]
    drop: f64,
    /// The chance of any false alarm among the categories, before Holm.
    #[arg(long, default_value_t = 0.05)]
    alpha: f64,
    /// The chance with which the drop is to be seen.
    #[arg(long, default_value_t = gold_eval::POWER)]
    power: f64,
    /// Gold rows that can be added: say how far they go.
    #[arg(long, value_name = "ROWS")]
    budget: Option<u64>,
    /// Write the plan as JSON, too.
    #[arg(long, value_name = "FILE")]
    json: Option<std::path::PathBuf>,
}

pub(crate) fn run(files: &PowerFiles) -> Result<u8, Box<dyn Error>> {
    let target = PowerPlanConfig::new(files.drop / 100.0)
        .with_alpha(files.alpha)
        .with_power(files.power)
        .check()?;
    let plan = target.plan(rows_by_label(&files.gold)?);
    if let Some(path) = &files.json {
        write_json(path, &plan)?;
    }
    say(&table(&plan, files.budget))?;
    Ok(0)
}

/// Of the frozen set, or of rows that are not frozen yet: planning comes before freezing.
fn rows_by_label(files: &GoldFiles) -> Result<BTreeMap<String, u64>, Box<dyn Error>> {
    let task: Task = read_toml(&files.task)?;
    let lock = files.gold.with_extension("lock");
    if lock.exists() {
        return Ok(GoldSet::open(&files.gold, &lock, &task)?.lock().parts.clone());
    }
    say(&format!("{} is not frozen yet.\n", files.gold.display()))?;
    let mut rows: BTreeMap<String, u64> = task.labels().names().map(|name| (name.to_owned(), 0)).collect();
    for (line, row) in (1..).zip(read_json_lines::<GoldRow>(&files.gold)?) {
        let label = row.label;
        let count = rows.get_mut(&label).ok_or_else(|| {
            let path = files.gold.display();
            format!(
                "row {line} of {path}, {:?}, has the label {label:?}, which is none of the task's",
                row.id
            )
        })?;
        *count += 1;
    }
    Ok(rows)
}

fn table(plan: &PowerPlan, budget: Option<u64>) -> String {
    let points = |drop: f64| format!("{:.1}", 100.0 * drop);
    let mut lines = vec![
        format!(
            "{} in {}. The gate tests each for a drop, one-sided mid-p McNemar; as the first of \
             {} under Holm\nthat is at a level of {:.5}. {:.0}% of a category's rows are taken to be gained while it drops.",
            counted(plan.rows, "gold row"),
            counted(plan.categories.len() as u64, "category"),
            plan.categories.len(),
            plan.step,
            100.0 * plan.gains
        ),
        format!("\n{}", plan.in_words(3)),
        match plan.steady {
            steady if steady > plan.fewest => format!(
                "A category sees it with {} rows, and with every number from {steady} on: between, a row more can see less.",
                plan.fewest
            ),
            steady => format!("A category sees it from {steady} rows on."),
        },
    ];
    if let Some(budget) = budget {
        let (categories, spent) = plan.within(budget);
        lines.push(format!(
            "With {} more it is seen in {} of {}: the cheapest, which take {} of them.",
            counted(budget, "row"),
            categories.len(),
            counted(plan.categories.len() as u64, "category"),
            spent
        ));
    }
    lines.push(format!(
        "\n{:<36} {:>8} {:>16} {:>8} {:>8} {:>10}",
        "category", "rows", "sees from", "needs", "add", "so far"
    ));
    let mut so_far = 0;
    lines.extend(plan.categories.iter().map(|category| {
        so_far += category.add;
        format!(
            "{:<36} {:>8} {:>16} {:>8} {:>8} {:>10}",
            category.label.chars().take(36).collect::<String>(),
            category.have,
            category
                .visible_drop
                .map_or("nothing".to_owned(), |drop| format!("{} points", points(drop))),
            category.need,
            category.add,
            so_far
        )
    }));
    lines.join("\n")
}
