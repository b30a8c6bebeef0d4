from hypothesis import settings

# pytest --hypothesis-profile=thorough tests/test_hostile_files.py
settings.register_profile("thorough", max_examples=2000, deadline=None)
