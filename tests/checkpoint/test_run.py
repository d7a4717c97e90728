"""Newest, best, and what may go."""

from pathlib import Path

import pytest

from naepo.checkpoint.folder import new_folder
from naepo.checkpoint.manifest import verify
from naepo.checkpoint.run import (
    best,
    folder_of,
    free_folder,
    home_of,
    mark_best,
    newest,
    prune,
    saved,
)
from naepo.config import UserError


def save(run: Path, step: int) -> Path:
    home_of(run).mkdir(parents=True, exist_ok=True)
    with new_folder(free_folder(run, step)) as draft:
        draft.write("weights", [str(step).encode()])
    return saved(run)[0]


def break_it(folder: Path) -> None:
    (folder / "weights").write_text("x" * len((folder / "weights").read_text()))


def names(folders: list[Path]) -> list[str]:
    return [folder.name for folder in folders]


def test_newest_is_by_step_and_not_by_name_or_time(tmp_path: Path):
    for step in (5, 100_000_000, 20):
        save(tmp_path, step)
    assert names(saved(tmp_path)) == ["step-100000000", "step-00000020", "step-00000005"]
    assert newest(tmp_path) == folder_of(tmp_path, 100_000_000)


def test_a_run_without_checkpoints_has_no_newest(tmp_path: Path):
    assert newest(tmp_path) is None
    assert newest(tmp_path / "nowhere") is None


def test_a_step_saved_twice_keeps_both_and_the_second_counts(tmp_path: Path):
    for _ in range(11):
        save(tmp_path, 7)
    assert folder_of(tmp_path, 7).name == "step-00000007.r11"
    assert newest(tmp_path) == folder_of(tmp_path, 7)
    assert len(saved(tmp_path)) == 11


def test_a_step_that_was_never_saved_lists_the_steps_there_are(tmp_path: Path):
    save(tmp_path, 3)
    save(tmp_path, 12)
    with pytest.raises(UserError, match=r"no checkpoint of step 4") as caught:
        folder_of(tmp_path, 4)
    assert caught.value.hint == "steps: 3, 12"


def test_a_broken_newest_is_set_aside_and_told(tmp_path: Path):
    old, new = save(tmp_path, 1), save(tmp_path, 2)
    break_it(new)
    told: list[str] = []
    assert newest(tmp_path, told.append) == old
    assert len(told) == 1
    assert "weights has changed" in told[0]
    assert "step-00000002.broken" in told[0]
    aside = new.with_name("step-00000002.broken")
    assert (aside / "weights").read_text() == "x"
    assert newest(tmp_path, told.append) == old
    assert len(told) == 1


def test_when_all_are_broken_there_is_none_and_nothing_is_lost(tmp_path: Path):
    for step in (1, 2, 3):
        break_it(save(tmp_path, step))
    assert newest(tmp_path) is None
    assert len(list(home_of(tmp_path).glob("*.broken"))) == 3


def test_a_checkpoint_pruned_while_it_is_read_is_not_called_broken(tmp_path: Path, monkeypatch):
    old, new = save(tmp_path, 1), save(tmp_path, 2)

    def verify_late(folder: Path) -> None:
        if folder == new:
            new.rename(new.with_name(".trash-new"))
        verify(folder)

    monkeypatch.setattr("naepo.checkpoint.run.verify", verify_late)
    told: list[str] = []
    assert newest(tmp_path, told.append) == old
    assert told == []


def test_foreign_names_are_left_alone(tmp_path: Path):
    kept = save(tmp_path, 1)
    for name in ("step-5", "step-00000009.broken", "notes", "step-00000009.r2x", "step-0000000é"):
        (home_of(tmp_path) / name).mkdir()
    assert saved(tmp_path) == [kept]
    assert prune(tmp_path) == []
    assert len(list(home_of(tmp_path).iterdir())) == 6


def test_the_best_is_what_was_marked(tmp_path: Path):
    assert best(tmp_path) is None
    first, second = save(tmp_path, 1), save(tmp_path, 2)
    mark_best(tmp_path, first)
    assert best(tmp_path) == first
    mark_best(tmp_path, second)
    assert best(tmp_path) == second
    assert (home_of(tmp_path) / "best").read_text() == "step-00000002\n"


def test_only_a_checkpoint_of_the_run_can_be_its_best(tmp_path: Path):
    other = save(tmp_path / "other", 9)
    save(tmp_path / "mine", 1)
    with pytest.raises(UserError, match=r"is not a checkpoint of"):
        mark_best(tmp_path / "mine", other)


@pytest.mark.parametrize("line", ["", "../../etc", "step-00000009", "\xff\xfe", "step-00000001\nx"])
def test_a_best_that_leads_nowhere_is_no_best(tmp_path: Path, line: str):
    save(tmp_path, 1)
    (home_of(tmp_path) / "best").write_text(line, encoding="latin-1")
    assert best(tmp_path) is None


def test_the_last_two_the_best_and_every_tenth_stay(tmp_path: Path):
    for step in range(1, 26):
        folder = save(tmp_path, step)
        if step == 4:
            mark_best(tmp_path, folder)
        prune(tmp_path, keep_every=10)
    steps = [int(name[5:]) for name in names(saved(tmp_path))]
    assert steps == [25, 24, 20, 10, 4]


def test_prune_gives_what_went(tmp_path: Path):
    for step in (1, 2, 3, 4):
        save(tmp_path, step)
    assert names(prune(tmp_path)) == ["step-00000002", "step-00000001"]
    assert prune(tmp_path) == []


def test_nothing_is_deleted_while_the_newest_is_broken(tmp_path: Path):
    for step in (1, 2, 3, 4):
        save(tmp_path, step)
    break_it(saved(tmp_path)[0])
    assert prune(tmp_path) == []
    assert prune(tmp_path, keep_last=0) == []
    assert newest(tmp_path) == folder_of(tmp_path, 3)


def test_at_least_one_is_always_kept(tmp_path: Path):
    for step in (1, 2):
        save(tmp_path, step)
    prune(tmp_path, keep_last=0)
    assert names(saved(tmp_path)) == ["step-00000002"]
