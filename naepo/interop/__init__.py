"""The only room that talks to a network: fetches what a person names.

In: a URL or a hub path. Out: a local file, with its checksum.
"""
