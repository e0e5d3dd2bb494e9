import gc

from gitops_auditor.dependencies.collection import RareCollections


def test_garbage_is_looked_for_as_before_when_the_last_of_overlapping_blocks_ends() -> None:
    usual = gc.get_threshold()
    rare = RareCollections()
    first, second = rare.block(), rare.block()
    first.__enter__()
    second.__enter__()
    assert gc.get_threshold()[0] > usual[0]
    first.__exit__(None, None, None)
    assert gc.get_threshold()[0] > usual[0]
    second.__exit__(None, None, None)
    assert gc.get_threshold() == usual
