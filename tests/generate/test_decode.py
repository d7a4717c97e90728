"""What the model is given to read, when its window moves, and what is left as it was."""

import math

import pytest
import torch

from naepo.config import UserError
from naepo.generate import Sampling, generate_ids

SEEDED = Sampling(seed=7)


def ids_of(model, encoder, prompt, max_tokens, **more) -> list[int]:
    more = {"sampling": SEEDED} | more
    return list(generate_ids(model, encoder, prompt, max_tokens=max_tokens, **more))


@pytest.fixture
def endless(letters, hashing):
    """A model over a to h that never ends its text, because it has no score for the end."""
    return hashing(vocab_size=9)


def written(model, letters, prompt, max_tokens, **more) -> list[int]:
    """Generate with the end id ruled out, so that the text is as long as asked for."""
    rule = model.rule
    model.rule = lambda ids: rule(ids).index_fill(-1, torch.tensor([letters.end_id]), -math.inf)
    ids = ids_of(model, letters, prompt, max_tokens, **more)
    model.rule = rule
    return ids


def test_with_the_cache_the_prompt_is_read_once_and_then_one_id_at_a_time(hashing, letters):
    model = hashing(context_length=100)
    ids = written(model, letters, [0, 1, 2], 5)
    assert model.given == [[0, 1, 2], *([id] for id in ids[:-1])]


def test_without_the_cache_the_whole_window_is_read_every_time(hashing, letters):
    model = hashing(context_length=100)
    ids = written(model, letters, [0, 1, 2], 3, use_cache=False)
    assert model.given == [[0, 1, 2], [0, 1, 2, ids[0]], [0, 1, 2, *ids[:2]]]


def test_a_full_window_keeps_its_last_half_and_is_read_anew(hashing, letters):
    model = hashing(context_length=8)
    ids = written(model, letters, [0, 1, 2], 12, use_cache=False)
    text = [0, 1, 2, *ids]
    windows = [text[0:n] for n in range(3, 9)]  # until it is full
    windows += [text[5:n] for n in range(9, 14)]  # one more: the last 4 of 9, and growing
    windows += [text[10:14]]  # and again
    assert model.given == windows


def test_moving_the_window_reads_half_a_context_and_then_single_ids_again(hashing, letters):
    model = hashing(context_length=8)
    written(model, letters, [0, 1, 2], 12)
    assert [len(ids) for ids in model.given] == [3, 1, 1, 1, 1, 1, 4, 1, 1, 1, 1, 4]


@pytest.mark.parametrize("context_length", [1, 2, 3, 7, 8])
@pytest.mark.parametrize("n_prompt", [0, 1, 3, 20])
def test_the_cache_changes_nothing_however_far_beyond_the_context(
    hashing, letters, context_length, n_prompt
):
    prompt = [n % 8 for n in range(n_prompt)]
    with_cache, without = (
        written(hashing(context_length=context_length), letters, prompt, 30, use_cache=use_cache)
        for use_cache in (True, False)
    )
    assert with_cache == without
    assert len(with_cache) == 30


def test_a_prompt_longer_than_the_context_is_cut_from_the_left_and_that_is_said(hashing, letters):
    model, notes = hashing(context_length=4), []
    ids_of(model, letters, [0, 1, 2, 3, 4, 5], 1, on_note=notes.append)
    assert model.given == [[2, 3, 4, 5]]
    assert notes == ["the prompt has 6 tokens and the model sees 4: its beginning was cut off"]


def test_a_prompt_that_just_fits_is_not_cut(hashing, letters):
    model, notes = hashing(context_length=4), []
    ids_of(model, letters, [0, 1, 2, 3], 1, on_note=notes.append)
    assert model.given == [[0, 1, 2, 3]]
    assert notes == []


def test_an_empty_prompt_begins_after_an_end_id(hashing, letters):
    model = hashing()
    ids_of(model, letters, [], 1)
    assert model.given == [[letters.end_id]]


def test_the_end_id_ends_the_text_and_is_not_given(scripted, letters):
    model = scripted([3, 1, letters.end_id, 2], vocab_size=9)
    assert ids_of(model, letters, [], 10) == [3, 1]


