"""The world of the whole story: real servers only, and the people at them."""
