"""Card numbers and IBANs that are valid and invalid by python-stdnum, written to personal_data.json.

`cards`: numbers of known issuers with a right or a wrong check digit. `ibans`: numbers that follow their country's
structure in SWIFT's registry, with right check digits or with one character changed. `lengths`: characters of an IBAN
by country.
"""
import json, os, random, re, string
import stdnum
from stdnum import iban, luhn

random.seed(20261)
PREFIXES = [("4", 16), ("4", 13), ("4", 19), ("51", 16), ("55", 16), ("2221", 16), ("2720", 16), ("34", 15), ("37", 15),
            ("300", 14), ("36", 14), ("38", 16), ("3528", 16), ("3589", 16), ("6011", 16), ("644", 16), ("65", 16),
            ("62", 16), ("62", 19), ("5018", 12), ("6304", 17), ("6759", 19), ("2200", 16), ("9792", 16)]
cards = []
for prefix, length in PREFIXES * 8:
    number = prefix + "".join(random.choice(string.digits) for _ in range(length - len(prefix) - 1))
    right = number + luhn.calc_check_digit(number)
    wrong = number + str((int(right[-1]) + random.randint(1, 9)) % 10)
    cards += [[right, luhn.is_valid(right)], [wrong, luhn.is_valid(wrong)]]

PICK = {"n": string.digits, "a": string.ascii_uppercase, "c": string.ascii_uppercase + string.digits, "e": " "}
lengths, ibans = {}, []
for line in open(os.path.join(os.path.dirname(stdnum.__file__), "iban.dat")):
    match = re.match(r'^([A-Z]{2}) .*bban="([^"]*)"', line)
    if not match:
        continue
    country, structure = match.groups()
    fields = re.findall(r"(\d+)!?([nace])", structure)
    lengths[country] = 4 + sum(int(count) for count, _ in fields)
    for _ in range(3):
        bban = "".join(random.choice(PICK[kind]) for count, kind in fields for _ in range(int(count)))
        right = country + iban.calc_check_digits(country + "00" + bban) + bban
        at = random.randrange(4, len(right))
        other = random.choice([c for c in (string.digits if right[at].isdigit() else string.ascii_uppercase) if c != right[at]])
        wrong = right[:at] + other + right[at + 1:]
        for number in (right, wrong):
            ibans.append([number, iban.is_valid(number, check_country=False)])
json.dump({"oracle": f"python-stdnum {stdnum.__version__}", "seed": 20261, "cards": cards, "ibans": ibans, "lengths": lengths},
          open("personal_data.json", "w"), separators=(",", ":"))
