"""The number systems in which the definition is run: jets, polynomials, a prime field, balls."""
