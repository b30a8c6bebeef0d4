from hypothesis import settings

# pytest --hypothesis-profile=thorough -k hostile
settings.register_profile("thorough", max_examples=2000, deadline=None)
