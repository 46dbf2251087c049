use proptest::prelude::*;
use task_spec::{CurrencyRule, DateOrder, DecimalMark};

use super::*;

fn number(decimal: DecimalMark) -> Field {
    let mut field = Field::new("n", FieldKind::Number);
    field.decimal = decimal;
    field
}

fn date(order: DateOrder) -> Field {
    let mut field = Field::new("d", FieldKind::Date);
    field.dates = order;
    field
}

fn money() -> Field {
    Field::new("m", FieldKind::Money)
}

/// What a text is read as, or a question mark where it is no value of the kind.
fn read(field: &Field, text: &str) -> String {
    let value = FieldValue::read(field, text);
    if value.is_of_kind(field) {
        value.written(field)
    } else {
        "?".to_owned()
    }
}

#[test]
fn numbers_are_read_in_the_forms_of_documents() {
    let point = number(DecimalMark::Point);
    let forms = [
        ("9.00", "9"),
        ("  1,234.50 ", "1234.5"),
        ("1.234,50", "1234.5"),
        ("1 234,5", "1234.5"),
        ("1\u{a0}234\u{202f}567", "1234567"),
        ("1'234.5", "1234.5"),
        ("12,34,567.8", "1234567.8"),
        ("1,234", "1234"),
        ("1.234", "1.234"),
        ("0,500", "0.5"),
        ("1,50", "1.5"),
        ("1.234.567", "1234567"),
        (".5", "0.5"),
        ("5.", "5"),
        ("007", "7"),
        ("(12.5)", "-12.5"),
        ("12.5-", "-12.5"),
        ("\u{2212}3", "-3"),
        ("-0.0", "0"),
        ("+4", "4"),
        ("6%", "6"),
        ("(6 %)", "-6"),
        ("1.5e3", "1500"),
        ("25E-4", "0.0025"),
        ("٣٤٫٥", "34.5"),
        ("१२३", "123"),
        ("１２．５", "12.5"),
        ("9007199254740993", "9007199254740993"),
    ];
    for (text, value) in forms {
        assert_eq!(read(&point, text), value, "{text}");
    }
}

#[test]
fn a_single_mark_before_three_digits_is_what_the_field_says() {
    let comma = number(DecimalMark::Comma);
    for (text, value) in [
        ("1.500", "1500"),
        ("1,500", "1,5"),
        ("1.5", "1,5"),
        ("1.500,25", "1500,25"),
        ("1234.567", "1234,567"),
    ] {
        assert_eq!(read(&comma, text), value, "{text}");
    }
}

#[test]
fn what_is_no_number_is_text() {
    let point = number(DecimalMark::Point);
    for text in [
        "", "-", "--5", "+5-", "12/5", "1,23,4", "53 55", "1.2.3", "1..2", "five", "5 kg", "0x10", "1e999",
        "e5", "()", "NaN", "inf", "½", "5²",
    ] {
        assert_eq!(read(&point, text), "?", "{text}");
    }
    assert_eq!(read(&point, &"9".repeat(LONGEST_READABLE + 1)), "?");
}

#[test]
fn amounts_have_their_currency_on_either_side() {
    let forms = [
        ("RM9.00", "MYR 9"),
        ("RM 1,234.5", "MYR 1234.5"),
        ("$8.20", "$ 8.2"),
        ("US$ 8.20", "USD 8.2"),
        ("8,20 €", "EUR 8.2"),
        ("EUR -5", "EUR -5"),
        ("-£5", "GBP -5"),
        ("($5.00)", "$ -5"),
        ("5.00-", "-5"),
        ("usd 5", "USD 5"),
        ("USD 5 USD", "USD 5"),
        ("Rs.500", "Rs 500"),
        ("R 12", "ZAR 12"),
        ("￥1000", "¥ 1000"),
        ("12.50", "12.5"),
    ];
    for (text, value) in forms {
        assert_eq!(read(&money(), text), value, "{text}");
    }
    for text in ["$5 EUR", "-$-5", "RMX 5", "5 apples", "RM", "(-5)"] {
        assert_eq!(read(&money(), text), "?", "{text}");
    }
}

#[test]
fn a_currency_that_is_not_said_may_be_any_unless_the_field_wants_it() {
    let same = |rule, a: &str, b: &str| {
        let mut field = money();
        field.currency = rule;
        FieldValue::read(&field, a).is_same(&FieldValue::read(&field, b), &field)
    };
    let cases = [
        ("RM 9", "9.00", [true, false, true]),
        ("RM 9", "$9", [false, false, true]),
        ("$9", "USD 9", [true, true, true]),
        ("$9", "9 AUD", [true, true, true]),
        ("USD 9", "AUD 9", [false, false, true]),
        ("9", "9.0", [true, true, true]),
        ("RM 9", "RM 9.01", [false, false, false]),
    ];
    for (a, b, expected) in cases {
        let rules = [
            CurrencyRule::Optional,
            CurrencyRule::Required,
            CurrencyRule::Ignored,
        ];
        assert_eq!(rules.map(|rule| same(rule, a, b)), expected, "{a} and {b}");
    }
}

