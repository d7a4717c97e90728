"""Arrays and matrices: the numbers of chapter 11, to be changed in code.

Open it with `pip install marimo` and `marimo edit docs/concepts/arrays.py`.
"""

import marimo

app = marimo.App()


@app.cell
def numbers():
    A = [[1, 2], [3, 4]]  # change these: every cell below follows
    B = [[2, 0], [1, 3]]
    return A, B


@app.cell
def two_products(A, B):
    from naepo.concepts.arrays import products

    both = products(A, B)
    print("A * B =\n", both.star, "\nA @ B =\n", both.at)
    return


@app.cell
def memory(A):
    import numpy as np

    from naepo.concepts.arrays import broadcast, layout

    plain, turned = layout(np.array(A)), layout(np.array(A).T)
    print("strides", plain.strides, "transposed", turned.strides, "memory", turned.memory)
    print("(4, 1) with (3,) gives", broadcast((4, 1), (3,)).shape)
    assert (plain.memory == turned.memory).all()
    return (np,)


@app.cell
def layer(A, B):
    from naepo.concepts.matrices import layer as linear
    from naepo.concepts.matrices import softmax, update

    y = linear(A, B).y
    print("y = x Wᵀ =\n", y, "\nshares", softmax(y[0]).shares)
    print("W − η ∂L/∂W =\n", update(B, A, [[1, -1], [0, 2]], 0.1).after)
    return


@app.cell
def others(A, B, np):
    from naepo.concepts.matrices import convolution, recurrent_step

    print("recurrent step", recurrent_step(A, B, [0.1, 0.2], [0.5, -0.5]).h)
    slid = convolution(np.ravel(A), [-1, 1])
    print("convolution as a matrix\n", slid.matrix, "\n", slid.y)
    assert np.allclose(slid.y, np.correlate(slid.signal, slid.kernel, "valid"))
    return


@app.cell
def heads(A, B, np):
    from naepo.concepts.arrays import split_heads

    wide = np.hstack([A, B])
    print("heads\n", split_heads(wide, 2))
    return


if __name__ == "__main__":
    app.run()
