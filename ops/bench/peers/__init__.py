"""What the application is compared with. Each is imported as a module of its own, from this folder."""
