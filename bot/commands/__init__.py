"""The commands of `banso` that have several of their own, one module each."""
