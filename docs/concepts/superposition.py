"""Linear or not: the numbers of chapter 4, to be changed in code.

Open it with `pip install marimo` and `marimo edit docs/concepts/superposition.py`.
"""

import marimo

app = marimo.App()


@app.cell
def numbers():
    a, b, k, price = 6, 8, 2, 1000  # change these: every cell below follows
    return a, b, k, price


@app.cell
def both_tests(a, b, k, price):
    from naepo.concepts.superposition import RULES, superposition

    for _name, _rule in RULES.items():
        _found = superposition(lambda x, rule=_rule: rule(x, price), a, b, k)
        print(_name, "f(a) + f(b)", _found.sum_of, "f(a + b)", _found.at_sum)
        print("   k f(a)", _found.multiple_of, "f(k a)", _found.at_multiple, "f(0)", _found.at_zero)
        assert _name != "proportional" or _found.gap == _found.multiple_gap == 0
    return (RULES,)


@app.cell
def everywhere(RULES, price):
    from naepo.concepts.superposition import gaps

    for _name, _rule in RULES.items():
        _found = gaps(lambda x, rule=_rule: rule(x, price), range(-20, 25, 5))
        print(_name, "fails at", int((abs(_found) > 1e-6).sum()), "of", _found.size, "pairs")
    return


@app.cell
def two_layers_are_one(a, b):
    import numpy as np

    from naepo.concepts.superposition import two_layers

    first, second = [[1, -1], [2, 1]], [[1, 2], [1, -1]]
    plain = two_layers(first, second, [a, b])
    print("one matrix", plain.product.tolist(), "both ways", plain.y, plain.direct)
    assert np.allclose(plain.gap, 0)
    bent = two_layers(first, second, [a, b], lambda hidden: np.maximum(hidden, 0))
    print("with ReLU", bent.y, "differs by", bent.gap)
    return


if __name__ == "__main__":
    app.run()
