"""Reference values for the grading of fields, from programs that this project did not write.

Token F1 is that of SQuAD 2.0: the functions below are those of its `evaluate-v2.0.py`. Numbers and dates are random ones as
Babel writes them by the rules of the Unicode CLDR, beside what they are.

Run:  pip install "babel==2.17.0"
      python fields.py      (CPython 3.11; writes fields.json beside itself; seed 20261126)
"""

import collections
import datetime
import json
import pathlib
import random
import re
import string

from babel.dates import format_date
from babel.numbers import format_currency, format_decimal

rng = random.Random(20261126)


def normalize_answer(s):
    def remove_articles(text):
        regex = re.compile(r"\b(a|an|the)\b", re.UNICODE)
        return re.sub(regex, " ", text)

    def white_space_fix(text):
        return " ".join(text.split())

    def remove_punc(text):
        exclude = set(string.punctuation)
        return "".join(ch for ch in text if ch not in exclude)

    return white_space_fix(remove_articles(remove_punc(s.lower())))


def get_tokens(s):
    return normalize_answer(s).split() if s else []


def compute_f1(a_gold, a_pred):
    gold_toks, pred_toks = get_tokens(a_gold), get_tokens(a_pred)
    common = collections.Counter(gold_toks) & collections.Counter(pred_toks)
    num_same = sum(common.values())
    if len(gold_toks) == 0 or len(pred_toks) == 0:
        return int(gold_toks == pred_toks)
    if num_same == 0:
        return 0
    precision = 1.0 * num_same / len(pred_toks)
    recall = 1.0 * num_same / len(gold_toks)
    return (2 * precision * recall) / (precision + recall)


WORDS = "the The a an A AN lot 12 12, No. Road road JALAN 81100 x-y o'clock the. é É ß ΣΑΣ σας naïve a\u0301 ①a _a".split()
GLUE = [" ", " ", " ", "  ", "\n", "\u00a0", "\u3000", "\x1c", ", ", ".", "-", "_", "!", "\u2014", "\u00b2", "\u0301", ""]


def token_f1_cases():
    def text():
        return "".join(rng.choice(WORDS) + rng.choice(GLUE) for _ in range(rng.randrange(0, 9)))

    def strange():
        planes = [(0x20, 0x7E), (0xA0, 0x24F), (0x370, 0x3FF), (0x900, 0x97F), (0x2000, 0x206F), (0x4E00, 0x4E20)]
        return "".join(chr(rng.randint(*rng.choice(planes))) for _ in range(rng.randrange(0, 15)))

    for case in range(400):
        gold, answer = (text(), text()) if case % 4 else (strange() + " a " + strange(), strange() + " a")
        yield {"gold": gold, "answer": answer, "f1": compute_f1(gold, answer)}


LOCALES = ["en_US", "en_IN", "de_DE", "de_CH", "fr_FR", "es_MX", "pt_BR", "it_IT", "sv_SE", "pl_PL", "ja_JP", "nb_NO"]
COMMA = {"de_DE", "fr_FR", "pt_BR", "it_IT", "sv_SE", "pl_PL", "nb_NO"}
CURRENCIES = ["USD", "EUR", "GBP", "JPY", "INR", "BRL", "SEK", "CHF", "MYR"]


def number_cases():
    for _ in range(240):
        locale = rng.choice(LOCALES)
        digits = rng.randrange(0, 10)
        cents = rng.randrange(-(10**digits), 10**digits) * rng.choice([1, 10, 100])
        value = f"{cents / 100:.2f}"
        mark = "comma" if locale in COMMA else "point"
        if rng.random() < 0.5:
            text = format_decimal(cents / 100, locale=locale)
            yield {"locale": locale, "kind": "number", "decimal": mark, "text": text, "value": value}
        else:
            text = format_currency(cents / 100, rng.choice(CURRENCIES), locale=locale, currency_digits=False)
            yield {"locale": locale, "kind": "money", "decimal": mark, "text": text, "value": value}


def date_cases():
    # Month names are read in English; of other languages only what is written in digits is asked.
    forms = [(locale, form) for locale in ("en_US", "en_GB", "en_CA") for form in ("short", "medium", "long", "full")]
    forms += [(locale, "short") for locale in ("de_DE", "fr_FR", "pt_BR", "sv_SE", "nb_NO", "ko_KR", "hu_HU")]
    forms += [("ja_JP", "short"), ("ja_JP", "long"), ("zh_CN", "long"), ("it_IT", "short"), ("lt_LT", "short")]
    for _ in range(300):
        day = datetime.date(1970, 1, 1) + datetime.timedelta(days=rng.randrange(0, 36_000))
        locale, form = rng.choice(forms)
        short = format_date(datetime.date(2003, 1, 2), form, locale)
        first = re.search(r"\d+", short).group()
        order = {"2": "day-first", "1": "month-first"}.get(first.lstrip("0"), "year-first")
        yield {"locale": locale, "order": order, "text": format_date(day, form, locale), "day": day.isoformat()}


out = pathlib.Path(__file__).with_name("fields.json")
out.write_text(
    json.dumps(
        {"token_f1": list(token_f1_cases()), "numbers": list(number_cases()), "dates": list(date_cases())},
        indent=0,
    )
    + "\n"
)
