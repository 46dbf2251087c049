"""How rows a second grow: what the part growth of train.py measured, as one page of curves.

matplotlib as in requirements.txt.
"""

import matplotlib

matplotlib.use("Agg")
# The same lines give the same bytes.
matplotlib.rcParams["svg.hashsalt"] = "rightsize"

from matplotlib import pyplot

# What a line of growth says of its setting, and how it is called.
AXES = {
    "rank": "rank",
    "batch": "rows of a step",
    "labels": "labels",
    "threads": "threads",
    "prompt": "tokens of the shared prompt",
}
ENCODER = ("rank", "batch", "labels", "threads")
STYLES = {
    "Rightsize": ("tab:blue", "o-"),
    "Rightsize, whole": ("tab:blue", "o-"),
    "Rightsize, once": ("tab:green", "s-"),
    "Rightsize, cached": ("tab:purple", "^-"),
    "PEFT": ("tab:orange", "o--"),
}


def along(figures, axis):
    """What lines of growth have in common that differ in `axis` alone; None where there are none.

    That is the setting measured first, from which every other departs in one thing. The decoder has one axis only.
    """
    is_there = lambda line: line["part"] == "growth" and ("labels" in line) == (axis in ENCODER)
    first = next(filter(is_there, figures.lines), None)
    if first is None:
        return None
    return {"part": "growth"} | {name: first.get(name) for name in ENCODER if name != axis}


def draw(figures, path):
    figure, places = pyplot.subplots(2, 3, figsize=(11.7, 8.3), layout="constrained")
    places, shown = places.flatten(), {}
    for place, (axis, said) in zip(places, AXES.items()):
        wanted = along(figures, axis)
        if wanted is None:
            place.axis("off")
            continue
        for name in figures.distinct("name", **wanted):
            here = wanted | {"name": name}
            values = sorted(figures.distinct(axis, **here))
            rates = [figures.median("rows_per_second", **here, **{axis: value}) for value in values]
            colour, style = STYLES[name]
            shown[name] = place.plot(values, rates, style, color=colour)[0]
        place.set(xlabel=said, ylabel="rows a second")
        place.grid(alpha=0.3)
        tried = sorted(figures.distinct(axis, **wanted))
        if axis == "prompt":
            # From 0 on, and a cached prompt is faster by a power of ten.
            place.set_yscale("log")
        else:
            place.set_xscale("log", base=2)
            place.set_ylim(bottom=0)
        place.set_xticks(tried, map(str, tried), minor=False)
    for place in places[len(AXES) :]:
        place.axis("off")
        place.legend(shown.values(), shown.keys(), loc="upper left", frameon=False)
    figure.savefig(path, metadata={"Date": None})
    pyplot.close(figure)
