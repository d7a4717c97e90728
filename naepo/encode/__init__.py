"""Text to ids and back, and the corpus on disk.

In: files of text. Out: ids. It knows no tensor and no network.
"""
