"""The rules of this code's shape that no outside linter keeps: `python -m tests.shape`, part of `make check`."""
