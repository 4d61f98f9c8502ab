"""The desk of agencies: web pages for their people, and an API for their programmes."""
