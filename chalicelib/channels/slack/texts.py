"""What is said where nobody knows the fan's language."""

IN_PRIVATE = "I have written to you in private. / Ik heb je een privébericht gestuurd."
"""To who asks for something in a channel: the dialogue itself is in the app's direct message."""
