//! What a workload is, and what to do about it: rules with their limits, and then money.

use super::{
    AnswersKind, AnswersShape, CallTokens, FieldKind, FieldShape, InputsShape, MonthlyBalance, PromptKind,
    PromptShape, RuleOutcome, ServingWay, ShapeConfig, ShapeRule, ShapeVerdict, TrafficShape, WayBalance,
    balance::{DAYS_PER_MONTH, weigh},
    figures::{amount, count, percent},
};

/// What is known of a workload.
pub(super) struct Evidence<'a> {
    pub(super) prompt: &'a PromptShape,
    pub(super) answers: &'a AnswersShape,
    pub(super) fields: &'a [FieldShape],
    pub(super) has_too_many_fields: bool,
    pub(super) inputs: &'a InputsShape,
    pub(super) traffic: Option<&'a TrafficShape>,
    pub(super) tokens: &'a CallTokens,
    /// Of all calls in the logs.
    pub(super) share_of_calls: f64,
}

/// What is made of it.
pub(super) struct Judged {
    pub(super) kind: AnswersKind,
    pub(super) rules: Vec<ShapeRule>,
    pub(super) balance: Option<MonthlyBalance>,
    pub(super) verdict: ShapeVerdict,
    pub(super) reasons: Vec<String>,
    pub(super) missing: Vec<String>,
}

/// Judges a workload.
pub(super) fn judge(evidence: &Evidence<'_>, config: &ShapeConfig) -> Judged {
    let (kind, narrow) = narrow(evidence, config);
    let rules = vec![
        enough_calls(evidence, config),
        enough_days(evidence, config),
        fixed(evidence),
        narrow,
        consistent(evidence, config),
    ];
    let volume = volume(evidence, config);
    let balance = volume.map(|(calls, peak)| weigh(config, evidence.tokens, calls, peak));
    let mut judged = Judged {
        kind,
        rules,
        balance,
        verdict: ShapeVerdict::CannotTell,
        reasons: Vec::new(),
        missing: Vec::new(),
    };
    judged.decide(config);
    judged
}

/// Places of the rules.
const CALLS: usize = 0;
const DAYS: usize = 1;
const FIXED: usize = 2;
const NARROW: usize = 3;
const CONSISTENT: usize = 4;

impl Judged {
    fn decide(&mut self, config: &ShapeConfig) {
        let fails = |rule: usize| self.rules[rule].outcome == RuleOutcome::Fails;
        // What is too few to tell is not yet wide or contradictory either.
        let has_calls = !fails(CALLS);
        let stands = [
            (
                FIXED,
                "nothing in the prompts is fixed: this is many tasks, or a conversation",
            ),
            (
                NARROW,
                "the answers are not narrow: a small model would have to write as the large one does",
            ),
            (
                CONSISTENT,
                "equal questions get different answers: what is asked for depends on more than the question",
            ),
        ];
        if has_calls && stands.iter().any(|(rule, _)| fails(*rule)) {
            self.verdict = ShapeVerdict::StayWithFrontier;
            let failed = stands.iter().filter(|(rule, _)| fails(*rule));
            self.reasons = failed
                .map(|(rule, why)| format!("{why} ({})", self.rules[*rule].found))
                .collect();
            return;
        }
        for rule in [CALLS, DAYS, NARROW] {
            let rule = &self.rules[rule];
            if rule.outcome != RuleOutcome::Holds {
                self.missing
                    .push(format!("{}: {}; wanted {}", rule.name, rule.found, rule.wanted));
            }
        }
        let Some(balance) = &self.balance else {
            self.reasons
                .push("the volume is not known, so that nothing can be said of money".to_owned());
            return;
        };
        if !self.missing.is_empty() {
            self.reasons
                .push("the log is too short or too varied to be sure of".to_owned());
            return;
        }
        let chosen = best(balance, self.kind, config);
        self.verdict = match chosen {
            ServingWay::Frontier => ShapeVerdict::StayWithFrontier,
            ServingWay::HostedDecision => ShapeVerdict::UseHostedDecision,
            ServingWay::Owned => ShapeVerdict::OwnSmallModel,
        };
        self.reasons = reasons(balance, self.kind, chosen, config);
        self.reasons.extend(flips(balance, self.kind, chosen, config));
    }
}

