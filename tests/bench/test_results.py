"""What a run writes: its shape, its marks, and charts that can be read without being seen."""

import json
from xml.etree import ElementTree as ET

import pytest

from bench.charts import bar_chart, charts
from bench.results import Figures, Results, timed

SVG = "{http://www.w3.org/2000/svg}"
WORDS = (f"{SVG}title", f"{SVG}desc")


@pytest.fixture
def results():
    found = Results()
    found.add_times(
        "search_any, sets",
        Figures((1.0, 2.0, 9.0)),
        params={"practitioners": 20},
        ratio_to={"covering btree": 0.1},
    )
    found.add("floor: occupancy rows only", 1600, "per s", params={"clients": 16})
    found.mark("search_any", 0.1, 0.15)
    found.mark("bookings", 300, 333, at_least=True)
    return found


def test_times_are_told_by_their_median_and_95th_percentile():
    figures = Figures(tuple(float(number) for number in range(1, 101)))
    assert (figures.median, figures.p95) == (50.5, 95.0)
    assert len(timed(lambda: None, times=3, warm_up=0).values) == 3


class TestTheFile:
    def test_has_machine_versions_results_and_marks(self, results, tmp_path):
        results.write(tmp_path)
        written = json.loads((tmp_path / "latest.json").read_text())
        assert set(written) == {"machine", "versions", "results", "marks"}
        assert {"cores", "load", "processor"} <= set(written["machine"])
        for row in written["results"]:
            assert set(row) == {"name", "params", "value", "unit", "ratio_to"}
        assert written["results"][0]["ratio_to"] == {"covering btree": 0.1}
        assert written["marks"] == [
            {"name": "search_any", "value": 0.1, "mark": 0.15, "holds": True},
            {"name": "bookings", "value": 300, "mark": 333, "holds": False},
        ]

    def test_has_charts_beside_it(self, results, tmp_path):
        results.write(tmp_path)
        assert sorted(path.name for path in tmp_path.glob("*.svg")) == [
            "latest.svg",
            "throughput.svg",
        ]

    def test_knows_a_figure_again(self, results):
        assert results.value_of("search_any, sets", {"practitioners": 20}) == 2.0
        assert results.value_of("search_any, sets", {"practitioners": 5}) is None


class TestAChart:
    def test_tells_in_words_what_it_draws(self, results):
        drawn = ET.fromstring(charts(results.figures)["latest"])
        assert drawn.get("role") == "img"
        said = {found.get("id"): found.text for found in drawn if found.tag in WORDS}
        assert drawn.get("aria-labelledby") == " ".join(f"{key}" for key in said)
        assert "search_any, sets practitioners=20: 2 ms" in f"{[*said.values()]}"

    def test_draws_more_as_longer_and_escapes_labels(self):
        drawn = ET.fromstring(bar_chart("<Times>", [("a & b", 1, True), ("c", 10, False)], "ms"))
        assert drawn.findtext(f"{SVG}title") == "<Times>"
        bars = [bar.attrib for bar in drawn.findall(f"{SVG}rect") if bar.get("x") == "470"]
        lengths = [float(bar["width"]) for bar in bars]
        assert lengths == sorted(lengths)
        assert len(lengths) == 2

    def test_of_nothing_is_not_drawn(self):
        assert charts([]) == {}
