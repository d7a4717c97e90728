"""What is not allowed has probability exactly 0; what is demanded comes; text is left as it was."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from naepo.config import UserError
from naepo.encode.byte_level import ByteEncoder
from naepo.encode.music.grid import GridEncoder
from naepo.generate import Sampling, generate, generate_batch, generate_ids, sample
from naepo.generate.constraint import Plan, Rules, rules_after
from naepo.model import ModelSettings, build

GRID = GridEncoder(steps_per_quarter=1, ranges=((60, 64), (55, 59), (50, 54), (45, 49)))
SIZES = ModelSettings(
    vocab_size=GRID.vocab_size, context_length=24, d_model=8, n_layers=1, n_heads=1,
    n_kv_heads=1, d_head=8, d_ff=8,
)  # fmt: skip
MODEL = build(SIZES, seed=0)
ANY = st.builds(
    Sampling,
    seed=st.integers(0, 99),
    temperature=st.floats(0, 5),
    top_k=st.none() | st.integers(1, 5),
    top_p=st.none() | st.floats(0, 1),
    min_p=st.none() | st.floats(0, 1),
)


def written(prompt: str = "", seed: int = 0, max_tokens: int = 60, **more) -> list[int]:
    sampling = Sampling(seed=seed, **more)
    ids = GRID.encode(prompt).tolist()
    return list(generate_ids(MODEL, GRID, ids, sampling=sampling, max_tokens=max_tokens))


@given(sampling=ANY, allowed=st.lists(st.booleans(), min_size=6, max_size=6).filter(any))
def test_no_filter_and_no_temperature_lets_through_what_is_not_allowed(sampling, allowed):
    logits = torch.tensor([[9.0, 8.0, 1.0, 0.0, -4.0, -9.0]]).expand(50, 6)
    mask = torch.tensor([allowed]).expand(50, 6)
    ids = sample(logits, sampling, torch.Generator().manual_seed(0), allowed=mask)
    assert mask.gather(1, ids[:, None]).all()


def test_among_what_is_allowed_the_model_decides():
    logits = torch.tensor([[5.0, 2.0, 1.0]]).expand(20_000, 3)
    mask = torch.tensor([[False, True, True]]).expand(20_000, 3)
    ids = sample(logits, Sampling(), torch.Generator().manual_seed(0), allowed=mask)
    expected = torch.tensor([2.0, 1.0]).softmax(0)[0]
    assert (ids == 1).float().mean() == pytest.approx(float(expected), abs=0.01)


def test_where_the_model_gives_no_allowed_id_a_chance_all_of_them_have_the_same():
    logits = torch.tensor([[0.0, -torch.inf, -torch.inf]]).expand(4000, 3)
    mask = torch.tensor([[False, True, True]]).expand(4000, 3)
    ids = sample(logits, Sampling(), torch.Generator().manual_seed(0), allowed=mask)
    assert set(ids.tolist()) == {1, 2}
    assert (ids == 1).float().mean() == pytest.approx(0.5, abs=0.04)


def test_temperatures_of_rows_equal_one_temperature_where_they_are_the_same():
    logits = torch.randn(30, 7)
    each = torch.full((30, 1), 0.7)
    generator = torch.Generator
    plain = sample(logits, Sampling(temperature=0.7), generator().manual_seed(1))
    assert torch.equal(
        plain, sample(logits, Sampling(), generator().manual_seed(1), temperatures=each)
    )


def test_rows_of_temperature_0_are_greedy_and_the_others_are_not():
    logits = torch.tensor([[1.0, 1.001, 1.0, 1.0]]).expand(300, 4)
    each = torch.tensor([0.0] * 100 + [1.0] * 200)[:, None]
    ids = sample(logits, Sampling(), torch.Generator().manual_seed(0), temperatures=each)
    assert set(ids[:100].tolist()) == {1}
    assert set(ids[100:].tolist()) == {0, 1, 2, 3}


@pytest.mark.parametrize("seed", range(3))
def test_whatever_an_untrained_model_of_music_writes_is_a_piece(seed):
    ids = written(seed=seed, temperature=2.0)
    grammar = GRID.grammar()
    for id in ids:
        assert grammar.allowed()[id]
        grammar.advance(id)
    assert GRID.read(GRID.decode(ids)).end > 0


def test_the_rules_go_on_from_the_prompt_also_when_the_model_no_longer_sees_it():
    held = "C4~ G3~ D3~ A2~"
    prompt = f"4/4 C4 G3 D3 A2 ' {held} ' {held} ' {held} | {held} ' {held} ' C4~"
    ids = GRID.encode(prompt).tolist()
    assert len(ids) > SIZES.context_length
    ids += written(prompt, 1)
    grammar = GRID.grammar()
    for id in ids:
        grammar.advance(id)


def test_a_prompt_that_breaks_the_rules_is_refused_at_the_call():
    with pytest.raises(UserError, match="cannot come next"):
        generate(MODEL, GRID, "C4~", sampling=Sampling(seed=0), max_tokens=3)


def test_music_is_the_same_alone_and_in_a_batch_also_after_one_of_them_ended():
    prompts = ["", "C4 G3 D3 A2", "C4 G3 D3 . ' C4~"]
    together = generate_batch(MODEL, GRID, prompts, sampling=Sampling(seed=3), max_tokens=80)
    for number, prompt in enumerate(prompts):
        own = Sampling(seed=3 + number)
        assert together[number] == "".join(
            generate(MODEL, GRID, prompt, sampling=own, max_tokens=80)
        )


class Once:
    """Rules of one piece alone: ids 0 and 1 in turn, nothing after the end, which is id 2."""

    end_id = 2

    def __init__(self) -> None:
        self.read: list[int] = []

    def grammar(self) -> "Once":
        return Once()

    def allowed(self):
        return np.array([len(self.read) % 2 == 0, len(self.read) % 2 == 1, True])

    def advance(self, id: int) -> None:
        assert self.end_id not in self.read
        self.read.append(id)

    def copy(self) -> "Once":
        twin = Once()
        twin.read = list(self.read)
        return twin


def test_after_an_end_the_rules_of_a_new_piece_hold_not_those_of_the_old_one():
    rules = Rules(Once())
    for id in (0, 2, 0):
        rules.advance(id)
    assert rules.allowed().tolist() == [False, True, True]


def test_text_has_no_rules():
    assert rules_after(ByteEncoder(), [1, 2]) is None


def plan(**more) -> Plan:
    marks = np.array([word == "|" for word in (*GRID.words, "")])
    return Plan(GRID.grammar(), end_id=GRID.end_id, bar_marks=marks, **more)


def read(plan: Plan, words: str) -> Plan:
    for id in GRID.encode(words).tolist():
        assert plan.allowed()[id]
        plan.advance(id)
    return plan


def may(plan: Plan) -> set[str]:
    return {("end", *GRID.words)[(id + 1) % GRID.vocab_size] for id in plan.allowed().nonzero()[0]}


STEP = ". . . ."
WHOLE_BAR = f"{STEP} ' {STEP} ' {STEP} ' {STEP} |"


def test_a_demand_allows_only_what_it_names_and_the_rules_allow_too():
    ids = GRID.encode("C4 C4~").tolist()
    assert may(plan(demands=[ids])) == {"C4"}
    assert may(read(plan(demands=[None] * 4 + [GRID.encode("'").tolist()]), STEP)) == {"'"}


def test_a_plan_is_fulfilled_with_its_last_demand_and_then_only_ends():
    done = read(plan(demands=[None, None]), "C4 G3")
    assert done.is_fulfilled
    assert may(done) == {"end"}
    done.advance(0)
    assert done.n_read == 2


def test_a_demand_that_the_rules_contradict_has_failed_and_says_so():
    failed = plan(demands=[GRID.encode("C4~").tolist()])
    assert failed.has_failed
    assert not failed.is_open
    assert may(failed) == {"end"}


def test_no_piece_ends_before_its_last_free_bar_and_none_goes_beyond_it():
    free = read(plan(n_bars=2), f"{STEP} '")
    assert "end" not in may(read(free, f"{STEP} ' {STEP} ' {STEP} |"))
    assert read(free, WHOLE_BAR).is_fulfilled


def test_an_upbeat_is_not_counted_but_a_short_bar_later_is():
    upbeats = np.array([word.startswith("bar:") for word in (*GRID.words, "")])
    free = read(plan(n_bars=2, upbeats=upbeats), f"bar:1 {STEP} |")
    assert free.n_bars == 2
    assert read(free, f"bar:1 {STEP} |").n_bars == 1


def test_what_may_never_come_does_not_come_in_free_places_but_on_demand():
    never = ~GRID.is_note
    key = GRID.encode("K:0").tolist()
    both = plan(demands=[key, None], never=never)
    assert may(both) == {"K:0"}
    rests_and_onsets = may(read(both, "K:0"))
    assert rests_and_onsets and all(
        word == "." or word[0] in "ABCDEFG" for word in rests_and_onsets
    )


def test_a_copy_of_a_plan_goes_on_on_its_own():
    first = read(plan(n_bars=1), STEP)
    second = first.copy()
    read(first, f"' {STEP}")
    assert may(second) == {"'"}
