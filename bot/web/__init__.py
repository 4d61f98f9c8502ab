"""The web pages: the chat, the result and the notice, with their templates and static files."""