/// What makes the answers narrow, and of which kind they are.
fn narrow(evidence: &Evidence<'_>, config: &ShapeConfig) -> (AnswersKind, ShapeRule) {
    let (answers, limits) = (evidence.answers, &config.limits);
    let rule = |found: String, outcome| {
        let wanted = format!(
            "at most {} answers and at most {} of future calls with a new one, or JSON without free text",
            count(limits.most_answers as f64),
            percent(limits.most_unseen)
        );
        ShapeRule {
            name: "narrow answers".to_owned(),
            found,
            wanted,
            outcome,
        }
    };
    if let Some(offered) = answers.offered.filter(|offered| *offered <= limits.most_answers) {
        let found = format!("every call offers at most {offered} answers");
        return (AnswersKind::Choice, rule(found, RuleOutcome::Holds));
    }
    let Some(unseen) = answers.unseen else {
        return (
            AnswersKind::Unclear,
            rule("no answers".to_owned(), RuleOutcome::CannotTell),
        );
    };
    let are_few = answers.distinct <= limits.most_answers as f64;
    let found = format!(
        "{} distinct answers; {} to {} of future calls bring a new one",
        count(answers.distinct),
        percent(unseen.low),
        percent(unseen.high)
    );
    if are_few && unseen.high <= limits.most_unseen {
        return (AnswersKind::Choice, rule(found, RuleOutcome::Holds));
    }
    let judged: Vec<&FieldShape> = evidence.fields.iter().filter(|field| !field.ignored).collect();
    if !judged.is_empty() && !evidence.has_too_many_fields {
        let (kind, found, outcome) = narrow_fields(&judged, answers.calls, config);
        return (kind, rule(found, outcome));
    }
    if evidence.has_too_many_fields {
        let found = "JSON objects whose keys are data".to_owned();
        return (AnswersKind::Text, rule(found, RuleOutcome::Fails));
    }
    // With few calls of few answers, the set may be closed and not have shown itself yet.
    match are_few && unseen.low <= limits.most_unseen {
        true => (AnswersKind::Unclear, rule(found, RuleOutcome::CannotTell)),
        false => (AnswersKind::Text, rule(found, RuleOutcome::Fails)),
    }
}

fn narrow_fields(
    fields: &[&FieldShape],
    answers: u64,
    config: &ShapeConfig,
) -> (AnswersKind, String, RuleOutcome) {
    let names = |kind: FieldKind| -> Vec<&str> {
        let of_kind = fields.iter().filter(|field| field.kind == kind);
        of_kind.map(|field| field.path.as_str()).collect()
    };
    let free = names(FieldKind::Free);
    let closed = names(FieldKind::Constant).len() + names(FieldKind::Chosen).len();
    if !free.is_empty() {
        let found = format!("JSON with free text in {}", listed(&free));
        return (AnswersKind::Text, found, RuleOutcome::Fails);
    }
    if closed == fields.len() {
        let found = format!("JSON, each of {closed} fields chosen from a small set");
        return (AnswersKind::Choice, found, RuleOutcome::Holds);
    }
    let found = format!(
        "JSON of {} fields without free text: {closed} chosen from a set, {} copied from the question, {} numbers or short",
        fields.len(),
        names(FieldKind::Copied).len(),
        names(FieldKind::Number).len() + names(FieldKind::Short).len()
    );
    match answers >= config.limits.least_calls {
        true => (AnswersKind::Record, found, RuleOutcome::Holds),
        false => (AnswersKind::Unclear, found, RuleOutcome::CannotTell),
    }
}

/// The first few names.
fn listed(names: &[&str]) -> String {
    const SHOWN: usize = 3;
    let shown = names.iter().take(SHOWN).copied().collect::<Vec<_>>().join(", ");
    match names.len() {
        0..=SHOWN => shown,
        more => format!("{shown} and {} more fields", more - SHOWN),
    }
}

