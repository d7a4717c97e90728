"""Notes, sounds, words and hidden states to vectors, and what is alike among them.

In: ids, sound, a trained model. Out: arrays of vectors. It never changes the model it is given.
"""
