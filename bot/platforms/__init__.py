"""The platforms, one module each: authentic, parse, render, and LIMITS."""
