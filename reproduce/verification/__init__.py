"""The numerical checks of the ``verify`` stage, one module per statement."""
