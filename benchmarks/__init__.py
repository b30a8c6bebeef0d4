"""What training costs: ``python -m benchmarks`` measures it and leaves tables, plots and JSON."""
