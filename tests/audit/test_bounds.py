"""A bound limits how many entries people without permission can cause."""

from django.core.cache import cache

from classroom_admin.audit.bounds import within


def test_only_the_first_events_of_a_period_are_within_the_bound():
    cache.clear()
    assert [within("test", "a", most=2) for _ in range(4)] == [True, True, False, False]
    assert within("test", "b", most=2), "each kind has its own count"
    assert not within("test", "c", most=0)
