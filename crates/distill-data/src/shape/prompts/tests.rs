use super::*;

fn call(question: Option<&str>, system: Option<&str>, input: &str) -> LoggedCall {
    LoggedCall {
        question: question.map(str::to_owned),
        system: system.map(str::to_owned),
        input: input.to_owned(),
        ..LoggedCall::default()
    }
}

/// The workload of each call by the beginning of its prompt, and its question.
fn told_apart(calls: &[LoggedCall]) -> Vec<(String, String)> {
    let mut survey = PromptSurvey::new();
    calls.iter().for_each(|call| survey.note(call));
    let prompts = survey.finish(40);
    let of = |call| match prompts.workload_of(call) {
        Some((place, question)) => (prompts.groups[place].excerpt.clone(), question.to_owned()),
        None => ("none".to_owned(), String::new()),
    };
    calls.iter().map(of).collect()
}

fn workloads(calls: &[LoggedCall]) -> usize {
    let of = told_apart(calls).into_iter().map(|(excerpt, _)| excerpt);
    of.collect::<std::collections::BTreeSet<_>>().len()
}

const SORT: &str = "You sort questions of customers.\nAnswer with one topic and nothing else.\n";

#[test]
fn a_date_a_name_and_retrieved_passages_make_no_new_workload() {
    let dated = |day: u64| call(None, Some(&format!("{SORT}Today is 2026-01-{day:02}.")), "q");
    let named = |n: u64| {
        call(
            None,
            Some(&format!("{SORT}The customer is called {n}x Smith{n}.")),
            "q",
        )
    };
    let passage = |n: u64| {
        let passages = (0..12).map(|i| {
            format!(
                "Passage {} of the handbook says this and that at length.\n",
                (n * 7 + i * 13) % 97
            )
        });
        let passages: String = passages
            .map(|p| p.replace(char::is_numeric, "") + &format!("word{n} "))
            .collect();
        call(
            None,
            Some(&format!(
                "Answer from these passages alone, in one word, yes or no.\n{passages}"
            )),
            "q",
        )
    };
    for calls in [
        (1..29).map(dated).collect::<Vec<_>>(),
        (1..60).map(named).collect(),
        (1..60).map(passage).collect(),
    ] {
        assert_eq!(workloads(&calls), 1);
    }
}

#[test]
fn prompts_that_share_a_closing_line_are_two_workloads() {
    let last = "Answer as JSON.";
    let prompts = [
        format!("You read invoices and give their vendor, their total and their date.\n{last}"),
        format!("You say whether a message is spam that nobody wants to read.\n{last}"),
    ];
    let calls: Vec<LoggedCall> = (0..50).map(|i| call(None, Some(&prompts[i % 2]), "q")).collect();
    assert_eq!(workloads(&calls), 2);
}

#[test]
fn a_prompt_that_was_edited_is_one_workload_and_another_question_is_another() {
    let edited = SORT.replace("nothing else", "no more");
    let longer = format!("{SORT}Topics are cards, fees, loans and transfers, each in lower case.\n");
    let calls = [
        call(None, Some(&longer), "q"),
        call(None, Some(&format!("{longer}Be brief.")), "q"),
        call(None, Some(&edited), "q"),
    ];
    assert_eq!(told_apart(&calls)[0].0, told_apart(&calls)[1].0);
    let asked = [
        call(Some("topic"), Some(SORT), "q"),
        call(Some("mood"), Some(SORT), "q"),
    ];
    let mut survey = PromptSurvey::new();
    asked.iter().for_each(|call| survey.note(call));
    assert_eq!(survey.finish(40).groups.len(), 2);
}

#[test]
fn messages_around_a_question_are_templates_at_either_end() {
    let mut calls = Vec::new();
    for n in 0..200_u64 {
        let word = format!(
            "thing{n} was {} here{n}",
            ["never", "always", "often"][(n % 3) as usize]
        );
        calls.push(call(
            None,
            None,
            &format!("Is the following review positive or negative?\n\n{word}"),
        ));
        calls.push(call(
            None,
            None,
            &format!("{word}\n\nTranslate the text above into French, please."),
        ));
        calls.push(call(
            None,
            None,
            &format!("{n} people talk of {word} and of nothing much"),
        ));
    }
    let found = told_apart(&calls);
    assert_eq!(
        found[0],
        (
            "Is the following review positive or negative? …".into(),
            "thing0 was never here0".into()
        )
    );
    assert_eq!(
        found[1],
        (
            "… Translate the text above into French, please.".into(),
            "thing0 was never here0".into()
        )
    );
    assert_eq!(found[2], (String::new(), calls[2].input.clone()));
    assert_eq!(workloads(&calls), 3);
}

#[test]
fn two_templates_with_a_common_beginning_are_two() {
    let calls: Vec<LoggedCall> = (0..200_u64)
        .map(|n| {
            let task = [
                "the mood of its writer in one word",
                "the product that it is all about",
            ][(n % 2) as usize];
            call(
                None,
                None,
                &format!("Read this review and then name {task}: text{n} and more text{n}"),
            )
        })
        .collect();
    assert_eq!(workloads(&calls), 2);
}

#[test]
fn more_prompts_than_are_surveyed_are_told_apart_by_what_they_share() {
    // A prompt of its own for each call, and among them a fixed one.
    let mut calls: Vec<LoggedCall> = (0..6000_u64)
        .map(|n| {
            call(
                None,
                Some(&format!("{SORT}The customer is called Smith{n}x{}.", n * 31)),
                "q",
            )
        })
        .collect();
    calls.extend((0..500).map(|_| call(None, Some("Say whether a message is spam."), "q")));
    let found = told_apart(&calls);
    assert!(
        found[..6000]
            .iter()
            .all(|(excerpt, _)| excerpt.starts_with("You sort"))
    );
    assert_eq!(found[6499].0, "Say whether a message is spam.");
}

#[test]
fn hostile_messages_are_no_trouble() {
    for input in ["", " ", "\u{1}", "a", "é é é é é é", &"x ".repeat(5000)] {
        let calls: Vec<LoggedCall> = (0..30).map(|_| call(None, None, input)).collect();
        assert_eq!(workloads(&calls), 1, "{input:?}");
    }
}
