"""What a month costs on disk: made by copying real rows, not by waiting."""
