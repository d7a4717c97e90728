"""Batches, loss, optimizers, schedules and the loop.

In: a corpus of ids and a plan. Out: a trained model. It knows a loss, never a task.
"""
