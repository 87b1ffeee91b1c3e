"""SPF, read as RFC 7208 has it, against records that are hard to read."""

from collections.abc import Mapping

import pytest

from apps.launch.facts.dns import Answer
from apps.launch.facts.unasked import Unasked
from apps.launch.readings.spf import Reading, evaluate, is_domain

THERE = {("a.co", "A"): ["81.2.69.142"], ("a.co", "MX"): ["10 a.co"], ("six.co", "AAAA"): ["2::1"]}


def read(records: Mapping[str, str | list[str]], domain: str = "me.co") -> Reading:
    """What these policies come to, where a.co and six.co are there besides."""
    held = {
        (name, "TXT"): [said] if isinstance(said, str) else said for name, said in records.items()
    }

    def look(name: str, type: str) -> Answer:
        return Answer(records=tuple({**THERE, **held}.get((name, type), ())))

    return evaluate(domain, look)


def test_without_a_record_there_is_nothing_to_read() -> None:
    reading = read({"me.co": ["site=1", "v=spf10 -all", "spf1 -all"]})
    assert (reading.records, reading.errors, reading.lookups) == ((), [], 0)


@pytest.mark.parametrize("lookups", [9, 10, 11])
def test_each_term_that_asks_is_counted_and_no_other(lookups: int) -> None:
    terms = " a:a.co" * (lookups - 4)
    reading = read(
        {
            "me.co": "v=spf1 ip4:81.2.69.0/24 ip6:2::/16 mx:a.co exists:a.co ptr include:x.co"
            f"{terms} exp=why.a.co later=thing -all",
            "x.co": "v=spf1 ip4:81.2.69.1 -all",
        }
    )
    assert (reading.lookups, reading.errors, reading.voids) == (lookups, [], [])
    assert reading.uses_ptr


def test_nested_includes_are_counted_for_the_term_that_leads_to_them() -> None:
    reading = read(
        {
            "me.co": "v=spf1 include:one.co include:two.co -all",
            "one.co": "v=spf1 include:deep.co a:a.co ~all",
            "deep.co": "v=spf1 mx:a.co include:two.co ~all",
            "two.co": "v=spf1 a:six.co ~all",
        }
    )
    assert (reading.lookups, reading.voids) == (8, [])
    assert reading.costs == {"one.co": 6, "two.co": 2}


def test_the_same_include_twice_costs_twice() -> None:
    reading = read({"me.co": "v=spf1 include:x.co include:x.co -all", "x.co": "v=spf1 a:a.co"})
    assert (reading.lookups, reading.errors) == (4, [])


def test_a_redirect_decides_and_is_void_beside_all() -> None:
    other = "v=spf1 a:a.co ~all"
    followed = read({"me.co": "v=spf1 redirect=x.co", "x.co": other})
    assert (followed.default, followed.lookups) == ("~", 2)
    void = read({"me.co": "v=spf1 redirect=x.co -all", "x.co": other})
    assert (void.default, void.lookups) == ("-", 0)


def test_an_included_all_says_nothing_of_strangers() -> None:
    assert read({"me.co": "v=spf1 include:x.co", "x.co": "v=spf1 +all"}).default == "?"
    assert read({"me.co": "v=spf1 include:x.co -all", "x.co": "v=spf1 +all"}).default == "-"


def test_what_stands_after_all_is_never_reached() -> None:
    reading = read({"me.co": "v=spf1 -all a:gone.co include:gone.co +all"})
    assert (reading.lookups, reading.voids, reading.default) == (0, [], "-")


@pytest.mark.parametrize(
    "term", ["exists:%{i}._spf.%{d2}", "include:%{ir}.%{v}._spf.me.co", "a:%{l1r-}.me.co"]
)
def test_a_macro_is_counted_and_its_answer_is_not(term: str) -> None:
    reading = read({"me.co": f"v=spf1 {term} -all"})
    assert (reading.lookups, reading.voids, reading.errors) == (1, [], [])


def test_a_loop_is_an_error_and_ends() -> None:
    reading = read(
        {"me.co": "v=spf1 include:a1.co -all", "a1.co": "v=spf1 include:A1.CO. include:me.co -all"}
    )
    assert reading.errors == ["a1.co leads back to a1.co", "a1.co leads back to me.co"]
    assert read({"me.co": "v=spf1 redirect=me.co"}).errors == ["me.co leads back to me.co"]


