"""The whole system as processes of one machine, for the demo, the tests and the benchmarks."""
