"""Chapters 2 and 13: the GPT on paper, as it is printed; the arithmetic is held against torch in
tests/concepts."""

from tests.learn.reading import column, read, rows, step, verdict


def test_one_step_of_training_makes_the_loss_smaller_and_too_large_a_one_larger():
    found = read("gpt")
    assert column(step(found, "loss"), 2) == ["0.1230", "0.5219", "0.0939"]
    assert "1.7038 nats" in step(found, "loss")["says"]
    assert "ln 4 = 1.3863" in step(found, "loss")["says"]
    assert "from 1.7038 to 1.3554" in step(found, "learn")["says"]
    assert "up to 4.0931" in read("gpt", knob=6)["knob"]["step"]["says"]


def test_the_dice_falls_where_the_cumulated_probability_says():
    def drawn(dice: float) -> str:
        return step(read("gpt", fields={"dice": str(dice)}), "write")["says"]

    assert column(step(read("gpt"), "write"), 4, 1) == ["0.0938", "0.3900", "0.7678", "1"]
    assert "“the”" in drawn(0.05) and "“cat”" in drawn(0.3)
    assert "“sat”" in drawn(0.5) and "“.”" in drawn(0.9)


def test_the_first_word_looks_at_itself_alone():
    shares = rows(step(read("gpt"), "attend"))
    assert shares[0] == ["the", "1", "0", "0", "0"]


def test_four_words_pass_every_matrix_by_hand():
    query = step(read("transformations"), "query")
    assert query["formulas"][1] == 'q_1 = "1" · {("−0.5")} + "1" · "1.5" = "1"'
    assert "becomes the query [1, 1.5]" in query["says"]
    assert "56 numbers in all" in step(read("transformations"), "count")["says"]


def test_the_mistakes_with_matrices_have_names():
    assert "16,384" in verdict("transformations", "size", "16384")["text"]
    assert "one head" in verdict("transformations", "size", "4096")["text"]
    assert "activation is missing" in verdict("transformations", "inner", "1 -2 3 -3")["text"]
    assert "uphill" in verdict("gpt", "weight", "0.48")["text"]
