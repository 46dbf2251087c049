//! What a workload is, and what to do about it: rules with their limits, and then money.

mod money;
mod rules;

use super::{
    AnswersKind, AnswersShape, CallTokens, FieldShape, InputsShape, MonthlyBalance, PromptShape, RuleOutcome,
    ServingWay, ShapeConfig, ShapeRule, ShapeVerdict, TrafficShape, balance::weigh,
};
use money::{best, flips, reasons, volume};
use rules::{consistent, enough_calls, enough_days, fixed, narrow};

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
