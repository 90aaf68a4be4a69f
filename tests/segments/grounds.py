"""Places and companies of random worlds."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

# In every world the same, so that several worlds fit side by side.
COMPANIES: dict[str, dict[str, Any]] = {
    "acme": {"plan": "pro", "seats": 12, "tags": ["b2b", 7], "home": {"city": "Tartu"}},
    "5": {"plan": "free", "seats": "5.50", "active": True, "tags": "b2b"},
    "شرکت": {"we`ird 'name\"": "x'y\\n", "seats": 100, "plan": None},
    "bare": {},
}
CITIES = ("Tartu", "Łódź", "تهران", "Zürich")
# Two towns 162 km apart, both sides of the day's border, the poles, and their neighbours.
POSITIONS = (
    (58.38, 26.725),
    (59.437, 24.754),
    (-17.8, 179.9),
    (-17.8, -179.9),
    (90.0, 0.0),
    (89.9, 135.0),
    (-90.0, 77.0),
    (0.0, 180.0),
    (0.001, 0.0),
)
points = st.builds(
    lambda at, turn, km: {"latitude": at[0], "longitude": max(-180.0, min(180.0, at[1] + turn)), "km": km},
    st.sampled_from(POSITIONS),
    st.sampled_from([0, 0, 0.01, -40.5]),
    st.sampled_from([0.1, 5, 50, 161, 163, 10_000.5, 20_000]),
)
places = st.builds(
    lambda parts, outside: {"kind": "place", **parts, "outside": outside},
    st.fixed_dictionaries(
        {},
        optional={
            "countries": st.lists(st.sampled_from(["EE", "FI"]), min_size=1, max_size=2),
            "regions": st.sampled_from([["tartumaa"], ["Harjumaa", "TARTUMAA"]]),
            "cities": st.lists(st.sampled_from(["TARTU", "łodz", "zurich", "تهران", "Narva"]), min_size=1, max_size=2),
            "near": points,
        },
    ).filter(bool),
    st.booleans(),
)