#[test]
fn a_tolerance_is_in_the_values_own_unit() {
    let mut field = money();
    field.tolerance = 0.05;
    let same = |a: &str, b: &str| FieldValue::read(&field, a).is_same(&FieldValue::read(&field, b), &field);
    assert!(same("60.30", "60.35") && same("60.30", "60.25") && !same("60.30", "60.36"));
    field.tolerance = 0.0;
    let exact = |a: &str, b: &str| FieldValue::read(&field, a).is_same(&FieldValue::read(&field, b), &field);
    assert!(
        !exact("9007199254740992", "9007199254740993"),
        "compared in double precision"
    );
}

#[test]
fn dates_are_read_in_the_forms_of_documents() {
    let day_first = date(DateOrder::DayFirst);
    for text in [
        "25/12/2018",
        "25-12-18",
        "25.12.2018",
        "(25/12/2018)",
        "2018-12-25",
        "2018/12/25",
        "25 Dec 2018",
        "25-DEC-18",
        "25/Dec/2018",
        "Dec 25, 2018",
        "DEC 25,18",
        "25th of December 2018",
        "Tuesday, 25 December 2018",
        "Tue 25 Dec 18",
        "25/12/2018 8:13:39 PM",
        "8:13 PM 25/12/2018",
        "2018-12-25T08:13:39.123Z",
        "20181225",
        "25122018",
        "2018 Dec 25",
        "12/25/2018",
        "２５/１２/２０１８",
        "2018年12月25日",
        "25 / 12 / 2018",
    ] {
        assert_eq!(read(&day_first, text), "2018-12-25", "{text}");
    }
}

#[test]
fn only_real_days_are_dates() {
    let day_first = date(DateOrder::DayFirst);
    for text in [
        "31/04/2018",
        "29/02/2019",
        "13/13/2018",
        "2018-13-01",
        "0/1/2018",
        "25/12",
        "25/12/018",
        "1/2/3/2018",
        "today",
        "25 Dezember Dec 2018",
        "12345678",
        "25 Dec 2018 77",
        "18/04/2018-27",
        "00000000",
    ] {
        assert_eq!(read(&day_first, text), "?", "{text}");
    }
    assert_eq!(read(&day_first, "29/02/2020"), "2020-02-29");
}

#[test]
fn day_and_month_go_by_the_fields_order_and_are_said_to_be_ambiguous() {
    let ambiguous = |order, text: &str| {
        let field = date(order);
        (read(&field, text), FieldValue::read(&field, text).is_ambiguous())
    };
    assert_eq!(
        ambiguous(DateOrder::DayFirst, "05/04/2018"),
        ("2018-04-05".to_owned(), true)
    );
    assert_eq!(
        ambiguous(DateOrder::MonthFirst, "05/04/2018"),
        ("2018-05-04".to_owned(), true)
    );
    assert_eq!(
        ambiguous(DateOrder::DayFirst, "05/05/2018"),
        ("2018-05-05".to_owned(), false)
    );
    assert_eq!(
        ambiguous(DateOrder::DayFirst, "25/04/2018"),
        ("2018-04-25".to_owned(), false)
    );
    assert_eq!(
        ambiguous(DateOrder::YearFirst, "18-04-05"),
        ("2018-04-05".to_owned(), false)
    );
    assert_eq!(
        ambiguous(DateOrder::DayFirst, "2018-04-05"),
        ("2018-04-05".to_owned(), false)
    );
}

#[test]
fn years_of_two_digits_turn_at_the_pivot() {
    let day_first = date(DateOrder::DayFirst);
    assert_eq!(read(&day_first, "1/2/68"), "2068-02-01");
    assert_eq!(read(&day_first, "1/2/69"), "1969-02-01");
}

#[test]
fn a_value_of_ten_megabytes_is_compared_as_text() {
    let long = "1".repeat(10 << 20);
    for field in [
        number(DecimalMark::Point),
        money(),
        date(DateOrder::DayFirst),
        Field::new("t", FieldKind::Text),
    ] {
        let value = FieldValue::read(&field, &long);
        assert!(value.is_same(&FieldValue::read(&field, &long), &field));
        assert_eq!(value.is_of_kind(&field), field.kind == FieldKind::Text);
    }
}

