//! From what was noted of a workload to its numbers.

use std::collections::BTreeMap;

use super::{
    AnswerCount, AnswersShape, CallTokens, InputsShape, NewAnswers, PromptKind, PromptShape, ShapeConfig,
    UnseenShare, WorkloadShape,
    judge::{Evidence, judge},
    prompts::{GroupKind, PromptGroup},
    tally::WorkloadTally,
    unseen::accumulation,
};
use near_texts::near_pairs_of_normal;

use crate::{CallTime, JaccardThreshold};

/// How many answers are listed.
const LISTED: usize = 20;
/// Fewer calls than this are too few to learn or test an answer by.
const RARE: u64 = 20;
/// Characters of a token, where the log does not count tokens: what OpenAI says of English text.
const CHARS_PER_TOKEN: f64 = 4.0;

/// The shape of a workload among all calls of the logs.
pub(super) fn workload(
    group: &PromptGroup,
    tally: &WorkloadTally,
    all_calls: u64,
    config: &ShapeConfig,
) -> WorkloadShape {
    let answers = answers(tally);
    let is_json = answers.json >= config.limits.least_json && answers.calls > 0;
    let fields = match is_json {
        true => tally.fields.shapes(&config.limits),
        false => Vec::new(),
    };
    let traffic = tally.traffic.shape(tally.calls, config.traffic_share);
    let tokens = tokens(tally);
    let inputs = inputs(tally);
    let prompt = PromptShape {
        question: group.question.clone(),
        kind: match group.kind {
            GroupKind::Instructions => PromptKind::Instructions,
            GroupKind::Template => PromptKind::Template,
            GroupKind::Free => PromptKind::Free,
        },
        excerpt: group.excerpt.clone(),
        distinct: match group.kind {
            GroupKind::Instructions => tally.prompts.distinct(),
            _ => 0.0,
        },
    };
    let judged = judge(
        &Evidence {
            prompt: &prompt,
            answers: &answers,
            fields: &fields,
            has_too_many_fields: tally.fields.is_overfull(),
            inputs: &inputs,
            traffic: traffic.as_ref(),
            tokens: &tokens,
            share_of_calls: tally.calls as f64 / all_calls.max(1) as f64,
        },
        config,
    );
    WorkloadShape {
        prompt,
        calls: tally.calls,
        unanswered: tally.unanswered.clone(),
        models: tally.models.clone(),
        answers,
        fields,
        inputs,
        traffic,
        tokens,
        latency_ms: tally.latency_ms.mean(tally.calls),
        kind: judged.kind,
        rules: judged.rules,
        balance: judged.balance,
        verdict: judged.verdict,
        reasons: judged.reasons,
        missing: judged.missing,
    }
}

fn answers(tally: &WorkloadTally) -> AnswersShape {
    let seen = &tally.answers;
    let calls = tally.answered;
    let came = |times: u64| seen.values().filter(|answer| answer.calls == times).count() as f64;
    let top = tally.top.sorted();
    let rare = seen.values().filter(|answer| answer.calls < RARE);
    let rare_calls: u64 = rare.clone().map(|answer| answer.calls).sum();
    let mut counts: Vec<u64> = match seen.is_exact() {
        true => seen.values().map(|answer| answer.calls).collect(),
        false => top.iter().map(|(_, count, _)| *count).collect(),
    };
    counts.sort_unstable_by(|a, b| b.cmp(a));
    let covered: Vec<u64> = counts
        .iter()
        .scan(0, |sum, count| {
            *sum += count;
            Some(*sum)
        })
        .collect();
    let share = |calls_of: u64| calls_of as f64 / calls.max(1) as f64;
    let covered_by = |k: u64| {
        covered
            .get(k as usize - 1)
            .or(covered.last())
            .map_or(0.0, |sum| share(*sum))
    };
    let by_count: Vec<u64> = sorted(seen.values().map(|answer| answer.calls));
    AnswersShape {
        calls,
        distinct: seen.distinct(),
        exact: seen.is_exact(),
        entropy_bits: entropy(tally),
        top: top
            .iter()
            .take(LISTED)
            .map(|(_, count, text)| AnswerCount {
                answer: (*text).clone(),
                calls: *count,
            })
            .collect(),
        covered_by_top: [1, 5, 10, 50, 100, 255]
            .into_iter()
            .map(|k| (k, covered_by(k)))
            .collect(),
        cover_95: covered
            .iter()
            .position(|sum| *sum as f64 >= 0.95 * calls as f64)
            .map(|place| place as u64 + 1),
        rare: rare.count() as f64 * seen.weight(),
        rare_calls: (rare_calls as f64 * seen.weight() / calls.max(1) as f64).min(1.0),
        unseen: UnseenShare::of(came(1) * seen.weight(), came(2) * seen.weight(), calls),
        accumulation: accumulation(&by_count, seen.weight(), calls),
        last_tenth: last_tenth(tally),
        json: share(tally.fields.answers()),
        offered: (tally.offering > 0 && tally.offering == tally.calls).then_some(tally.most_offered),
    }
}

