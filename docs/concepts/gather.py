"""gather: the numbers of chapter 10, to be changed in code.

Open it with `pip install marimo` and `marimo edit docs/concepts/gather.py`.
"""

import marimo

app = marimo.App()


@app.cell
def numbers():
    index = [2, 0, 1, 3]  # change these: every cell below follows
    logits = [0.5, 2, -1, 1]
    return index, logits


@app.cell
def boxes(index):
    import torch

    fruit = ["apple", "banana", "grape", "orange"]
    ids = torch.arange(len(fruit)).gather(0, torch.tensor(index))
    print([fruit[id] for id in ids])
    return (torch,)


@app.cell
def by_hand(index, logits, torch):
    from naepo.concepts.gather import gather

    table = [logits, logits, logits, logits]
    own = gather(table, [[place] for place in index], dim=1).values
    theirs = torch.tensor(table).gather(1, torch.tensor(index)[:, None])
    print(own.ravel())
    assert own.tolist() == theirs.double().tolist()
    return (table,)


@app.cell
def loss(index, table):
    from naepo.concepts.gather import target_loss

    found = target_loss(table, index)
    print("picked", found.picked, "loss", found.loss)
    return


@app.cell
def nucleus(logits):
    from naepo.concepts.gather import top_p

    drawn = top_p(logits, share=0.9, place=1)
    print(
        "order", drawn.order, "kept", drawn.n_kept, "sorted place", drawn.place, "is id", drawn.id
    )
    return


if __name__ == "__main__":
    app.run()