fn any_field() -> impl Strategy<Value = Field> {
    let kinds = [
        FieldKind::Text,
        FieldKind::Number,
        FieldKind::Money,
        FieldKind::Date,
    ];
    let orders = [DateOrder::DayFirst, DateOrder::MonthFirst, DateOrder::YearFirst];
    let rules = [
        CurrencyRule::Optional,
        CurrencyRule::Required,
        CurrencyRule::Ignored,
    ];
    (0..4_usize, 0..3_usize, 0..3_usize, any::<bool>(), 0..3_u8).prop_map(
        move |(kind, order, rule, comma, tolerance)| {
            let mut field = Field::new("f", kinds[kind]);
            field.dates = orders[order];
            field.currency = rules[rule];
            field.decimal = if comma {
                DecimalMark::Comma
            } else {
                DecimalMark::Point
            };
            field.tolerance = f64::from(tolerance) / 10.0;
            field
        },
    )
}

/// Texts that look like values, and texts that look like nothing.
fn any_text() -> impl Strategy<Value = String> {
    prop_oneof![
        "[-+($]{0,2}[0-9]{1,3}([ .,'][0-9]{2,3}){0,3}[.,]?[0-9]{0,3}[-)% €]{0,2}",
        "(RM|USD|\\$|Rs\\.?|kr|¥)? ?-?[0-9]{1,6}([.,][0-9]{1,4})?( ?(EUR|TL|zł))?",
        "[0-9]{1,4}[-/. ][0-9]{1,2}[-/. ][0-9]{1,4}( [0-9]{1,2}:[0-9]{2}(:[0-9]{2})?)?( [AP]M)?",
        "[0-9]{1,2}(st|th)?[- ](Jan|february|SEPT|Dec\\.?)[-, ]{1,2}[0-9]{2,4}",
        "[0-9]{8}",
        "\\PC{0,30}",
        "[٠-٩०-९0-9.,]{1,10}",
    ]
}

proptest! {
    #[test]
    fn a_value_as_written_reads_as_the_same_value(field in any_field(), text in any_text()) {
        let value = FieldValue::read(&field, &text);
        if value.is_of_kind(&field) {
            let again = FieldValue::read(&field, &value.written(&field));
            prop_assert_eq!(again.written(&field), value.written(&field), "{}", text);
            let mut exact = field.clone();
            exact.tolerance = 0.0;
            prop_assert!(again.is_same(&value, &exact), "{} became {}", text, value.written(&field));
        }
    }

    #[test]
    fn sameness_is_symmetric_and_a_value_is_the_same_as_itself(field in any_field(), a in any_text(), b in any_text()) {
        let (a, b) = (FieldValue::read(&field, &a), FieldValue::read(&field, &b));
        prop_assert_eq!(a.is_same(&b, &field), b.is_same(&a, &field));
        prop_assert!(a.is_same(&a, &field));
    }

    #[test]
    fn a_number_that_was_written_with_groups_is_the_number(value in -1_000_000_000_i64..1_000_000_000, cents in 0_u8..100) {
        let digits = crate::figures::with_commas(&value.unsigned_abs().to_string());
        let sign = if value < 0 { "-" } else { "" };
        let point = number(DecimalMark::Point);
        let comma = number(DecimalMark::Comma);
        let english = FieldValue::read(&point, &format!("{sign}{digits}.{cents:02}"));
        let plain = FieldValue::read(&point, &format!("{sign}{}.{cents:02}", value.unsigned_abs()));
        prop_assert!(english.is_same(&plain, &point));
        let german = FieldValue::read(&comma, &format!("{sign}{},{cents:02}", digits.replace(',', ".")));
        prop_assert!(german.is_same(&plain, &comma));
    }

    #[test]
    fn a_day_is_the_same_in_every_form(year in 1970_u32..2069, month in 1_u32..13, day in 1_u32..29) {
        let short = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"][month as usize - 1];
        let expected = format!("{year:04}-{month:02}-{day:02}");
        let day_first = date(DateOrder::DayFirst);
        let two = year % 100;
        for text in [
            format!("{day}/{month}/{year}"), format!("{day:02}.{month:02}.{two:02}"), format!("{year}-{month}-{day}"),
            format!("{day} {short} {year}"), format!("{short} {day}, {year}"), format!("{day:02}-{short}-{two:02}"),
            format!("{year:04}{month:02}{day:02}"),
        ] {
            prop_assert_eq!(read(&day_first, &text), expected.as_str(), "{}", text);
        }
        prop_assert_eq!(read(&date(DateOrder::MonthFirst), &format!("{month}/{day}/{year}")), expected);
    }
}