def test_a_bush_of_includes_ends() -> None:
    bush = {f"n{n}.co": f"v=spf1 include:n{n + 1}.co include:n{n + 1}.co -all" for n in range(12)}
    assert 10 < read({**bush, "n12.co": "v=spf1 -all"}, "n0.co").lookups < 80


def test_capitals_and_many_blanks_are_the_same() -> None:
    reading = read({"me.co": "V=SPF1  Include:X.co   A:A.Co  -ALL", "x.co": "v=spf1 -all"})
    assert (reading.lookups, reading.errors, reading.default) == (2, [], "-")


def test_an_include_without_a_policy_is_an_error_and_void_if_nothing_is_there() -> None:
    reading = read({"me.co": "v=spf1 include:gone.co include:bare.co -all", "bare.co": "site=1"})
    assert len(reading.errors) == 2
    assert reading.voids == ["gone.co"]


def test_two_policies_are_an_error_here_and_in_an_include() -> None:
    two = ["v=spf1 -all", "v=spf1 ~all"]
    assert read({"me.co": two}).errors == ["me.co has 2 SPF records"]
    assert len(read({"me.co": "v=spf1 include:x.co -all", "x.co": two}).errors) == 1


def test_what_asks_in_vain_is_void() -> None:
    reading = read({"me.co": "v=spf1 a mx a:six.co exists:six.co a:gone.co/24 -all"})
    assert reading.voids == ["me.co", "me.co", "six.co", "gone.co"]


def test_more_than_ten_exchanges_are_an_error() -> None:
    def look(name: str, type: str) -> Answer:
        many = tuple(f"{n} mx{n}.co" for n in range(11))
        return Answer(records=("v=spf1 mx -all",) if type == "TXT" else many)

    assert evaluate("me.co", look).errors == ["me.co has 11 MX, 10 are allowed"]


@pytest.mark.parametrize(
    "term",
    [
        "ip4:81.2.69.142", "ip4:81.2.69.0/24", "ip4:81.2.69.9/8", "ip6:2a02:6b8::/32", "ip6:::1",
        "a/24", "a//64", "a:a.co/24//64", "mx/24", "ptr:a.co", "?ip4:81.2.69.142", "exp=%{d}.a.co",
        "new-thing=", "exists:%{d}",
    ],
)  # fmt: skip
def test_what_is_well_written_is_no_mistake(term: str) -> None:
    assert read({"me.co": f"v=spf1 {term} -all"}).errors == []


@pytest.mark.parametrize(
    "term",
    [
        "ipv4:81.2.69.142", "ip4:81.2.69", "ip4:81.2.69.0/33", "ip4:2a02::1", "ip6:81.2.69.142",
        "ip4", "include", "include:", "include:localhost", "include:a.co/24",
        "exists", "a:", "a/33", "mx//129", "all:a.co", "a.co", "81.2.69.142", "-",
        "redirect=", "redirect=x", "a:%{x}.co", "a:%a.co", "++all", "a:a.co/24/64", "-\u0430ll",
    ],
)  # fmt: skip
def test_what_is_not_spf_is_a_mistake(term: str) -> None:
    reading = read({"me.co": f"v=spf1 {term} -all"})
    assert len(reading.errors) == 1


def test_a_modifier_that_may_stand_once_is_an_error_twice() -> None:
    said = "v=spf1 exp=a.co exp=a.co -all"
    assert read({"me.co": said}).errors == ["me.co has exp= 2 times"]


def test_a_name_ends_in_a_label_that_is_no_number() -> None:
    assert [is_domain(text) for text in ("a.co", "_spf.a.co.", "a.1", "%{d}", "co")] == [
        True,
        True,
        False,
        True,
        False,
    ]


def test_an_answer_that_cannot_be_had_is_none() -> None:
    def look(name: str, type: str) -> Answer:
        if name == "x.co":
            raise Unasked("x.co did not answer")
        return Answer(records=("v=spf1 include:x.co -all",))

    with pytest.raises(Unasked, match=r"x\.co"):
        evaluate("me.co", look)