fn enough_calls(evidence: &Evidence<'_>, config: &ShapeConfig) -> ShapeRule {
    let (calls, least) = (evidence.answers.calls, config.limits.least_calls);
    ShapeRule {
        name: "answered calls".to_owned(),
        found: count(calls as f64),
        wanted: format!("at least {}", count(least as f64)),
        outcome: of(calls >= least),
    }
}

fn enough_days(evidence: &Evidence<'_>, config: &ShapeConfig) -> ShapeRule {
    let least = config.limits.least_days;
    let (found, outcome) = match (evidence.traffic, config.calls_per_day) {
        (Some(traffic), _) => (
            format!("{} days", count(traffic.days as f64)),
            of(traffic.days >= least),
        ),
        (None, Some(calls)) => (
            format!("no times; {} calls a day are given for all", count(calls)),
            RuleOutcome::Holds,
        ),
        (None, None) => ("no times in the log".to_owned(), RuleOutcome::CannotTell),
    };
    ShapeRule {
        name: "time".to_owned(),
        found,
        wanted: format!("at least {least} days"),
        outcome,
    }
}

fn fixed(evidence: &Evidence<'_>) -> ShapeRule {
    let (found, outcome) = match evidence.prompt.kind {
        PromptKind::Instructions if evidence.prompt.distinct > 1.5 => (
            format!(
                "instructions in {} versions that share most of their sentences",
                count(evidence.prompt.distinct)
            ),
            RuleOutcome::Holds,
        ),
        PromptKind::Instructions => ("the same instructions".to_owned(), RuleOutcome::Holds),
        PromptKind::Template => (
            "messages that begin or end with the same words".to_owned(),
            RuleOutcome::Holds,
        ),
        PromptKind::Free => (
            "no instructions, and messages that have no words in common".to_owned(),
            RuleOutcome::Fails,
        ),
    };
    ShapeRule {
        name: "fixed prompt".to_owned(),
        found,
        wanted: "the same instructions, or the same words around the question".to_owned(),
        outcome,
    }
}

fn consistent(evidence: &Evidence<'_>, config: &ShapeConfig) -> ShapeRule {
    let limits = &config.limits;
    let inputs = evidence.inputs;
    let (found, outcome) = match inputs.contradicted {
        Some(share) if inputs.repeated_texts >= limits.least_repeated as f64 => (
            format!(
                "{} of {} repeated questions got different answers",
                percent(share),
                count(inputs.repeated_texts)
            ),
            of(share <= limits.most_contradicted),
        ),
        _ => (
            format!("{} repeated questions", count(inputs.repeated_texts)),
            RuleOutcome::CannotTell,
        ),
    };
    ShapeRule {
        name: "equal answers to equal questions".to_owned(),
        found,
        wanted: format!(
            "at most {} contradicted, of at least {}",
            percent(limits.most_contradicted),
            limits.least_repeated
        ),
        outcome,
    }
}

fn of(holds: bool) -> RuleOutcome {
    match holds {
        true => RuleOutcome::Holds,
        false => RuleOutcome::Fails,
    }
}

/// Calls in the mean day, and how many times that in the peak day.
fn volume(evidence: &Evidence<'_>, config: &ShapeConfig) -> Option<(f64, f64)> {
    match (evidence.traffic, config.calls_per_day) {
        (Some(traffic), _) => Some((
            traffic.mean_per_day,
            traffic.peak_per_day / traffic.mean_per_day.max(f64::MIN_POSITIVE),
        )),
        (None, Some(all)) => Some((all * evidence.share_of_calls, 1.0)),
        (None, None) => None,
    }
}

