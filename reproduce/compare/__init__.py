"""What changed between two reports: numbers, verdicts, versions and code, worst first."""
