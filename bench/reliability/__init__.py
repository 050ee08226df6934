"""What happens when things go wrong: one module per proof, each with a function `run`."""
