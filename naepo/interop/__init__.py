"""The only room that talks to a network: fetches what a person names, and nothing else.

In: a URL or a hub path that a person typed. Out: a local file, with its checksum. It never starts
by itself and never sends anything but the request.
"""
