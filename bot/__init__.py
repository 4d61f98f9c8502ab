"""The shell: settings, the web app, the turn, delivery, commands and platforms."""
