"""How fast Banso is on this machine: `make bench`, or python -m benchmarks."""
