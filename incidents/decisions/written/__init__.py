"""Whether what a vendor tells is the echo of what we wrote, and whose word counts where it is not."""
