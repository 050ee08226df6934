"""The proofs of reliability in short; `make soak` runs them at full size.

Each prints its seed: `ALMONER_SEED=… pytest tests/reliability` repeats what failed.
"""

from __future__ import annotations

import pytest

from bench.reliability import (
    cut_copies,
    cut_publications,
    extraction_stress,
    failed_audit,
    full_disk,
    killed,
    reads,
    small_cells,
    stalled,
    statements,
    two_builders,
    wrapped,
)
from bench.reliability.ground import Ground
from bench.reliability.measured import Measured

pytestmark = pytest.mark.acceptance


def none_wrong(measured: Measured) -> None:
    print(measured)
    assert measured.counts["checks"] > 0
    assert measured.wrong == 0, str(measured)


def test_killed_builds_leave_readers_and_recover(ground: Ground, seed: int) -> None:
    none_wrong(killed.run(ground, 3, seed))


def test_stalled_builders_write_nothing_after_a_takeover(ground: Ground, seed: int) -> None:
    none_wrong(stalled.run(ground, 2, seed))


def test_what_is_said_of_a_publication_cut_at_commit_is_true(ground: Ground, seed: int) -> None:
    measured = cut_publications.run(ground, 10, seed)
    none_wrong(measured)
    assert measured.counts["cut late: published"] > 0


def test_of_two_builders_one_publishes(ground: Ground, seed: int) -> None:
    none_wrong(two_builders.run(ground, 2, seed))


def test_no_change_is_missed_however_it_is_written(ground: Ground, seed: int) -> None:
    measured = extraction_stress.run(ground, 1, seed, seconds=5, writers=6)
    none_wrong(measured)
    assert measured.counts["rows landed meanwhile"] + measured.counts["rows landed at the end"]


def test_a_copy_cut_at_any_byte_leaves_one_state_or_the_other(ground: Ground, seed: int) -> None:
    none_wrong(cut_copies.run(ground, 4, seed))


def test_publications_show_no_reader_two_releases(ground: Ground, seed: int) -> None:
    none_wrong(reads.run(ground, 2, seed, reads=100))


def test_what_failed_an_audit_is_visible_in_no_way(ground: Ground, seed: int) -> None:
    none_wrong(failed_audit.run(ground, 1, seed))


def test_every_change_is_found_when_the_transaction_counter_wraps(
    ground: Ground, seed: int
) -> None:
    none_wrong(wrapped.run(ground, 6, seed))


@pytest.mark.skipif(not full_disk.is_possible(), reason="only root can mount a small file system")
def test_a_full_disk_changes_nothing_and_the_next_build_is_exact(
    ground: Ground, seed: int
) -> None:
    none_wrong(full_disk.run(ground, 2, seed))


# a view without a filter over each released table
OPENED = """
do $$
declare
    name text;
begin
    for name in select relname from pg_class
        where relnamespace = 'store'::regnamespace and relkind in ('r', 'p')
        and not relispartition loop
        execute format('create view marts.open_%1$s as select * from store.%1$I', name);
        execute format('grant select on marts.open_%s to public', name);
    end loop;
end $$
"""


def test_random_statements_show_nothing_of_another_tenant(ground: Ground, seed: int) -> None:
    measured = statements.run(ground, 300, seed)
    none_wrong(measured)
    assert measured.counts["ran"] > 30


def test_random_statements_find_what_is_open(ground: Ground, seed: int) -> None:
    assert statements.run(ground, 300, seed, opened=OPENED).wrong > 0


def test_no_withheld_count_can_be_reckoned(ground: Ground, seed: int) -> None:
    measured = small_cells.run(ground, 500, seed)
    none_wrong(measured)
    assert measured.counts["withheld beside them"] > 500
    # an attacker who finds nothing where nothing is done against him would prove nothing
    assert small_cells.attacked(ground.target, 100, seed, only_small=True).wrong > 100
