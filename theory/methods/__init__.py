"""How statements are decided: symbolically, in a prime field, in balls."""
