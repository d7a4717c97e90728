"""Encoding and embedding: the numbers of chapter 1, to be changed in code.

Open it with `pip install marimo` and `marimo edit docs/concepts/embedding.py`.
"""

import marimo

app = marimo.App()


@app.cell
def given():
    word, syllables = "CAB", "한글"  # change these: every cell below follows
    return syllables, word


@app.cell
def encode(word):
    from naepo.concepts.embedding import distances, letter_ids, letters, one_hot

    ids = letter_ids(word)
    print(ids, "and back:", letters(ids))
    print("one-hot", one_hot(ids).astype(int), "distances", distances(one_hot(ids), 0))
    return (ids,)


@app.cell
def look(ids):
    import numpy as np

    from naepo.concepts.embedding import look_up, train_rows

    table = np.random.default_rng(0).normal(size=(26, 2)).round(2)
    found = look_up(ids, table)
    print("one-hot · table", found.product.tolist(), "rows", found.rows.tolist())
    assert found.product.tobytes() == found.rows.tobytes()
    moved = train_rows(ids, table, [1, -1], 0.1)
    print("after one update", moved.table[ids].tolist())
    assert (moved.table[moved.counts == 0] == table[moved.counts == 0]).all()
    return (found,)


@app.cell
def places(found, ids):
    from naepo.concepts.positions import sinusoids, turn

    print("sinusoids", sinusoids(len(ids), 4).round(4))
    q, k = found.rows[0], found.rows[-1]
    products = [float(turn(q, p) @ turn(k, p - 1)) for p in (1, 2, 5)]
    print("rotary: q · k, one place apart, anywhere", products)
    assert max(products) - min(products) < 1e-12
    return


@app.cell
def korean(syllables):
    from naepo.concepts.hangul import code_point, syllable

    for each in syllables:
        parts = syllable(each)
        print(each, parts)
        if parts:
            assert code_point(parts.initial, parts.medial, parts.final) == ord(each)
    return


if __name__ == "__main__":
    app.run()