fn sorted(counts: impl Iterator<Item = u64>) -> Vec<u64> {
    let mut counts: Vec<u64> = counts.collect();
    counts.sort_unstable();
    counts
}

/// The entropy of the answers in bits: of those that were counted as they are, of the others from the sample.
fn entropy(tally: &WorkloadTally) -> f64 {
    let n = tally.answered as f64;
    let term = |count: u64| -(count as f64 / n) * (count as f64 / n).log2();
    if tally.answers.is_exact() {
        let counts = sorted(tally.answers.values().map(|answer| answer.calls));
        // Adding 0 takes the sign from a zero.
        return counts.into_iter().map(term).sum::<f64>() + 0.0;
    }
    // A count that may be off by a tenth or more is left to the sample.
    let is_sure = |count: u64| count > 10 * tally.top.error();
    let top = tally.top.sorted();
    let sure: BTreeMap<u64, u64> = top
        .iter()
        .filter(|(_, count, _)| is_sure(*count))
        .map(|(hash, count, _)| (*hash, *count))
        .collect();
    let sampled = tally.answers.sorted().into_iter();
    let rest = sampled.filter(|(hash, _)| !sure.contains_key(hash));
    sure.values().map(|count| term(*count)).sum::<f64>()
        + tally.answers.weight() * rest.map(|(_, answer)| term(answer.calls)).sum::<f64>()
}

fn last_tenth(tally: &WorkloadTally) -> Option<NewAnswers> {
    let (day, calls) = tally.traffic.last_tenth(tally.calls)?;
    let is_new = |first: Option<i64>| first.is_some_and(|first| first >= day);
    let new = tally
        .answers
        .values()
        .filter(|answer| is_new(answer.first_day))
        .count();
    Some(NewAnswers {
        since: CallTime::of_day(day)?.date(),
        calls,
        new: new as f64 * tally.answers.weight(),
    })
}

fn inputs(tally: &WorkloadTally) -> InputsShape {
    let seen = &tally.inputs;
    let repeated = seen.values().filter(|input| input.answered > 1);
    let contradicted = repeated.clone().filter(|input| input.contradicted).count();
    let repeated = repeated.count();
    let texts: Vec<&str> = tally.near.values().map(String::as_str).collect();
    let mut has_near = vec![false; texts.len()];
    for pair in near_pairs_of_normal(&texts, JaccardThreshold::default()) {
        has_near[pair.left] = true;
        has_near[pair.right] = true;
    }
    let near = has_near.iter().filter(|near| **near).count();
    let calls = tally.calls.max(1) as f64;
    InputsShape {
        distinct: seen.distinct(),
        exact: seen.is_exact(),
        repeated: (1.0 - seen.distinct() / calls).clamp(0.0, 1.0),
        repeated_texts: repeated as f64 * seen.weight(),
        contradicted: (repeated > 0).then(|| contradicted as f64 / repeated as f64),
        sampled: texts.len() as u64,
        near: near as f64 / texts.len().max(1) as f64,
        mean_chars: tally.input_chars as f64 / calls,
    }
}

fn tokens(tally: &WorkloadTally) -> CallTokens {
    let calls = tally.calls.max(1) as f64;
    let input = tally.input_tokens.mean(tally.calls);
    let output = tally.output_tokens.mean(tally.calls);
    let read = input.unwrap_or((tally.prompt_chars + tally.input_chars) as f64 / calls / CHARS_PER_TOKEN);
    CallTokens {
        input: read,
        cached: tally.cached_tokens.mean(tally.calls).unwrap_or(0.0).min(read),
        output: output.unwrap_or(tally.output_chars as f64 / calls / CHARS_PER_TOKEN),
        estimated: input.is_none() || output.is_none(),
    }
}
