"""Feature maps, kernels, activations, perplexity: the numbers of chapter 5, to be changed in code.

Open it with `pip install marimo` and `marimo edit docs/concepts/maps.py`.
"""

import marimo

app = marimo.App()


@app.cell
def numbers():
    x, z = [1, 2], [2, 1]  # change these: every cell below follows
    centre = 0  # of both rings
    perplexity = 10
    return centre, perplexity, x, z


@app.cell
def rings(centre):
    import numpy as np

    from naepo.concepts.maps import ring, separate, squares, squares_and_lines

    points = np.vstack([ring(1, 8, centre), ring(2, 12, centre)])
    labels = [1] * 8 + [-1] * 12
    print("wrong: x", len(separate(points, labels).wrong))
    print("wrong: squares", len(separate(squares(points), labels).wrong))
    print("wrong: squares and x", len(separate(squares_and_lines(points), labels).wrong))
    return


@app.cell
def trick(x, z):
    from naepo.concepts.maps import exponential, kernel_trick

    _found = kernel_trick(x, z)
    print("(x · z)²", _found.squared, "φ(x) · φ(z)", _found.products, _found.mapped)
    assert abs(_found.squared - _found.mapped) < 1e-9
    score = exponential(x, z, 20)
    print("exp(q · k / √d)", score.value, "degree by degree", score.sums.round(4))
    return


@app.cell
def slopes(x):
    from naepo.concepts.activations import ACTIVATIONS

    for _name, _bend in ACTIVATIONS.items():
        _found = _bend(x[0])
        print(_name, _found.value, "slope", _found.slope, "after ten layers", _found.slope**10)
    return


@app.cell
def neighbours(perplexity):
    from naepo.concepts.perplexity import neighbourhood

    _found = neighbourhood(range(1, 31), perplexity)
    print("σ", _found.sigma, "shares", _found.shares.round(4))
    assert abs(_found.perplexity - perplexity) < 1e-6
    return


if __name__ == "__main__":
    app.run()
