"""Tests of all packages, over real databases and a real browser."""
