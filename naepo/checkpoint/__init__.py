"""A folder <-> model, encoder, settings and training state; verified, atomic, without pickle.

In: a run folder and what a training run holds. Out: checkpoints that open in transformers as they
stand, and that load again bit for bit. A broken one is set aside and never trained from; nothing
here ever deletes the only good one, fetches a file, or runs code that it found in one.
"""
