"""Normal forms by Python's unicodedata, written to normaliser.json: python normaliser.py

The rules, apart from the Rust code: drop category Cf; NFD, casefold, NFKD, casefold, NFKC; categories P, Sc, Sm,
Sk and Cc become spaces; collapse white space; a text of nothing else keeps them.
"""
import json, platform, unicodedata

TEXTS = [
    "  Straße, ＡＢＣ №5! ", "SQ *BLUE-BOTTLE #1123", "?!", "", "   ", "ΟΔΟΣ Ὀδυσσεύς", "İstanbul ISPARTA ıspanak",
    "ﬁne ﬂow ﬀ", "naïve naïve", "Ⅷ ½ ² ™", "5 € or $5 or £5 + 3 = 8", "zero\u200bwidth soft\u00adhyphen \ufeffbom",
    "新規 口座、開設。", "ｶﾞｷﾞｸﾞ", "كَيْفَ حالُك؟", "नमस्ते दुनिया", "tab\tand\nnew line\u00a0nbsp", "under_score-dash—em", "👍 great",
    "👎 great", "👍", "👎", "a\u0345b", "ǆ Ǆ ǅ", "“quoted” ‘single’ «guillemets»", "x̌́y", "...", "C++ & C#", "ß ẞ SS ss", "\u1e9b\u0323", "ﷺ",
]

def normalise(text):
    text = "".join(c for c in text if unicodedata.category(c) != "Cf")
    text = unicodedata.normalize("NFKD", unicodedata.normalize("NFD", text).casefold()).casefold()
    text = unicodedata.normalize("NFKC", text)
    cats = [(c, unicodedata.category(c)) for c in text]
    words = "".join(" " if k[0] == "P" or k in ("Sc", "Sm", "Sk", "Cc") else c for c, k in cats).split()
    return " ".join(words or "".join(" " if k == "Cc" else c for c, k in cats).split())

json.dump({"oracle": f"Python {platform.python_version()}, unicodedata {unicodedata.unidata_version}",
           "cases": [[t, normalise(t)] for t in TEXTS]},
          open("normaliser.json", "w"), ensure_ascii=True, indent=1)
