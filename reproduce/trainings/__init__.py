"""The paper's trainings at full length: what came out, held against what was published."""
