"""The theorem figures: specifications, computation, plotting, and the notebooks that join them."""