def test_no_more_than_max_tokens_are_drawn(scripted, letters):
    model = scripted([3], vocab_size=9)
    assert ids_of(model, letters, [], 4) == [3, 3, 3, 3]
    assert len(model.given) == 4


def test_nothing_is_computed_before_the_first_id_is_asked_for(scripted, letters):
    model = scripted([3], vocab_size=9)
    ids = generate_ids(model, letters, [], sampling=SEEDED, max_tokens=9)
    assert model.given == []
    next(ids)
    assert len(model.given) == 1


def test_ids_that_the_encoder_does_not_know_are_never_drawn(scripted, letters):
    model = scripted([12], vocab_size=16)
    assert all(id < letters.vocab_size for id in ids_of(model, letters, [], 50))


@pytest.mark.parametrize("max_tokens", [0, -1])
def test_fewer_than_one_token_is_refused_at_the_call(hashing, letters, max_tokens):
    with pytest.raises(UserError, match="max_tokens must be at least 1"):
        generate_ids(hashing(), letters, [], sampling=SEEDED, max_tokens=max_tokens)


@pytest.mark.parametrize("id", [-1, 9])
def test_an_id_that_is_none_is_refused_at_the_call(hashing, letters, id):
    with pytest.raises(UserError, match=f"from 0 to 8, got {id}"):
        generate_ids(hashing(), letters, [0, id], sampling=SEEDED, max_tokens=1)


def test_an_encoder_of_another_model_is_refused_at_the_call(hashing, letters):
    with pytest.raises(UserError, match="do not belong together"):
        generate_ids(hashing(vocab_size=5), letters, [], sampling=SEEDED, max_tokens=1)


def test_a_model_without_numbers_is_refused(hashing, letters):
    model = hashing()
    model.rule = lambda ids: torch.full((*ids.shape, 9), math.nan)
    with pytest.raises(UserError, match="not finite"):
        ids_of(model, letters, [], 1)


def test_dropout_and_gradients_are_off_inside_and_training_goes_on_between_two_ids(
    hashing, letters
):
    model = hashing().train()
    ids = generate_ids(model, letters, [0], sampling=SEEDED, max_tokens=5)
    next(ids)
    assert model.training
    next(ids, None)
    assert model.training
    assert model.modes == [(False, True), (False, True)]


@pytest.mark.parametrize("mode", [True, False])
def test_the_mode_is_restored_even_when_the_model_fails(hashing, letters, mode):
    model = hashing().train(mode)

    def fail(ids):
        raise RuntimeError("broken")

    model.rule = fail
    with pytest.raises(RuntimeError, match="broken"):
        ids_of(model, letters, [], 1)
    assert model.training is mode


def test_gradients_can_be_taken_while_a_text_is_half_written(hashing, letters):
    model = hashing()
    ids = generate_ids(model, letters, [0], sampling=SEEDED, max_tokens=5)
    next(ids)
    assert not torch.is_inference_mode_enabled()
    weight = torch.ones(2, requires_grad=True)
    weight.sum().backward()
    assert weight.grad is not None


def test_the_penalty_counts_the_prompt_and_what_was_written(letters, hashing):
    model = hashing(context_length=100)
    model.rule = lambda ids: torch.linspace(1.0, 1.08, 9).expand(*ids.shape, 9)
    settings = Sampling(temperature=0.0, repetition_penalty=2.0)
    # 8 is the end id and the likeliest; it stands in the prompt, so 7, 6, ... come first.
    assert ids_of(model, letters, [8, 7], 6, sampling=settings) == [6, 5, 4, 3, 2, 1]


def test_an_id_that_left_the_window_is_still_penalised(letters, hashing):
    model = hashing(context_length=2)
    model.rule = lambda ids: torch.linspace(1.0, 1.08, 9).expand(*ids.shape, 9)
    settings = Sampling(temperature=0.0, repetition_penalty=2.0)
    assert ids_of(model, letters, [8, 7], 7, sampling=settings) == [6, 5, 4, 3, 2, 1, 0]


def test_global_chance_is_neither_used_nor_changed(hashing, letters):
    before = torch.get_rng_state()
    first = written(hashing(), letters, [0], 20)
    assert torch.equal(torch.get_rng_state(), before)
    torch.manual_seed(99)
    assert written(hashing(), letters, [0], 20) == first
    torch.set_rng_state(before)
