"""Families are checked when made, and their order is that of inclusion."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given

from relrec_core.experts.subsets import Family, FamilyError
from tests.experts.twins import families

pytestmark = pytest.mark.numerics

A, B = ("a1", "a2"), ("b1",)


@pytest.mark.parametrize(
    ("groups", "experts", "says"),
    [
        ({"a": A}, {"one": ("x",)}, "Expert 'one' reads the unknown group 'x'; known are: a."),
        ({"a": A}, {"one": ()}, "Expert 'one' reads nothing; give it at least one group."),
        ({"a": A}, {}, "A family has 1 to 64 experts; this one has 0."),
        ({"a": ()}, {"one": ("a",)}, "Group 'a' has no columns; give it one or remove it."),
        (
            {"a": A, "b": B},
            {"one": ("a", "b"), "two": ("b", "a")},
            "Experts 'one' and 'two' read the same groups.",
        ),
        (
            {"a": A, "b": ("a2",)},
            {"one": ("a",)},
            "Column 'a2' is in groups 'a' and 'b'; a column has one place.",
        ),
        (
            {"a": ("a1", "a1")},
            {"one": ("a",)},
            "Column 'a1' is in group 'a' twice; a column has one place.",
        ),
    ],
)
def test_a_family_that_contradicts_itself(
    groups: dict[str, tuple[str, ...]], experts: dict[str, tuple[str, ...]], says: str
) -> None:
    with pytest.raises(FamilyError) as error:
        Family(groups=groups, experts=experts)
    assert str(error.value) == says


def test_more_than_64_experts() -> None:
    groups = {str(g): (f"c{g}",) for g in range(7)}
    unions = [u for n in range(1, 8) for u in itertools.combinations(groups, n)]
    full = Family(groups=groups, experts={str(i): u for i, u in enumerate(unions[:64])})
    assert len(full.names) == 64
    with pytest.raises(FamilyError, match="1 to 64 experts; this one has 65"):
        Family(groups=groups, experts={str(i): u for i, u in enumerate(unions[:65])})


def test_columns_are_found_in_a_table_or_named() -> None:
    family = Family(groups={"a": A, "b": B}, experts={"one": ("a",), "all": ("b", "a")})
    assert family.columns("all") == ("a1", "a2", "b1")
    assert family.positions(["b1", "z", "a2", "a1"]) == {"a": (3, 2), "b": (0,)}
    with pytest.raises(FamilyError, match="Group 'b' needs the column 'b1', which the data do not"):
        family.positions(["a1", "a2"])
    with pytest.raises(FamilyError, match="There is no expert 'two'; there are: one, all"):
        family.columns("two")


def test_without_a_group_its_experts_go() -> None:
    family = Family(
        groups={"a": A, "b": B}, experts={"one": ("a",), "two": ("b",), "all": ("a", "b")}
    )
    left = family.without(["b"])
    assert left.names == ("one",)
    assert set(left.groups) == {"a"}
    with pytest.raises(FamilyError, match="no group 'c'"):
        family.without(["c"])
    with pytest.raises(FamilyError, match="this one has 0"):
        family.without(["a", "b"])


@given(families())
def test_order_and_diagram(family: Family) -> None:
    subsets = [set(family.experts[name]) for name in family.names]
    k = len(subsets)
    mask = family.mask()
    for i, j in itertools.product(range(k), repeat=2):
        assert mask[i, j] == subsets[j].issubset(subsets[i])
        assert (j in family.children[i]) == (mask[i, j] and i != j)
    place = {expert: n for n, expert in enumerate(family.order)}
    assert sorted(place) == list(range(k))
    assert all(place[j] < place[i] for i in range(k) for j in family.children[i])
    # The transitive closure of the diagram is the order, and no edge of it can be spared.
    edges = np.zeros((k, k), dtype=int)
    for child, parent in family.covers:
        edges[parent, child] = 1
        assert family.heights[child] < family.heights[parent]
    paths = sum(np.linalg.matrix_power(edges, n) for n in range(k + 1))
    np.testing.assert_array_equal(paths > 0, mask)
    longer = sum((np.linalg.matrix_power(edges, n) for n in range(2, k + 1)), np.zeros((k, k)))
    assert not (longer * edges).any()


@given(families())
def test_smallest_holder_of_a_group(family: Family) -> None:
    group = family.experts[family.names[0]][0]
    found = family.smallest([group])
    holders = {n for n, s in family.experts.items() if group in s}
    assert set(found) <= holders
    for name in holders:
        assert any(set(family.experts[f]) <= set(family.experts[name]) for f in found)


@given(families())
def test_round_trip(family: Family) -> None:
    assert Family.from_json(family.to_json()) == family
