"""What takes long to make ready, for the server from which processes are forked: once, and not in each of them."""

from knowledge import search

search.packaged()