/// The way that is worth most over the time in which a change must have paid for itself; of equals the one with the least to
/// look after.
fn best(balance: &MonthlyBalance, kind: AnswersKind, config: &ShapeConfig) -> ServingWay {
    let months = config.patience_days / DAYS_PER_MONTH;
    let worth = |way: &WayBalance| way.net * months - way.paid_once;
    let mut best = (0.0, ServingWay::Frontier);
    for way in possible(balance, kind) {
        if worth(way) > best.0 {
            best = (worth(way), way.way);
        }
    }
    best.1
}

fn possible(balance: &MonthlyBalance, kind: AnswersKind) -> Vec<&WayBalance> {
    match kind {
        AnswersKind::Choice => vec![&balance.hosted_decision, &balance.owned],
        AnswersKind::Record => vec![&balance.owned],
        _ => Vec::new(),
    }
}

fn reasons(
    balance: &MonthlyBalance,
    kind: AnswersKind,
    chosen: ServingWay,
    config: &ShapeConfig,
) -> Vec<String> {
    let currency = &balance.currency;
    let mut reasons = vec![format!(
        "the answers are {}; the frontier model costs {} {currency} a month at {} calls a day",
        kind.as_str(),
        amount(balance.frontier),
        count(balance.calls_per_day)
    )];
    for way in possible(balance, kind) {
        let break_even = match way.break_even_calls_per_day {
            Some(calls) => format!("is no dearer from {} calls a day on", count(calls)),
            None => "is dearer at every volume".to_owned(),
        };
        let payback = match way.payback_days {
            Some(days) if days <= config.patience_days => format!("come back in {} days", count(days)),
            Some(days) => format!(
                "come back only in {} days, and {} are allowed",
                count(days),
                count(config.patience_days)
            ),
            None => "never come back".to_owned(),
        };
        let saves = match way.net > 0.0 {
            true => format!("saves {} a month net", amount(way.net)),
            false => format!("is {} a month dearer", amount(-way.net)),
        };
        let chosen = match way.way == chosen {
            true => ", the way that is worth most",
            false => "",
        };
        reasons.push(format!(
            "{}: {} for serving and {} for upkeep, which {saves}{chosen}; it {break_even}; the {} paid once {payback}",
            way.way,
            amount(way.serving),
            amount(way.upkeep),
            amount(way.paid_once)
        ));
    }
    if kind == AnswersKind::Record {
        reasons.push(
            "a hosted decision model chooses and does not copy or write, so that it is none of the ways"
                .to_owned(),
        );
    }
    reasons
}

/// Assumptions under which the verdict would be another.
fn flips(
    balance: &MonthlyBalance,
    kind: AnswersKind,
    chosen: ServingWay,
    config: &ShapeConfig,
) -> Vec<String> {
    let with_hosted_at = |charged: f64| {
        let mut other = balance.clone();
        let way = &mut other.hosted_decision;
        way.saved += way.serving - charged;
        way.net += way.serving - charged;
        way.serving = charged;
        other
    };
    let with_hours = |times: f64| {
        let mut other = balance.clone();
        let upkeep = &config.upkeep;
        let hours = [
            (&mut other.hosted_decision, upkeep.hosted_hours_per_month),
            (&mut other.owned, upkeep.maintenance_hours_per_month),
        ];
        for (way, hours) in hours {
            let more = (times - 1.0) * hours * upkeep.cost_per_hour;
            way.upkeep += more;
            way.net -= more;
        }
        other
    };
    let prices = &config.prices;
    let (low, high) = balance.hosted_decision_range;
    [
        (
            with_hosted_at(low),
            format!(
                "at {} {} per million tokens",
                prices.decision_per_million_low, prices.currency
            ),
        ),
        (
            with_hosted_at(high),
            format!(
                "at {} {} per million tokens",
                prices.decision_per_million_high, prices.currency
            ),
        ),
        (with_hours(0.5), "with half the hours of upkeep".to_owned()),
        (with_hours(2.0), "with twice the hours of upkeep".to_owned()),
    ]
    .into_iter()
    .filter_map(|(other, when)| {
        let way = best(&other, kind, config);
        (way != chosen).then(|| format!("{when} it would be {way}"))
    })
    .collect()
}
