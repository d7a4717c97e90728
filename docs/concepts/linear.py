"""Linear transformation: the numbers of chapter 3, to be changed in code.

Open it with `pip install marimo` and `marimo edit docs/concepts/linear.py`.
"""

import marimo

app = marimo.App()


@app.cell
def numbers():
    A = [[2, 0], [0, 3]]  # change these: every cell below follows
    x = [1, 1]
    return A, x


@app.cell
def entries(A, x):
    from naepo.concepts.linear import apply

    found = apply(A, x)
    print("products\n", found.products, "\ny =", found.y)
    return


@app.cell
def square(A):
    from naepo.concepts.linear import area

    measured = area(A)
    print("corners\n", measured.corners, "\ndeterminant", measured.determinant)
    assert abs(measured.walked - measured.determinant) < 1e-9
    return


@app.cell
def twice(A, x):
    from naepo.concepts.linear import compose

    both = compose(A, A, x)
    print("A A =\n", both.product, "\nA (A x) =", both.step_by_step)
    assert abs(both.step_by_step - both.at_once).max() < 1e-9
    return


if __name__ == "__main__":
    app.run()
