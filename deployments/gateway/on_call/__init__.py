"""What the gateway shows whoever was woken by our own pager."""
