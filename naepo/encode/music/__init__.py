"""Music to ids and back: files, scores, notations, encoders.

In: MIDI, MusicXML, ABC. Out: scores, words, ids. It knows no tensor, no network and no sound.
"""
