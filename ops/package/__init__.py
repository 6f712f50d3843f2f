"""What goes to Lambda: our code, and a layer with the libraries, both with bytecode. docs/decisions/0008-the-package.md says why."""
